"""Endings: what becomes of gradient sums, from being kept among the adjoints to being a step of an optimizer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from ....optim.rule import Rule
from ..math.elementary import Vectors
from ..memory_map import FLAG_GRADIENT, Arguments, MemoryMap
from ..text.body import Body
from ..text.registers import Index, Vector
from .emitter import Emitter, raise_flag


@dataclass(frozen=True)
class Slots:
    """Some uniforms: access to what lies at them in any array that has an entry a uniform."""

    read: Callable[[str], Vector]
    """A vector from the array with this base pointer."""
    write: Callable[[str, Vector], None]


class Ending(Protocol):
    """What is done with the sums at some place."""

    def begin(self, body: Body) -> None:
        """Write what a function with this ending starts with."""

    def end(self, body: Body, sums: Vector, place: Slots) -> None:
        """Write what is done with sums."""


class StoreAdjoints:
    """They are the adjoints of their uniforms."""

    def begin(self, body: Body) -> None:
        """Nothing."""

    def end(self, body: Body, sums: Vector, place: Slots) -> None:  # noqa: ARG002
        """Store them."""
        place.write("%G", sums)


@dataclass(frozen=True)
class AddTo:
    """They are added to the adjoints of their uniforms, or to the gradients of the caller's parameters."""

    gradients: int | None = None
    """Where the argument block has the caller's gradients; None for the adjoints."""

    def begin(self, body: Body) -> None:
        """Find the caller's gradients."""
        if self.gradients is not None:
            _load_pointer(body, "%D", body.pointer("%A", self.gradients))

    def end(self, body: Body, sums: Vector, place: Slots) -> None:  # noqa: ARG002
        """Add them."""
        base = "%G" if self.gradients is None else "%D"
        place.write(base, place.read(base) + sums)


class StepOptimizer:
    """A rule makes a step with them: the same formula that the eager optimizer uses."""

    def __init__(self, rule: Rule, arguments: Arguments, layout: MemoryMap) -> None:
        self._rule, self._arguments, self._layout = rule, arguments, layout
        self._scalars: dict[str, Vector] = {}

    def begin(self, body: Body) -> None:
        """Find the rule's arrays and this step's numbers."""
        for k in range(len(self._rule.state)):
            _load_pointer(body, f"%S{k}", body.pointer("%A", self._arguments.offset(f"state{k}")))
        _load_pointer(body, "%H", body.pointer("%V", self._layout.scalars))
        self._scalars = {name: body.broadcast("%H", 8 * k) for k, name in enumerate(self._rule.scalars)}

    def end(self, body: Body, sums: Vector, place: Slots) -> None:
        """Change parameters and state."""
        write_update(body, self._rule, sums, place, self._scalars)


def write_update(body: Body, rule: Rule, gradient: Vector, place: Slots, scalars: dict[str, Vector]) -> None:
    """The rule's formula: new parameters %P and new state %S0, %S1, ... at some place."""
    bases = {name: f"%S{k}" for k, name in enumerate(rule.state)}
    state = {name: place.read(base) for name, base in bases.items()}
    new, changed = rule.update(RuleVectors(body), place.read("%P"), gradient, state, scalars)
    place.write("%P", new)
    for name, row in changed.items():
        place.write(bases[name], row)


class RuleVectors(Vectors):
    """The functions of a rule's formula."""

    def maximum(self, a: Any, b: Any) -> Any:
        """The larger one; NaN if either is NaN."""
        return self.where(a > b, a, self.where(b >= a, b, a + b))


def _load_pointer(body: Body, name: str, address: str) -> None:
    body.line(f"{name} = load ptr, ptr {address}, align 8")


# Places


def neighbours(body: Body, slot: Index) -> Slots:
    """The W uniforms from a slot on."""
    at = body.offset(0, (slot, 8))
    return Slots(lambda base: body.load(base, at, align=8), lambda base, x: body.store(base, at, x, align=8))


def scattered(body: Body, slots: list[Index]) -> Slots:
    """At most W uniforms that lie anywhere: each has a lane."""
    places = [body.offset(0, (slot, 8)) for slot in slots]

    def read(base: str) -> Vector:
        numbers = body.constant(0.0)
        for lane, at in enumerate(places):
            numbers = body.with_lane(numbers, lane, body.load_scalar(base, at))
        return numbers

    def write(base: str, numbers: Vector) -> None:
        for lane, at in enumerate(places):
            body.store_scalar(base, at, body.lane(numbers, lane))

    return Slots(read, write)


# Functions for all parameters


def emit_ending(emitter: Emitter, body: Body, ending: Ending) -> None:
    """A function that ends with the adjoints of all parameters."""
    width, count = emitter.module.width, emitter.layout.tape.parameters
    whole = count // width * width
    ending.begin(body)

    def one_vector(slot: Index, _: list[Any]) -> None:
        place = neighbours(body, slot)
        ending.end(body, place.read("%G"), place)

    body.loop(whole, one_vector, stride=width)
    if whole < count:
        place = scattered(body, list(range(whole, count)))
        ending.end(body, place.read("%G"), place)


def emit_gradient_test(emitter: Emitter, body: Body) -> None:
    """A function that sets a flag if the adjoint of a parameter isn't finite."""
    # The adjoints are an array of ours, filled up with zeros to a whole number of vectors.
    vectors = -(-emitter.layout.tape.parameters // emitter.module.width)
    chains = min(4, vectors)
    rounds = vectors // chains * chains

    def one_round(vector: Index, suspects: list[Any]) -> list[Any]:
        return [_suspect(body, body.offset(k, (vector, 1)), old) for k, old in enumerate(suspects)]

    suspects = body.loop(rounds, one_round, [body.constant(0.0)] * chains, stride=chains)
    for k, vector in enumerate(range(rounds, vectors)):
        suspects[k] = _suspect(body, vector, suspects[k])
    total = suspects[0]
    for more in suspects[1:]:
        total = total + more
    raise_flag(body, emitter.layout, body.any(body.compare("uno", total, 0.0)), FLAG_GRADIENT)


def _suspect(body: Body, vector: Index, total: Vector) -> Vector:
    """Plus zero times one vector of adjoints: NaN if one isn't finite."""
    gradient = body.load("%G", body.offset(0, (vector, body.lanes.bytes)))
    return body.fma(gradient, 0.0, total)
