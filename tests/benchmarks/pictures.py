"""The table *pictures*: how large the drawings of graphs are, how long they take, how many of their wires cross."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parents[2]))  # demos and tests stand beside us, also where nothing is installed

from compiled import Effort
from table import digits

import viz
from autograd import Value, nn
from autograd import sum as add
from demos.graphs import GRAPHS
from tests.viz.layout_oracle import crossings
from viz.layout.arrange import arrange
from viz.picture.compose import card_boxes

HEAD = (
    "picture",
    "px",
    "px, version 0.1",
    "boxes",
    "wires",
    "crossings",
    "of dot",
    "s",
    "dot, layout alone, s",
    "KB",
    "at least",
)
HEAD += ("reached",)
WIDE, HIGH = 1_366, 1_800
PAGE = {"wide": WIDE, "high": HIGH}
DOTS_PATIENCE = 400
"""Boxes up to which `dot` is asked too: it takes minutes for thousands."""


@dataclass(frozen=True)
class Measured:
    """What is known of a picture.

    Attributes:
        wide, high: in pixels, at letters of 12; 0 where nothing is drawn.
        seconds: of processor time.
        kilobytes: of the file.
    """

    wide: float = 0.0
    high: float = 0.0
    seconds: float = 0.0
    kilobytes: float = 0.0

    @property
    def area(self) -> float:
        """In pixels."""
        return self.wide * self.high


@dataclass(frozen=True)
class Task:
    """A row: a picture, and what it must not exceed (``limits``: fields of `Measured`)."""

    what: str
    root: Callable[[], Any]
    limits: dict[str, float]
    before: str = "-"
    """What version 0.1 made of it."""


def squared_error(*sizes: int) -> Value:
    """The loss of a network for one sample, its backward done."""
    model = nn.MLP(sizes[0], sizes[1:], activation="tanh", rng=0)
    outputs = model([Value(0.1 * (i % 7 - 3), label=f"x{i}") for i in range(sizes[0])])
    loss = add((y - 1.0) ** 2 for y in ([outputs] if isinstance(outputs, Value) else outputs))
    loss.label = "loss"
    loss.backward()
    return loss


def chain_with_sum(count: int) -> Value:
    """About ``count`` numbers: a chain, and a sum over all of it, so that every wire to it is long."""
    values = [Value(0.5)]
    for _ in range(count // 2):
        values.append(values[-1].sin())
    total = add(values)
    total.backward()
    return total


def _of(name: str) -> Callable[[], Any]:
    return GRAPHS[name].build


SOON = {"seconds": 3.0}
DRAWN = (
    Task("micrograd's README example", _of("micrograd"), {"wide": WIDE, "area": 0.4 * 2_720 * 555}, "2,720 x 555"),
    Task("Karpathy's neuron with labels", _of("neuron"), {"wide": 720}, "978 x 382"),
    Task("MLP(2, [2, 1]), one sample", _of("network"), {"wide": 1_260}, "2,515 x 742"),
    Task("MLP(2, [2, 1]), loss over 4", _of("network_of_four_samples"), {"wide": WIDE}, "3,350 x 1,642"),
    Task("LSTM cell", _of("lstm_cell"), {"wide": WIDE}, "2,039 wide"),
    Task("Newton's iteration", _of("newton"), {"wide": WIDE}, "3,896 wide"),
    Task("logsumexp", _of("logsumexp"), {"wide": WIDE}),
    Task("attention", _of("attention"), {"wide": WIDE}),
    Task("a derivative's graph", _of("second_order"), {"wide": WIDE}),
    Task("MLP 2-16-16-1", _of("network_2_16_16_1"), {**PAGE, "seconds": 2.0}),
    Task("MLP 64-32-10, of a program", _of("network_64_32_10"), {**PAGE, "seconds": 2.0}),
    Task("MLP 784-128-10, of a program", _of("network_784_128_10"), {**PAGE, "seconds": 2.0}),
    Task("MLP 300-300", lambda: squared_error(300, 300), {**PAGE, "kilobytes": 1_000}, "38,538 high, 29,600 KB"),
    Task("sum of 1,000 terms", _of("sum_of_1000"), {**PAGE, **SOON}, "refused"),
    Task("chain of 5,000", _of("chain_of_5000"), {**PAGE, **SOON}),
    Task("10,000 random nodes", _of("random_10000"), {**PAGE, **SOON}, "4.1 s"),
)
ONE_BY_ONE = (
    Task("layout: 16,538 nodes and a sum over them", lambda: chain_with_sum(16_538), {"seconds": 5.0}, "111 s"),
    Task("layout: 50,000 nodes and a sum over them", lambda: chain_with_sum(50_000), {"seconds": 20.0}),
)
FIRST_FRAME = Task("frames of MLP 60-60, first picture", lambda: squared_error(60, 60), {"seconds": 1.0}, "61 s")
MOVIES = tuple(
    Task(
        f"GIF of MLP 2-4-4-1, {theme}", lambda: squared_error(2, 4, 4, 1), {"seconds": 3.0, "kilobytes": 2_000}, before
    )
    for theme, before in (("light", "34 s, 9,700 KB"), ("dark", "-"))
)


def head(effort: Effort) -> Sequence[str]:
    """The names of the columns."""
    return HEAD


def rows(effort: Effort) -> Iterator[list[str]]:
    """Draw each; the quickest of a few times counts."""
    times = 1 if effort.rounds < 10 else 3
    for task in DRAWN:
        yield drawn(task, times)
    for task in ONE_BY_ONE:
        view = viz.GraphView.of(task.root(), fold=False)
        boxes = card_boxes(view)
        _, seconds = timed(lambda view=view, boxes=boxes: arrange(view, boxes, "layered", float(WIDE)), 1)
        yield cells(task, Measured(seconds=seconds), view=view)
    root = FIRST_FRAME.root()
    svg, seconds = timed(lambda: viz.frames(root)[0].svg(), times)
    yield cells(FIRST_FRAME, Measured(seconds=seconds, kilobytes=len(svg.encode()) / 1e3))
    for task in MOVIES:
        yield movie(task)


def drawn(task: Task, times: int) -> list[str]:
    """A row for a drawing: it as SVG, and its layout in one band beside that of Graphviz, where that is there."""
    root = task.root()
    drawing, seconds = timed(lambda: _with_svg(root), times)
    size = Measured(drawing.scene.width, drawing.scene.height, seconds, len(drawing.svg().encode()) / 1e3)
    view = drawing.view
    boxes = card_boxes(view)
    ours = crossings(view, arrange(view, boxes, "layered"))
    if not shutil.which("dot") or len(view.nodes) > DOTS_PATIENCE:
        return cells(task, size, view, ours)
    start = time.perf_counter()  # it works in a process of its own
    other = arrange(view, boxes, "dot")
    seconds = time.perf_counter() - start
    return cells(task, size, view, ours, crossings(view, other), seconds)


def _with_svg(root: Any) -> viz.Drawing:
    drawing = viz.draw(root)
    drawing.svg()
    return drawing


def movie(task: Task) -> list[str]:
    """A row for an animation."""
    root = task.root()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "movie.gif"
        theme: Any = task.what.rpartition(" ")[2]
        frames, seconds = timed(lambda: _saved(root, theme, path), 1)
        scene = frames[0].scene
        return cells(task, Measured(scene.width, scene.height, seconds, path.stat().st_size / 1e3))


def _saved(root: Value, theme: Any, path: Path) -> viz.Frames:
    frames = viz.frames(root, theme=theme)
    frames.save_gif(path)
    return frames


def timed(make: Callable[[], Any], times: int) -> tuple[Any, float]:
    """What is made, and the processor time of the quickest of so many times."""
    seconds = []
    for _ in range(times):
        start = time.process_time()
        made = make()
        seconds.append(time.process_time() - start)
    return made, min(seconds)


def cells(
    task: Task,
    found: Measured,
    view: viz.GraphView | None = None,
    ours: int | None = None,
    dots: int | None = None,
    dots_seconds: float | None = None,
) -> list[str]:
    """A row as text."""
    size = f"{found.wide:,.0f} x {found.high:,.0f}" if found.wide else "-"
    counts = ["-", "-"] if view is None else [f"{len(view.nodes):,}", f"{len(view.edges):,}"]
    crossed = ["-" if x is None else str(x) for x in (ours, dots)]
    numbers = ["-" if not x else digits(x) for x in (found.seconds, dots_seconds, found.kilobytes)]
    kept = all(getattr(found, name) <= most for name, most in task.limits.items())
    fewer = ours is None or dots is None or ours <= dots
    return [task.what, size, task.before, *counts, *crossed, *numbers, bounds(task), "yes" if kept and fewer else "NO"]


def bounds(task: Task) -> str:
    """What a picture must not exceed, as text.

    >>> bounds(Task("", lambda: None, {"wide": 720, "seconds": 2.0}))
    '720 px wide, 2 s'
    """
    units = {"wide": "px wide", "high": "px high", "area": "px²", "seconds": "s", "kilobytes": "KB"}
    return ", ".join(f"{most:,.0f} {units[name]}" for name, most in task.limits.items())
