"""The table *a weight's cost*: MLP(784, [512, 256, 10]), 535,818 weights."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from arena import OURS, Entry, Outcome, baseline_of, contest, with_baseline
from columns import AS_IT_COMES, PYTORCH, as_it_comes, pytorch, told
from compiled import Effort
from table import Goal, verdict

MB, MS = 1e6, 1e-3


@dataclass(frozen=True)
class Cost:
    """A row."""

    what: str
    note: str
    """Its name in the notes of `costs.costs`."""
    scale: float
    """What is one of the unit."""
    goal: Goal


def _call(name: str) -> Cost:
    return Cost(name, name, MS, Goal("ms", 20, 5, more=False))


COSTS = (
    Cost("resident memory, model made", "resident", 1, Goal("bytes a weight", 24, 18, more=False)),
    Cost("peak above that, first step", "peak", MB, Goal("MB", 100, 40, more=False)),
    Cost("to make it", "make", MS, Goal("ms", 30, 10, more=False)),
    *map(
        _call,
        ("parameters()", "zero_grad()", "eval()", "state_dict()", "copy.deepcopy", "pickle.dumps", "pickle.loads"),
    ),
)


def head(effort: Effort) -> Sequence[str]:
    """With a column for the other version, if there is one."""
    return ("measured", "unit", *columns(effort), "at least", "aim", "reached")


def columns(effort: Effort) -> Sequence[str]:
    """Who takes part."""
    return (OURS, *baseline_of(effort.baseline), PYTORCH, AS_IT_COMES)


def rows(effort: Effort) -> Iterator[list[str]]:
    """All costs, found in several fresh processes each."""
    contests = [contest("weights", entries(effort), 0, 0.0) for _ in range(max(1, effort.rounds // 5))]
    for cost in COSTS:
        numbers = {name: _middle([each[name] for each in contests], cost) for name in columns(effort)}
        shown = [told(contests[-1][name], number) for name, number in numbers.items()]
        yield [cost.what, cost.goal.what, *shown, *cost.goal.bounds(), verdict(numbers[OURS], cost.goal)]


def entries(effort: Effort) -> list[Entry]:
    """They train from weights of their own, so their results aren't compared; those of the other tables are."""
    peer = pytorch("weights", "network")
    found = [Entry(OURS, "glassgrad_weights", "network"), peer, as_it_comes(peer)]
    return with_baseline(found, effort.baseline)


def _middle(outcomes: Sequence[Outcome], cost: Cost) -> float | None:
    numbers = [outcome.notes[cost.note] for outcome in outcomes if cost.note in outcome.notes]
    return statistics.median(numbers) / cost.scale if numbers else None
