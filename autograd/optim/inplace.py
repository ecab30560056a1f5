"""A rule's formula as NumPy calls that write in place: the reader of `Rule.update` behind `Optimizer.step`.

The formula is run once on recorded rows. Each operation becomes one NumPy call with its output array chosen
beforehand: the array it replaces where nobody reads the old numbers any more, else a scratch array that is
used again. A step then allocates nothing. Numbers become arrays of shape (), which NumPy takes faster than
floats.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .rule import Rule

Array: TypeAlias = NDArray[Any]
Call: TypeAlias = tuple[Callable[..., object], tuple[Array, ...]]
"""A function and its arguments, the array to write being the last."""


class Step(NamedTuple):
    """A step that is bound to arrays."""

    fill: Callable[[Iterable[float]], object]
    """Takes the numbers of `Rule.scalars`, which stay until the next call."""
    run: Callable[[], object]
    """Makes the step."""


class Recorded:
    """A row of a formula that is being recorded: an input, which has an array, or an operation's result."""

    __slots__ = ("array", "is_mask", "tape")

    def __init__(self, tape: Tape, array: Array | None = None, is_mask: bool = False) -> None:
        self.tape = tape
        self.array = array
        self.is_mask = is_mask

    def __add__(self, other: Operand) -> Recorded:
        return self.tape.record(np.add, self, other)

    def __radd__(self, other: float) -> Recorded:
        return self.tape.record(np.add, other, self)

    def __sub__(self, other: Operand) -> Recorded:
        return self.tape.record(np.subtract, self, other)

    def __rsub__(self, other: float) -> Recorded:
        return self.tape.record(np.subtract, other, self)

    def __mul__(self, other: Operand) -> Recorded:
        return self.tape.record(np.multiply, self, other)

    def __rmul__(self, other: float) -> Recorded:
        return self.tape.record(np.multiply, other, self)

    def __truediv__(self, other: Operand) -> Recorded:
        return self.tape.record(np.divide, self, other)

    def __rtruediv__(self, other: float) -> Recorded:
        return self.tape.record(np.divide, other, self)

    def __neg__(self) -> Recorded:
        return self.tape.record(np.negative, self)

    def __lt__(self, other: Operand) -> Recorded:
        return self.tape.record(np.less, self, other)

    def __le__(self, other: Operand) -> Recorded:
        return self.tape.record(np.less_equal, self, other)

    def __gt__(self, other: Operand) -> Recorded:
        return self.tape.record(np.greater, self, other)

    def __ge__(self, other: Operand) -> Recorded:
        return self.tape.record(np.greater_equal, self, other)

    def __bool__(self) -> bool:
        raise TypeError("an update rule can't branch on its arrays: write m.where(condition, a, b)")


Operand: TypeAlias = Recorded | float


class Tape:
    """The operations of a formula in order; also the namespace ``m`` that it takes its functions from."""

    def __init__(self) -> None:
        self.lines: list[tuple[Callable[..., object], tuple[Operand, ...], Recorded]] = []

    def record(self, function: Callable[..., object], *operands: Operand) -> Recorded:
        """The row that ``function`` of ``operands`` will be."""
        result = Recorded(self, is_mask=function in _COMPARISONS)
        self.lines.append((function, operands, result))
        return result

    def sqrt(self, x: Operand) -> Recorded:
        """The square root."""
        return self.record(np.sqrt, x)

    def maximum(self, a: Operand, b: Operand) -> Recorded:
        """The larger of two, NaN if one is."""
        return self.record(_maximum, a, b)

    def where(self, condition: Operand, a: Operand, b: Operand) -> Recorded:
        """``a`` where the condition holds, else ``b``."""
        return self.record(_select, condition, a, b)


_COMPARISONS = (np.less, np.less_equal, np.greater, np.greater_equal)


def _maximum(a: Array, b: Array, out: Array) -> None:
    np.maximum(a, b, out=out)  # the only call here that NumPy doesn't take with its output by position


def _select(condition: Array, a: Array, b: Array, out: Array) -> None:
    # Not two masked copies: ``out`` may be ``a`` or ``b``.
    out[...] = np.where(condition, a, b)


def in_place(rule: Rule, p: Array, g: Array, state: Mapping[str, Array], scalars: Mapping[str, Array]) -> list[Call]:
    """The calls that carry out one step of ``rule`` on these very arrays.

    Args:
        rule: the formula.
        p: parameters, shape (n,), changed by the calls.
        g: gradients, shape (n,), only read.
        state: the rule's arrays, shape (n,), changed by the calls.
        scalars: the rule's numbers of a step, shape (): fill them before running the calls.
    """
    tape = Tape()
    rows = {name: Recorded(tape, array) for name, array in state.items()}
    numbers = {name: Recorded(tape, array) for name, array in scalars.items()}
    new_p, new_state = rule.update(tape, Recorded(tape, p), Recorded(tape, g), rows, numbers)
    results = [(new_p, p), *((new_state[name], array) for name, array in state.items())]
    return _assign(tape, _homes(tape, results), like=p)


def _homes(tape: Tape, results: list[tuple[Recorded, Array]]) -> dict[Recorded, Array]:
    """Each result's array; one that is an input, or serves twice, is copied by an operation of its own."""
    homes: dict[Recorded, Array] = {}
    for row, home in results:
        own = tape.record(np.positive, row) if row.array is not None or row in homes else row
        homes[own] = home
    return homes


def _assign(tape: Tape, homes: dict[Recorded, Array], like: Array) -> list[Call]:
    """Choose an array for every result on the tape, in order."""
    last = {x: i for i, line in enumerate(tape.lines) for x in line[1] if isinstance(x, Recorded)}
    last_of_input = {id(x.array): i for x, i in last.items() if x.array is not None}
    scratch: set[Recorded] = set()
    spare: dict[bool, list[Array]] = {False: [], True: []}
    calls: list[Call] = []
    late: list[Call] = []
    for i, (function, operands, row) in enumerate(tape.lines):
        arrays = [_array(x) for x in operands]
        for x, array in dict(zip(operands, arrays, strict=True)).items():
            if x in scratch and last[x] == i:  # the result may take the place of what it is made from
                spare[x.is_mask].append(array)
        home = homes.get(row)
        if home is not None and last_of_input.get(id(home), -1) <= i:
            row.array = home
        else:
            free = spare[row.is_mask]
            row.array = free.pop() if free else np.empty(like.shape, bool if row.is_mask else like.dtype)
            if home is None:
                scratch.add(row)
            else:  # somebody still reads the old numbers
                late.append((np.positive, (row.array, home)))
        calls.append((function, (*arrays, row.array)))
    return calls + late


def _array(x: Operand) -> Array:
    if not isinstance(x, Recorded):
        return np.array(x)
    assert x.array is not None, "a row is made before it is read"
    return x.array


def bound_step(rule: Rule, p: Array, g: Array, states: tuple[Array, ...]) -> Step:
    """One step of ``rule`` on these very arrays, by NumPy; ``states`` are in the rule's order."""
    cells = {name: np.array(x) for name, x in rule.scalars(1).items()}
    calls = in_place(rule, p, g, dict(zip(rule.state, states, strict=True)), cells)

    def fill(numbers: Iterable[float]) -> None:
        for cell, x in zip(cells.values(), numbers, strict=True):
            cell[()] = x

    return Step(fill, partial(run, calls))


@np.errstate(all="ignore")
def run(calls: list[Call]) -> None:
    """Make the calls. Infinities and NaN follow IEEE 754, without a warning."""
    for function, arrays in calls:
        function(*arrays)
