"""What shows itself as HTML is read back with an XML parser: whatever isn't escaped or closed turns it red."""

import math
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from autograd import Parameter, compile, nn
from autograd.notebook import curve
from autograd.training.history import History
from tests.project.tree import python

HOSTILE = "</td><script>alert('x')</script>&\""


def page(thing: Any) -> ElementTree.Element:
    return ElementTree.fromstring(f"<body>{thing._repr_html_()}</body>")


def rows(thing: Any) -> list[list[str]]:
    """The cells of the table as text, its head first."""
    return [["".join(cell.itertext()) for cell in row] for row in page(thing).iter("tr")]


def title(thing: Any) -> str:
    first = page(thing).find("div")
    assert first is not None
    return "".join(first.itertext())


def history(**lists: list[float]) -> History:
    made = History()
    made.extend(lists)
    return made


def lines(numbers: list[float], mark: int | None = None) -> list[list[tuple[float, float]]]:
    svg = ElementTree.fromstring(curve(numbers, mark))
    texts = [line.attrib["points"] for line in svg.iter("{http://www.w3.org/2000/svg}polyline")]
    return [[(float(x), float(y)) for x, y in (point.split(",") for point in text.split())] for text in texts]


def test_a_history_is_a_table_of_curves_and_numbers():
    shown = history(loss=[1.0, 0.25, 0.5], accuracy=[0.5, 0.75, 1.0])
    assert title(shown) == "History 3 epochs; the best is epoch 1, by loss"
    assert rows(shown) == [
        ["", "by epoch", "first", "best epoch", "last"],
        ["loss", "", "1", "0.25", "0.5"],
        ["accuracy", "", "0.5", "0.75", "1"],
    ]
    shown.stop_reason = "patience"
    assert title(shown).endswith("stopped: patience")


def test_a_history_without_epochs_has_no_table():
    assert title(History()) == "History 0 epochs"
    assert rows(History()) == []


def test_a_curve_goes_through_its_numbers():
    ((a, b, c),) = lines([4.0, 0.0, 1.0])
    assert a[1] < c[1] < b[1]  # downwards, as SVG counts
    assert (b[1] - c[1]) / (b[1] - a[1]) == pytest.approx(1 / 4, abs=0.01)
    assert b[0] - a[0] == pytest.approx(c[0] - b[0], abs=0.11)


@pytest.mark.parametrize(
    ("numbers", "lengths"),
    [
        ([1.0], [1]),
        ([1.0, 1.0, 1.0], [3]),
        ([1.0, math.nan, 2.0, 3.0, math.inf], [1, 2]),
        ([math.nan], []),
        ([1.7e308, -1.7e308, 5e-324], [3]),
    ],
)
def test_a_curve_of_strange_numbers(numbers, lengths):
    found = lines(numbers, 0)
    assert [len(line) for line in found] == lengths
    assert all(0 <= x <= 220 and 0 <= y <= 40 for line in found for x, y in line)


def test_a_long_curve_has_few_points_the_last_and_the_best_among_them():
    numbers = [1.0] * 100_000
    numbers[777], numbers[-1] = 0.0, 2.0
    (line,) = lines(numbers, mark=777)
    assert len(line) < 300
    assert sum(y == 37.0 for _, y in line) == 1
    assert line[-1] == (217.0, 3.0)


def test_a_model_is_a_table_of_layers_with_shapes_and_counts():
    assert title(nn.MLP(2, [8, 1], activation="tanh")) == "MLP 33 parameters"
    assert rows(nn.MLP(2, [8, 1], activation="tanh")) == [
        ["module", "", "arrays", "parameters"],
        ["layers.0", "Layer(2 -> 8, tanh)", "weight (8, 2), bias (8,)", "24"],
        ["layers.1", "Layer(8 -> 1)", "weight (1, 8), bias (1,)", "9"],
    ]


def test_modules_without_parameters_lone_parameters_and_buffers_have_their_place():
    class Net(nn.Module):
        def __init__(self) -> None:
            self.scale = Parameter(2.0)
            self.body = nn.Sequential(nn.BatchNorm(3), nn.Dropout(0.5), nn.Neuron(3))

    net = Net()
    assert [row[0] for row in rows(net)[1:]] == ["", "body.0", "body.1", "body.2"]
    assert rows(net)[1] == ["", "Net", "scale ()", "1"]
    assert "running_mean (3,)" in rows(net)[2][2]
    assert rows(net)[3] == ["body.1", "Dropout(p=0.5)", "", "0"]
    assert sum(int(row[3]) for row in rows(net)[1:]) == len(net.parameters()) == 1 + 6 + 4


def test_shared_parameters_are_said_to_be_shared():
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    net[1].weight = net[0].weight
    assert title(net) == "Sequential 8 parameters (12 with shared ones counted wherever they stand)"


def test_a_large_model_is_cut_short_and_says_so():
    net = nn.Sequential(*[nn.Linear(1, 1) for _ in range(70)])
    assert len(rows(net)) == 1 + 60
    assert page(net).findall("div")[-1].text == "… and 10 more"
    assert title(nn.MLP(784, [128, 10])) == "MLP 101,770 parameters"


def test_a_program_unfolds_to_its_report():
    program = compile(lambda x: x * 2.0, backend="numpy")
    program(np.ones(3))
    first, _, rest = program.explain().partition("\n")
    (details,) = page(program).findall("details")
    assert "".join(details.find("summary").itertext()) == f"Program {first}"  # type: ignore[union-attr]
    assert details.findtext("pre") == rest


def test_names_are_text_and_never_markup():
    def function(x: Any) -> Any:
        return x

    function.__name__ = HOSTILE
    net = nn.Module()
    net.parts = {HOSTILE: nn.Linear(1, 1)}  # type: ignore[attr-defined]
    for thing in (compile(function), net, history(loss=[1.0], **{HOSTILE: [1.0]})):
        assert HOSTILE in "".join(page(thing).itertext())
        assert list(page(thing).iter("script")) == []


@pytest.mark.parametrize("thing", [history(loss=[1.0, 0.5]), nn.MLP(2, [1]), compile(abs)])
def test_it_has_the_colours_of_the_page_and_nothing_from_elsewhere(thing):
    html = thing._repr_html_()
    assert not [word for word in ("<style", "<script", "<link", "href", "src=", "url(", "color:", "#") if word in html]


def test_what_notebooks_need_is_imported_when_it_is_needed():
    assert python("import sys, autograd; print({'autograd.notebook', 'tqdm', 'html'} & set(sys.modules))") == "set()"
