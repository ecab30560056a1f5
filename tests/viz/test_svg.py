import math
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from itertools import pairwise

import pytest

from autograd import Parameter, Value, logsumexp, scope
from viz import draw, frames
from viz.graph.nodes import Edge, Folded, Node, Strip
from viz.layout.arrange import Layout, Place
from viz.output.svg import render_svg
from viz.picture.callout import callout
from viz.picture.caption import Caption
from viz.picture.cards import card_box, draw_card
from viz.picture.legend import MARGIN
from viz.picture.scale import GradientScale
from viz.picture.scene import Rect, Scene, Text, flat
from viz.picture.strips import draw_strip
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
    assert tree[0].text == "Computation graph of L"
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


def test_a_constant_beside_many_operands_on_one_wire_is_written_too():
    drawing = draw(logsumexp(*[Value(x / 10) for x in range(12)], 2.0), budget=4)
    assert [node.label or node.symbol for node in drawing.view.nodes] == ["12 inputs", "logsumexp"]
    (words,) = [s.string for s in flat(drawing.scene.items) if isinstance(s, Text) and "logsumexp" in s.string]
    assert words.startswith("logsumexp(·,")
    assert words.endswith("·, 2)")
    assert "·, 2)" in drawing.dot()


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


def card(node, *edges):
    """The shapes of a hand-made node in the room that it asks for."""
    box = card_box(node, edges)
    return list(flat(draw_card(node, "name", Place(0.0, 0.0, box.width, box.height), GradientScale(), edges).items))


def texts(shapes):
    return [s.string for s in shapes if isinstance(s, Text)]


def test_what_a_card_says():
    plain = Node("n2", "op", "×", data=3.0, grad=-1.5)
    assert texts(card(plain)) == ["×", "3", "∇", "−1.5"]
    assert [s.style for s in card(plain) if isinstance(s, Text)] == ["faint", "ink", "text-neg", "text-neg"]
    long = texts(card(replace(plain, label="first" * 2_000 + "last")))[0]
    assert re.fullmatch(r"firstfirst.*….*firstlast", long)
    assert width(long, 12, bold=True) <= 170
    assert texts(card(replace(plain, folded=(Folded(1, -2.0, "n1"),)), Edge("n0", "n2"))) == [
        "× (−2)", "3", "∇", "−1.5",
    ]  # fmt: skip
    assert texts(card(replace(plain, terms=(-2.0, 0.5))))[-1] == "= −2 + 0.5"
    assert texts(card(replace(plain, stale=True)))[-1] == "changed since"
    assert texts(card(replace(plain, earlier=0.25)))[-1] == "0.25 of it from elsewhere"
    assert texts(card(replace(plain, grad=-math.inf, bad="grad")))[-1] == "first ∞ of the gradients"
    assert texts(card(replace(plain, data=math.nan, bad="data")))[-1] == "first NaN"
    assert texts(card(replace(plain, requires_grad=False))) == ["×", "3"]
    assert texts(card(replace(plain, grad=None))) == ["×", "3", "∇", "–"]


def test_what_a_collapsed_card_says():
    layer = Node("n9", "collapsed", label="layers.1", group="module", operations=80, parameters=48, outputs=16)
    assert texts(card(layer)) == ["layers.1", "16 outputs", "‖∇‖", "–", "48 parameters"]
    normed = card(replace(layer, parameter_norm=2.5))
    assert [s.style for s in normed if isinstance(s, Text) and s.string == "2.5"] == ["faint"]  # a norm has no sign
    many = Node("n9", "collapsed", label="1,000 inputs", group="rank", outputs=1_000)
    assert texts(card(many)) == ["1,000 inputs"]


