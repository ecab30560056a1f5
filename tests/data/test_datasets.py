"""The toy sets, against scikit-learn where it has the same, and against geometry."""

import sys

import numpy as np
import pytest

from autograd.data import blobs, circles, digits, moons, spiral

DRAWN = [moons, circles, blobs, spiral]


@pytest.mark.parametrize("make", DRAWN)
@pytest.mark.parametrize("n", [2, 3, 100, 101])
def test_shapes_types_and_balance(make, n):
    X, Y = make(n, rng=0)
    assert (X.shape, X.dtype) == ((n, 2), np.float64)
    assert (Y.shape, Y.dtype) == ((n,), np.int64)
    counts = np.bincount(Y)
    assert len(counts) == 2
    assert counts.max() - counts.min() <= 1


@pytest.mark.parametrize("make", DRAWN)
def test_the_same_seed_gives_the_same_bytes(make):
    assert make(30, rng=5)[0].tobytes() == make(30, rng=5)[0].tobytes()
    assert make(30, rng=5)[0].tobytes() != make(30, rng=6)[0].tobytes()
    assert make(30, rng=np.random.default_rng(5))[0].tobytes() == make(30, rng=5)[0].tobytes()


@pytest.mark.parametrize("n", [10, 11])
def test_moons_and_circles_are_those_of_scikit_learn(n):
    datasets = pytest.importorskip("sklearn.datasets")
    for ours, theirs in (
        (moons(n, noise=0.0), datasets.make_moons(n, shuffle=False)),
        (circles(n, noise=0.0, factor=0.3), datasets.make_circles(n, shuffle=False, factor=0.3)),
    ):
        assert np.allclose(ours[0], theirs[0], atol=1e-15)
        assert ours[1].tolist() == theirs[1].tolist()


def test_noise_is_the_standard_deviation():
    X, Y = blobs(20_000, centers=[[1, 2], [-3, 4], [0, 0]], noise=0.25, rng=0)
    for label, center in enumerate([[1, 2], [-3, 4], [0, 0]]):
        cloud = X[label == Y]
        assert np.allclose(cloud.mean(axis=0), center, atol=0.02)
        assert np.allclose(cloud.std(axis=0), 0.25, atol=0.01)


def test_a_spiral_winds_outwards():
    X, Y = spiral(300, arms=3, turns=2.0, noise=0.0)
    for arm in range(3):
        x, y = X[arm == Y].T
        radius = np.hypot(x, y)
        angle = np.unwrap(np.arctan2(y, x))
        assert np.allclose(radius, np.arange(1, 101) / 100)
        assert np.allclose(np.diff(angle), 2 * np.pi * 2 / 100)
    ends = np.array([0, 1, 2]) * 2 * np.pi / 3  # they leave the middle in all directions
    assert np.allclose(X[99::100], np.stack([np.cos(ends), np.sin(ends)], axis=1))


def test_digits_are_real_images():
    pytest.importorskip("sklearn")
    X, Y = digits()
    assert (X.shape, Y.shape) == ((1797, 64), (1797,))
    assert (X.min(), X.max()) == (0.0, 1.0)
    assert np.bincount(Y).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


def test_digits_without_scikit_learn_name_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(ImportError, match=r'pip install "glassgrad\[demos\]"'):
        digits()


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: moons(1), "n, the number of samples, must be at least 2, got 1"),
        (lambda: moons(10, noise=-1), "noise is a standard deviation"),
        (lambda: blobs(10, noise=float("nan")), "noise is a standard deviation"),
        (lambda: circles(10, factor=1.0), "factor must be in [0, 1)"),
        (lambda: blobs(10, centers=[1, 2]), "centers must have shape (c, 2)"),
        (lambda: spiral(10, arms=0), "arms must be at least 1"),
    ],
)
def test_bad_arguments(call, text):
    with pytest.raises(ValueError) as caught:
        call()
    assert text in str(caught.value)
