"""narrate(): a forward and its backward in words, for a terminal or a screen reader."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from autograd import Value
from autograd.calls import public

from ..graph.budget import PAGE, Budget
from ..graph.nodes import Node
from ..picture.caption import plain
from ..text import number as shown
from .captions import Captions, called
from .series import checked_limit, staged
from .stages import Stages

_WIDE = 96  # columns
_TOLD = Budget(PAGE.boxes, math.inf, math.inf, math.inf, math.inf)  # words need no room on a page


@public
def narrate(
    root: Value,
    *,
    depth: int | None = None,
    collapse: Collection[str] = (),
    fold: bool = True,
    constants: bool = True,
    budget: Budget | int = _TOLD,
    limit: int = 100,
) -> str:
    """Tell the forward and the backward of ``root`` step by step, as text of at most 96 columns.

    What has no name is called by its id. The steps are those of `frames`; nothing is written to any ``grad``.

    Args:
        root: the output, such as the loss.
        depth, collapse, fold, constants, budget: as for `draw`.
        limit: how many numbers and how many steps are told; of more the first and the last, and a note says so.

    Raises:
        TypeError: ``root`` isn't a Value, or carries no gradient.
        ValueError: a depth, budget or limit below 1, a path that no module has.

    >>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    >>> loss = a * b + a
    >>> loss.label = "L"
    >>> print(narrate(loss))
    forward
      a = 2
      b = −3
      n2 = a × b = 2 × (−3) = −6
      L = n2 + a = −6 + 2 = −4
    backward
      step 1 of 2 · back through L = n2 + a, L = −4
        ∇L = 1, where every backward starts
        ∇n2 += ∇L = 1
        ∇a += ∇L = 1
        ∇a = 1, 1 of 2 came in
      step 2 of 2 · back through n2 = a × b, n2 = −6
        ∇a += ∇n2 × b = 1 × (−3) = −3
        ∇a = 1 − 3 = −2, all 2 came in
        ∇b += ∇n2 × a = 1 × 2 = 2
    gradients
      ∇a = −2, ∇b = 2
    """
    checked_limit(limit)
    stages, picked = staged(root, depth, collapse, fold, constants, budget)
    return _Narration(stages, picked.notes, limit).text()


@dataclass(frozen=True)
class _Narration:
    stages: Stages
    notes: tuple[str, ...]
    limit: int

    @cached_property
    def captions(self) -> Captions:
        return Captions(self.stages, letters=False, most=12)

    def text(self) -> str:
        numbers = [place for place, node in enumerate(self.stages.view.nodes) if self._is_told(node)]
        gradients = list(self._gradients())
        parts = [
            *self._wrapped(self.notes, ""),
            "forward",
            *self._some(numbers, self._forward, "numbers"),
            "backward",
            *self._some(range(len(self.stages.order)), self._backward, "steps"),
        ]
        if gradients:
            left = f" … and {len(gradients) - self.limit:,} more" if len(gradients) > self.limit else ""
            told = ", ".join(text.replace(" ", "\xa0") for text in gradients[: self.limit])  # not broken inside of one
            parts += ["gradients", *(line.replace("\xa0", " ") for line in self._wrapped([told + left], "  "))]
        return "\n".join(parts)

    def _some(self, things: Sequence[int], told: Callable[[int], Iterator[str]], noun: str) -> Iterator[str]:
        """What is told of each; of too many the first and the last."""
        left = len(things) - self.limit
        first = things if left <= 0 else things[: (self.limit + 1) // 2]
        for thing in first:
            yield from told(thing)
        if left > 0:
            yield f"  … {left:,} more {noun}: pass a larger limit=, or depth=1 to tell modules as one …"
            for thing in things[len(first) + left :]:
                yield from told(thing)

    def _is_told(self, node: Node) -> bool:
        """Not constants without a name: they stand in what is computed from them."""
        return node.kind != "constant" or bool(node.label or node.symbol)

    def _forward(self, place: int) -> Iterator[str]:
        node = self.stages.view.nodes[place]
        if node.kind == "collapsed":
            parts = [f"{node.operations:,} operations"]
            parts += [f"{node.parameters:,} parameters"] if node.parameters else []
            parts.append(f"{node.outputs:,} outputs" if node.data is None else f"output {shown(node.data)}")
            yield from self._wrapped([f"{called(node)}: {', '.join(parts)}"], "  ")
            return
        number = self.stages.shown.get(place, int(node.id[1:]))
        operands = self.captions.terms(number)
        naming = self.captions.names((number, *operands, *self.stages.timeline.numbers[number].operands))
        rule = self.captions.rule
        text = plain(rule.sum_of(number, operands, naming) if operands else rule.forward(number, naming))
        name, meaning = naming.get(number, ""), rule.names.meaning(number)
        yield from self._wrapped(
            [text if name in ("", meaning) else text.replace(name, f"{name} = {meaning}", 1)], "  "
        )

    def _backward(self, stage: int) -> Iterator[str]:
        yield from self._wrapped([self.captions.title(stage)], "  ")
        yield from self._wrapped([plain(line) for line in self.captions.lines(stage)], "    ")

    def _gradients(self) -> Iterator[str]:
        """The gradients of the leaves."""
        for node in self.stages.view.nodes:
            if node.kind in ("input", "parameter") and node.grad is not None:
                number = self.stages.shown[self.stages.home[int(node.id[1:])]]
                yield f"∇{self.captions.rule.names.meaning(number)} = {shown(node.grad)}"

    def _wrapped(self, lines: Sequence[str], indent: str) -> Iterator[str]:
        for line in lines:
            yield from textwrap.wrap(
                line,
                _WIDE,
                initial_indent=indent,
                subsequent_indent=indent + "    ",
                break_long_words=False,
                break_on_hyphens=False,
            )
