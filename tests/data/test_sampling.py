"""Batches and splits: nothing lost, nothing twice, the same seed the same bytes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd.data import batches, split
from autograd.errors import ShapeError

SEEDS = st.integers(0, 2**32 - 1)


@given(st.integers(1, 200), st.integers(1, 70), SEEDS)
def test_batches_partition_the_samples_and_only_the_last_is_smaller(n, size, seed):
    found = list(batches(n, size, rng=seed))
    assert sorted(np.concatenate(found).tolist()) == list(range(n))
    assert [len(b) for b in found[:-1]] == [size] * (len(found) - 1)
    assert 1 <= len(found[-1]) <= size


@given(st.integers(1, 60), st.integers(1, 9), SEEDS)
def test_batches_of_arrays_keep_rows_together_and_follow_the_seed(n, size, seed):
    X, Y = np.arange(2 * n).reshape(n, 2), np.arange(n)
    order = np.concatenate(list(batches(n, size, rng=seed)))
    pairs = list(batches((X, Y), size, rng=seed))
    assert np.concatenate([y for _, y in pairs]).tolist() == order.tolist()
    assert np.array_equal(np.concatenate([x for x, _ in pairs]), X[order])


def test_a_generator_goes_on_so_that_epochs_differ():
    rng = np.random.default_rng(3)
    first, second = (np.concatenate(list(batches(50, 10, rng=rng))) for _ in range(2))
    assert first.tolist() != second.tolist()
    assert first.tolist() == np.concatenate(list(batches(50, 10, rng=3))).tolist()


def test_without_a_size_there_is_one_batch():
    assert [b.tolist() for b in batches(3, shuffle=False)] == [[0, 1, 2]]


@pytest.mark.parametrize(
    ("data", "size", "error", "text"),
    [
        (0, 1, ValueError, "batches: the number of samples must be at least 1, got 0"),
        (5, 0, ValueError, "batches: batch_size must be at least 1, got 0"),
        (5, 2.0, TypeError, "batches: batch_size must be a whole number, got float: 2.0"),
        (5, True, TypeError, "batches: batch_size must be a whole number, got bool: True"),
        ((np.zeros(3), np.zeros(4)), 2, ShapeError, "must have one number of samples, got the shapes (3,), (4,)"),
        ((), 2, ShapeError, "there are no arrays"),
        ((1.0, 2.0), 1, ShapeError, "got the shapes (), ()"),
    ],
)
def test_batches_refuse_at_the_call(data, size, error, text):
    with pytest.raises(error) as caught:
        batches(data, size)
    assert text in str(caught.value)


@given(st.integers(2, 120), st.floats(0.01, 0.99), SEEDS, st.booleans())
def test_a_split_partitions_the_samples(n, fraction, seed, stratify):
    X = np.arange(n)
    Y = X % 3
    X_train, X_test, Y_train, Y_test = split(X, Y, fraction, rng=seed, stratify=stratify)
    assert sorted([*X_train, *X_test]) == list(range(n))
    assert np.array_equal(X_train % 3, Y_train)
    assert np.array_equal(X_test % 3, Y_test)
    assert len(X_test) == min(max(round(fraction * n), 1), n - 1)
    again = split(X, Y, fraction, rng=seed, stratify=stratify)
    assert all(a.tobytes() == b.tobytes() for a, b in zip((X_train, X_test, Y_train, Y_test), again, strict=True))


@given(st.lists(st.integers(0, 3), min_size=4, max_size=100), st.floats(0.1, 0.9), SEEDS)
def test_a_stratified_split_keeps_shares_to_within_one_sample(classes, fraction, seed):
    Y = np.array(classes)
    _, _, _, Y_test = split(np.zeros((len(Y), 2)), Y, fraction, rng=seed, stratify=True)
    for each in set(classes):
        share = len(Y_test) * np.mean(each == Y)
        assert abs(np.sum(each == Y_test) - share) < 1


@pytest.mark.parametrize("fraction", [0, 1, -0.5, 1.5, "0.5", True, float("nan")])
def test_a_fraction_lies_strictly_between_0_and_1(fraction):
    with pytest.raises(ValueError, match="split: fraction must be a number between 0 and 1"):
        split([1, 2], [1, 2], fraction)


@pytest.mark.parametrize(
    ("X", "Y", "stratify", "text"),
    [
        ([1, 2, 3], [1, 2], False, "X has the shape (3,) and Y has (2,)"),
        ([1], [1], False, "nothing to split in 1 samples"),
        ([1, 2], [[1], [2]], True, "stratify needs one class a sample"),
    ],
)
def test_a_split_refuses_what_does_not_fit(X, Y, stratify, text):
    with pytest.raises(ShapeError) as caught:
        split(X, Y, 0.5, rng=0, stratify=stratify)
    assert text in str(caught.value)


@pytest.mark.parametrize("draw", [lambda rng: batches(3, rng=rng), lambda rng: split([1, 2], [1, 2], rng=rng)])
def test_randomness_is_a_seed_or_a_generator(draw):
    with pytest.raises(TypeError, match=r"rng must be a seed .*, got '0'; write rng=0"):
        draw("0")
