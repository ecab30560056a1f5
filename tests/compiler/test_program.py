"""Programs: the calls, their errors, what makes them trace again, masks, inspection, pickles and threads."""

import copy
import math
import pickle
import sys
import warnings

import numpy as np
import pytest

import autograd
from autograd import (
    DivisionByZeroError,
    DomainError,
    NonFiniteError,
    Parameter,
    ParameterArray,
    ShapeError,
    TraceError,
    Value,
    nn,
    scope,
)
from autograd.compiler import Program, backend, compile, pipeline, specialisation

BACKEND = "numpy"


@pytest.fixture(params=["numpy", "llvm"], autouse=True)
def each_backend(request, monkeypatch):
    """Every test here runs on both backends."""
    if request.param == "llvm":
        pytest.importorskip("llvmlite")
    monkeypatch.setitem(globals(), "BACKEND", request.param)


def arrays(samples=20, inputs=3, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(samples, inputs)), rng.choice([-1.0, 1.0], samples)


def hinge(model):
    return lambda x, y: (1.0 - y * model(x)).relu()


def eager(f, *data, parameters):
    """Mean loss and mean gradients, one sample at a time."""
    for p in parameters:
        p.zero_grad()
    total = 0.0
    for row in zip(*(a.tolist() for a in data), strict=True):
        loss = f(*row)
        loss.backward(1.0 / len(data[0]))
        total += loss.data
    return total / len(data[0]), [p.grad for p in parameters]


@pytest.fixture
def count_traces(monkeypatch):
    made = []
    original = specialisation.trace
    monkeypatch.setattr(specialisation, "trace", lambda *args: made.append(1) or original(*args))
    return made


# The calls


def test_results_of_one_number_and_of_lists():
    X, _ = arrays()
    one = compile(lambda x: x[0] + x[1], backend=BACKEND)(X)
    several = compile(lambda x: [x[0], x[1] * 2.0], backend=BACKEND)(X)
    single = compile(lambda x: (x[2],), backend=BACKEND)(X)
    assert one.tolist() == (X[:, 0] + X[:, 1]).tolist()
    assert several.tolist() == np.stack([X[:, 0], X[:, 1] * 2], axis=1).tolist()
    assert single.shape == (20, 1)


def test_backward_adds_to_the_gradients():
    w = Parameter(3.0)
    program = compile(lambda x: w * x, backend=BACKEND)
    assert program.backward(np.array([1.0, 3.0])) == 6.0
    assert program.backward(np.array([1.0, 3.0])) == 6.0
    assert (w.grad, w.has_grad) == (4.0, True)


def test_as_a_decorator():
    w = Parameter(2.0)

    @compile
    def double(x):
        return w * x

    @compile(backend="numpy")
    def triple(x):
        return x * 3.0

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where llvmlite is missing
        assert double(np.array([4.0])).tolist() == [8.0]
    assert triple(np.array([4.0])).tolist() == [12.0]
    assert isinstance(double, Program)


def test_a_model_compiles_for_prediction():
    model = nn.MLP(3, [4, 2], rng=0)
    X, _ = arrays()
    expected = [[y.data for y in model(row)] for row in X.tolist()]
    np.testing.assert_allclose(compile(model, backend=BACKEND)(X), expected, rtol=1e-12)


def test_gradients_have_the_shapes_of_the_arguments_and_unused_ones_are_zero():
    f = compile(lambda x, y, unused, also: x[0] * y + x[2], backend=BACKEND)
    X = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    y = np.array([7.0, 8.0])
    dx, dy, d_unused, d_also = f.gradients(X, y, np.zeros((2, 2)), np.zeros(2))
    assert dx.tolist() == [[7.0, 0.0, 1.0], [8.0, 0.0, 1.0]]
    assert dy.tolist() == [1.0, 4.0]
    assert d_unused.tolist() == [[0.0, 0.0], [0.0, 0.0]]
    assert d_also.tolist() == [0.0, 0.0]


