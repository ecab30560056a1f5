"""Work across samples in compiled code: batch norm equals the eager `forward_batch`, whatever runs it."""

import numpy as np
import pytest

from autograd import Parameter, ancestors, compile, fit, nn, tanh
from autograd.compiler.backend import InputArray
from autograd.compiler.specialisation import same
from autograd.compiler.trace.run import trace
from autograd.errors import DomainError, NonFiniteError, ShapeError
from autograd.nn.normalization import batch_mean
from autograd.nn.penalties import l2
from autograd.nn.statistics import commit, pending
from autograd.optim import SGD

BACKENDS = ("numpy", "llvm")
NEAR = {"rtol": 1e-9, "atol": 1e-11}


@pytest.fixture(params=BACKENDS)
def backend(request):
    if request.param == "llvm":
        pytest.importorskip("llvmlite", reason="llvmlite is not installed")
    return request.param


def samples(count, columns=3, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(count, columns)) * [3.0, 0.5, 1.0][:columns] + [10.0, -1.0, 0.0][:columns]
    return X, rng.normal(size=count)


def network(width=5, **options):
    return nn.Sequential(
        nn.BatchNorm(3, **options), nn.Linear(3, width, rng=0), nn.BatchNorm(width, momentum=None, **options),
        nn.Tanh(), nn.Linear(width, width, rng=1), nn.BatchNorm(width, eps=1e-3, **options), nn.Linear(width, 1, rng=2),
    )  # fmt: skip


def loss_of(model):
    return lambda x, y: (model(x) - y) ** 2


def eager(model, X, Y):
    """Losses and the gradient of their mean, by `forward_batch`."""
    for p in model.parameters():
        p.zero_grad()
    losses = [(p - y) ** 2 for p, y in zip(model.forward_batch(X.tolist()), Y.tolist(), strict=True)]
    (sum(losses) / len(losses)).backward()
    return [loss.data for loss in losses], [p.grad for p in model.parameters()]


def state(model):
    return {name: array.tolist() for name, array in model.state_dict().items()}


def assert_same_state(a, b, **tolerance):
    ours, theirs = a.state_dict(), b.state_dict()
    assert ours.keys() == theirs.keys()
    for name, array in ours.items():
        np.testing.assert_allclose(array, theirs[name], **(tolerance or NEAR), err_msg=name)


@pytest.mark.parametrize("width", [2, 5, 33])
def test_losses_gradients_and_running_statistics_are_the_eager_ones(backend, width):
    ours, theirs = network(width), network(width)
    program = compile(loss_of(ours), backend=backend)
    counts = (2, 9, 67) if width == 33 else (*range(2, 18), 31, 32, 33, 63, 64, 65, 67)
    for count in counts:
        X, Y = samples(count, seed=count)
        losses, gradient = eager(theirs, X, Y)
        ours.zero_grad()
        before = state(ours)
        np.testing.assert_allclose(program(X, Y), losses, **NEAR)
        assert state(ours) == before, "values alone change no statistics"
        assert program.backward(X, Y) == pytest.approx(np.mean(losses), rel=1e-10)
        # The bias before a BatchNorm has gradient 0 but for rounding.
        np.testing.assert_allclose([p.grad for p in ours.parameters()], gradient, **NEAR)
        assert_same_state(ours, theirs)


def test_sizes_in_turn_share_kernels():
    pytest.importorskip("llvmlite", reason="llvmlite is not installed")
    model = network()
    program, reference = compile(loss_of(model), backend="llvm"), compile(loss_of(model), backend="numpy")
    for count in (700, 3, 40, 90, 200, 333, 1000, 2, 1500, 64):
        X, Y = samples(count)
        np.testing.assert_allclose(program(X, Y), reference(X, Y), **NEAR)
    kernels = program.specialise(X, Y).executables["values"]._kernels
    assert all(shape.one_block for shape in kernels)
    assert len(kernels) < 9


