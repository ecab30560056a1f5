"""Checks of arguments that all packages share: whole numbers, names, and how a number of things is said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from .errors import ShapeError

T = TypeVar("T")
NUMBERS = (int, float, np.integer, np.floating)
"""Classes of plain real numbers."""


def whole_number(given: object, name: str, least: int = 1) -> int:
    """``given`` as an int of at least ``least``.

    Raises:
        TypeError, ValueError: it isn't one; ``name`` begins the message.

    >>> whole_number(np.int64(3), "epochs", 0)
    3
    """
    if isinstance(given, bool) or not isinstance(given, int | np.integer):
        raise TypeError(f"{name} must be a whole number, got {type(given).__name__}: {given!r}")
    if given < least:
        raise ValueError(f"{name} must be at least {least}, got {given}")
    return int(given)


def count(n: int, one: str, many: str = "") -> str:
    """A number with its noun.

    >>> count(1, "input"), count(3, "input")
    ('1 input', '3 inputs')
    """
    return f"{n} {one}" if n == 1 else f"{n} {many or one + 's'}"


def by_name(table: Mapping[str, T], name: Any, kind: str) -> T:
    """The entry of that name, else a ValueError that lists the known ones; ``kind`` is "a loss" or the like.

    >>> by_name({"mse": 1}, "mse", "a loss")
    1
    """
    if isinstance(name, str) and name in table:
        return table[name]
    similar = nearest(str(name).lower(), table, 0.6)
    guess = f"; did you mean {similar!r}?" if similar else ""
    raise ValueError(f"{name!r} is not {kind}; known: {', '.join(table)}{guess}")


def nearest(name: str, known: Iterable[str], likeness: float = 0.7) -> str:
    """The known name that is most like this one, "" if none is; ``likeness`` is from 0 to 1.

    >>> nearest("epoch", ["loss", "epochs"]), nearest("colour", ["loss", "epochs"])
    ('epochs', '')
    """
    import difflib  # here: only who mistypes needs it

    return next(iter(difflib.get_close_matches(name, list(known), 1, likeness)), "")


def real_number(x: Any, what: str = "a Value") -> float:
    """``x`` as a float if it is one real number, else a TypeError that says why not."""
    if isinstance(x, bool | np.bool_):
        raise TypeError(f"{what} holds a real number, got the bool {x!r}; write 1.0 or 0.0")
    if isinstance(x, NUMBERS):
        try:
            return float(x)
        except OverflowError:
            raise TypeError(f"{what} holds a float64, but this int has {int(x).bit_length()} bits") from None
    if isinstance(x, complex | np.complexfloating):
        raise TypeError(f"{what} holds a real number, got the complex {x!r}; use x.real, x.imag or abs(x)")
    if isinstance(x, np.ndarray):
        cure = "use x.item()" if x.size == 1 else "make one Value for each number: [Value(x) for x in array]"
        raise TypeError(f"{what} holds one number, got an array of shape {x.shape}; {cure}")
    if is_node(x):
        raise TypeError(f"{what} holds a plain number, got {x!r}; use v.data for the number, or v itself")
    cure = _CURES.get(type(x), "")
    raise TypeError(f"{what} holds a real number, got {type(x).__name__}: {brief(x)}{cure}")


def number_beside(x: Any, what: str) -> float:
    """A number beside a Value, in a formula or a comparison: as `real_number` has it, but bools count 0 and 1.

    >>> number_beside(True, "a formula"), number_beside(2, "a formula")
    (1.0, 2.0)
    """
    return float(x) if isinstance(x, bool | np.bool_) else real_number(x, what)


_CURES = {
    type(None): "; is a return missing?",
    str: "; float(text) makes a number of it",
    list: "; take its numbers one by one, as in [f(x) for x in xs]",
    tuple: "; take its numbers one by one, as in [f(x) for x in xs]",
}


def is_node(x: Any) -> bool:
    """Whether operations ask ``x`` what they are with it: a Value does so, and strangers such as traced numbers.

    >>> from autograd import Value
    >>> is_node(Value(1.0)), is_node(1.0)
    (True, False)
    """
    return hasattr(type(x), "__apply_op__")


def is_plain(x: Any) -> bool:
    """Whether ``x`` is a plain number, and so can be checked.

    >>> from autograd import Value
    >>> is_plain(1), is_plain(Value(1.0))
    (True, False)
    """
    return isinstance(x, int | float | np.number | np.bool_)


def is_single(x: Any) -> bool:
    """Whether ``x`` stands for one number: a Value (or what else takes operations), a number, a 0-d array.

    >>> is_single(2.0), is_single([2.0])
    (True, False)
    """
    return is_node(x) or is_plain(x) or (isinstance(x, np.ndarray) and x.ndim == 0)


def row(
    xs: Any,
    who: str,
    many: str = "call it for each row: [model(row) for row in X]",
    one: str | None = None,
    shape: str = "takes one sample at a time, a row of numbers",
) -> list[Any]:
    """Numbers or Values as a list: from a list, tuple, iterator, NumPy row; from a single one if ``one`` is None.

    Args:
        xs: they.
        who: begins the message of an error.
        many: the cure of more dimensions than one.
        one: the cure of a single number.
        shape: what is taken, begins with a verb.

    >>> row(np.array([1.0, 2.0]), "a layer"), row(3.0, "a layer")
    ([1.0, 2.0], [3.0])
    """
    if xs.__class__ is list:
        return xs
    if one is None and is_single(xs):
        return [xs.item() if isinstance(xs, np.ndarray) else xs]
    if getattr(xs, "ndim", 1) != 1:
        raise ShapeError(f"{who} {shape}, got an array of shape {xs.shape}; {many}")
    if isinstance(xs, str | bytes | Mapping | Set) or is_node(xs) or not hasattr(type(xs), "__iter__"):
        wanted = f"{who} {shape.partition(' ')[0]} a list of numbers or Values"
        raise TypeError(f"{wanted}, got {type(xs).__name__}: {xs!r}{f'; {one}' if one else ''}")
    return xs.tolist() if isinstance(xs, np.ndarray) else list(xs)


def real_array(x: Any, what: str) -> NDArray[np.float64]:
    """``x`` as a float64 array, the same one where it is one; a TypeError where it isn't one of real numbers.

    >>> real_array([1, 2], "a buffer")
    array([1., 2.])
    """
    try:
        numbers = np.asarray(x)
    except ValueError:  # lists of unequal lengths
        numbers = np.empty(0, dtype=object)
    if numbers.dtype.kind not in "fiu":
        raise TypeError(f"{what} holds real numbers, got {type(x).__name__}: {brief(x)}")
    if isinstance(x, np.ma.MaskedArray) and np.ma.is_masked(x):
        raise ValueError(f"{what} can't have the {int(x.mask.sum())} gaps of a masked array; fill them: x.filled(0.0)")
    return numbers.astype(np.float64, copy=False)


def overwrite(to: NDArray[np.float64], numbers: Any, what: str, cure: str) -> None:
    """Write real numbers of the same shape into an array; ``what`` says in errors whose it is.

    >>> seen = np.zeros(2); overwrite(seen, [1, 2], "a buffer", ""); seen
    array([1., 2.])
    """
    given = real_array(numbers, what)
    if given.shape != to.shape:
        raise ShapeError(f"{what} has the shape {to.shape}, got {given.shape}; {cure}")
    to[...] = given


def brief(x: Any, most: int = 80) -> str:
    """``repr(x)`` for a message, in at most so many characters.

    >>> brief([1.0]), brief(10**5000)
    ('[1.0]', 'too long to show')
    """
    try:
        text = repr(x)
    except ValueError:  # Python writes no int of more than 4,300 digits
        return "too long to show"
    return shortened(text, most)


def shortened(text: str, most: int) -> str:
    """A text of at most so many characters; dots show that there was more.

    >>> shortened("abcdefgh", 6)
    'abc...'
    """
    return text if len(text) <= most else f"{text[: most - 3]}..."
