"""A backward as a series of pictures: one for each box that passes something back."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from contextlib import nullcontext
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image

import autograd
from autograd import Constant, Value, ancestors, gradients, logsumexp, nn, scope, sweep
from tests.viz.test_chain_rule import random_graph
from viz import Drawing, Frames, GraphView, frames, timeline
from viz.graph.view import node_ids
from viz.picture.scene import Text, flat
from viz.steps.stages import Stages

Made = Callable[..., Value]


def strings(drawing: Drawing) -> list[str]:
    return [s.string for s in flat(drawing.scene.items) if isinstance(s, Text)]


def stages_of(root: Value) -> Stages:
    """With a box for each number."""
    return Stages(timeline(root), GraphView.of(root, fold=False, gradients={s.node: s.adjoint for s in sweep(root)}))


def test_one_frame_for_each_operation(small: Made, either_dot: bool) -> None:
    root = small()
    steps = frames(root)
    assert len(steps) == 3
    assert sum(step.node.op is not None for step in sweep(root)) == 3
    assert repr(steps) == "<Frames: 3 steps back from L>"
    assert all(not v.has_grad for v in ancestors(root))  # nothing is written


def test_the_chain_rule_in_numbers(small: Made) -> None:
    steps = frames(small(), layout="layered")
    assert [d.text.splitlines() for d in steps] == [
        [
            "step 1 of 3 · back through L = d × f, L = −8",
            "∇L = 1, where every backward starts",
            "∇d += ∇L × f = 1 × (−2) = −2",
            "∇f += ∇L × d = 1 × 4 = 4",
        ],
        ["step 2 of 3 · back through d = e + c, d = 4", "∇e += ∇d = −2", "∇c += ∇d = −2"],
        [
            "step 3 of 3 · back through e = a × b, e = −6",
            "∇a += ∇e × b = −2 × (−3) = 6",
            "∇b += ∇e × a = −2 × 2 = −4",
        ],
    ]


def test_what_is_above_a_picture_has_the_colours_of_what_it_stands_for(small: Made) -> None:
    line = frames(small())[0].caption.lines[1]
    assert [(run.text, run.role, run.sign) for run in line] == [
        ("∇d", "receiver", 0),
        (" += ", "", 0),
        ("∇L", "adjoint", 1),
        (" × ", "", 0),
        ("f", "partial", 0),
        (" = ", "", 0),
        ("1", "adjoint", 1),
        (" × ", "", 0),
        ("(−2)", "partial", 0),
        (" = ", "", 0),
        ("−2", "adjoint", -1),
    ]


VIEWS = [{}, {"fold": False}, {"depth": 1}, {"depth": 2}, {"collapse": ["layers.0"]}, {"constants": False}]


@pytest.mark.parametrize("view", VIEWS)
def test_one_frame_for_each_visible_box_that_is_no_leaf(network: Made, view: dict) -> None:
    root = network(2, 3, 2, 1)
    steps = frames(root, **view)
    boxes = {n.id for n in steps.final.nodes if n.kind in ("op", "output", "collapsed") and n.requires_grad}
    active = [next(k for k, s in d.states.items() if s.status == "active") for d in steps]
    assert sorted(active) == sorted(boxes)
    assert all([s.status for s in d.states.values()].count("active") == 1 for d in steps)
    assert [d.caption.near for d in steps] == active


@pytest.mark.parametrize("view", VIEWS)
def test_a_box_has_its_turn_when_all_from_outside_has_arrived(network: Made, view: dict) -> None:
    root = network(2, 3, 2, 1)
    steps = frames(root, **view)
    ids = node_ids(root, **{"depth": None, **view})
    received: set[tuple[str, str]] = set()
    links = {(ids[v], ids[a]) for v in ids for a in v.args if a in ids and a.requires_grad} - {
        (i, i) for i in ids.values()
    }
    for drawing in steps:
        states = drawing.states
        active = next(k for k, s in states.items() if s.status == "active")
        assert {link for link in links if link[1] == active} <= received  # all that uses it has had its turn
        received |= {link for link in links if link[0] == active}
        for box, state in states.items():
            complete = {link for link in links if link[1] == box} <= received
            assert (state.status != "waiting") == complete or box == active
    assert {s.status for s in steps[-1].states.values()} <= {"active", "done"}


@pytest.mark.parametrize("view", VIEWS)
def test_the_last_frame_shows_every_gradient(network: Made, view: dict) -> None:
    root = network(2, 3, 1)
    steps = frames(root, **view)
    last, ids = steps[-1].view, node_ids(root, **{"depth": None, **view})
    assert steps.stages.view_at(len(steps) - 1) == steps.final
    plain = {n.id: n for n in last.nodes if n.kind not in ("collapsed", "constant")}
    for value, node in ids.items():
        if node in plain and value.requires_grad and plain[node].data == value.data and value.op is not None:
            assert plain[node].grad == gradients(root, [value])[0]
    assert all(n.grad is not None for n in plain.values() if n.requires_grad)
    for numbers in steps.stages.entries.values():
        assert [steps.stages.received(i, len(steps)) for i in numbers] == [steps.timeline.grads[i] for i in numbers]


@pytest.mark.parametrize("seed", range(40, 60))  # in some of them the order of a sum shows in its last bit
def test_what_has_come_in_so_far(seed: int) -> None:
    """Each state agrees with what has been passed on until then, added up anew."""
    root = random_graph(seed)
    stages = stages_of(root)
    sums: dict[int, float] = {}
    for stage, box in enumerate(stages.order):
        for arrival in stages.passed[box]:
            number, term = arrival.change.number, arrival.change.term
            sums[number] = sums[number] + term if number in sums else term
        for node in stages.view_at(stage).nodes:
            number = int(node.id[1:])
            state = stages.states(stage).get(node.id)
            if state is not None and number != len(stages.view.nodes) - 1:
                assert repr(state.received) == repr(sums.get(number))
                known = sums[number] if number in sums and state.status != "waiting" else None
                assert repr(node.grad) == repr(known)


def test_unknown_gradients_wait(small: Made) -> None:
    steps = frames(small(), layout="layered")
    known = [{n.label for n in d.view.nodes if n.grad is not None} for d in steps]
    assert known == [{"L", "d", "f"}, {"L", "d", "f", "e", "c"}, {"L", "d", "f", "e", "c", "a", "b"}]
    first = {n.label: steps[0].states[n.id] for n in steps[0].view.nodes}
    assert [(first[k].status, first[k].received) for k in "dfa"] == [("ready", -2.0), ("done", 4.0), ("waiting", None)]
    assert all(
        e.contribution is None for d in steps for e in d.view.edges if d.states[e.target].status in ("waiting", "ready")
    )


def test_a_reused_value_has_a_ledger() -> None:
    a = Value(2.0, label="a")
    b = a * a
    b.label = "b"
    root = b + a
    root.label = "L"
    steps = frames(root, layout="layered")
    assert "∇a = 1, 1 of 3 came in" in steps[0].text
    assert "∇a = 1 + 2 = 3, 2 of 3 came in" in steps[1].text
    assert "∇a = 1 + 2 + 2 = 5, all 3 came in" in steps[1].text
    assert steps[0].states["n0"].received == 1.0
    assert gradients(root, [a]) == (5.0,)


def test_a_sum_is_one_step() -> None:
    parts = [Value(float(i), label=f"v{i}") for i in range(6)]
    steps = frames(sum(part * 2.0 for part in parts))
    assert steps[0].caption.title == "step 1 of 7 · back through s = p + u + … + q, s = 30"
    assert steps[0].text.splitlines()[2:5] == ["∇p += ∇s = 1", "∇u += ∇s = 1", "∇v += ∇s = 1"]


def test_boxes_that_wait_for_each_other_each_have_a_turn() -> None:
    """A module used twice, with another one in between."""
    x = Value(0.5, label="x")
    with scope("a"):
        first = x.tanh()
    with scope("b"):
        middle = first * 2.0
    with scope("a"):
        last = middle.tanh() + first
    steps = frames(last * 3.0, depth=1)
    assert len(steps) == 3
    assert all(steps.stages.complete[box] <= turn for turn, box in enumerate(steps.stages.order))
    assert {s.status for s in steps[-1].states.values()} <= {"active", "done"}
    for drawing in steps:
        for box, state in drawing.states.items():
            node = next(n for n in drawing.view.nodes if n.id == box)
            assert state.status == "waiting" or node.kind == "collapsed" or node.grad is not None


def test_the_active_box_and_what_it_feeds_are_lit(small: Made) -> None:
    steps = frames(small(), layout="layered")
    view = steps[0].view
    assert {(view.edges[k].source, view.edges[k].target) for k in steps[0].lit} == {("n4", "n6"), ("n5", "n6")}


def test_a_collapsed_box_says_what_it_passes_back(network: Made) -> None:
    root = network(2, 3, 1)
    texts = [d.text for d in frames(root, depth=1)]
    inputs = [v for v in ancestors(root) if v.label in ("x0", "x1")]
    outputs = [v for v in ancestors(root) if v.scope == "layers.0.neurons.0" and v.op is autograd.tanh]
    assert len(outputs) == 1
    assert "back through layers.1" in texts[-2]
    assert "to layers.0: 3 gradients, norm " in texts[-2]
    assert "∇ of its 3 outputs: norm " in texts[-1]
    assert f"∇x0 += {gradients(root, inputs)[0]:.4g}, from 3 uses".replace("-", "−") in texts[-1]


def test_constants_that_are_left_out_still_have_their_names() -> None:
    root = Value(2.0, label="x") * Constant(3.0, label="three times")
    steps = frames(root, constants=False)
    assert {node.id for node in steps[0].view.nodes} == {"n0", "n2"}
    assert steps[0].text.splitlines()[2:] == ["∇x += ∇p × t = 1 × 3 = 3", "with p = n2 = 6, t = “three times” = 3"]


def test_a_root_that_is_a_leaf() -> None:
    steps = frames(Value(3.0, label="a"))
    assert [d.text for d in steps] == [
        "step 1 of 1 · a = 3 is what it starts from\n∇a = 1, where every backward starts"
    ]


def test_nothing_changes_when_the_graph_does(small: Made) -> None:
    root = small()
    steps = frames(root)
    before = [d.svg() for d in steps]
    root.backward()
    for v in ancestors(root):
        v.data, v.label = 7.0, "other"
    again = frames(small())
    assert [d.svg() for d in again] == before
    assert [d.svg() for d in steps.themed("light")] == before


def test_every_frame_has_one_size(network: Made) -> None:
    sizes = {(d.scene.width, d.scene.height) for d in frames(network(2, 2, 1), layout="layered")}
    assert len(sizes) == 1


def test_a_cap_with_a_note(network: Made) -> None:
    root = network(2, 3, 1)
    every, some, one = frames(root), frames(root, limit=5), frames(root, limit=1)
    assert len(every) > 5 == len(some)
    assert [d.caption.title for d in some] == [d.caption.title for d in (*every[:4], every[-1])]
    assert some[0].notes == (
        f"Not all of the {len(every)} steps have a picture: steps 1 to 4 and the last alone. "
        "Pass a larger limit= for more, or draw modules as one.",
    )
    assert one[0].view == every[-1].view
    assert f"Not all of the {len(every)} steps have a picture: the last alone. " in one[0].notes[0]
    assert every[0].notes == ()


def test_time_grows_with_the_graph_and_no_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture is made without reading the graph again, and tells of many terms what is new."""
    x = Value(1.0, label="x")
    steps = frames(sum((x * float(i) for i in range(1, 400)), x), budget=10_000)
    monkeypatch.setattr(GraphView, "over", None)
    monkeypatch.setattr("viz.steps.series.timeline", None)
    assert len(steps[-1].view.nodes) == len(steps.final.nodes)
    assert max(len(line) for d in steps[150:] for line in d.text.splitlines()) < 160


