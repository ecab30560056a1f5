import re

import pytest
from PIL import Image

from autograd import Value, gradients, logsumexp, sweep
from viz import frames
from viz.graph.view import node_ids
from viz.picture.scene import Text, flat


def strings(drawing):
    return [s.string for s in flat(drawing.scene.items) if isinstance(s, Text)]


def test_one_frame_a_step(small, either_dot):
    root = small()
    steps = frames(root)
    assert len(steps) == len(list(sweep(root))) == 7
    assert steps.layout.method == "layered"
    assert repr(steps) == "<Frames: 7 steps back from L>"
    assert all(not v.has_grad for v in node_ids(root))  # nothing is written


def test_the_chain_rule_in_numbers(small):
    steps = frames(small(), layout="layered")
    assert steps[0].text.splitlines() == [
        "step 1 of 7: back through L = d × f",
        "∂L/∂L = 1.0, where every backward starts",
        "∂L/∂d += ∂L/∂L · ∂L/∂d = 1.0 × -2.0 = -2.0",
        "∂L/∂f += ∂L/∂L · ∂L/∂f = 1.0 × 4.0 = 4.0",
    ]
    texts = [d.text for d in steps]
    assert "∂L/∂a += ∂L/∂e · ∂e/∂a = -2.0 × -3.0 = 6.0" in texts[2]
    assert texts[-1] == "step 7 of 7: f is complete\n∂L/∂f = 4.0"
    for drawing in steps:
        shown = " ".join(strings(drawing))
        assert all(" ".join(line.split()) in shown for line in drawing.text.splitlines())


def test_numbers_in_the_text_multiply(network):
    for drawing in frames(network(2, 3, 1), layout="layered"):
        for a, b, c in re.findall(r"= (\S+) × (\S+) = ([^\s,]+)", drawing.text):
            assert float(a) * float(b) == pytest.approx(float(c), rel=2e-3, abs=1e-12)


@pytest.mark.parametrize("depth", [None, 2])
def test_the_last_frame_shows_every_gradient(network, depth):
    root = network(2, 3, 1)
    steps = frames(root, layout="layered", depth=depth)
    last = steps[-1].view
    ids = node_ids(root, depth)
    plain = {n.id: n for n in last.nodes if n.kind not in ("collapsed", "constant")}
    for value, node in ids.items():
        if node in plain:
            assert not value.requires_grad or plain[node].grad == gradients(root, [value])[0]
    assert all(n.grad is not None for n in last.nodes if n.requires_grad)
    assert not any("waiting" in s for s in strings(steps[-1]) if s != "waiting") or depth
    assert strings(steps[-1]).count("waiting") == 1  # in the legend


def test_a_module_is_done_when_all_in_it_is(network):
    root = network(2, 3, 1)
    steps, ids = frames(root, layout="layered", depth=1), node_ids(root, 1)
    for i, drawing in enumerate(steps):
        left = {ids[step.node] for step in steps.steps[i:]}
        done = {box for box, state in drawing.states.items() if state.status == "done"}
        assert done == set(drawing.states) - left


def test_unknown_gradients_wait(small):
    steps = frames(small(), layout="layered")
    for i, drawing in enumerate(steps):
        statuses = [s.status for s in drawing.states.values()]
        assert statuses.count("active") == 1
        assert statuses.count("done") == i
        known = [n for n in drawing.view.nodes if n.grad is not None]
        assert len(known) == i + 1
    first = {n.label: steps[0].states[n.id] for n in steps[0].view.nodes}
    assert (first["d"].status, first["d"].received) == ("ready", -2.0)
    assert (first["a"].status, first["a"].received) == ("waiting", None)


