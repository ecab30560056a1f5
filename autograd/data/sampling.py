"""Which samples go together: mini-batches, and the split into training and test sets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..calls import public
from ..checks import whole_number
from ..errors import ShapeError
from ..randomness import Seed, generator


@public
def batches(
    data: int | Sequence[ArrayLike], batch_size: int | None = None, *, rng: Seed = None, shuffle: bool = True
) -> Iterator[Any]:
    """One epoch of mini-batches: every sample once, in an order drawn from ``rng``; the last batch may be smaller.

    Args:
        data: a number of samples, for batches of indices; or arrays of one length, for tuples of their rows.
        batch_size: samples a batch; None puts all of them into one.
        rng: a Generator, a seed, or None for fresh entropy (see `autograd.manual_seed`).
        shuffle: False keeps the order.

    Raises:
        TypeError, ValueError: ``batch_size`` or the number of samples is below 1. At the call, not at the first batch.
        ShapeError: the arrays differ in length (all lengths are named).

    >>> [b.tolist() for b in batches(5, 2, shuffle=False)]
    [[0, 1], [2, 3], [4]]
    >>> X, Y = np.arange(6).reshape(3, 2), np.arange(3)
    >>> [(x.shape, y.shape) for x, y in batches((X, Y), 2, rng=0)]
    [((2, 2), (2,)), ((1, 2), (1,))]
    """
    arrays = None if isinstance(data, int | np.integer) else [np.asarray(array) for array in data]
    count = _common_length(arrays) if arrays is not None else data
    n = whole_number(count, "batches: the number of samples", 1)
    size = n if batch_size is None else whole_number(batch_size, "batches: batch_size", 1)
    order = generator(rng, "batches: rng").permutation(n) if shuffle else np.arange(n)
    return _slices(order, size, arrays)


def _slices(order: NDArray[np.intp], size: int, arrays: list[NDArray[Any]] | None) -> Iterator[Any]:
    for begin in range(0, len(order), size):
        chosen = order[begin : begin + size]
        yield chosen if arrays is None else tuple(array[chosen] for array in arrays)


def _common_length(arrays: list[NDArray[Any]]) -> int:
    if not arrays:
        raise ShapeError("batches: there are no arrays; give a number of samples, or a tuple of arrays such as (X, Y)")
    shapes = [array.shape for array in arrays]
    if any(not shape for shape in shapes) or len({shape[0] for shape in shapes}) > 1:
        raise ShapeError(
            f"batches: the arrays must have one number of samples, got the shapes {', '.join(map(str, shapes))}; "
            f"give a tuple of arrays such as (X, Y)"
        )
    return int(shapes[0][0])


@public
def split(
    X: ArrayLike, Y: ArrayLike, fraction: float = 0.25, *, rng: Seed = None, stratify: bool = False
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Split samples at random: (X_train, X_test, Y_train, Y_test), with ``fraction`` of them in the test set.

    Both parts have at least one sample; the size of the test set is the nearest whole number.

    Args:
        X: inputs, shape (n, ...).
        Y: targets, shape (n, ...).
        fraction: share of the test set, between 0 and 1, both excluded.
        rng: a Generator, a seed, or None for fresh entropy (see `autograd.manual_seed`).
        stratify: keep the share of each class (each distinct number of a one-dimensional ``Y``) in both parts.

    Raises:
        ShapeError: X and Y differ in length, there are fewer than 2 samples, or ``Y`` can't be stratified.
        ValueError: ``fraction`` lies outside.

    >>> X_train, X_test, Y_train, Y_test = split(np.arange(8), np.arange(8) % 2, 0.25, rng=0, stratify=True)
    >>> len(X_train), sorted(Y_test.tolist())
    (6, [0, 1])
    """
    X, Y = np.asarray(X), np.asarray(Y)
    if not X.ndim or not Y.ndim or len(X) != len(Y):
        raise ShapeError(f"split: X has the shape {X.shape} and Y has {Y.shape}; give one target a sample")
    if len(X) < 2:
        raise ShapeError(f"split: there is nothing to split in {len(X)} samples; give at least 2")
    check_fraction(fraction, "split: fraction")
    random = generator(rng, "split: rng")
    size = min(max(round(fraction * len(X)), 1), len(X) - 1)
    chosen = _stratified(Y, size, random) if stratify else random.permutation(len(X))[:size]
    test = np.zeros(len(X), dtype=bool)
    test[chosen] = True
    return X[~test], X[test], Y[~test], Y[test]


def check_fraction(fraction: object, name: str) -> None:
    """Refuse what isn't a number strictly between 0 and 1."""
    is_number = isinstance(fraction, int | float | np.floating) and not isinstance(fraction, bool)
    if not is_number or not 0 < fraction < 1:  # type: ignore[operator]
        raise ValueError(f"{name} must be a number between 0 and 1, both excluded, got {fraction!r}")


def _stratified(Y: NDArray[Any], size: int, random: np.random.Generator) -> NDArray[np.intp]:
    """``size`` indices: each class has its share, and the largest remainders have what rounding leaves."""
    if Y.ndim != 1:
        raise ShapeError(f"split: stratify needs one class a sample, shape (n,), got Y of shape {Y.shape}")
    classes, members = np.unique(Y, return_counts=True)
    share = size * members / len(Y)
    counts = np.floor(share).astype(int)
    # A class ahead in remainder goes first; ties in the order of the classes.
    for at in np.argsort(counts - share, kind="stable")[: size - counts.sum()]:
        counts[at] += 1
    chosen = [
        random.permutation(np.flatnonzero(each == Y))[:count] for each, count in zip(classes, counts, strict=True)
    ]
    return np.concatenate(chosen)