@pytest.mark.parametrize("sizes", [(1, 1), (16, 16), (32, 32), (3, 32), (32, 1)])
def test_a_strip_has_a_square_for_each_partial_beside_its_card(sizes):
    rows, columns = sizes
    cells = tuple(tuple((-1.0) ** (i + j) / (1 + j) for j in range(columns)) for i in range(rows))
    edge = Edge("n0", "n9", strip=Strip(cells, rows, columns))
    node = Node("n9", "collapsed", label="layers.1", group="module", outputs=rows)
    box = card_box(node, [edge])
    place = Place(box.lead, 0.0, box.width, box.height)
    drawn = draw_strip(0, edge.strip, (place.x, place.middle), "").items
    room, squares, (full, words) = drawn[0], drawn[1:-2], drawn[-2:]
    assert len(squares) == rows * columns
    assert squares[0].style == "fill-pos"
    assert (full.width, words.string) == (squares[0].width, "1")
    assert max(s.y + s.height for s in squares) <= full.y
    assert room.x <= full.x
    assert words.x + width(words.string, 12) <= room.x + room.width
    assert max(s.width for s in squares) == squares[0].width >= 6
    assert {round(s.y + s.height / 2) for s in squares[:columns]} == {round(squares[0].y + squares[0].height / 2)}
    if columns > 1:
        assert squares[1].style == "fill-neg"
        assert squares[1].width ** 2 == pytest.approx(squares[0].width ** 2 / 2)  # the area is the size
    assert all(room.x <= s.x and s.x + s.width <= room.x + room.width <= place.x for s in squares)
    assert room.x >= 0
    assert room.y >= -1
    assert room.y + room.height <= box.height + 1
    shapes = list(flat(draw_card(node, "name", place, GradientScale(), [edge]).items))
    front = next(s for s in shapes if s.style == "card-collapsed")
    assert front.height < 60  # as high as its words, not as the strip
    assert front.y + front.height / 2 == pytest.approx(place.middle)


def test_gradients_go_back_along_chevrons(small):
    for step in frames(small(), layout="layered"):
        groups = {g.id: g for g in step.scene.items if getattr(g, "kind", "") == "chevron"}
        assert set(groups) == {f"e{i}" for i in step.lit}
        for group in groups.values():
            (_, (start,)), (_, (tip,)), (_, (end,)) = group.items[1].commands
            assert tip[0] < start[0] == end[0]  # from the result to its operands


def test_the_future_is_grey(small):
    first, *_, last = frames(small(), layout="layered")
    waiting = [g for g in first.scene.items if getattr(g, "kind", "").endswith("waiting")]
    assert len(waiting) > 3
    for shape in flat(waiting):
        assert shape.style.endswith(("-later", "faint"))
    later = {g.id for g in waiting}
    pills = [g for g in first.scene.items if getattr(g, "kind", "") == "pill"]
    inks = [(first.view.edges[int(g.id[1:])].target in later, g.items[1].style) for g in pills]
    assert {ink for is_later, ink in inks if is_later} == {"faint"}
    assert (False, "ink") in inks
    assert not any("waiting" in getattr(g, "kind", "") for g in last.scene.items)


def test_a_line_leads_from_the_words_to_the_card_where_it_crosses_nothing(network):
    drawn = 0
    for step in frames(network(2, 2, 1), layout="layered"):
        lines = [s for s in flat(step.scene.items) if s.style == "lead"]
        drawn += len(lines)
        for line in lines:
            (_, ((x, top),)), (_, ((_, bottom),)) = line.commands
            for wire in (s for s in flat(step.scene.items) if s.style.startswith("wire-")):
                points = [p for _, ps in wire.commands for p in ps]
                for (x0, y0), (x1, y1) in pairwise(points):
                    assert not (min(x0, x1) < x < max(x0, x1) and top < (y0 + y1) / 2 < bottom)
    assert drawn > 1


@pytest.mark.parametrize(("height", "lines"), [(150.0, 0), (320.0, 1)])
def test_no_line_leads_to_a_card_below_a_wire(height, lines):
    route = ((0.0, height), (100.0, height), (300.0, height), (400.0, height))
    layout = Layout(400.0, 400.0, {"n0": Place(150.0, 250.0, 80.0, 40.0)}, (route,))
    shapes = flat(list(callout(Caption("title", near="n0"), layout, 400.0)))
    assert [s.style for s in shapes].count("lead") == lines


def test_wires_without_gradient_are_dashed():
    root = Value(2.0, label="x") * 3.0
    root.backward()
    drawing = draw(root, fold=False)
    wires = [s.style for s in flat(drawing.scene.items) if s.style.startswith("wire-")]
    assert wires[:2] in (["wire-pos", "wire-constant"], ["wire-constant", "wire-pos"])
    assert STYLES["wire-constant"].dash
    edges = [line for line in drawing.dot().splitlines() if "->" in line]
    assert ["style=dashed" in line for line in edges] == [False, True]


def test_the_legend_says_what_occurs_and_each_thing_once(network):
    x = Value(2.0, label="x")
    for root in (x.tanh(), network(2, 3, 1)):
        for run in (False, True):
            if run:
                root.backward()
            for drawing in (draw(root, layout="layered"), draw(root, depth=1, layout="layered")):
                scene = drawing.scene
                top = next(s.y for s in flat(scene.items) if s.style == "rule")
                legend = [s for s in flat(scene.items) if isinstance(s, Text) and s.y > top]
                strings = [s.string for s in legend]
                assert len(strings) == len(set(strings))
                kinds = {node.kind for node in drawing.view.nodes}
                assert ("parameter" in strings, "input" in strings) == ("parameter" in kinds, "input" in kinds)
                assert ("not run yet" in strings) == (not run)
                assert ("zero" in strings) == any(e.contribution == 0 for e in drawing.view.edges)
                assert all(s.x + width(s.string, s.size) <= scene.width - MARGIN + 1 for s in legend)


