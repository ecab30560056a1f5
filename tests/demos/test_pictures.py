"""The pictures that README shows are what its code draws."""

from __future__ import annotations

from pathlib import Path

import viz
from autograd import Value

PICTURES = Path(__file__).parents[2] / "demos" / "pictures"


def test_the_neuron_of_the_readme(request) -> None:
    x, w, b = Value(2.0, label="x"), Value(-3.0, label="w"), Value(6.9, label="b")
    y = (w * x + b).tanh()
    y.label = "y"
    y.backward()
    drawn = viz.draw(y, layout="layered").svg()
    if request.config.getoption("--overwrite-golden"):
        (PICTURES / "neuron.svg").write_text(drawn, encoding="utf-8")
    assert (PICTURES / "neuron.svg").read_text(encoding="utf-8") == drawn
