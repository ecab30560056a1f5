"""What is added to a copy of the tree by the recipes of CONTRIBUTING.md: the edits, and what must hold afterwards."""

from typing import NamedTuple


class Edit(NamedTuple):
    """Text put in front of an anchor, which is found from the start of the file; without one the file is new."""

    text: str
    before: str = ""


class Addition(NamedTuple):
    """Edits for the files of the recipe in their order; the test that is red before the last of them; what holds then.

    ``checks`` is a file of tests. Of the ``batteries`` those are run whose names have one of the ``words`` in them; at
    least ``size`` of them must be there.
    """

    edits: tuple[tuple[Edit, ...], ...]
    completeness: str
    checks: str
    batteries: tuple[str, ...]
    words: str
    size: int


OPERATION = Addition(
    (
        (
            Edit(' "log2",', before=' "logsumexp"'),
            Edit(
                """\
_LOG_TWO = math.log(2.0)
log2 = op(
    "log2",
    symbol="log₂",
    kernel=lambda xp, x: xp.log(x) / _LOG_TWO,
    partials=lambda y, x: (1.0 / (_LOG_TWO * x),),
    domain=(POSITIVE,),
    singular=True,
    doc="logarithm of x > 0 to the base 2",
)
""",
                before="# Steps and corners",
            ),
        ),
        (
            Edit(
                """\
    "log2": Oracle(
        lambda x: mp.log(x, 2),
        (lambda x: 1 / (x * mp.log(2)),),
        at_infinity=(None, INF),
        outside=[(0.0,), (-1.0,)],
    ),
""",
                before='    "sqrt": Oracle(',
            ),
        ),
    ),
    "tests/engine/test_values.py::test_every_operation_has_its_oracle_and_is_exported",
    """
import inspect
from pathlib import Path

import numpy as np
import pytest
from hypothesis import find

import autograd
import viz
from autograd import DomainError, Value, check_gradients, compile, derivative, log2
from autograd.testing import expressions, points


def test_it_is_a_function_and_a_method():
    assert "log2" in autograd.__all__
    assert log2(8.0) == Value(8.0).log2().data == log2(Value(8.0)).data == 3.0
    assert log2(np.array([1.0, 4.0])).tolist() == [0.0, 2.0]
    assert "y = log(x) / 0.693" in inspect.getsource(Value.log2)
    with pytest.raises(DomainError, match=r"log2\\(x\\) needs x > 0, got x = -1.0"):
        Value(-1.0).log2()


def test_its_derivatives_are_checked():
    assert check_gradients(log2, at=0.7)
    assert derivative(log2, 2)(2.0) == pytest.approx(-0.25 / np.log(2.0), rel=1e-15)


@pytest.mark.parametrize("backend", ["numpy", "llvm"])
def test_it_is_compiled(backend):
    xs = np.linspace(0.5, 9.0, 11)
    program = compile(lambda x: log2(x) + x.log2(), backend=backend)
    np.testing.assert_allclose(program(xs), 2 * np.log2(xs), rtol=1e-14, atol=1e-15)
    np.testing.assert_allclose(program.gradients(xs)[0], 2 / (xs * np.log(2.0)), rtol=1e-14)


def test_a_drawing_shows_its_symbol_and_its_partial_as_a_formula():
    y = Value(8.0, label="x").log2()
    y.backward()
    drawing = viz.draw(y, layout="layered")
    assert "log₂" in drawing.svg()
    assert log2.partial_formula(0).startswith("1/(0.69")
    assert [edge.formula for edge in drawing.view.edges] == [log2.partial_formula(0)]


def test_strategies_and_type_checkers_know_it():
    assert find(points(log2), lambda point: True) == (1.0,)
    assert find(expressions(ops=[log2]), lambda drawn: log2 in drawn.ops).ops
    stub = Path(autograd.__file__).parent / "fast" / "methods.pyi"
    assert "    def log2(self) -> Value:" in stub.read_text()
""",
    (
        "tests/engine/test_values.py",
        "tests/engine/test_slopes.py",
        "tests/engine/test_domains.py",
        "tests/engine/test_methods.py",
        "tests/compiler/llvm/test_operations.py",
        "tests/compiler/test_numpy_backend.py",
    ),
    "log2 or stub",
    20,
)

