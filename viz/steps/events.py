"""A forward and its backward as plain data: the numbers, and the events that change them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Literal

from autograd import Op, Step, Value, ancestors, changed_leaves, sweep
from autograd.calls import public

from .formulas import Formula, own_formula, partial_formulas
from .strict_json import dumps, loads

_FORMAT = "Glassgrad timeline 1"


@dataclass(frozen=True, slots=True)
class Operation:
    """What numbers were computed by.

    Attributes:
        name, symbol: as in the table of operations.
        attributes: its numbers that are not differentiated, such as a slope, by name.
        formula: it as a formula of its operands: ``("*", "0", "1")``.
        partials: for each operand the formula of the local partial, ``"y"`` being the result; None for a long one.
    """

    name: str
    symbol: str
    attributes: tuple[tuple[str, float], ...]
    formula: tuple[Any, ...]
    partials: tuple[Formula | None, ...]


@dataclass(frozen=True, slots=True)
class Number:
    """A number of the graph.

    Attributes:
        id: "n0", "n1", ...: operands first, as in ``GraphView.of(root, fold=False)``.
        data: its value.
        label, scope: as the Value has them.
        operation: the place of its operation in `Timeline.operations`; None for a leaf.
        operands: the places of its operands in `Timeline.numbers`.
        requires_grad: whether the backward comes to it.
        stale: it, or an operand, was changed after the forward, so its partials are those of another number.
    """

    id: str
    data: float
    label: str = ""
    scope: str = ""
    operation: int | None = None
    operands: tuple[int, ...] = ()
    requires_grad: bool = True
    stale: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """What an event does to one number.

    Attributes:
        number: the place of the number in `Timeline.numbers`.
        old: its data (forward) or the gradient that it has received so far (backward) before; None if nothing.
        new: and after.
        term: what arrives; old + term is new.
        partial: the local partial; the adjoint of the event's number times it is the term.
        argument: which operand of the event's number this is.
        count: how many terms have arrived then: the ledger so far is ``timeline.terms[number][:count]``.
    """

    number: int
    old: float | None
    new: float
    term: float = 0.0
    partial: float = 1.0
    argument: int = 0
    count: int = 0


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happens.

    Attributes:
        kind: "forward" where a number gets its value, "seed" where the root gets the gradient 1, "backward" where an
            operation passes its gradient on to its operands.
        number: the place of the number that it is about.
        changes: what it changes.
        ready: the numbers whose gradients are complete now.
    """

    kind: Literal["forward", "seed", "backward"]
    number: int
    changes: tuple[Change, ...]
    ready: tuple[int, ...] = ()


@dataclass(frozen=True)
class Timeline:
    """A forward and its backward; see `timeline`.

    Attributes:
        numbers: all numbers, operands first; the last one is the root.
        operations: what they were computed by.
        events: what happens: the forward, the seed, the backward.
        terms: for each number what it receives in the backward, in that order.
    """

    numbers: tuple[Number, ...]
    operations: tuple[Operation, ...]
    events: tuple[Event, ...]
    terms: tuple[tuple[float, ...], ...]

    @cached_property
    def backward(self) -> tuple[Event, ...]:
        """The events of the backward, without the seed: one for each operation that carries gradient."""
        return tuple(event for event in self.events if event.kind == "backward")

    @cached_property
    def grads(self) -> tuple[float | None, ...]:
        """What the gradient of each number ends as; None where none flows."""
        found: list[float | None] = [None] * len(self.numbers)
        for event in self.events:
            if event.kind != "forward":
                for change in event.changes:
                    found[change.number] = change.new
        return tuple(found)

    def operation(self, number: int) -> Operation | None:
        """What a number was computed by; None for a leaf."""
        place = self.numbers[number].operation
        return None if place is None else self.operations[place]

    def to_json(self) -> str:
        """The timeline as strict JSON, in ASCII, that may stand inside of a page: each object a list of its fields.

        NaN, the infinities and minus zero are ``{"float": "NaN"}``, "Infinity", "-Infinity" and "-0".
        """
        kinds = {kind.__name__: [f.name for f in fields(kind)] for kind in (Number, Operation, Event, Change)}
        events = [(e.kind, e.number, tuple(map(_row, e.changes)), e.ready) for e in self.events]
        numbers, operations = list(map(_row, self.numbers)), list(map(_row, self.operations))
        return dumps([_FORMAT, kinds, numbers, operations, events, self.terms])

    @classmethod
    def from_json(cls, text: str) -> Timeline:
        """What `to_json` wrote.

        Raises:
            ValueError: it is something else, or another version's.
        """
        try:
            written_as, _, numbers, operations, events, terms = loads(text)
            if written_as != _FORMAT:
                raise ValueError(f"it begins with {written_as!r:.40}, not with {_FORMAT!r}")
            return cls(
                tuple(Number(*row) for row in numbers),
                tuple(Operation(*row) for row in operations),
                tuple(Event(k, i, tuple(Change(*row) for row in changes), ready) for k, i, changes, ready in events),
                terms,
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"this is not the text of a timeline, as to_json writes it: {error}") from error


def _row(thing: Number | Operation | Change) -> tuple[Any, ...]:
    return tuple(getattr(thing, name) for name in thing.__slots__)


