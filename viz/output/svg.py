"""A scene as SVG text: one self-contained file that refers to nothing outside it.

What it shows is said by classes (``gg-node``, ``gg-wire``, ``gg-neg``) and ``data-id``; colours are variables
(``--gg-neg``). There is no ``id``, since several drawings share a page.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache, lru_cache

from ..picture.scene import Group, Item, Path, Rect, Scene, Text, flat
from ..picture.theme import DARK, LIGHT, STYLES, Style, Theme, check_theme, styles
from ..text import clean
from .fonts import advance, spelled

# The text is measured in DejaVu Sans; Verdana is its sister, the others are narrower.
Window = tuple[int, int, int, int]
FONTS = "'DejaVu Sans', Verdana, 'Noto Sans', 'Segoe UI', Helvetica, Arial, sans-serif"


def render_svg(scene: Scene, theme: Theme = "light") -> str:
    """The scene as SVG text.

    Args:
        scene: the picture.
        theme: "light" and "dark" have fixed colours; "auto" follows the reader's system. All are printed light.

    >>> from viz.picture.scene import Text
    >>> svg = render_svg(Scene(10.0, 10.0, [Text(1.0, 9.0, "a < b", 8.0)], "A title"))
    >>> '<text x="1" y="9" class="gg-ink" font-size="8">a &lt; b</text></svg>' in svg
    True
    """
    return "".join(svg_pieces(scene, theme))


def svg_pieces(scene: Scene, theme: Theme = "light") -> list[str]:
    """The text of `render_svg` in pieces, one of them for each item of the scene."""
    check_theme(theme)
    wide, high = _n(scene.width), _n(scene.height)
    used = sorted({"paper"} | {shape.style for shape in flat(scene.items)})
    name = _escape(f"{scene.title}. {scene.description}".strip())
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}" viewBox="0 0 {wide} {high}" '
        f'class="gg-{theme}" role="img" aria-label="{name}" font-family="{FONTS}"><title>{_escape(scene.title)}</title>'
        + (f"<desc>{_escape(scene.description)}</desc>" if scene.description else "")
    )
    paper = f'<rect class="gg-paper" width="{wide}" height="{high}"/>'
    items = ("".join(_shapes([item], _class)) for item in scene.items)
    return [head, f"<style>{_css(used, theme)}</style>{paper}", *items, "</svg>\n"]


def plain_svg(items: Iterable[Item], dark: bool, window: Window, zoom: float) -> str:
    """A window of a scene for a program that draws it: each shape has its colours, there are no classes or titles.

    (Where rules are many, such programs take longer to apply them than to draw.)

    Args:
        items: the shapes.
        dark: the theme.
        window: left, upper, right and lower side in pixels of the result.
        zoom: pixels of the result for each of the scene's.
    """
    left, upper, right, lower = window
    box = " ".join(f"{side / zoom:.6f}" for side in (left, upper, right - left, lower - upper))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{right - left}" height="{lower - upper}" viewBox="{box}" '
        f'font-family="{FONTS}">{"".join(_shapes(_ungrouped(items), _looks(dark).__getitem__, _in_fonts))}</svg>'
    )


@cache
def _looks(dark: bool) -> Mapping[str, str]:
    return {name: _attributes(style) for name, style in styles(dark).items()}


def _ungrouped(items: Iterable[Item]) -> Iterator[Item]:
    for shape in flat(list(items)):
        yield from _split(shape) if isinstance(shape, Text) else [shape]


def _split(shape: Text) -> Iterator[Text]:
    """A text as one for each run: where a font lacks a letter, resvg takes another one for all of the text."""
    runs = spelled(clean(shape.string))
    if len(runs) < 2:
        yield shape
        return
    bold = STYLES[shape.style].bold
    widths = [advance(part, shape.size, bold, face) for part, face in runs]
    x = shape.x - sum(widths) * {"start": 0.0, "middle": 0.5, "end": 1.0}[shape.anchor]
    for (part, face), wide in zip(runs, widths, strict=True):
        start = wide - advance(part.lstrip(), shape.size, bold, face)  # spaces are dropped at the start of a text
        yield replace(shape, x=x + start, string=part.strip(), anchor="start")
        x += wide


def _class(style: str) -> str:
    return f'class="gg-{style}"'


def _attributes(style: Style) -> str:
    colours = {style.fill: style.fill, style.stroke: style.stroke}
    pairs = (part.split(":") for part in _declarations(style, colours))
    return " ".join(f'{name}="{value}"' for name, value in pairs)


# Styles in an SVG apply to the whole page that it is put into: the prefix and the class of the theme keep them apart.
def _css(used: list[str], theme: Theme) -> str:
    names = sorted({colour for s in used for colour in (STYLES[s].fill, STYLES[s].stroke)} - {"none"})
    variables = _variables(theme, names, DARK if theme == "dark" else LIGHT)
    if theme == "auto":
        variables += f"@media (prefers-color-scheme:dark){{{_variables(theme, names, DARK)}}}"
    if theme != "light":
        variables += f"@media print{{{_variables(theme, names, LIGHT)}}}"
    colours = {name: f"var(--gg-{name})" for name in names}
    rules = (f".gg-{theme} .gg-{name}{{{';'.join(_declarations(STYLES[name], colours))}}}" for name in used)
    return variables + "".join(rules)


def _variables(theme: Theme, names: Iterable[str], colours: Mapping[str, str]) -> str:
    return f".gg-{theme}{{{';'.join(f'--gg-{name}:{colours[name]}' for name in names)}}}"


def _declarations(style: Style, colours: Mapping[str, str]) -> list[str]:
    parts = [f"fill:{colours.get(style.fill, 'none')}"]
    if style.stroke != "none":
        parts += [f"stroke:{colours[style.stroke]}", f"stroke-width:{_n(style.line)}", "stroke-linejoin:round"]
    if style.round:
        parts.append("stroke-linecap:round")
    if style.dash:
        parts.append(f"stroke-dasharray:{' '.join(map(_n, style.dash))}")
    if style.bold:
        parts.append("font-weight:bold")
    if style.italic:
        parts.append("font-style:italic")
    return parts


def _in_fonts(text: str) -> str:
    """The text, in which letters have a font of the machine's where the usual one lacks them."""
    return "".join(
        html.escape(part)
        if face is None
        else f'<tspan font-family="{_escape(face.family)}">{html.escape(part)}</tspan>'
        for part, face in spelled(clean(text))
    )


