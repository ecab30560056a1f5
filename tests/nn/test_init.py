"""Initializers: their moments against the published formulas, their two ways of being called, their errors."""

import copy
import math
import pickle

import numpy as np
import pytest

from autograd import ShapeError, nn
from autograd.nn import init

# (scheme, standard deviation for nin = 50 and nout = 200, whether it is uniform), worked out by hand.
SCHEMES = [
    (init.normal, 1.0, False),
    (init.normal(std=0.01), 0.01, False),
    (init.xavier, 0.1414213562373095, False),  # 1 / sqrt(50)
    (init.glorot_normal, 0.08944271909999159, False),  # sqrt(2 / 250)
    (init.glorot_uniform, 0.08944271909999159, True),
    (init.xavier_normal, 0.08944271909999159, False),
    (init.xavier_uniform(gain=2.0), 0.17888543819998318, True),
    (init.kaiming_normal, 0.2, False),
    (init.kaiming_uniform, 0.2, True),
    (init.kaiming_uniform(gain=1.0), 0.1414213562373095, True),
    (init.he, 0.2, False),  # sqrt(2 / 50)
    (init.he_normal, 0.2, False),
    (init.he_uniform, 0.2, True),
    (init.uniform(low=-3.0, high=3.0), 1.7320508075688772, True),  # 6 / sqrt(12)
    (init.zeros, 0.0, True),
]
IDS = [f"{i}-{scheme!r}" for i, (scheme, _, _) in enumerate(SCHEMES)]


@pytest.mark.parametrize(("scheme", "std", "is_uniform"), SCHEMES, ids=IDS)
def test_moments_are_those_of_the_formula(scheme: init.Initializer, std: float, is_uniform: bool) -> None:
    draws = scheme(50, 200, rng=1)
    n = draws.size
    assert draws.shape == (200, 50)
    assert draws.dtype == np.float64
    assert abs(draws.mean()) <= 5 * std / math.sqrt(n)
    # Var(s²) of n draws is (kurtosis - 1) σ⁴ / n: kurtosis 3 for the normal, 9/5 for the uniform distribution.
    kurtosis = 1.8 if is_uniform else 3.0
    assert abs(draws.var() - std**2) <= 5 * std**2 * math.sqrt((kurtosis - 1) / n)
    fourth = np.mean((draws / std) ** 4) if std else kurtosis
    assert fourth == pytest.approx(kurtosis, abs=0.35)
    if is_uniform:
        assert np.abs(draws).max() <= math.sqrt(3.0) * std
    rng = np.random.default_rng(1)
    standard = math.sqrt(12) * (rng.random((200, 50)) - 0.5) if is_uniform else rng.standard_normal((200, 50))
    np.testing.assert_allclose(draws, std * standard, rtol=1e-14, atol=1e-15 * std)


def test_a_uniform_with_another_middle() -> None:
    draws = init.uniform(1000, 10, low=2.0, high=4.0, rng=3)
    assert draws.min() >= 2.0
    assert draws.max() < 4.0
    assert abs(draws.mean() - 3.0) <= 5 * (2 / math.sqrt(12)) / 100


@pytest.mark.parametrize("name", init.INITIALIZERS)
def test_same_seed_same_bytes_and_a_generator_goes_on(name: str) -> None:
    scheme = init.by_name(name)
    assert scheme(3, 4, rng=7).tobytes() == scheme(3, 4, rng=7).tobytes()
    rng = np.random.default_rng(7)
    first, second = scheme(3, 4, rng=rng), scheme(3, 4, rng=rng)
    assert first.tobytes() == scheme(3, 4, rng=7).tobytes()
    if name != "zeros":
        assert not np.array_equal(first, second)
        assert not np.array_equal(scheme(3, 4), scheme(3, 4)), "None must draw fresh entropy"


def test_the_global_generator_is_not_touched() -> None:
    before = np.random.get_state()[1].tobytes()  # noqa: NPY002 (it is what must not move)
    nn.MLP(2, [4, 1])
    nn.Dropout(0.5)([1.0, 2.0])
    assert np.random.get_state()[1].tobytes() == before  # noqa: NPY002


