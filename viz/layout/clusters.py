"""From the inside to the outside: each cluster is laid out by itself, and then is a block for the one around it.

So the ranks and heights in a cluster depend on nothing but the cluster: they are the same when it is laid out alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from .blocks import Block
from .level import level
from .wires import Bus, Wiring

_FRAME = 8.0  # between a frame and what is in it
_TITLE = 18.0  # for the name of a cluster


@dataclass(frozen=True)
class Part:
    """A cluster, or as much of it as stands in one band.

    Attributes:
        cluster: its number.
        band: the band.
        block: where it ended: its heights are relative, its ranks absolute.
    """

    cluster: int
    band: int
    block: Block

    def extent(self, y: Sequence[float]) -> tuple[float, float]:
        """The upper and the lower side, where ``y`` has the heights of all items."""
        item, offset = next(iter(self.block.ys.items()))
        return y[item] - offset + self.block.top, y[item] - offset + self.block.bottom


def placed(wiring: Wiring, half: Sequence[float]) -> tuple[Block, list[Part]]:
    """The heights of all items, bands as if they were side by side, and the parts that clusters consist of.

    Args:
        wiring: the nodes and their buses, which are laid here.
        half: half the height of each node.
    """
    inside: dict[int, list[Block]] = defaultdict(list)  # -1: outside of all
    buses: dict[int, list[Bus]] = defaultdict(list)
    for node in range(wiring.n):
        home = wiring.home[node]
        inside[home[-1] if home else -1].append(Block.card(node, wiring.rank[node], half[node]))
    for bus in wiring.buses:
        buses[bus.home[-1] if bus.home else -1].append(bus)
    nodes = wiring.home[: wiring.n]
    parent = {inner: outer for home in nodes for outer, inner in zip((-1, *home), home, strict=False)}
    parts = []
    for number in range(len(wiring.parts) - 1, -1, -1):
        block = level(wiring, inside[number], buses[number]).framed(_FRAME, _TITLE)
        parts.append(Part(*wiring.parts[number], block))
        inside[parent[number]].insert(0, block)  # as they are numbered, though the last one is laid out first
    return level(wiring, inside[-1], buses[-1]), parts[::-1]
