"""Where randomness comes from: a generator that is passed explicitly, or a seed for one."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

# As text, because touching np.random imports it, which is a good part of the time that NumPy itself takes.
Seed: TypeAlias = "int | np.random.Generator | None"
"""A Generator, a seed for one, or None for fresh entropy."""


def generator(rng: Any, what: str = "rng") -> np.random.Generator:
    """A NumPy generator: the given one, or a new one from a seed; None draws fresh entropy.

    Raises:
        TypeError: it is none of these; ``what`` begins the message.

    >>> float(generator(0).random()) == float(generator(0).random())
    True
    """
    if isinstance(rng, np.random.Generator):
        return rng
    if rng is None or (isinstance(rng, int | np.integer) and not isinstance(rng, bool) and rng >= 0):
        return np.random.default_rng(rng)
    raise TypeError(
        f"{what} must be a seed (a whole number from 0 on), a numpy.random.Generator or None, got {rng!r}; "
        f"write {what.split()[-1]}=0 or {what.split()[-1]}=numpy.random.default_rng(0)"
    )
