"""`dot` on Values, numbers and arrays; its use in a trace is tested with the compiler."""

import numpy as np
import pytest

import autograd
from autograd import Parameter, ShapeError, Value, dot, nn, no_grad


def text(value):
    """A graph as text, down to its leaves."""
    if value.op is None:
        return value.label or repr(value.data)
    return f"({f' {value.op.symbol} '.join(text(arg) for arg in value.args)})"


def labelled(kind, names):
    return [kind(float(i), label=name) for i, name in enumerate(names.split())]


def test_it_is_the_binary_chain_from_the_start_on():
    w, x, b = labelled(Parameter, "w0 w1 w2"), labelled(Value, "x0 x1 x2"), Parameter(0.5, label="b")
    assert text(dot(w, x, b)) == "(((b + (w0 × x0)) + (w1 × x1)) + (w2 × x2))"
    assert text(dot(x[:1], w[:1])) == "(0.0 + (x0 × w0))"


def test_it_is_what_a_neuron_computes():
    neuron = nn.Neuron(3, nonlin=False, rng=0)
    x = [Value(0.1), Value(-0.7), Value(1.3)]
    a, b = neuron(x), dot(neuron.w, x, start=neuron.b)
    assert a.data == b.data
    assert autograd.gradients(a, x) == autograd.gradients(b, x) == tuple(w.data for w in neuron.w)


def test_gradients_are_the_other_factors():
    w, x = [Parameter(2.0), Parameter(-1.0)], [Value(3.0), Value(4.0)]
    b = Parameter(0.5)
    y = dot(w, x, b)
    y.backward()
    assert (y.data, [p.grad for p in w], [v.grad for v in x], b.grad) == (2.5, [3.0, 4.0], [2.0, -1.0], 1.0)


def test_nothing_is_recorded_without_gradients():
    with no_grad():
        assert not dot([Parameter(1.0)], [Value(2.0)]).requires_grad


def test_an_empty_sum_is_its_start():
    assert dot([], []) == 0.0
    assert dot((), (), start=2.0) == 2.0


def test_numbers_and_anything_that_can_be_iterated():
    assert dot([1.0, 2.0], (3, 4), 0.5) == 11.5
    assert dot(range(3), (float(i) for i in range(3))) == 5.0
    assert dot([np.float64(2.0)], [True]) == 2.0
    y = dot(np.array([1.0, 2.0]), [Value(3.0), 4.0])
    assert (type(y), y.data) == (Value, 11.0)
    objects = np.array([Value(1.0), Value(2.0)], dtype=object)
    assert dot(objects, np.array([3.0, 4.0])).data == 11.0


def test_arrays_are_summed_over_their_last_axis():
    generator = np.random.default_rng(0)
    W, x, b = generator.normal(size=(4, 3)), generator.normal(size=3), generator.normal(size=4)
    np.testing.assert_allclose(dot(W, x, b), W @ x + b, rtol=1e-14)
    np.testing.assert_allclose(dot(x, x), np.dot(x, x), rtol=1e-14)
    np.testing.assert_allclose(dot(W[:, None], W[None]), W @ W.T, rtol=1e-14)


@pytest.mark.parametrize(
    ("ws", "xs", "error", "words"),
    [
        ([1.0, 2.0], [1.0], ShapeError, "two lists of one length, got 2 and 1 numbers"),
        ([1.0], np.ones((1, 2)), ShapeError, r"second argument of dot is one row .* shape \(1, 2\); write \[dot\(row"),
        (np.ones(3), np.ones(4), ShapeError, r"one length, got \(3,\) and \(4,\)"),
        (np.ones((2, 3)), np.ones((4, 3)), ShapeError, r"shapes broadcast, got \(2, 3\) and \(4, 3\)"),
        (np.array(1.0), np.ones(1), ShapeError, r"got \(\) and \(1,\)"),
        (Value(1.0), [1.0], TypeError, r"first argument of dot is a list .* got Value: .* write w \* x"),
        ([1.0], 2.0, TypeError, "second argument of dot is a list of numbers or Values, got float: 2.0"),
        ("ab", [1.0, 2.0], TypeError, "first argument of dot is a list"),
        ({1.0, 2.0}, [1.0, 2.0], TypeError, "got set"),
        ({0: 1.0}, [1.0], TypeError, "got dict"),
        (None, [1.0], TypeError, "got NoneType"),
    ],
)
def test_what_is_no_pair_of_lists_is_refused(ws, xs, error, words):
    with pytest.raises(error, match=words):
        dot(ws, xs)
