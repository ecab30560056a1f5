"""The text above a picture: lines of words, some of which have the colour of what they stand for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Role = Literal["", "receiver", "adjoint", "partial", "faint"]


@dataclass(frozen=True, slots=True)
class Run:
    """Words of one colour.

    Attributes:
        text: the words, with the spaces around them.
        role: "receiver" for what receives a contribution now, "adjoint" for the gradient that is passed back (it has
            the colour of its sign), "partial" for the local partial, "faint" for remarks, "" for all else.
        sign: of an adjoint: -1, 0 or 1.

    >>> plain((Run("∇a", "receiver"), Run(" += 1")))
    '∇a += 1'
    """

    text: str
    role: Role = ""
    sign: int = 0


Line = tuple[Run, ...]


def plain(line: Line) -> str:
    """The words of a line, without their colours."""
    return "".join(run.text for run in line)


@dataclass(frozen=True)
class Caption:
    """Text above a picture.

    Attributes:
        title: one line, bold; "" for none.
        lines: lines below it.
        near: the id of the node that it is about; "" for none.
        room: how many lines to make room for, so that the frames of one series have one size.
        width: the width to make room for, in pixels; for the same reason.
    """

    title: str = ""
    lines: tuple[Line, ...] = ()
    near: str = ""
    room: int = 0
    width: float = 0.0

    @property
    def texts(self) -> Sequence[str]:
        """The words of each line."""
        return [plain(line) for line in self.lines]
