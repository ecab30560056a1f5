"""Early stopping on a plateau: a loss that only equals the best one is no better."""

import numpy as np
import pytest

from autograd import Parameter, fit, nn, optim
from autograd.training.history import Best, Trained


def test_equal_losses_use_up_the_patience() -> None:
    model = nn.Linear(1, 1, rng=0)
    (p, *_) = model.parameters()
    p.data = 1.0
    best = Best(Trained(model.parameters()), patience=2)
    for loss, over in ((0.5, False), (0.5, False), (0.5, True)):
        best.offer(loss)
        assert best.lost_patience is over
        p.data += 1.0
    best.restore()
    assert p.data == 1.0  # of the first of the equal ones


@pytest.mark.parametrize("mode", ["eager", "auto"])
def test_training_on_a_plateau_ends(mode: str) -> None:
    w = Parameter(-3.0)  # relu is shut for all samples: the loss is 1 in each epoch
    X, Y = np.array([1.0, 2.0]), np.array([1.0, 1.0])
    history = fit(
        lambda x: (w * x).relu(), X, Y, loss="mse", optimizer=optim.SGD([w], lr=0.1), epochs=50, patience=3, mode=mode
    )
    assert history["loss"] == [1.0] * 4
    assert history.stop_reason == "patience"


def test_patience_that_ends_with_the_last_epoch_has_stopped_nothing() -> None:
    w = Parameter(-3.0)
    history = fit(
        lambda x: (w * x).relu(), [1.0], [1.0], loss="mse", optimizer=optim.SGD([w]), epochs=4, patience=3, mode="eager"
    )
    assert (history.epochs, history.stop_reason) == (4, None)
