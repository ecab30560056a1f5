"""``python -m demos``: run the lessons and build the gallery, a page a lesson, which opens in any browser."""

from __future__ import annotations

import argparse
import ast
import os
import signal
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograd.checks import nearest
from autograd.progress import progress_bar
from demos import LESSONS
from demos.gallery.folder import FolderError

if TYPE_CHECKING:
    from tqdm import tqdm

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

    try:
        with stopping():
            return _build(options, small=small)
    except Stopped:
        print("\nStopped.")
        return 130


def _build(options: argparse.Namespace, *, small: bool) -> int:
    from demos.gallery.build import Gallery  # here: they need what may be missing

    try:
        gallery = Gallery(options.out, options.lang, options.seed, small=small)
        return run(gallery, list(dict.fromkeys(options.lessons)) or list(LESSONS))
    except FolderError as error:
        _parser().error(str(error))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m demos", description=__doc__)
    parser.add_argument("lessons", nargs="*", metavar="lesson", help="which to run, by name (default: all)")
    parser.add_argument("--list", action="store_true", help="list the lessons, a line each, and do nothing else")
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder of the gallery (default: out)")
    parser.add_argument("--seed", type=_seed, default=0, help="seed of all randomness (default: 0)")
    parser.add_argument("--lang", choices=("en", "ko"), default="en", help="language of the pages (default: en)")
    return parser


def _seed(text: str) -> int:
    if not text.isdecimal() or int(text) >= 2**32:
        raise argparse.ArgumentTypeError(f"a seed is a whole number from 0 to {2**32 - 1}, got {text!r}")
    return int(text)


def first_line(name: str) -> str:
    """The first line of a lesson's docstring, without running it."""
    module = ast.parse((Path(__file__).parent / f"{name}.py").read_text(encoding="utf-8"))
    return (ast.get_docstring(module) or "").partition("\n")[0]


class Stopped(BaseException):
    """Ctrl-C. No KeyboardInterrupt, which `fit` takes as the wish to go on with what was learnt."""


@contextmanager
def stopping() -> Iterator[None]:
    """Inside, Ctrl-C raises `Stopped`."""

    def stop(number: int, frame: Any) -> None:  # noqa: ARG001 (the signature that signal asks for)
        raise Stopped

    previous = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)


def run(gallery: Gallery, names: Sequence[str]) -> int:
    """Make the lessons one after the other and say how it goes; the exit status."""
    index = gallery.index.resolve()
    start = time.perf_counter()
    try:
        with progress_bar(names, desc="lessons", unit="lesson", disable=None) as bar:
            gallery.begin(names)
            bar.write(f"The lessons as they are made: {index.as_uri()}")
            failed = [name for name in bar if not _make(gallery, name, bar)]
    except Stopped:
        gallery.end()
        print(f"\nStopped. {len(gallery.made)} of {len(LESSONS)} lessons are made; {index} says which are missing.")
        return 130
    except BrokenPipeError:
        gallery.end()
        raise
    gallery.end()
    print(f"Everything is in {index.parent}, after {time.perf_counter() - start:.0f} s.")
    print(f"Open {index.as_uri()} in a browser.")
    if failed:
        print(f"error: failed, and missing in the gallery: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def _make(gallery: Gallery, name: str, bar: tqdm[str]) -> bool:
    """Whether it could be made: one lesson's failure is not the others'."""
    bar.set_description(name)
    start = time.perf_counter()
    try:
        gallery.make(name)
    except (FolderError, BrokenPipeError):  # the others' failure too
        raise
    except Exception:
        bar.write(f"{name:<20} failed:\n{traceback.format_exc()}", file=sys.stderr)
        return False
    bar.write(f"{name:<20} {time.perf_counter() - start:5.1f} s")
    return True


def _command() -> int:
    try:
        status = main()
        print(end="", flush=True)  # what is still in the buffer
    except BrokenPipeError:  # nobody reads on, as behind `| head`; Python would say it once more at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return status


if __name__ == "__main__":
    sys.exit(_command())