def test_one_number_a_sample(backend):
    ours, theirs = nn.BatchNorm(1), nn.BatchNorm(1)
    X, Y = np.array([1.0, 2.0, 4.0]), np.array([0.0, 1.0, -1.0])
    program = compile(lambda x, y: (ours(x) - y) ** 3, backend=backend)
    losses = [(p - y) ** 3 for p, y in zip(theirs.forward_batch(X.tolist()), Y, strict=True)]
    (sum(losses) / 3).backward()
    assert program.backward(X, Y) == pytest.approx(sum(loss.data for loss in losses) / 3)
    assert [p.grad for p in ours.parameters()] == pytest.approx([p.grad for p in theirs.parameters()])
    assert_same_state(ours, theirs)


@pytest.mark.parametrize("count", [2, 7, 8, 9, 67])
def test_a_mean_by_itself(backend, count):
    """The formula of a weighted variance, and the derivatives worked out by hand."""
    w = Parameter(2.0)
    x = np.random.default_rng(count).normal(size=count)
    program = compile(lambda x: (w * x - batch_mean(w * x)) ** 2, backend=backend)
    centred = x - x.mean()
    np.testing.assert_allclose(program(x), 4.0 * centred**2, **NEAR)
    assert program.backward(x) == pytest.approx(4.0 * x.var())
    assert w.grad == pytest.approx(4.0 * x.var())
    (gradient,) = program.gradients(x)  # of the sum: 2 * 4 * centred, as the centred ones sum to 0
    np.testing.assert_allclose(gradient, 8.0 * centred, **NEAR)
    only = compile(lambda x: batch_mean(w * tanh(x)), backend=backend)
    np.testing.assert_allclose(only(x), np.full(count, 2.0 * np.tanh(x).mean()), **NEAR)
    np.testing.assert_allclose(only.gradients(x)[0], 2.0 / np.cosh(x) ** 2, **NEAR)


def test_what_does_not_depend_on_the_sample_is_its_own_mean():
    w = Parameter(3.0)
    traced = trace(lambda x: x * batch_mean(w * 2.0) + batch_mean(x**0), [InputArray("x", 1, scalar=True)])
    assert "batch_mean" not in [getattr(kind, "name", kind) for kind in traced.graph.kinds]


def test_without_running_statistics(backend):
    ours = network(track_running_stats=False)
    X, Y = samples(11)
    losses, gradient = eager(ours, X, Y)
    ours.zero_grad()
    program = compile(loss_of(ours), backend=backend)
    program.backward(X, Y)
    np.testing.assert_allclose([p.grad for p in ours.parameters()], gradient, **NEAR)
    np.testing.assert_allclose(program(X, Y), losses, **NEAR)
    ours.eval()
    np.testing.assert_allclose(program(X, Y), losses, **NEAR)
    assert ours.buffers() == []


def test_evaluation_follows_the_running_statistics(backend):
    model = network()
    X, Y = samples(20)
    train, predict = compile(loss_of(model), backend=backend), compile(model, backend=backend)
    seen = []
    for _ in range(3):
        model.train()
        train.backward(X, Y)
        model.eval()
        found = predict(X)
        np.testing.assert_allclose(found, [model(x).data for x in X.tolist()], **NEAR)
        seen.append(found)
    assert not np.allclose(seen[0], seen[1])
    model[0].running_mean[:] = 5.0
    np.testing.assert_allclose(predict(X), [model(x).data for x in X.tolist()], **NEAR)
    model.load_state_dict(network().state_dict())
    np.testing.assert_allclose(predict(X), [model(x).data for x in X.tolist()], **NEAR)
    np.testing.assert_allclose(predict(X[:1]), predict(X)[:1], **NEAR)
    # Gradients in evaluation go through the running numbers as through constants.
    model.zero_grad()
    total = model(X[0].tolist())
    total.backward()
    expected = [p.grad for p in model.parameters()]
    model.zero_grad()
    compile(model, backend=backend).backward(X[:1])
    np.testing.assert_allclose([p.grad for p in model.parameters()], expected, **NEAR)


