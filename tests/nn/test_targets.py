"""A label that is none is refused by whoever meets it: eager code, each call of a program, fit; with its row."""

import importlib.util
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Constant, DomainError, NonFiniteError, Parameter, Value, compile, fit, nn, optim, where
from autograd.nn import losses

BACKENDS = ["numpy", *(["llvm"] if importlib.util.find_spec("llvmlite") else [])]
WRONG = [
    ("cross_entropy", 3.0, r"class 3\.0 of cross_entropy is out of range for 3 logits; classes are 0 to 2"),
    ("cross_entropy", -1.0, r"class -1\.0 of cross_entropy is out of range for 3 logits; classes are 0 to 2"),
    ("cross_entropy", 1.5, r"a class of cross_entropy is a whole number, got 1\.5; for probabilities give a list"),
    ("cross_entropy", [0.5, -0.25, 0.75], r"probabilities of cross_entropy are from 0 on, got -0\.25"),
    ("cross_entropy", [0.5, 0.5, 0.5], r"probabilities of cross_entropy must sum to 1, got the sum 1\.5 of \[0\.5"),
    *(
        case
        for name in ("binary_cross_entropy", "binary_cross_entropy_with_logits")
        for case in (
            (
                name,
                -1.0,
                rf"y of {name} is a probability from 0 to 1, got -1\.0; make it \(y \+ 1\) / 2 from classes -1",
            ),
            (name, 1.01, rf"y of {name} is a probability from 0 to 1, got 1\.01"),
            (name, [1.0, 0.5, 2.0], r"is a probability from 0 to 1, got 2\.0"),
        )
    ),
    ("hinge", 0.0, r"y of hinge is -1 or \+1, got 0\.0; make it 2 \* y - 1 from classes 0 and 1"),
    ("hinge", [1.0, -1.0, 2.0], r"y of hinge is -1 or \+1, got 2\.0"),
]
RIGHT = {
    "cross_entropy": (2.0, [0.25, 0.0, 0.75]),
    "binary_cross_entropy": (0.5, [0.0, 1.0, 0.3]),
    "binary_cross_entropy_with_logits": (0.5, [0.0, 1.0, 0.3]),
    "hinge": (-1.0, 1.0),
}
X = np.random.default_rng(0).normal(size=(5, 2))
ROW = 3


def labels(name: str, wrong: Any) -> np.ndarray:
    """Five labels, the fourth of them wrong; all right without one."""
    single, several = RIGHT[name]
    right = several if isinstance(wrong, list) and name == "cross_entropy" else single
    if isinstance(wrong, list) and name != "cross_entropy":
        right = [single] * len(wrong)
    found = np.array([right] * len(X))
    found[ROW] = wrong
    return found


def setting(name: str, wrong: Any) -> tuple[nn.Module, Callable[..., Any]]:
    outputs = 3 if name == "cross_entropy" or isinstance(wrong, list) else 1
    model: nn.Module = nn.MLP(2, [4, outputs], rng=0)
    if name == "binary_cross_entropy":
        model = nn.Sequential(model, nn.Sigmoid())
    return model, lambda x, y: losses.by_name(name)(model(x), y)


def calls(program: Any) -> list[Callable[..., Any]]:
    return [program, program.backward, program.gradients, lambda *arrays: program.inspect(*arrays, sample=ROW)]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("name", "wrong", "message"), WRONG)
def test_a_program_refuses_it_in_every_call(name: str, wrong: Any, message: str, backend: Any) -> None:
    model, loss = setting(name, wrong)
    for call in calls(compile(loss, backend=backend)):
        with pytest.raises(DomainError, match=message + r".* It happened in sample 3 \(row 3, counted from 0\)"):
            call(X, labels(name, wrong))
    assert not any(p.has_grad for p in model.parameters())


@pytest.mark.parametrize(("name", "wrong", "message"), WRONG)
def test_eager_code_refuses_it_as_numbers_and_as_values(name: str, wrong: Any, message: str) -> None:
    _, loss = setting(name, wrong)
    for target in (wrong, [Constant(t) for t in wrong] if isinstance(wrong, list) else Constant(wrong)):
        with pytest.raises(DomainError, match=message):
            loss(X[0].tolist(), target)


