"""Normalization: numbers shifted and scaled to mean 0 and variance 1, over a batch or over the features of a sample."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import ops
from ..batch import BATCH_MEAN, take
from ..checks import count, is_plain, is_single, real_number, row, whole_number
from ..errors import ShapeError
from ..lists import mean
from ..parameter_array import ParameterArray
from ..scopes import current, here
from ..store import make_room
from ..value import Constant, Value
from .module import Module
from .statistics import update


def batch_mean(x: Any) -> Any:
    """The mean over the samples of a batch: all that one sample ever learns of the others.

    Args:
        x: the numbers of all samples, as a list; or, in a trace, the one that stands for all of them. What doesn't
            depend on the sample is its own mean.

    Raises:
        TypeError: it is none of these.

    >>> batch_mean([Value(1.0), Value(3.0)]).data
    2.0
    """
    if isinstance(x, list):
        return mean(x)
    return x if isinstance(x, Value) or is_plain(x) else BATCH_MEAN(x)


class _Normalization(Module):
    """What both have: a number of inputs, eps, and for each input a weight and a bias (both None without affine)."""

    weight: ParameterArray | None
    bias: ParameterArray | None

    def __init__(self, n: int, eps: float, affine: bool) -> None:
        name = type(self).__name__
        self.n = whole_number(n, f"n of a {name}")
        self.eps = _within(eps, f"eps of {name}", math.inf)
        make_room(2 * self.n)
        self.weight = ParameterArray(np.ones(self.n)) if affine else None
        self.bias = ParameterArray(np.zeros(self.n)) if affine else None

    def _inputs(self, x: Any) -> list[Any]:
        """One sample as a list of Values; plain numbers become constants, so that the graph shows what is done."""
        xs = row(x, f"a {type(self).__name__}")
        if len(xs) != self.n:
            cure = f"; make it with n={len(xs)}" if xs else ""
            raise ShapeError(f"{here(self)} takes {count(self.n, 'input')}, got {len(xs)}{cure}")
        return [Constant(item) if is_plain(item) else item for item in xs]

    def _output(self, x: Any, centred: list[Any], variances: list[Any]) -> Any:
        """``centred / sqrt(variance + eps) * weight + bias`` of each; a Value if ``x`` was one."""
        out = [d / ops.sqrt(v + self.eps) for d, v in zip(centred, variances, strict=True)]
        if self.weight is not None and self.bias is not None:
            out = [w * y + b for w, y, b in zip(self.weight, out, self.bias, strict=True)]
        return out[0] if is_single(x) else out

    def __repr__(self) -> str:
        return self.describe(str(self.n))


class LayerNorm(_Normalization):
    """Shifts and scales the ``n`` numbers of each sample to mean 0 and variance 1, then by a weight and a bias each.

    ``(x - mean) / sqrt(var + eps) * weight + bias`` with the mean and the variance (that by 1/n) over the sample. It
    is the same in training and evaluation. In a state: ``weight`` (n,) and ``bias`` (n,).

    Source: Ba, Kiros and Hinton 2016, equation 4.

    Args:
        n: how many numbers a sample has.
        eps: keeps the root away from 0; finite, at least 0.
        affine: whether there are weights (1 at first) and biases (0 at first).

    Raises:
        ShapeError: called with another number of inputs.

    >>> [round(y.data, 3) for y in LayerNorm(3)([1.0, 2.0, 3.0])], LayerNorm(3)
    ([-1.225, 0.0, 1.225], LayerNorm(3; 6 parameters))
    """

    def __init__(self, n: int, eps: float = 1e-5, affine: bool = True) -> None:
        super().__init__(n, eps, affine)

    def forward(self, x: Any) -> Any:
        """The normalized numbers of one sample of ``n`` numbers or Values: a list, or a Value if ``x`` is one."""
        xs = self._inputs(x)
        middle = _labelled(mean(xs), "mean")
        centred = [item - middle for item in xs]
        variance = _labelled(mean([d**2 for d in centred]), "var")
        return self._output(x, centred, [variance] * self.n)


class BatchNorm(_Normalization):
    """Shifts and scales each of ``n`` numbers to mean 0 and variance 1 over the batch, then by a weight and a bias.

    ``(x - mean) / sqrt(var + eps) * weight + bias``. In training mean and variance (that by 1/N) are those of the
    batch, so it takes a whole one: by `forward_batch`, in `autograd.fit`, or compiled. In evaluation they are
    the running ones, and one sample is enough. Between the layers of a model it stands as in
    ``Sequential(Linear(2, 16), BatchNorm(16), ReLU(), Linear(16, 1))``.

    After each training batch ``running = (1 - momentum) * running + momentum * batch's``, there with the variance by
    1/(N - 1). `fit` does so when the optimizer's step has succeeded; by hand, it is done at the end of the outermost
    ``forward_batch`` (an error before that changes nothing). In a state: ``weight`` and ``bias`` (n,), ``running_mean``
    and ``running_var`` (n,), ``num_batches_tracked`` ().

    Source: Ioffe and Szegedy 2015, algorithms 1 and 2.

    Args:
        n: how many numbers a sample has.
        eps: keeps the root away from 0; finite, at least 0.
        momentum: the share of the newest batch, from 0 to 1; None: all batches count alike.
        affine: whether there are weights (1 at first) and biases (0 at first).
        track_running_stats: without them the batch's own statistics serve in evaluation too.

    Raises:
        ShapeError: called with another number of inputs; in training also with one sample, or a batch of fewer than 2.

    >>> layer = BatchNorm(1); [round(y.data, 3) for y in layer.forward_batch([1.0, 2.0, 3.0])]
    [-1.225, 0.0, 1.225]
    >>> layer.running_mean, layer.eval()(0.2).data
    (array([0.2]), 0.0)
    """

    running_mean: NDArray[np.float64]
    running_var: NDArray[np.float64]
    num_batches_tracked: NDArray[np.float64]

    def __init__(
        self,
        n: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
    ) -> None:
        super().__init__(n, eps, affine)
        self.momentum = None if momentum is None else _within(momentum, "momentum of BatchNorm", 1.0)
        if track_running_stats:
            self.register_buffer("running_mean", np.zeros(self.n))
            self.register_buffer("running_var", np.ones(self.n))
            self.register_buffer("num_batches_tracked", np.zeros(()))

    @property
    def track_running_stats(self) -> bool:
        """Whether there are running statistics."""
        return self.has_buffer("running_mean")

    @property
    def needs_batch(self) -> bool:
        """Whether it takes a whole batch as it is now: in training, and always without running statistics."""
        return self.training or not self.track_running_stats

    def check_batch(self, samples: int) -> None:
        """A ShapeError for fewer than 2 samples where the batch's statistics are needed.

        >>> BatchNorm(1).check_batch(2), BatchNorm(1).eval().check_batch(1)
        (None, None)
        """
        if self.needs_batch and samples < 2:
            raise ShapeError(
                f"{here(self)} {self._when()} needs at least 2 samples, got {samples}, and one has no variance; "
                f"choose another batch size"
            )

    def forward(self, x: Any) -> Any:
        """One sample of ``n`` numbers or Values: a list, or a Value if ``x`` is one. In training only in a trace."""
        xs = self._inputs(x)
        if not self.needs_batch:
            means = self._running(self.running_mean)
            centred = [v - m for v, m in zip(xs, means, strict=True)]
            return self._output(x, centred, self._running(self.running_var))
        tracer = current().trace
        if tracer is None:
            return self._one_of_a_batch(x, xs)
        means = [batch_mean(v) for v in xs]
        centred = [v - m for v, m in zip(xs, means, strict=True)]
        variances = [batch_mean(d**2) for d in centred]
        is_tracked = self.training and self.track_running_stats
        tracer.observe(self.observe if is_tracked else None, (*means, *variances))
        return self._output(x, centred, variances)

    def _one_of_a_batch(self, x: Any, xs: list[Any]) -> Any:
        """One sample where the batch's statistics are given; that is so when a compiled program shows a sample."""
        numbers = take(2 * self.n)
        if not numbers:
            raise ShapeError(self._needs_more())
        names = [f"{what}{k}" for what in ("mean", "var") for k in range(self.n)]
        statistics = [Constant(number, label=name) for number, name in zip(numbers, names, strict=True)]
        centred = [v - m for v, m in zip(xs, statistics[: self.n], strict=True)]
        return self._output(x, centred, statistics[self.n :])

    def forward_batch(self, xs: Any) -> list[Any]:
        """The outputs for all samples of a batch, each as `forward` gives it."""
        if not self.needs_batch:
            return super().forward_batch(xs)
        self.check_batch(len(xs))
        columns = [list(column) for column in zip(*map(self._inputs, xs), strict=True)]
        means = [_labelled(batch_mean(column), f"mean{k}") for k, column in enumerate(columns)]
        centred = [[v - m for v in column] for column, m in zip(columns, means, strict=True)]
        variances = [_labelled(batch_mean([d**2 for d in column]), f"var{k}") for k, column in enumerate(centred)]
        if self.training and self.track_running_stats:
            self.observe([m.data for m in (*means, *variances)], len(xs))
        return [self._output(x, list(row), variances) for x, row in zip(xs, zip(*centred, strict=True), strict=True)]

    def observe(self, statistics: Sequence[float], samples: int) -> None:
        """Take a training batch into the running statistics, now or when its step has succeeded.

        Args:
            statistics: the ``n`` means of the batch, then its ``n`` variances (by 1/N).
            samples: how many samples it has, N.

        >>> layer = BatchNorm(1); layer.observe([10.0, 2.0], 2); layer.running_mean, layer.running_var
        (array([1.]), array([1.3]))
        """
        update(partial(self._absorb, np.array(statistics, dtype=np.float64), samples))

    def _absorb(self, statistics: NDArray[np.float64], samples: int) -> None:
        share = 1.0 / (self.num_batches_tracked.item() + 1.0) if self.momentum is None else self.momentum
        with np.errstate(all="ignore"):  # overflow follows IEEE 754 without a warning, as everywhere
            means = (1.0 - share) * self.running_mean + share * statistics[: self.n]
            unbiased = statistics[self.n :] * (samples / (samples - 1))
            variances = (1.0 - share) * self.running_var + share * unbiased
        # In place: compiled programs read these very arrays.
        self.running_mean[:], self.running_var[:] = means, variances
        self.num_batches_tracked[...] += 1.0

    def _running(self, array: NDArray[np.float64]) -> list[Any]:
        """Running statistics as numbers; in a trace as what stands for the numbers that they are at each replay."""
        tracer = current().trace
        if tracer is None:
            return list(array.tolist())
        return [tracer.buffer(array, k) for k in range(self.n)]

    def _needs_more(self) -> str:
        if not self.track_running_stats:
            kept = "with track_running_stats=True one sample is enough in evaluation"
        else:
            kept = "after model.eval() one sample is enough"
        return (
            f"{here(self)} {self._when()} needs the whole batch, but was called with one sample: call "
            f"model.forward_batch(samples), train with autograd.fit, or compile it; {kept}. A model with a forward of "
            f"its own needs a forward_batch of its own too, that calls layer.forward_batch of each layer"
        )

    def _when(self) -> str:
        return "in training" if self.track_running_stats else "without running statistics"


def _labelled(value: Any, label: str) -> Any:
    # A symbol may be an input itself (the mean of one number), which has its own name.
    if isinstance(value, Value) and value.op is not None:
        value.label = label
    return value


def _within(x: Any, what: str, most: float) -> float:
    number = real_number(x, what)
    if not 0.0 <= number <= most or math.isinf(number):
        wanted = "a finite number from 0 on" if math.isinf(most) else f"a number from 0 to {most:g}"
        raise ValueError(f"{what} is {wanted}, got {x!r}")
    return number
