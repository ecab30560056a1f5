"""Which numbers an argument of an operation may be."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Domain:
    """Which real numbers an argument may be. NaN is never outside: it passes through, as IEEE 754 has it.

    >>> Domain(">= 0", low=0.0).outside(-1.0)
    True
    """

    text: str
    low: float = -math.inf
    high: float = math.inf
    open: bool = False
    """Whether the bounds themselves are outside."""
    nonzero: bool = False

    def outside(self, x: Any) -> Any:
        """The condition that ``x`` is outside, whatever kind of number ``x`` is; False where nothing is."""
        if self.nonzero:
            return equal(x, 0.0)
        below: Any = False if self.low == -math.inf else (x <= self.low if self.open else x < self.low)
        above: Any = False if self.high == math.inf else (x >= self.high if self.open else x > self.high)
        if below is False or above is False:
            return above if below is False else below
        return below | above

    def cure(self, name: str) -> str:
        """How to keep an argument of that name inside, for messages; "" where only a `where` can.

        >>> POSITIVE.cure("x"), UNIT.cure("x")
        ('maximum(x, 1e-12)', 'minimum(maximum(x, -1), 1)')
        """
        if self.low == -math.inf:
            return "" if self.high == math.inf else f"minimum({name}, {self.high - 1e-12:.12g})"
        if self.high == math.inf:
            return f"maximum({name}, {self.low + 1e-12:.12g})"
        return f"minimum(maximum({name}, {self.low:g}), {self.high:g})"

    @property
    def excludes_zero(self) -> bool:
        """Whether zero is outside."""
        return self.outside(0.0) is True


REAL = Domain("a real number")
POSITIVE = Domain("> 0", low=0.0, open=True)
NONNEGATIVE = Domain(">= 0", low=0.0)
NONZERO = Domain("not 0", nonzero=True)
UNIT = Domain("between -1 and 1", low=-1.0, high=1.0)
ABOVE_MINUS_ONE = Domain("> -1", low=-1.0, open=True)
CONDITION = Domain("a condition (a bool)")


def equal(a: Any, b: Any) -> Any:
    """a == b by value. Of two Values ``==`` is identity, so kernels and partials compare with this.

    >>> equal(2.0, 2.0), equal(2.0, float("nan"))
    (True, False)
    """
    return (a <= b) & (a >= b)


def truth(x: Any) -> bool | None:
    """What a plain condition says; None if ``x`` is none.

    Python's ~ makes an int of a bool (and warns of it, from 3.12 on): ~True is -2. Also joined by & and | its last bit
    is the truth, so that ``where(~(x > 0), a, b)`` means in eager code what it means in a compiled function.

    >>> truth(True), truth(-2), truth(-2 | True), truth(3)
    (True, False, True, None)
    """
    if isinstance(x, bool | np.bool_):
        return bool(x)
    return bool(x & 1) if isinstance(x, int) and -2 <= x <= 1 else None
