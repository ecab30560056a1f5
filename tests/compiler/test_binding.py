"""Arrays in: every kind, changed in every way between two calls. Never a crash, never an older result."""

import array as arrays_of_python
import gc
import itertools
import signal
import subprocess
import sys
import threading
import weakref
from types import SimpleNamespace

import numpy as np
import pytest

from autograd import NonFiniteError, Parameter, ShapeError, TraceError, Value, nn, optim, scope
from autograd.compiler import compile
from autograd.compiler.backend import Failure, is_plain
from autograd.compiler.lower import lower
from autograd.compiler.numpy_backend import NumpyBackend
from autograd.compiler.tape import InputArray
from autograd.compiler.trace import trace

BACKEND = "numpy"
WEIGHTS = np.array([2.0, -3.0, 0.5])


@pytest.fixture(params=["numpy", "llvm"], autouse=True)
def each_backend(request, monkeypatch):
    """Every test here runs on both backends."""
    if request.param == "llvm":
        pytest.importorskip("llvmlite")
    monkeypatch.setitem(globals(), "BACKEND", request.param)


def linear():
    """A program of w·x - y and its weights; NumPy's `X @ WEIGHTS - Y` is the oracle."""
    w = Parameter.many(WEIGHTS)
    return compile(lambda x, y: sum(a * b for a, b in zip(w, x, strict=True)) - y, backend=BACKEND), w


def assert_right(program, w, X, Y, numbers, targets):
    """All three goals on X and Y equal what NumPy computes of the plain numbers."""
    for p in w:
        p.zero_grad()
    results = numbers @ WEIGHTS - targets
    np.testing.assert_allclose(program(X, Y), results, rtol=1e-12, atol=1e-12)
    assert program.backward(X, Y) == pytest.approx(results.mean(), rel=1e-12, abs=1e-12)
    np.testing.assert_allclose([p.grad for p in w], numbers.mean(0), rtol=1e-12, atol=1e-12)
    dx, dy = program.gradients(X, Y)
    np.testing.assert_array_equal(dx, np.tile(WEIGHTS, (len(numbers), 1)))
    np.testing.assert_array_equal(dy, -np.ones(len(numbers)))


# Arrays that change between two calls

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


def test_arrays_that_change_between_calls():
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", MUTATIONS, BACKEND], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


def test_nothing_of_an_array_is_kept():
    program, _ = linear()
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


def test_results_are_nobody_elses():
    program, _ = linear()
    X, Y = np.random.default_rng(0).normal(size=(5, 3)), np.zeros(5)
    for call in (program, lambda *data: program.gradients(*data)[0], lambda *data: program.gradients(*data)[1]):
        first = call(X, Y)
        kept = first.copy()
        second = call(2.0 * X, Y)
        assert not np.shares_memory(first, second)
        np.testing.assert_array_equal(first, kept)
        first[:] = np.nan
        np.testing.assert_array_equal(call(X, Y), kept)


def test_numbers_that_change_in_place_are_seen():
    program, w = linear()
    X, Y = np.ones((4, 3)), np.zeros(4)
    for factor in (1.0, -2.0, 7.0):
        X[:] = factor
        assert_right(program, w, X, Y, np.full((4, 3), factor), Y)


# Every kind of argument


class Frame:
    """Gives its numbers by `__array__` and has a length, as a DataFrame."""

    def __init__(self, numbers):
        self.numbers = numbers

    def __len__(self):
        return len(self.numbers)

    def __array__(self, dtype=None, copy=None):
        return np.asfortranarray(self.numbers)


class Subclass(np.ndarray):
    """An ndarray of one's own."""

    def __len__(self):
        return 1_000_000


def unaligned(numbers):
    room = np.zeros(numbers.nbytes + 1, dtype=np.uint8)[1:]
    moved = room.view(np.float64).reshape(numbers.shape)
    moved[:] = numbers
    return moved


def read_only(numbers):
    numbers.flags.writeable = False
    return numbers


def memory_mapped(numbers, folder):
    mapped = np.memmap(folder / "numbers", dtype=np.float64, mode="w+", shape=numbers.shape)
    mapped[:] = numbers
    return mapped


def broadcast(numbers):
    return np.broadcast_to(numbers[:1], numbers.shape)


