"""RMSProp: AdaGrad with an exponential average instead of the sum, so that the step recovers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd import Parameter, optim
from demos.lesson import Lesson
from demos.surfaces import BEALE, RAVINE, descend
from viz import plot

RATE, ALPHA = 0.1, 0.9
STEEP, FLAT = 10.0, 0.1  # two sizes of a gradient


def main(out: Path, seed: int = 0, *, small: bool = False) -> Lesson:
    """Send both optimizers over a cliff onto a plain, down Beale's function, and watch RMSProp near a minimum."""
    lesson = Lesson("rmsprop", out)
    gradients = np.repeat([STEEP, FLAT], [100, 400])
    gradients *= np.random.default_rng(seed).choice([-1.0, 1.0], size=500)  # signs don't matter: they are squared
    sizes = {
        "AdaGrad": step_sizes(lambda p: optim.Adagrad(p, lr=RATE), gradients),
        "RMSProp": step_sizes(lambda p: optim.RMSprop(p, lr=RATE, alpha=ALPHA), gradients),
    }
    lesson.draw("recovers", plot.step_sizes(sizes))
    aim = RATE / FLAT  # the root of the average is the size of the gradient, when all are of one size
    recovered = sizes["RMSProp"][100:] > 0.9 * aim
    lesson.measure(
        aim=aim, before=sizes["RMSProp"][99], after=sizes["RMSProp"][-1], needed=int(np.argmax(recovered)) + 1,
        adagrad_before=sizes["AdaGrad"][99], adagrad_after=sizes["AdaGrad"][-1],
    )  # fmt: skip
    lesson.claim("recovers", recovered[-1] and sizes["AdaGrad"][-1] < 0.01 * aim)

    steps = 200 if small else 400
    walks = {
        "AdaGrad": descend(BEALE, lambda point: optim.Adagrad(point, lr=0.03), steps),
        "RMSProp": descend(BEALE, lambda point: optim.RMSprop(point, lr=0.03, alpha=ALPHA), steps),
    }
    draw: Callable[..., Any] = plot.paths if small else plot.paths_animation
    paths = {name: walk.path for name, walk in walks.items()}
    lesson.draw("paths", draw(paths, BEALE.f, BEALE.x_range, BEALE.y_range, log=True, minimum=BEALE.minimum))
    lesson.measure(path_steps=steps, path_adagrad=walks["AdaGrad"].losses[-1], path_rmsprop=walks["RMSProp"].losses[-1])
    lesson.claim("cures", walks["RMSProp"].losses[-1] < 0.1 * walks["AdaGrad"].losses[-1])

    # The price: near a minimum gradients become small, and the division makes steps of them that don't.
    rates = (0.3, 0.1, 0.03)
    walked = [descend(RAVINE, partial(optim.RMSprop, lr=rate, alpha=ALPHA), 600).losses.tolist() for rate in rates]
    losses = {f"rate {rate}": curve for rate, curve in zip(rates, walked, strict=True)}
    lesson.draw("floor", plot.loss(losses, x=dict.fromkeys(losses, range(601)), x_label="step", log=True))
    ends = [curve[-1] for curve in losses.values()]
    hops = [RAVINE.f(rate / 2, rate / 2) for rate in rates]  # to and fro over the minimum, by one rate
    lesson.table("floors", {"rate": rates, "loss": ends, "hop": hops}, {"loss": ".3e", "hop": ".3e"})
    lesson.measure(floor=ends[1], hop=hops[1])
    return lesson


def step_sizes(optimizer: Callable[..., optim.Optimizer], gradients: NDArray[np.float64]) -> NDArray[np.float64]:
    """The effective step size at each of the gradients: what the parameter moved, over the gradient."""
    w = Parameter(0.0)
    walker = optimizer([w])
    sizes = []
    for gradient in gradients:
        before = w.data
        walker.zero_grad()
        (gradient * w).backward()  # a loss whose gradient is just that
        walker.step()
        sizes.append((before - w.data) / gradient)
    return np.array(sizes)
