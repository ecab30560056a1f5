"""The text of each stage: what it is about, the chain rule with its numbers, what the letters mean."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from ..graph.nodes import Node
from ..picture.caption import Caption, Line, Run
from ..text import clean
from ..text import number as shown
from .chain_rule import Contribution
from .events import Event
from .stages import Arrival, Stages
from .typesetting import MOST
from .wording import Wording, joined, ledger

_LINES = 6  # of one stage that are written out


@dataclass(frozen=True)
class Captions:
    """The text of the stages.

    Attributes:
        stages: what it is about.
        letters: whether numbers without a name are called by letters, which each stage explains, or by their ids.
        most: lines of a stage that are written out.

    >>> from autograd import Value
    >>> from viz.graph.view import GraphView
    >>> from viz.picture.caption import plain
    >>> from viz.steps.events import timeline
    >>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    >>> captions = Captions(Stages(timeline(a * b), GraphView.of(a * b)))
    >>> print(captions.title(0), *map(plain, captions.lines(0)), sep="\\n")
    step 1 of 1 · back through p = a × b, p = −6
    ∇p = 1, where every backward starts
    ∇a += ∇p × b = 1 × (−3) = −3
    ∇b += ∇p × a = 1 × 2 = 2
    with p = n2 = −6
    """

    stages: Stages
    letters: bool = True
    most: int = _LINES

    @cached_property
    def rule(self) -> Wording:
        """The words for single numbers."""
        shown = {self.stages.shown.get(place, int(node.id[1:])) for place, node in enumerate(self.stages.view.nodes)}
        return Wording(self.stages.timeline, self.letters, sorted(shown))

    def caption(self, stage: int) -> Caption:
        """The text of one stage."""
        return Caption(self.title(stage), tuple(self.lines(stage)), self.node(stage).id)

    def node(self, stage: int) -> Node:
        """The box that has its turn."""
        return self.stages.view.nodes[self.stages.order[stage]]

    def title(self, stage: int) -> str:
        """What a stage is about."""
        node, number = self.node(stage), self.number(stage)
        step = f"step {stage + 1} of {len(self.stages.order)}"
        if node.kind == "collapsed":
            size = f"{node.operations:,} operations"
            return f"{step} · back through {called(node)}{'' if size in node.label else f' ({size})'}"
        naming = self.naming(stage)
        name, value = naming[number], shown(self.stages.timeline.numbers[number].data)
        if self.stages.timeline.operation(number) is None:
            return f"{step} · {name} = {value} is what it starts from"
        return f"{step} · back through {name} = {self.made_of(number, naming)}, {name} = {value}"

    def made_of(self, number: int, naming: Mapping[int, str]) -> str:
        """What a number is computed by: an operation, or a sum of several."""
        terms, numbers = self.terms(number), self.stages.timeline.numbers
        if not terms:
            return self.rule.call(number, naming)
        if any(i not in naming and not self.rule.names.is_bare(i) for i in (*terms[:2], terms[-1])):
            return f"a sum of {len(terms):,} numbers"
        return joined([naming.get(i) or shown(numbers[i].data) for i in terms])

    def terms(self, number: int) -> tuple[int, ...]:
        """What a fused sum adds up; () for what is no such sum."""
        numbers, home = self.stages.timeline.numbers, self.stages.home
        found: list[int] = []
        stack = [number]
        while stack:
            operand = stack.pop()
            operation = self.stages.timeline.operation(operand)
            inside = home.get(operand) == home[number]
            if inside and operation is not None and operation.name == "add":
                stack += reversed(numbers[operand].operands)
            else:
                found.append(operand)
        named = [i for i in found if not (self.rule.names.is_bare(i) and numbers[i].data == 0)]
        return tuple(named) if len(found) > 2 else ()

    @cached_property
    def _events(self) -> dict[int, list[Event]]:
        """What happens in each box that shows one number."""
        found: dict[int, list[Event]] = defaultdict(list)
        for event in self.stages.timeline.backward:
            box = self.stages.home[event.number]
            if self.stages.view.nodes[box].kind != "collapsed":
                found[box].append(event)
        return found

    def number(self, stage: int) -> int:
        """The number that the box of a stage shows."""
        return self.stages.shown[self.stages.order[stage]]

    def naming(self, stage: int) -> dict[int, str]:
        """The names in a stage: numbers inside of the box have that of its result, whose gradient they share."""
        number, events = self.number(stage), self._events[self.stages.order[stage]]
        grads = self.stages.timeline.grads
        inside = [e.number for e in events if e.number != number and repr(grads[e.number]) == repr(grads[number])]
        names = self.names([i for i in self._said(stage) if i not in inside])
        return names | dict.fromkeys(inside, names[number])

    def names(self, numbers: Sequence[int]) -> dict[int, str]:
        """What these numbers are called; 0 + x, where it is drawn as x, is called x."""
        named = self.rule.names.of(self._meant.get(i, i) for i in numbers)
        return {i: named[self._meant.get(i, i)] for i in numbers if self._meant.get(i, i) in named}

    @cached_property
    def _meant(self) -> dict[int, int]:
        """For what is drawn as another number, which one."""
        return {entries[-1]: self.stages.shown[box] for box, entries in self.stages.entries.items()}

    def letters_of(self, stage: int) -> dict[str, str]:
        """The letters by which a stage calls boxes that have no label, by the ids of the boxes."""
        named = dict(self.rule.names.everywhere)
        if self.node(stage).kind != "collapsed":
            naming = self.naming(stage)
            named |= {i: naming[i] for i in self._said(stage) if i in naming}
        found = {}
        for number, letter in named.items():
            if number not in self.stages.home:  # a constant that was left out
                continue
            node = self.stages.view.nodes[self.stages.home[number]]
            if not node.label and node.kind != "collapsed":
                found[node.id] = letter
        return found

    # Lines ------------------------------------------------------------------------------------------------------------

    def lines(self, stage: int) -> list[Line]:
        """The lines of a stage."""
        if self.node(stage).kind == "collapsed":
            return self._cut(list(self._summary(stage)))
        naming = self.naming(stage)
        lines = list(islice(self._contributions(stage, naming), self.most + 1))
        alone, merged = self._shares(stage)
        several = sum(len(self.stages.arrived[a.change.number][1]) > 1 for a in alone)
        lines = self._cut(lines, len(alone) + several + len(merged) + (stage == 0))
        said = {self._meant.get(i, i): naming[i] for i in self._said(stage) if i in naming}
        explained = self.rule.explained(said)
        return [*lines, explained] if explained else lines

    def _cut(self, lines: list[Line], count: int = 0) -> list[Line]:
        """The first lines, and how many there are besides."""
        if len(lines) <= self.most:
            return lines
        left = max(count, len(lines)) - self.most + 1
        return [*lines[: self.most - 1], (Run(f"… and {left:,} more", "faint"),)]

    def passed(self, stage: int) -> list[Arrival]:
        """What the box passes on, in the order of the operands."""
        place = {number: i for i, number in enumerate(self.terms(self.number(stage)))}
        return sorted(self.stages.passed[self.stages.order[stage]], key=lambda a: place.get(a.change.number, 0))

    def _shares(self, stage: int) -> tuple[list[Arrival], dict[int, list[Arrival]]]:
        """What is told one by one, and what goes to boxes of which many numbers receive something."""
        arrivals, merged = self.passed(stage), defaultdict[int, list[Arrival]](list)
        for a in arrivals:
            if self.stages.view.nodes[a.target].kind == "collapsed":
                merged[a.target].append(a)
        merged = defaultdict(list, {box: shares for box, shares in merged.items() if len(shares) > MOST})
        return [a for a in arrivals if a.target not in merged], merged

    def _said(self, stage: int) -> dict[int, None]:
        """The numbers whose names are written in a stage."""
        number, (alone, merged) = self.number(stage), self._shares(stage)
        every = self.terms(number) or self.stages.timeline.numbers[number].operands
        operands = tuple(i for i in every if self.stages.home.get(i) not in merged)
        shown = operands if len(operands) <= MOST else (*operands[:2], operands[-1])
        return dict.fromkeys((number, *shown, *(a.change.number for a in alone[: self.most])))

    def _contributions(self, stage: int, naming: Mapping[int, str]) -> Iterator[Line]:
        """The chain rule, a line for each contribution, and one for each sum that grows by it."""
        if stage == 0:
            yield (Run(f"∇{naming[self.number(0)]} = 1, where every backward starts"),)
        seen: Counter[int] = Counter()
        alone, merged = self._shares(stage)
        for target, arrivals in merged.items():
            yield self._passed(target, arrivals)
        for arrival in alone:
            number = arrival.change.number
            yield Contribution(self.stages.timeline, arrival.event, arrival.change, naming).line()
            when, terms, sums = self.stages.arrived[number]
            if len(terms) > 1:
                seen[number] += 1
                # of boxes that wait for each other, what is passed on now may have been needed, and counted, before
                count = min(bisect_left(when, stage) + seen[number], len(terms))
                yield ledger(naming[number], terms, sums, count)

    def _summary(self, stage: int) -> Iterator[Line]:
        """What a box of many numbers receives, and passes back."""
        box = self.stages.order[stage]
        received = [self.stages.received(i, len(self.stages.order)) or 0.0 for i in self.stages.entries[box]]
        if len(received) == 1:
            yield (Run("∇ of its output = "), Run(shown(received[0]), "adjoint", _sign(received[0])))
        else:
            yield (Run(f"∇ of its {len(received):,} outputs: norm {shown(math.hypot(*received))}"),)
        for target, arrivals in self._by_target(box):
            yield self._passed(target, arrivals)
        node = self.node(stage)
        if node.parameters and node.parameter_norm is not None:
            noun = "parameter" if node.parameters == 1 else "parameters"
            yield (Run(f"∇ of its {node.parameters:,} {noun}: norm {shown(node.parameter_norm)}"),)

    def _by_target(self, box: int) -> list[tuple[int, list[Arrival]]]:
        found: dict[int, list[Arrival]] = defaultdict(list)
        for arrival in self.stages.passed[box]:
            found[arrival.target].append(arrival)
        return sorted(found.items(), key=lambda item: -len(item[1]))

    def _passed(self, target: int, arrivals: list[Arrival]) -> Line:
        node = self.stages.view.nodes[target]
        sums: dict[int, float] = defaultdict(float)
        for arrival in arrivals:
            sums[arrival.change.number] += arrival.change.term
        terms = (Run(f", from {len(arrivals):,} uses", "faint"),) if len(arrivals) > 1 else ()
        total = sum(sums.values())
        passed = Run(shown(total), "adjoint", _sign(total))
        if node.kind != "collapsed":
            name = self.rule.names.meaning(next(iter(sums)))
            return (Run(f"∇{name}", "receiver"), Run(" += "), passed, *terms)
        start = (Run("to "), Run(called(node), "receiver"))
        if len(sums) == 1:
            return (*start, Run(": ∇ += "), passed, *terms)
        return (*start, Run(f": {len(sums):,} gradients, norm {shown(math.hypot(*sums.values()))}"))


def called(node: Node) -> str:
    """What a box of many numbers is called."""
    return clean(node.label) or node.id


def _sign(x: float) -> int:
    return (x > 0) - (x < 0)
