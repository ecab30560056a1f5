"""Where one score a sample divides two classes. Metrics and plots decide by it, so that they say the same."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def threshold_for(scores: NDArray[np.float64], labels: NDArray[Any]) -> float:
    """0 for labels -1 and 1; for other labels 0.5 where all scores are probabilities, from 0 to 1, else 0 (logits).

    >>> threshold_for(np.array([0.2, 0.9]), np.array([0, 1])), threshold_for(np.array([0.2, 3.0]), np.array([0, 1]))
    (0.5, 0.0)
    >>> threshold_for(np.array([0.2, 0.9]), np.array([-1, 1]))
    0.0
    """
    if (np.asarray(labels) < 0).any() or scores.size == 0:
        return 0.0
    return 0.5 if scores.min() >= 0.0 and scores.max() <= 1.0 else 0.0


def is_positive(labels: NDArray[Any], what: str) -> NDArray[np.bool_]:
    """Which labels are of the positive class: 1 of -1 and 1, what is above a half of 0 and 1 (and what lies between).

    Raises:
        ValueError: there are others; ``what`` begins the message.

    >>> is_positive(np.array([-1, 1]), "accuracy"), is_positive(np.array([0.0, 0.9]), "accuracy")
    (array([False,  True]), array([False,  True]))
    """
    if np.isin(labels, (-1, 1)).all() or ((labels >= 0) & (labels <= 1)).all():
        found: NDArray[np.bool_] = labels > (0 if (labels < 0).any() else 0.5)
        return found
    raise ValueError(
        f"{what} of one score a sample needs the labels 0 and 1, or -1 and 1, got {np.unique(labels)[:4].tolist()}; "
        f"make them so, as in Y == 2, or give a score for each class"
    )
