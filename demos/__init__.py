"""The lessons of Glassgrad. Each is a module with ``main(out, seed)`` that runs without a screen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from demos import backprop, digits, moons
from demos.gallery import Section

LESSONS: dict[str, Callable[[Path, int], Section]] = {
    "moons": moons.main,
    "backprop": backprop.main,
    "digits": digits.main,
}
"""Every lesson by its name, in the order of the page."""
