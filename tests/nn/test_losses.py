"""Losses against closed forms in mpmath, their gradients, their stability, and what they refuse."""

import math

import mpmath
import numpy as np
import pytest

import autograd
from autograd import Constant, ShapeError, Value, check_gradients, nn, sweep
from autograd.nn import losses

mp = mpmath.mpf


def softmax(zs):
    total = sum(mpmath.exp(mp(z)) for z in zs)
    return [mpmath.exp(mp(z)) / total for z in zs]


def log_sigmoid(z):
    return -mpmath.log(1 + mpmath.exp(-mp(z)))


# Formulas as the papers have them, for one output.
ORACLES = {
    "mse": lambda p, t: (mp(p) - mp(t)) ** 2,
    "mae": lambda p, t: abs(mp(p) - mp(t)),
    "huber": lambda p, t: (mp(p) - mp(t)) ** 2 / 2 if abs(mp(p) - mp(t)) <= 1 else abs(mp(p) - mp(t)) - mp("0.5"),
    "hinge": lambda p, t: max(mp(0), 1 - mp(t) * mp(p)),
    "binary_cross_entropy_with_logits": lambda p, t: -(mp(t) * log_sigmoid(p) + (1 - mp(t)) * log_sigmoid(-mp(p))),
    "binary_cross_entropy": lambda p, t: -(mp(t) * mpmath.log(mp(p)) + (1 - mp(t)) * mpmath.log(1 - mp(p))),
}
TARGETS = {
    "hinge": (-1.0, 1.0),
    "binary_cross_entropy": (0.0, 0.25, 1.0),
    "binary_cross_entropy_with_logits": (0.0, 0.25, 1.0),
}
UNIT = "binary_cross_entropy"
"""The loss of probabilities; all others take any number."""


def predictions(name: str, numbers: list[float]) -> list[float]:
    return [1 / (1 + math.exp(-x)) for x in numbers] if name == UNIT else numbers


def test_the_battery_has_every_loss() -> None:
    assert set(losses.LOSSES) == {*ORACLES, "cross_entropy", "negative_log_likelihood"}
    assert all(losses.by_name(name) is getattr(losses, name) for name in losses.LOSSES)


@pytest.mark.parametrize("name", ORACLES)
def test_one_output_against_mpmath(name: str) -> None:
    loss = losses.by_name(name)
    with mpmath.workdps(50):
        for t in TARGETS.get(name, (-2.0, 0.25, 3.0)):
            for p in predictions(name, [-7.5, -0.8, 0.0, 0.3, 2.5, 1e-9]):
                expected = float(ORACLES[name](p, t))
                for pred, target in (
                    (Value(p), t),
                    ([Value(p)], [t]),
                    (Value(p), Constant(t)),
                    (Value(p), np.float64(t)),
                ):
                    assert loss(pred, target).data == pytest.approx(expected, rel=1e-13, abs=1e-15)
                assert loss(p, t) == pytest.approx(expected, rel=1e-13, abs=1e-15)


@pytest.mark.parametrize("name", ORACLES)
def test_several_outputs_give_the_mean(name: str) -> None:
    t = list(TARGETS.get(name, (-2.0, 0.25, 3.0)))
    p = predictions(name, [0.7, -1.9, 2.2][: len(t)])
    expected = float(sum(ORACLES[name](a, b) for a, b in zip(p, t, strict=True)) / len(t))
    loss = losses.by_name(name)
    for target in (t, np.array(t), tuple(t), [Constant(x) for x in t]):
        assert loss([Value(x) for x in p], target).data == pytest.approx(expected, rel=1e-13)
    assert loss(np.array(p), t) == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("name", ORACLES)
@pytest.mark.parametrize("p", [-2.25, -0.6, 0.4, 1.8])
def test_gradients(name: str, p: float) -> None:
    p, other = predictions(name, [p, 0.9])
    for t in TARGETS.get(name, (-1.0, 0.5)):
        assert check_gradients(lambda x, t=t: losses.by_name(name)(x, t), at=p)
        assert check_gradients(lambda xs, t=t: losses.by_name(name)(xs, [t, t]), at=[p, other])


