"""A rule alone as machine code: the same steps as over NumPy arrays, for any number of parameters."""

import gc
import pickle
import weakref

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="llvmlite is not installed")

from autograd import Parameter, compile
from autograd.compiler.llvm.backend import LlvmBackend
from autograd.compiler.llvm.rule import compiled_step, rule_text
from autograd.optim import SGD, Adam
from autograd.optim.stepping import offers
from autograd.store import Place, Store
from tests.compiler.llvm.assembly import ARCHITECTURES
from tests.optim.optimizers import every_optimizer

NONE = [Parameter(0.0)]  # rules know nothing of the parameters


@every_optimizer
@pytest.mark.parametrize("count", [1, 3, 8, 16, 21])
def test_steps(kind, options, count):
    optimizer = kind(NONE, **options)
    rng = np.random.default_rng(count)
    data = rng.normal(size=count)
    state = {name: np.full(count, first) for name, first in optimizer.initial_state.items()}
    grad, ours, kept = np.empty(count), data.copy(), {name: row.copy() for name, row in state.items()}
    step = compiled_step(optimizer.rule, ours, grad, tuple(kept.values()))
    for t in range(1, 6):
        grad[:] = rng.normal(size=count)
        step.fill(optimizer.scalars(t).values())
        step.run()
        data, changed = optimizer.rule.update(np, data, grad, state, optimizer.scalars(t))
        state = {**state, **changed}
    np.testing.assert_allclose(ours, data, rtol=1e-12)
    for name, row in state.items():
        np.testing.assert_allclose(kept[name], row, rtol=1e-12)


def test_nothing_beside_the_arrays_is_touched():
    numbers = np.arange(7.0)
    step = compiled_step(SGD(NONE).rule, numbers[1:6], np.ones(5), ())
    step.fill([1.0, 1.0])
    step.run()
    np.testing.assert_array_equal(numbers, [0.0, 0.0, 1.0, 2.0, 3.0, 4.0, 6.0])


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_the_text_is_deterministic(name):
    assert rule_text(Adam(NONE).rule, ARCHITECTURES[name]) == rule_text(Adam(NONE, lr=3.0).rule, ARCHITECTURES[name])


def trained(program_first, make, backend):
    """Parameters after some steps; the program is known to the parameters' store before or behind the first step."""
    parameters = Parameter.many(np.linspace(-1.0, 1.0, 11))
    used, X = make(parameters), np.random.default_rng(0).normal(size=(5, 11))
    program = compile(lambda x: sum(w * w * k for w, k in zip(parameters, x, strict=True)), backend=backend)
    if program_first:
        program.backward(X)
    for _ in range(3):
        used.zero_grad()
        program.backward(X)
        used.step()
    used.lr *= 0.5
    used.step()
    return np.array([w.data for w in parameters]), used


@pytest.mark.parametrize("program_first", [False, True])
@pytest.mark.parametrize("make", [
    lambda p: SGD(p, lr=0.1),
    lambda p: SGD(p, lr=0.1, momentum=0.9, dampening=0.5),
    lambda p: Adam(p, lr=0.1),
])  # fmt: skip
def test_an_optimizer_steps_by_compiled_code_where_a_program_is_compiled(made, make, program_first):
    numbers, used = trained(program_first, make, "llvm")
    assert set(made) == {used.rule}
    made.clear()
    expected, other = trained(program_first, make, "numpy")
    assert made == []
    np.testing.assert_allclose(numbers, expected, rtol=1e-12)
    for name, array in other.state.items():
        np.testing.assert_allclose(used.state[name], array, rtol=1e-12)


@pytest.fixture
def made(monkeypatch):
    """The rules of the steps that machine code was made for."""
    rules = []

    def step(rule, data, grad, states):
        rules.append(rule)
        return compiled_step(rule, data, grad, states)

    monkeypatch.setattr(LlvmBackend, "step", staticmethod(step))
    return rules


def test_each_place_is_stepped_by_code_as_soon_as_a_program_is_over_it(made):
    parts = [Parameter.many(np.ones(3)), Parameter.many(np.ones(9000)), Parameter.many(np.ones(4))]
    optimizer = SGD([w for part in parts for w in part], lr=0.25)
    for w in optimizer.params:
        w.grad = 1.0
    program = compile(lambda x: sum(w * x for w in parts[2]), backend="llvm")
    optimizer.step()
    assert made == []
    program.backward(np.zeros(2))
    optimizer.step()
    assert made == [optimizer.rule]
    assert {w.data for w in optimizer.params} == {0.5}


def test_a_hyperparameter_set_later_reaches_the_code():
    results = []
    for backend in ("llvm", "numpy"):
        _, used = trained(True, lambda p: Adam(p, lr=0.1), backend)
        used.betas, used.weight_decay = (0.5, 0.6), 0.1
        for _ in range(3):
            used.step()
        results.append([w.data for w in used.params])
    np.testing.assert_allclose(*results, rtol=1e-12)


def test_what_is_offered_keeps_no_numbers_alive():
    store = Store(4)
    place, alive = Place(store, 0, 4), weakref.ref(store)
    offers.add([place], compiled_step)
    offers.step(SGD(NONE).rule, place, ()).run()
    del store, place
    gc.collect()
    assert alive() is None


def test_copies_of_an_optimizer_step_on_their_own():
    _, used = trained(True, lambda p: SGD(p, lr=0.1), "llvm")
    other = pickle.loads(pickle.dumps(used))
    before = [w.data for w in used.params]
    other.step()
    assert [w.data for w in used.params] == before
    used.step()
    np.testing.assert_allclose([w.data for w in other.params], [w.data for w in used.params], rtol=1e-15)
