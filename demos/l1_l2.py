"""L1 and L2: one penalty makes weights zero, the other makes them small; in a network, and beside closed forms."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import Lasso

from autograd import Value, compile, fit, nn, optim
from autograd.nn import penalties
from demos.lesson import Lesson
from viz import plot

Floats = NDArray[np.float64]
Penalty = Callable[[Any], Value]
ZERO = 1e-3  # what is smaller counts as zero
LAM = 0.01  # λ of the network
PENALTIES: dict[str, Penalty | None] = {
    "none": None,
    "L1": lambda model: penalties.l1(model, LAM),  # λ Σ |w|
    "L2": lambda model: penalties.l2(model, LAM),  # λ Σ w²
}


def main(out: Path, seed: int = 0, *, small: bool = False) -> Lesson:
    """Fit noisy data with 20 inputs of which 3 matter: by a network, then by a line, whose best weights are known."""
    lesson = Lesson("l1_l2", out)
    draw_penalties(lesson)
    draw_geometry(lesson)
    networks(lesson, seed, epochs=600 if small else 1500)
    linear(lesson, seed, epochs=500 if small else 2000)
    m = lesson.measured
    lesson.claim("l1", m["l1_zero"] > 0.5 and m["l2_zero"] < 0.1)
    lesson.claim("l2", m["l2_size"] < 0.6 * m["none_size"] and m["l2_largest"] < m["l1_largest"])
    lesson.claim("prevent", m["l1_test"] < m["none_test"] and m["l2_test"] < m["none_test"])
    return lesson


def draw_penalties(lesson: Lesson) -> None:
    """The penalties with their slopes; and what each leaves of a weight that would be best at w on its own."""
    slopes: dict[str, Callable[[Floats], Floats]] = {"|w|": np.sign, "w²": lambda w: 2 * w}
    lesson.draw(
        "penalties", plot.function({"|w|": np.abs, "w²": np.square}, (-1.5, 1.5), derivatives=slopes, x_label="w")
    )
    # the least of ½ (v - w)² + λ |v|, and of ½ (v - w)² + λ v², for λ = ½
    left = {"none": lambda w: w, "L1": lambda w: soft_threshold(w, 0.5), "L2": lambda w: w / (1 + 2 * 0.5)}
    lesson.draw("left", plot.function(left, (-2, 2), x_label="w", y_label="what is left of w"))


def soft_threshold(w: Floats, threshold: float) -> Floats:
    """Each weight moved towards 0 by the threshold, and not beyond."""
    return np.sign(w) * np.maximum(np.abs(w) - threshold, 0.0)


def draw_geometry(lesson: Lesson) -> None:
    """Two weights: where the loss alone would have them, where each penalty has them, for a λ that grows from 0."""
    H, free = np.array([[1.0, 0.5], [0.5, 1.0]]), np.array([1.6, 0.5])
    grid = np.concatenate([[0.0], np.geomspace(0.01, 30.0, 200)])
    l1 = np.array([least_with_l1(H, free, lam) for lam in grid])
    l2 = np.array([np.linalg.solve(H + lam * np.eye(2), H @ free) for lam in grid])
    # The set of all weights with the same penalty touches a contour of the loss in the best of them: its last point.
    touch1, touch2 = (path[np.argmin(abs(np.linalg.norm(path, axis=1) - 0.9))] for path in (l1, l2))
    corners = np.array([[1, 0], [0, 1], [-1, 0], [0, -1], [1, 0]]) * abs(touch1).sum()
    turn = np.arctan2(touch2[1], touch2[0]) + np.linspace(0, 2 * np.pi, 121)
    circle = np.stack([np.cos(turn), np.sin(turn)], axis=1) * np.linalg.norm(touch2)
    named = {"L1": l1, "L2": l2, "diamond": corners, "disc": circle}
    loss = lambda x, y: H[0, 0] * (x - free[0]) ** 2 + 2 * H[0, 1] * (x - free[0]) * (y - free[1]) + (y - free[1]) ** 2
    lesson.draw("geometry", plot.paths(named, loss, (-1.2, 2.0), (-1.4, 1.6), log=True, x_label="w₁", y_label="w₂"))
    lesson.measure(corner=touch1[1], round=touch2[1])


def least_with_l1(H: Floats, free: Floats, lam: float) -> Floats:
    """The least of the loss and λ (|w₁| + |w₂|), by proximal steps: one down the loss, then one that shrinks."""
    w = free
    for _ in range(200):
        w = soft_threshold(w - 0.3 * 2 * H @ (w - free), 0.3 * lam)
    return w


def networks(lesson: Lesson, seed: int, epochs: int) -> None:
    """Twenty inputs, 32 neurons, one output. The target depends on three of the inputs."""
    rng = np.random.default_rng(seed)
    X, X_test = rng.standard_normal((200, 20)), rng.standard_normal((1000, 20))
    Y, Y_test = (np.sin(2 * X[:, 0]) + X[:, 1] - abs(X[:, 2]) for X in (X, X_test))
    Y = Y + 0.3 * rng.standard_normal(len(X))
    weights: dict[str, Floats] = {}
    rows: dict[str, list[Any]] = {
        name: [] for name in ("penalty", "training", "test", "size", "largest", "zero", "exact")
    }
    for name, penalty in [*PENALTIES.items(), ("AdamW", None)]:
        model = nn.MLP(20, [32, 1], activation="tanh", rng=seed)
        # AdamW takes lr * 0.02 * w from each weight in a step: the gradient of 0.01 w², but not divided by its size
        adam = optim.AdamW(model, lr=0.01, weight_decay=2 * LAM) if name == "AdamW" else optim.Adam(model, lr=0.01)
        history = train(model, X, Y, adam, epochs, penalty)
        w = np.concatenate([layer.weight.data.ravel() for layer in model.layers])
        error = np.mean((compile(model)(X_test) - Y_test) ** 2)
        size = np.sqrt(np.mean(w**2))
        row = (name, history["loss"][-1], error, size, abs(w).max(), np.mean(abs(w) <= ZERO), int(np.sum(w == 0)))
        for key, x in zip(rows, row, strict=True):
            rows[key].append(x)
            if key != "penalty":
                lesson.measure(**{f"{name.lower()}_{key}": x})
        if name != "AdamW":
            weights[name] = w
    lesson.draw("weights", plot.weights(weights, zero=ZERO))
    lesson.table(
        "networks", rows, dict.fromkeys(("test", "size", "largest"), ".2f") | {"training": ".1g", "zero": ".1%"}
    )
    lesson.measure(weights=w.size)


def train(model: nn.Module, X: Floats, Y: Floats, optimizer: Any, epochs: int, penalty: Any, fades: bool = True) -> Any:
    """All samples in each step, at a rate that fades to 0: a weight can't settle closer to 0 than a step is long."""
    schedule = optim.CosineAnnealingLR(optimizer, epochs)
    return fit(
        model, X, Y, loss="mse", optimizer=optimizer, epochs=epochs, penalty=penalty and (lambda: penalty(model)),
        callbacks=[lambda _: schedule.step()] if fades else [], progress=False,
    )  # fmt: skip


