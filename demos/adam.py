"""Adam: momentum and RMSProp together, and a correction for both starting from 0."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd import Parameter, optim
from demos.lesson import Lesson
from demos.surfaces import BEALE, descend
from viz import plot

Floats = NDArray[np.float64]


class Uncorrected(optim.Adam):
    """Adam without its bias correction: the averages as they are."""

    def scalars(self, t: int) -> dict[str, float]:  # noqa: ARG002 (the correction alone depends on the step)
        """Nothing is divided by 1 - beta**t."""
        return {"step_size": self.lr, "correction": 1.0}


def main(out: Path, seed: int = 0, *, small: bool = False) -> Lesson:
    """Look at m, v and the step of one parameter; at the two halves of Adam; at its first steps; at AdamW."""
    lesson = Lesson("adam", out)
    steps = 120 if small else 300
    walks = {
        "Momentum": descend(BEALE, lambda point: optim.Momentum(point, lr=0.001), steps),
        "RMSProp": descend(BEALE, lambda point: optim.RMSprop(point, lr=0.03, alpha=0.9), steps),
        "Adam": descend(BEALE, lambda point: optim.Adam(point, lr=0.1), steps),
    }
    draw: Callable[..., Any] = plot.paths if small else plot.paths_animation
    paths = {name: walk.path for name, walk in walks.items()}
    lesson.draw("paths", draw(paths, BEALE.f, BEALE.x_range, BEALE.y_range, log=True, minimum=BEALE.minimum))
    lesson.measure(steps=steps, **{name.lower(): walk.losses[-1] for name, walk in walks.items()})

    x = 0  # the first parameter of the two
    adam = walks["Adam"]
    m, v = adam.state["exp_avg"][:, x], adam.state["exp_avg_sq"][:, x]
    lesson.draw("moments", plot.moments(adam.slopes[:, x], m, v, np.diff(adam.path[:, x])))

    # On the same gradients: m is momentum's velocity, but for a factor, and v is RMSProp's average.
    gradients = np.random.default_rng(seed).standard_normal(200) * np.repeat([5.0, 0.5], 100)
    both = follow(lambda p: optim.Adam(p), gradients)
    velocity = follow(lambda p: optim.Momentum(p, momentum=0.9), gradients)["momentum_buffer"]
    average = follow(lambda p: optim.RMSprop(p, alpha=0.999), gradients)["square_avg"]
    columns: dict[str, Any] = {"gradient": gradients, "m": both["exp_avg"], "velocity": 0.1 * velocity}
    columns |= {"v": both["exp_avg_sq"], "average": average}
    lesson.table("halves", {name: column[:5] for name, column in columns.items()}, dict.fromkeys(columns, ".5f"))
    m_is, v_is = (np.allclose(a, b, rtol=1e-12, atol=1e-15)
                  for a, b in ((both["exp_avg"], 0.1 * velocity), (both["exp_avg_sq"], average)))  # fmt: skip
    lesson.claim("together", m_is and v_is)

    ones = np.ones(60)
    sizes = {"Adam": follow(lambda p: optim.Adam(p, lr=0.1), ones)["moves"],
             "without correction": follow(lambda p: Uncorrected(p, lr=0.1), ones)["moves"]}  # fmt: skip
    lesson.draw("correction", plot.step_sizes(sizes))
    raw = sizes["without correction"] / 0.1
    lesson.measure(first=raw[0], largest=raw.max(), at=int(raw.argmax()) + 1)
    decay(lesson, seed)
    return lesson


def follow(optimizer: Callable[..., optim.Optimizer], gradients: Floats) -> dict[str, Floats]:
    """What an optimizer keeps of a stream of gradients, after each, and by how much it goes down."""
    w = Parameter(0.0)
    walker = optimizer([w])
    kept: dict[str, list[float]] = {name: [] for name in ("moves", *walker.state)}
    for gradient in gradients:
        before = w.data
        walker.zero_grad()
        (gradient * w).backward()  # a loss whose gradient is just that
        walker.step()
        kept["moves"].append(before - w.data)
        for name, array in walker.state.items():
            kept[name].append(array[0])
    return {name: np.array(numbers) for name, numbers in kept.items()}


def decay(lesson: Lesson, seed: int) -> None:
    """Weight decay on two weights that only differ in the size of their (noisy) gradients."""
    noise = np.random.default_rng(seed).standard_normal(300)
    left: dict[str, list[float]] = {"scale": [10.0, 0.1]}
    for name, kind in (("adam", optim.Adam), ("adamw", optim.AdamW)):
        left[name] = []
        for scale in left["scale"]:
            w, free = Parameter(1.0), Parameter(1.0)  # one with decay, one without: what differs is the decay's
            pulled, loose = kind([w], lr=0.001, weight_decay=1.0), kind([free], lr=0.001, weight_decay=0.0)
            for gradient in scale * noise:
                for p, walker in ((w, pulled), (free, loose)):
                    walker.zero_grad()
                    (gradient * p).backward()
                    walker.step()
            left[name].append(free.data - w.data)
    lesson.table("decay", left, {"scale": "g", "adam": ".3f", "adamw": ".3f"})
    lesson.measure(adam_large=left["adam"][0], adam_small=left["adam"][1], adamw_large=left["adamw"][0],
                   adamw_small=left["adamw"][1])  # fmt: skip
