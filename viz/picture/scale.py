"""How large a gradient is drawn: its sign is a colour, its size a width, on a logarithmic scale."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_MOST, _FEWEST = 4.0, 1.5  # decades between the largest size and the smallest
_LEAST = 0.08
_FAR = 1e3  # a number so many times larger than all others doesn't set the scale


@dataclass(frozen=True)
class GradientScale:
    """Gradients to sizes: logarithmic, from the largest down to the smallest, but over four decades at most.

    Attributes:
        largest: the magnitude of full size, in units of the gradients; 0 if all are zero.
        smallest: the smallest magnitude in the picture that isn't zero.
        beyond: magnitudes that are too large for the scale (one outlier must not make all else look alike); they are
            drawn at full size, and the legend names them.

    >>> scale = GradientScale.over([-2.0, 0.02, 0.0, None])
    >>> scale.share(-2.0), round(scale.share(0.2), 3), scale.share(0.0), scale.kind(-2.0)
    (1.0, 0.54, 0.0, 'neg')
    """

    largest: float = 0.0
    smallest: float = 0.0
    beyond: tuple[float, ...] = ()

    @classmethod
    def over(cls, gradients: Iterable[float | None]) -> GradientScale:
        """Make the scale that fits these."""
        sizes = sorted({abs(g) for g in gradients if g and math.isfinite(g)})
        kept = len(sizes)
        # one in eight may be an outlier, and one of any number from three on
        for place in range(len(sizes) - 1, max(1, len(sizes) - 2 - len(sizes) // 8), -1):
            if sizes[place] / sizes[place - 1] > _FAR:
                kept = place
        if not sizes:
            return cls()
        return cls(sizes[kept - 1], sizes[0], tuple(sizes[kept:]))

    def share(self, gradient: float | None) -> float:
        """The size from 0 for zero (and for what isn't known) to 1 for the largest and for infinity."""
        if gradient is None or gradient == 0 or math.isnan(gradient):
            return 0.0
        if self.largest == 0 or abs(gradient) >= self.largest:
            return 1.0
        return max(_LEAST, 1 + (1 - _LEAST) * (math.log10(abs(gradient)) - math.log10(self.largest)) / self._decades)

    @property
    def _decades(self) -> float:
        return min(_MOST, max(_FEWEST, math.log10(self.largest) - math.log10(self.smallest)))

    @staticmethod
    def kind(gradient: float | None) -> str:
        """The name of the colour: "none" (not run), "odd" (not finite), "zero", "neg" or "pos"."""
        if gradient is None:
            return "none"
        if not math.isfinite(gradient):
            return "odd"
        return "zero" if gradient == 0 else "neg" if gradient < 0 else "pos"

    @property
    def ticks(self) -> Sequence[float]:
        """Magnitudes whose widths the legend shows, from the largest down, a factor of 10 apart or, if many, of 100."""
        if self.largest == 0:
            return ()
        decades = math.log10(self.largest) - math.log10(self.smallest)
        steps = math.ceil(min(_MOST, decades) - 1e-9)
        return [self.largest / 10**k for k in range(0, steps + 1, 2 if steps > 2 else 1)]
