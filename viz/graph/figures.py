"""The gradients in a picture: what flows along a link, what each number got, which number is the first that is bad."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from autograd import Value
from autograd.backprop import chain

from .reading import Reading


class Figures:
    """The gradients of a graph: those of its Values, or others that are given (a backward that is under way)."""

    def __init__(self, reading: Reading, gradients: Mapping[Value, float] | None = None) -> None:
        self.reading = reading
        self.given = gradients

    def grad(self, place: int) -> float | None:
        """The gradient of a number; None where it isn't known."""
        value = self.reading.values[place]
        if not self.reading.carries[place]:
            return None
        if self.given is not None:
            return self.given.get(value)
        return value.grad if value.has_grad else None

    def share(self, link: int) -> float | None:
        """What a link passes back; None where no gradient flows or none has come yet."""
        partial = self.reading.partial(link)
        adjoint = self.grad(int(self.reading.user[link])) if partial is not None else None
        return None if adjoint is None or partial is None else chain(adjoint, partial)

    def shares(self, links: Iterable[int]) -> tuple[float, ...]:
        """What these links of one number pass back, in the order of the backward, as far as it is known."""
        known = [(link, share) for link in links if (share := self.share(link)) is not None]
        if len(known) > 1:
            user, argument, turn = self.reading.user, self.reading.argument, self.reading.turn
            known.sort(key=lambda item: (turn[self.reading.values[user[item[0]]]], argument[item[0]]))
        return tuple(share for _, share in known)

    def first_bad(self) -> int | None:
        """The number of the first gradient of the backward that isn't finite."""
        values, number = self.reading.values, self.reading.number
        if self.given is None:
            bad = [value for value in values if not math.isfinite(value.grad) and value.requires_grad]
        else:
            bad = [value for value, grad in self.given.items() if not math.isfinite(grad) and value in number]
        return number[min(bad, key=self.reading.turn.__getitem__)] if bad else None


def total(shares: Iterable[float]) -> float:
    """Their sum, to the last digit where they are finite."""
    shares = list(shares)
    return math.fsum(shares) if all(map(math.isfinite, shares)) else sum(shares)
