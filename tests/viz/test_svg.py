import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest

from autograd import Parameter, Value, logsumexp, scope
from viz import draw
from viz.output.svg import render_svg
from viz.picture.scene import Scene, Text, flat
from viz.picture.theme import STEPS, GradientScale, contrast, step_name, styles
from viz.text import width

HOSTILE = [
    '"]; evil [label="x',
    "<script>alert(1)</script>",
    r"\N \G \l back\slash",
    "🦉 漢字 ∂x/∂y é",
    "nul\x00 bell\x07 escape\x1b[0m",
    "a\nb\tc",
    "]]> <!-- & &amp; &lt; -->",
    "\u202eright to left",
    "lone \ud800 surrogate \ufffe",
    "x" * 500,
    "' onload='alert(1)",
]
SPACE = "{http://www.w3.org/2000/svg}"


def hostile_graph(label):
    with scope("module." + label.replace(".", "")):
        a = Value(2.0, label=label)
        b = a * 3.0
        b.label = label
    root = b.tanh()
    root.label = label
    return root


@pytest.mark.parametrize("label", HOSTILE)
@pytest.mark.parametrize("theme", ["light", "auto"])
def test_hostile_labels_stay_text(label, theme):
    root = hostile_graph(label)
    root.backward()
    tree = ET.fromstring(draw(root, theme=theme, layout="layered").svg())
    names = {element.tag.removeprefix(SPACE) for element in tree.iter()}
    assert names <= {"svg", "title", "desc", "style", "g", "rect", "path", "text"}
    attributes = {name for element in tree.iter() for name in element.attrib}
    assert not any(name.startswith("on") or "href" in name for name in attributes)


def test_a_hostile_label_is_shown():
    texts = {t.text for t in ET.fromstring(draw(hostile_graph("<b>&"), layout="layered").svg()).iter(SPACE + "text")}
    assert "<b>&" in texts


def test_it_refers_to_nothing_outside(network):
    svg = draw(network(2, 2, 1), theme="auto", layout="layered").svg()
    assert set(re.findall(r"\w+://[^\s\"']+", svg)) == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"url\(|@import|<image|<script|<foreignObject", svg)


def test_it_says_what_it_is(small):
    tree = ET.fromstring(draw(small(), layout="layered").svg())
    assert tree.get("role") == "img"
    assert tree[0].tag == SPACE + "title"
    assert tree[0].text == "Computation graph"
    assert tree[1].tag == SPACE + "desc"
    assert tree[1].text == "7 nodes and 6 edges, from the inputs to L."


def test_each_node_and_edge_has_a_tooltip(small):
    root = small()
    root.backward()
    tree = ET.fromstring(draw(root, layout="layered").svg())
    tips = {g.get("data-id"): g.find(SPACE + "title").text for g in tree.iter(SPACE + "g")}
    assert tips["n0"].splitlines() == ["a (n0, input)", "data = 2.0", "grad = 6.0"]
    assert tips["e0"].splitlines() == ["a → e", "local partial = b = -3.0", "passed back: adjoint × partial = 6.0"]


@pytest.mark.parametrize("theme", ["light", "dark", "auto"])
def test_every_class_has_a_rule(small, theme):
    svg = draw(small(), theme=theme, layout="layered").svg()
    used = set(re.findall(r'class="(gg-\w+)"', svg)) - {f"gg-{theme}"}
    rules = set(re.findall(r"\.(gg-\w+)\{", svg))
    assert used == rules
    assert ("prefers-color-scheme" in svg) == (theme == "auto")


def test_before_a_backward_nothing_is_called_zero(small):
    shapes = list(flat(draw(small(), layout="layered").scene.items))
    strings = [s.string for s in shapes if isinstance(s, Text)]
    assert strings.count("not run yet") == 7
    assert "0.0" not in strings


def graphs(network):
    x = Value(-1.2345e-300, label="a label that is longer than any box should be, by far, really")
    sharp = logsumexp(x, x * 1e300, *[Value(float(i), label=f"v{i}") for i in range(9)])
    huge = Parameter(1.7976931348623157e308, label="W") * 0.5
    for root in (network(2, 3, 1), sharp.elu(), huge.silu() + x):
        yield root
        root.backward()
        yield root


def test_text_fits_into_its_card(network):
    for root in graphs(network):
        for depth in (None, 2):
            drawing = draw(root, depth=depth, layout="layered", highlight=[root])
            _assert_texts_fit(drawing)