@pytest.mark.parametrize("mode", ["eager", "compiled"])
@pytest.mark.parametrize(("name", "wrong", "message"), WRONG)
def test_fit_refuses_it_in_both_modes(name: str, wrong: Any, message: str, mode: str) -> None:
    if mode == "compiled":
        pytest.importorskip("llvmlite", reason="llvmlite is not installed")
    model, _ = setting(name, wrong)
    with pytest.raises(DomainError, match=message) as caught:
        fit(
            model,
            X,
            labels(name, wrong),
            loss=name,
            optimizer=optim.SGD(model.parameters(), lr=0.1),
            mode=mode,
            epochs=2,
        )
    assert "row 3 of X" in " ".join(caught.value.__notes__)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", RIGHT)
def test_right_labels_give_what_eager_code_gives(name: str, backend: Any) -> None:
    for right in RIGHT[name]:
        model, loss = setting(name, right)
        Y = np.array([right] * len(X))
        program = compile(loss, backend=backend)
        wanted = [loss(x, y).data for x, y in zip(X.tolist(), Y.tolist(), strict=True)]
        np.testing.assert_allclose(program(X, Y), wanted, rtol=1e-12)
        program.backward(X, Y)
        found = [p.grad for p in model.parameters()]
        model.zero_grad()
        for x, y in zip(X.tolist(), Y.tolist(), strict=True):
            loss(x, y).backward(1 / len(X))
        np.testing.assert_allclose(found, [p.grad for p in model.parameters()], rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("backend", BACKENDS)
def test_labels_that_are_computed_from_data_are_labels_too(backend: Any) -> None:
    model = nn.MLP(2, [4, 1], rng=0)
    program = compile(lambda x, y: losses.hinge(model(x), 2 * y - 1), backend=backend)
    assert program(X, np.array([0, 1, 0, 1, 0.0])).shape == (5,)
    with pytest.raises(DomainError, match=r"got -3\.0.*row 1, "):
        program(X, np.array([0, -1, 0, 1, 0.0]))


def test_probabilities_may_be_off_by_what_float32_is_off() -> None:
    rows = np.random.default_rng(0).dirichlet([1.0, 2.0, 3.0], size=5).astype(np.float32)
    _, loss = setting("cross_entropy", [0.0])
    assert np.isfinite(compile(loss, backend="numpy")(X, rows)).all()
    assert losses.binary_cross_entropy_with_logits(0.0, np.float32(1.0000001)) == pytest.approx(math.log(2))
    assert losses.cross_entropy([1.0, 1.0], np.array([True, False])) == pytest.approx(math.log(2))


@pytest.mark.parametrize(
    ("name", "outputs"), [("hinge", 0.5), ("binary_cross_entropy", 0.5), ("cross_entropy", [0.5, 1.0])]
)
@pytest.mark.parametrize("kind", [float, Constant])
def test_nan_is_no_label(name: str, outputs: Any, kind: Any) -> None:
    with pytest.raises(DomainError, match="got nan"):
        losses.by_name(name)(outputs, kind(math.nan))


@pytest.mark.parametrize("backend", BACKENDS)
def test_gradients_refuse_a_result_that_is_no_number(backend: Any) -> None:
    program = compile(lambda x: where(x > 1.0, math.nan, 0.0) + 2.0 * x, backend=backend)
    assert program.gradients(np.array([0.5, 0.75]))[0].tolist() == [2.0, 2.0]
    with pytest.raises(NonFiniteError, match=r"the loss is nan.* for sample 1 \(row 1, counted from 0\)"):
        program.gradients(np.array([0.5, 2.0]))


# What carries gradient is no target


OF_CLASSES = ("cross_entropy", "negative_log_likelihood")


def swapped(name: str) -> tuple[nn.Module, Callable[..., Any]]:
    model, _ = setting(name, RIGHT.get(name, (0.0,))[0])
    return model, lambda prediction, y: losses.by_name(name)([y] * 3 if name in OF_CLASSES else y, prediction)


@pytest.mark.parametrize("name", losses.LOSSES)
def test_eager_code_refuses_swapped_arguments(name: str) -> None:
    loss = losses.by_name(name)
    outputs, label = ([-0.2, -0.3], 1.0) if name in OF_CLASSES else (0.25, 1.0)
    for carries in (Value(0.25, label="p"), Parameter(0.25, label="p"), Value(0.5, label="p") * 0.5):
        with pytest.raises(TypeError, match=rf"the target of {name} carries gradient: .*{name}\(prediction, target\)"):
            loss(outputs, carries)
        if name == "cross_entropy":
            with pytest.raises(TypeError, match="carries gradient"):
                loss(outputs, [carries, 0.75])
    assert float(f"{loss(outputs, Value(label).detach()):.12f}") == pytest.approx(loss(outputs, label))


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", losses.LOSSES)
def test_a_program_refuses_swapped_arguments(name: str, backend: Any) -> None:
    model, loss = swapped(name)
    program = compile(lambda x, y: loss(model(x), y), backend=backend)
    with pytest.raises(TypeError, match=f"the target of {name} carries gradient"):
        program(X, np.ones(len(X)))


@pytest.mark.parametrize("mode", ["eager", "compiled", "auto"])
@pytest.mark.parametrize("name", losses.LOSSES)
def test_fit_refuses_swapped_arguments(name: str, mode: str) -> None:
    if mode != "eager":
        pytest.importorskip("llvmlite", reason="llvmlite is not installed")
    model, loss = swapped(name)
    before = model.state_dict()
    with pytest.raises(TypeError, match=f"the target of {name} carries gradient"):
        fit(model, X, np.ones(len(X)), loss=loss, optimizer=optim.SGD(model, lr=0.1), mode=mode, epochs=1)
    assert all((array == before[key]).all() for key, array in model.state_dict().items())


@pytest.mark.parametrize("backend", BACKENDS)
def test_targets_computed_from_data_or_detached_are_fine(backend: Any) -> None:
    model, w = nn.MLP(2, [4, 2], rng=0), Parameter(0.5)
    for target in (lambda x: x, lambda x: [2.0 * x[0], x[1].tanh()], lambda x: [(w * x[0]).detach(), x[1]]):
        program = compile(lambda x, target=target: losses.mse(model(x), target(x)), backend=backend)
        assert np.isfinite(program(X)).all()


# A logit is no probability


def test_eager_code_refuses_a_logit() -> None:
    message = (
        r"takes probabilities from 0 to 1, got -2\.0; for logits take binary_cross_entropy_with_logits, or end the"
    )
    for p in (-2.0, Value(-2.0), [0.5, Value(-2.0)]):
        with pytest.raises(DomainError, match=message):
            losses.binary_cross_entropy(p, [1.0] * (len(p) if isinstance(p, list) else 1))


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_program_refuses_a_logit_in_every_call(backend: Any) -> None:
    program = compile(lambda p, y: losses.binary_cross_entropy(p, y), backend=backend)
    P = np.array([0.0, 1.0, 0.25, 1.5, 0.5])
    for call in calls(program):
        with pytest.raises(DomainError, match=r"got 1\.5; for logits take .* It happened in sample 3 \(row 3"):
            call(P, np.ones(5))


@pytest.mark.parametrize("mode", ["eager", "compiled"])
def test_fit_refuses_a_model_that_gives_logits(mode: str) -> None:
    if mode == "compiled":
        pytest.importorskip("llvmlite", reason="llvmlite is not installed")
    model = nn.Linear(2, 1, rng=0)
    with pytest.raises(DomainError, match="for logits take binary_cross_entropy_with_logits") as caught:
        fit(model, 9 * X, np.ones(5), loss="binary_cross_entropy", optimizer=optim.SGD(model), mode=mode, epochs=1)
    assert "of X" in " ".join(caught.value.__notes__)


NO_LOGARITHMS = np.array([[-1.0, -2.0], [0.0, -1e9], [-1.0, -1.0], [-0.5, 0.7]])


def test_what_is_no_logarithm_of_a_probability_is_refused() -> None:
    """Logits, or the probabilities of a Softmax: the loss would go down without an end, or end below 0."""
    for zs in ([0.7, -0.5], [Value(-0.5), Value(0.7)], autograd.softmax([0.0, 1.0])):
        with pytest.raises(
            DomainError, match=r"logarithms of probabilities, none above 0, got 0\.7.*; for logits take cro"
        ):
            losses.negative_log_likelihood(zs, 0)
    assert losses.negative_log_likelihood(autograd.log_softmax([0.0, 1e9]), 1) == 0.0
    assert losses.negative_log_likelihood(autograd.log_softmax([3.0, 2.0, 1.0]), 0) == pytest.approx(0.40760596444438)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_program_refuses_what_is_no_logarithm_in_every_call(backend: Any) -> None:
    program = compile(lambda z, y: losses.negative_log_likelihood(z, y), backend=backend)
    for call in calls(program):
        with pytest.raises(DomainError, match=r"none above 0, got 0\.7; for logits .* It happened in sample 3 \(row 3"):
            call(NO_LOGARITHMS, np.zeros(4))
    program(NO_LOGARITHMS[:3], np.zeros(3))


def test_a_prediction_that_is_nan_is_no_logit() -> None:
    assert math.isnan(losses.binary_cross_entropy(Value(math.nan), 1.0).data)
    assert math.isnan(losses.binary_cross_entropy(Value(math.nan), 0.25).data)
