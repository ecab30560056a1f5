"""A rule alone as machine code: the same steps as over NumPy arrays, for any number of parameters."""

import pickle

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="llvmlite is not installed")

from autograd import Parameter, compile
from autograd.compiler.llvm_rule import compiled_step, rule_text
from autograd.compiler.machine import ARCHITECTURES
from autograd.optim import SGD, Adam
from autograd.optim.adagrad import AdagradRule
from autograd.optim.adam import AdamRule, AdamWRule
from autograd.optim.rmsprop import RMSpropRule
from autograd.optim.sgd import SGDRule

RULES = [
    SGDRule(lr=0.1, weight_decay=0.1, maximize=True),
    SGDRule(lr=0.1, momentum=0.9, dampening=0.5),
    SGDRule(lr=0.1, momentum=0.9, nesterov=True),
    AdamRule(lr=0.1, amsgrad=True),
    AdamWRule(lr=0.1),
    RMSpropRule(lr=0.1),
    AdagradRule(lr=0.1),
]


class Functions:
    sqrt, where, maximum = np.sqrt, np.where, np.maximum


@pytest.mark.parametrize("rule", RULES, ids=[f"{rule.name}{k}" for k, rule in enumerate(RULES)])
@pytest.mark.parametrize("count", [1, 3, 8, 16, 21])
def test_steps(rule, count):
    rng = np.random.default_rng(count)
    data = rng.normal(size=count)
    state = {name: np.full(count, first) for name, first in rule.state.items()}
    grad, ours, kept = np.empty(count), data.copy(), {name: row.copy() for name, row in state.items()}
    step = compiled_step(rule, ours, grad, tuple(kept.values()))
    for t in range(1, 6):
        grad[:] = rng.normal(size=count)
        step.fill(rule.scalars(t).values())
        step.run()
        data, changed = rule.update(Functions, data, grad, state, rule.scalars(t))
        state = {**state, **changed}
    np.testing.assert_allclose(ours, data, rtol=1e-12)
    for name, row in state.items():
        np.testing.assert_allclose(kept[name], row, rtol=1e-12)


def test_nothing_beside_the_arrays_is_touched():
    numbers = np.arange(7.0)
    step = compiled_step(SGDRule(lr=1.0), numbers[1:6], np.ones(5), ())
    step.fill(SGDRule(lr=1.0).scalars(1).values())
    step.run()
    np.testing.assert_array_equal(numbers, [0.0, 0.0, 1.0, 2.0, 3.0, 4.0, 6.0])


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_the_text_is_deterministic(name):
    assert rule_text(AdamRule(), ARCHITECTURES[name]) == rule_text(AdamRule(lr=3.0), ARCHITECTURES[name])


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
def test_an_optimizer_steps_by_compiled_code_where_a_program_is_compiled(make, program_first):
    numbers, used = trained(program_first, make, "llvm")
    expected, other = trained(program_first, make, "numpy")

    def makers(optimizer):
        store, begin, _ = optimizer.span.places[0]
        return [make for first, last, make in store.accelerated if first <= begin < last]

    assert makers(used) == [compiled_step]
    assert makers(other) == []
    np.testing.assert_allclose(numbers, expected, rtol=1e-12)
    for name, array in other.state.items():
        np.testing.assert_allclose(used.state[name], array, rtol=1e-12)


def test_copies_of_an_optimizer_step_on_their_own():
    _, used = trained(True, lambda p: SGD(p, lr=0.1), "llvm")
    other = pickle.loads(pickle.dumps(used))
    before = [w.data for w in used.params]
    other.step()
    assert [w.data for w in used.params] == before
    used.step()
    np.testing.assert_allclose([w.data for w in other.params], [w.data for w in used.params], rtol=1e-15)
