"""A rate that falls where a number, such as the validation loss, has stopped getting better."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import field
from typing import Any

from ..checks import real_number, whole_number
from ..value import Value
from .schedules import Adjusting, within

_COUNTS = ("num_bad_epochs", "cooldown_counter", "t")


class ReduceLROnPlateau(Adjusting):
    """Multiplies the rate by ``factor`` when a number hasn't got better for more than ``patience`` steps.

    Call ``step(loss)`` after each epoch; in `fit`: ``callbacks=[lambda s: plateau.step(s.history["val_loss"][-1])]``.
    It is no `Schedule`: the rate depends on what happens. The new rate is what schedules go on from.

    Args:
        optimizer: whose rate falls.
        mode: "min" for a number that should fall, "max" for one that should rise.
        factor: from above 0 to below 1.
        patience: steps without an improvement that pass.
        threshold: what counts as one: by this share ("rel"), or by this much ("abs").
        threshold_mode: see there.
        cooldown: steps after a reduction in which nothing counts.
        min_lr: the rate never falls below.
        eps: a smaller change isn't made.

    Attributes:
        best: the best number so far.
        num_bad_epochs: steps since then.
        t: steps made so far.

    Raises:
        TypeError, ValueError: an argument doesn't fit.

    >>> from autograd import Parameter; from autograd.optim import SGD
    >>> opt = SGD([Parameter(1.0)], lr=0.8); plateau = ReduceLROnPlateau(opt, factor=0.5, patience=1)
    >>> for loss in [3.0, 2.0, 2.0, 2.5]: plateau.step(loss)
    >>> opt.lr, plateau.get_last_lr()
    (0.4, [0.4])
    """

    mode: str = "min"
    factor: float = field(default=0.1, metadata=within(0, 1, "()"))
    patience: int = 10
    threshold: float = field(default=1e-4, metadata=within())
    threshold_mode: str = "rel"
    cooldown: int = 0
    min_lr: float = field(default=0.0, metadata=within())
    eps: float = field(default=1e-8, metadata=within())
    best: float = field(init=False)
    num_bad_epochs: int = field(default=0, init=False)
    cooldown_counter: int = field(default=0, init=False, repr=False)
    t: int = field(default=0, init=False)

    def check(self) -> None:
        """Known names and counts."""
        for which, known in (("mode", ("min", "max")), ("threshold_mode", ("rel", "abs"))):
            if getattr(self, which) not in known:
                raise ValueError(
                    f"ReduceLROnPlateau: {which} is one of {', '.join(known)}, got {getattr(self, which)!r}"
                )
        for which in ("patience", "cooldown"):
            setattr(self, which, whole_number(getattr(self, which), f"ReduceLROnPlateau: {which}", 0))
        self.best = math.inf if self.mode == "min" else -math.inf

    def step(self, metrics: Any) -> None:
        """Look at the number of an epoch (a Value counts as its number; NaN as no improvement)."""
        number = metrics.data if isinstance(metrics, Value) else real_number(metrics, "the number of a plateau")
        self.t += 1
        if self._is_better(number):
            self.best, self.num_bad_epochs = number, 0
        else:
            self.num_bad_epochs += 1
        if self.cooldown_counter > 0:
            self.cooldown_counter, self.num_bad_epochs = self.cooldown_counter - 1, 0
        if self.num_bad_epochs > self.patience:
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0
            lower = max(self.optimizer.lr * self.factor, self.min_lr)
            if self.optimizer.lr - lower > self.eps:
                self.optimizer.lr = lower

    def _is_better(self, number: float) -> bool:
        is_down = self.mode == "min"
        change = -self.threshold if is_down else self.threshold
        bound = self.best * (1 + change) if self.threshold_mode == "rel" else self.best + change
        return number < bound if is_down else number > bound

    def state_dict(self) -> dict[str, Any]:
        """The best number and the counts."""
        return {"best": self.best, **{name: getattr(self, name) for name in _COUNTS}}

    def load_state_dict(self, saved: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave; the rate is in the optimizer's own state.

        Raises:
            TypeError, ValueError: something is missing, or no number. Nothing is changed then.
        """
        where = f"{type(self).__name__}.load_state_dict"
        missing = [name for name in ("best", *_COUNTS) if name not in saved]
        if missing:
            raise ValueError(f"{where}: missing {', '.join(missing)}; load what state_dict() gave")
        best = real_number(saved["best"], f"{where}: best")
        counts = {name: whole_number(saved[name], f"{where}: {name}", 0) for name in _COUNTS}
        vars(self).update(best=best, **counts)
