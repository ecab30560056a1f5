"""`make bench`: measure, print the tables, write them to RESULTS.md beside this file.

    python tests/benchmarks/run.py --only A D     some families only (then nothing is written)
    python tests/benchmarks/run.py --quick        fewer and shorter rounds (neither)
    python tests/benchmarks/run.py --baseline ../before    also another checkout of Glassgrad (neither)
    python tests/benchmarks/run.py --help         all options

Ctrl-C ends the measuring; what is finished is printed.
"""

from __future__ import annotations

import argparse
import functools
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import compiled
import eager
import environments
import firsts
import machine
import native
import people
import pictures
import weights
from compiled import Effort
from table import HEAD, Row, grid

RESULTS = Path(__file__).with_name("RESULTS.md")

Cells = Iterator[list[str]]
Family = tuple[str, Callable[[Effort], Sequence[str]], Callable[[Effort], Cells]]
"""Its title, the head of its table, and what measures its lines."""


def _cells(rows: Callable[[Effort], Iterator[Row]]) -> Callable[[Effort], Cells]:
    return lambda effort: (row.cells() for row in rows(effort))


def _compared(title: str, rows: Callable[[Effort], Iterator[Row]]) -> Family:
    return title, lambda _: HEAD, _cells(rows)


def _network(name: str, title: str) -> Family:
    return _compared(f"{name}: {title}", functools.partial(compiled.network, name))


FAMILIES: dict[str, Family] = {
    "A": _network("A", "moons, MLP 2-16-16-1, relu, hinge, 100 samples"),
    "B": _network("B", "digits, MLP 64-32-10, relu, cross entropy, batch of 64"),
    "C": _network("C", "MLP 784-128-10, relu, cross entropy, batch of 64"),
    "D": _compared("D: a random graph of 10,860 scalar operations over 20 inputs", compiled.graph),
    "scale": (
        "Scale: sums of random graphs of up to 10,860 operations, one process each",
        lambda _: compiled.SCALE_HEAD,
        compiled.scale,
    ),
    "eager": _compared("Eager, plain Python", eager.rows),
    "people": ("As people write it: B, MLP 64-32-10, batch of 64, in other loops", people.head, people.rows),
    "first": ("First result: trace, compile and run, batch of 64", firsts.head, firsts.rows),
    "weights": ("A weight's cost: MLP(784, [512, 256, 10]), 535,818 weights", weights.head, weights.rows),
    "pictures": ("Pictures, at letters of 12 px", pictures.head, pictures.rows),
}

HOW = """\
Each program runs alone in a process, on one core with one thread; those of a table play in turn, in many short rounds,
and the median round counts: time on the wall or processor time, whichever is smaller (imports: the wall). All have
shown the same gradients before (in the last table there are none to show). "one call a step" is `zero_grad()`,
`backward(X, Y)` and `step()` through Python, the loss returned; C by hand does the same in one call. "trace and
compile" is the time from nothing to the first result. A ratio above 1 says that Glassgrad is faster (or smaller).

PyTorch computes in float64 on one core, as we do; a column more shows it with its defaults, float32 and all cores (on
a machine that does something else its threads wait for each other, and that column says nothing). "our best loop" is
the loop of table B; where a loop does more than that, what it is compared with is the sum of its parts, each measured
alone ("+ x": what it does beside the training, and is subtracted). `fit` is timed without its start. First results are
those of a fresh process without imports, the model made before, code from no cache; "second process" finds in the cache
what another one left there."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print and write."""
    options = parsed(arguments)
    header = f"# Benchmarks\n\n{about()}\n\n{HOW}\n"  # before there is load of our own
    sections, finished = measured(options.only, effort_of(options))
    report = "\n".join([header, *sections])
    print(report)
    output = options.output
    whole = set(options.only) == set(FAMILIES) and options.baseline is None and not options.quick
    if output is None and finished and whole:
        output = RESULTS
    if output is None:
        sys.stderr.write(f"Only a whole run writes {RESULTS.name}; --output FILE writes this one.\n")
    else:
        output.write_text(report, encoding="utf-8")


def parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="make bench", description="Measure Glassgrad against its peers.")
    parser.add_argument("--only", nargs="+", choices=FAMILIES, default=list(FAMILIES), help="some families only")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds")
    parser.add_argument("--slow", action="store_true", help="also straight-line C and JAX on D: some minutes")
    parser.add_argument("--million", action="store_true", help="also a graph of 1,000,000 operations: some minutes")
    parser.add_argument("--baseline", type=checkout, help="a checkout of another version of Glassgrad, that plays too")
    parser.add_argument("--output", type=Path, help=f"write here rather than to {RESULTS.name}")
    return parser.parse_args(arguments)


def checkout(text: str) -> Path:
    """A folder that has a Glassgrad in it."""
    try:
        environments.version_of(Path(text))
    except (OSError, ValueError) as error:
        raise argparse.ArgumentTypeError(f"{text} is no checkout of Glassgrad: {error}") from None
    return Path(text).resolve()


def effort_of(options: argparse.Namespace) -> Effort:
    """How long to measure."""
    rounds, budget = (5, 0.03) if options.quick else (15, 0.1)
    return Effort(rounds, budget, options.slow, options.million, options.baseline)


def about() -> str:
    """The machine, its load, and what takes part, as text."""
    versions = {**environments.versions(), **({"gcc": native.version()} if native.version() else {})}
    listed = ", ".join(f"{name} {version}" for name, version in versions.items())
    return f"{machine.machine()}; load average at the start {machine.load()}.\n\n{listed}."


def measured(names: Sequence[str], effort: Effort) -> tuple[list[str], bool]:
    """The sections as text, and whether all were finished."""
    sections = []
    for name in names:
        title, head, lines = FAMILIES[name]
        found: list[list[str]] = []
        finished = collect(lines(effort), found)
        if found:
            sections.append(f"## {title}\n\n{grid(head(effort), found)}")
        if not finished:
            return sections, False
    return sections, True


def collect(lines: Iterator[list[str]], found: list[list[str]]) -> bool:
    """Take lines as they come and show each. False: Ctrl-C."""
    try:
        for cells in lines:
            found.append(cells)
            sys.stderr.write("  ".join(cells) + "\n")
    except KeyboardInterrupt:
        sys.stderr.write("\ninterrupted: what is finished follows\n")
        return False
    return True


if __name__ == "__main__":
    main()
