"""Backprop: the gradient by every number of a graph in one walk back, step by step, by hand, and checked."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import viz
from autograd import Parameter, Value, nn, sweep
from demos.lesson import Lesson

H = 1e-5  # how far a parameter is moved to estimate its slope


def main(out: Path, seed: int = 0, *, small: bool = False) -> Lesson:
    """Go back through one neuron, through a value that is used twice, and through a network of two layers."""
    lesson = Lesson("backprop", out)
    _one_neuron(lesson, small)
    _used_twice(lesson)
    _network(lesson, nn.MLP(2, [2, 1], activation="tanh", rng=seed), small)
    return lesson


def _one_neuron(lesson: Lesson, small: bool) -> None:
    x0, x1 = Value(2.0), Value(-1.0)
    w0, w1, b = Parameter(0.5), Parameter(0.25), Parameter(0.25)
    z = b + w0 * x0 + w1 * x1
    y = z.tanh()
    d = y - 0.5  # 0.5 is what the neuron should say
    loss = d * d
    graph = {"x0": x0, "x1": x1, "w0": w0, "w1": w1, "b": b, "z": z, "y": y, "d": d, "loss": loss}
    for label, value in graph.items():
        value.label = label
    frames = viz.frames(loss)
    lesson.draw("neuron", frames[-1] if small else frames)

    loss.backward()  # what the frames showed, at once: afterwards every value has its gradient
    formulas = {"z": "b + w0·x0 + w1·x1", "y": "tanh(z)", "d": "y − 0.5", "loss": "d·d"}
    steps, numbers = _by_hand()
    found = [value.grad for value in graph.values()]
    lesson.table(
        "by_hand",
        {
            "name": list(graph), "forward": [formulas.get(name, "given") for name in graph],
            "value": [value.data for value in graph.values()], "backward": [steps[name] for name in graph],
            "hand": [numbers[name] for name in graph], "gradient": found,
        },
        {"value": ".4f", "hand": ".6f", "gradient": ".6f"},
    )  # fmt: skip
    lesson.measure(**{f"{name}_value": value.data for name, value in graph.items()})
    lesson.measure(**{f"{name}_gradient": value.grad for name, value in graph.items()})
    lesson.claim("by_hand", all(math.isclose(numbers[name], graph[name].grad, rel_tol=1e-12) for name in graph))


def _by_hand() -> tuple[dict[str, str], dict[str, float]]:
    """The same with pencil and paper, from the loss on: ∂d stands for the derivative of the loss by d."""
    y = math.tanh(0.25 + 0.5 * 2.0 + 0.25 * -1.0)
    d = y - 0.5
    by_d = d + d  # d is used twice, so it gets two contributions
    by_y = by_d * 1.0
    by_z = by_y * (1 - y * y)
    steps = {"loss": "1", "d": "d + d", "y": "∂d · 1", "z": "∂y · (1 − y²)", "b": "∂z · 1"}
    steps |= {"w0": "∂z · x0", "w1": "∂z · x1", "x0": "∂z · w0", "x1": "∂z · w1"}
    numbers = {"loss": 1.0, "d": by_d, "y": by_y, "z": by_z, "b": by_z}
    return steps, numbers | {"w0": by_z * 2.0, "w1": by_z * -1.0, "x0": by_z * 0.5, "x1": by_z * 0.25}


def _used_twice(lesson: Lesson) -> None:
    a = Value(3.0, label="a")
    b = a + 1.0
    f = a * b  # a goes into f directly, and once more through b
    b.label, f.label = "b", "f"
    lesson.draw("twice", viz.frames(f))
    parts = [
        (step.node.label, share)
        for step in sweep(f)
        for operand, share in zip(step.node.args, step.contributions, strict=True)
        if operand is a and share is not None
    ]
    lesson.table("twice", {"through": [name for name, _ in parts], "contribution": [share for _, share in parts]})
    first, second = (share for _, share in parts)
    lesson.measure(first=first, second=second, both=first + second)
    lesson.claim("twice", first + second == 2 * a.data + 1)  # f = a² + a


def _network(lesson: Lesson, model: nn.MLP, small: bool) -> None:
    def error() -> Value:
        inputs = [Value(1.0, label="x0"), Value(-0.5, label="x1")]
        loss = nn.losses.mse(model(inputs), 1.0)
        loss.label = "loss"
        return loss

    frames = viz.frames(error())
    lesson.draw("network", frames[-1] if small else frames)
    model.zero_grad()
    error().backward()
    names, weights = zip(*model.named_parameters(), strict=True)
    found = [p.grad for p in weights]
    estimates = [_slope(lambda: error().data, p) for p in weights]
    apart = [abs(a - b) for a, b in zip(found, estimates, strict=True)]
    lesson.table(
        "check",
        {"parameter": names, "backward": found, "estimate": estimates, "apart": apart},
        {"backward": ".9f", "estimate": ".9f", "apart": ".0e"},
    )
    lesson.measure(parameters=len(found), runs=2 * len(found), worst=max(apart), largest=max(map(abs, found)))
    lesson.claim("check", max(apart) < 1e-8)


def _slope(f: Callable[[], float], p: Parameter) -> float:
    """A central difference: how f changes when the parameter is moved a little to both sides."""
    here = p.data
    p.data = here + H
    above = f()
    p.data = here - H
    below = f()
    p.data = here
    return (above - below) / (2 * H)
