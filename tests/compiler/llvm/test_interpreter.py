"""The interpreter of large irregular graphs: the same as eager code, whatever a tape has; and when LLVM takes over."""

import math
import os
import signal
import threading

import numpy as np
import pytest

import autograd
from autograd import DomainError, Parameter, Value, compile, nn
from autograd.compiler.backend import InputArray
from autograd.compiler.llvm import bytecode, machine, takeover
from autograd.compiler.llvm.backend import LlvmBackend
from autograd.compiler.llvm.bytecode import encode
from autograd.compiler.llvm.memory_map import MemoryMap
from autograd.compiler.numpy_backend import NumpyBackend
from autograd.compiler.tape import Dot, Instruction, Local, Number, Row, Straight, Tape, Uniform
from autograd.domain import CONDITION
from autograd.operation import OPS
from autograd.optim import SGD, Adam
from autograd.training import fit

pytest.importorskip("llvmlite", reason="llvmlite is not installed")
FOREVER = 10**12


@pytest.fixture(autouse=True)
def everything_is_interpreted(monkeypatch):
    """However small it is."""
    monkeypatch.setattr(takeover, "MUCH", 0)
    monkeypatch.setattr(takeover, "_USES", 0)
    monkeypatch.setattr(takeover, "SAMPLES", FOREVER)


def interpreted(function):
    """A program, and that it is interpreted, once it has run."""
    program = compile(function, backend="llvm")
    return program, lambda: "irregular code interpreted" in program.explain()


def eager_gradients(function, X, parameters):
    """Mean loss and gradients, sample by sample."""
    losses = [function([Value(float(x)) for x in row]) for row in X]
    mean = sum(losses[1:], losses[0]) * (1.0 / len(losses))
    grads = autograd.gradients(mean, parameters)
    return mean.data, np.array(grads)


# Operations

PLAIN = sorted(name for name, op in OPS.items() if CONDITION not in op.domain)


def arguments_of(op):
    """Some points inside its domain, shape (points, arguments), from a generator of this operation's own."""
    rng = np.random.default_rng(len(op.name))
    arity = op.arity or 3
    points = rng.uniform(-3, 3, size=(400, arity))
    inside = [point for point in points.tolist() if not refuses(op, point)]
    assert len(inside) > 20
    return np.array(inside[:70])


def refuses(op, point):
    try:
        op.check(point)
    except DomainError:
        return True
    return False


@pytest.mark.parametrize("name", PLAIN)
def test_every_operation_and_its_gradient(name):
    op = OPS[name]
    X = arguments_of(op)
    program, is_interpreted = interpreted(lambda x: op(*x) * 0.5)
    wanted = [op(*point).data * 0.5 for point in map(values, X.tolist())]
    np.testing.assert_allclose(program(X), wanted, rtol=1e-14, atol=1e-300)
    assert is_interpreted()
    (found,) = program.gradients(X)
    slopes = [autograd.gradients(op(*point) * 0.5, point) for point in map(values, X.tolist())]
    np.testing.assert_allclose(found, slopes, rtol=1e-13, atol=1e-15)


def values(numbers):
    return [Value(x) for x in numbers]


@pytest.mark.parametrize("samples", [1, 2, 8, 63, 64, 65, 130])
def test_any_number_of_samples(samples):
    X = np.random.default_rng(samples).normal(size=(samples, 2))
    program, is_interpreted = interpreted(lambda x: [x[0] * x[1] - x[0], autograd.tanh(x[1])])
    wanted = np.column_stack([X[:, 0] * X[:, 1] - X[:, 0], np.tanh(X[:, 1])])
    np.testing.assert_allclose(program(X), wanted, rtol=1e-14)
    assert is_interpreted()


@pytest.mark.parametrize("bad", [0, 40, 99])
def test_leaving_a_domain_is_an_error_that_names_the_sample(bad):
    program, is_interpreted = interpreted(lambda x: autograd.log(x) + 1.0)
    X = np.linspace(1.0, 2.0, 100)
    assert program(X)[0] == 1.0
    X[bad] = -1.0
    with pytest.raises(DomainError, match=f"sample {bad}"):
        program(X)
    assert is_interpreted()


