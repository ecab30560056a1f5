"""What a lesson leaves behind."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("matplotlib")

from demos.lesson import Lesson
from viz import plot


def test_a_table_does_not_take_the_data_of_a_picture(tmp_path: Path) -> None:
    lesson = Lesson("momentum", tmp_path)
    lesson.draw("steps", plot.loss({"loss": [1.0, 0.5]}))
    before = (lesson.folder / "steps.csv").read_bytes()
    with pytest.raises(ValueError, match=r"momentum: steps\.csv has the data of another table or picture"):
        lesson.table("steps", {"x": [1]})
    assert (lesson.folder / "steps.csv").read_bytes() == before
    lesson.table("others", {"x": [1]})
    with pytest.raises(ValueError, match="others"):
        lesson.draw("others", plot.loss({"loss": [1.0]}))
