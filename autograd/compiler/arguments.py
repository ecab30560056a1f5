"""The arrays of a call: what they must look like, and what the function gets for one sample."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..errors import ShapeError, TraceError
from ..scopes import current
from ..value import Value
from .backend import Floats
from .tape import InputArray


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

    >>> is_one_sample([[Value(1.0), 2.0]]), is_one_sample([[1.0, 2.0]])
    (True, False)
    """
    return any(
        any(hasattr(type(each), "__apply_op__") for each in x)
        if type(x) in (list, tuple)
        else hasattr(x, "__apply_op__")
        for x in arguments
    )


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


def as_arrays(arguments: Sequence[Any], names: Sequence[str]) -> tuple[Floats, ...]:
    """The arguments as C-contiguous float64 arrays of shape (batch,) or (batch, k); an array that is one stays itself.

    Raises:
        TypeError: an argument isn't made of real numbers.
        ShapeError: a wrong number of dimensions, unequal lengths, or no samples.

    >>> [array.shape for array in as_arrays([[[1, 2], [3, 4]], [0, 1]], ["x", "y"])]
    [(2, 2), (2,)]
    """
    if not arguments:
        raise TypeError(
            "a program is called with at least one array, a row for each sample: program(X) or program(X, Y)"
        )
    arrays = tuple(_as_array(x, name) for x, name in zip(arguments, names, strict=True))
    lengths = {len(array) for array in arrays}
    if len(lengths) > 1:
        shapes = ", ".join(f"{name} {array.shape}" for name, array in zip(names, arrays, strict=True))
        raise ShapeError(f"every array needs a row for each sample, but their lengths differ: {shapes}")
    if lengths == {0}:
        raise ShapeError(f"there are no samples: {names[0]} has the shape {arrays[0].shape}; give at least one row")
    return arrays


def _as_array(x: Any, name: str) -> Floats:
    if type(x) is np.ndarray and x.dtype == np.float64 and x.ndim in (1, 2) and x.flags.c_contiguous:
        return x
    try:
        array = np.asarray(x)
    except ValueError:
        raise ShapeError(
            f"{name} must be an array with a row for each sample, but its rows have unequal lengths"
        ) from None
    if array.dtype == object:
        raise TypeError(
            f"{name} is an array of objects (the first one: {array.flat[0] if array.size else 'none'!r}); "
            f"give numbers, for example np.array([v.data for v in values])"
        )
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{name} must be an array of real numbers, got {array.dtype} of shape {array.shape}")
    if array.ndim not in (1, 2):
        cure = (
            "for one sample give a batch of one, x[None]"
            if array.ndim == 0
            else "flatten each row: x.reshape(len(x), -1)"
        )
        raise ShapeError(f"{name} must have the shape (batch,) or (batch, k), got {array.shape}; {cure}")
    return np.ascontiguousarray(array, dtype=np.float64)


def layout_of(arrays: Sequence[Floats], names: Sequence[str]) -> tuple[InputArray, ...]:
    """What the function is given for these arrays.

    >>> layout_of([np.zeros((5, 2))], ["x"])
    (InputArray(name='x', columns=2, scalar=False, kind='data'),)
    """
    return tuple(
        InputArray(name, 1 if array.ndim == 1 else array.shape[1], scalar=array.ndim == 1)
        for array, name in zip(arrays, names, strict=True)
    )


def refuse_other_layout(old: Sequence[InputArray], new: Sequence[InputArray]) -> None:
    """A ShapeError if a call brings arrays of other shapes than the call that the program was traced for."""
    if tuple(old) != tuple(new):
        raise ShapeError(
            f"this program was traced for {_shapes(old)}, but is called with {_shapes(new)}; "
            f"make another one for other shapes: autograd.compile(f)"
        )


def _shapes(layout: Sequence[InputArray]) -> str:
    return ", ".join(f"{a.name} of shape {'(batch,)' if a.scalar else f'(batch, {a.columns})'}" for a in layout)


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


def sample_of(arrays: Sequence[Floats], names: Sequence[str], sample: int) -> list[Any]:
    """The arguments of the function for one sample, as labelled Values.

    >>> sample_of([np.array([[1.0, 2.0]]), np.array([3.0])], ["x", "y"], 0)[1]
    Value(data=3.0, grad=0.0, label='y')
    """
    return [
        Value(array[sample], label=name)
        if array.ndim == 1
        else [Value(number, label=f"{name}[{k}]") for k, number in enumerate(array[sample].tolist())]
        for array, name in zip(arrays, names, strict=True)
    ]