def test_many_numbers_of_the_program_text():
    """Each its own opcode while there are few, and read from memory beyond."""
    numbers = [0.25 * k for k in range(1, 60)]

    def f(x):
        return [x * c + (x / (c + x * x)) ** c for c in numbers] + [autograd.maximum(x, c) for c in numbers]

    x = np.linspace(0.5, 2.0, 30)
    program, is_interpreted = interpreted(f)
    wanted = [x * c + (x / (c + x * x)) ** c for c in numbers] + [np.maximum(x, c) for c in numbers]
    np.testing.assert_allclose(program(x), np.column_stack(wanted), rtol=1e-14)
    assert is_interpreted()
    (tape,) = program._specialisations.known[0].tapes.values()
    code = encode(tape, MemoryMap(tape, 1, 1, 1))
    assert len(code.constants) > 40
    assert len(code.opcodes) < 45


def test_a_dot_begins_with_a_result_of_the_same_unit():
    """Its memory is free for others only then."""
    x, w = Row("input", 0), Uniform(0)
    terms = tuple((w, Local(k)) for k in range(1, 12))
    code = [Instruction(k, autograd.add, (Local(k - 1) if k else x, Number(float(k > 0)))) for k in range(12)]
    unit = Straight((*code, Dot(12, Local(0), terms, Row("scratch", 0))))
    tape = Tape((InputArray("x", 1, True),), 1, 1, 1, (), (unit,), (), (), (Row("scratch", 0),))
    wanted = NumpyBackend().build(tape).bind(np.array([2.0]), np.zeros(1))(3)(np.arange(3.0))
    found = LlvmBackend().build(tape).bind(np.array([2.0]), np.zeros(1))(3)(np.arange(3.0))
    np.testing.assert_allclose(wanted[:, 0], np.arange(3.0) + 2.0 * (11.0 * np.arange(3.0) + 66.0))
    np.testing.assert_allclose(found, wanted)


# What a tape may have


class Everything:
    """Scattered weights, numbers made of weights alone, long sums of products, selections, a tree of reuse."""

    def __init__(self):
        rng = np.random.default_rng(3)
        self.w = [Parameter(x) for x in rng.normal(size=40)]

    def __call__(self, x):
        w = self.w
        scale = autograd.exp(w[0] * 0.1) + w[1] * w[2]
        uneven = [w[(7 * k * k) % 40] * x[k % 3] for k in range(21)]
        long = sum(uneven[1:], uneven[0] + scale)
        mixed = scale * x[0] + w[5] * x[1] + (w[6] * w[7]) * x[2] + w[8] * long
        chosen = autograd.where((x[0] > w[9]) & (mixed < 2.0), mixed * x[1], long - x[2])
        deep = chosen
        for k in range(30):
            deep = autograd.tanh(deep * w[k] + x[k % 3]) if k % 3 else deep - 0.5 * mixed
        return deep * deep + 0.01 * sum(p * p for p in w) + 1e-3 * autograd.logsumexp(*w[:12])


@pytest.mark.parametrize("samples", [5, 100])
def test_gradients_of_parameters(samples):
    model = Everything()
    X = np.random.default_rng(4).normal(size=(samples, 3))
    program, is_interpreted = interpreted(model)
    wanted, slopes = eager_gradients(model, X, model.w)
    for times in (1, 2):
        assert program.backward(X) == pytest.approx(wanted, rel=1e-12)
        np.testing.assert_allclose([p.grad for p in model.w], times * slopes, rtol=1e-10, atol=1e-13)
    assert is_interpreted()
    tape = program._specialisations.known[0].tapes["parameters"]
    assert tape.prologue
    assert tape.epilogue
    assert any(isinstance(item, Dot) for unit in tape.units if isinstance(unit, Straight) for item in unit.code)


def test_gradients_of_inputs():
    model = Everything()
    X = np.random.default_rng(4).normal(size=(70, 3))
    program, is_interpreted = interpreted(model)
    (found,) = program.gradients(X)
    for row, slopes in zip(X, found, strict=True):
        point = values(row.tolist())
        np.testing.assert_allclose(slopes, autograd.gradients(model(point), point), rtol=1e-10, atol=1e-13)
    assert is_interpreted()