LAYER = Addition(
    (
        (
            Edit(
                '''"""A filter that slides over its inputs."""

from __future__ import annotations

from typing import Any

from ..checks import row, whole_number
from ..parameter import Parameter
from ..parameter_array import ParameterArray
from ..randomness import generator
from ..scopes import here
from .module import Module


class Conv1d(Module):
    """Slides one filter over a row of inputs: ``y[i] = sum(weight[k] * x[i + k] for each k) + bias``.

    Args:
        width: how many neighbours the filter sees.
        rng: a seed or generator.

    >>> layer = Conv1d(2, rng=0); layer.weight.data, layer.bias.data = [1.0, -1.0], 0.5
    >>> [y.data for y in layer([3.0, 2.0, 4.0])]
    [1.5, -1.5]
    """

    def __init__(self, width: int, *, rng: Any = None) -> None:
        width = whole_number(width, "width of a Conv1d")
        self.weight = ParameterArray(generator(rng).normal(0.0, width**-0.5, width))
        self.bias = Parameter(0.0)

    def forward(self, x: Any) -> Any:
        """One output for each place of the filter; a single one is no list."""
        xs, width = row(x, here(self)), len(self.weight)
        out = []
        for i in range(len(xs) - width + 1):
            total: Any = self.bias
            for weight, number in zip(self.weight, xs[i : i + width], strict=True):
                total = total + weight * number
            out.append(total)
        return out[0] if len(out) == 1 else out
'''
            ),
        ),
        (
            Edit("from .convolution import Conv1d\n", before="from .dropout import"),
            Edit(' "Conv1d",', before=' "Dropout"'),
        ),
        (
            Edit(
                """\
    "convolution": Line(
        lambda seed: nn.Conv1d(2, rng=seed),
        lambda s, x: s["weight"] @ x + s["bias"],
    ),
""",
                before='    "sequential": Line(',
            ),
        ),
    ),
    "tests/nn/test_layers.py::test_every_layer_of_the_package_is_exported_and_tried",
    """
import numpy as np

import viz
from autograd import compile, fit, nn
from autograd.optim import Adam


def model():
    return nn.Sequential(nn.Conv1d(3, rng=0), nn.Tanh(), nn.Linear(3, 1, rng=1))


def test_it_has_names_shapes_and_a_repr():
    assert {name: x.shape for name, x in model().state_dict().items()} == {
        "0.weight": (3,), "0.bias": (), "2.weight": (1, 3), "2.bias": (1,)
    }
    assert "0: Conv1d(4 parameters)" in repr(model()), repr(model())
    assert [p.label for p in model().parameters()][:4] == ["weight0", "weight1", "weight2", "bias"]
    assert "0" in [cluster.name for cluster in viz.draw(model()([1.0] * 5), layout="layered").view.clusters]


def test_it_computes_a_convolution_compiled_too():
    layer, rows = nn.Conv1d(3, rng=0), np.random.default_rng(0).normal(size=(4, 6))
    expected = [np.correlate(row, layer.weight.data, "valid") for row in rows]
    np.testing.assert_allclose([[v.data for v in layer(row)] for row in rows], expected, rtol=1e-13)
    for backend in ("numpy", "llvm"):
        np.testing.assert_allclose(compile(layer, backend=backend)(rows), expected, rtol=1e-12)


def test_it_learns_a_difference_of_neighbours():
    X = np.random.default_rng(0).normal(size=(40, 5))
    layer = nn.Conv1d(5, rng=0)
    history = fit(layer, X, X[:, 1] - X[:, 3], loss="mse", optimizer=Adam(layer, lr=0.05), epochs=200, progress=False)
    assert history["loss"][-1] < 1e-4
    np.testing.assert_allclose(layer.weight.data, [0, 1, 0, -1, 0], atol=0.02)
""",
    ("tests/nn/test_layers.py",),
    "convolution or package",
    8,
)

