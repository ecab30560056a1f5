"""Runs bound to parameters: what they take, number by number of samples; threads, Ctrl-C, masks, observers."""

import gc
import itertools
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest

from autograd import NonFiniteError, Parameter, ParameterArray, ShapeError, TraceError, Value, nn, optim, scope
from autograd.compiler import compile
from autograd.compiler.backend import Failure, InputArray, backend_called, is_plain
from autograd.compiler.pipeline import to_tape
from autograd.compiler.trace.run import collector_off, trace

# What a run may take, by itself


def bound(name, goal="values"):
    traced = trace(lambda x, y: x[0] * 2.0 + y, [InputArray("x", 2, False), InputArray("y", 1, True)])
    return backend_called(name).build(to_tape(traced, goal)).bind(np.zeros(0), np.zeros(0))


X, Y = np.arange(6.0).reshape(3, 2), np.ones(3)


@pytest.mark.parametrize(
    "data",
    [
        (),
        (X,),
        (X, Y, Y),
        (None, None),
        (X[:2], Y[:2]),
        (X[:2], Y),
        (X, Y, np.zeros((3, 1))),
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
        (X.view(np.matrix), Y),
        (np.ma.masked_array(X), Y),
        (np.frombuffer(bytes(1) + X.tobytes(), offset=1).reshape(3, 2), Y),
        (np.array(1.0), Y),
        (X.tolist(), Y.tolist()),
        (memoryview(X), Y),
    ],
)
def test_a_run_refuses_what_is_not_plain_and_leaves_no_error(backend, data):
    values, loss, gradients = (bound(backend, goal)(3) for goal in ("values", "parameters", "inputs"))
    for run in (values, loss, gradients):
        assert run(*data) is None
    assert values(X, Y).tolist() == [[1.0], [5.0], [9.0]]
    assert loss(X, Y) == 5.0
    assert gradients(X, Y).tolist() == [[2.0, 0.0, 1.0, result] for result in (1.0, 5.0, 9.0)]
    if len(data) == 2:
        assert not (all(map(is_plain, data)) and data[0].shape == (3, 2) and data[1].shape == (3,))


def test_a_run_refuses_the_memory_of_its_gradients():
    pytest.importorskip("llvmlite")
    w = Parameter(3.0)
    tape = to_tape(trace(lambda x: w * x, [InputArray("x", 1, True)]), "parameters")
    memory = np.zeros(10)
    run = backend_called("llvm").build(tape).bind(np.array([w.data]), memory[4:5])(2)
    taken = [run(memory[begin : begin + 2]) is not None for begin in range(9)]
    assert taken == [True, True, True, False, False, True, True, True, True]


def test_a_run_says_that_it_failed(backend):
    run = bound(backend)(3)
    for wrong in (np.nan, np.inf):
        with pytest.raises(Failure):
            run(X, np.array([1.0, wrong, 1.0]))
    assert run(X, Y).tolist() == [[1.0], [5.0], [9.0]]


def test_references_are_counted_right(backend):
    run, results = bound(backend)(3), []
    counted = [sys.getrefcount(x) for x in (X, Y, None, np.ndarray, Failure)]
    for _ in range(1000):
        results.append(run(X, Y))
        run(X.tolist(), Y)
        run(X, None)
    after = [sys.getrefcount(x) for x in (X, Y, None, np.ndarray, Failure)]
    assert max(abs(a - b) for a, b in zip(after, counted, strict=True)) < 900
    of_one = sys.getrefcount(results[0])
    assert of_one == 2  # the list and the call


def test_a_run_keeps_what_it_needs(backend):
    run = bound(backend)(3)
    if backend == "llvm":
        from autograd.compiler.llvm import entry as llvm_entry

        llvm_entry._compiled.cache_clear()  # as if two threads had compiled it, and the other one's code were kept
        bound(backend)(3)
    gc.collect()
    assert run(X, Y).tolist() == [[1.0], [5.0], [9.0]]


