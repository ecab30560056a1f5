"""What is moved as one thing: a card, a bus, or a whole cluster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

_GAP = 10.0  # between two cards
_WIRE_GAP = 8.0  # beside a bus
_FRAME_GAP = 12.0


@dataclass(frozen=True)
class Block:
    """Items whose heights are fixed relative to each other, and the rectangle around them.

    Attributes:
        ys: the y of each item.
        first, last: the ranks that it spans.
        top, bottom: its extent.
        kind: "card", "bus" or "frame".
    """

    ys: Mapping[int, float]
    first: int
    last: int
    top: float
    bottom: float
    kind: str = "card"

    @classmethod
    def card(cls, item: int, rank: int, half: float) -> Block:
        """A single card; ``half`` is half its height."""
        return cls({item: 0.0}, rank, rank, -half, half)

    @classmethod
    def bus(cls, items: Sequence[int], first: int, last: int) -> Block:
        """A straight line, with the waypoints on it."""
        return cls(dict.fromkeys(items, 0.0), first, last, 0.0, 0.0, "bus")

    def framed(self, pad: float, title: float) -> Block:
        """The block with room for a frame and its title."""
        return replace(self, top=self.top - pad - title, bottom=self.bottom + pad, kind="frame")


def gap(upper: Block, lower: Block) -> float:
    """The room between two blocks that share a rank."""
    kinds = {upper.kind, lower.kind}
    return _FRAME_GAP if "frame" in kinds else _WIRE_GAP if "bus" in kinds else _GAP


def joined(blocks: Sequence[Block], at: Sequence[float]) -> Block:
    """All blocks as one, each at its height."""
    return Block(
        {item: y + at[k] for k, block in enumerate(blocks) for item, y in block.ys.items()},
        min(block.first for block in blocks),
        max(block.last for block in blocks),
        min(at[k] + block.top for k, block in enumerate(blocks)),
        max(at[k] + block.bottom for k, block in enumerate(blocks)),
    )
