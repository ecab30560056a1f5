"""``python -m demos``: run the lessons and build the gallery, a page a lesson, which opens in any browser."""

from __future__ import annotations

import argparse
import ast
import sys
import time
import traceback
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from autograd.checks import nearest
from autograd.progress import progress_bar
from demos import LESSONS

if TYPE_CHECKING:
    from demos.gallery.build import Gallery

NEEDED = {"matplotlib": "matplotlib", "PIL": "pillow", "resvg_py": "resvg-py", "sklearn": "scikit-learn"}
NEEDED |= {"jinja2": "jinja2", "markdown_it": "markdown-it-py", "pygments": "pygments"}
"""What the lessons and their pages import, and the name by which it is installed."""


def main(arguments: Sequence[str] | None = None, *, small: bool = False) -> int:
    """Run the lessons that the command line names (all of them by default); the exit status.

    That is 0, 1 where a lesson failed or something isn't installed, 2 for a wrong command line or folder, 130 after
    Ctrl-C. ``small`` is for tests: little work in each lesson.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.list:
        for name in LESSONS:
            print(f"{name:<20} {first_line(name)}")
        return 0
    for name in options.lessons:
        if name not in LESSONS:
            guess = nearest(name, LESSONS, 0.5)
            parser.error(f"no lesson {name!r}; {f'did you mean {guess!r}? ' if guess else ''}--list shows all of them")
    if missing := [package for module, package in NEEDED.items() if find_spec(module) is None]:
        print(f'error: the gallery needs {", ".join(missing)}: pip install "glassgrad[all]"', file=sys.stderr)
        return 1

    from demos.gallery.build import Gallery  # here: they need what may be missing
    from demos.gallery.folder import FolderError

    try:
        gallery = Gallery(options.out, options.lang, options.seed, small=small)
    except FolderError as error:
        parser.error(str(error))
    return run(gallery, list(dict.fromkeys(options.lessons)) or list(LESSONS))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m demos", description=__doc__)
    parser.add_argument("lessons", nargs="*", metavar="lesson", help="which to run, by name (default: all)")
    parser.add_argument("--list", action="store_true", help="list the lessons, a line each, and do nothing else")
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder of the gallery (default: out)")
    parser.add_argument("--seed", type=_seed, default=0, help="seed of all randomness (default: 0)")
    parser.add_argument("--lang", choices=("en", "ko"), default="en", help="language of the pages (default: en)")
    return parser


def _seed(text: str) -> int:
    seed = int(text)
    if not 0 <= seed < 2**32:
        raise ValueError
    return seed


def first_line(name: str) -> str:
    """The first line of a lesson's docstring, without running it."""
    module = ast.parse((Path(__file__).parent / f"{name}.py").read_text(encoding="utf-8"))
    return (ast.get_docstring(module) or "").partition("\n")[0]


def run(gallery: Gallery, names: Sequence[str]) -> int:
    """Make the lessons one after the other and say how it goes; the exit status."""
    failed = []
    gallery.begin(names)
    index = gallery.index.resolve()
    print(f"The lessons as they are made: {index.as_uri()}")
    with progress_bar(names, desc="lessons", unit="lesson", disable=None) as bar:
        try:
            for name in bar:
                start = time.perf_counter()
                try:
                    gallery.make(name)
                except Exception:  # one lesson's failure is not the others'
                    failed.append(name)
                    bar.write(f"{name:<20} failed:\n{traceback.format_exc()}", file=sys.stderr)
                else:
                    bar.write(f"{name:<20} {time.perf_counter() - start:5.1f} s")
        except KeyboardInterrupt:
            gallery.end()
            bar.write(
                f"\nStopped. {len(gallery.made)} of {len(LESSONS)} lessons are made; {index} says which are missing."
            )
            return 130
    gallery.end()
    print(f"Everything is in {index.parent}\nOpen {index.as_uri()} in a browser.")
    if failed:
        print(f"error: failed, and missing in the gallery: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
