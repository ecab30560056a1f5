"""frames(): a backward step by step, as a series of pictures on one layout, with the chain rule in numbers."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import overload

from autograd import Value
from autograd.calls import public
from autograd.files import write_whole
from autograd.notebook import image
from autograd.progress import progress_bar

from ..drawing import Drawing
from ..files import check_format
from ..fitting import Fitted, fitted
from ..graph.budget import PAGE, Budget
from ..graph.ladder import Recipe
from ..graph.reading import Reading
from ..graph.view import GraphView
from ..layout.arrange import METHODS, Box, Layout, Method
from ..output.moving import series_gif
from ..output.notebook import Bundle, bundle, player, png_zoom
from ..output.page import page
from ..picture.callout import caption_width
from ..picture.caption import Caption
from ..picture.compose import card_boxes, gradient_scale
from ..picture.scale import GradientScale
from ..picture.scene import Scene
from ..picture.theme import Theme, check_theme
from ..text import number
from .captions import Captions
from .events import Timeline, timeline
from .stages import Stages

LIMIT = 200  # frames: as many as anybody goes through by hand
_BOXES = 10_000  # in all pictures that a page shows: a few seconds to draw, and a few MB
_SUMS = 100  # of one gradient so far, that a card has room for
_GIF_WIDTH = 1_000.0


@public
def frames(
    root: Value,
    *,
    depth: int | None = None,
    collapse: Collection[str] = (),
    fold: bool = True,
    constants: bool = True,
    theme: Theme = "light",
    layout: Method = "auto",
    budget: Budget | int = PAGE,
    limit: int = LIMIT,
) -> Frames:
    """Show backpropagation from ``root`` step by step: a Drawing for each box that passes something back.

    A box has its turn when all that comes from outside of it has arrived. Leaves have none: they are complete with the
    step that completes them. Nothing is written to any ``grad``.

    Args:
        root: the output, such as the loss.
        depth, collapse, fold, constants, theme, layout, budget: as for `draw`.
        limit: the largest number of frames; of more steps the first ones are shown, and the last.

    Raises:
        TypeError: ``root`` isn't a Value, or carries no gradient.
        ValueError: an unknown theme or layout, a depth, budget or limit below 1, a path that no module has.

    >>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    >>> loss = a * b
    >>> loss.label = "L"
    >>> print(frames(loss)[0].text)
    step 1 of 1 · back through L = a × b, L = −6
    ∇L = 1, where every backward starts
    ∇a += ∇L × b = 1 × (−3) = −3
    ∇b += ∇L × a = 1 × 2 = 2
    """
    check_theme(theme)
    if layout not in METHODS:
        raise ValueError(f"layout={layout!r} is not known: use one of {', '.join(map(repr, METHODS))}.")
    checked_limit(limit)
    stages, picked = staged(root, depth, collapse, fold, constants, budget, layout)
    return Frames(stages, picked.layout, theme, picked.notes, limit)


def checked_limit(limit: object) -> None:
    """Refuse a limit that isn't a number of things to show."""
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
        raise ValueError(f"limit={limit!r} is not a number of steps: pass an int of at least 1, such as {LIMIT}.")


def staged(
    root: Value,
    depth: int | None,
    collapse: Collection[str],
    fold: bool,
    constants: bool,
    budget: Budget | int,
    layout: Method = "auto",
) -> tuple[Stages, Fitted]:
    """The stages of a backward in the picture that `draw` would make, and that picture, with room for all numbers."""
    reading = Reading(root)
    if len(reading.roots) > 1:
        raise TypeError(f"a backward starts from one output, got {len(reading.roots)}: pass one, or their sum().")
    happened = timeline(reading.roots[0])

    def cards(view: GraphView) -> dict[str, Box]:
        return card_boxes(lettered(view, {node.id: "w" for node in view.nodes}), _room(Stages(happened, view)))

    recipe = Recipe.of(reading, depth, constants, collapse, fold)
    adjoints = {reading.values[i]: grad for i, grad in enumerate(happened.grads) if grad is not None}
    picked = fitted(reading, recipe, Budget.of(budget), layout, cards, lambda boxes: GraphView.over(boxes, adjoints))
    return Stages(happened, picked.view), picked


def lettered(view: GraphView, letters: Mapping[str, str]) -> GraphView:
    """The view in which boxes without a label bear the letters by which a step calls them."""
    nodes = (
        n if n.label or n.kind in ("constant", "collapsed") or n.id not in letters else replace(n, label=letters[n.id])
        for n in view.nodes
    )
    return replace(view, nodes=tuple(nodes))


def _room(stages: Stages) -> dict[str, list[str]]:
    """The numbers that each card shows at one time or another."""
    room: dict[str, list[str]] = {}
    for box, numbers in stages.entries.items():
        if len(numbers) == 1:
            sums = stages.arrived[numbers[0]][2] if numbers[0] in stages.arrived else []
            room[stages.view.nodes[box].id] = [number(part) for part in sums[:_SUMS]]
    return room