def test_data_of_a_training_that_changed_is_refused():
    pytest.importorskip("llvmlite", reason="llvmlite is not installed")
    from autograd.compiler.backend import Held
    from autograd.compiler.llvm.backend import LlvmBackend

    w = Parameter(1.0)
    traced = trace(lambda x: (w * x) ** 2, [InputArray("x", 1, True)])
    data = np.ones(5)
    training = (
        LlvmBackend()
        .build(to_tape(traced, "parameters"))
        .train(optim.SGD([w], lr=0.1).rule, (data,), Held(w.store.data[w.slot : w.slot + 1], ()))
    )
    steps = np.array([0]), np.array([5]), np.array([list(optim.SGD([w], lr=0.1).scalars(1).values())])
    assert training(*steps)[0] == 1
    data.resize(2, refcheck=False)
    with pytest.raises(ShapeError, match=r"from float64 of shape \(5,\) to float64 of shape \(2,\)"):
        training(*steps)
    assert w.data == pytest.approx(0.8)


# Sizes, and data that are special


def test_numbers_of_samples_come_and_go(backend):
    """Whatever kernels are made or chosen, and in whatever order the sizes come."""
    model = nn.MLP(3, [9, 2], rng=0)
    program = compile(lambda x: sum(model(x)), backend=backend)
    data = np.random.default_rng(2).normal(size=(300, 3))
    expected = compile(lambda x: sum(model(x)), backend="numpy")(data)
    for samples in np.random.default_rng(3).permutation([*range(1, 60), 100, 200, 300]):
        np.testing.assert_allclose(program(data[:samples]), expected[:samples], rtol=1e-11)
        loss = program.backward(data[-samples:])
        assert loss == pytest.approx(expected[-samples:].mean(), rel=1e-11)


def test_more_sizes_than_are_kept(backend, monkeypatch):
    monkeypatch.setattr("autograd.compiler.binding._SIZES", 3)
    program = compile(lambda x: x * 2.0, backend=backend)
    for samples in itertools.chain(range(1, 12), range(11, 0, -1)):
        assert program(np.arange(float(samples))).tolist() == [2.0 * k for k in range(samples)]


def test_the_gradient_itself_as_data(backend):
    w = ParameterArray([1.0, 2.0])
    program = compile(lambda x: w[0] * x + w[1] * x * x, backend=backend)
    w.grad = [3.0, 5.0]
    program.backward(w.grad)
    np.testing.assert_allclose(w.grad, [3.0 + 4.0, 5.0 + 17.0], rtol=1e-12)


def test_an_argument_that_calls_the_program_while_it_is_converted(linear):
    program = linear.program

    class Recursive:
        def __len__(self):
            return 2

        def __array__(self, dtype=None, copy=None):
            program(np.full((2, 3), 9.0, dtype=np.float32), [1, 2])
            return np.array([4, 5])

    X = np.random.default_rng(4).normal(size=(2, 3)).astype(np.float32)
    linear.assert_right(X, Recursive(), X.astype(float), np.array([4.0, 5.0]))


# Threads, and Ctrl-C


