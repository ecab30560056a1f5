"""One page that shows what the lessons drew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from string import Template

from autograd.files import write_whole

_TEMPLATE = Template((Path(__file__).parent / "gallery.html").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Figure:
    """A picture of a lesson: its file, what is to be seen, and what it says to who can't see it."""

    path: Path
    caption: str
    alternative: str
    wide: bool = False
    """Whether it wants the whole width of the page."""


@dataclass(frozen=True)
class Section:
    """What a lesson leaves: a title, paragraphs, pictures, and further files to open."""

    name: str
    title: str
    paragraphs: Sequence[str]
    figures: Sequence[Figure]
    strips: Sequence[tuple[str, Sequence[Path]]] = ()
    """Series of pictures, each with a title: shown when they are unfolded."""
    measured: Mapping[str, float] = field(default_factory=dict)
    """The numbers behind what the lesson says, by name; a test asserts the claims on them."""


def build(out: Path, sections: Sequence[Section]) -> Path:
    """Write ``index.html`` into the output folder, with relative links only; returns its path."""
    contents = "\n".join(f'<li><a href="#{escape(s.name)}">{escape(s.title)}</a></li>' for s in sections)
    body = "\n".join(_section(out, section) for section in sections)
    page = _TEMPLATE.substitute(contents=contents, body=body)
    return write_whole(out / "index.html", page.encode())


def _section(out: Path, section: Section) -> str:
    paragraphs = "\n".join(f"<p>{escape(text)}</p>" for text in section.paragraphs)
    figures = "\n".join(_figure(out, figure) for figure in section.figures)
    strips = "\n".join(_strip(out, title, paths) for title, paths in section.strips)
    name = escape(section.name)
    return (
        f'<section id="{name}" aria-labelledby="{name}-title">\n<h2 id="{name}-title">{escape(section.title)}</h2>\n'
        f'{paragraphs}\n<div class="figures">\n{figures}\n</div>\n{strips}\n</section>'
    )


def _figure(out: Path, figure: Figure) -> str:
    source = escape(_relative(out, figure.path))
    wide = ' class="wide"' if figure.wide else ""
    return (
        f'<figure{wide}><a href="{source}"><img src="{source}" alt="{escape(figure.alternative)}" loading="lazy"></a>'
        f"<figcaption>{escape(figure.caption)}</figcaption></figure>"
    )


def _strip(out: Path, title: str, paths: Sequence[Path]) -> str:
    pictures = "\n".join(
        f'<a href="{source}"><img src="{source}" alt="{escape(title)}: picture {i} of {len(paths)}" loading="lazy"></a>'
        for i, source in enumerate((escape(_relative(out, path)) for path in paths), start=1)
    )
    return f'<details><summary>{escape(title)}</summary>\n<div class="strip">\n{pictures}\n</div></details>'


def _relative(out: Path, path: Path) -> str:
    return path.relative_to(out).as_posix()
