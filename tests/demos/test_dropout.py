"""The lesson on dropout: its numbers from its files, its claims from what they mean."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("sklearn")
pytest.importorskip("matplotlib")

from autograd import nn
from demos import dropout
from demos.lesson import Lesson
from tests.demos.written import texts


@pytest.fixture(scope="module")
def lesson(tmp_path_factory: pytest.TempPathFactory) -> Lesson:
    return dropout.main(tmp_path_factory.mktemp("out"), small=True)


def test_every_claim_holds(lesson: Lesson) -> None:
    assert lesson.claims == dict.fromkeys(("blocked", "expectation", "test", "overfitting", "rates"), True)


def test_what_is_blocked_forward_is_blocked_backward(lesson: Lesson) -> None:
    rows = texts(lesson, "gates")
    forward, backward = rows["forward"].astype(float), rows["backward"].astype(float)
    assert ((forward == 0) == (backward == 0)).all()
    for gate in ("dropout", "ReLU"):
        mine = forward[rows["gate"] == gate]
        assert 0 < (mine == 0).sum() < 3  # there is something to compare
    dropped = int((forward[rows["gate"] == "dropout"] == 0).sum())
    assert (lesson.measured["dropped"], lesson.measured["kept"]) == (dropped, 3 - dropped)
    # behind the mask stand the numbers that the ReLU saw, times 1 / (1 - 0.5)
    both = (forward[:3] != 0) & (forward[3:] != 0)
    assert forward[:3][both] == pytest.approx(2 * forward[3:][both])


def test_the_dropped_neurons_are_grey_with_gradients_of_zero(lesson: Lesson) -> None:
    svg = (lesson.folder / "graph.svg").read_text(encoding="utf-8")
    cards = re.findall(r'<g class="gg-node [^>]*>.*?</g>', svg, re.DOTALL)
    grey = [card for card in cards if "gg-dim" in card.partition(">")[0]]
    # of a dropped neuron: 2 weights, bias, 2 products, their sum, tanh, the product with the mask; then the weight that
    # reads it, and the product with that
    assert len(grey) == 10 * lesson.measured["dropped"]
    parameters = [re.search(r"grad = (\S+?)[<\n]", card) for card in cards if ", parameter)" in card]
    zero = [float(found[1]) == 0 for found in parameters if found]
    assert len(zero) == 3 * 3 + 3 + 1
    assert sum(zero) == 4 * lesson.measured["dropped"]


def test_the_means_over_masks(lesson: Lesson) -> None:
    rows = texts(lesson, "means")
    mean, error, test = (rows[name].astype(float) for name in ("mean", "error", "test"))
    for i, name in enumerate(("linear", "deep")):
        measured = [lesson.measured[f"{name}_{what}"] for what in ("mean", "error", "test", "apart")]
        assert measured == pytest.approx([mean[i], error[i], test[i], abs(mean[i] - test[i]) / error[i]])
    assert set(rows["masks"].astype(int)) == {lesson.measured["masks"]}
    # the histogram has nearly all outputs, and their mean
    bars = texts(lesson, "masks")
    panel, left, right, count = (bars[name].astype(float) for name in ("panel", "left", "right", "count"))
    for i in range(2):
        mine = panel == i
        assert count[mine].sum() == pytest.approx(lesson.measured["masks"], rel=0.01)
        centre = np.average((left + right)[mine] / 2, weights=count[mine])
        assert centre == pytest.approx(mean[i], abs=5 * error[i])


def test_the_spread_of_a_linear_layer_is_that_of_the_formula(lesson: Lesson) -> None:
    """Kept with probability 1/2 and doubled, a summand w·x has the variance (w·x)²."""
    image = dropout.Digits.load(0).x_test[0]
    linear = nn.Layer(64, 1, nonlin=False, rng=0)
    spread = np.sqrt(((linear.weight.data[0] * image) ** 2).sum() / lesson.measured["masks"])
    assert lesson.measured["linear_error"] == pytest.approx(spread, rel=0.1)
    assert lesson.measured["linear_test"] == pytest.approx(linear.weight.data[0] @ image, rel=1e-12)


def test_the_mode_of_training_harms_the_test(lesson: Lesson) -> None:
    rows = texts(lesson, "modes")
    assert rows["mode"].tolist() == ["eval()", "train()"]
    lowest, mean, highest = (rows[name].astype(float) for name in ("lowest", "mean", "highest"))
    assert lesson.measured["right"] == lowest[0] == highest[0] > highest[1]
    names = ("wrong_low", "wrong", "wrong_high")
    assert [lesson.measured[name] for name in names] == [lowest[1], mean[1], highest[1]]
    assert lesson.measured["passes"] == int(rows["passes"][1])
    bars = texts(lesson, "left_on")
    assert bars["count"].astype(int).sum() == lesson.measured["passes"]


def test_the_runs_give_the_means_and_their_errors(lesson: Lesson) -> None:
    runs, rates = texts(lesson, "seeds"), texts(lesson, "rates")
    last = {name: runs[name].astype(float) for name in ("none", "hidden", "input20", "input26")}
    n = len(runs["seed"])
    assert lesson.measured["runs"] == n
    assert rates["validation"].astype(float) == pytest.approx([x.mean() for x in last.values()])
    assert rates["spread"].astype(float) == pytest.approx([x.std(ddof=1) for x in last.values()])
    for i, (name, losses) in enumerate(last.items()):
        assert lesson.measured[f"{name}_loss"] == pytest.approx(losses.mean())
        assert lesson.measured[f"{name}_accuracy"] == pytest.approx(float(rates["accuracy"][i]))
    pairs = {"gain": ("none", "hidden"), "gain26": ("none", "input26"), "further": ("hidden", "input26")}
    for name, (a, b) in {**pairs, "between": ("input26", "input20")}.items():
        apart = last[a] - last[b]
        found = (lesson.measured[name], lesson.measured[f"{name}_error"])
        assert found == pytest.approx((apart.mean(), apart.std(ddof=1) / np.sqrt(n)))
    curves = texts(lesson, "curves")
    y = curves["y"].astype(float)
    for series, i in (("no dropout", 0), ("dropout", 2)):
        assert y[curves["series"] == f"{series}, validation"][-1] == pytest.approx(float(rates["validation"][i]))
        assert y[curves["series"] == f"{series}, training"][-1] == pytest.approx(float(rates["training"][i]))
    # without dropout the network overfits: the validation loss was lower before
    overfitted = y[curves["series"] == "no dropout, validation"]
    assert overfitted[-1] > 1.2 * overfitted.min()


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path, lesson: Lesson) -> None:
    again = dropout.main(tmp_path, small=True)
    assert again.measured == lesson.measured
    names = [path.name for path in lesson.folder.iterdir() if path.is_file()]
    assert [name for name in names if (lesson.folder / name).read_bytes() != (again.folder / name).read_bytes()] == []
