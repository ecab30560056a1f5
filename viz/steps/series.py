"""frames(): a backward step by step, as a series of pictures on one layout, with the chain rule in numbers."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import overload

from autograd import Step, Value, sweep
from autograd.calls import public
from autograd.files import write_whole
from autograd.notebook import image
from autograd.progress import progress_bar

from ..drawing import BUDGET, Drawing, budgeted_view
from ..files import check_format
from ..graph.view import GraphView, node_ids
from ..layout.arrange import METHODS, Layout, Method, arrange
from ..output.notebook import Bundle, bundle, player, png_zoom
from ..output.raster import gif_bytes
from ..picture.caption import Caption, Run
from ..picture.cards import State
from ..picture.compose import card_boxes, gradient_scale
from ..picture.theme import GradientScale, Theme, check_theme
from ..text import number
from .old_rule import ChainRule, Ledger, passed

_BOXES = 10_000  # in all pictures that a notebook shows: a few seconds to draw, and a few MB
_STEPS = 200  # in a notebook: as many as anybody goes through by hand
_GIF_WIDTH = 1_400.0


@public
def frames(
    root: Value,
    *,
    depth: int | None = None,
    constants: bool = True,
    theme: Theme = "light",
    layout: Method = "auto",
    budget: int = BUDGET,
) -> Frames:
    """Show backpropagation from ``root`` step by step: a Drawing for each step of ``sweep(root)``.

    Nothing is written to any ``grad``. The arguments are those of `draw`, and so are the errors.

    >>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    >>> loss = a * b
    >>> loss.label = "L"
    >>> print(frames(loss, layout="layered")[0].text)
    step 1 of 3: back through L = a × b
    ∂L/∂L = 1.0, where every backward starts
    ∂L/∂a += ∂L/∂L · ∂L/∂a = 1.0 × -3.0 = -3.0
    ∂L/∂b += ∂L/∂L · ∂L/∂b = 1.0 × 2.0 = 2.0
    """
    check_theme(theme)
    if layout not in METHODS:
        raise ValueError(f"layout={layout!r} is not known: use one of {', '.join(map(repr, METHODS))}.")
    _, depth, notes = budgeted_view(root, depth, constants, budget)
    return Frames(root, tuple(sweep(root)), depth, constants, theme, layout, notes)


@dataclass(frozen=True)
class Frames(Sequence[Drawing]):
    """The pictures of a backward, one for each step; each is drawn when it is asked for.

    Attributes:
        root: the value that the backward starts from.
        steps: the steps of ``sweep(root)``.
        depth, constants, theme, method: as for `frames`.
        notes: what each picture says about itself, such as that modules were drawn as one.

    >>> a = Value(3.0, label="a")
    >>> steps = frames(a * a, layout="layered")
    >>> len(steps), steps[-1].text.splitlines()[-1]
    (2, '∂n1/∂a = 3.0 + 3.0 = 6.0')
    """

    root: Value
    steps: tuple[Step, ...]
    depth: int | None
    constants: bool
    theme: Theme
    method: Method
    notes: tuple[str, ...] = ()

    # What all pictures share ----------------------------------------------------------------------------------

    @cached_property
    def final(self) -> GraphView:
        """The graph with every gradient of this sweep."""
        return self._view({step.node: step.adjoint for step in self.steps})

    @cached_property
    def layout(self) -> Layout:
        """The layout of every picture."""
        room_for: dict[str, list[str]] = defaultdict(lambda: ["waiting"])
        sums: dict[Value, float] = defaultdict(float)
        for step in self.steps:
            for operand, share in passed(step):
                sums[operand] += share
                room_for[self._ids[operand]].append(number(sums[operand]))
        return arrange(self.final, card_boxes(self.final, room_for), self.method)

    @cached_property
    def scale(self) -> GradientScale:
        """The colours of the gradients, the same in every picture."""
        return gradient_scale(self.final)

    @cached_property
    def _ids(self) -> dict[Value, str]:
        return node_ids(self.root, self.depth, self.constants)

    @cached_property
    def _words(self) -> ChainRule:
        return ChainRule(self.root, self.steps)

    def _view(self, gradients: Mapping[Value, float]) -> GraphView:
        return GraphView.of(self.root, self.depth, self.constants, gradients)

    # One picture ----------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self.steps)

    @overload
    def __getitem__(self, index: int) -> Drawing: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Drawing, ...]: ...
    def __getitem__(self, index: int | slice) -> Drawing | tuple[Drawing, ...]:
        if isinstance(index, slice):
            return tuple(self[i] for i in range(*index.indices(len(self))))
        if not -len(self) <= index < len(self):
            raise IndexError(f"there are {len(self)} steps, counted from 0; there is no step {index}")
        i = range(len(self))[index]
        step = self.steps[i]
        known = {s.node: s.adjoint for s in self.steps[: i + 1]}
        active = self._ids[step.node]
        fed = {self._ids[operand] for operand, _ in passed(step)}
        view = self._view(known)
        lit = frozenset(
            k for k, e in enumerate(view.edges) if e.target == active and e.source in fed and e.requires_grad
        )
        return Drawing(
            view,
            self.layout,
            self.theme,
            self.scale,
            states=self._states(i),
            lit=lit,
            caption=Caption(
                self._words.title(i), tuple((Run(line),) for line in self._words.lines(i)), active, *self._words.room
            ),
            notes=self.notes,
        )

    def _caption(self, i: int, active: str) -> Caption:
        lines = tuple((Run(line),) for line in self._words.lines(i))
        return Caption(self._words.title(i), lines, active, *self._words.room)

    def __iter__(self) -> Iterator[Drawing]:
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        return f"<Frames: {len(self)} steps back from {self._words.names[self.root]}>"

    def _received(self, i: int) -> dict[Value, Ledger]:
        """The ledgers after step i."""
        terms: dict[Value, list[float]] = defaultdict(list)
        for step in self.steps[: i + 1]:
            for operand, share in passed(step):
                terms[operand].append(share)
        return {v: Ledger(tuple(t), self._words.totals[v]) for v, t in terms.items()}

    def _states(self, i: int) -> dict[str, State]:
        ledgers = self._received(i)
        members: dict[str, list[tuple[str, float | None]]] = defaultdict(list)
        for k, step in enumerate(self.steps):
            ledger = ledgers.get(step.node)
            if k <= i:
                status = "active" if k == i else "done"
            else:
                status = "ready" if ledger is not None and ledger.complete else "waiting"
            members[self._ids[step.node]].append((status, ledger.sum if ledger is not None else None))
        return {node: _joint(states) for node, states in members.items()}

    # Files ----------------------------------------------------------------------------------------------------

    def save(self, folder: str | os.PathLike[str]) -> tuple[Path, ...]:
        """Write each picture as an SVG file, ``step_01.svg`` and so on, into an existing folder; return the paths."""
        digits = len(str(len(self)))
        return tuple(
            drawing.save(Path(folder) / f"step_{i:0{digits}}.svg")
            for i, drawing in enumerate(self._with_progress(), start=1)
        )

    def save_gif(self, path: str | os.PathLike[str], seconds: float = 1.0) -> Path:
        """Write an animated GIF, each step shown for ``seconds``, the last three times as long.

        Raises:
            ValueError: the name doesn't end in .gif, or ``seconds`` isn't positive.
            ImportError: Pillow or resvg-py isn't installed: pip install "glassgrad[viz]".
        """
        check_format(path, ["gif"])
        if not 0 < seconds < 600:
            raise ValueError(f"seconds={seconds!r} is not a time that a step can be shown: pass one from 0.02 to 600.")
        zoom = min(1.5, _GIF_WIDTH / self[0].scene.width)
        each = max(20, round(seconds * 1000))
        times = [each] * (len(self) - 1) + [3 * each]
        return write_whole(path, gif_bytes((d.png(zoom) for d in self._with_progress()), times))

    def _with_progress(self) -> Iterator[Drawing]:
        yield from progress_bar(
            self, desc="drawing steps", unit="step", disable=None if len(self) > 20 else True, leave=False
        )

    # Notebooks ------------------------------------------------------------------------------------------------

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> Bundle:
        last = self[-1]

        def html() -> str:
            title = f"Backpropagation from {self._words.names[self.root]}, step by step"
            shown, note = self._shown()
            captions = [(d.caption.title, *d.caption.texts) for d in shown if d.caption is not None]
            scenes = [
                replace(d, caption=None).scene for d in shown
            ]  # the text stays readable where the picture shrinks
            hint = (
                f"The last of {len(self):,} steps. To go back and forward, trust this notebook or run the cell again."
            )
            instead = image("image/svg+xml", last.svg().encode(), last.text) + f"<p>{hint}</p>"
            return player(scenes, captions, self.theme, title, note, instead)

        makers: dict[str, Callable[[], str | bytes]] = {
            "text/html": html,
            "image/png": lambda: last.png(png_zoom(last.scene)),
            "text/plain": self.__repr__,
        }
        return bundle(makers, last.scene.width, include, exclude)

    def _shown(self) -> tuple[list[Drawing], str]:
        """The pictures that a notebook can bear, and what is said about the others."""
        most = min(_STEPS, max(1, _BOXES // len(self.final.nodes)))
        if len(self) <= most:
            return list(self), ""
        return [self[i] for i in range(most)], f"The first {most} of {len(self):,} steps; save(folder) writes them all."

    def themed(self, theme: Theme) -> Frames:
        """The same steps in another theme."""
        check_theme(theme)
        return replace(self, theme=theme)


def _joint(states: Sequence[tuple[str, float | None]]) -> State:
    """The state of a box from those of the values in it."""
    statuses = {status for status, _ in states}
    received = states[0][1] if len(states) == 1 else None
    if "active" in statuses:
        return State("active", received)
    if statuses == {"done"}:
        return State("done", received)
    return State("ready" if "ready" in statuses else "waiting", received)
