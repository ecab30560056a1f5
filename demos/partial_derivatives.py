"""Partial derivatives: one on every edge, the chain rule in numbers, slopes of cuts, and estimates from differences."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import viz
from autograd import Value, compile, derivative, gradients, hessian, sin, sweep
from demos.lesson import Lesson
from viz import plot

X, Y = 1.0, -1.5  # where everything is looked at


def f(x: Any, y: Any, sin: Callable[[Any], Any] = sin) -> Any:
    """x and y act on the result in two ways each."""
    return sin(x) * y + x * y**2


def main(out: Path, seed: int = 0, *, small: bool = False) -> Lesson:
    """Take a function of two numbers apart."""
    lesson = Lesson("partial_derivatives", out)
    _edges(lesson)
    _slopes(lesson)
    _estimates(lesson, np.random.default_rng(seed), points=50 if small else 200)
    _second(lesson)
    return lesson


def _edges(lesson: Lesson) -> None:
    x, y = Value(X), Value(Y)
    s = sin(x)
    a = s * y
    q = y**2
    b = x * q
    z = a + b  # that is f, an operation a line
    names = {x: "x", y: "y", s: "s", a: "a", q: "q", b: "b", z: "f"}
    for value, label in names.items():
        value.label = label
    z.backward()
    lesson.draw("graph", viz.draw(z))
    # The chain rule: along a path the local partials are multiplied, and the paths are added.
    rows = [(leaf.label, path) for leaf in (x, y) for path in _paths(z, leaf)]
    lesson.table(
        "paths",
        {
            "by": [by for by, _ in rows],
            "partials": [" · ".join(f"({p:.4g})" if p < 0 else f"{p:.4g}" for p in path) for _, path in rows],
            "product": [float(np.prod(path)) for _, path in rows],
        },
        {"product": ".4f"},
    )
    # Without the paths, of which a large graph has more than atoms in the world: each step of the sweep is done once.
    steps = [(step, i) for step in sweep(z) for i in range(len(step.node.args)) if step.partials[i] is not None]
    lesson.table(
        "edges",
        {
            "node": [names[step.node] for step, _ in steps],
            "operand": [names[step.node.args[i]] for step, i in steps],
            "adjoint": [step.adjoint for step, _ in steps],
            "partial": [step.partials[i] for step, i in steps],
            "contribution": [step.contributions[i] for step, i in steps],
        },
        {"adjoint": ".4f", "partial": ".4f", "contribution": ".4f"},
    )
    by_x, by_y = gradients(z, [x, y])
    sums = [sum(float(np.prod(path)) for by, path in rows if by == leaf.label) for leaf in (x, y)]
    lesson.measure(f=z.data, by_x=by_x, by_y=by_y)
    lesson.claim("chain", bool(np.allclose(sums, [by_x, by_y], rtol=1e-14)))


def _paths(node: Value, leaf: Value) -> Iterator[tuple[float, ...]]:
    """The local partials along each way from a result down to a leaf."""
    if node is leaf:
        yield ()
    for operand, partial in zip(node.args, node.partials, strict=True):
        if partial is not None:
            yield from ((partial, *rest) for rest in _paths(operand, leaf))


def _slopes(lesson: Lesson) -> None:
    """A partial derivative is the slope of a cut: the other number stays where it is."""
    along_x, along_y = (lambda x: f(x, Y)), (lambda y: f(X, y))
    by_x, by_y = derivative(along_x)(X), derivative(along_y)(Y)
    here, along = np.array([X, Y]), {"partial by x": [by_x, 0], "partial by y": [0, by_y], "gradient": [by_x, by_y]}
    arrows = {name: [here, here + 0.5 * np.array(step)] for name, step in along.items()}
    lesson.draw("surface", plot.paths(arrows, lambda x, y: f(x, y, np.sin), (-1, 3), (-3.5, 0.5)))
    with plot.styled():
        left, right = plot.new_figure(9.6, 4.2).subplots(1, 2)
    for at, cut, place, x_label in ((left, along_x, X, "x"), (right, along_y, Y, "y")):
        figure = plot.function(
            {"f": compile(cut)}, (-3, 3), derivatives={"f": compile(derivative(cut))}, points=[place],
            x_label=x_label, ax=at, title=f"y stays at {Y}" if at is left else f"x stays at {X}",
        )  # fmt: skip
    lesson.draw("cuts", figure)
    # Both partials together are the gradient: no direction is steeper than it.
    angle = float(np.degrees(np.arctan2(by_y, by_x)) % 360)
    figure = plot.function(
        {"slope": _rise}, (0, 360), points=[angle], x_label="direction in degrees: 0 is that of x, 90 that of y",
        y_label="slope of f",
    )  # fmt: skip
    lesson.draw("directions", figure)
    steepest = figure.data["x"][np.argmax(figure.data["y"])]
    lesson.measure(angle=angle, norm=float(np.hypot(by_x, by_y)), steepest=steepest, rise=figure.data["y"].max())
    lesson.claim("steepest", bool(steepest == angle and np.isclose(lesson.measured["rise"], lesson.measured["norm"])))


def _rise(degrees: NDArray[np.float64]) -> NDArray[np.float64]:
    """How f changes for a small step in a direction, found without derivatives."""
    dx, dy = 1e-6 * np.cos(np.radians(degrees)), 1e-6 * np.sin(np.radians(degrees))
    rise: NDArray[np.float64] = (f(X + dx, Y + dy, np.sin) - f(X - dx, Y - dy, np.sin)) / 2e-6
    return rise


def _estimates(lesson: Lesson, rng: np.random.Generator, points: int) -> None:
    """The partial by x without autograd: from two values of f, a small step h apart; typically, at many points."""
    x = rng.uniform(0.5, 1.5, size=(points, 1))
    h = np.logspace(-15, 0, 61)
    exact = np.cos(x) * Y + Y**2
    value = f(x, Y, np.sin)
    found = {
        "forward": (f(x + h, Y, np.sin) - value) / h,
        "central": (f(x + h, Y, np.sin) - f(x - h, Y, np.sin)) / (2 * h),
    }
    errors = {name: _typical(slopes - exact) for name, slopes in found.items()}
    # What Taylor's formula leaves out falls with h; what it costs to round f to 53 bits grows with 1 / h.
    ends = {"left out: h · |f″| / 2": h / 2 * _typical(np.sin(x) * Y), "rounding": 2.0**-53 * _typical(value) / h}
    lesson.draw("errors", plot.convergence(errors, h, reference=ends, y_label="error of the partial by x"))
    by_autograd = compile(derivative(lambda x: f(x, Y)))(x[:, 0])
    best = {name: (float(h[np.argmin(each)]), float(each.min())) for name, each in errors.items()}
    best["autograd"] = (0.0, float(_typical(by_autograd[:, None] - exact)[0]))  # the limit itself
    lesson.table(
        "best",
        {"method": list(best), "h": [h for h, _ in best.values()], "error": [error for _, error in best.values()]},
        {"h": ".1e", "error": ".1e"},
    )
    for name, (at, error) in best.items():
        lesson.measure(**{f"{name}_h": at, f"{name}_error": error})
    lesson.claim("numerical", 100 * best["autograd"][1] < best["central"][1] < 0.01 * best["forward"][1])


def _typical(errors: NDArray[np.float64]) -> NDArray[np.float64]:
    """The root of the mean square over the points."""
    typical: NDArray[np.float64] = np.sqrt(np.mean(errors**2, axis=0))
    return typical


def _second(lesson: Lesson) -> None:
    """Each partial is a function again, with partials of its own."""
    found = np.array(hessian(f)([X, Y]))
    by_hand = np.array([[-np.sin(X) * Y, np.cos(X) + 2 * Y], [np.cos(X) + 2 * Y, 2 * X]])
    pairs = {"∂²f/∂x²": (0, 0), "∂²f/∂x∂y": (0, 1), "∂²f/∂y∂x": (1, 0), "∂²f/∂y²": (1, 1)}
    formulas = ["−sin(x)·y", "cos(x) + 2y", "cos(x) + 2y", "2x"]
    lesson.table(
        "second",
        {
            "partial": list(pairs), "formula": formulas,
            "hand": [by_hand[at] for at in pairs.values()], "hessian": [found[at] for at in pairs.values()],
        },
        {"hand": ".6f", "hessian": ".6f"},
    )  # fmt: skip
    lesson.measure(mixed=found[0, 1])
    lesson.claim("second", bool(found[0, 1] == found[1, 0] and np.allclose(found, by_hand, rtol=1e-14)))
