"""Arguments that don't fit: a clear error before anything is changed."""

import numpy as np
import pytest

from autograd import Parameter, Value, nn
from autograd.errors import DomainError, NonFiniteError, ShapeError, TraceError
from autograd.optim import SGD
from autograd.training import fit

X, Y = [[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [1.0, -1.0, 1.0]
NAN = float("nan")


def other_optimizer():
    return SGD([Parameter(1.0)], lr=0.1)


@pytest.mark.parametrize(
    ("changes", "error", "text"),
    [
        ({"X": []}, ShapeError, "X has 0 samples and Y has 3 targets"),
        ({"X": [], "Y": []}, ShapeError, "X and Y are empty"),
        ({"X": X[:2]}, ShapeError, "X has 2 samples and Y has 3 targets"),
        ({"X": [[0.0, NAN], [1.0, 0.0], [1.0, 1.0]]}, ValueError, "X is nan in row 0, column 1"),
        ({"Y": [0.0, 1.0, NAN]}, ValueError, "Y is nan in row 2"),
        ({"X": [[0.0] * 3] * 3}, ShapeError, "layers.0: Layer(2 -> 2, relu; 6 parameters)"),
        ({"X": [[0.0] * 3] * 3}, ShapeError, "takes 2 inputs, got 3"),
        ({"Y": [[0.0, 1.0]] * 3}, ShapeError, "the loss mse got 1 output and 2 targets"),
        ({"epochs": -1}, ValueError, "fit: epochs must be at least 0, got -1"),
        ({"epochs": 1.5}, TypeError, "fit: epochs must be a whole number, got float: 1.5"),
        ({"batch_size": 0}, ValueError, "fit: batch_size must be at least 1, got 0"),
        ({"patience": 0}, ValueError, "fit: patience must be at least 1, got 0"),
        ({"loss": "mes"}, ValueError, "'mes' is not a loss; known: mse, mae, huber, hinge"),
        ({"loss": 3}, TypeError, "fit: loss is a name or a function of (prediction, target), got int: 3"),
        ({"loss": lambda p, y: p.data - y}, TypeError, "the loss must be a Value, got float"),
        (
            {"loss": lambda p, y: p.detach() - y},
            ValueError,
            "the loss doesn't depend on any parameter of the optimizer",
        ),
        ({"metrics": ["acuracy"]}, ValueError, "'acuracy' is not a metric; known: accuracy, mse, mae"),
        ({"metrics": "accuracy"}, TypeError, "metrics must be a list, got 'accuracy'"),
        ({"metrics": ["mse", "mse"]}, ValueError, "metrics: 'mse' is there twice"),
        ({"metrics": [5]}, TypeError, "a metric is a name or a function"),
        ({"callbacks": print}, TypeError, "callbacks must be a list of functions"),
        ({"callbacks": [None]}, TypeError, "a callback is a function of the state, got NoneType"),
        ({"mode": "fast"}, ValueError, "fit: unknown mode 'fast'; known are auto, eager, compiled"),
        ({"optimizer": other_optimizer}, TypeError, "takes 0 positional arguments"),
        ({"optimizer": "adam"}, TypeError, "fit: optimizer must be one of autograd.optim"),
        ({"optimizer": lambda p: other_optimizer()}, ValueError, "none of the optimizer's 1 parameters is one of the"),
        ({"penalty": 0.1}, TypeError, "fit: penalty must be a function without arguments"),
        ({"penalty": lambda: 0.1}, TypeError, "fit: the penalty must be a Value, got float"),
        ({"validation": 1.5}, ValueError, "must be a number between 0 and 1, both excluded, got 1.5"),
        ({"validation": (X,)}, ValueError, "fit: validation must be (X, Y) or a fraction, got 1 entries"),
        ({"validation": (X, Y[:2])}, ShapeError, "validation X has 3 samples and validation Y has 2 targets"),
        ({"validation": ([[1.0]], [1.0])}, ShapeError, "validation X has shape (1, 1) and X has (3, 2)"),
        ({"validation": ([[NAN, 1.0]], [1.0])}, ValueError, "validation X is nan in row 0, column 0"),
        ({"model": 3}, TypeError, "fit: the model must be callable"),
    ],
)
def test_refused_before_anything_is_changed(changes, error, text):
    model = nn.MLP(2, [2, 1], rng=0)
    optimizer = SGD(model, lr=0.1)
    before, state = [p.data for p in model.parameters()], optimizer.state_dict()
    arguments = {"model": model, "X": X, "Y": Y, "loss": "mse", "optimizer": optimizer, "epochs": 1, **changes}
    with pytest.raises(error) as caught:
        fit(arguments.pop("model"), arguments.pop("X"), arguments.pop("Y"), **arguments)
    assert text in str(caught.value)
    assert [p.data for p in model.parameters()] == before
    assert optimizer.state_dict() == state
    assert model.training


def test_parameters_that_are_not_finite_are_named():
    model = nn.MLP(2, [2, 1], rng=0)
    model.layers[1].neurons[0].b.data = float("inf")
    with pytest.raises(NonFiniteError, match=r"parameter layers\.1\.neurons\.0\.b is inf before training"):
        fit(model, X, Y, loss="mse", optimizer=SGD(model, lr=0.1), epochs=1)


def test_an_error_of_the_users_code_names_sample_and_epoch():
    w = Parameter(1.0)

    def model(x):
        if x == 3.0:
            raise RuntimeError("mine")
        return w * x

    with pytest.raises(RuntimeError, match="mine") as caught:
        fit(
            model,
            [1.0, 2.0, 3.0],
            [0.0] * 3,
            loss="mse",
            optimizer=SGD([w], lr=0.1),
            epochs=1,
            progress=False,
            mode="eager",
        )
    assert caught.value.__notes__ == ["in fit: sample 2 (row 2 of X) in epoch 0, step 0, all counted from 0"]
    assert (w.data, w.grad) == (1.0, 0.0)


def test_a_metric_that_is_no_number_is_named():
    model = nn.MLP(2, [1], rng=0)
    with pytest.raises(TypeError, match="the metric 'text' holds a real number"):
        fit(
            model, X, Y, loss="mse", optimizer=SGD(model, lr=0.1), epochs=1, progress=False,
            metrics=[type("text", (), {"__call__": lambda self, p, t: "good"})()],
        )  # fmt: skip


def test_a_model_that_gives_another_number_of_outputs_is_refused():
    w = Parameter(1.0)
    with pytest.raises(ShapeError, match="different numbers of outputs for different samples"):
        fit(
            lambda x: [w * 1.0] * int(x), [1.0, 2.0], [0.0, 0.0], loss=lambda p, y: p[0] + y, epochs=1,
            optimizer=SGD([w], lr=0.1), metrics=["mse"], progress=False, mode="eager",
        )  # fmt: skip


def test_values_are_no_data():
    with pytest.raises(TypeError, match="X must hold real numbers"):
        fit(nn.MLP(1, [1]), [Value(1.0)], [1.0], loss="mse", optimizer=SGD, epochs=1)


def test_integers_too_large_are_refused():
    with pytest.raises(TypeError, match="dtype object"):
        fit(nn.MLP(1, [1]), [10**30], np.array([1.0]), loss="mse", optimizer=SGD, epochs=1)


@pytest.mark.parametrize("seed", ["0", -1, 1.5, True])
def test_a_seed_is_a_seed(seed):
    model = nn.MLP(2, [1], rng=0)
    with pytest.raises(TypeError, match=r"fit: seed must be a seed .* write seed=0 or seed=numpy.random.default_rng"):
        fit(model, X, Y, loss="mse", optimizer=SGD(model, lr=0.1), epochs=1, seed=seed, progress=False)


def test_an_error_before_training_names_its_sample():
    model = nn.MLP(2, [1], rng=0)
    with pytest.raises(ValueError, match="log") as caught:
        fit(model, X, Y, loss=lambda p, y: (p * 0.0 - 1.0).log(), optimizer=SGD, epochs=1, progress=False)
    assert caught.value.__notes__ == ["in fit: sample 0 (row 0 of X), tried before training"]


@pytest.mark.parametrize("mode", ["eager", "auto"])
def test_parameters_that_the_optimizer_lacks_are_told_once(mode):
    model = nn.MLP(1, [2, 1], rng=0)
    head = SGD(model.layers[1].parameters(), lr=0.1)
    arguments = {"loss": "mse", "optimizer": head, "epochs": 1, "progress": False, "mode": mode}
    with pytest.warns(
        UserWarning, match=r"SGD lacks 4 of .* make it of all, SGD\(model\.parameters\(\), \.\.\."
    ) as caught:
        fit(model, [1.0], [2.0], **arguments)
    assert (len(caught), caught[0].filename) == (1, __file__)
    fit(model, [1.0], [2.0], **arguments)
    fit(model.layers[1], [[1.0, 2.0]], [2.0], **arguments)


MODES = pytest.mark.parametrize("mode", ["eager", "compiled"])


@MODES
@pytest.mark.parametrize(
    ("transform", "error", "text"),
    [
        (lambda X, rng: None, TypeError, "transform returned None; return the batch, also where it is changed in pla"),
        (lambda X, rng: X[:1], ShapeError, r"transform made a batch of shape \(1,\) of one of \(2,\); it must keep th"),
        (lambda X, rng: ["a", "b"], TypeError, "the transformed batch must hold real numbers"),
        (lambda X, rng: X * np.nan, ValueError, "the transformed batch is nan in row 0"),
        (lambda X, rng: 1 / 0, ZeroDivisionError, "division"),
    ],
)
def test_a_transform_that_fails_names_its_batch(mode, transform, error, text):
    w = Parameter(1.0)
    with pytest.raises(error, match=text) as caught:
        fit(lambda x: w * x, [1.0, 2.0, 3.0, 4.0], [0.0] * 4, loss="mse", optimizer=SGD([w], lr=0.1), epochs=1,
            batch_size=2, transform=transform, mode=mode, progress=False)  # fmt: skip
    assert (w.data, w.grad) == (1.0, 0.0)
    assert "in fit: the transform of a batch of 2 samples, the first is row " in caught.value.__notes__[0]
    assert "of X, in epoch 0" in caught.value.__notes__[0]


@MODES
def test_an_error_in_an_evaluation_names_its_sample(mode):
    w = Parameter(1.0)
    with pytest.raises(DomainError, match="log") as caught:
        fit(lambda x: (w * x).log(), [1.0], [0.0], loss="mse", optimizer=SGD([w], lr=0.0), epochs=1, progress=False,
            validation=([1.0, -2.0], [0.0, 0.0]), mode=mode)  # fmt: skip
    assert caught.value.__notes__[-1] == (
        "in fit: validation sample 1 (row 1 of validation X) in epoch 0, step 1, all counted from 0"
    )


class OtherInEval(nn.Module):
    """A branch that only evaluation takes can't be traced."""

    def __init__(self):
        self.w = Parameter(1.0)

    def forward(self, x):
        return self.w * x if self.training or x > 0 else self.w * 0.0


def test_an_evaluation_that_cannot_be_traced_is_said_once_and_run_eagerly():
    model = OtherInEval()
    options = {"loss": "mse", "epochs": 3, "validation": ([1.0, -2.0], [0.0, 0.0]), "progress": False}
    with pytest.warns(UserWarning, match="fit runs this model eagerly") as caught:
        history = fit(model, [1.0], [1.0], optimizer=SGD(model, lr=0.0), **options)
    assert len(caught) == 1
    assert history["val_loss"] == [0.5] * 3
    with pytest.raises(TraceError, match="where"):
        fit(model, [1.0], [1.0], optimizer=SGD(model, lr=0.0), mode="compiled", **options)


@pytest.mark.parametrize(
    ("metric", "error", "text"),
    [
        (
            "accuracy",
            ShapeError,
            r"accuracy can't compare predictions of shape \(3, 2\) with targets of shape \(3, 3",
        ),
        ("mae", ShapeError, r"mae can't compare predictions of shape \(3, 2\) with targets of shape \(3, 3\)"),
        (type("watched", (), {"__call__": lambda self, p, t: 0.0})(), ValueError, "has the name 'watched' for itself"),
    ],
)
def test_metrics_that_do_not_fit(metric, error, text):
    model = nn.Linear(2, 2, rng=0)
    with pytest.raises(error, match=text):
        fit(model, X, np.eye(3), loss=lambda p, y: p[0] - y[0], optimizer=SGD(model, lr=0.1), epochs=1,
            metrics=[metric], progress=False)  # fmt: skip