def test_lists_ints_and_slices_are_taken_and_changes_in_place_are_seen():
    f = compile(lambda x, y: x * 10.0 + y[0], backend=BACKEND)
    assert f([1, 2], [[3], [4]]).tolist() == [13.0, 24.0]
    X = np.arange(8.0).reshape(2, 4)
    assert f(X[:, 1], X[:, 2:3]).tolist() == [12.0, 56.0]
    x, y = np.array([1.0]), np.array([[0.0]])
    assert f(x, y).tolist() == [10.0]
    x[0] = 5.0
    assert f(x, y).tolist() == [50.0]


def test_converted_arrays_are_not_remembered():
    f = compile(lambda x: x * 10.0, backend=BACKEND)
    numbers = [1.0, 2.0]
    f(numbers)
    numbers[0] = 7.0
    assert f(numbers).tolist() == [70.0, 20.0]


def test_python_names_in_errors_are_those_of_the_function():
    with pytest.raises(ValueError, match="target is nan in row 1, column 0"):
        compile(lambda features, target: features * target[0], backend=BACKEND)([1.0, 2.0], [[0.0], [np.nan]])


class Micrograd(nn.Module):
    """A model in micrograd's manner, with its own __call__."""

    def __init__(self):
        self.w = [Parameter(2.0), Parameter(3.0)]

    def __call__(self, row):
        return sum(w * x for w, x in zip(self.w, row, strict=True))


def test_a_model_with_its_own_call():
    model = Micrograd()
    program = compile(model, backend=BACKEND)
    assert program([[1.0, 2.0]]).tolist() == [8.0]
    with pytest.raises(ValueError, match="row is nan in row 0, column 1"):
        program([[1.0, np.nan]])
    with pytest.raises(ValueError, match="x is nan"):
        compile(nn.MLP(1, [1], rng=0), backend=BACKEND)([[np.nan]])


@pytest.mark.parametrize("widths", [[2], [16, 16, 1], [5, 4, 3, 1]])
def test_networks_equal_eager(widths):
    widths = widths if widths[-1] == 1 else [*widths, 1]
    model = nn.MLP(3, widths, rng=1)
    data = arrays(33)
    loss, gradients = eager(hinge(model), *data, parameters=model.parameters())
    model.zero_grad()
    assert compile(hinge(model), backend=BACKEND).backward(*data) == pytest.approx(loss, rel=1e-12)
    np.testing.assert_allclose([p.grad for p in model.parameters()], gradients, rtol=1e-12, atol=1e-15)


def test_classification_equals_eager():
    model = nn.MLP(64, [32, 10], rng=1)
    rng = np.random.default_rng(2)
    X, Y = rng.uniform(size=(16, 64)), np.eye(10)[rng.integers(0, 10, 16)]
    f = lambda x, y: nn.losses.cross_entropy(model(x), y)
    loss, gradients = eager(f, X, Y, parameters=model.parameters())
    model.zero_grad()
    assert compile(f, backend=BACKEND).backward(X, Y) == pytest.approx(loss, rel=1e-12)
    np.testing.assert_allclose([p.grad for p in model.parameters()], gradients, rtol=1e-11, atol=1e-14)


def logits_and_index():
    model = nn.MLP(3, [4, 3], rng=2)
    return model, lambda x, y: nn.losses.cross_entropy(model(x), y), np.arange(9.0) % 3


def signs(name):
    model = nn.MLP(3, [4, 1], rng=2)
    return model, lambda x, y: getattr(nn.losses, name)(model(x), y), np.where(np.arange(9) % 2, 1.0, -1.0)


@pytest.mark.parametrize(
    "case",
    [logits_and_index, *(lambda name=name: signs(name) for name in ("mse", "mae", "huber", "hinge"))],
)
def test_losses_equal_eager(case):
    model, f, Y = case()
    X = np.random.default_rng(3).normal(size=(9, 3))
    loss, gradients = eager(f, X, Y, parameters=model.parameters())
    model.zero_grad()
    assert compile(f, backend=BACKEND).backward(X, Y) == pytest.approx(loss, rel=1e-12)
    np.testing.assert_allclose([p.grad for p in model.parameters()], gradients, rtol=1e-11, atol=1e-14)


# Arguments that are refused