OPTIMIZER = Addition(
    (
        (
            Edit(
                '''"""Adamax: Adam with the largest gradient in the place of their mean square."""

from __future__ import annotations

from typing import ClassVar

from .optimizer import Optimizer
from .rule import Functions, Interval, Row, Rows, Update, lerp, number, penalized


class Adamax(Optimizer):
    """Adamax divides by a maximum that decays::

        m = beta1 * m + (1 - beta1) * g
        u = max(beta2 * u, abs(g) + eps)
        p = p - lr * m / (1 - beta1**t) / u

    Source: Kingma and Ba, "Adam: a method for stochastic optimization", 2015, algorithm 2.

    Args:
        params: Parameters, or a module.
        lr: learning rate, at least 0.
        betas: shares of the average and of the maximum that are kept, each from 0 to below 1.
        eps: keeps the division away from zero, at least 0.
        weight_decay: factor of the L2 penalty's gradient, at least 0.
        maximize: go up instead of down.

    >>> from autograd import Parameter
    >>> w = Parameter(1.0); (w * w).backward()
    >>> Adamax([w], lr=0.1).step(); round(w.data, 6)  # the first step is lr * sign(g)
    0.9
    """

    lr: float = number(2e-3)
    betas: tuple[float, float] = number((0.9, 0.999), Interval(0, 1))
    eps: float = number(1e-8)
    weight_decay: float = number(0.0)

    initial_state: ClassVar[dict[str, float]] = {"exp_avg": 0.0, "exp_inf": 0.0}

    def scalars(self, t: int) -> dict[str, float]:
        """The rate over the average's bias correction."""
        return {"step_size": self.lr / (1 - self.betas[0] ** t)}

    def update(self, xp: Functions, p: Row, g: Row, s: Rows, h: Rows) -> Update:
        """One step down the average, in units of the largest gradient."""
        g = penalized(g, p, self.weight_decay)
        mean = lerp(s["exp_avg"], g, 1 - self.betas[0])
        largest = xp.maximum(self.betas[1] * s["exp_inf"], xp.maximum(g, -g) + self.eps)
        return p - h["step_size"] * mean / largest, {"exp_avg": mean, "exp_inf": largest}
'''
            ),
        ),
        (
            Edit("from .adamax import Adamax\n", before="from .clipping import"),
            Edit(' "Adamax",', before=' "AdamW"'),
        ),
        (
            Edit(
                '''def adamax(
    p: float,
    gradients: Sequence[float],
    lr: float = 2e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
) -> Iterator[float]:
    """Kingma and Ba 2015, algorithm 2."""
    m = u = 0.0
    for t, g in enumerate(gradients, start=1):
        g += weight_decay * p
        m = betas[0] * m + (1 - betas[0]) * g
        u = max(betas[1] * u, abs(g) + eps)
        p -= lr / (1 - betas[0] ** t) * m / u
        yield p


''',
                before="@dataclass(frozen=True)\nclass Line",
            ),
            Edit("from autograd.optim import Adamax\n", before="from autograd.optim import SGD"),
            Edit(
                """\
    Adamax: Line(
        "lr=0.002, betas=(0.9, 0.999), eps=1e-08, weight_decay=0.0",
        ({"lr": 0.01, "betas": (0.8, 0.9), "weight_decay": 0.1},),
        adamax,
    ),
""",
                before="    Lion: Line(",
            ),
        ),
    ),
    "tests/optim/test_optimizer.py::test_every_optimizer_of_the_package_is_exported_and_tried",
    """
import inspect
import pydoc

import numpy as np
import pytest

from autograd import Parameter, fit, nn, optim
from autograd.optim import Adamax, ExponentialLR


def test_its_arguments_are_told_where_somebody_looks():
    assert "lr: 'float' = 0.002" in str(inspect.signature(Adamax))
    assert "betas" in pydoc.render_doc(Adamax, renderer=pydoc.plaintext)
    assert repr(Adamax([Parameter(1.0)])).startswith("Adamax(1 parameter, lr=0.002, maximize=False, betas=(0.9, 0.999)")
    with pytest.raises(ValueError, match=r"Adamax: betas\\[1\\] must be a finite number in \\[0, 1\\), got 2"):
        Adamax([Parameter(1.0)], betas=(0.9, 2))
    assert "Adamax" in optim.__all__


def test_it_goes_on_from_its_state_and_is_scheduled():
    w = Parameter(1.0)
    opt = Adamax([w], lr=0.5)
    schedule = ExponentialLR(opt, gamma=0.5)
    w.grad = 3.0
    opt.step(), schedule.step()
    assert (w.data, opt.lr) == (pytest.approx(0.5), 0.25)
    assert {"exp_avg", "exp_inf"} < set(opt.state_dict())
    other = Adamax([Parameter(w.data)])
    other.load_state_dict(opt.state_dict())
    other.params[0].grad = w.grad = -1.0
    opt.step(), other.step()
    assert other.params[0].data == w.data


def test_fit_trains_with_it_alike_in_both_modes():
    X = np.random.default_rng(0).normal(size=(12, 2))
    found = []
    for mode in ("eager", "compiled"):
        model = nn.MLP(2, [3, 1], activation="tanh", rng=0)
        fit(model, X, X[:, 0] * X[:, 1], loss="mse", optimizer=Adamax(model), epochs=5, mode=mode, progress=False)
        found.append([p.data for p in model.parameters()])
    np.testing.assert_allclose(*found, rtol=1e-9)
""",
    (
        "tests/optim",
        "tests/compiler/llvm/test_rule.py",
        "tests/compiler/llvm/test_training.py",
        "tests/training/test_compiled.py",
    ),
    "Adamax or of_the_package",
    25,
)