@pytest.mark.parametrize("delta", [0.25, 1.0, 2.0])
def test_huber_joins_its_two_pieces(delta: float) -> None:
    for d in (0.0, 0.1, delta, 1.9, 50.0):
        expected = d * d / 2 if d <= delta else delta * (d - delta / 2)
        x = Value(d)
        y = losses.huber(x, 0.0, delta=delta)
        y.backward()
        assert y.data == pytest.approx(expected)
        assert x.grad == pytest.approx(min(d, delta)), "Huber's slope is d, clipped"
        assert losses.huber(0.0, d, delta) == pytest.approx(expected)


LOGITS = [[0.0, 0.0, 0.0], [1.0, -2.0, 0.5], [30.0, 0.0, -30.0], [1000.0, -1000.0, 0.0], [-1000.0, -1000.0, -999.0]]


@pytest.mark.parametrize("zs", LOGITS)
@pytest.mark.parametrize("k", [0, 1, 2])
def test_cross_entropy_of_a_class(zs: list[float], k: int) -> None:
    one_hot = [float(i == k) for i in range(3)]
    with mpmath.workdps(2000):
        expected = float(-mpmath.log(softmax(zs)[k]))
        slopes = [float(s - h) for s, h in zip(softmax(zs), one_hot, strict=True)]
    targets = (k, float(k), np.int64(k), np.float64(k), np.array(k), Constant(k), one_hot, np.array(one_hot))
    for target in (*targets, [Constant(h) for h in one_hot]):
        leaves = [Value(z) for z in zs]
        y = losses.cross_entropy(leaves, target)
        y.backward()
        assert y.data == pytest.approx(expected, rel=1e-13, abs=1e-12)
        assert [leaf.grad for leaf in leaves] == pytest.approx(slopes, rel=1e-12, abs=1e-12)
    assert losses.cross_entropy(zs, k) == pytest.approx(expected, rel=1e-13, abs=1e-12)
    if max(map(abs, zs)) < 100:
        assert check_gradients(lambda xs: losses.cross_entropy(xs, k), at=zs)


def test_cross_entropy_of_probabilities() -> None:
    zs, ps = [0.3, -1.0, 2.0], [0.2, 0.0, 0.8]
    expected = float(-sum(mp(p) * mpmath.log(s) for p, s in zip(ps, softmax(zs), strict=True)))
    assert losses.cross_entropy(zs, ps) == pytest.approx(expected, rel=1e-14)
    assert losses.cross_entropy([Value(z) for z in zs], np.array(ps)).data == pytest.approx(expected, rel=1e-14)
    assert check_gradients(lambda xs: losses.cross_entropy(xs, ps), at=zs)
    assert losses.cross_entropy(zs, np.array(ps, np.float32)) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("k", [0, 1, 2])
def test_the_likelihood_of_a_class(k: int) -> None:
    zs = [0.3, -1.0, 2.0]
    for target in (k, float(k), np.int64(k), Constant(k)):
        leaves = [Value(z) for z in zs]
        y = losses.negative_log_likelihood(autograd.log_softmax(leaves), target)
        y.backward()
        other = [Value(z) for z in zs]
        losses.cross_entropy(other, k).backward()
        assert y.data == pytest.approx(losses.cross_entropy(zs, k), rel=1e-14)
        assert [v.grad for v in leaves] == pytest.approx([v.grad for v in other], rel=1e-13)
    assert losses.negative_log_likelihood([-0.25, -4.0, -9.0], k) == (0.25, 4.0, 9.0)[k]
    for backend in ("numpy", "llvm"):
        program = autograd.compile(lambda z, t: losses.negative_log_likelihood(autograd.log_softmax(z), t), backend)
        assert program(np.array([zs]), np.array([float(k)])) == pytest.approx(losses.cross_entropy(zs, k), rel=1e-13)
        with pytest.raises(ValueError, match=r"class 3.0 of negative_log_likelihood is out of range for 3 logits"):
            program(np.array([zs, zs]), np.array([0.0, 3.0]))