KINDS = {
    "plain": lambda X, _: X,
    "read-only": lambda X, _: read_only(X),
    "Fortran's order": lambda X, _: np.asfortranarray(X),
    "every second row": lambda X, _: np.repeat(X, 2, axis=0)[::2],
    "backwards": lambda X, _: X[::-1],
    "part of the columns": lambda X, _: np.concatenate([X, X], axis=-1)[..., 1 : 1 + X.shape[-1]],
    "broadcast": lambda X, _: broadcast(X),
    "picked": lambda X, _: X[[3, 3, 0]],
    "unaligned": lambda X, _: unaligned(X),
    "other byte order": lambda X, _: X.astype(X.dtype.newbyteorder()),
    "subclass": lambda X, _: X.view(Subclass),
    "matrix": lambda X, _: X.view(np.matrix) if X.ndim == 2 else X,
    "memory map": memory_mapped,
    "mask without gaps": lambda X, _: np.ma.masked_array(X, mask=False),
    "float16": lambda X, _: X.astype(np.float16),
    "float32": lambda X, _: X.astype(np.float32),
    "long double": lambda X, _: X.astype(np.longdouble),
    "int8": lambda X, _: X.astype(np.int8),
    "int64": lambda X, _: X.astype(np.int64),
    "uint16": lambda X, _: np.abs(X).astype(np.uint16),
    "bool": lambda X, _: X > 0,
    "list": lambda X, _: X.tolist(),
    "tuple": lambda X, _: tuple(map(tuple, X.tolist())) if X.ndim == 2 else tuple(X.tolist()),
    "list of integers": lambda X, _: X.astype(int).tolist(),
    "list of NumPy's numbers": lambda X, _: [list(row) for row in X] if X.ndim == 2 else list(X),
    "list of rows": lambda X, _: list(X),
    "memoryview": lambda X, _: memoryview(X),
    "of __array__": lambda X, _: Frame(X),
    "array of Python": lambda X, _: arrays_of_python.array("d", X) if X.ndim == 1 else X,
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_array(kind, tmp_path):
    program, w = linear()
    rng = np.random.default_rng(1)
    for number, samples in enumerate((6, 6, 4, 9)):
        X, Y = rng.integers(-9, 9, (samples, 3)) * 0.5, rng.integers(-9, 9, samples) * 0.25
        (tmp_path / str(number)).mkdir()
        given = [KINDS[kind](data, tmp_path / str(number)) for data in (X.copy(), Y.copy())]
        numbers = [np.array(data, dtype=np.float64) for data in given]
        assert_right(program, w, *given, *numbers)
        assert_right(program, w, X, Y, X, Y)


def test_numbers_of_samples_come_and_go():
    """Whatever kernels are made or chosen, and in whatever order the sizes come."""
    model = nn.MLP(3, [9, 2], rng=0)
    program = compile(lambda x: sum(model(x)), backend=BACKEND)
    data = np.random.default_rng(2).normal(size=(300, 3))
    expected = compile(lambda x: sum(model(x)), backend="numpy")(data)
    for samples in np.random.default_rng(3).permutation([*range(1, 60), 100, 200, 300]):
        np.testing.assert_allclose(program(data[:samples]), expected[:samples], rtol=1e-11)
        loss = program.backward(data[-samples:])
        assert loss == pytest.approx(expected[-samples:].mean(), rel=1e-11)


def test_more_sizes_than_are_kept(monkeypatch):
    monkeypatch.setattr("autograd.compiler.binding._SIZES", 3)
    program = compile(lambda x: x * 2.0, backend=BACKEND)
    for samples in itertools.chain(range(1, 12), range(11, 0, -1)):
        assert program(np.arange(float(samples))).tolist() == [2.0 * k for k in range(samples)]


def test_the_gradient_itself_as_data():
    w = Parameter.many([1.0, 2.0])
    program = compile(lambda x: w[0] * x + w[1] * x * x, backend=BACKEND)
    for p, gradient in zip(w, (3.0, 5.0), strict=True):
        p.grad = gradient
    program.backward(w[0].store.grad)
    np.testing.assert_allclose(w[0].store.grad, [3.0 + 4.0, 5.0 + 17.0], rtol=1e-12)


def test_an_argument_that_calls_the_program_while_it_is_converted():
    program, w = linear()

    class Recursive(Frame):
        def __array__(self, dtype=None, copy=None):
            program(np.full((2, 3), 9.0, dtype=np.float32), [1, 2])
            return self.numbers

    X = np.random.default_rng(4).normal(size=(2, 3)).astype(np.float32)
    assert_right(program, w, X, Recursive(np.array([4, 5])), X.astype(float), np.array([4.0, 5.0]))


# What is refused, before and after the first call


def of_complex_numbers():
    return [list(row) for row in np.ones((2, 3), dtype=complex)]


REFUSED = {
    "no dimensions": (np.float64(1.0), ShapeError, "got (); for one sample give a batch of one"),
    "no samples": (np.zeros((0, 3)), ShapeError, "x (0, 3), y (2,)"),
    "an empty list": ([], ShapeError, "x (0,), y (2,)"),
    "no columns": (np.zeros((2, 0)), ShapeError, "x has the shape (2, 0): rows without numbers; leave it out"),
    "empty rows": ([[], []], ShapeError, "rows without numbers"),
    "three dimensions": (np.zeros((2, 3, 1)), ShapeError, "flatten each row"),
    "gaps": (
        np.ma.masked_array(np.ones((2, 3)), mask=[[1, 0, 0], [0, 1, 0]]),
        ValueError,
        "x is a masked array with 2 gaps; drop such samples or fill the gaps: x.filled(0.0)",
    ),
    "NaN": (np.array([[1.0, np.nan, 1.0], [1.0, 1.0, 1.0]]), ValueError, "x is nan in row 0, column 1"),
    "NaN in float32": (np.full((2, 3), np.nan, dtype=np.float32), ValueError, "x is nan in row 0, column 0"),
    "infinity in a list": ([[1.0, 1.0, 1.0], [1.0, 1.0, -np.inf]], ValueError, "x is -inf in row 1, column 2"),
    "text": (np.array([["a"] * 3] * 2), TypeError, "array of real numbers, got <U1 of shape (2, 3)"),
    "numbers as text": ([["1.0"] * 3] * 2, TypeError, "array of real numbers, got <U3"),
    "complex numbers": (np.ones((2, 3), dtype=complex), TypeError, "array of real numbers, got complex128"),
    "complex numbers in lists": (of_complex_numbers(), TypeError, "array of real numbers, got complex128"),
    "dates": (np.zeros((2, 3), dtype="M8[s]"), TypeError, "array of real numbers, got datetime64[s]"),
    "records": (np.zeros(2, dtype="f8,f8"), TypeError, "array of real numbers, got [('f0', '<f8'), ('f1', '<f8')]"),
    "objects": (np.array([[None] * 3] * 2), TypeError, "x is an array of objects (the first one: None)"),
    "None": (None, TypeError, "x must be an array with a row for each sample, got NoneType"),
    "Values": ([[Value(1.0)] * 3] * 2, TypeError, "give numbers, for example np.array([v.data for v in values])"),
    "huge integers": ([[10**400] * 3] * 2, TypeError, "x is an array of objects"),
    "dicts": ([{0: 1.0, 1: 1.0, 2: 1.0}] * 2, TypeError, "x is an array of objects"),
    "a dict among lists": ([[1.0, 2.0, 3.0], {0: 1.0, 1: 1.0, 2: 1.0}], (TypeError, ShapeError), "x "),
    "a set": ({1.0, 2.0}, TypeError, "got set; give np.array(list(x))"),
    "unequal rows": ([[1.0, 2.0, 3.0], [1.0, 2.0]], ShapeError, "its rows have unequal lengths"),
    "unequal lengths": (np.zeros((3, 3)), ShapeError, "x (3, 3), y (2,)"),
    "other columns": (np.zeros((2, 4)), ShapeError, "traced for x of shape (batch, 3), y of shape (batch,)"),
    "other dimensions": (np.zeros(2), ShapeError, "called with x of shape (batch,), y of shape (batch,)"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused_after_a_call_that_was_right(what):
    x, error, text = REFUSED[what]
    program, w = linear()
    X, Y = np.arange(6.0).reshape(2, 3), np.zeros(2)
    for call in (program, program.backward, program.gradients, program.inspect):
        call(X, Y)
        gradients = [p.grad for p in w]
        with pytest.raises(error) as caught:
            call(x, Y)
        assert text in str(caught.value)
        assert [p.grad for p in w] == gradients
        assert_right(program, w, X, Y, X, Y)


@pytest.mark.parametrize("what", set(REFUSED) - {"other columns", "other dimensions"})
def test_what_is_refused_at_the_first_call(what):
    x, error, text = REFUSED[what]
    program, w = linear()
    with pytest.raises(error) as caught:
        program(x, np.zeros(2))
    assert text in str(caught.value)
    assert_right(program, w, [[1, 2, 3]], [4], np.array([[1.0, 2.0, 3.0]]), np.array([4.0]))


def test_a_generator_is_refused_with_the_cure():
    with pytest.raises(TypeError, match=r"x must be .* got generator; give np.array\(list\(x\)\)"):
        compile(lambda x: x * 2.0, backend=BACKEND)(float(k) for k in range(3))


def test_another_number_of_arguments_is_refused():
    program, _ = linear()
    X, Y = np.ones((2, 3)), np.ones(2)
    program(X, Y)
    for data in ((X,), (X, Y, Y)):
        with pytest.raises(ShapeError, match=r"traced for x of shape \(batch, 3\), y of shape \(batch,\), but is"):
            program(*data)
    with pytest.raises(TypeError, match="at least one array"):
        program()


def test_the_error_of_an_argument_is_its_own():
    class Broken(Frame):
        def __array__(self, dtype=None, copy=None):
            raise RuntimeError("the file is closed")

    program, _ = linear()
    for _ in range(2):
        with pytest.raises(RuntimeError, match="the file is closed"):
            program(Broken(np.ones((2, 3))), [1.0, 2.0])
        program(np.ones((2, 3)), [1.0, 2.0])


# What a run may take, by itself


def bound(goal="values"):
    traced = trace(lambda x, y: x[0] * 2.0 + y, [InputArray("x", 2, False), InputArray("y", 1, True)])
    backend = NumpyBackend()
    if BACKEND == "llvm":
        from autograd.compiler.llvm_backend import LlvmBackend

        backend = LlvmBackend()
    return backend.build(lower(traced, goal)).bind(np.zeros(0), np.zeros(0))


X, Y = np.arange(6.0).reshape(3, 2), np.ones(3)


@pytest.mark.parametrize(
    "data",
    [
        (),
        (X,),
        (X, Y, Y),
        (None, None),
        (X[:2], Y[:2]),
        (X, Y[:2]),
        (X.ravel(), Y),
        (X, Y[:, None]),
        (X[..., None], Y),
        (np.asfortranarray(X), Y),
        (X.T.copy().T, Y),
        (X.astype(np.float32), Y),
        (X.astype(">f8"), Y),
        (X.view(np.int64), Y),
        (X.view("M8[s]"), Y),
        (X.view(Subclass), Y),
        (np.ma.masked_array(X), Y),
        (unaligned(X), Y),
        (np.array(1.0), Y),
        (X.tolist(), Y.tolist()),
        (memoryview(X), Y),
    ],
)
def test_a_run_refuses_what_is_not_plain_and_leaves_no_error(data):
    run = bound()(3)
    assert run(*data) is None
    assert run(X, Y).tolist() == [[1.0], [5.0], [9.0]]
    if len(data) == 2:
        assert not (all(map(is_plain, data)) and data[0].shape == (3, 2) and data[1].shape == (3,))


def test_a_run_says_that_it_failed():
    run = bound()(3)
    for wrong in (np.nan, np.inf):
        with pytest.raises(Failure):
            run(X, np.array([1.0, wrong, 1.0]))
    assert run(X, Y).tolist() == [[1.0], [5.0], [9.0]]


def test_references_are_counted_right():
    run, results = bound()(3), []
    counted = [sys.getrefcount(x) for x in (X, Y, None, np.ndarray, Failure)]
    for _ in range(1000):
        results.append(run(X, Y))
        run(X.tolist(), Y)
        run(X, None)
    after = [sys.getrefcount(x) for x in (X, Y, None, np.ndarray, Failure)]
    assert max(abs(a - b) for a, b in zip(after, counted, strict=True)) < 900
    of_one = sys.getrefcount(results[0])
    assert of_one == 2  # the list and the call


def test_a_binding_goes_with_its_last_run():
    owner = SimpleNamespace(bind=bound("inputs"))
    run = owner.bind(3)
    del owner
    gc.collect()
    assert run(X, Y).tolist() == [[2.0, 0.0, 1.0]] * 3


def test_data_of_a_training_that_changed_is_refused():
    if BACKEND == "numpy":
        pytest.skip("the NumPy backend has no trainings")
    from autograd.compiler.llvm_backend import LlvmBackend
    from autograd.compiler.llvm_training import Held

    w = Parameter(1.0)
    traced = trace(lambda x: (w * x) ** 2, [InputArray("x", 1, True)])
    data = np.ones(5)
    training = (
        LlvmBackend()
        .build(lower(traced, "parameters"))
        .bind_training(optim.SGD([w], lr=0.1).rule, (data,), Held(w.store.data, ()))
    )
    steps = np.array([0]), np.array([5]), np.array([list(optim.SGD([w], lr=0.1).rule.scalars(1).values())])
    assert training(*steps)[0] == 1
    data.resize(2, refcheck=False)
    with pytest.raises(ShapeError, match=r"from float64 of shape \(5,\) to float64 of shape \(2,\)"):
        training(*steps)
    assert w.data == pytest.approx(0.8)


# Threads, and Ctrl-C


def test_threads_take_turns():
    program, w = linear()
    rounds, sizes = 60, (3, 40, 200)
    data = [np.random.default_rng(n).normal(size=(n, 3)) for n in sizes]
    wrong = []

    def work(X, kind):
        for _ in range(rounds):
            results = program(X.astype(kind), np.zeros(len(X)))
            program.backward(X, np.zeros(len(X)))
            wrong.extend([1] * (not np.allclose(results, X.astype(kind) @ WEIGHTS)))

    threads = [threading.Thread(target=work, args=(X, kind)) for X in data for kind in (np.float64, np.float32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    expected = 2 * rounds * sum(X.mean(0) for X in data)
    np.testing.assert_allclose([p.grad for p in w], expected, rtol=1e-9)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs Unix timers")
def test_an_interrupt_anywhere_leaves_the_program_usable():
    layer = nn.Dropout(0.5, rng=0)
    w = Parameter.many(WEIGHTS)
    program = compile(lambda x: layer(sum(a * b for a, b in zip(w, x, strict=True))), backend=BACKEND)
    batches = [np.ones((50, 3)), np.ones((20, 3), dtype=np.float32), np.ones((9, 3)).tolist()]
    for batch in batches:
        program.backward(batch)

    def interrupt(*_):
        raise KeyboardInterrupt

    before, interrupted = signal.signal(signal.SIGALRM, interrupt), 0
    try:
        for delay in np.random.default_rng(0).uniform(2e-5, 6e-4, 60):
            signal.setitimer(signal.ITIMER_REAL, delay)
            try:
                while True:
                    for batch in batches:
                        program.backward(batch)
            except KeyboardInterrupt:
                interrupted += 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert interrupted == 60
    found = []
    thread = threading.Thread(target=lambda: found.append(program(batches[0])), daemon=True)  # another one gets in
    thread.start()
    thread.join(timeout=20)
    assert found
    assert set(np.round(found[0], 9)) <= {0.0, 2 * WEIGHTS.sum()}
    assert np.isfinite([p.grad for p in w]).all()


# What goes on beside the arrays


def test_masks_are_not_drawn_for_arguments_that_are_refused():
    def model():
        return nn.Sequential(nn.Linear(3, 4, rng=0), nn.Dropout(0.5, rng=1), nn.Linear(4, 1, rng=2))

    one, other = (compile(model(), backend=BACKEND) for _ in range(2))
    rows = np.random.default_rng(0).normal(size=(6, 3))
    for samples in (6, 2, 4):
        for wrong in (rows[:, :2], rows[:0], None):
            with pytest.raises((ShapeError, TypeError)):
                one(wrong)
        np.testing.assert_array_equal(one(rows[:samples].astype(np.float32)), other(rows[:samples].astype(np.float32)))


def test_batch_norm_checks_each_number_of_samples_and_observes_it():
    model = nn.Sequential(nn.Linear(3, 2, rng=0), nn.BatchNorm(2))
    plain = nn.Sequential(nn.Linear(3, 2, rng=0), nn.BatchNorm(2))
    program = compile(lambda x: sum(model(x)), backend=BACKEND)
    rows = np.random.default_rng(0).normal(size=(8, 3)).astype(np.float32)
    for samples in (8, 3, 8, 2):
        program.backward(rows[:samples])
        plain.forward_batch([[Value(x) for x in row] for row in rows[:samples].tolist()])
        for name in ("running_mean", "running_var"):
            np.testing.assert_allclose(model.state_dict()[f"1.{name}"], plain.state_dict()[f"1.{name}"], rtol=1e-12)
        with pytest.raises(ValueError, match="at least 2"):
            program.backward(rows[:1])


def test_an_error_names_the_sample_also_of_converted_arrays():
    w = Parameter(1.0, label="w")

    def loss(x):
        with scope("head"):
            return (w * x).exp()

    program = compile(loss, backend=BACKEND)
    program.backward(np.ones(3))
    for data in (np.array([1.0, 800.0]), np.array([1, 800]), [1, 800], np.array([1, 0, 800, 0])[::2]):
        with pytest.raises(NonFiniteError, match="in head.*sample 1"):
            program.backward(data)
    assert w.grad == pytest.approx(np.e)


def test_a_function_that_cannot_be_traced_does_not_fix_the_layout():
    calls = []

    def function(x):
        calls.append(1)
        if len(calls) == 1:
            return float(x[0])
        return x[0] * 2.0

    program = compile(function, backend=BACKEND)
    with pytest.raises(TraceError):
        program(np.ones((2, 3)))
    assert program(np.ones((2, 1))).tolist() == [2.0, 2.0]
