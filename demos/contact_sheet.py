"""``python -m demos.contact_sheet``: every graph of `demos.graphs` drawn, light and dark, on one page to look at."""

from __future__ import annotations

import argparse
import io
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from PIL import Image, ImageDraw, ImageFont

import viz
from autograd import Value
from autograd.checks import nearest
from autograd.files import write_whole
from autograd.progress import progress_bar
from viz.picture.theme import Theme

from .graphs import GRAPHS, Graph

THEMES: tuple[Theme, ...] = ("light", "dark")
FRAMES = ("neuron", "network", "newton", "network_2_16_16_1", "not_finite_forward")
"""Those of which every step is drawn as well."""
_CELL, _LINE, _GAP, _COLUMNS = 640, 28, 12, 3  # of the sheets of thumbnails, in pixels


@dataclass(frozen=True)
class Row:
    """What the page tells of a graph; the pictures are ``NAME.light.svg`` and so on, beside it."""

    name: str
    graph: Graph
    width: float
    height: float
    boxes: int
    wires: int
    seconds: float
    bytes: int
    notes: tuple[str, ...]
    steps: str
    """The page of its steps, "" if there is none."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw the graphs that the command line names (all of them by default); the exit status."""
    parser = argparse.ArgumentParser(prog="python -m demos.contact_sheet", description=__doc__)
    parser.add_argument("graphs", nargs="*", metavar="graph", help="which to draw, by name (default: all)")
    parser.add_argument("--out", type=Path, default=Path("out/graphs"), help="folder (default: out/graphs)")
    options = parser.parse_args(arguments)
    for name in options.graphs:
        if name not in GRAPHS:
            guess = nearest(name, GRAPHS, 0.5)
            parser.error(f"there is no graph {name!r}{f'; did you mean {guess}?' if guess else ''}")
    try:
        page = make(options.out, options.graphs or list(GRAPHS))
    except OSError as error:
        parser.error(
            f"can't write into {str(options.out)!r}: {error.strerror or error}. Name another folder with --out"
        )
    except KeyboardInterrupt:
        print("\nStopped; the pictures that were made are whole, and on the page.", file=sys.stderr)
        return 130
    print(f"Open {page.resolve().as_uri()} in a browser.")
    return 0


def make(out: Path, names: Sequence[str]) -> Path:
    """Draw these graphs into a folder, with the page that shows them; the path of the page.

    Stopped by Ctrl-C, the page and the sheets show those that are done.
    """
    out.mkdir(parents=True, exist_ok=True)
    rows: list[Row] = []
    thumbnails: list[list[tuple[Any, str]]] = []
    try:
        for name in progress_bar(names, desc="graphs", unit="graph", disable=None):
            row, pictures = _drawn(out, name, GRAPHS[name])
            thumbnails.append([_thumbnail(png, row) for png in pictures])
            rows.append(row)
    except KeyboardInterrupt:
        if rows:
            _show(out, rows, thumbnails[: len(rows)])
        raise
    return _show(out, rows, thumbnails)


def _show(out: Path, rows: Sequence[Row], thumbnails: Sequence[Sequence[tuple[Any, str]]]) -> Path:
    """Write the sheets and the page; the path of the page."""
    for theme, cells in zip(THEMES, zip(*thumbnails, strict=True), strict=True):
        write_whole(out / f"sheet.{theme}.png", _sheet(cells, theme))
    files = FileSystemLoader(Path(__file__).parent / "gallery" / "templates")
    environment = Environment(
        loader=files, autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
    )
    page = environment.get_template("contact_sheet.html").render(rows=rows, themes=THEMES)
    return write_whole(out / "index.html", page.encode())


def _drawn(out: Path, name: str, graph: Graph) -> tuple[Row, list[bytes]]:
    """Write the pictures of a graph; what is told of it, and its PNGs by theme."""
    root = graph.build()
    start = time.process_time()
    drawing = viz.draw(root)
    text = drawing.svg()
    seconds = time.process_time() - start
    pngs = []
    for theme in THEMES:
        themed = replace(drawing, theme=theme)
        themed.save(out / f"{name}.{theme}.svg")
        pngs.append(themed.png())
        write_whole(out / f"{name}.{theme}.png", pngs[-1])
    steps = f"{name}.steps.html" if name in FRAMES else ""
    if steps and isinstance(root, Value):
        viz.frames(root, theme="auto").save_html(out / steps)
    size, view = drawing.scene, drawing.view
    told = len(view.nodes), len(view.edges), seconds, len(text.encode()), drawing.notes
    return Row(name, graph, size.width, size.height, *told, steps), pngs


def _thumbnail(png: bytes, row: Row) -> tuple[Any, str]:
    image = Image.open(io.BytesIO(png)).convert("RGB")
    image.thumbnail((_CELL, 2 * _CELL), Image.Resampling.LANCZOS)
    return image, f"{row.graph.title}: {row.width:.0f} x {row.height:.0f} px, {row.boxes} boxes"


def _sheet(cells: Sequence[tuple[Any, str]], theme: Theme) -> bytes:
    """Thumbnails below each other in columns, each where there is most room, with its words above."""
    tops = [_GAP] * _COLUMNS
    places = []
    for image, _ in cells:
        column = tops.index(min(tops))
        places.append((_GAP + column * (_CELL + _GAP), tops[column]))
        tops[column] += _LINE + image.height + _GAP
    back, ink = ("#e9ecef", "#16202c") if theme == "light" else ("#2b3038", "#f2f5f8")
    sheet = Image.new("RGB", (_COLUMNS * (_CELL + _GAP) + _GAP, max(tops)), back)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(16)
    for (image, words), (x, y) in zip(cells, places, strict=True):
        pen.text((x, y + 5), words, fill=ink, font=font)
        sheet.paste(image, (x, y + _LINE))
    file = io.BytesIO()
    sheet.save(file, "PNG", optimize=True)
    return file.getvalue()


if __name__ == "__main__":
    sys.exit(main())
