"""Registers of LLVM IR that compute by overloaded operators, and the types and constants of a vector width."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from .body import Body

Real: TypeAlias = float | int
Index: TypeAlias = int | str
"""A whole number known now, or the name of an i64 register."""

_WORD = 1 << 64


def hexadecimal(x: Real) -> str:
    """A float64 as LLVM reads it without rounding.

    >>> hexadecimal(1.0)
    '0x3FF0000000000000'
    """
    return f"0x{struct.unpack('<Q', struct.pack('<d', float(x)))[0]:016X}"


class Lanes:
    """The names of types and constants for W lanes.

    >>> Lanes(4).vector, Lanes(1).vector, Lanes(2).number(1.0)
    ('<4 x double>', 'double', 'splat (double 0x3FF0000000000000)')
    """

    def __init__(self, width: int) -> None:
        if width < 1 or width & (width - 1):
            raise ValueError(f"a vector needs 1, 2, 4, 8, ... lanes, got {width}")
        self.width = width
        self.vector, self.integer, self.mask = map(self._of, ("double", "i64", "i1"))
        self.suffix = "f64" if width == 1 else f"v{width}f64"
        self.bytes = 8 * width

    def _of(self, element: str) -> str:
        return element if self.width == 1 else f"<{self.width} x {element}>"

    def _constant(self, element: str, text: str) -> str:
        return text if self.width == 1 else f"splat ({element} {text})"

    def number(self, x: Real) -> str:
        """The constant x in every lane."""
        return self._constant("double", hexadecimal(x))

    def whole(self, x: int) -> str:
        """The 64-bit pattern of the whole number x in every lane."""
        x %= _WORD
        return self._constant("i64", str(x if x < _WORD // 2 else x - _WORD))


class Register:
    """The name of something computed in a body."""

    __slots__ = ("body", "name")

    def __init__(self, body: Body, name: str) -> None:
        self.body, self.name = body, name

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name})"

    def __bool__(self) -> bool:
        raise TypeError(
            f"{self!r} has no value while code is emitted: write where(condition, a, b), and join conditions by & and |"
        )

    __eq__ = object.__eq__
    __hash__ = object.__hash__


def _arithmetic(instruction: str) -> Callable[[Vector, Vector | Real], Vector]:
    return lambda self, other: self.body.arithmetic(instruction, self, other)


def _reversed(instruction: str) -> Callable[[Vector, Real], Vector]:
    return lambda self, other: self.body.arithmetic(instruction, other, self)


def _comparison(predicate: str) -> Callable[[Vector, Vector | Real], Mask]:
    return lambda self, other: self.body.compare(predicate, self, other)


def _of_bits(instruction: str) -> Callable[[Bits, Bits | int], Bits]:
    return lambda self, other: self.body.whole_arithmetic(instruction, self, other)


class Vector(Register):
    """One float64 in each lane; + - * / and order comparisons take vectors and numbers."""

    __slots__ = ()

    __add__, __radd__ = _arithmetic("fadd"), _reversed("fadd")
    __sub__, __rsub__ = _arithmetic("fsub"), _reversed("fsub")
    __mul__, __rmul__ = _arithmetic("fmul"), _reversed("fmul")
    __truediv__, __rtruediv__ = _arithmetic("fdiv"), _reversed("fdiv")
    __lt__, __le__, __gt__, __ge__ = map(_comparison, ("olt", "ole", "ogt", "oge"))

    def __neg__(self) -> Vector:
        return self.body.negative(self)


class Mask(Register):
    """One truth value in each lane. & and | take bools as well, and give a bool where that decides."""

    __slots__ = ()

    def __and__(self, other: Mask | bool) -> Mask | bool:
        if isinstance(other, Mask):
            return self.body.combine("and", self, other)
        return self if other else False

    def __or__(self, other: Mask | bool) -> Mask | bool:
        if isinstance(other, Mask):
            return self.body.combine("or", self, other)
        return True if other else self

    __rand__, __ror__ = __and__, __or__


class Bits(Register):
    """One 64-bit pattern in each lane, with wrapping + -, & | ^ and the shifts << and (filling with zeros) >>."""

    __slots__ = ()

    __add__, __sub__, __and__, __or__ = map(_of_bits, ("add", "sub", "and", "or"))
    __xor__, __lshift__, __rshift__ = map(_of_bits, ("xor", "shl", "lshr"))
