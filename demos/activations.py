"""Activation functions: eight of them with their slopes, and why sigmoid passes so little of a gradient back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd import compile, derivative, elu, gelu, leaky_relu, relu, sigmoid, silu, softplus, tanh
from demos.lesson import Lesson
from viz import plot

ACTIVATIONS: dict[str, Any] = {
    "sigmoid": sigmoid, "tanh": tanh, "relu": relu, "leaky relu": leaky_relu,
    "elu": elu, "gelu": gelu, "silu": silu, "softplus": softplus,
}  # fmt: skip
FLAT = 0.01  # a smaller slope passes less than a hundredth of a gradient


def main(out: Path, seed: int = 0, *, small: bool = False) -> Lesson:  # noqa: ARG001 (nothing is random here)
    """Draw the functions with their slopes, and measure where they pass a gradient on."""
    lesson = Lesson("activations", out)
    # An operation takes arrays as it takes Values. Its derivative is a function of one number: compiled, of arrays.
    slopes = {name: compile(derivative(f)) for name, f in ACTIVATIONS.items()}

    sheet = {
        name: lambda ax, f=f, slope=slopes[name]: plot.function(f, (-4.0, 4.0), derivatives=slope, ax=ax)
        for name, f in ACTIVATIONS.items()
    }
    lesson.draw("sheet", plot.small_multiples(sheet))
    compared = {name: slopes[name] for name in ("sigmoid", "tanh", "relu", "gelu")}
    lesson.draw("slopes", plot.function(compared, (-4.0, 4.0), y_label="slope"))

    x = np.linspace(-10.0, 10.0, 2_001 if small else 20_001)
    rows = [summary(name, x, slopes[name](x)) for name in ACTIVATIONS]
    formats = {
        "largest": ".2f",
        "flat_below": ".2f",
        "flat_above": ".2f",
        "passed": ".0%",
        "blocked": ".0%",
        "ten_layers": ".2g",
    }
    lesson.table("functions", {key: [row[key] for row in rows] for key in rows[0]}, formats)
    found = {row["function"]: row for row in rows}
    lesson.measure(
        sigmoid_largest=found["sigmoid"]["largest"],
        sigmoid_ten_layers=found["sigmoid"]["ten_layers"],
        **{f"{name}_flat": found[name]["flat_above"] for name in ("sigmoid", "tanh")},
        **{f"{name}_passed": found[name]["passed"] for name in ("sigmoid", "tanh", "relu")},
        relu_blocked=found["relu"]["blocked"],
        gelu_largest=found["gelu"]["largest"],
        silu_largest=found["silu"]["largest"],
    )
    relu_passes_all = bool(np.all(slopes["relu"](x[x > 0]) == 1.0))
    lesson.claim("relu", relu_passes_all and lesson.measured["sigmoid_ten_layers"] < 1e-5)
    return lesson


def summary(name: str, x: NDArray[np.float64], slope: NDArray[np.float64]) -> dict[str, Any]:
    """What a function does to gradients, if the numbers that reach it are standard normal."""
    often = np.exp(-(x**2) / 2)  # how often each x comes, up to a factor
    flat = abs(slope) < FLAT
    steep = np.flatnonzero(~flat)
    return {
        "function": name,
        "largest": slope.max(),
        "flat_below": x[steep[0] - 1] if flat[0] else "never",
        "flat_above": x[steep[-1] + 1] if flat[-1] else "never",
        "passed": np.average(abs(slope), weights=often),
        "blocked": np.average(flat, weights=often),
        "ten_layers": slope.max() ** 10,
    }