def linear(lesson: Lesson, seed: int, epochs: int) -> None:
    """A line with 20 weights of which 3 are not 0, from 30 noisy samples; SGD beside the closed forms."""
    rng = np.random.default_rng(seed)
    X, true = rng.standard_normal((30, 20)), np.array([3.0, -2.0, 1.5] + 17 * [0.0])
    Y = X @ true + rng.standard_normal(len(X))
    lam, lam2, rate = 0.4, 0.1, 0.1

    def by_steps(penalty: Penalty | None, fades: bool = True, shrink: bool = False) -> Floats:
        model = nn.Linear(20, 1, bias=False, init="zeros")
        optimizer = optim.SGD(model, lr=rate)
        if not shrink:
            train(model, X, Y, optimizer, epochs, penalty, fades)
            return model.weight.data.ravel()
        for _ in range(epochs):  # proximal steps: one down the loss alone, then one that shrinks
            train(model, X, Y, optimizer, 1, None, fades=False)
            model.weight.data = soft_threshold(model.weight.data, rate * lam)
        return model.weight.data.ravel()

    n = len(X)
    found = {
        "none": by_steps(None),
        "l2": by_steps(lambda model: penalties.l2(model, lam2)),
        "l1": by_steps(lambda model: penalties.l1(model, lam)),
        "l1_fixed": by_steps(lambda model: penalties.l1(model, lam), fades=False),
        "l1_proximal": by_steps(None, shrink=True),
    }
    lasso = Lasso(alpha=lam / 2, fit_intercept=False, tol=1e-12, max_iter=100_000).fit(X, Y).coef_  # its loss is half
    best = {
        "squares": np.linalg.lstsq(X, Y)[0],
        "ridge": np.linalg.solve(X.T @ X / n + lam2 * np.eye(20), X.T @ Y / n),
        "lasso": lasso,
    }
    columns = {"input": range(1, 21), "true": true, **found, **best}
    lesson.table("linear", columns, dict.fromkeys([*found, *best], "z.3f") | {"true": ".1f"})
    for (name, w), closed in zip(found.items(), ("squares", "ridge", "lasso", "lasso", "lasso"), strict=True):
        off, error = abs(w - best[closed]).max(), np.linalg.norm(w - true)
        lesson.measure(**{f"line_{name}_zero": int(np.sum(abs(w) <= ZERO)), f"line_{name}_exact": int(np.sum(w == 0))})
        lesson.measure(**{f"line_{name}_off": off, f"line_{name}_error": error})
    lesson.measure(lasso_zero=int(np.sum(lasso == 0)))
