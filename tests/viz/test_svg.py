import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest

from autograd import Parameter, Value, logsumexp, scope
from viz import draw
from viz.output.svg import render_svg
from viz.picture.scale import GradientScale
from viz.picture.scene import Scene, Text, flat
from viz.picture.theme import DARK, LIGHT, STYLES, contrast, styles
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
    assert tree[1].text == "7 boxes and 6 wires, from the inputs to L."
    assert tree.get("aria-label") == f"{tree[0].text}. {tree[1].text}"


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
    used = set(re.findall(r'<(?:rect|path|text)[^>]* class="(gg-[\w-]+)"', svg)) | {"gg-paper"}
    rules = set(re.findall(r"\.(gg-[\w-]+)\{", svg.partition("</style>")[0])) - {f"gg-{theme}"}
    assert used == rules
    variables = set(re.findall(r"var\((--[\w-]+)\)", svg))
    for block in re.findall(rf"\.gg-{theme}\{{(--[^}}]*)\}}", svg):
        assert set(re.findall(r"(--[\w-]+):#", block)) == variables
    assert ("prefers-color-scheme" in svg) == (theme == "auto")


def test_before_a_backward_nothing_is_called_zero(small):
    shapes = list(flat(draw(small(), layout="layered").scene.items))
    strings = [s.string for s in shapes if isinstance(s, Text)]
    assert strings.count("–") == 7 + 1  # and in the legend, which says what it means
    assert "not run yet" in strings
    assert "0" not in strings


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
    for group in drawing.scene.items:
        shapes = list(flat([group]))
        if not getattr(group, "kind", "").startswith("node"):
            continue
        card = next(s for s in shapes if getattr(s, "style", "").startswith("card"))
        lines: dict[float, list[tuple[float, float]]] = {}
        for text in (s for s in shapes if isinstance(s, Text)):
            wide = width(text.string, text.size, bold=styles(False)[text.style].bold)
            left = text.x - wide * {"start": 0.0, "middle": 0.5, "end": 1.0}[text.anchor]
            assert card.x <= left, text
            assert left + wide <= card.x + card.width, text
            assert card.y < text.y - 0.7 * text.size, text
            assert text.y < card.y + card.height, text
            assert text.size >= 12
            lines.setdefault(text.y, []).append((left, left + wide))
        for spans in lines.values():
            spans.sort()
            assert all(a[1] <= b[0] for a, b in pairwise(spans))


def test_decimal_points_stand_below_each_other():
    x = Value(1.25, label="x")
    y = x * 12.5
    y.backward()
    scene = draw(y, layout="layered").scene
    card = next(group for group in scene.items if getattr(group, "id", "") == "n0")
    value, gradient = (t for t in card.items if isinstance(t, Text) and t.anchor == "end")
    assert (value.string, gradient.string) == ("1.25", "12.5")
    assert value.x - width(".25", 12) == pytest.approx(gradient.x - width(".5", 12))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda x: x * 2.0, "× 2"),
        (lambda x: x * -2.0, "× (−2)"),
        (lambda x: 10.0 / x, "10 ÷"),
        (lambda x: x - -1.0, "− (−1)"),
        (lambda x: x**3, "^ 3"),
        (lambda x: Value.maximum(x, 0.5), "max(·, 0.5)"),
        (lambda x: x + x.sin() + 1.0, "Σ + 1"),
    ],
)
def test_constants_are_written_into_the_operation(make, words):
    scene = draw(make(Value(3.0, label="x")), layout="layered").scene
    assert words in [s.string for s in flat(scene.items) if isinstance(s, Text)]


def test_pills_stand_free_of_cards(network):
    root = network(2, 3, 1)
    root.backward()
    shapes = list(flat(draw(root, layout="layered").scene.items))
    cards = [s for s in shapes if getattr(s, "style", "").startswith("card") and s.height > 20]
    pills = [s for s in shapes if getattr(s, "style", "") == "pill-box"]
    assert len(pills) > 12
    for pill in pills:
        for c in cards:
            beside = pill.x >= c.x + c.width or pill.x + pill.width <= c.x
            assert beside or pill.y >= c.y + c.height or pill.y + pill.height <= c.y


CARDS = ("card", "input", "parameter", "constant", "paper")


@pytest.mark.parametrize("colours", [LIGHT, DARK])
def test_text_has_contrast(colours):
    for ink in ("ink", "faint", "neg", "pos", "odd", "stale"):
        for ground in CARDS:
            assert contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)
    for ink in ("ink", "faint", "neg", "pos", "ready", "active"):
        assert contrast(colours[ink], colours["halo"]) >= 4.5, ink
    for ground in ("frame0", "frame1", "note"):
        assert contrast(colours["ink"], colours[ground]) >= 4.5, ground
    assert min(contrast(colours["faint"], colours[ground]) for ground in ("frame0", "frame1")) >= 4.5


@pytest.mark.parametrize("colours", [LIGHT, DARK])
def test_wires_have_contrast(colours):
    for wire in (name for name in STYLES if name.startswith("wire-") and name != "wire-dim"):
        for ground in ("paper", "frame0", "frame1"):
            assert contrast(colours[STYLES[wire].stroke], colours[ground]) >= 3.0, (wire, ground)
    for rim in ("active", "ready", "odd"):
        assert contrast(colours[rim], colours["paper"]) >= 3.0, rim


def test_the_scale_is_symmetric_and_monotone():
    scale = GradientScale.over([10.0, -1e-9, 0.5])
    shares = [scale.share(x) for x in (0.0, 1e-9, 0.01, 0.1, 1.0, 10.0, float("inf"))]
    assert shares == sorted(shares)
    assert (shares[0], shares[-2], shares[-1]) == (0.0, 1.0, 1.0)
    assert 0 < shares[1] < shares[3] < shares[4] < 1
    assert [scale.share(-x) for x in (0.01, 1.0)] == [shares[2], shares[4]]
    assert [scale.kind(x) for x in (0.0, -1.0, 2.0, float("inf"), None)] == ["zero", "neg", "pos", "odd", "none"]
    assert GradientScale().share(0.0) == 0.0


def test_one_outlier_does_not_wash_out_all_else():
    scale = GradientScale.over([1.0, -0.1, 0.01, 2.0, 1e300])
    assert (scale.largest, scale.beyond) == (2.0, (1e300,))
    assert scale.share(0.1) > 0.5
    assert GradientScale.over([1e300, 1.0]).beyond == ()  # of two, none is the outlier
    x = Value(1.0, label="x")
    y = x.sin() * 1e300 + x * 2.0 + x.exp() + x.cos() * 0.5 + x.tanh()
    y.backward()
    strings = [s.string for s in flat(draw(y, layout="layered").scene.items) if isinstance(s, Text)]
    assert any("or more, to" in text for text in strings)


def test_not_finite_numbers_are_drawn():
    x = Value(float("inf"), label="x")
    root = x - x
    root.backward()
    strings = [s.string for s in flat(draw(root, layout="layered").scene.items) if isinstance(s, Text)]
    assert "∞" in strings
    assert "NaN" in strings
    assert "first that isn't finite" in strings


def test_one_infinite_gradient_leaves_the_others_their_widths():
    scale = GradientScale.over([1.0, float("inf"), float("nan"), -0.5])
    assert (scale.largest, scale.beyond) == (1.0, ())
    assert (scale.kind(1.0), scale.kind(float("inf"))) == ("pos", "odd")


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