def test_other_buffers_are_another_trace():
    model = nn.BatchNorm(2).eval()
    layout = [InputArray("x", 2, scalar=False)]
    first, again = trace(model, layout), trace(model, layout)
    assert same(first, again)
    for name in ("running_mean", "running_var"):
        array = getattr(model, name)
        delattr(model, name)
        model.register_buffer(name, array)
    assert not same(first, trace(model, layout))
    program = compile(model, backend="numpy")
    X = np.array([[1.0, 2.0]])
    before = program(X)
    delattr(model, "running_mean")
    model.register_buffer("running_mean", np.array([1.0, 2.0]))
    np.testing.assert_allclose(program(X), [[0.0, 0.0]], atol=1e-12)
    assert not np.allclose(before, 0.0)


def test_statistics_wait_for_the_step(backend):
    model = network()
    X, Y = samples(9)
    program = compile(loss_of(model), backend=backend)
    before = state(model)
    with pending():
        program.backward(X, Y)
        assert state(model) == before
    assert state(model) == before
    with pending():
        program.backward(X, Y)
        commit()
    assert model[0].num_batches_tracked == 1.0
    assert state(model) != before


def test_a_batch_of_one_is_refused(backend):
    model = network()
    X, Y = samples(4)
    program = compile(loss_of(model), backend=backend)
    before = state(model)
    for run in (program, program.backward, program.gradients):
        with pytest.raises(ShapeError, match=r"BatchNorm.* in training needs at least 2 samples, got 1"):
            run(X[:1], Y[:1])
        assert run(X, Y) is not None
    assert before["0.weight"] == state(model)["0.weight"]
    model.eval()
    assert program(X[:1], Y[:1]).shape == (1,)


def test_a_batch_that_fails_changes_nothing(backend):
    model = network()
    X, Y = samples(6)
    program = compile(loss_of(model), backend=backend)
    before = state(model)
    Y[4] = 1e200
    with pytest.raises(NonFiniteError, match=r"the loss is inf.* for sample 4 \(row 4"):
        program.backward(X, Y)
    assert state(model) == before
    assert {p.grad for p in model.parameters()} == {0.0}


def test_domain_errors_name_the_sample(backend):
    layer = nn.BatchNorm(1, affine=False)
    X = np.array([1.0, 5.0, 9.0])
    program = compile(lambda x: (layer(x) + 1.0).log(), backend=backend)
    with pytest.raises(DomainError, match=r"It happened in sample 0 \(row 0"):
        program(X)


def test_inspect_shows_a_sample_with_the_statistics_of_its_batch(backend):
    model = nn.Sequential(nn.Dropout(0.5, rng=3), nn.Linear(3, 4, rng=0), nn.BatchNorm(4), nn.Linear(4, 1, rng=1))
    X, Y = samples(7)
    program = compile(loss_of(model), backend=backend)
    before = state(model)
    found = [program.inspect(X, Y, sample=i) for i in range(7)]
    assert state(model) == before
    np.testing.assert_allclose([loss.data for loss in found], program(X, Y), **NEAR)
    labels = {node.label: node.data for node in ancestors(found[0])}
    assert {"mean0", "mean3", "var0", "var3"} <= labels.keys()


def test_explain_names_the_means():
    program = compile(loss_of(nn.Sequential(nn.Linear(3, 5, rng=0), nn.BatchNorm(5), nn.Linear(5, 1, rng=1))), "numpy")
    program.backward(*samples(4))
    text = program.explain()
    assert "5 means over the batch (2 times)" in text
    assert "5 means over the batch, of adjoints (2 times)" in text


# fit


class Watching:
    """Does nothing after each step, so that each is a call of its own."""

    def __call__(self, state):
        pass

    def after_step(self, state):
        pass


