"""Numbers of one kind that the same boxes use, as one box: the leaves of a large sum, the products in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence

from autograd import Parameter

from .partition import Box, Partition


def merge_neighbours(partition: Partition, fewest: int) -> None:
    """Draw as one box those of one kind that stand in one module and are used by the same boxes, if they are enough.

    It begins at the results, so what becomes one box there makes neighbours of what is below: of a layer that nobody
    called a module the activations are one box, then the sums, the products, the weights.
    """
    reading = partition.reading
    users = _users(partition)
    together = {place: place for place in partition.places().tolist()}
    for level in _levels(list(together), users):
        alike: dict[Hashable, list[int]] = defaultdict(list)
        for place in level:
            if users[place] and not reading.is_root[place] and not partition.is_collapsed(place):
                names = frozenset(together[user] for user in users[place])
                shared = bool(reading.uses[place] > 1)  # inputs, for weights aren't
                home = int(reading.home[partition.shown(place)])
                alike[kind(partition, place), home, shared, names].append(place)
        for group in alike.values():
            if len(group) >= fewest:
                together.update(dict.fromkeys(group, max(group)))
    draw_together(partition, together)


def _users(partition: Partition) -> dict[int, set[int]]:
    """The boxes that use each box, those aside that come before it (a module that is used twice)."""
    users: dict[int, set[int]] = {place: set() for place in partition.places().tolist()}
    for source, target in partition.pairs():
        if source < target:
            users[source].add(target)
    return users


def _levels(places: Iterable[int], users: dict[int, set[int]]) -> list[list[int]]:
    """The boxes by how far they are from the results, which come first."""
    distance: dict[int, int] = {}
    levels: list[list[int]] = []
    for place in sorted(places, reverse=True):
        far = max((distance[user] + 1 for user in users[place]), default=0)
        distance[place] = far
        levels += [[] for _ in range(far + 1 - len(levels))]
        levels[far].append(place)
    return levels


def draw_together(partition: Partition, together: dict[int, int]) -> None:
    """Make one box of all boxes that have the same last one here, and call it by what it is made of."""
    groups: dict[int, list[int]] = defaultdict(list)
    for place, last in together.items():
        if place != last:
            groups[last].append(place)
    for last, others in groups.items():
        label = f"{len(others) + 1:,} {_kinds(partition, [last, *others])}"
        for place in (last, *others):
            partition.boxes.pop(place, None)
        partition.boxes[last] = Box(last, "rank", label)
    partition.join((last, place) for last, others in groups.items() for place in others)


def kind(partition: Partition, place: int) -> str:
    """What a box is, in the singular: "input", "parameter", "constant", the symbol of an operation."""
    reading, shown = partition.reading, partition.shown(place)
    op = reading.values[shown].op
    if partition.is_collapsed(place):
        return "module"
    if op is not None:
        return "Σ" if partition.group(place) == "sum" else op.symbol
    if not reading.carries[shown]:
        return "constant"
    return "parameter" if isinstance(reading.values[shown], Parameter) else "input"


def _kinds(partition: Partition, group: Sequence[int]) -> str:
    """What several boxes are, in the plural."""
    kinds = {kind(partition, place) for place in group}
    leaves = partition.reading.is_leaf[[partition.shown(place) for place in group]].all()
    if len(kinds) > 1:
        return "leaves" if leaves else "boxes" if "module" in kinds else "operations"
    (only,) = kinds
    return f"{only}s" if leaves or only == "module" else only
