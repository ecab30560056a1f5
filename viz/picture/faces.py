"""What is written on the card of a node."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from ..graph.nodes import Node, module_path
from ..text import clean, number, shorten_middle, width
from .scale import GradientScale

Status = Literal["waiting", "ready", "active", "done"]

SIZE = 12.0
SO_FAR = "∇ …"  # before a gradient that is still being added up
_LABEL_ROOM = 170.0
_LEDGER_ROOM = 152.0
_MOST_DIGITS = 9  # of the terms of a ledger, less one
_LEDGER_LINES = 3


@dataclass(frozen=True, slots=True)
class State:
    """Where a node stands in a backward that is shown step by step.

    Attributes:
        status: "waiting" for contributions, "ready" (complete), "active" (passing on now), "done".
        received: the sum of what it has received so far; None if nothing.
    """

    status: Status
    received: float | None = None


@dataclass(frozen=True)
class Face:
    """Everything that is written on a card.

    Attributes:
        label: in bold; "" for none.
        operation: the symbol with the constants folded into it: "× 2"; "" for none.
        value: the number, or how many there are; "" for none.
        value_style: the style of the value.
        sign: what stands before the gradient: "∇", "‖∇‖" for a norm; "" where no gradient flows.
        gradient: the gradient; "" where none flows.
        gradient_style: its style.
        share: the length of the bar under the gradient, from 0 to 1.
        extras: further lines, each with its style.
    """

    label: str = ""
    operation: str = ""
    value: str = ""
    value_style: str = "ink"
    sign: str = ""
    gradient: str = ""
    gradient_style: str = "faint"
    share: float = 0.0
    extras: tuple[tuple[str, str], ...] = ()


def face_of(node: Node, operands: int, scale: GradientScale, state: State | None = None) -> Face:
    """What is written on the card of ``node``.

    Args:
        node: the node.
        operands: how many numbers arrive at it, by its wires.
        scale: the sizes of the gradients.
        state: where it stands in a backward that is shown step by step.
    """
    sign, gradient, style, share = _gradient(node, scale, state)
    label = clean(node.label)
    if node.group == "module":
        label = (module_path(label) or (label,))[-1]
    return Face(
        label=shorten_middle(label, _LABEL_ROOM, SIZE, bold=True),
        operation=shorten_middle(clean(operation(node, operands)), _LABEL_ROOM, SIZE),
        value=_value(node),
        value_style=_value_style(node),
        sign=sign,
        gradient=gradient,
        gradient_style=style,
        share=share,
        extras=tuple(_extras(node, state)),
    )


def _value_style(node: Node) -> str:
    if node.stale and node.kind != "collapsed":
        return "value-stale"
    return "ink" if _is_finite(node.data) else "text-odd"


def operation(node: Node, operands: int) -> str:
    """The symbol of an operation, with the constants that are folded into it.

    >>> from viz.graph.nodes import Folded
    >>> operation(Node("n2", "op", "×", folded=(Folded(1, -2.0, "n1"),)), 1)
    '× (−2)'
    """
    if not node.folded or not node.symbol:
        return node.symbol
    if node.group == "sum" or node.symbol == "Σ":
        return " ".join([node.symbol, *(f"+ {_bracketed(f.data)}" for f in node.folded)])
    slots = ["·"] * (operands + len(node.folded))
    for folded in node.folded:
        if folded.argument < len(slots):
            slots[folded.argument] = number(folded.data)
    if len(slots) == 2 and not node.symbol.replace("_", "").isalnum():
        sides = {folded.argument: _bracketed(folded.data) for folded in node.folded}
        return f"{sides.get(0, '')} {node.symbol} {sides.get(1, '')}".strip()
    return f"{node.symbol}({', '.join(slots)})"


def _bracketed(x: float) -> str:
    text = number(x)
    return f"({text})" if text.startswith("−") else text


def _is_finite(x: float | None) -> bool:
    return x is None or math.isfinite(x)


def _value(node: Node) -> str:
    if node.data is not None:
        return number(node.data)
    # the label of what isn't a module says how many it is, and its wires how many go on
    return f"{node.outputs:,} output{'s' * (node.outputs != 1)}" if node.group == "module" else ""


def _gradient(node: Node, scale: GradientScale, state: State | None) -> tuple[str, str, str, float]:
    if not node.requires_grad:
        return "", "", "faint", 0.0
    grad = node.grad
    if state is not None and state.status in ("waiting", "ready"):
        grad = state.received if state.received is not None else grad
        if state.status == "waiting" and state.received is not None:
            return SO_FAR, number(state.received), "faint", 0.0
    if node.data is None:
        norm = node.parameter_norm
        if not node.parameters:
            return "", "", "faint", 0.0
        return "‖∇‖", "–" if norm is None else number(norm), "faint", scale.share(norm)
    if grad is None:
        return "∇", "–", "faint", 0.0
    return "∇", number(grad), f"text-{scale.kind(grad)}", scale.share(grad)


def _extras(node: Node, state: State | None) -> Iterator[tuple[str, str]]:
    if len(node.terms) > 1 and (state is None or state.status in ("active", "done")):
        yield from ((line, "faint") for line in ledger(node.terms))
    if node.group == "module":
        count, what = (node.parameters, "parameter") if node.parameters else (node.operations, "operation")
        yield f"{count:,} {what}{'s' * (count != 1)}", "faint"
    if node.earlier:
        several = node.kind == "collapsed" or node.group == "sum"
        yield "gradients from elsewhere" if several else f"{number(node.earlier)} of it from elsewhere", "text-stale"
    if node.stale:
        yield "changed since", "text-stale"
    if node.bad:
        odd = node.data if node.bad == "data" else node.grad
        # what isn't finite may be folded into the box, or lie inside of it, and come out as 0
        words = "not finite inside" if odd is None or math.isfinite(odd) else number(abs(odd))
        yield f"first {words}{' of the gradients' if node.bad == 'grad' else ''}", "text-odd"


def _adds_up(terms: Sequence[float], digits: int) -> bool:
    """Whether who adds the terms as they are written gets their sum as that is written."""
    if not all(map(math.isfinite, terms)):
        return False
    written = math.fsum(float(f"{t:.{digits}g}") for t in terms)
    return number(written) == number(math.fsum(terms))


def ledger(terms: Sequence[float]) -> list[str]:
    """What a value received, term by term, in lines; with so many digits that they come to the gradient as it is shown.

    >>> ledger([-6.944, 20.83]), ledger([1.5, -2.5] * 9)
    (['= −6.944 + 20.83'], ['= 1.5 − 2.5 + 1.5 − 2.5', '+ 1.5 − 2.5 + 1.5 − 2.5', '… − 2.5 (18 terms)'])
    """
    enough = next((digits for digits in range(4, _MOST_DIGITS) if _adds_up(terms, digits)), 4)
    lines = _lines(terms, enough)
    if len(lines) > _LEDGER_LINES:
        lines = _lines(terms, 4)
    if len(lines) > _LEDGER_LINES:
        last = lines[-1][lines[-1].rindex(" ") - 1 :]
        lines[_LEDGER_LINES - 1 :] = [f"… {last} ({len(terms):,} terms)"]
    return lines


def _lines(terms: Sequence[float], digits: int) -> list[str]:
    signed = [f"{'−' if t < 0 else '+'} {number(abs(t), digits)}" for t in terms]
    signed[0] = f"= {number(terms[0], digits)}"
    lines = [""]
    for text in signed:
        longer = f"{lines[-1]} {text}".strip()
        if lines[-1] and width(longer, SIZE) > _LEDGER_ROOM:
            lines.append(text)
        else:
            lines[-1] = longer
    return lines
