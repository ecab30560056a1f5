"""Sets to learn on: four drawn in the plane, and scikit-learn's handwritten digits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..calls import public
from ..checks import whole_number
from ..randomness import Seed, generator

Labelled = tuple[NDArray[np.float64], NDArray[np.int64]]


@public
def moons(n: int = 100, *, noise: float = 0.1, rng: Seed = None) -> Labelled:
    """Two half circles of radius 1, one inside the other's opening: X (n, 2), Y (n,) of 0 (upper) and 1 (lower).

    ``noise`` is the standard deviation of what is added to each coordinate. The form is that of scikit-learn.

    >>> X, Y = moons(4, noise=0.0, rng=0)
    >>> X[Y == 0].round(3).tolist(), X[Y == 1].round(3).tolist()
    ([[1.0, 0.0], [-1.0, 0.0]], [[0.0, 0.5], [2.0, 0.5]])
    """
    upper, lower = (np.linspace(0, np.pi, size) for size in _parts(n, 2))
    rows = [_polar(1.0, upper), np.array([1.0, 0.5]) - _polar(1.0, lower)]
    return _noisy(rows, noise, rng)


@public
def circles(n: int = 100, *, noise: float = 0.05, factor: float = 0.5, rng: Seed = None) -> Labelled:
    """A circle of radius 1 (class 0) around one of radius ``factor`` (class 1): X (n, 2), Y (n,).

    >>> X, Y = circles(6, noise=0.0, rng=0)
    >>> np.hypot(*X.T).round(3).tolist(), Y.tolist()
    ([1.0, 1.0, 1.0, 0.5, 0.5, 0.5], [0, 0, 0, 1, 1, 1])
    """
    if not 0 <= factor < 1:
        raise ValueError(f"factor must be in [0, 1): the radius of the inner circle, got {factor!r}")
    outer, inner = (np.linspace(0, 2 * np.pi, size, endpoint=False) for size in _parts(n, 2))
    return _noisy([_polar(1.0, outer), _polar(factor, inner)], noise, rng)


@public
def blobs(
    n: int = 100,
    *,
    centers: ArrayLike = ((-2.0, 0.0), (2.0, 0.0)),
    noise: float = 0.5,
    rng: Seed = None,
) -> Labelled:
    """Clouds of standard deviation ``noise`` around ``centers`` (c, 2): X (n, 2), Y (n,) of 0 to c - 1.

    >>> X, Y = blobs(4, centers=[[0, 0], [5, 5]], noise=0.0)
    >>> X.tolist(), Y.tolist()
    ([[0.0, 0.0], [0.0, 0.0], [5.0, 5.0], [5.0, 5.0]], [0, 0, 1, 1])
    """
    middles = np.asarray(centers, dtype=np.float64)
    if middles.ndim != 2 or middles.shape[1] != 2 or not len(middles):
        raise ValueError(f"centers must have shape (c, 2) with c of at least 1, got {middles.shape}")
    return _noisy([np.tile(c, (size, 1)) for c, size in zip(middles, _parts(n, len(middles)), strict=True)], noise, rng)


@public
def spiral(n: int = 100, *, arms: int = 2, turns: float = 1.0, noise: float = 0.02, rng: Seed = None) -> Labelled:
    """Arms that wind from the middle to radius 1 in so many ``turns``: X (n, 2), Y (n,) of 0 to arms - 1.

    >>> X, Y = spiral(6, noise=0.0)
    >>> np.hypot(*X.T).round(3).tolist(), Y.tolist()
    ([0.333, 0.667, 1.0, 0.333, 0.667, 1.0], [0, 0, 0, 1, 1, 1])
    """
    arms = whole_number(arms, "arms", 1)
    rows = []
    for arm, size in enumerate(_parts(n, arms)):
        radius = np.arange(1, size + 1) / size
        rows.append(_polar(radius, 2 * np.pi * (turns * radius + arm / arms)))
    return _noisy(rows, noise, rng)


@public
def digits() -> Labelled:
    """Handwritten digits of 8x8 pixels, from scikit-learn: X (1797, 64) in [0, 1], Y (1797,) of 0 to 9.

    Source: Alpaydin and Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository, 1998.

    Raises:
        ImportError: scikit-learn isn't installed; the message says how to.
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise ImportError(
            'the digits come with scikit-learn, which is not installed; run: pip install "glassgrad[demos]"'
        ) from error
    pixels, names = load_digits(return_X_y=True)
    return np.asarray(pixels, dtype=np.float64) / 16.0, np.asarray(names, dtype=np.int64)


def _parts(n: int, parts: int) -> Sequence[int]:
    """``n`` in whole parts as equal as can be; what is left goes to the last, as scikit-learn has it for two."""
    n = whole_number(n, "n, the number of samples,", parts)
    return [n * (i + 1) // parts - n * i // parts for i in range(parts)]


def _polar(radius: Any, angle: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def _noisy(rows: Sequence[NDArray[np.float64]], noise: float, rng: Seed) -> Labelled:
    """All rows, class by class, each coordinate with its own normal noise; labels 0, 1, ..."""
    if not (np.isfinite(noise) and noise >= 0):
        raise ValueError(f"noise is a standard deviation: a finite number of at least 0, got {noise!r}")
    X = np.concatenate(rows)
    labels = np.repeat(np.arange(len(rows), dtype=np.int64), [len(each) for each in rows])
    return X + generator(rng).normal(0.0, noise, X.shape), labels
