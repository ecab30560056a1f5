"""The table *as people write it*: workload B in other loops than that of its own table, beside our best loop."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from arena import OURS, Entry, Outcome, baseline_of, contest, with_baseline
from columns import AS_IT_COMES, LACKING, PYTORCH, as_it_comes, median, pytorch, told
from compiled import Effort
from table import Goal, verdict

MICROSECOND = 1e-6
PATIENCE = 1800.0
"""Seconds for a round of ours: a training that is slow to start is measured too."""
HEAD = ("in the loop", "unit", OURS, "our best loop", PYTORCH, AS_IT_COMES, "to compare", "at least", "aim", "reached")


@dataclass(frozen=True)
class Loop:
    """A row: a loop, and what it is to be compared with."""

    what: str
    module: str
    """people, fresh or fit: the end of the names of the modules that have the loop."""
    function: str
    goal: Goal
    best: tuple[str, ...] = ()
    """Loops of ours whose times together are the best that can be hoped for."""
    alone: str = ""
    """What the loop does beside the training; its own time doesn't count."""
    pytorch: bool = True
    unit: str = "µs a step"
    rounds: int = 1_000
    """At most so many."""


def of_best(at_least: float, aim: float) -> Goal:
    """At most so many times our best."""
    return Goal("of our best", at_least, aim, more=False)


SAME, SUM = of_best(1.5, 1.15), of_best(1.3, 1.1)
FRESH = Goal("x PyTorch", 7, 11)
SLOWER = Goal("x PyTorch", 3, 5)
WEIGHT = Goal("µs", 0.3, 0.15, more=False)
PLAIN = ("people.plain",)


def _fit(what: str, function: str, at_least: float, aim: float, alone: str = "") -> Loop:
    goal = of_best(at_least, aim)
    return Loop(what, "fit", function, goal, ("fit.plain",), alone=alone, pytorch=False, rounds=3)


LOOPS = (
    Loop("model.zero_grad()", "people", "zero_grad_of_model", SAME, PLAIN),
    Loop("another model is made", "people", "another_model", SAME, PLAIN, alone="people.another_model_alone"),
    Loop("model.steps += 1", "people", "attribute", SAME, PLAIN),
    Loop("schedule.step()", "people", "schedule", SAME, PLAIN),
    Loop("clip_grad_norm_(model.parameters(), ...)", "people", "clipping", SAME, PLAIN),
    Loop("eval(), predict(X), train()", "people", "evaluating", SAME, (*PLAIN, "people.predicting")),
    Loop("two models in turn", "people", "two_models", SUM, PLAIN * 2),
    Loop("a student and its teacher", "people", "teacher", SUM, ("people.predicting", "people.student_alone")),
    Loop(
        "a GAN", "people", "gan", SUM, ("people.gan_generate_alone", "people.gan_judge_alone", "people.gan_fool_alone")
    ),
    Loop("two programs over one model", "people", "two_losses", SUM, (*PLAIN, "people.student_alone")),
    Loop("X[i:i+64]", "fresh", "slices", FRESH, PLAIN),
    Loop("X[indices]", "fresh", "shuffled", FRESH, PLAIN),
    Loop("float32 X[i:i+64]", "fresh", "float32", FRESH, PLAIN),
    Loop("integer labels[i:i+64]", "fresh", "labels", FRESH, PLAIN),
    Loop("a smaller batch each time", "fresh", "smaller", FRESH, PLAIN),
    Loop("batches from a generator", "fresh", "generator", FRESH, PLAIN),
    Loop("lists", "fresh", "lists", SLOWER, PLAIN),
    Loop("program(x), one sample at a time", "fresh", "one_sample", SLOWER, unit="µs a sample"),
    Loop("p.data -= lr * p.grad", "fresh", "update_by_hand", WEIGHT, unit="µs a weight"),
    Loop("sum(p.grad**2 for p in model.parameters())", "fresh", "norm_by_hand", WEIGHT, unit="µs a weight"),
    _fit("fit, L1 penalty", "l1", 1.3, 1.1),
    _fit("fit, L2 penalty", "l2", 1.3, 1.1),
    _fit("fit, gradients clipped", "clipping", 1.1, 1.05),
    _fit("fit, schedule and callback each epoch of 100 steps", "scheduled", 1.05, 1.02),
    _fit("fit, transform of each batch", "transformed", 1.2, 1.1, alone="fit.transform_alone"),
)


def head(effort: Effort) -> Sequence[str]:
    """With a column for the other version, if there is one."""
    return (*HEAD[:3], *baseline_of(effort.baseline), *HEAD[3:])


def rows(effort: Effort) -> Iterator[list[str]]:
    """Each loop, as it is measured."""
    for loop in LOOPS:
        outcomes = contest(loop.what, entries(loop, effort), min(effort.rounds, loop.rounds), effort.budget)
        if LACKING not in outcomes[OURS].why:
            yield cells(loop, outcomes, effort)


def entries(loop: Loop, effort: Effort) -> list[Entry]:
    """Who takes part: PyTorch sets the result; what the row is compared with has another one."""
    found = [Entry(OURS, f"glassgrad_{loop.module}", loop.function, patience=PATIENCE)]
    if loop.pytorch:
        peer = pytorch(loop.module, loop.function)
        found = [peer, *found, as_it_comes(peer)]
    for part in dict.fromkeys((*loop.best, *filter(None, [loop.alone]))):
        module, _, function = part.partition(".")
        found.append(Entry(part, f"glassgrad_{module}", function, tolerance=math.inf))
    return with_baseline(found, effort.baseline)


def cells(loop: Loop, outcomes: dict[str, Outcome], effort: Effort) -> list[str]:
    """The row as text."""
    found = {name: median(outcome, MICROSECOND) for name, outcome in outcomes.items()}
    alone = found[loop.alone] if loop.alone else 0.0
    parts = [found[part] for part in loop.best]
    best = None if None in parts or not parts else sum(x for x in parts if x is not None)
    value = compared(loop.goal, found[OURS], alone, best, found.get(PYTORCH))
    shown = [told(outcomes.get(name), found.get(name)) for name in (OURS, *baseline_of(effort.baseline))]
    shown.append(told(None, best) + (f" + {told(outcomes[loop.alone], alone)}" if loop.alone else ""))
    shown += [told(outcomes.get(name), found.get(name)) for name in (PYTORCH, AS_IT_COMES)]
    return [loop.what, loop.unit, *shown, loop.goal.text(value), *loop.goal.bounds(), verdict(value, loop.goal)]


def compared(
    goal: Goal, ours: float | None, alone: float | None, best: float | None, pytorch: float | None
) -> float | None:
    """The number that the goal is about.

    >>> compared(of_best(1.5, 1.15), 30.0, 10.0, 16.0, None), compared(FRESH, 30.0, 0.0, None, 240.0)
    (1.25, 8.0)
    """
    if ours is None or alone is None:
        return None
    if goal.more:
        return None if pytorch is None else pytorch / ours
    if goal is WEIGHT:
        return ours
    return None if best is None else (ours - alone) / best
