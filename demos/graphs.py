"""Graphs to look at: what people draw first, what is hard to draw, and what once was drawn badly."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from autograd import Parameter, Value, compile, gradients, mean, nn, scope, softmax
from autograd import sum as add

Roots = Value | list[Value]


@dataclass(frozen=True)
class Graph:
    """A graph by its maker.

    Attributes:
        build: makes it anew, always the same; the backward has run where that isn't the point.
        see: what is to be seen in its picture.
    """

    build: Callable[[], Roots]
    see: str

    @property
    def title(self) -> str:
        """The maker's name in words: "chain of 500"."""
        return self.build.__name__[1:].replace("_", " ")


def _micrograd() -> Value:
    a, b = Value(-4.0, label="a"), Value(2.0, label="b")
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    return _named(_back(g), c=c, d=d, e=e, f=f, g=g)


def _neuron() -> Value:
    x1, x2, w1, w2 = Value(2.0), Value(0.0), Value(-3.0), Value(1.0)
    b = Value(6.8813735870195432)  # which makes the gradients round
    x1w1, x2w2 = x1 * w1, x2 * w2
    both = x1w1 + x2w2
    n = both + b
    o = n.tanh()
    _named(o, x1=x1, x2=x2, w1=w1, w2=w2, b=b, x1w1=x1w1, x2w2=x2w2, n=n, o=o)
    both.label = "x1w1 + x2w2"
    return _back(o)


def _network() -> Value:
    return _error([2, 2, 1], 1)


def _network_of_four_samples() -> Value:
    return _error([2, 2, 1], 4)


def _cross_entropy() -> Value:
    zs = [Value(x, label=f"z{i}") for i, x in enumerate((2.0, -1.0, 0.5))]
    ps = softmax(zs)
    return _back(_named(-ps[0].log(), loss=None))


def _logsumexp() -> Value:
    xs = [Value(x, label=f"x{i}") for i, x in enumerate((1.0, 3.0, -2.0, 0.5))]
    top = xs[1]
    y = top + add((x - top).exp() for x in xs).log()
    return _back(_named(y, y=y))


def _lstm_cell() -> Value:
    # S. Hochreiter, J. Schmidhuber, "Long short-term memory" (1997), with the forget gate of F. Gers et al. (2000)
    rng = np.random.default_rng(0)
    x, h, c = Value(0.8, label="x"), Value(-0.3, label="h"), Value(0.5, label="c")

    def gate(name: str, squash: Callable[[Value], Value]) -> Value:
        w, u, b = (Value(float(v), label=f"{kind}_{name}") for kind, v in zip("wub", rng.normal(size=3), strict=True))
        return _named(squash(w * x + u * h + b), **{name: None})

    i, f, o = (gate(name, Value.sigmoid) for name in "ifo")
    new = f * c + i * gate("g", Value.tanh)
    out = o * new.tanh()
    return _back(_named(out, **{"c'": new, "h'": out}))


def _attention() -> Value:
    # A. Vaswani et al., "Attention is all you need" (2017), equation 1: one head, the third token asks
    rng = np.random.default_rng(1)
    size, tokens = 2, 3

    def vectors(name: str, count: int) -> list[list[Value]]:
        rows = rng.normal(size=(count, size))
        return [[Value(float(x), label=f"{name}{i}{j}") for j, x in enumerate(row)] for i, row in enumerate(rows)]

    query, keys, values = vectors("q", 1)[0], vectors("k", tokens), vectors("v", tokens)
    scores = [add(q * k for q, k in zip(query, key, strict=True)) / math.sqrt(size) for key in keys]
    weights = softmax(scores)
    out = [add(w * value[j] for w, value in zip(weights, values, strict=True)) for j in range(size)]
    return _back(_named(add(y * y for y in out), loss=None))


def _newton() -> Value:
    x = Value(1.5, label="x0")
    for step in range(3):  # towards the minimum of x - log(x), which is at 1
        f = x - x.log()
        (slope,) = gradients(f, [x], record=True)
        (bend,) = gradients(slope, [x], record=True)
        x = _named(x - slope / bend, **{f"x{step + 1}": None})
    return _back(x)


