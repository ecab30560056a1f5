"""Who makes the step of an optimizer: NumPy, or whoever has compiled code for the parameters and offers to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from functools import partial
from typing import NamedTuple, TypeAlias
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from ..freezing import listeners
from ..store import Place, Store
from .rule import Rule

Floats: TypeAlias = NDArray[np.float64]


class Step(NamedTuple):
    """A step of a rule that is bound to arrays."""

    fill: Callable[[Iterable[float]], object]
    """Takes the numbers of `Formula.scalars`, which stay until the next call."""
    run: Callable[[], object]
    """Makes the step."""


MakeStep: TypeAlias = Callable[[Rule, Floats, Floats, tuple[Floats, ...]], Step | None]
"""Binds a rule to parameters, gradients and state arrays in the rule's order, each (n,); None if it can't."""


class _Block(NamedTuple):
    """A part of the parameters with their gradients and state, each once to be read alone and once to be written."""

    p: Floats
    g: Floats
    s: dict[str, Floats]
    new: Floats
    state: dict[str, Floats]


_BLOCK = 1 << 13
"""Parameters that are taken at a time: what a formula makes of them in between stays in the cache."""


class _Offers:
    """Makers of steps by the slots that they are for.

    Attributes:
        version: another number whenever there is another offer.
    """

    def __init__(self) -> None:
        self.version = 0
        self._lock = threading.Lock()
        self._makers: WeakKeyDictionary[Store, list[tuple[int, int, MakeStep]]] = WeakKeyDictionary()

    def add(self, places: Iterable[Place], make: MakeStep) -> None:
        """Offer steps for these places; those of the first offer that can are made."""
        with self._lock:
            for store, begin, end in places:
                makers = self._makers.setdefault(store, [])
                if (begin, end, make) not in makers:
                    makers.append((begin, end, make))
                    self.version += 1

    def renew(self) -> None:
        """Have every optimizer look again before its next step."""
        with self._lock:
            self.version += 1

    def step(self, rule: Rule, place: Place, states: tuple[Floats, ...]) -> Step:
        """A step on the parameters that lie there."""
        store, begin, end = place
        data, grad = store.data[begin:end], store.grad[begin:end]
        for first, last, make in self._makers.get(store, ()):
            step = make(rule, data, grad, states) if begin < last and first < end else None
            if step is not None:
                return step
        return numpy_step(rule, data, grad, states)


offers = _Offers()
"""Programs put in what they have, optimizers look whether there is something for their parameters."""
listeners.append(offers.renew)


def numpy_step(rule: Rule, data: Floats, grad: Floats, states: tuple[Floats, ...]) -> Step:
    """One step of the rule over NumPy arrays, as the formula is written.

    >>> from autograd import Parameter; from autograd.optim import SGD
    >>> data, grad = np.array([1.0, 2.0]), np.array([2.0, 4.0])
    >>> step = numpy_step(SGD([Parameter(0.0)]).rule, data, grad, ())
    >>> step.fill([0.5, 1.0]); step.run(); data
    array([0., 0.])
    """
    cells = {name: np.array(0.0) for name in rule.scalars}  # which NumPy takes faster than floats

    def block(begin: int) -> _Block:
        p, g, *s = (array[begin : begin + _BLOCK] for array in (data, grad, *states))
        state = dict(zip(rule.state, s, strict=True))
        return _Block(_read_only(p), _read_only(g), {name: _read_only(row) for name, row in state.items()}, p, state)

    def fill(numbers: Iterable[float]) -> None:
        for cell, x in zip(cells.values(), numbers, strict=True):
            cell[()] = x

    blocks = [block(begin) for begin in range(0, len(data), _BLOCK)]
    return Step(fill, partial(_run, rule, cells, blocks, _passes_on(rule)))


def _read_only(array: Floats) -> Floats:
    view = array[:]
    view.flags.writeable = False
    return view


def _passes_on(rule: Rule) -> bool:
    """Whether among the new arrays are old ones, or views of them: tried on arrays that are views all.

    Raises:
        TypeError: the formula branches on its arrays, or on the numbers of a step, or changes them.
    """
    p, g = _read_only(np.ones(2)), _read_only(np.ones(2))
    s, h = ({name: _read_only(np.ones(2)) for name in names} for names in (rule.state, rule.scalars))
    try:
        with np.errstate(all="ignore"):
            new, state = rule.update(np, p, g, s, h)
    except ValueError as error:
        who = f"{rule.kind.__name__}.update"
        if "truth value of an array" in str(error):
            raise TypeError(f"{who} can't branch on its arrays: write xp.where(condition, a, b)") from error
        if "read-only" in str(error):
            raise TypeError(f"{who} can't change its arrays: write p = p - x instead of p -= x") from error
        raise
    return any(getattr(row, "base", None) is not None for row in (new, *state.values()))


@np.errstate(all="ignore")
def _run(rule: Rule, h: dict[str, NDArray[np.float64]], blocks: list[_Block], passes_on: bool) -> None:
    """Make the step. Infinities and NaN follow IEEE 754, without a warning."""
    for p, g, s, to, states in blocks:
        new, state = rule.update(np, p, g, s, h)
        if passes_on:  # what must be read before it is overwritten
            new, state = np.array(new), {name: np.array(row) for name, row in state.items()}
        to[:] = new
        for name, row in state.items():
            states[name][:] = row
