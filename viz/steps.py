"""frames(): a backward step by step, as a series of pictures on one layout, with the chain rule in numbers."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import overload

from autograd import Step, Value, sweep
from autograd.calls import public
from autograd.files import write_whole
from autograd.progress import progress_bar

from .cards import State
from .drawing import BUDGET, Drawing, budgeted_view
from .files import check_format
from .layout import METHODS, Layout, Method, arrange
from .notebook import Bundle, bundle, player, png_zoom, still
from .picture import Caption, card_boxes, gradient_scale
from .raster import gif_bytes
from .text import clean, number
from .theme import GradientScale, Theme, check_theme
from .view import GraphView, node_ids

_BOXES = 10_000  # in all pictures that a notebook shows: a few seconds to draw, and a few MB
_LINES = 6  # contributions of one step that are written out
_TERMS = 4  # terms of a sum that are written out
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
class _Ledger:
    """What a value has received, term by term, and how many terms it will receive in all."""

    terms: tuple[float, ...]
    total: int

    @property
    def complete(self) -> bool:
        return len(self.terms) == self.total

    @property
    def sum(self) -> float | None:
        # added in the order of the sweep, so that the last sum is the gradient to the last bit
        total = 0.0
        for term in self.terms:
            total += term
        return total if self.terms else None

    def text(self) -> str:
        shown = [number(t) for t in self.terms]
        if len(shown) > _TERMS:
            shown = [*shown[:2], f"… {len(shown) - 3} more …", shown[-1]]
        terms = " + ".join(f"({t})" if t.startswith("-") and i else t for i, t in enumerate(shown))
        left = self.total - len(self.terms)
        return f"{terms} = {number(self.sum or 0.0)}" + (f", {left} more to come" if left else "")


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
            for operand, share in _passed(step):
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
    def _names(self) -> dict[Value, str]:
        names = GraphView.of(self.root).names()
        return {v: clean(names[i]) for v, i in node_ids(self.root).items()}

    @cached_property
    def _totals(self) -> Counter[Value]:
        return Counter(operand for step in self.steps for operand, _ in _passed(step))

    @cached_property
    def _room(self) -> tuple[int, float]:
        """The lines and the width of the longest text."""
        texts = [(self._title(i), self._lines(i)) for i in range(len(self))]
        return max(len(lines) for _, lines in texts), max(Caption.needs(*text) for text in texts)

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
        fed = {self._ids[operand] for operand, _ in _passed(step)}
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
            caption=Caption(self._title(i), tuple(self._lines(i)), *self._room),
            notes=self.notes,
        )

    def __iter__(self) -> Iterator[Drawing]:
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        return f"<Frames: {len(self)} steps back from {self._names[self.root]}>"

    def _received(self, i: int) -> dict[Value, _Ledger]:
        """The ledgers after step i."""
        terms: dict[Value, list[float]] = defaultdict(list)
        for step in self.steps[: i + 1]:
            for operand, share in _passed(step):
                terms[operand].append(share)
        return {v: _Ledger(tuple(t), self._totals[v]) for v, t in terms.items()}

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

    # The words ------------------------------------------------------------------------------------------------

    def _title(self, i: int) -> str:
        node = self.steps[i].node
        name = self._names[node]
        what = f"{name} is complete" if node.op is None else f"back through {name} = {self._formula(node)}"
        return f"step {i + 1} of {len(self)}: {what}"

    def _formula(self, node: Value) -> str:
        assert node.op is not None
        operands = [number(a.data) if self._is_bare(a) else self._names[a] for a in node.args]
        symbol = node.op.symbol
        if len(operands) == 2 and not symbol.isalpha() and "_" not in symbol:
            return f"{operands[0]} {symbol} {operands[1]}"
        if len(operands) > _TERMS:
            operands = [*operands[:2], "…", operands[-1]]
        return f"{symbol}{'' if symbol == '−' else '('}{', '.join(operands)}{'' if symbol == '−' else ')'}"

    def _is_bare(self, v: Value) -> bool:
        return not v.requires_grad and not v.label and v.op is None

    def _lines(self, i: int) -> list[str]:
        """The chain rule of step i, with its numbers; where a value is used several times also its sum so far."""
        step = self.steps[i]
        node, top = self._names[step.node], self._names[self.root]
        lines = [f"∂{top}/∂{top} = {number(step.adjoint)}, where every backward starts"] if i == 0 else []
        terms: dict[Value, list[float]] = defaultdict(list)
        for earlier in self.steps[:i]:
            for receiver, term in _passed(earlier):
                if self._totals[receiver] > 1 and (receiver in step.node.args or receiver is step.node):
                    terms[receiver].append(term)
        if step.node.op is None and i:
            ledger = _Ledger(tuple(terms[step.node]), self._totals[step.node])
            value = ledger.text() if ledger.terms else number(step.adjoint)
            return [f"∂{top}/∂{node} = {value}"]
        parts = zip(step.node.args, step.partials, step.contributions, strict=True)
        for operand, partial, share in parts:
            if partial is None or share is None:
                continue
            name = self._names[operand]
            line = (
                f"∂{top}/∂{name} += ∂{top}/∂{node} · ∂{node}/∂{name} = "
                f"{number(step.adjoint)} × {number(partial)} = {number(share)}"
            )
            if self._totals[operand] > 1:
                terms[operand].append(share)
                line += f"    (sum: {_Ledger(tuple(terms[operand]), self._totals[operand]).text()})"
            lines.append(line)
        if len(lines) > _LINES:
            lines = [*lines[: _LINES - 1], f"… and {len(lines) - _LINES + 1} more"]
        return lines

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
        png = cache(lambda: last.png(png_zoom(last.scene)))

        def html() -> str:
            title = f"Backpropagation from {self._names[self.root]}, step by step"
            shown, note = self._shown()
            captions = [(d.caption.title, *d.caption.lines) for d in shown if d.caption is not None]
            scenes = [
                replace(d, caption=None).scene for d in shown
            ]  # the text stays readable where the picture shrinks
            return player(scenes, captions, self.theme, title, note, still(png, last.text))

        makers: dict[str, Callable[[], str | bytes]] = {
            "text/html": html,
            "image/png": png,
            "text/plain": self.__repr__,
        }
        return bundle(makers, last.scene.width, include, exclude)

    def _shown(self) -> tuple[list[Drawing], str]:
        """The pictures that a notebook can bear, and what is said about the others."""
        most = max(1, _BOXES // len(self.final.nodes))
        if len(self) <= most:
            return list(self), ""
        note = (
            f"The first {most} of {len(self):,} steps. frames(..., depth=1) draws modules as one box; save() all steps."
        )
        return [self[i] for i in range(most)], note

    def themed(self, theme: Theme) -> Frames:
        """The same steps in another theme."""
        check_theme(theme)
        return replace(self, theme=theme)


def _passed(step: Step) -> Iterator[tuple[Value, float]]:
    for operand, share in zip(step.node.args, step.contributions, strict=True):
        if share is not None:
            yield operand, share


def _joint(states: Sequence[tuple[str, float | None]]) -> State:
    """The state of a box from those of the values in it."""
    statuses = {status for status, _ in states}
    received = states[0][1] if len(states) == 1 else None
    if "active" in statuses:
        return State("active", received)
    if statuses == {"done"}:
        return State("done", received)
    return State("ready" if "ready" in statuses else "waiting", received)
