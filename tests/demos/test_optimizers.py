"""The lessons adagrad, rmsprop, adam and race: their claims, and their numbers from the files that they wrote."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")
pytest.importorskip("matplotlib")

from demos import adagrad, adam, race, rmsprop
from demos.lesson import Lesson


@pytest.fixture(scope="module")
def lessons(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Lesson]:
    out = tmp_path_factory.mktemp("out")
    return {m.__name__.rpartition(".")[2]: m.main(out, 0, small=True) for m in (adagrad, rmsprop, adam, race)}


def read(lesson: Lesson, name: str) -> list[dict[str, Any]]:
    """The rows of a file, numbers as numbers."""
    with (lesson.folder / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        return [{key: number(text) for key, text in row.items()} for row in csv.DictReader(file)]


def number(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return text


def series(rows: list[dict[str, Any]], name: str, column: str, key: str = "series") -> np.ndarray:
    return np.array([row[column] for row in rows if row[key] == name])


def ravine(p: np.ndarray) -> np.ndarray:
    return p[..., 0] ** 2 / 20 + p[..., 1] ** 2


def walk(rule: Any, steps: int) -> np.ndarray:
    """The ravine from its start, by a rule that maps (gradient, step, memory) to a move."""
    p, memory, path = np.array([-9.0, 1.6]), {}, []
    for t in range(1, steps + 1):
        path.append(p)
        p = p - rule(p * [0.1, 2.0], t, memory)
    return np.array([*path, p])


def adagrad_rule(rate: float) -> Any:
    def move(g: np.ndarray, _: int, memory: dict[str, Any]) -> np.ndarray:
        memory["s"] = memory.get("s", 0.0) + g**2  # Duchi, Hazan and Singer, 2011
        return rate * g / np.sqrt(memory["s"])

    return move


def test_the_claims(lessons: dict[str, Lesson]) -> None:
    assert lessons["adagrad"].claims == dict.fromkeys(("small_large", "too_small", "stops_short"), True)
    assert lessons["rmsprop"].claims == {"recovers": True, "cures": True}
    assert lessons["adam"].claims == {"together": True}
    assert lessons["race"].claims == {"momentum": True, "last_is_first": False}


def test_adagrad_walks_as_by_hand(lessons: dict[str, Lesson]) -> None:
    lesson = lessons["adagrad"]
    rows, m = read(lesson, "paths"), lesson.measured
    for name, rule in (("AdaGrad, rate 1.5", adagrad_rule(1.5)), ("SGD, rate 0.9", lambda g, *_: 0.9 * g)):
        drawn = np.stack([series(rows, name, axis, "path") for axis in "xy"], axis=1)
        assert drawn == pytest.approx(walk(rule, 40), rel=1e-6, abs=1e-9)
    path = walk(adagrad_rule(1.5), 40)
    assert m["adagrad_loss"] == pytest.approx(ravine(path)[-1], rel=1e-6)
    assert m["sgd_loss"] == pytest.approx(series(rows, "SGD, rate 0.9", "value", "path")[-1])
    assert (m["slope_x"], m["slope_y"]) == pytest.approx((0.9, 3.2))
    assert (m["size_x"] * 0.9, m["size_y"] * 3.2) == pytest.approx((1.5, 1.5))  # the first move is the rate in both
    assert (m["left_x"], m["left_y"]) == pytest.approx(tuple(path[5] / path[0]), rel=1e-4, abs=1e-9)
    assert (m["moved_x"], m["moved_y"]) == pytest.approx(tuple(abs(path[5] - path[0])))


def test_adagrads_steps_fall_as_the_root_of_time(lessons: dict[str, Lesson]) -> None:
    lesson = lessons["adagrad"]
    sizes = series(read(lesson, "dying"), "AdaGrad", "size")
    gradients = np.random.default_rng(0).standard_normal(len(sizes))
    assert sizes == pytest.approx(0.1 / np.sqrt(np.cumsum(gradients**2)), rel=1e-6)
    steps = np.log(np.arange(1, len(sizes) + 1))[10:]
    slope = np.cov(steps, np.log(sizes[10:]))[0, 1] / np.var(steps, ddof=1)
    assert lesson.measured["exponent"] == pytest.approx(slope)
    assert (lesson.measured["first"], lesson.measured["last"]) == (sizes[0], sizes[-1])
    rows = read(lesson, "short")
    for name in ("AdaGrad", "RMSProp"):
        assert lesson.measured[f"short_{name.lower()}"] == series(rows, name, "y")[-1]


def test_rmsprop_recovers_as_the_closed_form_says(lessons: dict[str, Lesson]) -> None:
    lesson, m = lessons["rmsprop"], lessons["rmsprop"].measured
    rows = read(lesson, "recovers")
    flat = series(rows, "RMSProp", "size")[100:]
    k = np.arange(1, 401)
    average = 0.9**k * (1 - 0.9**100) * 100 + (1 - 0.9**k) * 0.01  # Tieleman and Hinton, 2012, after 100 of size 10
    assert flat == pytest.approx(0.1 / np.sqrt(average), rel=1e-6)
    assert m["needed"] == k[0.1 / np.sqrt(average) > 0.9][0]
    assert m["after"] == flat[-1] == pytest.approx(m["aim"], rel=1e-6)
    assert m["adagrad_before"] == pytest.approx(0.1 / np.sqrt(100 * 100))
    assert m["adagrad_after"] == pytest.approx(0.1 / np.sqrt(100 * 100 + 400 * 0.01))
    assert m["before"] == series(rows, "RMSProp", "size")[99]
    paths = read(lesson, "paths")
    for name in ("AdaGrad", "RMSProp"):
        assert m[f"path_{name.lower()}"] == pytest.approx(series(paths, name, "value", "path")[-1])


def test_rmsprop_ends_half_a_rate_from_the_minimum(lessons: dict[str, Lesson]) -> None:
    lesson = lessons["rmsprop"]
    for row in read(lesson, "floors"):
        assert row["hop"] == pytest.approx(1.05 * (row["rate"] / 2) ** 2)
        assert row["loss"] == pytest.approx(row["hop"], rel=0.2)
    curves = read(lesson, "floor")
    assert (
        lesson.measured["floor"] == series(curves, "rate 0.1", "y")[-1] == pytest.approx(lesson.measured["hop"], 1e-3)
    )


def test_adams_averages_and_steps_are_those_of_the_paper(lessons: dict[str, Lesson]) -> None:
    lesson = lessons["adam"]
    m = v = 0.0
    for t, row in enumerate(read(lesson, "moments"), start=1):
        m, v = 0.9 * m + 0.1 * row["gradient"], 0.999 * v + 0.001 * row["gradient"] ** 2
        move = -0.1 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)  # Kingma and Ba, 2015, algorithm 1
        assert (row["m"], row["v"], row["move"]) == pytest.approx((m, v, move), rel=1e-6, abs=1e-12)
    for row in read(lesson, "halves"):
        assert (row["m"], row["v"]) == pytest.approx((row["velocity"], row["average"]), rel=1e-12)


def test_the_first_steps_without_correction(lessons: dict[str, Lesson]) -> None:
    lesson = lessons["adam"]
    rows, t = read(lesson, "correction"), np.arange(1, 61)
    assert series(rows, "Adam", "size") == pytest.approx(np.full(60, 0.1), rel=1e-6)
    raw = (1 - 0.9**t) / np.sqrt(1 - 0.999**t)
    assert series(rows, "without correction", "size") == pytest.approx(0.1 * raw, rel=1e-5)
    found = lesson.measured
    assert (found["first"], found["largest"], found["at"]) == pytest.approx(
        (raw[0], raw.max(), t[raw.argmax()]), rel=1e-5
    )


def test_adamws_decay_doesnt_ask_for_the_size_of_gradients(lessons: dict[str, Lesson]) -> None:
    large, small = read(lessons["adam"], "decay")
    assert large["adamw"] == pytest.approx(small["adamw"], rel=1e-3)
    assert large["adam"] < 0.2 * small["adam"]
    found = lessons["adam"].measured
    assert [found[f"{name}_{size}"] for name in ("adam", "adamw") for size in ("large", "small")] == [
        large["adam"], small["adam"], large["adamw"], small["adamw"]
    ]  # fmt: skip
    paths = read(lessons["adam"], "paths")
    for name in ("Momentum", "RMSProp", "Adam"):
        assert found[name.lower()] == pytest.approx(series(paths, name, "value", "path")[-1])


def test_the_table_of_the_race_is_that_of_its_dots(lessons: dict[str, Lesson]) -> None:
    lesson = lessons["race"]
    dots, table = read(lesson, "arrivals"), read(lesson, "race")
    assert len(table) == 18
    for i, row in enumerate(table):
        times = np.sort([d["steps"] for d in dots if d["panel"] == i // 6 and d["series"] == row["optimizer"]])
        assert row["arrived"] == np.isfinite(times).sum()
        assert (row["quarter"], row["median"], row["three_quarters"]) == (times[4], times[9], times[14])
    (adam_,) = [row for row in table if (row["surface"], row["optimizer"]) == ("ravine", "Adam")]
    assert lesson.measured["adam_ravine"] == adam_["median"]


def test_arrivals_are_counted_from_the_first_step() -> None:
    losses = np.array([[1.0, 1.0, 0.0], [0.001, 1.0, 1.0], [1.0, 0.5, 1.0]])
    assert race.first_below(losses).tolist() == [1.0, np.inf, np.inf]


def test_the_losses_of_the_network_are_those_drawn(lessons: dict[str, Lesson]) -> None:
    lesson = lessons["race"]
    rows = read(lesson, "network")
    ends = {row["series"].split(",")[0]: row["y"] for row in rows}  # the last of each stays
    assert lesson.measured["net_adam"] == ends["Adam"]
    assert lesson.measured["net_sgd"] == ends["SGD"]
    assert (lesson.measured["net_best"], lesson.measured["net_worst"]) == (min(ends.values()), max(ends.values()))


def test_seeds_give_the_same_race(tmp_path: Path) -> None:
    first, second = (rmsprop.main(tmp_path / name, 0, small=True) for name in "ab")
    assert first.measured == second.measured
    assert (first.folder / "paths.svg").read_bytes() == (second.folder / "paths.svg").read_bytes()
