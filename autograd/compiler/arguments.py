"""The arrays of a call: what they must look like, and what the function gets for one sample."""

from __future__ import annotations

import inspect
import struct
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from ..checks import brief, count, is_node
from ..errors import ShapeError, TraceError
from ..scopes import current
from .backend import Floats, InputArray, is_plain


def argument_names(function: Callable[..., Any], count: int) -> list[str]:
    """Names for that many arguments: those that the function gives them, else x0, x1, ...

    >>> argument_names(lambda x, y: x, 2), argument_names(max, 1)
    (['x', 'y'], ['x0'])
    """
    # A module tells nothing itself: the names are those of its own __call__, or of forward.
    for called in (function, function.__call__, getattr(function, "forward", None)):  # type: ignore[operator]
        try:
            parameters = inspect.signature(called).parameters.values()  # type: ignore[arg-type]
        except (TypeError, ValueError):
            continue
        names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        if len(names) >= count:
            return names[:count]
    return [f"x{i}" for i in range(count)]


def is_one_sample(arguments: Sequence[Any]) -> bool:
    """Whether these are the Values or traced numbers of one sample, and no arrays.

    >>> from autograd import Value
    >>> is_one_sample([[Value(1.0), 2.0]]), is_one_sample([[1.0, 2.0]])
    (True, False)
    """
    return any(any(map(is_node, x)) if type(x) in (list, tuple) else is_node(x) for x in arguments)


def refuse_nested(arguments: Sequence[Any]) -> None:
    """A TraceError if a program is to run while another one is traced: its results would be frozen."""
    if current().trace is None:
        return
    if is_one_sample(arguments):
        raise TraceError(
            "a compiled function can't run another program's backward() or gradients(). Call the program itself, which "
            "is then a part of this one, and take autograd.gradients(y, xs, record=True)"
        )
    raise TraceError(
        "a program is called with arrays inside of a compiled function, whose results would stay as they are now. Call "
        "it with the function's own arguments, or compute it before and give the results as an argument"
    )


class Signature:
    """What the arguments of a program are called and look like."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self._names: dict[int, list[str]] = {}
        self.layout: tuple[InputArray, ...] | None = None
        """That of the call for which the function was traced; from then on others are refused."""

    def names(self, count: int) -> list[str]:
        """Names for that many arguments."""
        if count not in self._names:  # finding them takes as long as a small kernel
            self._names[count] = argument_names(self._function, count)
        return self._names[count]

    def arrays(self, arguments: Sequence[Any]) -> tuple[Floats, ...]:
        """The arguments as plain arrays (see `backend.is_plain`) that fit the layout; one that is plain stays itself.

        Raises:
            TypeError: an argument isn't made of real numbers.
            ShapeError: a wrong number of dimensions, unequal lengths, no samples, no columns, or another layout.
            ValueError: a masked array with gaps.
        """
        names = self.names(len(arguments))
        arrays = tuple(map(_as_array, arguments, names))
        _refuse_unequal(arrays, names)
        known = self.layout
        if known is not None and [array.shape[1:] for array in arrays] != [array.shape for array in known]:
            raise ShapeError(
                f"this program was traced for {_shapes(known)}, but is called with "
                f"{_shapes(self.layout_of(arrays))}; make another one for other shapes: autograd.compile(f)"
            )
        return arrays

    def split(self, columns: Floats) -> tuple[Floats, ...]:
        """The columns of all arguments side by side as an array for each, of its own shape."""
        layout = self.layout or ()
        ends = np.cumsum([array.columns for array in layout])
        parts = [columns[:, end - array.columns : end] for array, end in zip(layout, ends, strict=True)]
        return tuple(
            part[:, 0].copy() if array.scalar else part.copy() for array, part in zip(layout, parts, strict=True)
        )

    def layout_of(self, arrays: Sequence[Floats]) -> tuple[InputArray, ...]:
        """What the function is given for these arrays."""
        return tuple(
            InputArray(name, 1 if array.ndim == 1 else array.shape[1], scalar=array.ndim == 1)
            for array, name in zip(arrays, self.names(len(arrays)), strict=True)
        )


def about_one_sample(arrays: Sequence[Floats], layout: Sequence[InputArray]) -> str:
    """What to say to somebody who may have taken a row of shape (k,) for one sample of k numbers; "" if nobody did."""
    if not layout[0].scalar:
        return ""
    n = len(arrays[0])
    return (
        f". {layout[0].name} has the shape ({n},), so each of its numbers is a sample of its own; one sample of "
        f"{count(n, 'number')} is a batch of one, an array of shape (1, {n})"
    )


def _refuse_unequal(arrays: Sequence[Floats], names: Sequence[str]) -> None:
    if not arrays:
        raise TypeError(
            "a program is called with at least one array, a row for each sample: program(X) or program(X, Y)"
        )
    lengths = set(map(len, arrays))
    if len(lengths) > 1:
        shapes = ", ".join(f"{name} {array.shape}" for name, array in zip(names, arrays, strict=True))
        raise ShapeError(f"every array needs a row for each sample, but their lengths differ: {shapes}")
    if 0 in lengths:
        raise ShapeError(f"there are no samples: {names[0]} has the shape {arrays[0].shape}; give at least one row")


def _as_array(x: Any, name: str) -> Floats:
    if is_plain(x) and x.ndim in (1, 2) and x.size:
        return cast(Floats, x)
    packed = _packed(x) if type(x) in _LISTS and x and type(x[0]) in _LISTS else None
    return _converted(x, name) if packed is None else packed


_LISTS = {list, tuple}
_NUMBERS = {float, int, bool, np.float64}
_row_of = lru_cache(maxsize=64)(lambda columns: struct.Struct(f"{columns}d"))


def _packed(rows: Sequence[Any]) -> Floats | None:
    """The array of a list of lists of numbers, in a third of NumPy's time; None if NumPy must tell what it is."""
    # Only the first row is looked at so closely: what has a type of its own there is NumPy's to judge.
    if not (rows[0] and _NUMBERS.issuperset(map(type, rows[0])) and _LISTS.issuperset(map(type, rows))):
        return None
    pack = _row_of(len(rows[0])).pack
    try:
        packed = b"".join([pack(*row) for row in rows])
    except (struct.error, TypeError, ValueError, OverflowError):  # another length, or no numbers
        return None
    return np.frombuffer(packed).reshape(len(rows), -1)


