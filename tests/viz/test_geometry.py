"""The pictures of all graphs, looked at from outside: nothing overlaps, is cut or is crossed; numbers agree."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET
from functools import cache

import pytest

from autograd import ancestors
from demos.graphs import GRAPHS
from tests.viz.geometry import SPACE, faults, read
from viz import Drawing, draw, frames

SLOW = {"network_784_128_10"}  # its picture is that of network_64_32_10
STEPS = [("micrograd", 6), ("neuron", 2), ("network_2_16_16_1", 2), ("newton", 9)]


@cache
def drawn(name: str) -> Drawing:
    return draw(GRAPHS[name].build())


def wrong(drawing: Drawing, svg: str) -> list[str]:
    ends = {f"e{i}": (edge.source, edge.target) for i, edge in enumerate(drawing.view.edges)}
    return sorted(set(faults(read(svg), ends)))


@pytest.mark.parametrize("name", [name for name in GRAPHS if name not in SLOW])
def test_nothing_overlaps_is_cut_or_is_crossed(name: str) -> None:
    drawing = drawn(name)
    assert wrong(drawing, drawing.svg()) == []


@pytest.mark.parametrize(("name", "step"), STEPS)
def test_nor_in_a_frame(name: str, step: int) -> None:
    drawing = frames(GRAPHS[name].build())[step]
    assert wrong(drawing, drawing.svg()) == []


@pytest.mark.parametrize(
    ("pattern", "change", "fault"),
    [
        (r'(gg-card-input" x=")([\d.]+)', lambda m: f"{m[1]}{float(m[2]) + 200}", "overlaps"),
        (r'(gg-card-input"[^>]* width=")([\d.]+)', lambda m: f"{m[1]}{float(m[2]) / 2}", "stick out"),
        (r'(class="gg-ink" font-size=")(12)', lambda m: f"{m[1]}11", "11.0 px"),
        (r'(<text x=")([\d.]+)', lambda m: f"{m[1]}{float(m[2]) + 3000}", "outside"),
        (r'(gg-wire-pos" d="M[\d.]+,)([\d.]+)', lambda m: f"{m[1]}{float(m[2]) + 400}", "leaves the picture|crosses"),
        (r'(gg-pill-box" x=")([\d.]+)', lambda m: f"{m[1]}{float(m[2]) + 25}", "overlaps"),
    ],
)
def test_the_look_sees_what_is_planted(pattern: str, change: object, fault: str) -> None:
    drawing = drawn("micrograd")
    planted, count = re.subn(pattern, change, drawing.svg(), count=1)  # type: ignore[call-overload]
    assert count == 1
    assert any(re.search(fault, found) for found in wrong(drawing, planted))


def number(text: str) -> float:
    return float(text.replace("−", "-").replace("∞", "inf"))


def agrees(text: str, value: float) -> bool:
    """Whether a text is the number, to as many digits as it has, of which there are four if it needs them."""
    shown = number(text)
    if not math.isfinite(value):
        return str(shown) == str(value)
    if value == 0:
        return shown == 0
    return abs(shown - value) <= 0.5000001 * 10.0 ** (math.floor(math.log10(abs(value))) - 3)


def groups(tree: ET.Element, kind: str) -> dict[str, ET.Element]:
    return {g.get("data-id", ""): g for g in tree.iter(SPACE + "g") if kind in g.get("class", "").split()}


SINGLE = [name for name in GRAPHS if name not in SLOW | {"two_outputs"}]


@pytest.mark.parametrize("name", SINGLE)
def test_numbers_shown_are_the_engines(name: str) -> None:
    drawing = drawn(name)
    root = GRAPHS[name].build()
    assert not isinstance(root, list)
    engine = {f"n{i}": value for i, value in enumerate(ancestors(root))}
    tree = ET.fromstring(drawing.svg())
    checked = 0
    for node in drawing.view.nodes:
        if node.kind == "collapsed":
            continue
        texts = groups(tree, "gg-node")[node.id].iter(SPACE + "text")
        shown = [t.text or "" for t in texts if t.get("text-anchor") == "end"]
        value = engine[node.id]
        assert agrees(shown[0], value.data), (node, shown)
        if node.requires_grad and value.has_grad:
            assert agrees(shown[1], value.grad), (node, shown)
        checked += 1
    assert checked or name in ("random_10000", "sum_of_1000")


@pytest.mark.parametrize("name", SINGLE)
def test_wires_have_the_colour_and_pills_the_number_of_the_engine(name: str) -> None:
    drawing = drawn(name)
    tree = ET.fromstring(drawing.svg())
    classes = {key: group.get("class", "").split() for key, group in groups(tree, "gg-wire").items()}
    pills = {key: group.findtext(SPACE + "text", "") for key, group in groups(tree, "gg-pill").items()}
    for i, edge in enumerate(drawing.view.edges):
        share = edge.contribution
        if edge.requires_grad and share is not None:
            sign = "odd" if not math.isfinite(share) else "zero" if share == 0 else "neg" if share < 0 else "pos"
            assert f"gg-{sign}" in classes[f"e{i}"]
        if edge.partial is not None and edge.count == 1 and edge.partial != 1 and edge.strip is None:
            assert agrees(pills[f"e{i}"].removeprefix("×"), edge.partial)
