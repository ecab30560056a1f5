"""Frozen parameters in programs: no gradient, a trace that sees the change, what eager code gives."""

from typing import Any

import numpy as np
import pytest

from autograd import Parameter, ParameterArray, TraceError, compile, dot, gradients, nn, optim

X = np.random.default_rng(1).normal(size=(9, 3))
Y = np.sin(X.sum(axis=1))
BACKENDS = ["numpy", "llvm"]


def network(seed: int = 0) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(3, 4, rng=seed), nn.Tanh(), nn.Linear(4, 4, rng=1), nn.Tanh(), nn.Linear(4, 1, rng=2)
    )


def program_of(model: Any, backend: Any) -> Any:
    return compile(lambda x, y: (model(x) - y) ** 2 + nn.penalties.l2(model, 0.1) + 0.1 * model[0].bias[1], backend)


def grads(model: Any) -> Any:
    return np.array([p.grad for p in model.parameters()])


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("seed", range(6))
def test_any_choice_of_frozen_ones(backend: Any, seed: int) -> None:
    """The others have the gradient that they have without; frozen ones keep what they had."""
    model = network()
    program = program_of(model, backend)
    loss = program.backward(X, Y)
    whole = grads(model)
    assert np.all(whole != 0)
    frozen = np.random.default_rng(seed).random(len(whole)) < (0.1, 0.5, 0.9)[seed % 3]
    for p, is_frozen in zip(model.parameters(), frozen, strict=True):
        p.grad = 11.0
        p.requires_grad = not is_frozen
    optim.SGD(model, lr=0.0).zero_grad()
    model[0].weight.grad[...] = 3.0
    assert program.backward(X, Y) == pytest.approx(loss, rel=1e-14)
    had = np.array([3.0 if k < 16 and k % 4 < 3 else 0.0 for k in range(len(whole))])
    assert grads(model) == pytest.approx(np.where(frozen, had, had + whole), rel=1e-11, abs=1e-14)
    assert [p.has_grad for p in model.parameters()] == [not f for f in frozen]


@pytest.mark.parametrize("backend", BACKENDS)
def test_eager_code_agrees(backend: Any) -> None:
    model = network()
    model[2].requires_grad_(False)
    model[0].weight[1].requires_grad = False
    program_of(model, backend).backward(X, Y)
    compiled, marks = grads(model), [p.has_grad for p in model.parameters()]
    model.zero_grad()
    for x, y in zip(X, Y, strict=True):
        loss = (model(x) - y) ** 2 + nn.penalties.l2(model, 0.1) + 0.1 * model[0].bias[1]
        loss.backward(1 / len(X))
    assert grads(model) == pytest.approx(compiled, rel=1e-12, abs=1e-15)
    assert [p.has_grad for p in model.parameters()] == marks


@pytest.mark.parametrize("backend", BACKENDS)
def test_some_of_a_column_and_all_of_one_list_among_two(backend: Any) -> None:
    """A column is a line of parameters with a step, and a sum over two lists goes along two lines."""
    table, whole = ParameterArray(np.arange(10.0).reshape(5, 2)), ParameterArray(np.ones(5))
    between = Parameter(1.0)
    apart = ParameterArray(np.ones(5))
    rows = np.random.default_rng(2).normal(size=(4, 10))
    table[2, 0].requires_grad = False
    whole.requires_grad = False

    def loss(x: Any) -> Any:
        return between * dot(table[:, 0], x[:5]) + dot([*whole, *apart], x)

    compile(loss, backend).backward(rows)
    slopes = rows.mean(axis=0)
    assert table.grad[:, 0] == pytest.approx(np.where(np.arange(5) == 2, 0.0, slopes[:5]), rel=1e-12)
    assert not table.grad[:, 1].any()
    assert not whole.grad.any()
    assert apart.grad == pytest.approx(slopes[5:], rel=1e-12)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_program_sees_the_change_and_keeps_both_traces(backend: Any) -> None:
    model = network()
    program = program_of(model, backend)
    program.backward(X, Y)
    whole = grads(model)
    for _ in range(3):
        model.zero_grad()
        model[0].requires_grad_(False)
        program.backward(X, Y)
        assert not grads(model)[:16].any()
        assert grads(model)[16:] == pytest.approx(whole[16:], rel=1e-13)
        model.zero_grad()
        model[0].requires_grad_(True)
        program.backward(X, Y)
        assert grads(model) == pytest.approx(whole, rel=1e-13)
    assert len(program._specialisations.known) == 2
    assert "which parameters are frozen (positions) went () -> ((0, 16),)" in program.explain()


