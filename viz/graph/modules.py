"""Modules that are drawn as one box each."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import numpy as np

from autograd.checks import nearest

from .nodes import module_path
from .partition import Box, Partition
from .reading import Reading


def checked_depth(depth: object) -> int | None:
    """A depth of modules; what isn't one is a ValueError."""
    if depth is None or (isinstance(depth, int) and not isinstance(depth, bool) and depth > 0):
        return depth
    raise ValueError(
        f"depth={depth!r} is not a depth of modules: use 1 for layers, 2 for neurons, None for every number."
    )


def checked_paths(reading: Reading, collapse: object) -> frozenset[str]:
    """The paths of modules to draw as one box each; one that there isn't is a ValueError."""
    given = [collapse] if isinstance(collapse, str) else list(collapse) if isinstance(collapse, Iterable) else [None]
    paths = frozenset(".".join(module_path(path)) for path in given if isinstance(path, str))
    if not all(isinstance(path, str) for path in given):
        raise TypeError(f'collapse={collapse!r:.60}: pass paths of modules, such as collapse=["layers.0"].')
    known = dict.fromkeys(".".join(parts[:end]) for parts in _parts(reading.homes) for end in range(1, len(parts) + 1))
    for path in paths:
        if path not in known:
            raise ValueError(f"collapse: this graph has no module {path!r:.60}{_advice(path, list(known))}")
    return paths


def _parts(paths: Iterable[str]) -> list[list[str]]:
    return [path.split(".") for path in paths if path]


def _advice(path: str, known: list[str]) -> str:
    if not known:
        return ', nor any other. Make parts of it inside `with scope("name"):`.'
    similar = nearest(path, known, 0.5)
    guess = f"did you mean {similar!r:.60}? " if similar else ""
    listed = ", ".join(f"{name!r:.60}" for name in known[:8]) + (", ..." if len(known) > 8 else "")
    return f"; {guess}it has {listed}."


def paths_at(reading: Reading, depth: int) -> frozenset[str]:
    """The modules of this depth: 1 for layers, 2 for neurons."""
    return frozenset(".".join(levels[:depth]) for levels in reading.levels if len(levels) >= depth)


def collapse_modules(partition: Partition, paths: Collection[str]) -> None:
    """Make each of these modules one box; inside of another it goes with that."""
    reading = partition.reading
    outermost = [_outermost(home, paths) for home in reading.homes]
    index = {path: i for i, path in enumerate(dict.fromkeys(filter(None, outermost)))}
    module = np.array([index.get(path, -1) for path in outermost])[reading.home]
    inside = np.flatnonzero((module >= 0) & partition.is_open)
    last = np.full(len(index), -1)
    np.maximum.at(last, module[inside], inside)
    partition.into[inside] = last[module[inside]]
    partition.is_open[inside] = False
    for path, i in index.items():
        if last[i] >= 0:
            partition.boxes[int(last[i])] = Box(int(last[i]), "module", path)


def _outermost(home: str, paths: Collection[str]) -> str:
    """The first of the paths that a module is or lies in; "" if there is none."""
    parts = home.split(".")
    return next((path for end in range(1, len(parts) + 1) if (path := ".".join(parts[:end])) in paths), "")
