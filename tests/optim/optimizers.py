"""The optimizers, a line each: their arguments, the options that every battery tries, and where the numbers are from.

The batteries over optimizers (here, in compiled code, in `fit`) go over this table; an optimizer of the package without
its line turns them red.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from autograd.optim import SGD, Adagrad, Adam, AdamW, Interval, Momentum, Optimizer, RMSprop, number


class Lion(Optimizer):
    """One that a user might add: Chen et al., "Symbolic discovery of optimization algorithms", 2023, algorithm 2."""

    lr: float = number(1e-4)
    betas: tuple[float, float] = number((0.9, 0.99), Interval(0, 1))
    weight_decay: float = number(0.0)

    initial_state = {"exp_avg": 0.0}  # noqa: RUF012

    def update(self, xp: Any, p: Any, g: Any, s: Any, h: Any) -> Any:
        beta1, beta2 = self.betas
        c = beta1 * s["exp_avg"] + (1 - beta1) * g
        sign = xp.where(c > 0, 1.0, xp.where(c < 0, -1.0, 0.0))
        return p - h["lr"] * (sign + self.weight_decay * p), {"exp_avg": beta2 * s["exp_avg"] + (1 - beta2) * g}


# Papers in plain Python: the number itself, and its gradient at each step, to where it is after each.


def heavy_ball(
    p: float, gradients: Sequence[float], lr: float = 1e-3, momentum: float = 0.9, dampening: float = 0.0
) -> Iterator[float]:
    """Polyak 1964, as PyTorch arranges it."""
    v = None
    for g in gradients:
        v = g if v is None else momentum * v + (1 - dampening) * g
        p -= lr * v
        yield p


def lion(
    p: float,
    gradients: Sequence[float],
    lr: float = 1e-4,
    betas: tuple[float, float] = (0.9, 0.99),
    weight_decay: float = 0.0,
) -> Iterator[float]:
    """Chen et al. 2023, algorithm 2."""
    m = 0.0
    for g in gradients:
        c = betas[0] * m + (1 - betas[0]) * g
        p -= lr * ((c > 0) - (c < 0) + weight_decay * p)
        m = betas[1] * m + (1 - betas[1]) * g
        yield p


@dataclass(frozen=True)
class Line:
    """One optimizer.

    ``arguments`` are those of its signature, in PyTorch's order. ``tried`` are the options that every battery tries.
    ``paper`` is the formula in plain Python for one number; None where PyTorch's own numbers are the oracle
    (`tests/reference/make_pytorch_sequences.py`).
    """

    arguments: str
    tried: tuple[dict[str, Any], ...]
    paper: Callable[..., Iterator[float]] | None = None


OPTIMIZERS: dict[type[Optimizer], Line] = {
    SGD: Line(
        "lr=0.001, momentum=0.0, dampening=0.0, weight_decay=0.0, nesterov=False",
        (
            {"lr": 1e-3, "weight_decay": 0.1, "maximize": True},
            {"lr": 0.05, "momentum": 0.9, "dampening": 0.5, "weight_decay": 0.01},
            {"lr": 0.02, "momentum": 0.9, "nesterov": True},
        ),
    ),
    Momentum: Line(
        "lr=0.001, momentum=0.9, dampening=0.0, weight_decay=0.0, nesterov=False",
        ({"lr": 0.02, "dampening": 0.5},),
        heavy_ball,
    ),
    Adagrad: Line(
        "lr=0.01, lr_decay=0.0, weight_decay=0.0, initial_accumulator_value=0.0, eps=1e-10",
        ({"lr": 0.05, "lr_decay": 0.1},),
    ),
    RMSprop: Line(
        "lr=0.01, alpha=0.99, eps=1e-08, weight_decay=0.0, momentum=0.0, centered=False",
        ({"lr": 0.01}, {"lr": 0.005, "centered": True, "momentum": 0.5}),
    ),
    Adam: Line(
        "lr=0.001, betas=(0.9, 0.999), eps=1e-08, weight_decay=0.0, amsgrad=False",
        ({"lr": 0.01}, {"lr": 0.02, "amsgrad": True, "weight_decay": 0.01}),
    ),
    AdamW: Line(
        "lr=0.001, betas=(0.9, 0.999), eps=1e-08, weight_decay=0.01, amsgrad=False",
        ({"lr": 0.02},),
    ),
    Lion: Line(
        "lr=0.0001, betas=(0.9, 0.99), weight_decay=0.0",
        ({"lr": 0.01, "weight_decay": 0.1, "maximize": True},),
        lion,
    ),
}
KINDS = list(OPTIMIZERS)
TRIED = [(kind, options) for kind, line in OPTIMIZERS.items() for options in line.tried]
NAMES = [f"{kind.__name__}({', '.join(f'{k}={v}' for k, v in options.items())})" for kind, options in TRIED]
every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
every_optimizer = pytest.mark.parametrize(("kind", "options"), TRIED, ids=NAMES)