def _assert_texts_fit(drawing):
    scene = drawing.scene
    for group in scene.items:
        shapes = list(flat([group]))
        if not getattr(group, "id", "").startswith("n"):
            continue
        card = next(s for s in shapes if getattr(s, "style", "") == "card")
        lines: dict[float, list[tuple[float, float]]] = {}
        for text in (s for s in shapes if isinstance(s, Text)):
            wide = width(text.string, text.size, bold=styles(False)[text.style].bold)
            left = text.x - wide * {"start": 0.0, "middle": 0.5, "end": 1.0}[text.anchor]
            assert card.x <= left, text
            assert left + wide <= card.x + card.width, text
            assert card.y < text.y - 0.7 * text.size, text
            assert text.y < card.y + card.height, text
            lines.setdefault(text.y, []).append((left, left + wide))
        for spans in lines.values():
            spans.sort()
            assert all(a[1] <= b[0] for a, b in pairwise(spans))


def test_edge_labels_have_room(network):
    root = network(2, 3, 1)
    root.backward()
    drawing = draw(root, layout="layered")
    cards = [s for s in flat(drawing.scene.items) if getattr(s, "style", "") == "card" and s.height > 20]
    labels = [s for s in drawing.scene.items if isinstance(s, Text) and s.string[:1] in "∂←" and s.anchor == "end"]
    assert len(labels) > 60
    for label in labels:
        left, right = label.x - width(label.string, label.size), label.x
        for card in cards:
            apart = right < card.x or left > card.x + card.width or label.y < card.y
            assert apart or label.y - label.size > card.y + card.height


@pytest.mark.parametrize("dark", [False, True])
def test_text_has_contrast(dark):
    table = styles(dark)
    paper = table["paper"].fill
    for name in ("ink", "faint", "inkactive", "inkready", "inkstale"):
        assert contrast(table[name].fill, paper) >= 4.5, name
        assert contrast(table[name].fill, table["card"].fill) >= 4.5, name
    for shade in ("none", "odd", *(step_name(i) for i in range(-STEPS, STEPS + 1))):
        assert contrast(table[f"t{shade}"].fill, table[f"g{shade}"].fill) >= 4.5, shade
    for name in ("input", "parameter"):
        assert contrast(table["strong"].fill, table[f"head{name}"].fill) >= 4.5, name
    assert contrast(table["inkoutput"].fill, table["headoutput"].fill) >= 4.5
    assert contrast(table["rimactive"].stroke, paper) >= 3.0
    assert contrast(table["rimready"].stroke, paper) >= 3.0


def test_the_scale_is_symmetric_and_monotone():
    scale = GradientScale(10.0)
    shades = [scale.shade(x) for x in (0.0, 1e-9, 0.01, 0.1, 1.0, 10.0)]
    steps = [int(s.lstrip("mp")) for s in shades]
    assert steps == sorted(steps)
    assert steps[0] == 0
    assert steps[1] == 1
    assert steps[-1] == STEPS
    assert [scale.shade(-x) for x in (1e-9, 0.1, 10.0)] == [
        s.replace("p", "m") for s in (shades[1], shades[3], shades[5])
    ]
    assert scale.shade(float("inf")) == "odd"
    assert scale.shade(None) == "none"
    assert GradientScale().shade(0.0) == "0"


def test_not_finite_numbers_are_drawn():
    x = Value(float("inf"), label="x")
    root = x - x
    root.backward()
    strings = [s.string for s in flat(draw(root, layout="layered").scene.items) if isinstance(s, Text)]
    assert "inf" in strings
    assert "nan" in strings


def test_one_infinite_gradient_leaves_the_others_their_colours():
    scale = GradientScale.over([1.0, float("inf"), float("nan"), -0.5])
    assert scale.largest == 1.0
    assert (scale.shade(1.0), scale.shade(float("inf"))) == ("p7", "odd")


def test_there_is_no_minus_zero_in_a_file():
    assert '<text x="0" y="0.1"' in render_svg(Scene(1.0, 1.0, [Text(-0.04, 0.06, "t", 8.0)], "t"))


def test_unknown_theme():
    with pytest.raises(ValueError, match="theme='sepia' is not known: use one of 'light', 'dark', 'auto'"):
        render_svg(Scene(1.0, 1.0, [], "t"), "sepia")


@pytest.mark.parametrize("run", [False, True])
def test_golden_small(small, golden, run):
    root = small()
    if run:
        root.backward()
    golden(f"small_{'run' if run else 'new'}.svg", draw(root, layout="layered", theme="auto").svg())


def test_golden_network(network, golden):
    root = network(2, 2, 1)
    root.backward()
    golden("network.svg", draw(root, layout="layered", constants=False).svg())
    golden("network_neurons.svg", draw(root, layout="layered", theme="dark", depth=2).svg())
