"""Write pytorch_sequences.json: what PyTorch's optimizers, schedules and clipping do to seeded numbers.

Made with ``torch==2.13.0`` (CPU build), in an environment of its own, as the project doesn't need PyTorch::

    python tests/reference/make_pytorch_sequences.py

Everything is float64 and written with all its digits. Each optimizer makes 60 steps over the same gradients; its
learning rate is multiplied by 0.3 after step 30. The parameters are kept at a few steps, the state at the last.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

STEPS, LR_DROP_AFTER, LR_DROP = 60, 30, 0.3
KEPT_STEPS = (1, 2, 3, 10, 30, 31, 60)
START = [0.5, -1.25, 3.0, 0.0, -0.01]

OPTIMIZERS: list[tuple[str, dict[str, Any]]] = [
    ("SGD", {}),
    ("SGD", {"lr": 0.1, "weight_decay": 0.02}),
    ("SGD", {"lr": 0.1, "maximize": True, "weight_decay": 0.02}),
    ("SGD", {"lr": 0.02, "momentum": 0.9}),
    ("SGD", {"lr": 0.02, "momentum": 0.5, "dampening": 0.25, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.02, "momentum": 0.9, "nesterov": True}),
    ("SGD", {"lr": 0.02, "momentum": 0.8, "nesterov": True, "weight_decay": 0.1, "maximize": True}),
    ("Adagrad", {}),
    ("Adagrad", {"lr": 0.3, "lr_decay": 0.1}),
    ("Adagrad", {"lr": 0.3, "weight_decay": 0.1, "initial_accumulator_value": 0.5, "eps": 1e-3}),
    ("Adagrad", {"lr": 0.3, "lr_decay": 0.01, "weight_decay": 0.1, "maximize": True}),
    ("RMSprop", {}),
    ("RMSprop", {"lr": 0.05, "alpha": 0.4, "eps": 1e-4}),
    ("RMSprop", {"lr": 0.05, "weight_decay": 0.1, "maximize": True}),
    ("RMSprop", {"momentum": 0.9}),
    ("RMSprop", {"centered": True, "eps": 1e-3}),
    ("RMSprop", {"centered": True, "alpha": 0.3, "eps": 1e-3}),
    ("RMSprop", {"centered": True, "momentum": 0.7, "weight_decay": 0.1, "eps": 1e-3}),
    ("Adam", {}),
    ("Adam", {"lr": 0.1, "betas": [0.5, 0.9], "eps": 1e-4}),
    ("Adam", {"lr": 0.1, "betas": [0.2, 0.3]}),
    ("Adam", {"lr": 0.1, "betas": [0.0, 0.9], "weight_decay": 0.1}),
    ("Adam", {"lr": 0.1, "amsgrad": True, "betas": [0.9, 0.5]}),
    ("Adam", {"lr": 0.1, "amsgrad": True, "weight_decay": 0.1, "maximize": True}),
    ("AdamW", {}),
    ("AdamW", {"lr": 0.1, "weight_decay": 0.3}),
    ("AdamW", {"lr": 0.1, "weight_decay": 0.0}),
    ("AdamW", {"lr": 0.1, "amsgrad": True, "betas": [0.5, 0.7], "eps": 1e-3}),
    ("AdamW", {"lr": 0.1, "weight_decay": 0.3, "maximize": True}),
]

SCHEDULES: list[list[tuple[str, dict[str, Any]]]] = [
    [("StepLR", {"step_size": 7})],
    [("StepLR", {"step_size": 1, "gamma": 0.9})],
    [("ExponentialLR", {"gamma": 0.93})],
    [("CosineAnnealingLR", {"T_max": 60})],
    [("CosineAnnealingLR", {"T_max": 13, "eta_min": 0.05})],
    [("OneCycleLR", {"max_lr": 1.5, "total_steps": 60})],
    [("OneCycleLR", {"max_lr": 1.5, "total_steps": 60, "pct_start": 0.45, "anneal_strategy": "linear"})],
    [
        (
            "OneCycleLR",
            {"max_lr": 0.5, "epochs": 6, "steps_per_epoch": 10, "three_phase": True, "div_factor": 10.0},
        )
    ],
    [("LinearLR", {})],
    [("LinearLR", {"start_factor": 0.01, "end_factor": 0.8, "total_iters": 20})],
    [("LinearLR", {"start_factor": 0.1, "total_iters": 10}), ("CosineAnnealingLR", {"T_max": 50})],
    [
        ("LinearLR", {"start_factor": 0.5, "total_iters": 5}),
        ("ExponentialLR", {"gamma": 0.9}),
        ("StepLR", {"step_size": 10, "gamma": 0.5}),
    ],
]
MILESTONES = (10, 25)
SCHEDULED_LR = 0.4

PLATEAUS: list[dict[str, Any]] = [
    {},
    {"patience": 2},
    {"patience": 1, "factor": 0.5, "cooldown": 3, "min_lr": 0.02},
    {"patience": 0, "factor": 0.7, "threshold": 0.1},
    {"patience": 1, "factor": 0.7, "threshold": 0.05, "threshold_mode": "abs"},
    {"patience": 2, "factor": 0.3, "mode": "max"},
    {"patience": 1, "factor": 0.6, "mode": "max", "threshold": 0.2, "threshold_mode": "abs"},
    {"patience": 0, "factor": 0.99, "eps": 0.01},
]

NORMS: list[tuple[float, float]] = [(0.5, 2.0), (1e9, 2.0), (0.5, 1.0), (0.5, 3.5), (0.5, float("inf")), (0.0, 2.0)]


def gradients() -> np.ndarray:
    """(STEPS, 5): of very different sizes, the last one zero in two steps of three."""
    drawn = np.random.default_rng(20240229).normal(size=(STEPS, len(START))) * [1.0, 0.1, 10.0, 1e-6, 1.0]
    drawn[np.arange(STEPS) % 3 != 1, -1] = 0.0
    return drawn


def optimizer_case(name: str, options: dict[str, Any]) -> dict[str, Any]:
    p = torch.tensor(START, dtype=torch.float64, requires_grad=True)
    optimizer = getattr(torch.optim, name)([p], foreach=False, **options)
    kept = {}
    for t, g in enumerate(gradients(), start=1):
        p.grad = torch.tensor(g)
        optimizer.step()
        if t in KEPT_STEPS:
            kept[t] = p.tolist()
        if t == LR_DROP_AFTER:
            optimizer.param_groups[0]["lr"] *= LR_DROP
    state = {
        name: x.tolist() for name, x in optimizer.state[p].items() if name != "step" and isinstance(x, torch.Tensor)
    }
    return {"name": name, "options": options, "params": kept, "state": state}


def schedule_case(parts: list[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=SCHEDULED_LR)
    without = {"cycle_momentum": False}  # which of all schedules one has, and SGD without momentum needs
    made = [
        getattr(torch.optim.lr_scheduler, name)(optimizer, **options, **(without if name == "OneCycleLR" else {}))
        for name, options in parts
    ]
    milestones = list(MILESTONES[: len(parts) - 1])
    schedule = torch.optim.lr_scheduler.SequentialLR(optimizer, made, milestones) if milestones else made[0]
    rates = []
    for _ in range(STEPS):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return {"parts": parts, "milestones": milestones, "lr": rates}


def watched() -> list[float]:
    """A loss that falls, stays, and jumps."""
    noise = np.random.default_rng(7).normal(size=STEPS)
    return (2.0 * np.exp(-np.arange(STEPS) / 8) + 0.5 + 0.05 * noise).round(2).tolist()


def plateau_case(options: dict[str, Any]) -> dict[str, Any]:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=SCHEDULED_LR)
    schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, **options)
    rates = []
    for number in watched():
        schedule.step(number)
        rates.append(optimizer.param_groups[0]["lr"])
    return {"options": options, "lr": rates}


def clipping_case(most: float, order: float) -> dict[str, Any]:
    p = torch.tensor(START, dtype=torch.float64, requires_grad=True)
    p.grad = torch.tensor(gradients()[1])
    norm = torch.nn.utils.clip_grad_norm_([p], most, order, foreach=False)
    return {"max_norm": most, "norm_type": str(order), "norm": norm.item(), "grad": p.grad.tolist()}


if __name__ == "__main__":
    made = {
        "torch": torch.__version__,
        "start": START,
        "gradients": gradients().tolist(),
        "lr_drop": {"after": LR_DROP_AFTER, "factor": LR_DROP},
        "optimizers": [optimizer_case(*case) for case in OPTIMIZERS],
        "scheduled_lr": SCHEDULED_LR,
        "schedules": [schedule_case(parts) for parts in SCHEDULES],
        "watched": watched(),
        "plateaus": [plateau_case(options) for options in PLATEAUS],
        "clipping": [clipping_case(*case) for case in NORMS],
    }
    lines = []
    for key, value in made.items():
        if isinstance(value, list) and isinstance(value[0], dict | list):
            body = ",\n".join(json.dumps(x) for x in value)
            lines.append(f"{json.dumps(key)}: [\n{body}\n]")
        else:
            lines.append(f"{json.dumps(key)}: {json.dumps(value)}")
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    Path(__file__).with_name("pytorch_sequences.json").write_text(text, encoding="utf-8")