def _pendulum() -> Value:
    angle, speed, length = Value(1.2, label="angle"), Value(0.0, label="speed"), Value(0.7, label="length")
    dt = 0.1
    for step in (1, 2):
        with scope(f"steps.{step}"):
            speed = _named(speed - dt * 9.81 / length * angle.sin(), speed=None)
            angle = _named(angle + dt * speed, angle=None)
    return _back(_named((angle - 0.8) ** 2, loss=None))


def _second_order() -> Value:
    x, y = Value(1.5, label="x"), Value(-0.5, label="y")
    (slope,) = gradients((x * y).sin() * x.exp(), [x], record=True)
    return _back(_named(slope, **{"∂f/∂x": None}))


def _not_finite_forward() -> Value:
    a, b = Value(1e200, label="a"), Value(3.0, label="b")
    return _back(_named(a * b * a - a * a, loss=None))  # inf, then inf - inf


def _not_finite_backward() -> Value:
    a, b = Value(0.0, label="a"), Value(2.0, label="b")
    return _back(_named(a.sqrt() * b + a * a, loss=None))  # sqrt is steep as a wall at 0


HOSTILE = (
    '<script>alert("1")</script> & </text>',
    "🙂👩‍👩‍👧 emoji", "손실함수 損失", "שלום \u202eabc", "x" * 10_000, "\x00\x1b[31m\n\tred", "same",
    "same", "", "\ud800 half", "{\"|}\\N", "a\u0301\u0302\u0303", "−1.5", "$x^2$ %s {0}", "..", "n0",
)  # fmt: skip
"""Labels: markup, emoji, CJK, right to left with an override, 10 kB, control characters, equal ones, none."""


def _hostile_labels() -> Value:
    leaves = [Value(float(i), label=label) for i, label in enumerate(HOSTILE)]
    parts = [_named(a * b, **{a.label[:20] + b.label: None}) for a, b in zip(leaves[::2], leaves[1::2], strict=True)]
    return _back(_named(add(p.sin() for p in parts), **{"<b>&amp;": None}))


def _two_outputs() -> Roots:
    r, angle = Value(2.0, label="r"), Value(0.6, label="φ")
    x, y = r * angle.cos(), r * angle.sin()
    _named(x, x=x, y=y)
    return [_back(x), _back(y)]


def _dead_relu() -> Value:
    with scope("hidden"):
        inputs = [Value(1.0, label="x0"), Value(-0.5, label="x1")]
        hidden = []
        for i, row in enumerate(((0.5, -0.3, 0.2), (-1.0, 0.4, -0.1), (-0.7, 0.9, -2.0))):
            w0, w1, b = (Parameter(v, label=f"{kind}{i}") for kind, v in zip(("u", "v", "b"), row, strict=True))
            hidden.append((w0 * inputs[0] + w1 * inputs[1] + b).relu())
    weights = [Parameter(v, label=f"w{i}") for i, v in enumerate((0.8, -1.1, 0.4))]
    out = add(w * h for w, h in zip(weights, hidden, strict=True))
    return _back(_named((out - 1.0) ** 2, loss=None))


def _used_ten_times() -> Value:
    x = Value(0.7, label="x")
    terms = [x * (k - 4.5) for k in range(5)] + [x.sin(), x.cos(), x.exp(), x.tanh(), x**3]
    return _back(_named(add(t * t for t in terms), y=None))


def _network_2_16_16_1() -> Value:
    return _error([2, 16, 16, 1], 1)


def _network_64_32_10() -> Value:
    return _digits(64, [32, 10])


def _network_784_128_10() -> Value:
    return _digits(784, [128, 10])


def _chain_of_500() -> Value:
    return _chain(500)


def _chain_of_5000() -> Value:
    return _chain(5_000)


def _sum_of_1000() -> Value:
    total = add(Value(float(x)) for x in np.random.default_rng(0).normal(size=1_000))
    return _back(_named(total, total=None))


def _random_10000() -> Value:
    rng = np.random.default_rng(0)
    values = [Value(float(x), label=f"x{i}") for i, x in enumerate(rng.normal(size=100))]
    while len(values) < 9_990:
        a, b = (values[-1 - int(back)] for back in rng.integers(0, 100, size=2))  # of the last hundred
        values.append([a + b, a * b, a - b, (a * 0.5).tanh(), a.sin()][int(rng.integers(5))].tanh())
    return _back(_named(add(values[-100:]), y=None))