def test_a_masked_logit_is_no_matter() -> None:
    zs = [Value(1.0), Value(2.0), Value(-math.inf)]
    for target in (0, Constant(0.0), [1.0, 0.0, 0.0]):
        assert losses.cross_entropy(zs, target).data == pytest.approx(math.log(1 + math.e))


@pytest.mark.parametrize("z", [1000.0, -1000.0])
@pytest.mark.parametrize("y", [0.0, 0.5, 1.0])
def test_cross_entropy_of_a_logit_is_stable(z: float, y: float) -> None:
    logit = Value(z)
    loss = losses.binary_cross_entropy_with_logits(logit, y)
    loss.backward()
    assert loss.data == (1 - y if z > 0 else y) * 1000.0
    assert logit.grad == (1.0 if z > 0 else 0.0) - y


def test_cross_entropy_of_a_logit_keeps_its_digits_where_it_is_tiny() -> None:
    z = Value(50.0)
    loss = losses.binary_cross_entropy_with_logits(z, 1)
    loss.backward()
    assert loss.data == pytest.approx(math.exp(-50.0), rel=1e-13, abs=0.0)
    assert z.grad == pytest.approx(-math.exp(-50.0), rel=1e-13, abs=0.0)


def held(x):
    """log x, -100 at least, as the documentation of PyTorch's BCELoss has it."""
    return max(mpmath.log(x), mp(-100)) if x > 0 else mp(-100)


@pytest.mark.parametrize("y", [0.0, 0.25, 1.0])
@pytest.mark.parametrize("p", [0.0, 1e-50, 1e-20, 0.1, 0.9, 1.0])
def test_cross_entropy_of_a_probability_at_the_edges(p: float, y: float) -> None:
    with mpmath.workdps(100):
        expected = float(-(mp(y) * held(mp(p)) + (1 - mp(y)) * held(1 - mp(p))))
        slope = float(-mp(y) / mp(p) * (p > 1e-43) if p else mp(0)) + (
            float((1 - mp(y)) / (1 - mp(p))) if p < 1 else 0.0
        )
    for target in (y, Constant(y)):
        x = Value(p)
        loss = losses.binary_cross_entropy(x, target)
        loss.backward()
        assert loss.data == pytest.approx(expected, rel=1e-14, abs=0.0)
        assert x.grad == pytest.approx(slope, rel=1e-14)


