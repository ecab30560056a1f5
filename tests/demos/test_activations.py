"""The activations and their slopes are those of the formulas; what the captions say is found again in the data."""

from __future__ import annotations

import math

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from demos import activations
from tests.demos.written import table


@pytest.fixture(scope="module")
def lesson(tmp_path_factory):
    return activations.main(tmp_path_factory.mktemp("out"), small=True)


def normal(x):
    return np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi), 0.5 * np.array([math.erfc(-each / math.sqrt(2)) for each in x])


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


FORMULAS = {
    "sigmoid": (sigmoid, lambda x: sigmoid(x) * sigmoid(-x)),
    "tanh": (np.tanh, lambda x: 1 / np.cosh(x) ** 2),
    "relu": (lambda x: x * (x > 0), lambda x: 1.0 * (x > 0)),
    "leaky relu": (lambda x: np.where(x > 0, x, 0.01 * x), lambda x: np.where(x > 0, 1.0, 0.01)),
    "elu": (lambda x: np.where(x > 0, x, np.exp(x) - 1), lambda x: np.where(x > 0, 1.0, np.exp(x))),
    "gelu": (lambda x: x * normal(x)[1], lambda x: normal(x)[1] + x * normal(x)[0]),
    "silu": (lambda x: x * sigmoid(x), lambda x: sigmoid(x) * (1 + x * sigmoid(-x))),
    "softplus": (lambda x: np.log1p(np.exp(x)), sigmoid),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_the_sheet_has_the_function_and_its_slope(lesson, name):
    sheet = table(lesson, "sheet")
    drawn = sheet[sheet["panel"] == name]
    drawn = drawn[np.abs(drawn["x"]) > 1e-9]  # at a kink either slope is one
    f, slope = FORMULAS[name]
    assert len(drawn) == 400
    assert drawn["y"] == pytest.approx(f(drawn["x"]), abs=1e-12)
    assert drawn["slope"] == pytest.approx(slope(drawn["x"]), abs=1e-12)


def test_the_slopes_side_by_side_are_those_of_the_sheet(lesson):
    sheet, slopes = table(lesson, "sheet"), table(lesson, "slopes")
    assert list(dict.fromkeys(slopes["function"])) == ["sigmoid", "tanh", "relu", "gelu"]
    for name in dict.fromkeys(slopes["function"]):
        assert slopes["y"][slopes["function"] == name].tolist() == sheet["slope"][sheet["panel"] == name].tolist()


def test_the_table_has_what_the_formulas_say(lesson):
    rows = {row["function"]: row for row in table(lesson, "functions")}
    x = np.linspace(-10, 10, 2001)
    often = np.exp(-(x**2) / 2)
    assert list(rows) == list(FORMULAS)
    for name, (_, formula) in FORMULAS.items():
        slope = formula(np.where(x == 0, -1e-300, x) if name in ("relu", "leaky relu") else x)
        assert rows[name]["largest"] == pytest.approx(slope.max())
        assert rows[name]["ten_layers"] == pytest.approx(slope.max() ** 10)
        assert rows[name]["passed"] == pytest.approx((abs(slope) * often).sum() / often.sum())
        assert rows[name]["blocked"] == pytest.approx((often * (abs(slope) < 0.01)).sum() / often.sum(), rel=1e-6)


def test_where_a_function_is_flat_has_a_closed_form(lesson):
    rows = {row["function"]: row for row in table(lesson, "functions")}
    root = math.sqrt(1 - 4 * 0.01)
    edges = {"sigmoid": math.log((1 + root) / (1 - root)), "tanh": math.atanh(math.sqrt(0.99))}
    for name, edge in edges.items():
        assert edge <= float(rows[name]["flat_above"]) < edge + 0.0101
        assert -edge - 0.0101 < float(rows[name]["flat_below"]) <= -edge
    assert float(rows["elu"]["flat_below"]) == pytest.approx(math.log(0.01), abs=0.0101)
    assert float(rows["relu"]["flat_below"]) == pytest.approx(0.0, abs=1e-9)
    assert {rows[name]["flat_below"] for name in ("leaky relu",)} == {"never"}
    assert {rows[name]["flat_above"] for name in list(FORMULAS)[2:]} == {"never"}


def test_its_numbers_are_those_of_its_data(lesson):
    rows = {row["function"]: row for row in table(lesson, "functions")}
    assert lesson.measured == pytest.approx(
        {
            "sigmoid_largest": rows["sigmoid"]["largest"],
            "sigmoid_ten_layers": rows["sigmoid"]["ten_layers"],
            "sigmoid_flat": float(rows["sigmoid"]["flat_above"]),
            "tanh_flat": float(rows["tanh"]["flat_above"]),
            **{f"{name}_passed": rows[name]["passed"] for name in ("sigmoid", "tanh", "relu")},
            "relu_blocked": rows["relu"]["blocked"],
            "gelu_largest": rows["gelu"]["largest"],
            "silu_largest": rows["silu"]["largest"],
        },
        rel=1e-12,
    )


def test_relu_passes_on_what_sigmoid_does_not(lesson):
    assert lesson.claims == {"relu": True}
    assert lesson.measured["sigmoid_ten_layers"] == 0.25**10
    sheet = table(lesson, "sheet")
    assert set(sheet["slope"][(sheet["panel"] == "relu") & (sheet["x"] > 0)]) == {1.0}