def test_notes_stand_in_the_legend():
    words = "modules are drawn as one box each"
    scene = replace(draw(Value(2.0).tanh(), layout="layered"), notes=(words,)).scene
    last = scene.items[-1]
    assert last.kind == "note"
    assert " ".join(texts(last.items)) == words
    assert words in scene.description


CARDS = ("card", "input", "parameter", "constant", "paper")


@pytest.mark.parametrize("colours", [LIGHT, DARK])
def test_text_has_contrast(colours):
    for ink in ("ink", "faint", "neg", "pos", "odd", "stale"):
        for ground in CARDS:
            assert contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)
    for ink in ("ink", "faint", "neg", "pos", "ready", "active"):
        assert contrast(colours[ink], colours["halo"]) >= 4.5, ink
    assert min(contrast(colours["faint"], colours[ground]) for ground in ("frame0", "frame1")) >= 4.5


@pytest.mark.parametrize("colours", [LIGHT, DARK])
def test_wires_have_contrast(colours):
    for wire in (name for name in STYLES if name.startswith("wire-")):
        for ground in ("paper", "frame0", "frame1"):
            assert contrast(colours[STYLES[wire].stroke], colours[ground]) >= 3.0, (wire, ground)
    for rim in ("active", "ready", "odd"):
        assert contrast(colours[rim], colours["paper"]) >= 3.0, rim


def _grounds(drawing, colours):
    """Each text of a picture with the colour behind it, and each wire with all that it crosses."""
    seen = []
    for shape in flat(drawing.scene.items):
        style = STYLES[shape.style]
        if isinstance(shape, Text):
            behind = [s for s in seen if s.x <= shape.x <= s.x + s.width and s.y <= shape.y <= s.y + s.height]
            yield shape.style, colours[style.fill], colours[STYLES[behind[-1].style].fill if behind else "paper"]
        elif isinstance(shape, Rect) and style.fill != "none":
            seen.append(shape)


@pytest.mark.parametrize("colours", [LIGHT, DARK])
def test_every_text_of_a_frame_has_contrast(network, colours):
    steps = frames(network(2, 2, 1), layout="layered")
    pairs = {pair for i in (0, 6, len(steps) - 1) for pair in _grounds(steps[i], colours)}
    assert {"strong-faint", "text-neg", "text-active", "text-ready"} & {style for style, _, _ in pairs}
    assert len(pairs) > 15
    for style, ink, ground in pairs:
        assert contrast(ink, ground) >= 4.5, style


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
    assert scale.share(0.1) == GradientScale.over([2.0, 0.01]).share(0.1) > 0.4
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
    assert "first ∞" in strings


def test_every_number_that_is_not_finite_is_marked():
    x = Value(math.inf, label="x")
    root = (x - x).tanh()
    inks = {s.string: s.style for s in flat(draw(root, layout="layered").scene.items) if isinstance(s, Text)}
    assert inks["∞"] == inks["NaN"] == "text-odd"


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


def test_the_terms_of_a_ledger_come_to_the_gradient_that_is_shown():
    x = Value(0.8814, label="x")
    e = (2 * x).exp()
    y = (e - 1) / (e + 1)  # its two uses of e pass back nearly opposite numbers
    y.backward()
    scene = draw(y, layout="layered").scene
    card = next(group for group in scene.items if "operation exp" in getattr(group, "title", ""))
    words = [t.string.replace("−", "-") for t in card.items if isinstance(t, Text)]
    terms = next(text for text in words if text.startswith("= ")).removeprefix("= ").replace(" - ", " + -").split(" + ")
    shown = words[words.index("∇") + 1]
    assert f"{sum(map(float, terms)):.4g}" == shown
    assert max(len(term.lstrip("-0.")) for term in terms) > 4  # four digits wouldn't do here


def test_a_number_that_is_finite_is_not_called_the_first_that_is_not():
    x = Value(3.0, label="x")
    words = [
        s.string for s in flat(draw((x / float("inf")) * 2.0, layout="layered").scene.items) if isinstance(s, Text)
    ]
    assert "first not finite inside" in words
    assert "first 0" not in words
