"""Modules that repeat: neurons of a layer, layers of a network."""

from __future__ import annotations

import re
from collections import Counter, defaultdict

from .reading import Reading

_FEWEST = 3  # of one kind


def repeated_siblings(reading: Reading) -> frozenset[str]:
    """Of modules that lie side by side in a list and are made of the same operations all but the first."""
    made_of = _made_of(reading)
    alike: dict[object, list[str]] = defaultdict(list)
    for path, counts in made_of.items():
        stem = re.sub(r"\.?\d+$", "", path)
        if stem != path:
            alike[stem, frozenset(counts.items())].append(path)
    groups = (sorted(paths, key=_index) for paths in alike.values() if len(paths) >= _FEWEST)
    return frozenset(path for paths in groups for path in paths[1:])


def _index(path: str) -> int:
    return int(re.findall(r"\d+", path)[-1])


def _made_of(reading: Reading) -> dict[str, Counter[str]]:
    """How many numbers of each operation each module has, those below it included."""
    names = (value.op.name if value.op is not None else "" for value in reading.values)
    own: dict[int, Counter[str]] = defaultdict(Counter)
    for (home, name), count in Counter(zip(reading.home.tolist(), names, strict=True)).items():
        own[home][name] += count
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for home, counts in own.items():
        levels = reading.levels[home]
        for end in range(1, len(levels) + 1):
            found[".".join(levels[:end])] += counts
    return found
