"""Masks: the random numbers of dropout layers, drawn from the layers' own generators."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from .backend import Floats


def draw(generators: Sequence[Any], masks: Sequence[Floats]) -> None:
    """Fill each mask, shape (samples, n), from its generator: the numbers that eager code draws, sample by sample."""
    for generator, mask in zip(generators, masks, strict=True):
        generator.random(out=mask)


@contextmanager
def replaying(generators: Sequence[Any], states: Sequence[Any]) -> Iterator[None]:
    """Inside, the generators are in these earlier states; behind, where they were."""
    now = states_of(generators)
    rewind(generators, states)
    try:
        yield
    finally:
        rewind(generators, now)


def states_of(generators: Sequence[Any]) -> list[Any]:
    """The states of the generators, to be used with `replaying`."""
    return [generator.bit_generator.state for generator in generators]


def rewind(generators: Sequence[Any], states: Sequence[Any]) -> None:
    """Put the generators into these earlier states."""
    for generator, state in zip(generators, states, strict=True):
        generator.bit_generator.state = state