SCHEDULE = Addition(
    (
        (
            Edit(' "PolynomialLR",', before=' "Schedule"'),
            Edit(
                '''class PolynomialLR(Schedule):
    """Down to 0 in ``total_iters`` steps: ``(1 - t / total_iters) ** power``.

    >>> from autograd import Parameter; from autograd.optim import SGD
    >>> schedule = PolynomialLR(SGD([Parameter(1.0)], lr=0.8), total_iters=4, power=2.0)
    >>> [schedule(t) for t in range(6)]
    [1.0, 0.5625, 0.25, 0.0625, 0.0, 0.0]
    """

    total_iters: int = field(default=5, metadata=STEPS)
    power: float = field(default=1.0, metadata=POSITIVE)

    def __call__(self, t: int) -> float:
        """The share of steps that is left, to the power."""
        return math.pow(1 - min(t, self.total_iters) / self.total_iters, self.power)


''',
                before="class SequentialLR",
            ),
        ),
        (
            Edit(
                '    (optim.PolynomialLR, {"total_iters": 8, "power": 3.0}, lambda t: max(0.0, 1 - t / 8) ** 3),\n',
                before="]\nCASES",
            ),
        ),
    ),
    "tests/optim/test_schedules.py::test_every_schedule_of_the_package_is_exported_and_tried",
    """
import numpy as np

from autograd import Parameter, fit, optim
from autograd.optim import SGD, PolynomialLR


def test_fit_takes_it():
    w = Parameter(0.0)
    opt = SGD([w], lr=1.0)
    schedule = PolynomialLR(opt, total_iters=4)
    fit(lambda x: w * x, [1.0], [0.0], loss=lambda p, y: p, optimizer=opt, epochs=4, progress=False,
        callbacks=[lambda state: schedule.step()])
    assert w.data == -(1.0 + 0.75 + 0.5 + 0.25)
    assert "PolynomialLR" in optim.__all__
    assert repr(schedule) == "PolynomialLR(t=4, total_iters=4, power=1.0)"
""",
    ("tests/optim/test_schedules.py",),
    "PolynomialLR or package",
    6,
)

PLOT = Addition(
    (
        (
            Edit(
                '''"""The weights of a layer at a glance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from .style import axes_for, tabulate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .figure import PlotFigure


def heat_map(weights: ArrayLike, *, title: str = "", ax: Axes | None = None) -> PlotFigure:
    """Plot a matrix of weights, a square each: orange above zero, purple below, white at zero.

    Args:
        weights: the matrix, (outputs, inputs), such as ``layer.weight.data``.
        title: above the plot.
        ax: the axes to draw on; by default those of a new figure.

    Returns:
        The figure; its ``data`` are input, output, weight.

    Raises:
        ValueError: it isn't a matrix.

    >>> heat_map([[1.0, -2.0]]).axes[0].images[0].get_clim()
    (-2.0, 2.0)
    """
    matrix = np.asarray(weights, dtype=np.float64)
    if matrix.ndim != 2:
        raise ValueError(f"weights must be a matrix, (outputs, inputs), got shape {matrix.shape}.")
    largest = float(np.abs(matrix).max(initial=0.0)) or 1.0
    with axes_for(ax) as axes:
        image = axes.imshow(matrix, cmap="PuOr_r", vmin=-largest, vmax=largest)
        axes.figure.colorbar(image, label="weight")
        axes.set(xlabel="input", ylabel="output")
        axes.set_title(title)
        axes.grid(visible=False)
    places = np.indices(matrix.shape)
    return tabulate(axes, input=places[1].ravel(), output=places[0].ravel(), weight=matrix.ravel())
'''
            ),
        ),
        (
            Edit("from .heat import heat_map\n", before="from .plane import"),
            Edit('    "heat_map",\n', before='    "loss",\n'),
        ),
        (
            Edit(
                '    "heat_map": lambda: plot.heat_map([[1.0, -2.0], [0.5, 0.0]], title="seen"),\n',
                before='    "loss": lambda',
            ),
        ),
    ),
    "tests/viz/test_plot.py::test_every_plot_of_the_package_is_exported_and_tried",
    """
import numpy as np
import pytest

from autograd import nn
from viz.plot import heat_map, save


def test_it_shows_the_weights_of_a_layer(tmp_path):
    layer = nn.Linear(3, 2, rng=0)
    figure = heat_map(layer.weight.data)
    np.testing.assert_array_equal(figure.axes[0].images[0].get_array(), layer.weight.data)
    assert [axes.get_ylabel() for axes in figure.axes] == ["output", "weight"]
    assert save(figure, tmp_path / "weights.svg").read_text().startswith("<?xml")
    with pytest.raises(ValueError, match=r"weights must be a matrix, \\(outputs, inputs\\), got shape \\(3,\\)"):
        heat_map([1.0, 2.0, 3.0])
""",
    (
        "tests/viz/test_plot.py",
        "viz/plot",
    ),
    "heat_map or package",
    5,
)