def test_thousands_of_single_sums():
    rng = np.random.default_rng(0)
    order = rng.permutation(3000).tolist()
    w = [Parameter(x) for x in rng.normal(size=3000)]

    def f(x):
        total = x[0] * 0.0
        for k in order:
            total = total + w[k] * autograd.sin(x[k % 5] + 0.01 * k)
        return total

    X = rng.normal(size=(20, 5))
    program, is_interpreted = interpreted(f)
    features = np.sin(X[:, np.arange(3000) % 5] + 0.01 * np.arange(3000))
    weights = np.array([p.data for p in w])
    assert program.backward(X) == pytest.approx((features @ weights).mean(), rel=1e-12)
    np.testing.assert_allclose([p.grad for p in w], features.mean(0), rtol=1e-12, atol=1e-15)
    assert is_interpreted()


MODELS = {
    "dropout": lambda: nn.Sequential(nn.Linear(4, 6, rng=0), nn.Tanh(), nn.Dropout(0.4, rng=1), nn.Linear(6, 2, rng=2)),
    "batch norm": lambda: nn.Sequential(nn.Linear(4, 6, rng=0), nn.BatchNorm(6), nn.Tanh(), nn.Linear(6, 2, rng=2)),
    "layer norm": lambda: nn.Sequential(nn.Linear(4, 6, rng=0), nn.LayerNorm(6), nn.Linear(6, 2, rng=2)),
}


@pytest.mark.parametrize("optimizer", [SGD, Adam])
@pytest.mark.parametrize("name", MODELS)
def test_training_with_dense_blocks_masks_means_and_buffers(name, optimizer, monkeypatch):
    """As compiled code does it, which other tests hold to eager code."""
    rng = np.random.default_rng(5)
    X, Y = rng.normal(size=(50, 4)), rng.normal(size=(50, 2))

    def loss(y, t):
        return autograd.log(1.0 + (y[0] - t[0]) ** 2) + (y[1] - t[1]) ** 2 * autograd.exp(0.1 * y[0])

    found = []
    for much in (0, FOREVER):
        monkeypatch.setattr(takeover, "MUCH", much)
        model = MODELS[name]()
        trained = optimizer(model.parameters(), lr=0.05)
        history = fit(
            model, X, Y, loss=loss, optimizer=trained, epochs=4, batch_size=20, progress=False, mode="compiled"
        )
        found.append((history["loss"], {key: x.copy() for key, x in model.state_dict().items()}, model.eval()))
    (losses, state, model), (wanted, wanted_state, _) = found
    np.testing.assert_allclose(losses, wanted, rtol=1e-11)
    for key, array in wanted_state.items():
        # The gradient of a bias before a BatchNorm is zero but for rounding, which Adam makes steps of.
        np.testing.assert_allclose(state[key], array, rtol=1e-9, atol=1e-8 if optimizer is Adam else 1e-12, err_msg=key)
    monkeypatch.setattr(takeover, "MUCH", 0)
    program, is_interpreted = interpreted(model)
    np.testing.assert_allclose(program(X)[7], [y.data for y in model(X[7].tolist())], rtol=1e-11, atol=1e-13)
    assert is_interpreted()


def test_a_loss_or_a_gradient_that_overflows_is_refused():
    w = Parameter(1.0)
    program, _ = interpreted(lambda x: autograd.exp(w * x))
    assert program.backward(np.ones(3)) == pytest.approx(math.e)
    before = w.grad
    with pytest.raises(autograd.NonFiniteError):
        program.backward(np.array([1.0, 800.0]))
    assert w.grad == before


# Bytecode


def tape_of(code, columns=2, uniforms=0):
    units = (Straight(tuple(code)),)
    arrays = (InputArray("x", columns, scalar=False),)
    return Tape(arrays, uniforms, uniforms, 1, (), units, (), (), (Row("scratch", 0),))


def test_results_that_nobody_keeps_share_rows():
    x, add = Row("input", 0), autograd.add
    chain = [Instruction(k, add, (Local(k - 1) if k else x, x)) for k in range(50)]
    tape = tape_of([*chain, Instruction(50, add, (Local(49), x), Row("scratch", 0))])
    code = encode(tape, MemoryMap(tape, 1, 1, 1))
    assert code.locals == 1
    assert len(code.opcodes) == 1
    assert len(code.numbers) == 51 * 4 + 1  # an opcode, two operands, a result; and the end