def _not_run_yet() -> Value:
    x, w, b = Value(2.0, label="x"), Parameter(-3.0, label="w"), Parameter(6.9, label="b")
    return _named((w * x + b).sigmoid(), y=None)


def _back(root: Value) -> Value:
    root.backward()
    return root


def _named(root: Value, **labels: Value | None) -> Value:
    """Give labels to values, and to the root where none is named; the root."""
    for label, value in labels.items():
        (root if value is None else value).label = label
    return root


def _error(sizes: list[int], samples: int) -> Value:
    """The mean squared error of a network of tanh neurons."""
    model = nn.MLP(sizes[0], sizes[1:], activation="tanh", rng=0)
    inputs = np.random.default_rng(1).normal(size=(samples, sizes[0])).round(1)
    xs = [[Value(float(x), label=f"x{i}") for i, x in enumerate(row)] for row in inputs]
    outputs = [model(row) for row in xs]
    errors = [(y - (-1.0) ** k) ** 2 for k, y in enumerate(outputs)]
    loss = mean(errors) if samples > 1 else errors[0]
    return _back(_named(loss, loss=None))


def _digits(inputs: int, sizes: list[int]) -> Value:
    """The loss of a network for images, one sample out of a compiled batch."""
    model = nn.MLP(inputs, sizes, rng=0)
    loss = compile(lambda x, label: nn.losses.cross_entropy(model(x), label))
    images = np.random.default_rng(1).uniform(size=(2, inputs))
    labels = np.array([3, 7])
    loss.backward(images[:1], labels[:1])  # which gives the parameters the gradients of that sample
    root: Value = loss.inspect(images, labels)
    return _named(root, loss=None)


def _chain(length: int) -> Value:
    x = Value(0.5, label="x")
    for _ in range(length // 2):
        x = (x * 1.01).sin()
    return _back(_named(x, y=None))


_SEEN = {
    _micrograd: "The example of micrograd's README: constants in operations, ledgers where values are used again.",
    _neuron: "A neuron with a name for each value, from the lecture on micrograd: nothing but names and numbers.",
    _network: "A network 2-2-1 and its error for one sample: three neurons with frames around them.",
    _network_of_four_samples: "The same for four samples: each weight is used four times: ledgers of four terms.",
    _cross_entropy: "Softmax and cross-entropy of three scores: many wires from few values.",
    _logsumexp: "log(sum(exp)), written out: the scores come together twice.",
    _lstm_cell: "A cell of an LSTM with one unit: four gates, each with its weights.",
    _attention: "One head of attention over three tokens: everything is joined with everything.",
    _newton: "Newton's iteration, whose steps contain a first and a second derivative.",
    _pendulum: "Steps of a pendulum, differentiated by its start: a long chain that is broken into bands.",
    _second_order: "The graph of a derivative, differentiated again.",
    _not_finite_forward: "A number of the forward isn't finite: the first one is marked.",
    _not_finite_backward: "The forward is fine, a gradient isn't finite: the first one is marked.",
    _hostile_labels: "Labels with markup, control characters, emoji, from right to left, equal, and very long.",
    _two_outputs: "Two outputs in one picture.",
    _dead_relu: "A network whose ReLUs are dead: thin grey wires, and zeros.",
    _used_ten_times: "A value that is used ten times: its ledger is cut in the middle and says how many terms it has.",
    _network_2_16_16_1: "A network 2-16-16-1: neurons and layers as boxes, strips of partials between them.",
    _network_64_32_10: "A network for small images.",
    _network_784_128_10: "A network for large ones: 300,000 numbers.",
    _chain_of_500: "A chain of 500 operations.",
    _chain_of_5000: "A chain of 5,000 operations.",
    _sum_of_1000: "A sum of 1,000 terms.",
    _random_10000: "10,000 numbers, joined at random.",
    _not_run_yet: "The backward hasn't run: no gradient is shown, and none is called zero.",
}
GRAPHS: dict[str, Graph] = {build.__name__[1:]: Graph(build, see) for build, see in _SEEN.items()}
"""The graphs by name."""
