"""``python -m demos``: run the lessons and build one page that shows what they drew."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from demos import LESSONS, gallery


def main(arguments: list[str] | None = None) -> int:
    """Run the lessons that the command line names (all of them by default); returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m demos", description=__doc__)
    parser.add_argument("lessons", nargs="*", metavar="lesson", help=f"which to run: {', '.join(LESSONS)}")
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder for pictures and page (default: out)")
    parser.add_argument("--seed", type=int, default=0, help="seed of all randomness (default: 0)")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.lessons if name not in LESSONS]
    if unknown:
        parser.error(f"no lesson {', '.join(unknown)}; there are: {', '.join(LESSONS)}")
    options.out.mkdir(parents=True, exist_ok=True)
    sections = []
    try:
        for name in options.lessons or LESSONS:
            sections.append(LESSONS[name](options.out, options.seed))  # noqa: PERF401 (keeps what is done at Ctrl-C)
    except KeyboardInterrupt:
        print("\nstopped; what was drawn so far is kept", file=sys.stderr)
    if sections:
        page = gallery.build(options.out, sections)
        print(f"\nEverything is in {options.out.resolve()}\nOpen {page.resolve().as_uri()} in a browser.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
