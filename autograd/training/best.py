"""Early stopping: the best parameters so far, and how long ago that was."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..nn.module import Module
from .parameters import Trained


class Best:
    """Keeps the parameters of the epoch with the least loss, and the buffers of the model, if it is a module.

    >>> from autograd import nn
    >>> model = nn.Linear(1, 1, init=[[1.0]]); best = Best(Trained(model.parameters()), patience=1)
    >>> best.offer(0.5); model.weight.data[0, 0] = 2.0; best.offer(0.7); best.lost_patience
    True
    >>> best.restore(); model.weight.data
    array([[1.]])
    """

    def __init__(self, trained: Trained, patience: int, model: Any = None) -> None:
        self._trained = trained
        self._buffers = model.buffers() if isinstance(model, Module) else []
        self._kept_buffers: list[NDArray[np.float64]] = []
        self._patience = patience
        self._loss = math.inf
        self._kept: NDArray[np.float64] | None = None
        self._waited = 0

    def offer(self, loss: float) -> None:
        """An epoch is finished; ``loss`` is what is watched."""
        if loss < self._loss:
            self._loss, self._kept, self._waited = loss, self._trained.copy(), 0
            self._kept_buffers = [buffer.copy() for buffer in self._buffers]
        else:
            self._waited += 1

    @property
    def lost_patience(self) -> bool:
        """Whether so many epochs in a row were no better."""
        return self._waited >= self._patience

    def restore(self) -> None:
        """Put the best parameters and their buffers back, if there was an epoch."""
        if self._kept is not None:
            self._trained.restore(self._kept)
            for buffer, kept in zip(self._buffers, self._kept_buffers, strict=True):
                buffer[...] = kept