def dropping():
    return nn.Sequential(
        nn.Linear(3, 8, rng=0), nn.BatchNorm(8), nn.Tanh(), nn.Dropout(0.3, rng=7), nn.Linear(8, 4, rng=1),
        nn.BatchNorm(4), nn.ReLU(), nn.Linear(4, 1, rng=2),
    )  # fmt: skip


@pytest.mark.parametrize("make", [network, dropping])
@pytest.mark.parametrize("case", ["plain", "validation", "watched", "penalty"])
def test_fit_compiled_is_fit_eager(make, case):
    X, Y = samples(45)

    def run(mode):
        model = make()
        more = {
            "validation": {"validation": 0.2},
            "watched": {"callbacks": [Watching()]},
            "penalty": {"penalty": lambda: l2(model, 1e-3)},
        }
        history = fit(
            model, X, Y, loss="mse", optimizer=SGD(model, lr=0.02, momentum=0.5), batch_size=20, epochs=34, seed=5,
            progress=False, metrics=["mse"], mode=mode, **more.get(case, {}),
        )  # fmt: skip
        return model, history

    (ours, compiled), (theirs, reference) = run("compiled"), run("eager")
    assert compiled.steps == reference.steps >= 68
    assert compiled["loss"] == pytest.approx(reference["loss"], rel=1e-9)
    assert compiled["mse"] == pytest.approx(reference["mse"], rel=1e-9)
    assert_same_state(ours, theirs, rtol=1e-9, atol=1e-10)
    assert ours[1 if make is dropping else 0].num_batches_tracked == compiled.steps


def test_fit_of_the_last_batch_of_one_is_refused():
    model = network()
    X, Y = samples(21)
    before = state(model)
    with pytest.raises(ShapeError, match=r"needs at least 2 samples, got 1") as caught:
        fit(
            model,
            X,
            Y,
            loss="mse",
            optimizer=SGD(model, lr=0.1),
            epochs=1,
            batch_size=20,
            progress=False,
            mode="compiled",
        )
    assert caught.value.__notes__ == ["in fit: 21 samples in batches of 20 make one of 1"]
    assert state(model) == before


@pytest.mark.parametrize("callbacks", [[], [Watching()]])
def test_a_step_of_fit_that_fails_leaves_the_statistics_of_the_last_finished_one(callbacks):
    X, Y = samples(60)
    Y[33] = 1e200
    models = network(), network()
    for model, mode in zip(models, ("compiled", "eager"), strict=True):
        with pytest.raises(NonFiniteError, match=r"for sample 33 \(row 33 of X\) in epoch 0, step 2"):
            fit(
                model, X, Y, loss="mse", optimizer=SGD(model, lr=0.01), mode=mode, batch_size=15, epochs=1, seed=5,
                progress=False, callbacks=callbacks,
            )  # fmt: skip
        assert model[0].num_batches_tracked == 2.0
    assert_same_state(*models)


def test_a_stretch_that_is_undone_leaves_no_statistics():
    """A step to infinite parameters takes back its whole stretch; those before it are made again, once."""
    X, Y = samples(40)
    ours, theirs = network(), network()
    arguments = {"loss": "mse", "batch_size": 20, "epochs": 1, "progress": False}
    for model, mode in ((ours, "compiled"), (theirs, "eager")):
        with pytest.raises(NonFiniteError):
            fit(model, X, Y, optimizer=SGD(model, lr=1e308), mode=mode, **arguments)
    assert_same_state(ours, theirs)


def test_evaluation_in_fit_without_running_statistics():
    def make():
        return network(track_running_stats=False)

    found = {}
    for mode in ("compiled", "eager"):
        model = make()
        X, Y = samples(30)
        history = fit(
            model, X[:20], Y[:20], loss="mse", optimizer=SGD(model, lr=0.02), epochs=3, batch_size=10, progress=False,
            mode=mode, validation=(X[20:], Y[20:]),
        )  # fmt: skip
        found[mode] = history["val_loss"]
    assert found["compiled"] == pytest.approx(found["eager"], rel=1e-9)
