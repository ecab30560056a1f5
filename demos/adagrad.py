"""AdaGrad: small steps for what has had large gradients, large ones for the rest; with time all become too small."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from autograd import Parameter, optim
from demos.lesson import Lesson
from demos.surfaces import BEALE, RAVINE, Descent, descend
from viz import plot


def main(out: Path, seed: int = 0, *, small: bool = False) -> Lesson:
    """Walk down a ravine, see what becomes of the steps, and where they are too small."""
    lesson = Lesson("adagrad", out)
    along_the_ravine(lesson)
    steps_die(lesson, seed, steps=500 if small else 10_000)
    stops_short(lesson, steps=300 if small else 1000)
    return lesson


def along_the_ravine(lesson: Lesson) -> None:
    """Two coordinates of very different slopes: each gets a rate of its own."""
    walks = {
        "SGD, rate 0.9": descend(RAVINE, lambda point: optim.SGD(point, lr=0.9), steps=40),
        "AdaGrad, rate 1.5": descend(RAVINE, lambda point: optim.Adagrad(point, lr=1.5), steps=40),
    }
    sgd, adagrad = walks.values()
    paths = {name: walk.path for name, walk in walks.items()}
    lesson.draw("paths", plot.paths(paths, RAVINE.f, RAVINE.x_range, RAVINE.y_range, minimum=RAVINE.minimum))

    # What a coordinate moved over its slope; where the slope has become 0, nothing can be said.
    along, across = np.where(np.abs(adagrad.slopes) > 1e-9, adagrad.step_sizes, np.nan).T
    lesson.draw("sizes", plot.step_sizes({"x, along": along, "y, across": across, "SGD, both": sgd.step_sizes[:, 0]}))
    columns = {"coordinate": ["x, along", "y, across"], "slope": adagrad.slopes[0], "size": adagrad.step_sizes[0]}
    left = adagrad.path[5] / adagrad.path[0]
    moved = np.abs(adagrad.path[5] - adagrad.path[0])
    lesson.table(
        "first",
        {**columns, "moved": moved, "left": left},
        {"slope": ".2f", "size": ".3f", "moved": ".2f", "left": ".1%"},
    )
    lesson.measure(
        slope_x=abs(adagrad.slopes[0, 0]), slope_y=abs(adagrad.slopes[0, 1]), size_x=along[0], size_y=across[0],
        left_x=left[0], left_y=left[1], moved_x=moved[0], moved_y=moved[1], sgd_loss=sgd.losses[-1],
        adagrad_loss=adagrad.losses[-1],
    )  # fmt: skip
    known = np.isfinite(along) & np.isfinite(across)
    lesson.claim("small_large", bool(np.all(across[known] < along[known])) and abs(left[1]) < abs(left[0]))


def steps_die(lesson: Lesson, seed: int, steps: int) -> None:
    """Gradients that never end, as those of mini-batches: the sum of their squares grows with time."""
    rng = np.random.default_rng(seed)
    w = Parameter(0.0)
    optimizer = optim.Adagrad([w], lr=0.1)
    sizes = []
    for gradient in rng.standard_normal(steps):
        before = w.data
        optimizer.zero_grad()
        (gradient * w).backward()  # a loss whose gradient is just that
        optimizer.step()
        sizes.append((before - w.data) / gradient)
    lesson.draw("dying", plot.step_sizes({"AdaGrad": sizes}, log_x=True))
    # A power of time is a line in this picture, and its exponent the slope; the first ten steps are left out.
    time = np.arange(1, steps + 1)
    exponent = np.polyfit(np.log(time[10:]), np.log(sizes[10:]), 1)[0]
    lesson.measure(exponent=exponent, steps=steps, first=sizes[0], last=sizes[-1])
    lesson.claim("too_small", -0.6 < exponent < -0.4)


def stops_short(lesson: Lesson, steps: int) -> None:
    """Beale's function begins in a steep corner, and AdaGrad never forgets the slopes of that."""
    walks: dict[str, Descent] = {
        "AdaGrad": descend(BEALE, lambda point: optim.Adagrad(point, lr=0.03), steps),
        "RMSProp": descend(BEALE, lambda point: optim.RMSprop(point, lr=0.03, alpha=0.9), steps),
    }
    curves = {name: walk.losses.tolist() for name, walk in walks.items()}
    figure = plot.loss(curves, x=dict.fromkeys(curves, range(steps + 1)), x_label="step", log=True)
    lesson.draw("short", figure)
    lesson.measure(short_adagrad=curves["AdaGrad"][-1], short_rmsprop=curves["RMSProp"][-1], short_steps=steps)
    lesson.claim("stops_short", curves["AdaGrad"][-1] > 10 * curves["RMSProp"][-1])
