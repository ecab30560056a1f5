"""Many steps of an optimizer in one compiled call: the same parameters and losses as step by step in NumPy."""

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="llvmlite is not installed")

from autograd import Parameter, compile, nn
from autograd.compiler.backend import Failure, Held, InputArray
from autograd.compiler.llvm.backend import LlvmBackend
from autograd.compiler.llvm.emit.functions import Shape
from autograd.compiler.llvm.emit.kernel import kernel_text
from autograd.compiler.llvm.kernel import Binding, Kernel
from autograd.compiler.llvm.machine import host
from autograd.compiler.numpy_backend import NumpyBackend
from autograd.compiler.pipeline import to_tape
from autograd.compiler.steps import compiled_steps
from autograd.compiler.tape import Tape
from autograd.compiler.trace.run import trace
from autograd.optim import SGD, Adam, Optimizer
from tests.optim.optimizers import NAMES, TRIED

INPUTS, HIDDEN = 3, 5
NONE = [Parameter(0.0)]  # rules know nothing of the parameters
optimizers = pytest.mark.parametrize("optimizer", [kind(NONE, **options) for kind, options in TRIED], ids=NAMES)


def network_tape(kinds: tuple[str, ...] = ("data", "data")) -> Tape:
    """A small network with a squared error, and a mask on its hidden layer where there is a third array."""
    weights = [Parameter(0.0) for _ in range(HIDDEN * (INPUTS + 2) + 1)]

    def loss(x, y, mask=None):
        hidden = []
        for j in range(HIDDEN):
            w = weights[j * (INPUTS + 1) : (j + 1) * (INPUTS + 1)]
            total = w[INPUTS]
            for weight, number in zip(w, x, strict=False):
                total = total + weight * number
            hidden.append(total.tanh())
        if mask is not None:
            hidden = [h * m for h, m in zip(hidden, mask, strict=True)]
        out = weights[-1]
        for weight, number in zip(weights[-1 - HIDDEN :], hidden, strict=False):
            out = out + weight * number
        return (out - y) * (out - y)

    layout = [InputArray("x", INPUTS, False), InputArray("y", 1, True), InputArray("m", HIDDEN, False)][: len(kinds)]
    tape = to_tape(trace(loss, layout), "parameters")
    arrays = tuple(
        InputArray(a.name, a.columns, a.scalar, kind)  # type: ignore[arg-type]
        for a, kind in zip(tape.arrays, kinds, strict=True)
    )
    return Tape(**{**{name: getattr(tape, name) for name in tape.__dataclass_fields__}, "arrays": arrays})


def data(samples: int) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(5)
    x = rng.normal(size=(samples, INPUTS))
    return x, np.sin(x.sum(1))


def start(tape: Tape, optimizer: Optimizer) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    numbers = np.random.default_rng(8).normal(size=tape.parameters)
    return numbers, {name: np.full(tape.parameters, first) for name, first in optimizer.initial_state.items()}


def one_by_one(tape: Tape, optimizer: Optimizer, batches) -> tuple[np.ndarray, list[float]]:
    """Parameters and losses after one step a batch, by the NumPy backend and the rule over arrays."""
    executable = NumpyBackend().build(tape)
    numbers, state = start(tape, optimizer)
    losses = []
    for t, batch in enumerate(batches, 1):
        grad = np.zeros(tape.parameters)
        losses.append(executable.bind(numbers, grad)(len(batch[0]))(*map(np.ascontiguousarray, batch)))
        numbers, changed = optimizer.rule.update(np, numbers, grad, state, optimizer.scalars(t))
        state = {**state, **changed}
    return numbers, losses


def scalars(optimizer: Optimizer, steps: int) -> np.ndarray:
    return np.array([list(optimizer.scalars(t).values()) for t in range(1, steps + 1)])


def whole(samples: int, steps: int) -> tuple[np.ndarray, np.ndarray]:
    return np.zeros(steps, dtype=np.int64), np.full(steps, samples)


def trained(tape: Tape, optimizer: Optimizer, arrays, firsts, counts, index=None, target=None):
    numbers, state = start(tape, optimizer)
    training = LlvmBackend(target).build(tape).train(optimizer.rule, arrays, Held(numbers, tuple(state.values())))
    done, losses = training(firsts, counts, scalars(optimizer, len(counts)), index)
    return numbers, done, losses


@optimizers
def test_full_batches(optimizer):
    tape, arrays = network_tape(), data(37)
    numbers, done, losses = trained(tape, optimizer, arrays, *whole(37, 30))
    expected, expected_losses = one_by_one(tape, optimizer, [arrays] * 30)
    assert done == 30
    np.testing.assert_allclose(losses, expected_losses, rtol=1e-9)
    np.testing.assert_allclose(numbers, expected, rtol=1e-9)