def test_threads_take_turns(linear):
    program, w = linear.program, linear.w
    rounds, sizes = 60, (3, 40, 200)
    data = [np.random.default_rng(n).normal(size=(n, 3)) for n in sizes]
    wrong = []

    def work(X, kind):
        for _ in range(rounds):
            results = program(X.astype(kind), np.zeros(len(X)))
            program.backward(X, np.zeros(len(X)))
            wrong.extend([1] * (not np.allclose(results, X.astype(kind) @ linear.weights)))

    threads = [threading.Thread(target=work, args=(X, kind)) for X in data for kind in (np.float64, np.float32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    expected = 2 * rounds * sum(X.mean(0) for X in data)
    np.testing.assert_allclose([p.grad for p in w], expected, rtol=1e-9)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs Unix timers")
def test_an_interrupt_anywhere_leaves_the_program_usable(backend):
    layer = nn.Dropout(0.5, rng=0)
    w = Parameter.many([2.0, -3.0, 0.5])
    program = compile(lambda x: layer(sum(a * b for a, b in zip(w, x, strict=True))), backend=backend)
    batches = [np.ones((50, 3)), np.ones((20, 3), dtype=np.float32), np.ones((9, 3)).tolist()]
    for batch in batches:
        program.backward(batch)

    def interrupt(*_):
        raise KeyboardInterrupt

    before, interrupted = signal.signal(signal.SIGALRM, interrupt), 0
    try:
        for delay in np.random.default_rng(0).uniform(2e-5, 6e-4, 60):
            try:
                with collector_off():  # a finalizer would swallow the exception
                    signal.setitimer(signal.ITIMER_REAL, delay)
                    for batch in itertools.islice(itertools.cycle(batches), 1_000_000):
                        program.backward(batch)
            except KeyboardInterrupt:
                interrupted += 1
    finally:
        signal.signal(signal.SIGALRM, before)
    assert interrupted == 60
    found = []
    thread = threading.Thread(target=lambda: found.append(program(batches[0])), daemon=True)  # another one gets in
    thread.start()
    thread.join(timeout=20)
    assert found
    assert set(np.round(found[0], 9)) <= {0.0, 2 * -0.5}
    assert np.isfinite([p.grad for p in w]).all()


AT_EXIT = """
import atexit, sys
import numpy as np
programs = []
atexit.register(lambda: print(programs[0](np.ones(3)).tolist()))  # runs last, since it is registered first
from autograd import compile
programs.append(compile(lambda x: x * 2.0, backend=sys.argv[1]))
programs[0](np.ones(3))
"""


def test_a_program_runs_while_python_ends(backend):
    done = subprocess.run([sys.executable, "-c", AT_EXIT, backend], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout.strip()) == (0, "[2.0, 2.0, 2.0]"), done.stderr


# What goes on beside the arrays


def test_masks_are_not_drawn_for_arguments_that_are_refused(backend):
    def model():
        return nn.Sequential(nn.Linear(3, 4, rng=0), nn.Dropout(0.5, rng=1), nn.Linear(4, 1, rng=2))

    one, other = (compile(model(), backend=backend) for _ in range(2))
    rows = np.random.default_rng(0).normal(size=(6, 3))
    for samples in (6, 2, 4):
        for wrong in (rows[:, :2], rows[:0], None):
            with pytest.raises((ShapeError, TypeError)):
                one(wrong)
        np.testing.assert_array_equal(one(rows[:samples].astype(np.float32)), other(rows[:samples].astype(np.float32)))


def test_batch_norm_checks_each_number_of_samples_and_observes_it(backend):
    model = nn.Sequential(nn.Linear(3, 2, rng=0), nn.BatchNorm(2))
    plain = nn.Sequential(nn.Linear(3, 2, rng=0), nn.BatchNorm(2))
    program = compile(lambda x: sum(model(x)), backend=backend)
    rows = np.random.default_rng(0).normal(size=(8, 3)).astype(np.float32)
    for samples in (8, 3, 8, 2):
        program.backward(rows[:samples])
        plain.forward_batch([[Value(x) for x in row] for row in rows[:samples].tolist()])
        for name in ("running_mean", "running_var"):
            np.testing.assert_allclose(model.state_dict()[f"1.{name}"], plain.state_dict()[f"1.{name}"], rtol=1e-12)
        with pytest.raises(ValueError, match="at least 2"):
            program.backward(rows[:1])


def test_an_error_names_the_sample_also_of_converted_arrays(backend):
    w = Parameter(1.0, label="w")

    def loss(x):
        with scope("head"):
            return (w * x).exp()

    program = compile(loss, backend=backend)
    program.backward(np.ones(3))
    for data in (np.array([1.0, 800.0]), np.array([1, 800]), [1, 800], np.array([1, 0, 800, 0])[::2]):
        with pytest.raises(NonFiniteError, match=r"sample 1 .* in head"):
            program.backward(data)
    assert w.grad == pytest.approx(np.e)


def test_a_function_that_cannot_be_traced_does_not_fix_the_layout(backend):
    calls = []

    def function(x):
        calls.append(1)
        if len(calls) == 1:
            return float(x[0])
        return x[0] * 2.0

    program = compile(function, backend=backend)
    with pytest.raises(TraceError):
        program(np.ones((2, 3)))
    assert program(np.ones((2, 1))).tolist() == [2.0, 2.0]