@dataclass(frozen=True)
class Frames(Sequence[Drawing]):
    """The pictures of a backward; each is drawn when it is asked for. It holds no Value, only what happened.

    Attributes:
        stages: what happens in each picture.
        layout: where everything stands, the same in every picture.
        theme: as for `frames`.
        notes: what each picture says about itself, such as that modules were drawn as one.
        limit: the largest number of pictures.

    >>> a = Value(3.0, label="a")
    >>> steps = frames(a * a)
    >>> len(steps), steps[-1].text.splitlines()[-2]
    (1, '∇a = 3 + 3 = 6, all 2 came in')
    """

    stages: Stages
    layout: Layout
    theme: Theme
    notes: tuple[str, ...] = ()
    limit: int = LIMIT

    # What all pictures share ------------------------------------------------------------------------------------------

    @property
    def timeline(self) -> Timeline:
        """What happens, as data."""
        return self.stages.timeline

    @property
    def final(self) -> GraphView:
        """The graph with every gradient of this backward."""
        return self.stages.view

    @cached_property
    def scale(self) -> GradientScale:
        """The colours of the gradients, the same in every picture."""
        return gradient_scale(self.final)

    @cached_property
    def _captions(self) -> Captions:
        return Captions(self.stages)

    @cached_property
    def _texts(self) -> tuple[Caption, ...]:
        """The text of each picture, all with room for the longest."""
        texts = [self._captions.caption(stage) for stage in self.shown]
        room = max(len(text.lines) for text in texts)
        width = max(caption_width(text.title, text.lines) for text in texts)
        return tuple(replace(text, room=room, width=width) for text in texts)

    @cached_property
    def shown(self) -> tuple[int, ...]:
        """The stages that have a picture: all, or the first ones and the last."""
        count = len(self.stages.order)
        return tuple(range(count)) if count <= self.limit else (*range(self.limit - 1), count - 1)

    @cached_property
    def _notes(self) -> tuple[str, ...]:
        count, first = len(self.stages.order), self.limit - 1
        if count <= self.limit:
            return self.notes
        which = f"steps 1 to {first:,} and the last" if first else "the last"
        hint = "Pass a larger limit= for more, or draw modules as one."
        return (*self.notes, f"Not all of the {count:,} steps have a picture: {which} alone. {hint}")

    # One picture ------------------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self.shown)

    @overload
    def __getitem__(self, index: int) -> Drawing: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Drawing, ...]: ...
    def __getitem__(self, index: int | slice) -> Drawing | tuple[Drawing, ...]:
        if isinstance(index, slice):
            return tuple(self[i] for i in range(*index.indices(len(self))))
        if not -len(self) <= index < len(self):
            raise IndexError(f"steps are counted from 0 to {len(self) - 1}; there is no step {index}")
        stage = self.shown[index]
        return Drawing(
            lettered(self.stages.view_at(stage), self._captions.letters_of(stage)),
            self.layout,
            self.theme,
            self.scale,
            states=self.stages.states(stage),
            lit=self.stages.lit(stage),
            caption=self._texts[index],
            notes=self._notes,
            whole=self.final,
        )

    def __iter__(self) -> Iterator[Drawing]:
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        return f"<Frames: {len(self)} step{'s' * (len(self) != 1)} back from {self._name}>"

    @property
    def _name(self) -> str:
        return self._captions.rule.names.meaning(len(self.timeline.numbers) - 1)

    # Files ------------------------------------------------------------------------------------------------------------

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
        zoom = min(1.5, max(1.0, _GIF_WIDTH / self[0].scene.width))
        each = max(20, round(seconds * 1000))
        times = [each] * (len(self) - 1) + [3 * each]
        scenes = (drawing.scene for drawing in self._with_progress())
        return write_whole(path, series_gif(scenes, self.theme == "dark", zoom, times))

    def save_html(self, path: str | os.PathLike[str]) -> Path:
        """Write one page that plays the steps and goes back and forward; it needs no network.

        Raises:
            ValueError: the name doesn't end in .html.
        """
        check_format(path, ["html"])
        shown, note = self._borne()
        return write_whole(path, page(*self._scenes(shown), self.theme, self._title, note).encode())

    def _with_progress(self) -> Iterator[Drawing]:
        yield from progress_bar(
            self, desc="drawing steps", unit="step", disable=None if len(self) > 20 else True, leave=False
        )

    # Pages ------------------------------------------------------------------------------------------------------------

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> Bundle:
        last = self[-1]

        def html() -> str:
            shown, note = self._borne()
            hint = (
                f"The last of {len(self):,} steps. To go back and forward, trust this notebook or run the cell again."
            )
            instead = image("image/svg+xml", last.svg().encode(), last.text) + f"<p>{hint}</p>"
            return player(*self._scenes(shown), self.theme, self._title, note, instead)

        makers: dict[str, Callable[[], str | bytes]] = {
            "text/html": html,
            "image/png": lambda: last.png(png_zoom(last.scene)),
            "text/plain": self.__repr__,
        }
        return bundle(makers, last.scene.width, include, exclude)

    @property
    def _title(self) -> str:
        return f"Backpropagation from {self._name}, step by step"

    def _scenes(self, shown: Sequence[Drawing]) -> tuple[list[Scene], list[Caption]]:
        """The pictures without their texts, which stay readable where a picture shrinks, and the texts."""
        return [replace(d, caption=None).scene for d in shown], [d.caption or Caption() for d in shown]

    def _borne(self) -> tuple[Sequence[Drawing], str]:
        """The pictures that a notebook can bear, and what is said about the others."""
        most = max(1, _BOXES // len(self.final.nodes))
        if len(self) <= most:
            return self, ""
        return self[:most], f"The first {most} of {len(self):,} steps; save(folder) writes them all."

    def themed(self, theme: Theme) -> Frames:
        """The same steps in another theme."""
        check_theme(theme)
        return replace(self, theme=theme)
