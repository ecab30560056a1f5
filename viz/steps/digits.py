"""How many digits the numbers of a line need, so that a reader with a calculator finds what is printed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from decimal import Decimal

from .evaluating import CONTEXT

DIGITS = 4
"""Of a result; what it is computed from has more, if it must."""
_ALL = 17  # as many as tell any two floats apart


def rounded(x: float, digits: int) -> Decimal:
    """What a reader sees of a number that is written with so many significant digits.

    >>> rounded(2 / 3, 4)
    Decimal('0.6667')
    """
    return Decimal(f"{x:.{digits - 1}e}" if math.isfinite(x) else str(x))


def agrees(found: Decimal, printed: float, digits: int = DIGITS) -> bool:
    """Whether somebody who has found this writes it as the printed number.

    >>> agrees(Decimal("0.66671"), 2 / 3), agrees(Decimal("0.6668"), 2 / 3)
    (True, False)
    """
    if found.is_nan() or math.isnan(printed):
        return found.is_nan() and math.isnan(printed)
    if found.is_infinite() or math.isinf(printed) or not printed:
        return found == Decimal(printed)
    return Decimal(f"{found:.{digits - 1}e}") == rounded(printed, digits)


def enough(is_true: Callable[[int], bool], start: int = DIGITS) -> int | None:
    """The fewest digits, from ``start`` on, with which a line is true; None if it isn't even with all."""
    return next((digits for digits in range(start, _ALL + 1) if is_true(digits)), None)


def total(terms: Iterable[Decimal]) -> Decimal:
    """The sum."""
    result = Decimal(0)
    for term in terms:
        result = CONTEXT.add(result, term)
    return result
