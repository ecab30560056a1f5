"""A backward as a reader of the picture sees it: a stage for each box that passes something back.

Boxes hold one number or many. A box has its turn when all that comes from outside of it has arrived; then all in it
passes on what it has. Leaves have no turn: they are complete with the stage that completes them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from functools import cached_property
from heapq import heappop, heappush
from itertools import accumulate

from ..graph.nodes import Edge, Node
from ..graph.view import GraphView
from ..picture.faces import State
from .events import Change, Event, Timeline


@dataclass(frozen=True)
class Arrival:
    """A contribution from one box to another, or to the one that it comes from.

    Attributes:
        event, change: what it is in the timeline.
        source, target: places of the boxes, in the view.
    """

    event: Event
    change: Change
    source: int
    target: int


@dataclass(frozen=True)
class Stages:
    """The stages of a timeline in a view of the same graph.

    Attributes:
        timeline: what happens.
        view: what is drawn, with the gradients of the whole backward.

    >>> from autograd import Value
    >>> from viz.steps.events import timeline
    >>> a = Value(3.0, label="a")
    >>> root = a * a + 1.0
    >>> stages = Stages(timeline(root), GraphView.of(root, fold=False))
    >>> [stages.view.nodes[box].symbol for box in stages.order]
    ['+', '×']
    """

    timeline: Timeline
    view: GraphView

    @cached_property
    def home(self) -> dict[int, int]:
        """The box of each number, as its place in the view."""
        return {
            int(member[1:]): place
            for place, node in enumerate(self.view.nodes)
            for member in node.members or (node.id,)
        }

    @cached_property
    def arrivals(self) -> tuple[Arrival, ...]:
        """All contributions, in the order of the timeline."""
        return tuple(
            Arrival(event, change, self.home[event.number], self.home[change.number])
            for event in self.timeline.backward
            for change in event.changes
        )

    @cached_property
    def order(self) -> tuple[int, ...]:
        """The boxes that have a turn, in the order of their turns."""
        turns = self._turns()
        return tuple(turns) if turns else (self.home[len(self.timeline.numbers) - 1],)

    def _turns(self) -> list[int]:
        first: dict[int, int] = {}
        last: dict[int, int] = {}
        for i, event in enumerate(self.timeline.backward):
            box = self.home[event.number]
            if self.view.nodes[box].kind in ("op", "output", "collapsed"):  # not where 0 + x is the leaf x
                first.setdefault(box, i)
                last[box] = i
        awaited = Counter(a.target for a in self.arrivals if a.target in first and a.source != a.target)
        passed: dict[int, list[int]] = defaultdict(list)
        for a in self.arrivals:
            if a.target in first and a.source != a.target:
                passed[a.source].append(a.target)
        ready = [(i, box) for box, i in first.items() if not awaited[box]]
        stuck = sorted(
            first, key=last.__getitem__, reverse=True
        )  # boxes that wait for each other go by their last number
        ready.sort()
        turns: dict[int, None] = {}
        while len(turns) < len(first):
            while not ready and stuck[-1] in turns:
                stuck.pop()
            box = heappop(ready)[1] if ready else stuck.pop()
            if box in turns:
                continue
            turns[box] = None
            for target in passed[box]:
                awaited[target] -= 1
                if not awaited[target]:
                    heappush(ready, (first[target], target))
        return list(turns)

    @cached_property
    def turn(self) -> dict[int, int]:
        """The stage of each box that has one."""
        return {box: i for i, box in enumerate(self.order)}

    def _stage(self, arrival: Arrival) -> int:
        """The stage in which something arrives: where boxes wait for each other, before what it arrives at goes on."""
        return min(self.turn[arrival.source], self.turn.get(arrival.target, len(self.order)))

    @cached_property
    def passed(self) -> dict[int, list[Arrival]]:
        """What each box passes on to others."""
        found: dict[int, list[Arrival]] = defaultdict(list)
        for a in self.arrivals:
            if a.source != a.target:
                found[a.source].append(a)
        return found

    @cached_property
    def entries(self) -> dict[int, list[int]]:
        """The numbers of each box that receive something from outside of it, or start the backward."""
        found: dict[int, dict[int, None]] = defaultdict(dict)
        root = len(self.timeline.numbers) - 1
        found[self.home[root]][root] = None
        for a in self.arrivals:
            if a.source != a.target:
                found[a.target][a.change.number] = None
        return {box: list(numbers) for box, numbers in found.items()}

    @cached_property
    def arrived(self) -> dict[int, tuple[list[int], list[float], list[float]]]:
        """For each entry: the stages in which its terms arrive, the terms, the sums that it has then."""
        found: dict[int, list[tuple[int, float]]] = defaultdict(list)
        entries = {number for numbers in self.entries.values() for number in numbers}
        for a in self.arrivals:
            if a.change.number in entries and a.source in self.turn:
                found[a.change.number].append((self._stage(a), a.change.term))
        return {number: _running(arrivals) for number, arrivals in found.items()}

    @cached_property
    def complete(self) -> dict[int, int]:
        """The stage after which each box has all that comes from outside of it: -1 for that of the root alone."""
        found = dict.fromkeys(self.entries, -1)
        for a in self.arrivals:
            if a.source != a.target:
                found[a.target] = max(found[a.target], self._stage(a))
        return found

    @cached_property
    def shown(self) -> dict[int, int]:
        """For each box that receives and shows one number, which one: where it is 0 + x, that is x."""
        numbers, found = self.timeline.numbers, {}
        for box, entries in self.entries.items():
            i = entries[-1]
            while self._is_zero_plus(i):
                i = next(a for a in numbers[i].operands if numbers[a].requires_grad)
            found[box] = i
        return found

    def _is_zero_plus(self, number: int) -> bool:
        numbers, operation = self.timeline.numbers, self.timeline.operation(number)
        if operation is None or operation.name != "add":
            return False
        zero = [a for a in numbers[number].operands if not numbers[a].requires_grad and numbers[a].data == 0]
        other = [a for a in numbers[number].operands if numbers[a].requires_grad]
        return bool(zero) and self.home.get(other[0]) == self.home[number]

    def received(self, number: int, stage: int) -> float | None:
        """What a number has received up to and with this stage; None if nothing."""
        if number not in self.arrived:
            return self.timeline.grads[number]  # the root
        when, _, sums = self.arrived[number]
        arrived = bisect_right(when, stage)
        return sums[arrived - 1] if arrived else None

    # One picture ------------------------------------------------------------------------------------------------------

    def states(self, stage: int) -> dict[str, State]:
        """Where each box stands that carries gradient."""
        found = {}
        for box, numbers in self.entries.items():
            turn, node = self.turn.get(box), self.view.nodes[box]
            alone = node.kind != "collapsed" or len(numbers) == 1
            got = self.received(numbers[-1], stage) if alone else None
            if turn == stage:
                status = State("active", got)
            elif self.complete[box] > stage:
                status = State("waiting", got)
            else:
                status = State("ready" if turn is not None and turn > stage else "done", got)
            found[node.id] = status
        return found

    def view_at(self, stage: int) -> GraphView:
        """The view with the gradients that are known at this stage."""
        nodes = tuple(self._node(box, node, stage) for box, node in enumerate(self.view.nodes))
        return replace(self.view, nodes=nodes, edges=tuple(self._edge(edge, stage) for edge in self.view.edges))

    def _node(self, box: int, node: Node, stage: int) -> Node:
        if not node.requires_grad or box not in self.complete:
            return node
        if self.complete[box] > stage:
            bad = node.bad if node.bad == "data" else ""
            return replace(node, grad=None, parameter_norm=None, terms=(), bad=bad)
        if node.kind == "collapsed" and self.turn.get(box, -1) > stage:
            return replace(node, parameter_norm=None)
        return node

    def _edge(self, edge: Edge, stage: int) -> Edge:
        if edge.contribution is None:
            return edge
        source, target = self._places[edge.target], self._places[edge.source]  # the gradient goes back
        known = min(self.turn[source], self.turn.get(target, len(self.order))) <= stage
        return edge if known else replace(edge, contribution=None)

    @cached_property
    def _places(self) -> dict[str, int]:
        return {node.id: place for place, node in enumerate(self.view.nodes)}

    def lit(self, stage: int) -> frozenset[int]:
        """The edges along which something is passed back in this stage."""
        active = self.view.nodes[self.order[stage]].id
        return frozenset(k for k, e in enumerate(self.view.edges) if e.target == active and e.requires_grad)


def _running(arrivals: list[tuple[int, float]]) -> tuple[list[int], list[float], list[float]]:
    """The stages in order, the terms, and the sum after each; the last is added in the backward's order, as ever."""
    ordered = sorted(arrivals, key=lambda arrival: arrival[0])
    terms = [term for _, term in ordered]
    sums = list(accumulate(terms))
    sums[-1] = list(accumulate(term for _, term in arrivals))[-1]
    return [stage for stage, _ in ordered], terms, sums
