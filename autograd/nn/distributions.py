"""What initial weights are drawn from: the normal and the uniform distribution."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float64]


class Distribution(Protocol):
    """What weights are drawn from."""

    @property
    def mean(self) -> float:
        """The expectation."""

    @property
    def std(self) -> float:
        """The standard deviation."""

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        """Independent draws."""


@dataclass(frozen=True)
class Normal:
    """The normal distribution with mean 0.

    >>> Normal(2.0).std
    2.0
    """

    std: float
    mean: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        if not 0.0 <= self.std < math.inf:
            raise ValueError(f"a standard deviation is a finite number from 0 on, got std={self.std!r}")

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        """Independent draws."""
        return self.std * rng.standard_normal(shape)


@dataclass(frozen=True)
class Uniform:
    """The uniform distribution on [low, high).

    >>> Uniform(-1.0, 3.0).mean
    1.0
    """

    low: float
    high: float

    @classmethod
    def within(cls, bound: float) -> Uniform:
        """That on [-bound, bound)."""
        return cls(-bound, bound)

    def __post_init__(self) -> None:
        if not -math.inf < self.low <= self.high < math.inf:
            raise ValueError(f"uniform needs finite bounds with low <= high, got low={self.low!r}, high={self.high!r}")

    @property
    def mean(self) -> float:
        """The expectation."""
        return (self.low + self.high) / 2

    @property
    def std(self) -> float:
        """The standard deviation."""
        return (self.high - self.low) / math.sqrt(12.0)

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        """Independent draws."""
        return self.low + (self.high - self.low) * rng.random(shape)