def test_a_long_dot_is_several_instructions_and_does_not_overwrite_what_it_reads():
    """Its first part is written while later terms are still to be read."""
    x = [Row("input", k) for k in range(2)]
    first = [Instruction(k, autograd.mul, (x[k % 2], Number(float(k)))) for k in range(20)]
    terms = tuple((Uniform(k), Local(k)) for k in range(20))
    tape = tape_of(
        [*first, Dot(20, None, terms), Instruction(21, autograd.neg, (Local(20),), Row("scratch", 0))], 2, 20
    )
    numbers = np.arange(1.0, 21.0)
    X = np.array([[1.0, 10.0], [2.0, -3.0]])
    for backend in (NumpyBackend(), LlvmBackend()):
        run = backend.build(tape).bind(numbers, np.zeros(20))(2)
        wanted = [-sum(numbers[k] * k * row[k % 2] for k in range(20)) for row in X]
        assert run(X)[:, 0].tolist() == wanted
    code = encode(tape, MemoryMap(tape, 1, 1, 1))
    assert sum(isinstance(opcode.item, Dot) for opcode in code.opcodes) == -(-20 // bytecode.TERMS)


def test_the_numbers_of_all_operations_are_checked_to_be_few(monkeypatch):
    """Where nearly each operation is another one, interpreting is no help."""
    monkeypatch.setattr(takeover, "_USES", 100)
    program, is_interpreted = interpreted(lambda x: sum(autograd.leaky_relu(x, slope=0.01 * k) for k in range(1, 40)))
    np.testing.assert_allclose(program(np.array([-1.0])), [-sum(0.01 * k for k in range(1, 40))], rtol=1e-14)
    assert not is_interpreted()


# Takeover


def test_compiled_code_takes_over_after_so_many_samples(monkeypatch):
    monkeypatch.setattr(takeover, "SAMPLES", 100)
    model = Everything()
    X = np.random.default_rng(4).normal(size=(30, 3))
    program, is_interpreted = interpreted(model)
    losses = [program.backward(X) for _ in range(3)]
    assert is_interpreted()
    assert "10 more" in program.explain()
    losses.append(program.backward(X))
    assert "compiled from then on" in program.explain()
    assert len(set(losses[:3])) == 1
    assert losses[3] == pytest.approx(losses[0], rel=1e-13)
    assert program.backward(X[:7]) == pytest.approx(eager_gradients(model, X[:7], model.w)[0], rel=1e-12)


def test_what_is_too_large_is_interpreted_for_good(monkeypatch):
    monkeypatch.setattr(takeover, "SAMPLES", 1)
    monkeypatch.setattr(takeover, "TOO_MUCH", 1)
    program, is_interpreted = interpreted(lambda x: x * 3.0 + 1.0)
    for _ in range(3):
        assert program(np.ones(5)).tolist() == [4.0] * 5
    assert is_interpreted()


def test_a_training_is_taken_over_too(monkeypatch):
    X = np.random.default_rng(4).normal(size=(30, 3))
    found = []
    for samples in (FOREVER, 100):
        monkeypatch.setattr(takeover, "SAMPLES", samples)
        model = Everything()
        history = fit(
            lambda x, model=model: model(x),
            X,
            np.zeros(30),
            loss=lambda y, t: y - t,
            optimizer=SGD(model.w, lr=0.01),
            epochs=20,
            batch_size=10,
            progress=False,
            mode="compiled",
        )
        found.append(history["loss"])
    np.testing.assert_allclose(found[0], found[1], rtol=1e-10)


def test_an_interrupted_takeover_can_be_taken_up_again(monkeypatch):
    begun, go, real = threading.Event(), threading.Event(), machine._object_code

    def slow_code(*args):
        begun.set()
        assert go.wait(30)
        return real(*args)

    monkeypatch.setenv("GLASSGRAD_CACHE", "off")
    monkeypatch.setattr(takeover, "SAMPLES", 20)
    program, is_interpreted = interpreted(lambda x: x * 3.5 + 1.25)
    X = np.ones(10)
    assert program(X).tolist() == [4.75] * 10
    monkeypatch.setattr(machine, "_object_code", slow_code)
    interrupt = threading.Thread(target=lambda: (begun.wait(30), os.kill(os.getpid(), signal.SIGINT)))
    interrupt.start()
    with pytest.raises(KeyboardInterrupt):
        program(X)
    interrupt.join(30)
    go.set()
    assert program(X).tolist() == [4.75] * 10
    assert not is_interpreted() or "compiled from then on" in program.explain()