def test_a_sequence(small: Made) -> None:
    steps = frames(small(), layout="layered")
    assert steps[-1].text == steps[2].text
    assert [d.text for d in steps[1:3]] == [steps[1].text, steps[2].text]
    assert len(list(steps)) == 3
    with pytest.raises(IndexError, match="steps are counted from 0 to 2; there is no step 3"):
        steps[3]


def test_gif(small: Made, tmp_path: Path) -> None:
    steps = frames(small(), layout="layered", theme="dark")
    path = steps.save_gif(tmp_path / "steps.gif", seconds=0.5)
    with Image.open(path) as image:
        assert image.n_frames == 3
        assert image.info["duration"] == 500
        image.seek(2)
        assert image.info["duration"] == 1500
    assert path.read_bytes() == steps.save_gif(tmp_path / "again.gif", seconds=0.5).read_bytes()


def test_svg_files(small: Made, network: Made, tmp_path: Path) -> None:
    paths = frames(small(), layout="layered").save(tmp_path)
    assert [p.name for p in paths] == [f"step_{i}.svg" for i in range(1, 4)]
    assert len({p.read_bytes() for p in paths}) == 3
    (tmp_path / "long").mkdir()
    paths = frames(network(2, 2, 1), layout="layered").save(tmp_path / "long")
    assert paths[0].name == "step_01.svg"