@pytest.mark.parametrize(
    ("data", "error", "text"),
    [
        ((), TypeError, "at least one array"),
        ((np.zeros(0),), ShapeError, "there are no samples: x has the shape (0,)"),
        ((np.zeros((0, 2)),), ShapeError, "there are no samples"),
        ((np.float64(1.0),), ShapeError, "(batch,) or (batch, k), got (); for one sample"),
        ((np.zeros((2, 2, 2)),), ShapeError, "flatten each row"),
        ((np.array(["a"]),), TypeError, "array of real numbers, got <U1"),
        ((np.array([1j]),), TypeError, "array of real numbers, got complex128"),
        ((np.array([Value(1.0)]),), TypeError, "x is an array of objects"),
        (([[1.0], [1.0, 2.0]],), ShapeError, "unequal lengths"),
        ((np.array([1.0, np.nan]),), ValueError, "x is nan in row 1 (counted from 0)"),
        ((np.array([[1.0, np.inf]]),), ValueError, "x is inf in row 0, column 1"),
    ],
)
def test_arguments_that_are_refused(data, error, text):
    with pytest.raises(error) as caught:
        compile(lambda x: x if isinstance(x, Value) or not isinstance(x, list) else x[0], backend=BACKEND)(*data)
    assert text in str(caught.value)


def test_unequal_lengths_are_refused_with_all_shapes():
    with pytest.raises(ShapeError, match=r"x \(2, 3\), y \(4,\)"):
        compile(lambda x, y: x[0] * y, backend=BACKEND)(np.zeros((2, 3)), np.zeros(4))


def test_other_shapes_than_the_first_are_refused_with_both():
    f = compile(lambda x: sum(x), backend=BACKEND)
    f(np.zeros((2, 3)))
    with pytest.raises(
        ShapeError, match=r"traced for x of shape \(batch, 3\), but is called with x of shape \(batch, 4\)"
    ):
        f(np.zeros((2, 4)))
    with pytest.raises(ShapeError, match=r"called with x of shape \(batch,\)"):
        f(np.zeros(2))
    assert f(np.ones((5, 3))).tolist() == [3.0] * 5


def test_only_functions_and_known_backends_are_compiled():
    with pytest.raises(TypeError, match="takes a function of one sample, got int: 3"):
        compile(3)
    with pytest.raises(ValueError, match="'cuda' is no backend; known: auto, numpy, llvm"):
        compile(abs, backend="cuda")


def test_lists_have_no_gradient():
    f = compile(lambda x: [x, x * 2.0], backend=BACKEND)
    for call in (f.backward, f.gradients):
        with pytest.raises(TypeError, match="returns a list of 2; return their sum"):
            call(np.ones(2))


# When it traces again


def test_one_trace_serves_all_calls(count_traces):
    model = nn.MLP(3, [4, 1], rng=0)
    f = compile(hinge(model), backend=BACKEND)
    for samples in (1, 5, 20):
        f(*arrays(samples))
        f.backward(*arrays(samples))
        f.gradients(*arrays(samples))
    assert len(count_traces) == 1


def test_each_mode_has_its_trace(count_traces):
    model = nn.Sequential(nn.Linear(3, 4, rng=0), nn.Dropout(0.5, rng=1), nn.Linear(4, 1, rng=2))
    f = compile(model, backend=BACKEND)
    X, _ = arrays()
    f(X)
    model.eval()
    evaluated = f(X)
    model.train()
    f(X)
    model.eval()
    np.testing.assert_array_equal(f(X), evaluated)
    np.testing.assert_allclose(evaluated, [model(row).data for row in X.tolist()], rtol=1e-12)
    assert len(count_traces) == 2


def test_a_changed_structure_is_traced_again():
    model = nn.MLP(3, [4, 1], rng=0)
    f = compile(model, backend=BACKEND)
    X, _ = arrays()
    f(X)
    model.layers[0].neurons[0] = nn.Neuron(3, rng=5)
    np.testing.assert_allclose(f(X), [model(row).data for row in X.tolist()], rtol=1e-12)
    model.layers[0].neurons[0].activation = autograd.tanh
    np.testing.assert_allclose(f(X), [model(row).data for row in X.tolist()], rtol=1e-12)


