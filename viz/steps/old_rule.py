"""The words of a backward step: what it is about, and the chain rule in its numbers."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from autograd import Step, Value

from ..graph.view import GraphView, node_ids
from ..picture.caption import Run
from ..picture.compose import caption_width
from ..text import clean, number

_LINES = 6  # contributions of one step that are written out
_TERMS = 4  # terms of a sum that are written out


@dataclass(frozen=True)
class Ledger:
    """What a value has received, term by term, and how many terms it will receive in all."""

    terms: tuple[float, ...]
    total: int

    @property
    def complete(self) -> bool:
        """Whether it has all."""
        return len(self.terms) == self.total

    @property
    def sum(self) -> float | None:
        """What it has; None before the first."""
        # added in the order of the sweep, so that the last sum is the gradient to the last bit
        total = 0.0
        for term in self.terms:
            total += term
        return total if self.terms else None

    def text(self) -> str:
        """The terms and their sum."""
        shown = [number(t) for t in self.terms]
        if len(shown) > _TERMS:
            shown = [*shown[:2], f"… {len(shown) - 3} more …", shown[-1]]
        terms = " + ".join(f"({t})" if t.startswith("-") and i else t for i, t in enumerate(shown))
        left = self.total - len(self.terms)
        return f"{terms} = {number(self.sum or 0.0)}" + (f", {left} more to come" if left else "")


@dataclass(frozen=True)
class ChainRule:
    """What there is to say about each step of ``sweep(root)``."""

    root: Value
    steps: tuple[Step, ...]

    @cached_property
    def names(self) -> dict[Value, str]:
        """What each value is called."""
        names = GraphView.of(self.root, fold=False).names()
        return {v: clean(names[i]) for v, i in node_ids(self.root, fold=False).items()}

    @cached_property
    def totals(self) -> Counter[Value]:
        """How many terms each value receives."""
        return Counter(operand for step in self.steps for operand, _ in passed(step))

    @cached_property
    def room(self) -> tuple[int, float]:
        """The lines and the width of the longest text."""
        texts = [(self.title(i), self.lines(i)) for i in range(len(self.steps))]
        return max(len(lines) for _, lines in texts), max(
            caption_width(title, [(Run(line),) for line in lines]) for title, lines in texts
        )

    def title(self, i: int) -> str:
        """What step i is about."""
        node = self.steps[i].node
        name = self.names[node]
        what = f"{name} is complete" if node.op is None else f"back through {name} = {self._formula(node)}"
        return f"step {i + 1} of {len(self.steps)}: {what}"

    def _formula(self, node: Value) -> str:
        assert node.op is not None
        operands = [number(a.data) if self._is_bare(a) else self.names[a] for a in node.args]
        symbol = node.op.symbol
        if len(operands) == 2 and not symbol.isalpha() and "_" not in symbol:
            return f"{operands[0]} {symbol} {operands[1]}"
        if len(operands) > _TERMS:
            operands = [*operands[:2], "…", operands[-1]]
        return f"{symbol}{'' if symbol == '−' else '('}{', '.join(operands)}{'' if symbol == '−' else ')'}"

    def _is_bare(self, v: Value) -> bool:
        return not v.requires_grad and not v.label and v.op is None

    def lines(self, i: int) -> list[str]:
        """The chain rule of step i, with its numbers; where a value is used several times also its sum so far."""
        step = self.steps[i]
        node, top = self.names[step.node], self.names[self.root]
        lines = [f"∂{top}/∂{top} = {number(step.adjoint)}, where every backward starts"] if i == 0 else []
        terms: dict[Value, list[float]] = defaultdict(list)
        for earlier in self.steps[:i]:
            for receiver, term in passed(earlier):
                if self.totals[receiver] > 1 and (receiver in step.node.args or receiver is step.node):
                    terms[receiver].append(term)
        if step.node.op is None and i:
            ledger = Ledger(tuple(terms[step.node]), self.totals[step.node])
            value = ledger.text() if ledger.terms else number(step.adjoint)
            return [f"∂{top}/∂{node} = {value}"]
        parts = zip(step.node.args, step.partials, step.contributions, strict=True)
        for operand, partial, share in parts:
            if partial is None or share is None:
                continue
            name = self.names[operand]
            line = (
                f"∂{top}/∂{name} += ∂{top}/∂{node} · ∂{node}/∂{name} = "
                f"{number(step.adjoint)} × {number(partial)} = {number(share)}"
            )
            if self.totals[operand] > 1:
                terms[operand].append(share)
                line += f"    (sum: {Ledger(tuple(terms[operand]), self.totals[operand]).text()})"
            lines.append(line)
        if len(lines) > _LINES:
            lines = [*lines[: _LINES - 1], f"… and {len(lines) - _LINES + 1} more"]
        return lines


def passed(step: Step) -> Iterator[tuple[Value, float]]:
    """What a step passes on, and to whom."""
    for operand, share in zip(step.node.args, step.contributions, strict=True):
        if share is not None:
            yield operand, share