def test_losses_are_plain_formulas() -> None:
    """No loss may take a number out of a Value: every prediction is reached by the sweep."""
    for name, loss in losses.LOSSES.items():
        if name == "negative_log_likelihood":  # which is about one of them
            continue
        preds = [Value(0.25), Value(0.5)]
        reached = {step.node for step in sweep(loss(preds, 1 if name == "cross_entropy" else [1.0, 1.0]))}
        assert set(preds) <= reached, name


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: losses.by_name("l2"),
            ValueError,
            "'l2' is not a loss; known: mse, mae, huber, hinge, binary_cross_entropy, "
            "binary_cross_entropy_with_logits, cross_entropy, negative_log_likelihood",
        ),
        (
            lambda: losses.negative_log_likelihood([-1.0, -2.0], [0.5, 0.5]),
            ShapeError,
            r"^negative_log_likelihood takes the index of a class, got \[0.5, 0.5\]; probabilities are for",
        ),
        (
            lambda: losses.negative_log_likelihood(-1.0, 0),
            ShapeError,
            "the logarithms of at least 2 probabilities, got 1",
        ),
        (
            lambda: losses.negative_log_likelihood([-1.0, -2.0], 0.5),
            ValueError,
            "^a class of negative_log_likelihood is a whole number, got 0.5$",
        ),
        (
            lambda: losses.mse([1.0, 2.0], 1.0),
            ShapeError,
            "the loss mse got 2 outputs and 1 target; it needs at least one output, and a target for each",
        ),
        (lambda: losses.mae(1.0, [1.0, 2.0]), ShapeError, "the loss mae got 1 output and 2 targets"),
        (lambda: losses.mse([], []), ShapeError, "got 0 outputs and 0 targets"),
        (lambda: losses.mse(1.0, "a"), TypeError, "the loss mse takes a list of numbers or Values, got str: 'a'"),
        (lambda: losses.mse([1.0], ["a"]), TypeError, "a target of mse holds a real number, got str: 'a'"),
        (lambda: losses.mse(1.0, True), TypeError, "a target of mse holds a real number, got the bool True"),
        (lambda: losses.mse(1.0, np.True_), TypeError, "a target of mse holds a real number, got the bool True"),
        (lambda: losses.mse(np.ones((2, 2)), 1.0), ShapeError, r"loss mse takes one sample at a time.*\(2, 2\)"),
        (lambda: losses.huber(1.0, 2.0, delta=0.0), ValueError, "delta of huber is a finite number above 0, got 0.0"),
        (lambda: losses.huber(1.0, 2.0, delta=math.inf), ValueError, "above 0, got inf"),
        (
            lambda: losses.hinge(Value(1.0), 0),
            ValueError,
            r"y of hinge is -1 or \+1, got 0.0; make it 2 \* y - 1 from classes 0 and 1",
        ),
        (
            lambda: losses.binary_cross_entropy(Value(1.0), 1.5),
            ValueError,
            "y of binary_cross_entropy is a probability from 0 to 1, got 1.5",
        ),
        (lambda: losses.binary_cross_entropy(1.0, math.nan), ValueError, "from 0 to 1, got nan"),
        (
            lambda: losses.cross_entropy([1.0, 2.0, 3.0], 3),
            ValueError,
            "class 3 of cross_entropy is out of range for 3 logits; classes are 0 to 2",
        ),
        (lambda: losses.cross_entropy([1.0, 2.0], -1), ValueError, "class -1 .* is out of range for 2 logits"),
        (
            lambda: losses.cross_entropy([1.0, 2.0], 0.5),
            ValueError,
            "a class of cross_entropy is a whole number, got 0.5; for probabilities give a list",
        ),
        (lambda: losses.cross_entropy([1.0, 2.0], math.nan), ValueError, "is a whole number, got nan"),
        (lambda: losses.cross_entropy([1.0, 2.0], math.inf), ValueError, "is a whole number, got inf"),
        (lambda: losses.cross_entropy([1.0, 2.0], True), TypeError, "a class of cross_entropy .* got the bool True"),
        (lambda: losses.cross_entropy([1.0, 2.0], "cat"), TypeError, "got str: 'cat'"),
        (
            lambda: losses.cross_entropy([1.0, 2.0], [1.0]),
            ShapeError,
            "cross_entropy got 2 logits and 1 probability; it needs as many, or the index of the class",
        ),
        (
            lambda: losses.cross_entropy([1.0, 2.0], [-0.5, 1.5]),
            ValueError,
            "probabilities of cross_entropy are from 0 on, got -0.5",
        ),
        (
            lambda: losses.cross_entropy([1.0, 2.0], [0.5, 0.6]),
            ValueError,
            r"must sum to 1, got the sum 1.1 of \[0.5, 0.6\]",
        ),
        (lambda: losses.cross_entropy([1.0, 2.0], [math.nan, 1.0]), ValueError, "are from 0 on, got nan"),
        (
            lambda: losses.cross_entropy(Value(1.0), 0),
            ShapeError,
            "needs at least 2 logits, got 1; for two classes by one logit take binary_cross_entropy_with_logits",
        ),
    ],
)
def test_errors(call, error, message) -> None:
    with pytest.raises(error, match=message):
        call()


def test_a_planted_wrong_loss_is_seen() -> None:
    def wrong(p, t):
        return losses.mse(p.detach() if isinstance(p, Value) else p, t) + 0.0 * p

    with pytest.raises(AssertionError, match="some of the dependence is not in the graph"):
        check_gradients(lambda x: wrong(x, 1.0), at=0.5)


def test_a_model_and_its_loss_fit_together() -> None:
    model = nn.MLP(2, [3, 2], rng=0)
    loss = losses.cross_entropy(model([0.5, -1.0]), 1)
    loss.backward()
    assert all(p.has_grad for p in model.parameters())
