"""What is accepted as data, and the words in which the rest is refused."""

import numpy as np
import pytest

from autograd.data import Samples, Standardizer, standardize
from autograd.errors import ShapeError

NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("X", "Y", "error", "text"),
    [
        ([[1, NAN]], [0], ValueError, "X is nan in row 0, column 1, counted from 0"),
        ([[1, 2], [INF, NAN]], [0, 1], ValueError, "X is inf in row 1, column 0 (and 1 more)"),
        ([1.0, 2.0], [0, -INF], ValueError, "Y is -inf in row 1, counted"),
        ([1, 2, 3], [1, 2], ShapeError, "X has 3 samples and Y has 2 targets"),
        ([], [], ShapeError, "X and Y are empty"),
        ([[1, 2], [3]], [0, 1], ShapeError, "X has rows of different lengths"),
        (np.zeros((2, 3, 3)), [0, 1], ShapeError, "got (2, 3, 3)"),
        (5.0, [0], ShapeError, "X must have shape (samples,) or (samples, entries), got ()"),
        (["a", "b"], [0, 1], TypeError, "X must hold real numbers, got an array of dtype <U1"),
        ([1j], [0], TypeError, "dtype complex128"),
        ([None], [0], TypeError, "dtype object, as in None"),
        (np.zeros((2, 0)), [0, 1], ShapeError, "its samples have no entries"),
    ],
)
def test_samples_refuse(X, Y, error, text):
    with pytest.raises(error) as caught:
        Samples.of(X, Y)
    assert text in str(caught.value)


def test_inputs_are_floats_and_integer_targets_stay_integers():
    samples = Samples.of([[1, 2], [3, 4]], [True, False])
    assert samples.X.dtype == np.float64
    assert samples.Y.tolist() == [1, 0]
    assert samples.Y.dtype == np.int64
    assert Samples.of([1], np.float32([0.5])).Y.dtype == np.float64


def test_samples_are_copies():
    X, Y = np.zeros((2, 2)), np.zeros(2)
    samples = Samples.of(X, Y)
    X[:], Y[:] = 7, 7
    assert samples.X.tolist() == [[0, 0], [0, 0]]
    assert samples.Y.tolist() == [0, 0]


def test_standardized_columns_have_mean_0_and_deviation_1_and_come_back():
    X = np.random.default_rng(0).normal([3, -100, 1e6], [2, 1e-3, 1e4], (500, 3))
    scaler = Standardizer.of(X)
    Z = scaler(X)
    assert np.allclose(Z.mean(axis=0), 0, atol=1e-8)
    assert np.allclose(Z.std(axis=0), 1)
    assert np.allclose(scaler.inverse(Z), X, rtol=1e-14)


def test_other_sets_are_mapped_by_the_training_set():
    train, test = standardize([[0.0], [2.0]], [[4.0]])
    assert train.tolist() == [[-1], [1]]
    assert test.tolist() == [[3]]


def test_a_column_of_equal_numbers_is_only_shifted():
    # Its deviation is not exactly 0 in floating point, and dividing by that would blow rounding up to 1.
    for n in (3, 10, 49):
        X = np.full((n, 1), 0.1)
        assert Standardizer.of(X).scale.tolist() == [1.0]
        assert standardize(X)[0].tolist() == [[0.0]] * n


def test_another_number_of_columns_is_refused():
    with pytest.raises(ShapeError, match=r"made from samples of shape \(n, 2\), got \(1, 3\)"):
        Standardizer.of([[1.0, 2.0]])([[1.0, 2.0, 3.0]])
    with pytest.raises(ShapeError, match="X is empty"):
        Standardizer.of([])