@public
def timeline(root: Value) -> Timeline:
    """Everything that happens in the forward and the backward of ``root``, as plain data.

    It holds no Value, and nothing is written to any ``grad``. Every event has what was there before, so that one can go
    back as well: `Moment` does. Frames, narration and pages read it. Time and memory grow with the graph, no faster.

    Raises:
        TypeError: ``root`` isn't a Value, or carries no gradient.

    >>> a = Value(3.0, label="a")
    >>> happened = timeline(a * a)
    >>> [(event.kind, [change.new for change in event.changes]) for event in happened.events]
    [('forward', [3.0]), ('forward', [9.0]), ('seed', [1.0]), ('backward', [3.0, 6.0])]
    >>> happened.terms
    ((3.0, 3.0), (1.0,))
    """
    steps = list(sweep(root))  # says what is wrong with a root
    return _Reader(root, steps).timeline()


class _Reader:
    """One reading of a graph."""

    def __init__(self, root: Value, steps: list[Step]) -> None:
        self.values = ancestors(root)
        self.steps = steps
        self.place = {v: i for i, v in enumerate(self.values)}
        self.reached = {step.node for step in steps}
        self.known: dict[tuple[Op, int], int] = {}
        self.operations: list[Operation] = []

    def timeline(self) -> Timeline:
        changed = frozenset(changed_leaves(self.values[-1]))
        numbers = tuple(self._number(v, changed) for v in self.values)
        forward = [Event("forward", i, (Change(i, None, number.data),)) for i, number in enumerate(numbers)]
        terms: list[list[float]] = [[] for _ in numbers]
        backward = self._backward(terms)
        return Timeline(numbers, tuple(self.operations), (*forward, *backward), tuple(map(tuple, terms)))

    def _number(self, v: Value, changed: frozenset[Value]) -> Number:
        return Number(
            id=f"n{self.place[v]}",
            data=v.data,
            label=v.label,
            scope=v.scope,
            operation=None if v.op is None else self._operation(v.op, len(v.args)),
            operands=tuple(self.place[a] for a in v.args),
            requires_grad=v in self.reached,
            stale=bool(changed) and (v in changed or any(a in changed for a in v.args)),
        )

    def _operation(self, op: Op, count: int) -> int:
        if (op, count) not in self.known:
            self.known[op, count] = len(self.operations)
            formulas = (own_formula(op, count), partial_formulas(op, count))
            self.operations.append(Operation(op.name, op.symbol, tuple(op.attributes.items()), *formulas))
        return self.known[op, count]

    def _backward(self, terms: list[list[float]]) -> list[Event]:
        """The seed and the steps of the operations, which fill ``terms``."""
        wanted = [0] * len(terms)
        for step in self.steps:
            for i, _, _, _ in self._passed(step):
                wanted[i] += 1
        root = len(terms) - 1
        sums: list[float | None] = [None] * len(terms)
        seed = self.steps[0].adjoint
        sums[root], terms[root] = seed, [seed]
        events = [Event("seed", root, (Change(root, None, seed, seed, count=1),), (root,))]
        for step in self.steps:
            if step.node.op is None:
                continue
            changes = []
            ready = []
            for i, argument, partial, term in self._passed(step):
                old = sums[i]
                new = term if old is None else old + term
                sums[i] = new
                terms[i].append(term)
                changes.append(Change(i, old, new, term, partial, argument, len(terms[i])))
                if len(terms[i]) == wanted[i]:
                    ready.append(i)
            events.append(Event("backward", self.place[step.node], tuple(changes), tuple(ready)))
        return events

    def _passed(self, step: Step) -> list[tuple[int, int, float, float]]:
        """What a step passes on: to which number, as which operand, by which partial, how much."""
        return [
            (self.place[operand], i, partial, term)
            for i, (operand, partial, term) in enumerate(
                zip(step.node.args, step.partials, step.contributions, strict=True)
            )
            if partial is not None and term is not None and operand in self.reached
        ]


class Moment:
    """Where a timeline stands: what each number has at that time. It can go forward and back.

    >>> a = Value(3.0, label="a")
    >>> moment = Moment(timeline(a * a))
    >>> while moment.forward(): pass
    >>> moment.grads
    [6.0, 1.0]
    >>> moment.back(); moment.grads
    True
    [None, 1.0]

    Attributes:
        place: how many events have happened.
        data, grads: of each number; None before it has one.
        counts: how many terms each gradient has received.
    """

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self.place = 0
        self.data: list[float | None] = [None] * len(timeline.numbers)
        self.grads: list[float | None] = [None] * len(timeline.numbers)
        self.counts = [0] * len(timeline.numbers)

    def forward(self) -> bool:
        """Have the next event happen; False if there is none."""
        if self.place == len(self.timeline.events):
            return False
        event = self.timeline.events[self.place]
        field = self.data if event.kind == "forward" else self.grads
        for change in event.changes:
            field[change.number] = change.new
            self.counts[change.number] = change.count
        self.place += 1
        return True

    def back(self) -> bool:
        """Take the last event back; False if there is none."""
        if self.place == 0:
            return False
        self.place -= 1
        event = self.timeline.events[self.place]
        field = self.data if event.kind == "forward" else self.grads
        for change in reversed(event.changes):
            field[change.number] = change.old
            self.counts[change.number] = max(0, change.count - 1)
        return True