def test_other_models_cost_no_trace() -> None:
    model, other = network(), network(7)
    program = program_of(model, "numpy")
    program.backward(X, Y)
    first = program._specialisations.known[0]
    other.requires_grad_(False)
    program.backward(X, Y)
    assert program._specialisations.known == [first]


@pytest.mark.parametrize("backend", BACKENDS)
def test_compiled_steps_leave_them_alone(backend: Any) -> None:
    model = network()
    program = program_of(model, backend)
    opt = optim.Adam(model.parameters(), lr=0.1, weight_decay=0.1)
    program.backward(X, Y)
    opt.step()
    model[2].requires_grad_(False)
    before = model.state_dict()
    for _ in range(3):
        opt.zero_grad()
        program.backward(X, Y)
        opt.step()
    after = model.state_dict()
    moved = {name: bool(np.any(after[name] != before[name])) for name in after}
    assert moved == {name: not name.startswith("2.") for name in after}


@pytest.mark.parametrize("backend", BACKENDS)
def test_gradients_by_inputs_and_values_are_what_they_were(backend: Any) -> None:
    model = network()
    program = compile(model, backend)
    values, (slopes,) = program(X), program.gradients(X)
    model.requires_grad_(False)
    assert program(X).tobytes() == values.tobytes()
    assert program.gradients(X)[0] == pytest.approx(slopes, rel=1e-14)
    y = program.inspect(X, sample=2)
    assert y.data == pytest.approx(values[2])


@pytest.mark.parametrize("backend", BACKENDS)
def test_lone_parameters_and_shared_ones(backend: Any) -> None:
    a, b = Parameter(2.0), Parameter(3.0)
    program = compile(lambda x: (a * x + b * b * a).tanh() + a, backend)
    program.backward(X[:, 0])
    slopes = a.grad, b.grad
    a.zero_grad(), b.zero_grad()
    a.requires_grad = False
    program.backward(X[:, 0])
    assert (a.grad, a.has_grad) == (0.0, False)
    assert b.grad == pytest.approx(slopes[1], rel=1e-14)
    b.requires_grad = False
    for _ in range(2):
        with pytest.raises(TypeError, match=r"^all 2 parameters that the function reads are frozen .* unfreeze some"):
            program.backward(X[:, 0])
    a.requires_grad = True
    program.backward(X[:, 0])
    assert a.grad == pytest.approx(slopes[0], rel=1e-14)


def test_gradients_by_a_frozen_parameter_are_refused_as_by_eager_code() -> None:
    w = Parameter(2.0, label="w")
    w.requires_grad = False
    program = compile(lambda x: gradients(x * w, [w])[0], "numpy")
    with pytest.raises((TypeError, TraceError), match=r"'w' \(data=2.0\) is frozen"):
        program(X[:, 0])


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_frozen_teacher_gives_targets(backend: Any) -> None:
    """What depends on frozen parameters alone carries no gradient, so a loss takes it for a target."""
    student, teacher = network(), network(5)
    program = compile(lambda x: nn.losses.mse(student(x), teacher(x)), backend)
    with pytest.raises(TypeError, match="the target of mse carries gradient"):
        program.backward(X)
    teacher.requires_grad_(False)
    loss = program.backward(X)
    errors = compile(student, backend)(X) - compile(teacher, backend)(X)
    assert loss == pytest.approx(float(np.mean(errors**2)), rel=1e-12)
    assert student[4].bias.grad == pytest.approx(np.array([2 * errors.mean()]), rel=1e-11)
    assert not grads(teacher).any()
    eager = nn.losses.mse(student(X[0]), teacher(X[0]))
    assert eager.data == pytest.approx(errors[0] ** 2, rel=1e-12)


@pytest.mark.parametrize("backend", BACKENDS)
def test_freezing_inside_of_a_compiled_function_is_refused(backend: Any) -> None:
    """It would happen while the function is traced, and at no call after that."""
    w, b = Parameter(2.0), Parameter(1.0)

    def line(x: Any) -> Any:
        w.requires_grad = False
        y = w * x + b
        w.requires_grad = True
        return y

    program = compile(line, backend)
    with pytest.raises(
        TraceError, match=r"^requires_grad = False of .*: a compiled function computes and changes noth"
    ):
        program.backward(np.ones(2))
    assert w.requires_grad
    w.requires_grad = False
    model = network().requires_grad_(False)

    def idle(x: Any) -> Any:
        return model.requires_grad_(False)(x) * b

    compile(idle, backend).backward(X)
    assert b.has_grad, "what it is already it may be told"
