import builtins
import io
import subprocess
import sys
from xml.dom import minidom

import pytest
from PIL import Image

from autograd import Constant, Value, scope
from viz import draw
from viz.picture.scene import Group, Text, flat

STARTS = {"svg": b"<svg ", "dot": b"digraph ", "png": b"\x89PNG", "pdf": b"%PDF"}


@pytest.mark.parametrize("kind", STARTS)
@pytest.mark.parametrize("theme", ["light", "dark", "auto"])
def test_every_format_is_written_and_deterministic(small, tmp_path, kind, theme):
    root = small()
    root.backward()
    drawing = draw(root, theme=theme, layout="layered")
    first = drawing.save(tmp_path / f"first.{kind}")
    second = draw(root, theme=theme, layout="layered").save(str(tmp_path / f"second.{kind.upper()}"))
    assert first == tmp_path / f"first.{kind}"
    assert first.read_bytes().startswith(STARTS[kind])
    assert first.read_bytes() == second.read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([first.name, second.name])


def test_formats_without_dot_and_with(small, tmp_path, either_dot):
    for kind, start in STARTS.items():
        drawing = draw(small())
        assert drawing.layout.method == "layered"
        assert drawing.save(tmp_path / f"a.{kind}").read_bytes().startswith(start)


def test_png_has_the_size_of_the_picture(small):
    drawing = draw(small(), layout="layered")
    with Image.open(io.BytesIO(drawing.png(zoom=2.0))) as image:
        assert image.size == pytest.approx((2 * drawing.scene.width, 2 * drawing.scene.height), abs=2)
        assert image.convert("RGB").getpixel((1, 1)) == (255, 255, 255)
    with Image.open(io.BytesIO(draw(small(), layout="layered", theme="dark").png(zoom=0.5))) as image:
        assert sum(image.convert("RGB").getpixel((1, 1))) < 120


def test_a_png_has_no_more_pixels_than_can_be_opened(small, monkeypatch):
    monkeypatch.setattr("viz.output.raster._PIXELS", 10_000)
    with pytest.warns(UserWarning, match="couldn't be opened by much: it is drawn with zoom"):
        png = draw(small(), layout="layered").png()
    with Image.open(io.BytesIO(png)) as image:
        assert 9_000 < image.width * image.height <= 10_500


def test_what_is_passed_back_counts_for_the_colours():
    x = Value(1.0, label="x")
    y = x * 100.0 - x * 99.0
    y.backward()
    drawing = draw(y, layout="layered")
    assert [node.grad for node in drawing.view.nodes if node.label == "x"] == [1.0]
    assert drawing.scale.largest == 100.0


def test_pdf_with_characters_that_the_font_lacks(tmp_path):
    root = Value(1.0, label="🦉 漢字") * 2.0
    assert draw(root, layout="layered").save(tmp_path / "owl.pdf").stat().st_size > 1_000