def test_an_unrelated_module_costs_no_compilation(monkeypatch):
    model = nn.MLP(3, [4, 1], rng=0)
    f = compile(model, backend=BACKEND)
    X, _ = arrays()
    expected = f(X)
    lowered = []
    monkeypatch.setattr(pipeline, "to_tape", lambda *args: lowered.append(args))
    nn.MLP(2, [1])
    np.testing.assert_array_equal(f(X), expected)
    assert lowered == []


def test_parameters_that_lie_apart_are_fetched_and_written_back():
    weight, far = ParameterArray([2.0, 3.0]), [Parameter(0.0), ParameterArray(np.zeros(9000)), Parameter(4.0)]
    f = compile(lambda x: weight[1] * x + far[2] * x * x + weight[0], backend=BACKEND)
    X = np.array([1.0, 2.0])
    for _ in range(2):
        assert f.backward(X) == pytest.approx((3 + 4 + 2 + 6 + 16 + 2) / 2)
    assert (weight.grad.tolist(), far[2].grad, far[0].grad) == ([2.0, 3.0], 5.0, 0.0)
    assert weight[0].has_grad
    assert not far[0].has_grad
    weight.data[1], far[2].data = 5.0, 7.0
    np.testing.assert_allclose(f(X), [14.0, 40.0])


def test_parameters_that_share_a_store_with_unused_ones():
    ps = [Parameter(float(i)) for i in range(6)]
    f = compile(lambda x: ps[4] * x + ps[1], backend=BACKEND)
    assert f.backward(np.array([2.0])) == 9.0
    assert [p.grad for p in ps] == [0, 1, 0, 0, 2, 0]


# Errors of numbers


def test_a_domain_error_names_operation_scope_and_sample_and_changes_nothing():
    w = Parameter(1.0)

    def f(x):
        with scope("head"):
            return autograd.log(w * x)

    program = compile(f, backend=BACKEND)
    w.grad = 5.0
    for call in (program, program.backward, program.gradients):
        with pytest.raises(DomainError) as caught:
            call(np.array([1.0, 2.0, -3.0]))
        assert "log(x) needs x > 0, got x = -3.0" in str(caught.value)
        assert "head" in str(caught.value)
        assert "sample 2" in str(caught.value)
    assert w.grad == 5.0


def test_division_by_zero_keeps_its_class():
    with pytest.raises(DivisionByZeroError, match="sample 1"):
        compile(lambda x: 1.0 / x, backend=BACKEND)(np.array([1.0, 0.0]))


def test_a_domain_error_of_parameters_alone_is_found():
    w = Parameter(1.0)
    program = compile(lambda x: x * autograd.sqrt(w), backend=BACKEND)
    program(np.ones(2))
    w.data = -1.0
    with pytest.raises(DomainError, match="sqrt"):
        program(np.ones(2))


def test_the_branch_that_is_not_selected_is_checked_too():
    f = compile(lambda x: autograd.where(x > 0, autograd.log(x), 0.0), backend=BACKEND)
    with pytest.raises(DomainError, match="where"):
        f(np.array([1.0, -1.0]))


def test_derivatives_outside_of_domains_are_no_error():
    f = compile(lambda x: autograd.sqrt(x) * 0.0, backend=BACKEND)
    assert f.gradients(np.array([0.0, 4.0]))[0].tolist() == [0.0, 0.0]


def test_overflow_passes_through_values_but_not_through_a_loss():
    w = Parameter(1000.0, label="w")

    def f(x):
        with scope("tail"):
            return autograd.exp(w * x)

    program = compile(f, backend=BACKEND)
    assert program(np.array([1.0])).tolist() == [np.inf]
    with pytest.raises(NonFiniteError) as caught:
        program.backward(np.array([0.0, 1.0]))
    message = str(caught.value)
    assert "the loss is inf" in message
    assert "It begins with exp(1000.0) = inf in tail" in message
    assert "sample 1" in message
    assert (w.grad, w.data) == (0.0, 1000.0)