def _shapes(
    items: Iterable[Item], look: Callable[[str], str], write: Callable[[str], str] | None = None
) -> Iterator[str]:
    """The elements of shapes; ``look`` gives the attributes of a style, ``write`` the inside of a text."""
    write = write or _escape
    for item in items:
        if isinstance(item, Group):
            classes = " ".join(f"gg-{word}" for word in item.kind.split())
            name = (f' class="{classes}"' if classes else "") + (f' data-id="{_escape(item.id)}"' if item.id else "")
            title = f"<title>{_escape(item.title, lines=True)}</title>" if item.title else ""
            yield f"<g{name}>{title}"
            yield from _shapes(item.items, look, write)
            yield "</g>"
        elif isinstance(item, Rect):
            radius = f' rx="{_n(item.radius)}"' if item.radius else ""
            yield (
                f'<rect {look(item.style)} x="{_n(item.x)}" y="{_n(item.y)}" '
                f'width="{_n(item.width)}" height="{_n(item.height)}"{radius}/>'
            )
        elif isinstance(item, Path):
            line = f' style="stroke-width:{_n(item.line)}"' if item.line is not None else ""
            yield f'<path {look(item.style)} d="{_path(item)}"{line}/>'
        else:
            anchor = f' text-anchor="{item.anchor}"' if item.anchor != "start" else ""
            yield (
                f'<text x="{_n(item.x)}" y="{_n(item.y)}" {look(item.style)} font-size="{_n(item.size)}"{anchor}>'
                f"{write(item.string)}</text>"
            )


def _path(path: Path) -> str:
    return "".join(command + " ".join(f"{_n(x)},{_n(y)}" for x, y in points) for command, points in path.commands)


def _n(x: float) -> str:
    """One decimal is a tenth of a pixel; fixed, so that the last bits of a machine don't show."""
    text = f"{x:.1f}"
    return "0" if text == "-0.0" else text.removesuffix(".0")


# frames have most of their texts in common
@lru_cache(10_000)
def _escape(text: str, lines: bool = False) -> str:
    if lines:
        return "\n".join(_escape(line) for line in text.split("\n"))
    return html.escape(clean(text))
