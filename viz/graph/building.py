"""From boxes and gradients to what is drawn: nodes and edges."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal

from autograd import Op, Parameter, Value

from .boxes import Boxes
from .figures import Figures, total
from .nodes import Edge, Kind, Node, Strip
from .partition import Wire
from .reading import Reading

_LOOKED_AT = 2_000  # parameters of a module for gradients of other backwards: who forgot to zero them forgot them all


class Builder:
    """Makes the nodes and edges of one picture.

    Args:
        boxes: which numbers are drawn together.
        gradients: what is known of them, instead of each Value's own ``grad``.
    """

    def __init__(self, boxes: Boxes, gradients: Mapping[Value, float] | None = None) -> None:
        self.boxes = boxes
        self.reading = boxes.reading
        self.figures = Figures(boxes.reading, gradients)
        self.formulas: dict[tuple[Op, int], tuple[str, ...]] = {}
        self.bad = self._bad()

    def _bad(self) -> dict[int, Literal["data", "grad"]]:
        data, grad = self.reading.first_bad, self.figures.first_bad()
        into = self.boxes.partition.into
        found: dict[int, Literal["data", "grad"]] = {} if grad is None else {int(into[grad]): "grad"}
        if data is not None:
            found[int(into[data])] = "data"
        return found

    # Nodes ----------------------------------------------------------------------------------------------------

    def node(self, place: int) -> Node:
        """The node of a box."""
        return self._collapsed(place) if self.boxes.is_collapsed(place) else self._step(place)

    def _step(self, place: int) -> Node:
        """One number, with what was folded into it."""
        box, inside = self.boxes.box(place), self.boxes.inside[place]
        value = self.reading.values[box.shown]
        is_sum = box.group == "sum" and self.boxes.terms(place) > 2
        is_parameter = isinstance(value, Parameter)
        grad = self.figures.grad(box.shown)
        return Node(
            id=f"n{place}",
            kind=kind_of(self.reading, box.shown, place),
            symbol="Σ" if is_sum else value.op.symbol if value.op is not None else "",
            label=value.label,
            scope=value.scope,
            data=value.data,
            grad=grad,
            requires_grad=bool(self.reading.carries[box.shown]),
            stale=not self.reading.stale.isdisjoint(inside),
            earlier=self._earlier_of_sum(inside, box.shown, place) if is_sum else self._earlier(box.shown, place),
            operations=len(inside) - int(self.reading.is_leaf[inside].sum()),
            parameters=int(is_parameter),
            parameter_sum=value.data if is_parameter else 0.0,
            parameter_norm=abs(grad) if is_parameter and grad is not None else None,
            group="sum" if is_sum else "",
            members=self._members(inside),
            folded=self.boxes.folded(place) if box.folded else (),
            terms=self._terms(place),
            bad=self.bad.get(place, ""),
            output=bool(self.reading.is_root[place]),
        )

    def _collapsed(self, place: int) -> Node:
        """A module, or whatever else isn't one step."""
        box, inside, outputs = self.boxes.box(place), self.boxes.inside[place], self.boxes.outputs[place]
        values = self.reading.values
        weights = [i for i in inside if self.reading.is_leaf[i] and isinstance(values[i], Parameter)]
        slopes = [grad for i in weights if (grad := self.figures.grad(i)) is not None]
        only = outputs[0] if len(outputs) == 1 else None
        return Node(
            id=f"n{place}",
            kind="collapsed",
            label=box.label,
            scope=box.label if box.group == "module" else ".".join(self.boxes.frames(place)),
            data=None if only is None else values[only].data,
            grad=None if only is None else self.figures.grad(only),
            requires_grad=bool(self.reading.carries[inside].any()),
            earlier=math.hypot(*(self._earlier(i, i) for i in weights[:_LOOKED_AT])),
            stale=not self.reading.stale.isdisjoint(inside),
            operations=len(inside) - int(self.reading.is_leaf[inside].sum()),
            parameters=len(weights),
            parameter_sum=math.fsum(values[i].data for i in weights),
            parameter_norm=math.hypot(*slopes) if slopes else None,
            outputs=len(outputs),
            group=box.group,
            members=self._members(inside),
            terms=() if only is None else self._terms(only),
            bad=self.bad.get(place, ""),
            output=bool(self.reading.is_root[inside].any()),
        )

    def _members(self, inside: list[int]) -> tuple[str, ...]:
        return tuple(f"n{i}" for i in inside) if len(inside) > 1 else ()

    def _uses(self, place: int) -> list[int]:
        """The links by which a number is used, where its gradient is complete."""
        if self.figures.grad(place) is None or self.reading.is_root[place]:
            return []
        return self.reading.users(place)

    def _terms(self, place: int) -> tuple[float, ...]:
        shares = self.figures.shares(self._uses(place)) if self.reading.uses[place] > 1 else ()
        return shares if len(shares) > 1 else ()

    def _earlier(self, shown: int, place: int) -> float:
        """What a number has from other backwards or graphs, which this one doesn't account for."""
        grad = self.figures.grad(shown)
        root = self.reading.is_root[shown]
        if grad is None or root or self.figures.given is not None:
            return 0.0
        return _remainder(grad, self.figures.shares(self._uses(place)))

    def _earlier_of_sum(self, inside: list[int], shown: int, place: int) -> float:
        """The same of a sum: what the sums in it have from elsewhere is on its wires, though not in its gradient."""
        parts = (i for i in inside[:_LOOKED_AT] if i not in (shown, place) and not self.reading.is_leaf[i])
        own, hidden = self._earlier(shown, place), math.hypot(*(self._earlier(i, i) for i in parts))
        return math.hypot(own, hidden) if hidden else own

    # Edges ----------------------------------------------------------------------------------------------------

    def edges(self) -> tuple[Edge, ...]:
        """The edges, in the order of the wires."""
        return tuple(map(self._edge, self.boxes.wires, self.boxes.local_partials))

    def _edge(self, wire: Wire, local: Strip | float | None) -> Edge:
        """The edge of a wire. What flows to several numbers is no number: it has a contribution if it is one."""
        formula = ""
        if len(wire.links) == 1 and not self.boxes.is_collapsed(wire.target):
            local = self.reading.partial(wire.links[0])
            formula = "" if local is None else self._formula(wire.links[0])
        operands = {self.reading.tables[0][link] for link in wire.links}
        shares = self.figures.shares(wire.links) if len(operands) == 1 else ()
        return Edge(
            f"n{wire.source}",
            f"n{wire.target}",
            wire.argument,
            len(wire.links),
            local if isinstance(local, float) else None,
            formula,
            total(shares) if shares else None,
            any(self.reading.partial(link) is not None for link in wire.links),
            local if isinstance(local, Strip) else None,
        )

    def _formula(self, link: int) -> str:
        user = self.reading.values[self.reading.user[link]]
        assert user.op is not None
        key = user.op, len(user.args)
        if key not in self.formulas:  # of an operation on many, the formula of each is as long as they are many
            self.formulas[key] = user.op.partial_formulas(len(user.args))
        return self.formulas[key][int(self.reading.argument[link])]


def kind_of(reading: Reading, shown: int, place: int) -> Kind:
    """What kind of number is shown in the box of this place."""
    if reading.is_root[place]:
        return "output"
    if not reading.carries[shown]:
        return "constant"
    if not reading.is_leaf[shown]:
        return "op"
    return "parameter" if isinstance(reading.values[shown], Parameter) else "input"


def _remainder(grad: float, shares: Sequence[float]) -> float:
    received = total(shares)
    rest = grad - received
    if not math.isfinite(rest):
        return 0.0
    # where large shares cancel each other, their rounding is left, and no gradient from elsewhere
    return rest if abs(rest) > 1e-9 * max(map(abs, (grad, *shares))) else 0.0
