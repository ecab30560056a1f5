"""The text of each stage: what it is about, the chain rule with its numbers, what the letters mean."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from ..graph.nodes import Node
from ..picture.caption import Caption, Line, Run
from ..text import clean
from ..text import number as shown
from .chain_rule import ChainRule, joined, ledger
from .contribution import Contribution
from .events import Event
from .stages import Arrival, Stages

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
    def rule(self) -> ChainRule:
        """The words for single numbers."""
        return ChainRule(self.stages.timeline, self.letters)

    def caption(self, stage: int) -> Caption:
        """The text of one stage."""
        return Caption(self.title(stage), tuple(self.lines(stage)), self.node(stage).id)

    def node(self, stage: int) -> Node:
        """The box that has its turn."""
        return self.stages.view.nodes[self.stages.order[stage]]

    def title(self, stage: int) -> str:
        """What a stage is about."""
        node, number = self.node(stage), self._number(stage)
        step = f"step {stage + 1} of {len(self.stages.order)}"
        if node.kind == "collapsed":
            return f"{step} · back through {_called(node)} ({node.operations:,} operations)"
        naming = self._naming(stage)
        name, value = naming[number], shown(self.stages.timeline.numbers[number].data)
        if self.stages.timeline.operation(number) is None:
            return f"{step} · {name} = {value} is what it starts from"
        return f"{step} · back through {name} = {self.made_of(number, naming)}, {name} = {value}"

    def made_of(self, number: int, naming: dict[int, str]) -> str:
        """What a number is computed by: an operation, or a sum of several."""
        terms = self.terms(number)
        numbers = self.stages.timeline.numbers
        return (
            joined([naming.get(i) or shown(numbers[i].data) for i in terms])
            if terms
            else self.rule.call(number, naming)
        )

    def terms(self, number: int) -> tuple[int, ...]:
        """What a fused sum adds up; () for what is no such sum."""
        events = {e.number: e for e in self._events.get(self.stages.home[number], ())}
        if len(events) < 2:
            return ()
        numbers = self.stages.timeline.numbers
        found: list[int] = []
        stack = [number]
        while stack:
            operand = stack.pop()
            if operand in events:
                stack += reversed(numbers[operand].operands)
            else:
                found.append(operand)
        return tuple(found)

    @cached_property
    def _events(self) -> dict[int, list[Event]]:
        """What happens in each box that shows one number."""
        found: dict[int, list[Event]] = defaultdict(list)
        for event in self.stages.timeline.backward:
            box = self.stages.home[event.number]
            if self.stages.view.nodes[box].kind != "collapsed":
                found[box].append(event)
        return found

    def _number(self, stage: int) -> int:
        return self.stages.entries[self.stages.order[stage]][-1]

    def _naming(self, stage: int) -> dict[int, str]:
        """The names in a stage: those of what is inside of the box are that of its result."""
        number, box = self._number(stage), self.stages.order[stage]
        grads = self.stages.timeline.grads
        inside = [e.number for e in self._events[box] if e.number != number and grads[e.number] == grads[number]]
        operands = [i for e in self._events[box] for i in self.stages.timeline.numbers[e.number].operands]
        naming = self.rule.names.of((number, *(i for i in operands if i not in inside)))
        return naming | dict.fromkeys(inside, naming[number])

    # Lines ------------------------------------------------------------------------------------------------------------

    def lines(self, stage: int) -> list[Line]:
        """The lines of a stage."""
        collapsed = self.node(stage).kind == "collapsed"
        lines = list(self._summary(stage) if collapsed else self._contributions(stage))
        if len(lines) > self.most:
            lines = [*lines[: self.most - 1], (Run(f"… and {len(lines) - self.most + 1} more", "faint"),)]
        if not collapsed:
            naming = self._naming(stage)
            explained = self.rule.explained({i: name for i, name in naming.items() if i in self._said(stage)})
            lines += [explained] if explained else []
        return lines

    def _said(self, stage: int) -> set[int]:
        box = self.stages.order[stage]
        return {self._number(stage), *(i for i in self._naming(stage) if self.stages.home.get(i) != box)}

    def _contributions(self, stage: int) -> Iterator[Line]:
        """The chain rule, a line for each contribution, and one for each sum that grows by it."""
        naming, box = self._naming(stage), self.stages.order[stage]
        if stage == 0:
            yield (Run(f"∇{naming[self._number(0)]} = 1, where every backward starts"),)
        seen: Counter[int] = Counter()
        for arrival in self.stages.passed[box]:
            number = arrival.change.number
            yield Contribution(self.stages.timeline, arrival.event, arrival.change, naming).line()
            when, terms, sums = self.stages.arrived[number]
            if len(terms) > 1:
                count = bisect_left(when, stage) + seen[number] + 1
                seen[number] += 1
                yield ledger(
                    naming[number], terms[:count] if count < 9 else terms[count - 5 : count], sums[:count], len(terms)
                )

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
        if node.kind == "collapsed" and len(sums) > 1:
            norm = shown(math.hypot(*sums.values()))
            return (Run("to "), Run(_called(node), "receiver"), Run(f": {len(sums):,} gradients, norm {norm}"))
        total = sum(sums.values())
        number = next(iter(sums))
        name = _called(node) if node.kind == "collapsed" else f"∇{self.rule.names.meaning(number)}"
        terms = f", from {len(arrivals):,} uses" if len(arrivals) > 1 else ""
        return (Run(name, "receiver"), Run(" += "), Run(shown(total), "adjoint", _sign(total)), Run(terms, "faint"))

    @property
    def outcome(self) -> dict[int, float]:
        """The gradients of the leaves that are drawn on their own."""
        timeline, found = self.stages.timeline, {}
        for i, number in enumerate(timeline.numbers):
            grad = timeline.grads[i]
            if number.operation is None and grad is not None and number.requires_grad:
                found[i] = grad
        return found


def _called(node: Node) -> str:
    return clean(node.label) or node.id


def _sign(x: float) -> int:
    return (x > 0) - (x < 0)