@optimizers
def test_mini_batches_are_gathered(optimizer):
    tape, arrays = network_tape(), data(37)
    index = np.random.default_rng(2).permutation(37)
    firsts, counts = np.array([0, 10, 20, 30] * 5), np.array([10, 10, 10, 7] * 5)
    numbers, done, losses = trained(tape, optimizer, arrays, firsts, counts, index)
    picks = [index[a : a + n] for a, n in zip(firsts, counts, strict=True)]
    expected, expected_losses = one_by_one(tape, optimizer, [[a[pick] for a in arrays] for pick in picks])
    assert done == 20
    np.testing.assert_allclose(losses, expected_losses, rtol=1e-9)
    np.testing.assert_allclose(numbers, expected, rtol=1e-9)


def test_steps_of_more_and_more_samples_from_the_first_one_on():
    optimizer, tape, arrays, counts = SGD(NONE, lr=0.1), network_tape(), data(17), np.array([5, 17, 11])
    numbers, done, losses = trained(tape, optimizer, arrays, np.zeros(3, dtype=np.int64), counts)
    expected, expected_losses = one_by_one(tape, optimizer, [[a[:count] for a in arrays] for count in counts])
    assert done == 3
    np.testing.assert_allclose(losses, expected_losses, rtol=1e-9)
    np.testing.assert_allclose(numbers, expected, rtol=1e-9)


def test_masks_are_used_up_in_order():
    optimizer, tape = SGD(NONE, lr=0.1), network_tape(("data", "data", "mask"))
    x, y = data(20)
    masks = np.random.default_rng(1).random((40, HIDDEN))
    firsts, counts = np.array([0, 8, 16, 0, 8, 16]), np.array([8, 8, 4, 8, 8, 4])
    numbers, done, _ = trained(tape, optimizer, (x, y, masks), firsts, counts)
    batches, used = [], 0
    for first, count in zip(firsts, counts, strict=True):
        batches.append((x[first : first + count], y[first : first + count], masks[used : used + count]))
        used += count
    assert done == 6
    np.testing.assert_allclose(numbers, one_by_one(tape, optimizer, batches)[0], rtol=1e-9)


def test_batches_of_several_blocks(monkeypatch):
    optimizer, tape, arrays = Adam(NONE, lr=0.02), network_tape(), data(101)
    monkeypatch.setattr("autograd.compiler.llvm.backend.best_shape", lambda *_: Shape(2, False, _[3]))
    numbers, done, _ = trained(tape, optimizer, arrays, *whole(101, 10))
    assert done == 10
    np.testing.assert_allclose(numbers, one_by_one(tape, optimizer, [arrays] * 10)[0], rtol=1e-9)


def test_a_step_that_fails_is_not_made_and_ends_the_training():
    optimizer, tape = SGD(NONE, lr=0.1), network_tape()
    x, y = data(30)
    y[25] = np.inf
    firsts, counts = np.array([0, 10, 20, 0]), np.full(4, 10)
    numbers, done, losses = trained(tape, optimizer, (x, y), firsts, counts)
    expected, expected_losses = one_by_one(tape, optimizer, [(x[:10], y[:10]), (x[10:20], y[10:20])])
    assert done == 2
    np.testing.assert_allclose(losses[:2], expected_losses, rtol=1e-9)
    assert not np.isfinite(losses[2])
    np.testing.assert_allclose(numbers, expected, rtol=1e-12)


def test_another_rate_needs_no_other_code():
    tape, arrays = network_tape(), data(10)
    executable = LlvmBackend().build(tape)
    for lr in (0.1, 0.2):
        optimizer = SGD(NONE, lr=lr)
        numbers, _ = start(tape, optimizer)
        executable.train(optimizer.rule, arrays, Held(numbers, ()))(*whole(10, 3), scalars(optimizer, 3))
        np.testing.assert_allclose(numbers, one_by_one(tape, optimizer, [arrays] * 3)[0], rtol=1e-9)
    assert len(executable._kernels) == 1


def test_scalars_of_another_shape_are_refused():
    tape, arrays, optimizer = network_tape(), data(10), SGD(NONE)
    training = LlvmBackend().build(tape).train(optimizer.rule, arrays, Held(start(tape, optimizer)[0], ()))
    with pytest.raises(ValueError, match=r"scalars must have shape \(3, 2\).*got \(3, 1\)"):
        training(*whole(10, 3), np.ones((3, 1)))