def _converted(x: Any, name: str) -> Floats:
    has_rows = isinstance(x, list | tuple) and x and isinstance(x[0], np.ndarray)
    gaps = sum(map(np.ma.count_masked, x if has_rows else [x] if isinstance(x, np.ma.MaskedArray) else ()))
    if gaps:
        raise ValueError(
            f"{name} is a masked array with {gaps} gaps; drop such samples or fill the gaps: {name}.filled(0.0)"
        )
    try:
        array = np.asarray(x)
    except ValueError as error:
        if "inhomogeneous" not in str(error):
            raise
        raise ShapeError(
            f"{name} must be an array with a row for each sample, but its rows have unequal lengths"
        ) from None
    if array.dtype == object:
        raise TypeError(_of_objects(x, array, name))
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{name} must be an array of real numbers, got {array.dtype} of shape {array.shape}")
    if array.ndim not in (1, 2):
        cure = (
            "for one sample give a batch of one, as [[1.0, 2.0]]"
            if array.ndim == 0
            else "flatten each row: x.reshape(len(x), -1)"
        )
        raise ShapeError(f"{name} must have the shape (batch,) or (batch, k), got {array.shape}; {cure}")
    if len(array) and not array.size:
        raise ShapeError(f"{name} has the shape {array.shape}: rows without numbers; leave it out")
    return array.astype(np.float64, order="C", copy=False)


def _of_objects(x: Any, array: NDArray[Any], name: str) -> str:
    if array.ndim == 0:
        what = f"{name} must be an array with a row for each sample, got {type(x).__name__}"
        return f"{what}; give np.array(list(x))" if isinstance(x, Iterable) else what
    first = array.flat[0] if array.size else "none"
    return (
        f"{name} is an array of objects (the first one: {brief(first)}); "
        f"give numbers, for example np.array([v.data for v in values])"
    )


def _shapes(layout: Sequence[InputArray]) -> str:
    return ", ".join(f"{a.name} of shape {('batch', *a.shape)}".replace("'", "") for a in layout)


def refuse_nonfinite(arrays: Sequence[Floats], names: Sequence[str]) -> None:
    """A ValueError with the place of the first number that is NaN or infinite, if there is one.

    >>> refuse_nonfinite([np.array([[0.0, np.inf]])], ["x"])
    Traceback (most recent call last):
    ValueError: x is inf in row 0, column 1 (counted from 0); drop such samples or fill the gaps
    """
    for array, name in zip(arrays, names, strict=True):
        wrong = np.argwhere(~np.isfinite(array))
        if len(wrong):
            row, *column = map(int, wrong[0])
            place = f"row {row}, column {column[0]}" if column else f"row {row}"
            raise ValueError(
                f"{name} is {float(array[tuple(wrong[0])])} in {place} (counted from 0); "
                f"drop such samples or fill the gaps"
            )
