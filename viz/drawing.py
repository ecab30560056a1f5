"""draw(): the graph behind a number as a picture, in every format."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from autograd import Value
from autograd.calls import public
from autograd.files import write_whole
from autograd.notebook import image

from .files import check_format
from .fitting import fitted
from .graph.budget import PAGE, Budget
from .graph.ladder import Recipe
from .graph.reading import Reading
from .graph.view import GraphView
from .layout.arrange import METHODS, Layout, Method
from .output.dot import render_dot
from .output.notebook import Bundle, bundle, png_zoom
from .output.pdf import render_pdf
from .output.raster import scene_png
from .output.svg import render_svg
from .picture.caption import Caption
from .picture.compose import gradient_scale, picture
from .picture.faces import State
from .picture.scale import GradientScale
from .picture.scene import Scene
from .picture.theme import Theme, check_theme
from .text import clean, number, shorten

FORMATS = ("svg", "dot", "png", "pdf")


@dataclass(frozen=True)
class Drawing:
    """A picture of a graph; it holds plain data, so later changes of the graph don't show in it.

    Attributes:
        view: the content.
        layout: where it stands.
        theme: "light", "dark", or "auto" (SVG only: follows the reader's system; elsewhere light).
        scale: the colours of the gradients.
        states: where each node is in a backward that is shown step by step; None for a still picture.
        marked: ids of highlighted nodes.
        dimmed: ids of greyed nodes.
        lit: indices of highlighted edges.
        caption: text above the picture.
        notes: what the picture says about itself, such as that modules were drawn as one.
        whole: the view that the legend explains, for pictures of a series; None for this one's.

    >>> a = Value(2.0, label="a")
    >>> draw(a * 3, layout="layered")
    <Drawing of 2 nodes and 1 edge: n2 = 6, backward not run yet>
    """

    view: GraphView
    layout: Layout
    theme: Theme = "light"
    scale: GradientScale = field(default_factory=GradientScale)
    states: Mapping[str, State] | None = None
    marked: frozenset[str] = frozenset()
    dimmed: frozenset[str] = frozenset()
    lit: frozenset[int] = frozenset()
    caption: Caption | None = None
    notes: tuple[str, ...] = ()
    whole: GraphView | None = None

    @cached_property
    def scene(self) -> Scene:
        """The shapes of the whole picture."""
        return picture(
            self.view,
            self.layout,
            scale=self.scale,
            states=self.states,
            marked=self.marked,
            dimmed=self.dimmed,
            lit=self.lit,
            caption=self.caption,
            notes=self.notes,
            whole=self.whole,
        )

    @property
    def text(self) -> str:
        """The picture in words: its caption, or what it is a picture of; then its notes."""
        lines = [self.caption.title, *self.caption.texts] if self.caption else [self._summary()]
        return "\n".join([*lines, *self.notes])

    def _summary(self) -> str:
        names = {key: shorten(clean(name), 400.0, 12.0) for key, name in self.view.names().items()}
        outputs = [node for node in self.view.nodes if node.output] or list(self.view.nodes[-1:])
        results = [names[n.id] if n.data is None else f"{names[n.id]} = {number(n.data)}" for n in outputs[:3]]
        more = f" and {len(outputs) - 3} more" if len(outputs) > 3 else ""
        waits = any(n.requires_grad for n in outputs) and all(n.grad is None for n in outputs)
        state = ", backward not run yet" if waits else ""
        nodes, edges = len(self.view.nodes), len(self.view.edges)
        size = f"{nodes} node{'s' * (nodes != 1)} and {edges} edge{'s' * (edges != 1)}"
        return f"Drawing of {size}: {', '.join(results)}{more}{state}"

    def __repr__(self) -> str:
        return f"<{self._summary()}>"

    def svg(self) -> str:
        """The picture as self-contained SVG text."""
        return render_svg(self.scene, self.theme)

    def dot(self) -> str:
        """The graph as DOT text; needs nothing installed."""
        return render_dot(self.view, self.theme == "dark", self.marked, self.dimmed)

    def png(self, zoom: float = 2.0) -> bytes:
        """The picture as PNG, ``zoom`` pixels for each of the SVG's (less for very large ones, with a warning).

        Raises:
            ValueError: ``zoom`` isn't positive.
            ImportError: resvg-py isn't installed: pip install "glassgrad[viz]".
        """
        if not 0 < zoom < math.inf:
            raise ValueError(f"zoom={zoom!r} is no size: pass how many pixels to draw for one of the SVG's, such as 2.")
        return scene_png(self.scene, self.theme == "dark", zoom)

    def pdf(self) -> bytes:
        """The picture as a PDF of one page.

        Raises:
            ImportError: matplotlib isn't installed: pip install "glassgrad[viz]".
        """
        return render_pdf(self.scene, self.theme == "dark")

    @public
    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the picture to a file, whole or not at all, and return its path.

        Args:
            path: ends in .svg, .dot, .png or .pdf.

        Raises:
            ValueError: another format.
            FileNotFoundError: the folder doesn't exist.
            ImportError: the format needs a package that isn't installed.
        """
        kind = check_format(path, FORMATS)
        return write_whole(path, self._bytes(kind))

    def _bytes(self, kind: str) -> bytes:
        if kind in ("svg", "dot"):
            return (self.svg() if kind == "svg" else self.dot()).encode()
        return self.png() if kind == "png" else self.pdf()

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> Bundle:
        makers: dict[str, Callable[[], str | bytes]] = {
            # first, since front ends make no SVG smaller that is wider than its cell, but images in HTML they do
            "text/html": lambda: image("image/svg+xml", self.svg().encode(), self.text),
            "image/svg+xml": self.svg,
            "image/png": lambda: self.png(png_zoom(self.scene)),
            "text/plain": self.__repr__,
        }
        return bundle(makers, self.scene.width, include, exclude)


@public
def draw(
    roots: Value | Sequence[Value],
    *,
    depth: int | None = None,
    collapse: Collection[str] = (),
    fold: bool = True,
    constants: bool = True,
    theme: Theme = "light",
    layout: Method = "auto",
    budget: Budget | int = PAGE,
    highlight: Iterable[Value] = (),
    dim: Iterable[Value] = (),
) -> Drawing:
    """Draw everything that ``roots`` were computed from.

    Each box shows a number and, after ∇, its gradient, once `backward` has run; below it what each use has added, where
    there are several. A wire is the gradient on its way back: the colour is its sign, the width the logarithm of its
    size, and on its end stands the local partial by which it is multiplied (none where that is 1).

    Args:
        roots: the result of a formula, such as the loss, or several as a list.
        depth: draw modules of this depth as one box each: 1 for layers, 2 for neurons; None draws every number.
        collapse: paths of modules to draw as one box each, such as ``["layers.0"]``.
        fold: False draws what isn't a step of its own, too: constants that one operation uses, each ``+`` of a sum,
            the ``0 +`` that Python's ``sum`` begins with.
        constants: False leaves out numbers that carry no gradient.
        theme: "light", "dark" or "auto" (follows the reader's system where the format can).
        layout: "layered" (built in, the same on each machine), which "auto" is as well, or "dot" (Graphviz).
        budget: how large the picture may be; a number limits the boxes alone. Above it the picture shows less, and
            says what was done: numbers of one kind are one box, modules are one box each, at last it goes by rank.
        highlight: values to mark.
        dim: values to grey, such as dropped neurons; what is used by them alone becomes grey with them.

    Raises:
        TypeError: a root or a thing to mark or grey isn't a Value.
        ValueError: an unknown theme or layout, a depth below 1, a budget too small for one box, no root, a path that
            no module has; or a value to mark or grey isn't in the graph.

    >>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    >>> loss = a * b
    >>> loss.backward()
    >>> drawing = draw(loss, layout="layered")
    >>> [(node.label, node.grad) for node in drawing.view.nodes[:2]]
    [('a', -3.0), ('b', 2.0)]
    """
    check_theme(theme)
    if layout not in METHODS:
        raise ValueError(f"layout={layout!r} is not known: use one of {', '.join(map(repr, METHODS))}.")
    limits = Budget.of(budget)
    reading = Reading(roots)
    picked = fitted(reading, Recipe.of(reading, depth, constants, collapse, fold), limits, layout)
    bright, grey = _listed(highlight), _listed(dim)
    ids = picked.boxes.ids if bright or grey else {}
    marked = frozenset(ids[v] for v in _in_graph(ids, bright, "highlight"))
    dimmed = _dimmed(reading, ids, _in_graph(ids, grey, "dim"))
    scale = gradient_scale(picked.view)
    return Drawing(picked.view, picked.layout, theme, scale, marked=marked, dimmed=dimmed, notes=picked.notes)


def _listed(values: Iterable[Value]) -> list[Value]:
    return [values] if isinstance(values, Value) else list(values)


def _in_graph(ids: Mapping[Value, str], values: list[Value], argument: str) -> list[Value]:
    for value in values:
        if not isinstance(value, Value):
            raise TypeError(f"{argument} takes Values of the graph, got {value!r:.60} of type {type(value).__name__}.")
        if value not in ids:
            raise ValueError(
                f"{argument}: {value!r} is not drawn in this picture; pass a value that root was computed from."
            )
    return values


def _dimmed(reading: Reading, ids: Mapping[Value, str], wanted: Collection[Value]) -> frozenset[str]:
    """The nodes of which nothing but such values is drawn: the wanted ones, and what has no other users."""
    if not wanted:
        return frozenset()
    grey, seen_by_others = set(wanted), set(reading.roots)
    for value in reversed(reading.values):  # users first
        if value not in seen_by_others:
            grey.add(value)
        if value not in grey:
            seen_by_others.update(value.args)
    return frozenset(ids[v] for v in ids if v in grey) - {ids[v] for v in ids if v not in grey}
