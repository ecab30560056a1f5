"""The data that lessons wrote, read back by nothing that wrote them."""

from __future__ import annotations

import csv
from typing import Any

import numpy as np
from numpy.typing import NDArray

from demos.lesson import Lesson


def table(lesson: Lesson, name: str) -> NDArray[Any]:
    """One of its CSV files, numbers as numbers: a field for each column."""
    return np.genfromtxt(lesson.folder / f"{name}.csv", delimiter=",", names=True, dtype=None, encoding="utf-8")


def rows(lesson: Lesson, name: str) -> list[dict[str, str]]:
    """The same as texts, a row at a time: for columns in which words and numbers, or nothing, stand together."""
    with (lesson.folder / f"{name}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def column(found: list[dict[str, str]], name: str, **where: str) -> NDArray[np.float64]:
    """The numbers of a column, in those rows whose other columns are as they are given."""
    return np.array([float(row[name]) for row in found if all(row[k] == v for k, v in where.items())])


def texts(lesson: Lesson, name: str) -> dict[str, NDArray[np.str_]]:
    """The same column by column, for whoever says himself which of them are numbers."""
    found = rows(lesson, name)
    return {key: np.array([row[key] for row in found]) for key in found[0]}
