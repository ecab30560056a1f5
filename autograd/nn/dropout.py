"""Dropout: during training a share of the neurons is silenced at random."""

from __future__ import annotations

from typing import Any

from .. import ops
from ..checks import is_plain, is_single, real_number, row
from ..randomness import generator
from ..scopes import current, here
from ..value import Constant, Value
from .module import Module


class Dropout(Module):
    """Silences each neuron with probability ``p`` in training and scales the others by 1 / (1 - p).

    So the expectation stays, and in evaluation everything passes unchanged. A silenced neuron is multiplied by the
    constant 0 and labelled "dropped": the graph shows it, and no gradient flows back through it.

    Every neuron takes one number ``u = rng.random()`` in the order of the samples and is kept if ``u >= p``; so
    ``rng.random((samples, n))`` gives the same stream at once. In a trace ``u`` is a traced number, which is drawn at
    each replay. Nothing is drawn in evaluation.

    Source: Srivastava et al. 2014; the scaling in training ("inverted") is section 10 there.

    Attributes:
        p: the probability, in [0, 1).
        rng: the generator of this layer.

    Args:
        p: 0.5 is usual for hidden layers, 0.2 for inputs.
        rng: a seed or generator.

    Raises:
        ValueError: p is outside [0, 1).

    >>> Dropout(0.5, rng=1)([Value(1.0), Value(1.0)])
    [Value(data=2.0, grad=0.0), Value(data=2.0, grad=0.0)]
    >>> Dropout(0.5, rng=2)(Value(1.0))
    Value(data=0.0, grad=0.0, label='dropped')
    """

    def __init__(self, p: float = 0.5, rng: Any = None) -> None:
        self.p = p
        self.rng = generator(rng)

    @property
    def p(self) -> float:
        """The probability that a neuron is dropped."""
        return self._p

    @p.setter
    def p(self, p: float) -> None:
        number = real_number(p, "p of Dropout")
        if not 0.0 <= number < 1.0:
            raise ValueError(
                f"p of Dropout is the share of neurons to drop, from 0 to below 1, got {p!r}; 0.5 drops every second"
            )
        self._p: float = number

    def forward(self, x: Any) -> Any:
        """The Value or list of them, with some silenced in training."""
        if not self.training:
            return x
        if is_single(x):
            return self._drop(x)
        return [self._drop(item) for item in row(x, here(self))]

    def _drop(self, x: Any) -> Any:
        # A plain number becomes a constant, so that the graph shows a dropped input too.
        node: Any = Constant(x) if is_plain(x) else x
        tracer = current().trace
        u = self.rng.random() if tracer is None else tracer.random(self.rng)
        factor = ops.where(u >= self.p, 1.0 / (1.0 - self.p), 0.0)
        out = node * factor
        if isinstance(factor, float) and factor == 0.0 and isinstance(out, Value):
            out.label = "dropped"
        return out

    def __repr__(self) -> str:
        return f"Dropout(p={self.p!r})"