NEWTON_EN = """\
title = "Newton's method"
summary = "A step that divides by the curvature needs no learning rate."
text = "The step is `x ← x − f'(x) / f''(x)`. On a parabola one is enough; here it takes {steps}."
try = ["Start at 3."]
[figures.values]
caption = "The value falls in {steps} steps to {least:.3f}."
alt = "A curve that falls."
[claims.minimum]
notes = "Gradient descent repeats until the loss is minimal."
measured = "The slope after {steps} steps is {slope:.0e}."
"""

NEWTON_KO = """\
title = "뉴턴 방법"
summary = "곡률로 나눈 스텝에는 학습률이 필요 없다."
text = "스텝은 `x ← x − f'(x) / f''(x)`이다. 포물선이라면 한 번이면 되고, 여기서는 {steps}번 걸린다."
try = ["3에서 시작해 본다."]
[figures.values]
caption = "{steps}번의 스텝 뒤에 함수값은 {least:.3f}까지 떨어진다."
alt = "떨어지는 곡선."
[claims.minimum]
notes = "Gradient Descent가 최소화 되도록 학습을 반복"
measured = "스텝 {steps}번 뒤의 기울기는 {slope:.0e}이다."
"""

LESSON = Addition(
    (
        (
            Edit(
                '''"""Newton: a step that divides by the curvature."""

from __future__ import annotations

from pathlib import Path

from autograd import cosh, derivative
from demos.lesson import Lesson
from viz import plot


def main(out: Path, seed: int = 0, *, small: bool = False) -> Lesson:
    """Find the least value of cosh(x) - x from 0."""
    lesson = Lesson("newton", out)

    def f(x):
        return cosh(x) - x

    slope, curvature = derivative(f), derivative(f, order=2)
    x, values = 0.0, [f(0.0)]
    while abs(slope(x)) > 1e-12:
        x -= slope(x) / curvature(x)
        values.append(f(x))
    lesson.draw("values", plot.loss({"f": values}, x_label="step"))
    lesson.measure(steps=len(values) - 1, least=values[-1], slope=abs(slope(x)))
    lesson.claim("minimum", abs(slope(x)) < 1e-12)
    return lesson
'''
            ),
        ),
        (Edit(NEWTON_EN),),
        (Edit(NEWTON_KO),),
        (Edit('"newton", ', before='"mini_batches"'),),
        (
            Edit(
                """\
import math

from demos import newton


def test_the_minimum_is_where_sinh_is_1(tmp_path):
    lesson = newton.main(tmp_path, small=True)
    assert abs(lesson.measured["least"] - (math.sqrt(2.0) - math.asinh(1.0))) < 1e-12
    assert lesson.claims == {"minimum": True}
"""
            ),
        ),
    ),
    "tests/demos/test_gallery.py::test_every_lesson_has_tests_of_its_own",
    """
from demos import LESSONS
from demos.__main__ import main


def test_it_is_listed_before_what_follows(capsys):
    assert LESSONS.index("newton") < LESSONS.index("moons")
    assert main(["--list"]) == 0
    assert "newton               Newton: a step that divides by the curvature.\\n" in capsys.readouterr().out


def test_it_has_a_page_in_the_gallery(tmp_path):
    assert main(["newton", "--out", str(tmp_path), "--lang", "ko"]) == 0
    page = (tmp_path / "newton.html").read_text(encoding="utf-8")
    assert "<h1>뉴턴 방법</h1>" in page
    assert "✓</span> 확인됨" in page
    assert 'href="newton/values.csv"' in page
    assert 'href="newton.html"' in (tmp_path / "index.html").read_text(encoding="utf-8")
""",
    ("tests/demos",),
    "newton and (same_things or sinh)",
    2,
)

ADDITIONS = {
    "an operation": (OPERATION, ""),
    "a layer": (LAYER, "convolution"),
    "an optimizer": (OPTIMIZER, "adamax"),
    "a schedule": (SCHEDULE, ""),
    "a plot": (PLOT, "heat"),
    "a lesson": (LESSON, "newton"),
}
"""By the names that the recipes have in CONTRIBUTING.md; each with what stands for ``<name>`` there."""
