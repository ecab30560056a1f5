"""What initialization does is what NumPy computes by hand and theory expects; the captions' numbers are in the data."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from demos import initialization
from tests.demos.written import table

LAYERS, SAMPLES = 3, 200  # of the small lesson
STDS = {"std 1": 1.0, "std 0.01": 0.01, "Xavier": 0.1, "He": 0.1 * np.sqrt(2.0)}  # for 100 inputs
FUNCTIONS = {"sigmoid": lambda z: 1 / (1 + np.exp(-z)), "tanh": np.tanh, "relu": lambda z: np.maximum(z, 0.0)}
SLOPES = {"sigmoid": lambda a: a * (1 - a), "tanh": lambda a: 1 - a**2, "relu": lambda a: 1.0 * (a > 0)}
FLAT = {"sigmoid": "saturated", "tanh": "saturated", "relu": "zero"}
every_network = pytest.mark.parametrize(
    ("activation", "scheme"), [(activation, scheme) for activation in FUNCTIONS for scheme in STDS]
)


@pytest.fixture(scope="module")
def lesson(tmp_path_factory):
    return initialization.main(tmp_path_factory.mktemp("out"), small=True)


def panel(lesson, activation, scheme):
    """The row of each layer in a grid's data: of its bins the first, and the shares of all."""
    rows = table(lesson, activation)
    rows = rows[rows["series"] == scheme]
    return rows[:: len(rows) // LAYERS], rows["share"].reshape(LAYERS, -1)


def norms(lesson, activation, scheme):
    rows = table(lesson, "gradients")
    return rows["norm"][(rows["panel"] == activation) & (rows["series"] == scheme)]


def by_hand(activation, scheme):
    """The outputs of each layer, and the norm of the loss's gradient by them, the mean over the samples."""
    X = np.random.default_rng(0).standard_normal((SAMPLES, 100))
    rng = np.random.default_rng([0, 1])
    weights = [STDS[scheme] * rng.standard_normal((n, 100)) for n in [100] * LAYERS + [1]]
    outputs = [X]
    for W in weights[:-1]:
        outputs.append(FUNCTIONS[activation](outputs[-1] @ W.T))
    logits = (outputs[-1] @ weights[-1].T)[:, 0]
    probability = np.exp(-np.logaddexp(0.0, -logits))
    gradient = (probability - (X.sum(axis=1) > 0))[:, None] @ weights[-1]
    found = [gradient]
    for W, a in zip(weights[-2:0:-1], outputs[:1:-1], strict=True):
        gradient = (gradient * SLOPES[activation](a)) @ W
        found.insert(0, gradient)
    return outputs[1:], [np.linalg.norm(each, axis=1).mean() for each in found]


@every_network
def test_outputs_and_gradients_are_those_of_numpy_by_hand(lesson, activation, scheme):
    outputs, gradients = by_hand(activation, scheme)
    layers, shares = panel(lesson, activation, scheme)
    low, high = {"sigmoid": (0, 1), "tanh": (-1, 1), "relu": (0, 4)}[activation]
    tests = {"zero": lambda a: a == 0, "near_zero": lambda a: np.abs(a) < 0.01}
    tests["saturated"] = lambda a: (a < low + 0.01) | (a > high - 0.01)
    for row, share, a in zip(layers, shares, outputs, strict=True):
        assert row["std"] == pytest.approx(a.std(), rel=1e-9)
        assert row["outside"] == pytest.approx(np.mean(a > high))
        assert share == pytest.approx(np.histogram(a, 40, (low, high))[0] / a.size, abs=2e-4)  # rounding at edges
        for name in {FLAT[activation], *layers.dtype.names} & set(tests):
            assert row[name] == pytest.approx(np.mean(tests[name](a)), abs=1e-4), name
    assert norms(lesson, activation, scheme) == pytest.approx(gradients, rel=1e-8)


@every_network
def test_the_gradient_changes_by_the_factor_that_theory_expects(lesson, activation, scheme):
    """In a wide network sums are normal, of variance n σ² E[a²], and the gradient's square grows by n σ² E[f'(z)²]."""
    z = np.linspace(-10, 10, 100_001)
    often = np.exp(-(z**2) / 2) / np.exp(-(z**2) / 2).sum()
    scale = 10 * STDS[scheme]
    std, expected = scale, []
    for _ in range(LAYERS):
        a = FUNCTIONS[activation](std * z)
        expected.append(scale * np.sqrt((often * SLOPES[activation](a) ** 2).sum()))
        std = scale * np.sqrt((often * a**2).sum())
    found = norms(lesson, activation, scheme)
    assert found[:-1] / found[1:] == pytest.approx(expected[1:], rel=0.25)
    if activation == "relu":
        assert expected == pytest.approx([scale / np.sqrt(2)] * LAYERS, rel=1e-3)  # half of the slopes are 1


def test_with_relu_he_is_xavier_times_the_root_of_two_a_layer(lesson):
    xavier, he = (panel(lesson, "relu", scheme)[0] for scheme in ("Xavier", "He"))
    assert he["std"] / xavier["std"] == pytest.approx(2 ** (np.arange(1, LAYERS + 1) / 2))
    assert he["zero"].tolist() == xavier["zero"].tolist()
    deep = table(lesson, "deep")
    xavier, he = (deep["norm"][deep["series"] == scheme] for scheme in ("Xavier", "He"))
    assert he / xavier == pytest.approx(2 ** (np.arange(1, len(he) + 1) / 2))
    # the second moment of a relu layer's outputs is that of its inputs times n σ² / 2 on average
    assert 0.6 < (xavier[-1] / xavier[0]) ** (1 / (len(xavier) - 1)) / np.sqrt(0.5) < 1.4


def test_the_claims_of_the_notes(lesson):
    assert lesson.claims == {
        "crowded": True,
        "vanishing": False,  # the norm stays: see the factor that theory expects, 0.98 to 0.99
        "zeros": True,
        "xavier_sigmoid": True,
        "xavier_tanh": True,
        "xavier_relu": True,
        "he_relu": True,
    }
    assert 0.4 < lesson.measured["crowded_least"] < lesson.measured["crowded_most"] < 0.7
    assert lesson.measured["tanh_std001_near_zero"] > 0.99
    assert 0.5 < lesson.measured["sigmoid_std1_gradient"] < 2.0
    assert lesson.measured["sigmoid_xavier_gradient"] < 0.1
    assert lesson.measured["xavier_left"] < 0.1 < 0.5 < lesson.measured["he_left"] < 2.0


def test_its_numbers_are_those_of_its_data(lesson):
    keys = {"std 1": "std1", "std 0.01": "std001", "Xavier": "xavier", "He": "he"}
    wanted = {}
    for row in table(lesson, "networks"):
        activation, scheme = row["activation"], row["init"]
        name = f"{activation}_{keys[scheme]}"
        layers, _ = panel(lesson, activation, scheme)
        found = norms(lesson, activation, scheme)
        wanted |= {
            f"{name}_std_first": layers["std"][0],
            f"{name}_std_last": layers["std"][-1],
            f"{name}_flat": layers[FLAT[activation]][-1],
            f"{name}_gradient": found[0] / found[-1],
            f"{name}_signal": row["signal"],
            f"{name}_near_zero": row["near_zero"],
        }
        assert row["signal"] == pytest.approx(by_hand(activation, scheme)[0][-1].std(axis=0).mean(), rel=1e-8)
        if "near_zero" in layers.dtype.names:
            assert row["near_zero"] == layers["near_zero"][-1]
    crowded, tanh = panel(lesson, "sigmoid", "std 1")[0], panel(lesson, "tanh", "std 0.01")[0]
    wanted |= {"crowded_least": crowded["saturated"].min(), "crowded_most": crowded["saturated"].max()}
    wanted |= {f"near_zero_{k}": tanh["near_zero"][k - 1] for k in (1, 2, 3)}
    deep = table(lesson, "deep")
    left = {scheme: deep["norm"][deep["series"] == scheme] for scheme in ("Xavier", "He")}
    wanted |= {"layers": len(left["He"]), "xavier_left": left["Xavier"][-1] / left["Xavier"][0]}
    wanted["he_left"] = left["He"][-1] / left["He"][0]
    assert lesson.measured == pytest.approx(wanted, rel=1e-12)


def test_the_verdicts_follow_from_the_numbers(lesson):
    verdicts = {(row["activation"], row["init"]): row["verdict"] for row in table(lesson, "networks")}
    assert [verdicts["sigmoid", scheme] for scheme in STDS] == ["saturated", "lost", "kept", "kept"]
    assert [verdicts["tanh", scheme] for scheme in STDS] == ["saturated", "lost", "kept", "kept"]
    assert [verdicts["relu", scheme] for scheme in STDS] == ["explodes", "lost", "kept", "kept"]