def test_unknown_format_lists_the_known(small, tmp_path):
    drawing = draw(small(), layout="layered")
    with pytest.raises(ValueError, match=r"format 'jpg' .* is not known: end the file name in one of .svg, .dot, .png"):
        drawing.save(tmp_path / "a.jpg")
    with pytest.raises(ValueError, match="a file name without a format"):
        drawing.save(tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


def test_missing_folder_is_named(small, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"the folder '.*nowhere' for 'a.svg' does not exist. Create it first"):
        draw(small(), layout="layered").save(tmp_path / "nowhere" / "a.svg")


def test_a_failed_write_leaves_the_old_file(small, tmp_path, monkeypatch):
    path = tmp_path / "a.svg"
    path.write_text("old")
    monkeypatch.setattr("pathlib.Path.replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        draw(small(), layout="layered").save(path)
    monkeypatch.undo()
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.svg"]


@pytest.mark.parametrize(
    ("kind", "module", "package"), [("png", "resvg_py", "resvg-py"), ("pdf", "matplotlib", "matplotlib")]
)
def test_missing_packages_are_named(small, tmp_path, monkeypatch, kind, module, package):
    real = builtins.__import__

    def refuse(name, *args, **kwargs):
        if name.split(".")[0] == module:
            raise ImportError(name)
        return real(name, *args, **kwargs)

    for name in [m for m in sys.modules if m.split(".")[0] == module]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(ImportError, match=rf'needs {package}: pip install "glassgrad\[viz\]"'):
        draw(small(), layout="layered").save(tmp_path / f"a.{kind}")


def test_import_is_light():
    code = (
        "import sys, viz, viz.plot\n"
        "heavy = {'matplotlib', 'PIL', 'graphviz', 'resvg_py', 'sklearn'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=sys.path[0] or None).returncode == 0


def test_a_drawing_holds_what_was(small):
    root = small()
    drawing = draw(root, layout="layered")
    before = drawing.svg()
    root.backward()
    assert drawing.svg() == before
    assert draw(root, layout="layered").svg() != before


def test_a_note_is_in_the_picture(network):
    drawing = draw(network(2, 8, 8, 1), budget=100, layout="layered")
    (note,) = drawing.notes
    strings = " ".join(s.string for s in flat(drawing.scene.items) if isinstance(s, Text))
    assert "more than the budget of 100" in strings
    assert note in drawing.text


def test_several_outputs_in_words_and_marked():
    x = Value(2.0, label="x")
    squares = [x * x, x + 1.0, x.tanh(), x.exp()]
    squares[0].label = "square"
    drawing = draw(squares, highlight=squares)
    assert repr(drawing) == (
        "<Drawing of 5 nodes and 5 edges: square = 4, n3 = 3, n4 = 0.964 and 1 more, backward not run yet>"
    )
    assert drawing.marked == {n.id for n in drawing.view.nodes if n.output}
    assert draw([x, x * 3.0]).view.nodes[0].output


def test_outputs_of_different_graphs_stand_side_by_side(small):
    drawing = draw([small(), Value(1.0, label="alone"), small()])
    assert len(drawing.view.nodes) == 15
    assert drawing.svg().startswith("<svg ")


def test_a_constant_is_drawn_without_gradient():
    drawing = draw(Constant(2.0) * Constant(3.0))
    assert [n.kind for n in drawing.view.nodes] == ["constant", "constant", "output"]
    assert not any(n.requires_grad for n in drawing.view.nodes)
    assert repr(drawing) == "<Drawing of 3 nodes and 2 edges: n2 = 6>"
    assert len(draw(Constant(2.0)).view.nodes) == 1


@pytest.mark.parametrize("label", ["L" * 10_000, "a\x00b\x1b[31m\n\t", "</svg><script>", "\ud800", "\u202eabc"])
def test_hostile_names_are_drawn_small_and_whole(label):
    with scope(label):
        root = Value(2.0, label=label) * 3.0
    root.label = label
    drawing = draw(root)
    assert drawing.layout.width < 1_000
    for text in (drawing.svg(), drawing.dot(), drawing.text, repr(drawing)):
        assert not any(c in text for c in "\x00\x1b\ud800\u202e")
    assert "<script>" not in drawing.svg()
    assert len(repr(drawing)) < 300
    minidom.parseString(drawing.svg())


@pytest.mark.parametrize("thing", [3, "loss", None, [3.0], {"x": Value(1.0)}, (Value(x) for x in range(3))])
def test_only_values_can_be_drawn(thing):
    with pytest.raises(TypeError, match="only a Value has a graph to draw"):
        draw(thing)


def test_bad_arguments(small):
    root = small()
    with pytest.raises(ValueError, match="theme='blue' is not known"):
        draw(root, theme="blue")
    with pytest.raises(ValueError, match="layout='circle' is not known"):
        draw(root, layout="circle")
    with pytest.raises(ValueError, match="budget=0 is not a number of boxes"):
        draw(root, budget=0)
    with pytest.raises(TypeError, match="highlight takes Values of the graph, got 'a' of type str"):
        draw(root, highlight=["a"])
    with pytest.raises(ValueError, match="is not drawn in this picture"):
        draw(root, highlight=[Value(1.0)])
    with pytest.raises(TypeError, match="dim takes Values of the graph, got 3 of type int"):
        draw(root, dim=[3])
    with pytest.raises(ValueError, match=r"dim: Value.* is not drawn in this picture"):
        draw(root, dim=Value(1.0))


def test_highlight_marks(small):
    root = small()
    drawing = draw(root, highlight=root, layout="layered")
    assert drawing.marked == {"n6"}
    assert [s.style for s in flat(drawing.scene.items)].count("halo") == 1


@pytest.fixture
def masked():
    """Two hidden numbers, the second multiplied by the 0 of a mask; x is used by both."""
    x, out = Value(2.0, label="x"), Value(3.0, label="out")
    with scope("kept"):
        kept = x * Value(0.5, label="w")
    with scope("silenced"):
        silenced = x * Value(-0.5, label="v")
        dropped = silenced * 0.0
    root = kept + dropped * out
    root.backward()
    return root, dropped


def greyed(drawing):
    labels = {node.id: node.label or node.symbol for node in drawing.view.nodes}
    return sorted(labels[i] or "0.0" for i in drawing.dimmed)


def test_what_is_used_by_greyed_values_alone_is_greyed_with_them(masked):
    root, dropped = masked
    drawing = draw(root, dim=dropped, layout="layered", fold=False)
    assert greyed(drawing) == sorted(["v", "×", "0.0", "×"])  # not x, which `kept` uses; not what uses `dropped`
    assert greyed(draw(root, dim=[a for a in dropped.args if a.op], layout="layered")) == ["v", "×"]
    assert draw(root, layout="layered").dimmed == frozenset()
    drawing = draw(root, dim=root, layout="layered")
    assert len(drawing.dimmed) == len(drawing.view.nodes)


def test_a_module_is_grey_if_all_in_it_is(masked):
    root, dropped = masked
    drawing = draw(root, dim=dropped, depth=1, layout="layered")
    assert greyed(drawing) == ["silenced"]
    (silenced,) = (a for a in dropped.args if a.op)
    assert draw(root, dim=silenced, depth=1, layout="layered").dimmed == frozenset()


def test_grey_cards_and_edges_have_no_colours_but_all_their_numbers(masked):
    root, dropped = masked
    plain, drawing = draw(root, layout="layered"), draw(root, dim=dropped, layout="layered")
    groups = {(group.id, group.kind.split()[0]): group for group in drawing.scene.items if isinstance(group, Group)}
    for node in drawing.view.nodes:
        styles = {shape.style for shape in flat(groups[node.id, "node"].items)}
        assert (styles <= {"card-dim", "faint", "strong"}) == (node.id in drawing.dimmed), node.id
    for i, edge in enumerate(drawing.view.edges):
        is_dim = bool({edge.source, edge.target} & drawing.dimmed)
        assert ({shape.style for shape in flat(groups[f"e{i}", "wire"].items)} == {"wire-dim"}) == is_dim, edge
    words = [[s.string for s in flat(d.scene.items) if isinstance(s, Text)] for d in (plain, drawing)]
    assert words[0] == words[1]
    assert "← -0.0" not in words[0]


def test_dot_says_what_is_marked_and_greyed(masked):
    root, dropped = masked
    drawing = draw(root, dim=dropped, highlight=root, layout="layered")
    added = set(drawing.dot().splitlines()) - set(draw(root, layout="layered").dot().splitlines())
    again = {line.split()[0]: line for line in added}
    assert set(again) == drawing.dimmed | drawing.marked
    assert all("fillcolor" in again[node] for node in drawing.dimmed)
    assert "penwidth=3" in again[drawing.view.nodes[-1].id]


def test_a_path_that_cannot_be_written_is_named(tmp_path):
    drawing = draw(Value(1.0) * 2.0)
    name = "n" * 240 + ".svg"
    assert drawing.save(tmp_path / name).name == name
    with pytest.raises(FileNotFoundError, match=r"Create it first: Path\("):
        drawing.save(tmp_path / "no" / "a.svg")
    with pytest.raises(
        OSError, match="no file can be made in this folder; give a path in one that you may write to"
    ) as caught:
        drawing.save("/dev/fd/a.svg")
    assert caught.value.filename == "/dev/fd/a.svg"
