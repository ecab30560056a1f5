"""What a picture shows if it would be too large: less and less, until it is one box."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from .boxes import shared_out
from .modules import checked_depth, checked_paths
from .neighbours import merge_neighbours
from .nodes import common_path, module_path
from .partition import Partition
from .ranks import merge_all, merge_ranks
from .reading import Reading
from .siblings import repeated_siblings

_STRETCHES = 16  # of ranks; there is nothing to be seen in more
_TANGLE = 40  # wires between two modules side by side: more can't be followed
_MANY, _FEW = 9, 4  # numbers of one kind and one use; fewer aren't worth a box that shows none of them
_HOPELESS = 20  # times as many boxes as may be: what merges some of them isn't tried, nor folding at its square


@dataclass(frozen=True)
class Recipe:
    """How a graph is shared out among boxes; as in `GraphView.of`."""

    depth: int | None = None
    constants: bool = True
    collapse: frozenset[str] = frozenset()
    fold: bool = True

    @classmethod
    def of(cls, reading: Reading, depth: object, constants: bool, collapse: object, fold: bool) -> Recipe:
        """The same, checked."""
        return cls(checked_depth(depth), constants, checked_paths(reading, collapse), fold)

    def partition(self, reading: Reading) -> Partition:
        """The boxes."""
        return shared_out(reading, self.depth, self.constants, self.collapse, self.fold)


@dataclass(frozen=True)
class Rung:
    """A partition, and what was done to come to it; "" if nothing."""

    partition: Partition
    done: str = ""


def ladder_of(reading: Reading, recipe: Recipe, most: float) -> Iterator[Rung]:
    """What was asked for, then coarser and coarser pictures of it; the last is one box.

    Args:
        reading: the graph.
        recipe: what was asked for.
        most: how many boxes there may be; what is far above isn't worth a try.
    """
    folded, unfolded = replace(recipe, fold=True), replace(recipe, fold=False)
    asked = unfolded.partition(reading)
    if recipe.fold and asked.count() <= _HOPELESS**2 * most:
        asked = folded.partition(reading)
    yield Rung(asked)
    deepest = max(map(len, reading.levels))
    start = deepest if recipe.depth is None else min(deepest, recipe.depth - 1)
    if not recipe.fold:
        yield Rung(folded.partition(reading), "constants and sums are folded")
    done = "numbers of one kind and one use are drawn as one box"
    if start <= 0:
        yield from _merged(reading, folded, most, done)
    elif asked.count() <= _HOPELESS * most:
        yield from _merged(
            reading, folded, most, done, [_MANY]
        )  # of few there is more to be seen if modules are one box
    if recipe.depth is None and (paths := repeated_siblings(reading)):
        alike = replace(folded, collapse=recipe.collapse | paths)
        done = "of modules that repeat the first is open, the others are one box each"
        yield from _merged(reading, alike, most, done)
    for depth in range(start, 0, -1):
        at_depth = replace(folded, depth=depth)
        yield from _merged(reading, at_depth, most, f"modules are drawn as one box each, at depth {depth}")
    yield from _ranked(reading, replace(folded, depth=1 if deepest else None))


def _merged(
    reading: Reading, recipe: Recipe, most: float, done: str, least: Sequence[int] = (_MANY, _FEW)
) -> Iterator[Rung]:
    """The same with neighbours of one kind as one box, first those that are many; none if that is a tangle."""
    for fewest in least:
        partition = recipe.partition(reading)
        merge_neighbours(partition, fewest)
        if _is_tangle(partition):
            return
        yield Rung(partition, done)
        if partition.count() > _HOPELESS * most:
            return


def _ranked(reading: Reading, recipe: Recipe) -> Iterator[Rung]:
    most = _STRETCHES
    while most:
        partition = recipe.partition(reading)
        merge_ranks(partition, most)
        yield Rung(partition, "numbers are drawn together by their distance from the inputs")
        most //= 2
    partition = recipe.partition(reading)
    merge_all(partition)
    yield Rung(partition, "everything is one box")


def _is_tangle(partition: Partition) -> bool:
    """Whether so many wires lead from one module to another that none can be followed."""
    paths = {place: partition.path(place) for place in partition.places().tolist()}
    wires = Counter((paths[source], paths[target]) for source, target in partition.pairs())
    counts: Counter[tuple[tuple[str, ...], tuple[str, ...]]] = Counter()
    for pair, count in wires.items():
        above, below = map(module_path, pair)
        shared = len(common_path([above, below]))
        if len(above) > shared < len(below):
            counts[above[: shared + 1], below[: shared + 1]] += count
    return max(counts.values(), default=0) > _TANGLE
