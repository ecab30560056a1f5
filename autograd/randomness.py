"""Where randomness comes from: a generator that is passed explicitly, a seed for one, or the common seed."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from .calls import public

# As text, because touching np.random imports it, which is a good part of the time that NumPy itself takes.
Seed: TypeAlias = "int | np.random.Generator | None"
"""A Generator, a seed for one, or None: fresh entropy, or what follows from `manual_seed`."""

_common: Any = None
"""The SeedSequence of `manual_seed`."""


@public
def manual_seed(seed: int | None) -> None:
    """Make all that is random from here on follow from ``seed``, wherever ``rng`` or ``seed`` is None.

    The k-th that asks for a generator by None (a layer, a model, `nn.Dropout`, a data set, `data.split`, an epoch of
    `data.batches`, a `fit` with ``seed=None``) gets one of its own, that of the k-th child of ``SeedSequence(seed)``:
    so what one of them draws doesn't change what the others do. Generators and seeds that are given are not touched;
    neither are Python's and NumPy's own, ``random.seed`` and ``np.random.seed`` have no effect here. Whoever has asked
    before keeps what he got. None ends it: entropy is fresh again. It holds for all threads.

    Raises:
        TypeError: ``seed`` is no whole number from 0 on.

    >>> from autograd import nn
    >>> manual_seed(1); first = nn.Linear(2, 1).weight.data
    >>> manual_seed(1); bool((nn.Linear(2, 1).weight.data == first).all())
    True
    >>> manual_seed(None)
    """
    global _common
    if not _is_seed(seed):
        raise TypeError(f"manual_seed takes a seed, a whole number from 0 on, or None, got {seed!r}")
    _common = None if seed is None else np.random.SeedSequence(int(seed))


def generator(rng: Any, what: str = "rng") -> np.random.Generator:
    """A NumPy generator: the given one, or a new one from a seed; for None see `manual_seed`.

    Raises:
        TypeError: it is none of these; ``what`` begins the message.

    >>> float(generator(0).random()) == float(generator(0).random())
    True
    """
    if isinstance(rng, np.random.Generator):
        return rng
    if not _is_seed(rng):
        raise TypeError(
            f"{what} must be a seed (a whole number from 0 on), a numpy.random.Generator or None, got {rng!r}; "
            f"write {what.split()[-1]}=0 or {what.split()[-1]}=numpy.random.default_rng(0)"
        )
    return np.random.default_rng(_common.spawn(1)[0] if rng is None and _common is not None else rng)


def _is_seed(given: Any) -> bool:
    is_whole = isinstance(given, int | np.integer) and not isinstance(given, bool)
    return given is None or (is_whole and given >= 0)
