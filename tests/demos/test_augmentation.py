"""Every number of the captions is found again in the written data; the sheets show what their names say."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("sklearn")
pytest.importorskip("scipy")
pytest.importorskip("resvg_py")

from autograd.data import augment
from demos import augmentation
from tests.demos.written import column, rows


@pytest.fixture(scope="module")
def lesson(tmp_path_factory):
    return augmentation.main(tmp_path_factory.mktemp("out"), small=True)


def test_the_nine_of_the_notes_are_shown_and_tried(lesson):
    nine = [name for name in augment.__all__ if name not in ("Augmentation", "Compose")]
    for picture in ("colour", "grey"):
        table = rows(lesson, picture)
        assert {row["augmentation"] for row in table} == {"original", *nine}
        assert column(table, "change", augmentation="original").tolist() == [0.0]
        changed = {name: column(table, "change", augmentation=name) for name in nine}
        assert all(len(draws) == 5 for draws in changed.values())
        flipped = changed.pop("hflip")
        assert 0 < np.sum(flipped > 0) < 5
        assert min(draws.max() for draws in changed.values()) > 0.01
        # mirrored, the same pixels in other places
        means = column(table, "mean", augmentation="hflip")
        np.testing.assert_allclose(means, column(table, "mean", augmentation="original")[0], rtol=1e-9)
    assert [row["augmentation"] for row in rows(lesson, "accuracy")] == [
        "none",
        *augmentation.DIGITS,
        "gentle three",
        "all nine",
    ]
    assert set(augmentation.DIGITS) == set(nine)


def test_its_numbers_are_those_of_its_data(lesson):
    found = {name: rows(lesson, name) for name in ("gains", "moved", "many")}
    gain = {way: column(found["gains"], "gain", way=way) for way in ("gentle three", "all nine", "hflip", "translate")}
    none = column(found["gains"], "result", way="none")
    error = {way: 2 * np.std(each, ddof=1) / np.sqrt(len(each)) for way, each in gain.items()}
    assert lesson.measured == pytest.approx({
        "runs": len(none),
        "none": none.mean(),
        "spread": none.std(ddof=1),
        "gentle": gain["gentle three"].mean(),
        "gentle_error": error["gentle three"],
        "nine": gain["all nine"].mean(),
        "flip": gain["hflip"].mean(),
        "flip_error": error["hflip"],
        "shift": gain["translate"].mean(),
        "more": column(found["many"], "gain", way="gentle three").mean(),
        "moved_none": column(found["moved"], "result", way="none").mean(),
        "moved_shift": column(found["moved"], "result", way="translate").mean(),
    }, rel=1e-9, abs=1e-12)  # fmt: skip
    table = rows(lesson, "accuracy")
    for row in table:
        results = column(found["gains"], "result", way=row["augmentation"])
        assert float(row["accuracy"]) == pytest.approx(results.mean(), rel=1e-9)
        assert float(row["gain"]) == pytest.approx((results - none).mean(), abs=1e-12)


def test_the_verdicts_follow_from_the_numbers(lesson):
    m = lesson.measured
    assert lesson.claims == {
        "scarce": m["gentle"] > max(m["gentle_error"], m["more"]),
        "flip": m["flip"] > -m["flip_error"],
    }


def test_who_has_trained_on_moved_digits_reads_them_better(lesson):
    assert lesson.measured["moved_shift"] > lesson.measured["moved_none"] + 0.05
