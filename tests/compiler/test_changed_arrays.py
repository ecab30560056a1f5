"""Arrays that change between two calls, in every way that NumPy has. Never a crash, never an older result."""

import gc
import subprocess
import sys
import weakref

import numpy as np

MUTATIONS = """
import faulthandler, gc, sys
import numpy as np
from autograd import ShapeError, compile

faulthandler.enable()
WEIGHTS = np.array([2.0, -3.0, 0.5])
other = np.arange(1200.0).reshape(400, 3)

def resized(Z, shape):
    Z.resize(shape, refcheck=False)
    Z[:] = 1.0
    return Z

def reshaped(Z, shape):
    Z.shape = shape
    return Z

def retyped(Z, dtype):
    Z.dtype = dtype
    return Z

def swapped(Z):
    Z.__setstate__((1, (5, 3), np.dtype(float), False, np.arange(15.0).tobytes()))
    return Z

def reordered(Z):
    Z.__setstate__((1, (400, 3), np.dtype(float), True, np.arange(1200.0).tobytes()))  # Fortran's order
    return Z

def freed(Z):
    Z.resize((0, 3), refcheck=False)
    junk = [np.full((400, 3), np.nan) for _ in range(20)]
    return Z

def at_the_same_place(Z):
    place = id(Z)
    del Z
    for _ in range(1000):
        fresh = np.full((7, 3), 2.0)
        if id(fresh) == place:
            return fresh
    return fresh

MUTATIONS = {
    "resized smaller": lambda Z: resized(Z, (2, 3)),
    "resized larger": lambda Z: resized(Z, (40_000, 3)),
    "resized to other columns": lambda Z: resized(Z, (600, 2)),
    "resized to one dimension": lambda Z: resized(Z, (3,)),
    "reshaped to other columns": lambda Z: reshaped(Z, (300, 4)),
    "reshaped to one dimension": lambda Z: reshaped(Z, (1200,)),
    "reshaped to three dimensions": lambda Z: reshaped(Z, (400, 3, 1)),
    "retyped to integers": lambda Z: retyped(Z, np.int64),
    "retyped to complex": lambda Z: retyped(reshaped(Z, (200, 6)), np.complex128),
    "retyped to float32": lambda Z: retyped(Z, np.float32),
    "retyped to bytes in another order": lambda Z: retyped(Z.byteswap(inplace=True), Z.dtype.newbyteorder()),
    "retyped to dates": lambda Z: retyped(Z, "M8[s]"),
    "memory swapped": swapped,
    "memory reordered": reordered,
    "memory freed": freed,
    "another at the same place": at_the_same_place,
}

def outcome(call):
    try:
        return call()
    except (ShapeError, TypeError, ValueError) as error:
        return type(error).__name__

wrong = []
for name, mutate in MUTATIONS.items():
    program = compile(lambda x: sum(a * b for a, b in zip(WEIGHTS.tolist(), x)), backend=sys.argv[1])
    calls = [program, lambda Z: np.full(len(Z), program.backward(Z)), lambda Z: program.gradients(Z)[0] @ WEIGHTS]
    oracles = [lambda N: N @ WEIGHTS, lambda N: np.full(len(N), (N @ WEIGHTS).mean()),
               lambda N: np.full(len(N), WEIGHTS @ WEIGHTS)]
    for number, (call, oracle) in enumerate(zip(calls, oracles)):
        Z = np.random.default_rng(0).normal(size=(400, 3))
        assert np.allclose(call(Z), oracle(Z))
        Z = mutate(Z)
        gc.collect()
        found = outcome(lambda: call(Z))
        numbers = np.array(Z, dtype=float) if Z.dtype.kind in "fi" else Z
        fits = numbers.shape[1:] == (3,) and len(numbers) and numbers.dtype == float and np.isfinite(numbers).all()
        good = np.allclose(found, oracle(numbers)) if fits and not isinstance(found, str) else fits == (
            not isinstance(found, str))
        if not good:
            wrong.append((name, number, found))
        assert np.allclose(call(other), oracle(other)), (name, "leaves the program unusable")
print(wrong)
"""


def test_arrays_that_change_between_calls(backend):
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", MUTATIONS, backend], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


def test_nothing_of_an_array_is_kept(linear):
    program = linear.program
    X, Y = np.ones((4, 3)), np.ones(4)
    counted = sys.getrefcount(X)
    for call in (program, program.backward, program.gradients):
        call(X, Y)
        call(X.astype(np.float32), Y)
    assert sys.getrefcount(X) == counted
    gone = weakref.ref(X)
    del X
    gc.collect()
    assert gone() is None


def test_results_are_nobody_elses(linear):
    program = linear.program
    X, Y = np.random.default_rng(0).normal(size=(5, 3)), np.zeros(5)
    for call in (program, lambda *data: program.gradients(*data)[0], lambda *data: program.gradients(*data)[1]):
        first = call(X, Y)
        kept = first.copy()
        second = call(2.0 * X, Y)
        assert not np.shares_memory(first, second)
        np.testing.assert_array_equal(first, kept)
        first[:] = np.nan
        np.testing.assert_array_equal(call(X, Y), kept)


def test_numbers_that_change_in_place_are_seen(linear):
    X, Y = np.ones((4, 3)), np.zeros(4)
    for factor in (1.0, -2.0, 7.0):
        X[:] = factor
        linear.assert_right(X, Y, np.full((4, 3), factor), Y)
