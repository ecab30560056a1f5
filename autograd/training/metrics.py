"""Numbers that people read beside the loss; nothing is differentiated here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..calls import public
from ..checks import by_name, real_array, real_number
from ..decision import is_positive, threshold_for
from ..errors import ShapeError
from ..nn.losses import DECIDES_AT

Metric: TypeAlias = Callable[[NDArray[np.float64], NDArray[Any]], Any]
"""From all predictions and all targets to one number."""


@public
def accuracy(predictions: ArrayLike, targets: ArrayLike, threshold: float | None = None) -> float:
    """The share of samples whose class is right.

    Several scores a sample, (n, k): the largest one's index is the class, the targets are indices (n,) or one-hot
    (n, k). One score, (n,) or (n, 1): the class is positive above ``threshold``. Without one it is 0 for targets -1 and
    1; for targets 0 and 1 it is 0.5 where all predictions are probabilities, from 0 to 1, else 0, as of logits.
    In `fit` it is the loss that says so: 0 for hinge and logits, 0.5 for `binary_cross_entropy`, and halfway between
    the two targets for mse, mae and huber; ``functools.partial(accuracy, threshold=0.3)`` is a metric too.

    Raises:
        ShapeError: the shapes don't fit.
        ValueError: targets of one score that are neither 0 and 1 nor -1 and 1; a row with more than one largest target;
            a class that there is no score for; a prediction is NaN, which is no decision.
        TypeError: something else than numbers.

    >>> accuracy(np.array([[0.1, 2.0], [3.0, 1.0]]), np.array([1, 1]))
    0.5
    >>> accuracy(np.array([0.3, -2.0]), np.array([1, -1])), accuracy(np.array([0.3, 0.9]), np.array([0, 1]))
    (1.0, 1.0)
    """
    scores, labels = real_array(predictions, "an array of predictions"), _labels(targets)
    if np.isnan(scores).any():
        raise ValueError(f"accuracy: {int(np.isnan(scores).sum())} of {scores.size} predictions are NaN")
    if scores.ndim == 2 and scores.shape[1] > 1:
        guessed: NDArray[Any] = scores.argmax(axis=1)
        truth = _classes(labels) if labels.shape == scores.shape else _indices(labels, scores.shape[1])
    else:
        at = threshold_for(scores, labels) if threshold is None else real_number(threshold, "threshold of accuracy")
        guessed, truth = scores.ravel() > at, is_positive(labels.ravel(), "accuracy")
    if guessed.shape != truth.shape or not truth.size:
        raise _unfit("accuracy", scores, labels)
    return float(np.mean(guessed == truth))


def _labels(targets: ArrayLike) -> NDArray[np.float64]:
    labels = np.asarray(targets)
    return real_array(labels.astype(np.float64) if labels.dtype == bool else labels, "an array of targets")


def _indices(classes: NDArray[Any], count: int) -> NDArray[Any]:
    """The classes, which are whole numbers that a score stands for."""
    wrong = (classes < 0) | (classes >= count) | (classes != np.floor(classes))
    if wrong.any():
        raise ValueError(
            f"accuracy of {count} scores a sample needs classes from 0 to {count - 1}, got {classes[wrong][0]:g}; "
            f"from labels -1 and 1 make (y + 1) / 2"
        )
    return classes


def _classes(targets: NDArray[Any]) -> NDArray[Any]:
    """The class of each one-hot row."""
    if ((targets == targets.max(axis=1, keepdims=True)).sum(axis=1) > 1).any():
        raise ValueError("accuracy of several scores a sample needs one class for each, but a row of targets has more")
    found: NDArray[Any] = targets.argmax(axis=1)
    return found


def mse(predictions: NDArray[np.float64], targets: NDArray[Any]) -> float:
    """The mean squared difference, over samples and outputs.

    >>> mse(np.array([1.0, 2.0]), np.array([1.0, 4.0]))
    2.0
    """
    return float(np.mean(_differences("mse", predictions, targets) ** 2))


def mae(predictions: NDArray[np.float64], targets: NDArray[Any]) -> float:
    """The mean absolute difference, over samples and outputs.

    >>> mae(np.array([1.0, 2.0]), np.array([1.0, 4.0]))
    1.0
    """
    return float(np.mean(np.abs(_differences("mae", predictions, targets))))


METRICS: dict[str, Metric] = {"accuracy": accuracy, "mse": mse, "mae": mae}
"""The metrics that `fit` knows by name."""


def named_metrics(metrics: Sequence[str | Metric], loss: Any = None) -> dict[str, Metric]:
    """The metrics by the names under which the history keeps them: a function's own name.

    `accuracy` decides as ``loss`` does.

    Raises:
        ValueError: an unknown name (the known ones are listed), or one twice.
        TypeError: neither a name nor a function.

    >>> list(named_metrics(["accuracy", mse]))
    ['accuracy', 'mse']
    """
    if isinstance(metrics, str) or callable(metrics):
        raise TypeError(f"metrics must be a list, got {metrics!r}; write metrics=[...]")
    found: dict[str, Metric] = {}
    for given in metrics:
        name, metric = _named(given)
        if name in found:
            raise ValueError(f"metrics: {name!r} is there twice; give each function a __name__ of its own")
        found[name] = _accuracy_under(loss) if metric is accuracy else metric
    return found


def _accuracy_under(loss: Any) -> Metric:
    """The accuracy of what was trained by this loss."""
    loss = getattr(loss, "function", loss)  # of a loss that is a module
    if loss not in DECIDES_AT:
        return accuracy
    at = DECIDES_AT[loss]
    halfway = lambda predictions, targets: accuracy(predictions, targets, 0.0 if (targets < 0).any() else 0.5)
    return halfway if at is None else partial(accuracy, threshold=at)


def _named(given: str | Metric) -> tuple[str, Metric]:
    if isinstance(given, str):
        return given, by_name(METRICS, given, "a metric")
    if not callable(given):
        raise TypeError(f"a metric is a name or a function of (predictions, targets), got {given!r}")
    function = given.func if isinstance(given, partial) else given
    name = getattr(function, "__name__", type(given).__name__)
    if name in _TAKEN or name.startswith("val_"):
        raise ValueError(f"metrics: the history has the name {name!r} for itself; call the function otherwise")
    return name, given


_TAKEN = ("loss", "penalty", "watched")


def measured(
    metrics: Mapping[str, Metric], predictions: NDArray[np.float64], targets: NDArray[Any], prefix: str = ""
) -> dict[str, float]:
    """The numbers of metrics by their names, after the prefix.

    >>> measured({"mse": mse}, np.array([1.0]), np.array([4.0]), "val_")
    {'val_mse': 9.0}
    """
    return {
        prefix + name: real_number(metric(predictions, targets), f"the metric {name!r}")
        for name, metric in metrics.items()
    }


def _differences(name: str, predictions: NDArray[np.float64], targets: NDArray[Any]) -> NDArray[np.float64]:
    if predictions.size != targets.size or len(predictions) != len(targets):
        raise _unfit(name, predictions, targets)
    difference: NDArray[np.float64] = predictions - targets.reshape(predictions.shape)
    return difference


def _unfit(name: str, predictions: NDArray[np.float64], targets: NDArray[Any]) -> ShapeError:
    return ShapeError(
        f"{name} can't compare predictions of shape {predictions.shape} with targets of shape {targets.shape}"
    )
