"""Surfaces to walk down on: a ravine, Beale's and Rosenbrock's function, and a descent that keeps its path."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autograd import compile, nn
from autograd.optim import Optimizer

Floats = NDArray[np.float64]
FAR = 1e6
"""Who comes so far never comes back."""


@dataclass(frozen=True)
class Surface:
    """A function of two numbers, in plain arithmetic: it takes floats, Values and arrays.

    Attributes:
        name: what it is called.
        f: the function.
        start: where the descents begin.
        minimum: where it is smallest; the value there is 0.
        x_range, y_range: what is drawn of it.
    """

    name: str
    f: Callable[[Any, Any], Any]
    start: tuple[float, float]
    minimum: tuple[float, float]
    x_range: tuple[float, float]
    y_range: tuple[float, float]


def _ravine(x: Any, y: Any) -> Any:
    return 0.05 * x**2 + y**2


def _beale(x: Any, y: Any) -> Any:
    return (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2


def _rosenbrock(x: Any, y: Any) -> Any:
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


RAVINE = Surface("ravine", _ravine, (-9.0, 1.6), (0.0, 0.0), (-10.0, 4.0), (-2.2, 2.2))
"""Twenty times steeper across than along."""
BEALE = Surface("Beale", _beale, (1.0, 1.5), (3.0, 0.5), (-0.5, 4.2), (-1.2, 1.9))
"""A flat plain with steep corners (E. M. L. Beale, "On an iterative method of finding a local minimum", 1958)."""
ROSENBROCK = Surface("Rosenbrock", _rosenbrock, (-1.5, 2.0), (1.0, 1.0), (-2.0, 2.0), (-0.7, 3.0))
"""A bent valley with a flat floor (H. H. Rosenbrock, "An automatic method for finding the greatest value", 1960)."""
SURFACES = (RAVINE, BEALE, ROSENBROCK)


@dataclass(frozen=True)
class Descent:
    """Where a descent was, and what its optimizer remembered.

    Attributes:
        path: the points, (steps + 1, 2), the start first; NaN after it has left for infinity. From n starts all of
            these arrays have one axis more, (steps + 1, n, 2).
        losses: the values at these points, (steps + 1,).
        slopes: the gradients where each step began, (steps, 2).
        state: the arrays of the optimizer by name after each step, (steps, 2).
    """

    path: Floats
    losses: Floats
    slopes: Floats
    state: dict[str, Floats]

    @property
    def step_sizes(self) -> Floats:
        """What each coordinate moved over its slope, (steps, 2): the rate that plain SGD would have needed."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return -np.diff(self.path, axis=0) / self.slopes


def descend(
    surface: Surface, optimizer: Callable[..., Optimizer], steps: int, start: ArrayLike | None = None
) -> Descent:
    """Walk down a surface from its start, or from yours, (2,); or from n at once, (n, 2), which don't touch each other.

    >>> from autograd.optim import SGD
    >>> descend(RAVINE, lambda point: SGD(point, lr=0.5), steps=2).path.round(3).tolist()
    [[-9.0, 1.6], [-8.55, 0.0], [-8.123, 0.0]]
    """
    starts = np.asarray(surface.start if start is None else start, dtype=np.float64)
    points = nn.ParameterArray(np.atleast_2d(starts))
    walker = optimizer(points)  # every formula goes number by number, so one optimizer moves all points
    value = compile(surface.f)
    path, slopes, states = [points.data.copy()], [], []
    for _ in range(steps):
        here = points.data.copy()
        lost = np.logical_not(np.all(np.abs(here) < FAR, axis=1))
        here[lost] = surface.minimum  # where the slope is 0
        points.grad[...] = np.stack(value.gradients(*here.T), axis=1)
        slopes.append(points.grad.copy())
        walker.step()
        path.append(np.where(lost[:, None], np.nan, points.data))
        states.append({name: array.copy() for name, array in walker.state.items()})
    shape = starts.shape
    places = np.array(path)
    with np.errstate(all="ignore"):
        losses = surface.f(places[..., 0], places[..., 1])
    return Descent(
        places.reshape(-1, *shape),
        losses.reshape(-1, *shape[:-1]),
        np.array(slopes).reshape(-1, *shape),
        {name: np.array([each[name] for each in states]).reshape(-1, *shape) for name in walker.state},
    )