def test_a_page(small: Made, tmp_path: Path) -> None:
    page = frames(small()).save_html(tmp_path / "steps.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    data = json.loads(page.partition('<script id="data" type="application/json">')[2].partition("</script>")[0])
    lines = ["".join(words for words, *_ in line) for caption in data["captions"] for line in caption]
    assert "∇a += ∇e × b = −2 × (−3) = 6" in lines
    assert "://" not in page.replace("http://www.w3.org", "")


@pytest.mark.parametrize("save", ["save_gif", "save_html"])
def test_what_is_interrupted_leaves_no_half_file(
    small: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, save: str
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    name = {"save_gif": "a.gif", "save_html": "a.html"}[save]
    (tmp_path / name).write_text("as it was")
    monkeypatch.setattr("os.replace" if save == "none" else "pathlib.Path.replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        getattr(frames(small()), save)(tmp_path / name)
    assert [p.name for p in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "as it was"


def test_frames_twice_give_the_same_bytes(network: Made) -> None:
    first, second = (frames(network(2, 2, 1), layout="layered") for _ in range(2))
    assert [d.svg() for d in first] == [d.svg() for d in second]


def test_golden_frame(small: Made, golden: Callable[[str, str], None]) -> None:
    golden("frame.svg", frames(small(), layout="layered")[1].svg())


@pytest.mark.parametrize(
    "make",
    [
        lambda: sum(autograd.softmax([Value(1.0), Value(2.0)])) * 1.0,
        lambda: Value(-1.0, label="n").sqrt() if False else Value(float("nan"), label="n") * 2.0,
        lambda: Value(1e300, label="h") * 1e300 - Value(1e300) * 1e300,
        lambda: newton(Value(2.0, label="x")),
        lambda: gradients(Value(2.0, label="x") ** 3 * 2.0, [Value(1.0)], record=True)[0] + Value(1.0),
        lambda: nn.losses.mse([nn.MLP(2, [3, 1])([1.0, 2.0])], [1.0]),
    ],
)
def test_any_graph(make: Callable[[], Value]) -> None:
    steps = frames(make())
    for drawing in steps:
        assert drawing.svg()
    assert isinstance(steps, Frames)


def newton(x: Value) -> Value:
    """Two steps of Newton's iteration, of which gradient is taken again."""
    for _ in range(2):
        y = x**3 - 2.0
        (slope,) = gradients(y, [x], record=True)
        x = x - y / slope
    return x


def test_order_is_that_of_the_sweep_where_every_number_has_its_box() -> None:
    for seed in range(20):
        root = random_graph(seed)
        stages = stages_of(root)
        assert [stages.home[e.number] for e in stages.timeline.backward] == list(stages.order)
        assert all(a <= b for a, b in pairwise(stages.arrived[0][0])) if 0 in stages.arrived else True


def test_bad_inputs(small: Made, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="only a Value has a graph to draw"):
        frames(3.0)
    with pytest.raises(TypeError, match="a backward starts from one output, got 2"):
        frames([small(), small()])
    with pytest.raises(ValueError, match="layout='x' is not known"):
        frames(small(), layout="x")
    with pytest.raises(ValueError, match="limit=0 is not a number of steps"):
        frames(small(), limit=0)
    steps = frames(small(), layout="layered")
    with pytest.raises(ValueError, match=r"format 'mp4' .* end the file name in one of .gif"):
        steps.save_gif(tmp_path / "a.mp4")
    with pytest.raises(ValueError, match=r"format 'htm' .* end the file name in one of .html"):
        steps.save_html(tmp_path / "a.htm")
    with pytest.raises(ValueError, match="seconds=0 is not a time"):
        steps.save_gif(tmp_path / "a.gif", seconds=0)
    with pytest.raises(FileNotFoundError, match="does not exist"):
        steps.save(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="theme='x' is not known"):
        steps.themed("x")
    assert steps.themed("dark")[0].theme == "dark"


def test_logsumexp_is_cut_short() -> None:
    root = logsumexp(*[Value(float(i), label=f"v{i}") for i in range(12)])
    assert "… and 8 more" in frames(root)[0].text


def test_what_goes_to_a_box_of_many_numbers_is_told_as_one() -> None:
    xs = [Value(float(i), label=f"v{i}") for i in range(1000)]
    steps = frames(sum(x * x for x in xs))
    assert "s = a sum of 1,000 numbers" in steps[0].caption.title
    assert steps[0].text.splitlines()[2].endswith(": 1,000 gradients, norm 31.62")  # √1000
    assert len(steps[0].caption.lines) < 6


def test_of_boxes_that_wait_for_each_other_no_more_comes_in_than_there_is() -> None:
    chance = random.Random(101)
    values = [Value(chance.uniform(-2, 2)) for _ in range(3)]
    for _ in range(24):  # two modules that use each other's numbers to and fro, and numbers of neither
        with chance.choice([nullcontext, lambda: scope("a"), lambda: scope("b")])():
            a, b = chance.choices(values[-6:], k=2)
            values.append(chance.choice([a + b, a * b, a - b, a.tanh(), a + b + a]))
    words = "\n".join(frame.text for frame in frames(values[-1], depth=1))
    counts = [(int(some), int(every)) for some, every in re.findall(r"(\d+) of (\d+) came in", words)]
    assert counts
    assert all(some <= every for some, every in counts)
