"""`make bench`: measure, print one table, write it to RESULTS.md beside this file.

A family of rows is a module with ``rows() -> Iterator[Row]``; list it in FAMILIES.
"""

from __future__ import annotations

import sys
from pathlib import Path

import eager
from machine import machine
from table import Row, markdown

FAMILIES = {"Eager, plain Python": eager.rows}
RESULTS = Path(__file__).with_name("RESULTS.md")


def main() -> None:
    """Run every family."""
    how = "Medians of processor time (imports: of wall clock); each program alone in a process, one thread."
    text = [f"# Benchmarks\n\n{machine()}. {how}\n"]
    for title, rows in FAMILIES.items():
        found: list[Row] = []
        for row in rows():
            found.append(row)
            sys.stderr.write(f"{row.what}: {row.ours:.4g} {row.unit}, {row.ratio}\n")
        text.append(f"## {title}\n\n{markdown(found)}")
    report = "\n".join(text)
    RESULTS.write_text(report, encoding="utf-8")
    print(report)


if __name__ == "__main__":
    main()