@pytest.mark.parametrize("name", init.INITIALIZERS)
def test_copies_are_the_same_scheme(name: str) -> None:
    scheme = init.by_name(name)
    for twin in (copy.deepcopy(scheme), pickle.loads(pickle.dumps(scheme))):
        assert twin(2, 3, rng=0).tobytes() == scheme(2, 3, rng=0).tobytes()
    assert pickle.loads(pickle.dumps(init.normal(std=0.5))).constants == {"std": 0.5}
    assert len(scheme.doc) > 5


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: init.by_name("kaiming"),
            ValueError,
            "'kaiming' is not an initializer; known: normal, uniform, zeros, xavier, glorot_normal, glorot_uniform, "
            "he_normal, he, he_uniform",
        ),
        (lambda: init.he(3), TypeError, "init.he_normal needs both sizes, nin and nout, got nin=3, nout=None"),
        (lambda: init.he(rng=0), TypeError, "init.he_normal got an rng but no sizes"),
        (lambda: init.he(0, 2), ValueError, "nin must be at least 1, got 0"),
        (lambda: init.he(2, 1.5), TypeError, "nout must be a whole number, got float: 1.5"),
        (lambda: init.he(2, True), TypeError, "nout must be a whole number, got bool: True"),
        (lambda: init.he(std=1.0), TypeError, "init.he_normal has no constant std; it has: none"),
        (lambda: init.normal(sd=1.0), TypeError, "init.normal has no constant sd; it has: std"),
        (lambda: init.normal(std=-1.0), ValueError, "a standard deviation is a finite number from 0 on, got std=-1.0"),
        (lambda: init.normal(std=math.nan), ValueError, "from 0 on, got std=nan"),
        (lambda: init.normal(std="1"), TypeError, "std of init.normal holds a real number, got str: '1'"),
        (lambda: init.uniform(low=2.0), ValueError, "finite bounds with low <= high, got low=2.0, high=1.0"),
        (lambda: init.he(2, 2, rng="x"), TypeError, "rng must be a seed .* or None, got 'x'; write rng=0"),
        (lambda: init.he(2, 2, rng=-1), TypeError, "rng must be a seed .* got -1"),
        (lambda: init.he(2, 2, rng=True), TypeError, "rng must be a seed .* got True"),
    ],
)
def test_errors_say_what_and_the_cure(call, error, message) -> None:
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize("make", [nn.Neuron, lambda nin, **named: nn.Layer(nin, 1, **named)])
@pytest.mark.parametrize(
    ("activation", "gain"),
    [
        *((name, 2.0) for name in ("relu", "leaky_relu", "elu", "gelu", "silu", "softplus")),
        *((name, 1.0) for name in ("sigmoid", "tanh")),
        (abs, 1.0),
        (nn.LeakyReLU(0.3), 2.0),
        (nn.Tanh, 1.0),
    ],
)
def test_default_is_he_for_the_relu_family_and_xavier_otherwise(make, activation, gain) -> None:
    layer = make(4000, activation=activation, rng=5)
    linear = make(4000, activation=activation, nonlin=False, rng=5)
    for module, variance in ((layer, gain / 4000), (linear, 1 / 4000)):
        drawn = np.array([p.data for p in module.parameters()[:-1]])
        assert drawn.var() == pytest.approx(variance, rel=5 * math.sqrt(2 / 4000))
        assert module.parameters()[-1].data == 0.0, "the bias starts at 0"


def test_init_by_name_callable_and_array() -> None:
    assert np.array_equal(nn.Linear(2, 3, init="he", rng=0).state_dict()["weight"], init.he(2, 3, rng=0))
    seen = []

    def mine(nin, nout, rng):
        seen.append((nin, nout, rng))
        return np.full((nout, nin), 0.25)

    rng = np.random.default_rng(0)
    assert nn.MLP(2, [3, 1], init=mine, rng=rng).parameters()[0].data == 0.25
    assert seen == [(2, 3, rng), (3, 1, rng)]
    with pytest.raises(ShapeError, match=r"need the shape \(nout, nin\) = \(3, 2\), but init=\[1.0\] gives \(1,\)"):
        nn.Linear(2, 3, init=[1.0])


def test_an_mlp_draws_its_weights_layer_by_layer_neuron_by_neuron() -> None:
    rng = np.random.default_rng(11)
    numbers = [p.data for p in nn.MLP(3, [4, 2], rng=11).parameters()]
    hidden = math.sqrt(2 / 3) * rng.standard_normal((4, 3))
    last = math.sqrt(1 / 4) * rng.standard_normal((2, 4))
    expected = [x for rows in (hidden, last) for row in rows for x in (*row, 0.0)]
    assert numbers == pytest.approx(expected, rel=1e-15)
    assert [p.data for p in nn.MLP(3, [4, 2], rng=11).parameters()] == numbers
    assert [p.data for p in nn.MLP(3, [4, 2]).parameters()] != numbers