def test_a_gradient_that_is_not_finite_is_named():
    w = Parameter(0.0, label="w")
    program = compile(lambda x: autograd.sqrt(w * x) * 2.0, backend=BACKEND)
    with pytest.raises(NonFiniteError, match=r"the gradient isn't finite for sample 0 .* It begins with sqrt\(0.0\)"):
        program.backward(np.array([1.0]))
    assert w.grad == 0.0


def test_an_infinity_that_where_passes_over_is_named():
    w = Parameter(0.5, label="w")
    hidden = compile(lambda x: autograd.where(x > 5.0, w * autograd.exp(x * 800.0), w * x), backend=BACKEND)
    inside = compile(
        lambda x: autograd.where(x < 5.0, autograd.exp(autograd.where(x < 5.0, w * x, 0.0)), 0.0), backend=BACKEND
    )
    with pytest.raises(NonFiniteError, match=r"for sample 1 .* begins with exp\(800.0\) = inf, which .* of a `where`"):
        hidden.backward(np.array([0.5, 1.0]))
    w.zero_grad()
    assert inside.backward(np.array([1.0, 1e4])) == pytest.approx(0.5 * math.exp(0.5))
    assert w.grad == pytest.approx(0.5 * math.exp(0.5))


def test_a_sum_of_gradients_that_overflows_is_named():
    w = Parameter(0.0)
    program = compile(lambda x: w * x[0] + w * x[1], backend=BACKEND)
    with pytest.raises(NonFiniteError, match="a sum of them is too large for a float64"):
        program.backward(np.array([[1.5e308, 1.5e308]]))
    assert compile(lambda x: w * x + x, backend=BACKEND).backward(np.full(4, 1.5e308)) == pytest.approx(1.5e308)


def test_a_sigmoid_is_right_through_an_infinity():
    f = compile(lambda x: 1.0 / (1.0 + autograd.exp(-x)), backend=BACKEND)
    X = np.array([-1000.0, 0.0, 1000.0])
    assert f(X).tolist() == [0.0, 0.5, 1.0]
    assert f.gradients(X)[0].tolist() == [0.0, 0.25, 0.0]


# Masks


def dropout_model(seed=3):
    return nn.Sequential(nn.Linear(3, 6, rng=0), nn.Dropout(0.5, rng=seed), nn.Linear(6, 1, rng=1))


def test_masks_are_the_stream_of_eager_code():
    X, Y = arrays(11)
    compiled, plain = dropout_model(), dropout_model()
    program = compile(hinge(compiled), backend=BACKEND)
    for _ in range(3):
        loss, gradients = eager(hinge(plain), X, Y, parameters=plain.parameters())
        compiled.zero_grad()
        assert program.backward(X, Y) == pytest.approx(loss, rel=1e-12)
        np.testing.assert_allclose([p.grad for p in compiled.parameters()], gradients, rtol=1e-11, atol=1e-14)


def test_layers_that_share_a_generator_take_turns():
    def model():
        rng = np.random.default_rng(5)
        return nn.Sequential(
            nn.Dropout(0.5, rng=rng), nn.Linear(3, 4, rng=0), nn.Dropout(0.5, rng=rng), nn.Linear(4, 1, rng=1)
        )

    X, _ = arrays(6)
    compiled, plain = model(), model()
    expected = [plain(row).data for row in X.tolist()]
    np.testing.assert_allclose(compile(compiled, backend=BACKEND)(X), expected, rtol=1e-12)


def test_inspect_shows_the_mask_that_comes_next():
    X, Y = arrays(8)
    model = dropout_model()
    program = compile(hinge(model), backend=BACKEND)
    shown = [program.inspect(X, Y, sample=i).data for i in range(8)]
    np.testing.assert_allclose(program(X, Y), shown, rtol=1e-12)


def test_an_error_of_a_masked_batch_is_found_under_its_own_masks():
    layer = nn.Dropout(0.5, rng=7)
    program = compile(lambda x: autograd.log(layer(x) - 1.0), backend=BACKEND)
    with pytest.raises(DomainError, match="sample"):
        program(np.ones(20))


# Inspection