def test_a_reused_value_has_a_ledger():
    a = Value(2.0, label="a")
    b = a * a
    b.label = "b"
    root = b + a
    root.label = "L"
    steps = frames(root, layout="layered")
    assert "∂L/∂a += ∂L/∂L · ∂L/∂a = 1.0 × 1.0 = 1.0    (sum: 1.0 = 1.0, 2 more to come)" in steps[0].text
    assert "(sum: 1.0 + 2.0 = 3.0, 1 more to come)" in steps[1].text
    assert "(sum: 1.0 + 2.0 + 2.0 = 5.0)" in steps[1].text
    assert steps[2].text == "step 3 of 3: a is complete\n∂L/∂a = 1.0 + 2.0 + 2.0 = 5.0"
    assert steps[0].states["n0"].received == 1.0
    assert "so far" in strings(steps[0])
    assert gradients(root, [a]) == (5.0,)


def test_the_active_node_and_what_it_feeds_are_lit(small):
    steps = frames(small(), layout="layered")
    view = steps[0].view
    assert {(view.edges[k].source, view.edges[k].target) for k in steps[0].lit} == {("n4", "n6"), ("n5", "n6")}
    assert steps[-1].lit == frozenset()  # a leaf passes nothing on


def test_every_frame_has_one_size(network):
    sizes = {(d.scene.width, d.scene.height) for d in frames(network(2, 2, 1), layout="layered")}
    assert len(sizes) == 1


def test_many_operands_are_cut_short():
    root = logsumexp(*[Value(float(i), label=f"v{i}") for i in range(12)])
    text = frames(root, layout="layered")[0].text
    assert "… and 8 more" in text
    assert "logsumexp(v0, v1, …, v11)" in text


def test_a_sequence(small):
    steps = frames(small(), layout="layered")
    assert steps[-1].text == steps[6].text
    assert [d.text for d in steps[1:3]] == [steps[1].text, steps[2].text]
    assert len(list(steps)) == 7
    with pytest.raises(IndexError, match=r"there are .* steps, counted from 0; there is no step"):
        steps[7]


def test_gif(small, tmp_path):
    steps = frames(small(), layout="layered", theme="dark")
    path = steps.save_gif(tmp_path / "steps.gif", seconds=0.5)
    with Image.open(path) as image:
        assert image.n_frames == 7
        assert image.info["duration"] == 500
        image.seek(6)
        assert image.info["duration"] == 1500
    assert path.read_bytes() == steps.save_gif(tmp_path / "again.gif", seconds=0.5).read_bytes()


def test_svg_files(small, network, tmp_path):
    paths = frames(small(), layout="layered").save(tmp_path)
    assert [p.name for p in paths] == [f"step_{i}.svg" for i in range(1, 8)]
    assert len({p.read_bytes() for p in paths}) == 7
    (tmp_path / "long").mkdir()
    paths = frames(network(2, 2, 1), layout="layered").save(tmp_path / "long")
    assert paths[0].name == "step_01.svg"
    assert len(paths) == 27


def test_frames_twice_give_the_same_bytes(network):
    first, second = (frames(network(2, 2, 1), layout="layered") for _ in range(2))
    assert [d.svg() for d in first] == [d.svg() for d in second]


def test_golden_frame(small, golden):
    golden("frame.svg", frames(small(), layout="layered")[2].svg())


def test_bad_inputs(small, tmp_path):
    with pytest.raises(TypeError, match="only a Value has a graph to draw"):
        frames(3.0)
    with pytest.raises(ValueError, match="layout='x' is not known"):
        frames(small(), layout="x")
    steps = frames(small(), layout="layered")
    with pytest.raises(ValueError, match=r"format 'mp4' .* end the file name in one of .gif"):
        steps.save_gif(tmp_path / "a.mp4")
    with pytest.raises(ValueError, match="seconds=0 is not a time"):
        steps.save_gif(tmp_path / "a.gif", seconds=0)
    with pytest.raises(FileNotFoundError, match="does not exist"):
        steps.save(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="theme='x' is not known"):
        steps.themed("x")
    assert steps.themed("dark")[0].theme == "dark"