def test_the_text_of_a_training_is_deterministic():
    tape, shape = network_tape(), Shape(3, True, Adam(NONE).rule)
    family = host().architecture
    assert kernel_text(tape, family, shape) == kernel_text(tape, family, shape)


# Gradients that are certain to be finite go straight to where they are used, which pays for large networks


@optimizers
def test_direct_steps(optimizer, monkeypatch):
    tape, arrays = network_tape(), data(37)
    monkeypatch.setattr("autograd.compiler.llvm.emit.functions.pays", lambda *_: True)
    assert "find_bounds" in kernel_text(tape, host().architecture, Shape(5, True, optimizer.rule))
    firsts, counts = np.array([0, 20, 0, 20] * 4), np.array([20, 17, 20, 17] * 4)
    numbers, done, losses = trained(tape, optimizer, arrays, firsts, counts)
    batches = [[a[first : first + count] for a in arrays] for first, count in zip(firsts, counts, strict=True)]
    expected, expected_losses = one_by_one(tape, optimizer, batches)
    assert done == 16
    np.testing.assert_allclose(losses, expected_losses, rtol=1e-9)
    np.testing.assert_allclose(numbers, expected, rtol=1e-9)


def product_tape() -> Tape:
    """x0 times w0 plus x1 times w1, squared: gradients as large as the square of the data."""
    weights = [Parameter(0.0), Parameter(0.0)]

    def loss(x):
        y = weights[0] * x[0] + weights[1] * x[1]
        return y * y

    return to_tape(trace(loss, [InputArray("x", 2, False)]), "parameters")


@pytest.fixture
def direct(monkeypatch):
    """`direct(tape, weights, grad, samples)` is a run whose gradients go straight to `grad`, although there are few."""
    monkeypatch.setattr("autograd.compiler.llvm.emit.functions.pays", lambda *_: True)

    def bound(tape, weights, grad, samples):
        kernel = Kernel(tape, host(), Shape(2, one_block=True))
        assert "find_bounds" in kernel_text(tape, host().architecture, kernel.shape)
        return Binding(tape, lambda _: kernel, weights, grad)(samples)

    return bound


@pytest.mark.parametrize("size", [1.0, 1e90, 1e140])
def test_direct_gradients_are_right_where_their_bound_is_and_where_it_is_not(size, direct):
    x, weights = np.array([[1.0, 2.0], [3.0, -1.0], [0.5, 0.25]]) * size, np.array([0.5, 0.25])
    found = []
    for bind in (direct, lambda tape, weights, grad, n: NumpyBackend().build(tape).bind(weights, grad)(n)):
        grad = np.array([1.0, 2.0])
        found.append((bind(product_tape(), weights, grad, 3)(x), *grad))
    np.testing.assert_allclose(*found, rtol=1e-12)


def test_direct_gradients_that_overflow_are_refused(direct):
    x, grad = np.array([[1e160, 1e155], [1.0, 1.0]]), np.array([1.0, 2.0])
    run = direct(product_tape(), np.array([0.0, 1e-5]), grad, 2)
    with pytest.raises(Failure):
        run(x)
    np.testing.assert_array_equal(grad, [1.0, 2.0])


def test_a_direct_sum_of_adjoints_alone_that_overflows_is_refused(direct):
    w, b = Parameter(0.0), Parameter(0.0)
    layout = [InputArray("x", 1, True), InputArray("s", 1, True)]
    tape = to_tape(trace(lambda x, s: (w * x + b) * s * 3.0, layout), "parameters")
    grad = np.array([1.0, 2.0])
    run = direct(tape, np.zeros(2), grad, 3)
    assert run(np.zeros(3), np.ones(3)) == 0.0
    np.testing.assert_allclose(grad, [1.0, 5.0])
    with pytest.raises(Failure):
        run(np.zeros(3), np.full(3, 1e308))  # each adjoint is finite, their sum isn't
    np.testing.assert_allclose(grad, [1.0, 5.0])


# Buffers


def test_a_layer_in_evaluation_is_trained_with_the_statistics_that_it_has_now():
    norm, w = nn.BatchNorm(1, affine=False).eval(), Parameter(1.0)
    program, optimizer = compile(lambda x: w * norm([x])[0], backend="llvm"), SGD([w], lr=1.0)
    rows = np.array([2.0, 4.0])
    steps = compiled_steps(program, optimizer, (rows,))
    assert steps is not None
    for middle in (0.0, 1.0):
        norm.running_mean[0], before = middle, w.data
        steps.run(None, *whole(2, 1))
        slope = (3.0 - middle) / np.sqrt(1.0 + norm.eps)
        assert w.data == pytest.approx(before - slope, rel=1e-12)