def test_inspect_gives_a_graph_with_adjoints_and_leaves_parameters_alone():
    w = Parameter(2.0, label="w")
    w.grad = 7.0
    program = compile(lambda x, y: (w * x[1] - y) ** 2, backend=BACKEND)
    loss = program.inspect(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1.0, 2.0]), sample=1)
    assert loss.data == 36.0
    assert loss.grad == 1.0
    labels = {v.label: v.grad for v in autograd.ancestors(loss) if v.label}
    assert labels == {"w": 7.0, "x[1]": 24.0, "y": -12.0}
    assert program.inspect(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1.0, 2.0]), sample=-1).data == 36.0


def test_inspect_refuses_rows_that_are_not_there():
    program = compile(lambda x: x * 2.0, backend=BACKEND)
    with pytest.raises(IndexError, match="sample 2 is not among the 2 samples"):
        program.inspect(np.ones(2), sample=2)
    with pytest.raises(TypeError, match="the number of a row, got float"):
        program.inspect(np.ones(2), sample=1.0)


def test_inspect_of_lists():
    both = compile(lambda x: [x, x * 2.0], backend=BACKEND).inspect(np.array([3.0]))
    assert [v.data for v in both] == [3.0, 6.0]


# Explain, repr


def test_explain_tells_what_was_found():
    model = nn.MLP(3, [8, 1], rng=0)
    program = compile(hinge(model), backend=BACKEND)
    assert "nothing is traced yet" in program.explain()
    program.backward(*arrays())
    text = program.explain()
    for part in (
        f"backend {BACKEND}",
        "x (batch, 3), y (batch,)",
        "training mode",
        "41 parameters",
        "dense block 8 x 3 + bias, relu",
        "gradient sums 8 x 3",
        "compiled in",
    ):
        assert part in text, text
    assert repr(program).startswith("Program(<function")


# Pickle, threads


def double(x):
    return x * 2.0


def test_pickles_and_copies_trace_anew():
    program = Program(double, BACKEND)
    assert program(np.ones(2)).tolist() == [2.0, 2.0]
    model = nn.MLP(3, [2, 1], rng=0)
    X, _ = arrays()
    of_model = Program(model, BACKEND)
    expected = of_model(X)
    for again in (copy.deepcopy(of_model), pickle.loads(pickle.dumps(of_model))):
        assert again.function is not model
        np.testing.assert_array_equal(again(X), expected)


def test_threads_may_share_a_program(in_threads):
    model = nn.MLP(3, [8, 1], rng=0)
    program = compile(hinge(model), backend=BACKEND)
    data = [arrays(20, seed=i) for i in range(4)]
    expected = [compile(hinge(model), backend=BACKEND)(*d) for d in data]
    wrong = []

    def work(i):
        wrong.extend(i for _ in range(25) if not np.array_equal(program(*data[i]), expected[i]))

    in_threads(work, 4)
    assert wrong == []


# Backends


def test_auto_warns_once_where_llvm_is_missing(monkeypatch):
    backend._warn_once.cache_clear()
    monkeypatch.setitem(sys.modules, "llvmlite", None)
    monkeypatch.setattr("autograd.compiler.llvm.machine._READY", [])
    monkeypatch.setattr("autograd.compiler.llvm.machine.host", lambda: autograd.compiler.llvm.machine.load_llvm())
    monkeypatch.delitem(sys.modules, "autograd.compiler.llvm.backend", raising=False)
    program = compile(double)
    with pytest.warns(UserWarning, match=r"uses NumPy.*pip install \"glassgrad\[fast\]\""):
        assert program(np.ones(2)).tolist() == [2.0, 2.0]
    assert compile(double)(np.ones(2)).tolist() == [2.0, 2.0]  # a second warning would be an error
    with pytest.raises(ImportError, match=r"pip install \"glassgrad\[fast\]\""):
        compile(double, backend="llvm")(np.ones(2))


def test_trace_errors_come_from_the_first_call():
    program = compile(lambda x: 1.0 if x > 0 else 2.0, backend=BACKEND)
    for _ in range(2):
        with pytest.raises(TraceError, match="where"):
            program(np.ones(2))
