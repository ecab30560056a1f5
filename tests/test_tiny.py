"""Start here. Everything that Glassgrad does, in tests small enough to check in your head."""

import math

import pytest

import autograd
from autograd import Value, check_gradients, gradients, nn, no_grad, op, optim, scope, sweep


def test_a_value_is_a_number():
    a = Value(2.0, label="a")
    assert a.data == 2.0
    assert a.grad == 0.0  # nothing has run yet
    assert repr(a) == "Value(data=2.0, grad=0.0, label='a')"


def test_arithmetic_builds_a_graph_and_backward_walks_it():
    a, b = Value(2.0), Value(-3.0)
    c = a * b + 1  # -5
    c.backward()
    assert c.data == -5.0
    assert a.grad == -3.0  # dc/da = b
    assert b.grad == 2.0  # dc/db = a


def test_a_value_used_twice_gets_both_gradients():
    a = Value(3.0)
    (a + a).backward()
    assert a.grad == 2.0


def test_functions_are_methods_too():
    x = Value(0.5)
    assert x.tanh().data == autograd.tanh(0.5) == math.tanh(0.5)


def test_every_step_of_backprop_can_be_seen():
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    steps = list(sweep(a * b))
    assert [(s.node.label or s.node.op.symbol, s.adjoint) for s in steps] == [("×", 1.0), ("a", -3.0), ("b", 2.0)]
    assert steps[0].partials == (-3.0, 2.0)  # what the product passes on to a and to b


def test_derivatives_of_derivatives():
    x = Value(2.0)
    (slope,) = gradients(x**3, [x], record=True)  # 3 x^2
    assert slope.data == 12.0
    assert gradients(slope, [x]) == (12.0,)  # 6 x


def test_numbers_alone_carry_no_gradient():
    x = Value(2.0)
    with no_grad():
        y = x * 3
    assert not y.requires_grad


def test_scopes_say_where_a_value_was_made():
    with scope("encoder"):
        y = Value(1.0) * 2
    assert y.scope == "encoder"


def test_errors_say_what_where_and_how_to_mend_it():
    with pytest.raises(autograd.DomainError, match=r"log\(x\) needs x > 0, got x = -1\.0 \(label 'price'\)"):
        Value(-1.0, label="price").log()


def test_an_operation_of_your_own():
    cube = op("tiny_cube", kernel=lambda xp, x: x * x * x, partials=lambda y, x: (3 * x * x,))
    assert Value(2.0).tiny_cube().data == 8.0
    assert check_gradients(cube, at=2.0)


def test_a_neuron_learns():
    neuron = nn.Neuron(2, nonlin=False, rng=0)
    descent = optim.SGD(neuron.parameters(), lr=0.1)
    for _ in range(100):
        descent.zero_grad()
        loss = (neuron([1.0, 2.0]) - 3.0) ** 2
        loss.backward()
        descent.step()
    assert loss.data < 1e-6
