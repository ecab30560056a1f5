"""Initialization: how std 1, std 0.01, Xavier and He spread outputs and gradients over five layers of 100 neurons."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd import compile, nn
from demos.lesson import Lesson
from viz import plot

Floats = NDArray[np.float64]
WIDTH, DEPTH = 100, 5  # neurons of a hidden layer, hidden layers
SCHEMES = {
    "std 1": nn.init.normal(std=1.0),
    "std 0.01": nn.init.normal(std=0.01),
    "Xavier": nn.init.xavier,  # std 1 / sqrt(inputs)
    "He": nn.init.he,  # std sqrt(2 / inputs)
}
RANGES = {"sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0), "relu": (0.0, 4.0)}
Test = Callable[[Floats], Any]
NEAR_ZERO: dict[str, Test] = {"near zero": lambda a: abs(a) < 0.01}
COUNTED: dict[str, dict[str, Test]] = {  # first the outputs at which the slope is 0, or nearly so
    "sigmoid": {"saturated": lambda a: (a < 0.01) | (a > 0.99)},
    "tanh": {"saturated": lambda a: abs(a) > 0.99, **NEAR_ZERO},
    "relu": {"zero": lambda a: a == 0, **NEAR_ZERO},
}
COLUMNS = ("activation", "init", "verdict", "std_last", "flat", "near_zero", "signal", "gradient")
FORMATS = dict.fromkeys(("std_first", "std_last", "signal", "gradient"), ".2g") | {"flat": ".0%", "near_zero": ".0%"}


def main(out: Path, seed: int = 0, *, small: bool = False) -> Lesson:
    """Send random inputs through deep networks with three activations and four initializations, and look inside."""
    lesson = Lesson("initialization", out)
    X = np.random.default_rng(seed).standard_normal((200 if small else 1000, WIDTH))
    Y = (X.sum(axis=1) > 0).astype(float)  # two classes, so that there is a loss
    depth = 3 if small else DEPTH
    seen: dict[str, dict[str, Floats]] = {}
    flow: dict[str, dict[str, Floats]] = {}
    rows: list[dict[str, Any]] = []
    for activation in RANGES:
        outputs_of, gradients_of = programs(model := network(activation, depth))
        outputs, norms = seen.setdefault(activation, {}), flow.setdefault(activation, {})
        for scheme in SCHEMES:
            draw_weights(model, scheme, seed)  # the compiled programs read the new numbers
            outputs[scheme] = outputs_of(X)
            norms[scheme] = np.linalg.norm(gradients_of(X, Y), axis=2).mean(axis=1)  # of a sample, their mean
            rows.append(summary(activation, scheme, outputs[scheme], norms[scheme]))
        counted, label = COUNTED[activation], f"output of {activation}"
        grid = plot.activations(outputs, share=counted, range=RANGES[activation], top=0.1, x_label=label)
        lesson.draw(activation, grid)
    panels = {name: lambda ax, norms=norms: plot.gradient_flow(norms, ax=ax) for name, norms in flow.items()}
    lesson.draw("gradients", plot.small_multiples(panels, size=(3.6, 3.6)))
    lesson.table("networks", {name: [row[name] for row in rows] for name in COLUMNS}, FORMATS)

    # Xavier and He again, in a network so deep that a factor a layer shows
    outputs_of, _ = programs(model := network("relu", 10 if small else 20))
    spread = {}
    for scheme in ("Xavier", "He"):
        draw_weights(model, scheme, seed)
        spread[scheme] = outputs_of(X).std(axis=(1, 2))
    lesson.draw("deep", plot.gradient_flow(spread, y_label="std of the outputs of relu"))
    judge(lesson, seen, rows, spread)
    return lesson


def network(activation: Any, depth: int) -> nn.MLP:
    """100 inputs, hidden layers of 100 neurons, one output; its weights are drawn later."""
    return nn.MLP(WIDTH, [WIDTH] * depth + [1], activation=activation, init="zeros")


def draw_weights(model: nn.MLP, scheme: str, seed: int) -> None:
    """Draw all weights anew. Of one seed each scheme gets the same draws, and scales them."""
    rng = np.random.default_rng([seed, 1])
    for layer in model.layers:
        layer.weight.data = SCHEMES[scheme](layer.nin, layer.nout, rng=rng)


def programs(model: nn.MLP) -> tuple[Callable[[Floats], Floats], Callable[[Floats, Floats], Floats]]:
    """What the hidden layers give for a batch, and the gradients of the loss by that: (layer, sample, neuron)."""
    *hidden, last = model.layers
    zeros = np.zeros(len(hidden) * WIDTH)

    def forward(x: Any, nudges: Any) -> list[Any]:
        outputs: list[Any] = []
        for layer in hidden:  # a nudge of 0 is added to each output: the gradient by it is the gradient by the output
            x = [a + nudges[len(outputs) + i] for i, a in enumerate(layer(x))]
            outputs += x
        return outputs

    def loss(x: Any, nudges: Any, y: Any) -> Any:
        return nn.losses.binary_cross_entropy_with_logits(last(forward(x, nudges)[-WIDTH:]), y)

    def by_layer(numbers: Floats) -> Floats:
        return numbers.reshape(len(numbers), -1, WIDTH).swapaxes(0, 1)

    program, loss_program = compile(lambda x: forward(x, zeros)), compile(loss)
    return (
        lambda X: by_layer(program(X)),
        lambda X, Y: by_layer(loss_program.gradients(X, np.tile(zeros, (len(X), 1)), Y)[1]),
    )


def summary(activation: str, scheme: str, outputs: Floats, norms: Floats) -> dict[str, Any]:
    """A network in a row of numbers, and in a word."""
    first, last = outputs[0], outputs[-1]
    flat, *_ = COUNTED[activation].values()
    row = {
        "activation": activation,
        "init": scheme,
        "std_first": first.std(),
        "std_last": last.std(),
        "flat": np.mean(flat(last)),
        "near_zero": np.mean(NEAR_ZERO["near zero"](last)),
        "signal": last.std(axis=0).mean(),  # how far one neuron's outputs for different inputs are apart
        "gradient": norms[0] / norms[-1],
    }
    return row | {"verdict": verdict(**row)}


def verdict(activation: str, std_first: float, std_last: float, flat: float, signal: float, **_: Any) -> str:
    """What became of the signal on its way to the last layer."""
    if std_last > 10 * std_first:
        return "explodes"
    if signal < 0.01:
        return "lost"
    if activation != "relu" and flat > 1 / 3:
        return "saturated"
    return "fades" if std_last < 0.4 * std_first else "kept"


def judge(lesson: Lesson, seen: Any, rows: list[dict[str, Any]], spread: dict[str, Floats]) -> None:
    """Keep the numbers, such as tanh_std001_signal, and decide what the notes say of them."""
    for row in rows:
        key = f"{row['activation']}_{row['init'].lower().replace(' ', '').replace('.', '')}"
        lesson.measure(**{f"{key}_{name}": row[name] for name in FORMATS})
    crowded = np.mean(COUNTED["sigmoid"]["saturated"](seen["sigmoid"]["std 1"]), axis=(1, 2))  # by layer
    vanished = np.mean(COUNTED["tanh"]["near zero"](seen["tanh"]["std 0.01"]), axis=(1, 2))
    lesson.measure(crowded_least=crowded.min(), crowded_most=crowded.max(), near_zero_1=vanished[0])
    lesson.measure(near_zero_2=vanished[1], near_zero_3=vanished[2], layers=len(spread["He"]))
    lesson.measure(xavier_left=spread["Xavier"][-1] / spread["Xavier"][0], he_left=spread["He"][-1] / spread["He"][0])
    m = lesson.measured
    lesson.claim("crowded", crowded.min() > 1 / 3)
    lesson.claim("vanishing", m["sigmoid_std1_gradient"] < 0.1)
    lesson.claim("zeros", m["tanh_std001_near_zero"] > 0.99)
    lesson.claim("xavier_sigmoid", m["sigmoid_xavier_flat"] < 0.01 and m["sigmoid_xavier_std_last"] > 0.1)
    lesson.claim("xavier_tanh", m["tanh_xavier_flat"] < 0.01 and m["tanh_xavier_near_zero"] < 0.05)
    lesson.claim("xavier_relu", m["xavier_left"] < 0.1)
    lesson.claim("he_relu", 0.5 < m["he_left"] < 2.0)
