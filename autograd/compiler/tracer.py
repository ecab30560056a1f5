"""The tracer: it records what a function computes, and takes in the parameters and Values that it meets."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np

from ..declaration import CONDITION, Op
from ..errors import TraceError
from ..ops import add
from ..parameter import Home, Parameter
from ..parameter_array import ParameterArray
from ..scopes import current
from ..store import Place, Store
from ..value import Constant, Value, real_number
from .dots import MOST_LINES
from .inner_ops import BATCH_MEAN, BOTH, CONDITIONS, EITHER, IDENTITY, IS_CONDITION
from .nodes import PRODUCT, TOTALS, VEC, Nodes, Total
from .refusals import source_line
from .runs import Line, lines
from .symbol import Condition, Symbol, _Traced

_new = object.__new__


class Tracer:
    """Records one run of a function. It is in force as ``Scope.trace`` of every scope inside that run."""

    def __init__(self, noting: Any = None) -> None:
        self.noting = noting
        """Notes what is read; None in a second run."""
        self.nodes = Nodes()
        self._known = self.nodes.known
        self.labels: dict[int, str] = {}
        self.scopes: dict[int, str] = {}
        self.parameters: dict[Parameter, int] = {}
        """The parameters met one by one, in that order, and their nodes."""
        self.products: dict[Home | Parameter, None] = {}
        """The arrays and lone parameters met in products."""
        self.stores: dict[Store, int] = {}
        """The stores of parameters met, numbered: until the trace is over a parameter is (its number << 40) + slot."""
        self.totals: dict[Place, None] = {}
        """Where the parameters lie whose squares or magnitudes are summed."""
        self.modules: dict[int, Any] = {}
        """The modules called, by identity, in that order."""
        self.generators: dict[int, tuple[Any, list[int]]] = {}
        """Random generators by identity, and the nodes of the numbers asked of each."""
        self.buffers: dict[int, tuple[Any, list[int]]] = {}
        """Arrays whose numbers are read at each replay, by identity, and the nodes of those numbers."""
        self.observed: list[tuple[Any, tuple[int, ...]]] = []
        """Who wants to know numbers of each batch that is trained on, and their nodes."""
        self._values: dict[Value, int] = {}
        self._listed: tuple[list[Any], list[int], tuple[int, ...]] = ([], [], ())
        """The list that was multiplied last, and what `_rows` found in it."""

    def restart(self) -> None:
        """Be ready for a second run of the same function: what it computes again is the same nodes."""
        self.noting = None
        self.generators = {key: (rng, []) for key, (rng, _) in self.generators.items()}
        self.observed.clear()
        self._values.clear()

    def release(self) -> Nodes:
        """Hand over the graph of the finished trace; modules remember their scopes, and so the tracer, for longer."""
        nodes = self.nodes
        nodes.known.clear()  # nothing is recorded any more
        self.nodes, self._known = Nodes(), {}
        self._values.clear()
        self._listed = [], [], ()
        return nodes

    def input(self, column: int, label: str) -> Symbol:
        """The symbol of an input column."""
        node = self.nodes.leaf("input", column)
        self.labels[node] = label
        return Symbol(self, node)

    # Operations

    def unary(self, op: Op, a: Symbol) -> Symbol:
        """The operation on one symbol."""
        return self._made(op, (a._node,))

    def binary(self, op: Op, a: Any, b: Any) -> Symbol:
        """The operation on two things, of which one is a symbol."""
        first = a._node if a.__class__ is Symbol and a._tracer is self else self.operand(a)
        second = b._node if b.__class__ is Symbol and b._tracer is self else self.operand(b)
        return self._made(op, (first, second))

    def apply(self, op: Op, args: tuple[Any, ...]) -> Symbol:
        """The operation on symbols, Values, numbers and conditions."""
        return self._made(
            op,
            tuple(
                self._condition(arg, op.name) if op.domain_of(position) is CONDITION else self.operand(arg)
                for position, arg in enumerate(args)
            ),
        )

    def _made(self, op: Op, args: tuple[int, ...]) -> Symbol:
        scope = current()
        if scope.trace is not self:
            raise _outlived(source_line())
        node = self._known.get((op, args))
        if node is None:
            node = self.nodes.add(op, args)
            self._remember_scope(node)
        symbol: Symbol = _new(Symbol)
        symbol._tracer, symbol._node = self, node if scope.recording else self.nodes.record(IDENTITY, (node,))
        return symbol

    def _remember_scope(self, node: int) -> None:
        path = current().path
        if path:
            self.scopes.setdefault(node, path)

    def dot(self, ws: Sequence[Any], xs: Sequence[Any], start: Any) -> Symbol | None:
        """``start + w0 * x0 + w1 * x1 + ...`` as one step; None where it isn't parameters in lines times rows.

        Terms without a row are added to ``start``.
        """
        for parameters, items in ((ws, xs), (xs, ws)):
            at, rows = self._rows(items)
            found = self._lines(parameters, at) if rows else None
            if found is not None:
                for k in sorted(set(range(len(items))).difference(at)):
                    term = parameters[k] * items[k]
                    start = term if start is None else start + term
                return self._product([(self.nodes.vec(rows[part]), line) for line, part in found], start)
        return None

    def _product(self, parts: list[tuple[int, Line]], start: Any) -> Symbol:
        nodes, bias, row = self.nodes, None, None
        if start is not None:
            first = self.operand(start)
            if not nodes.uniform[first]:
                row = first
            elif nodes.numbers.get(first) != 0.0:
                bias = first
        node = nodes.product(parts, bias)
        self._remember_scope(node)
        if row is not None:
            node = nodes.record(add, (row, node))
        return Symbol(self, node if current().recording else nodes.record(IDENTITY, (node,)))

    def _rows(self, xs: Sequence[Any]) -> tuple[list[int], tuple[int, ...]]:
        """Where in a list the numbers of this trace are that differ from sample to sample, and their nodes."""
        items, at, nodes = self._listed
        if len(xs) != len(items) or not all(map(operator.is_, xs, items)):  # neurons of a layer have the same
            uniform = self.nodes.uniform
            at = [k for k, x in enumerate(xs) if x.__class__ is Symbol and x._tracer is self and not uniform[x._node]]
            nodes = tuple([xs[k]._node for k in at])
            self._listed = list(xs), at, nodes
        return at, nodes

    def _lines(self, ws: Sequence[Any], at: Sequence[int]) -> list[tuple[Line, slice]] | None:
        """Where these things are, those at the places ``at``, if they are parameters in few lines."""
        if isinstance(ws, ParameterArray):
            begin, (step, *_) = self.address(ws.store, ws.begin), ws.strides
            self.products[ws._home] = None
            if len(at) == len(ws) and step:
                return [(Line(begin, step), slice(0, len(ws)))]
            return lines([begin + k * step for k in at], MOST_LINES)
        parameters = [ws[k] for k in at]
        for w in parameters:
            if w.__class__ is not Parameter:
                return None
        found = lines([self.address(w.store, w.slot) for w in parameters], MOST_LINES)
        if found is not None:
            homes = dict.fromkeys([w._home or w for w in parameters])
            # Of an array all comes into the span; between lone parameters others may lie, which don't.
            if any(line.step != 1 for line, _ in found) and any(isinstance(home, Parameter) for home in homes):
                return None
            self.products.update(homes)
        return found

    def total(self, kind: Total, places: Sequence[Place]) -> Symbol:
        """The sum of the "squares" or "magnitudes" of all parameters in these places, as a step for each place."""
        self.totals.update(dict.fromkeys(places))
        leaves = [self.nodes.leaf(kind, (self.address(store, begin), end - begin)) for store, begin, end in places]
        node = reduce(lambda a, b: self.nodes.record(add, (a, b)), leaves)
        return Symbol(self, node if current().recording else self.nodes.record(IDENTITY, (node,)))

    def compare(self, sign: str, a: Any, b: Any) -> Any:
        """The condition of a comparison, or a bool if both sides are constants."""
        return self._decided(self.nodes.record(CONDITIONS[sign], (self.operand(a), self.operand(b))))

    def join(self, sign: str, a: Any, b: Any) -> Any:
        """Two conditions joined by & or |."""
        op = BOTH if sign == "&" else EITHER
        return self._decided(self.nodes.record(op, (self._condition(a, sign), self._condition(b, sign))))

    def _decided(self, node: int) -> Any:
        self._remember_scope(node)
        number = self.nodes.numbers.get(node)
        return Condition(self, node) if number is None else bool(number)

    def detached(self, x: Any) -> Symbol:
        """The same number as ``x``, without a gradient."""
        return self._made(IDENTITY, (self.operand(x),))

    def random(self, rng: Any) -> Symbol:
        """A number that ``rng.random()`` gives anew for each sample of each replay."""
        _, asked = self.generators.setdefault(id(rng), (rng, []))
        node = self.nodes.leaf("input", ("mask", list(self.generators).index(id(rng)), len(asked)))
        asked.append(node)
        self.labels[node] = "random"
        return Symbol(self, node)

    def batch_mean(self, x: Symbol) -> Symbol:
        """The mean over the samples of the batch; ``x`` itself if it doesn't depend on the sample."""
        return x if self.nodes.uniform[x._node] else self._made(BATCH_MEAN, (x._node,))

    def buffer(self, array: Any, k: int) -> Symbol:
        """The number that ``array[k]`` (float64, changed only in place) is at each replay; no gradient flows there."""
        _, nodes = self.buffers.setdefault(id(array), (array, []))
        if self.noting is not None:
            self.noting.live(array)
        node = self.nodes.leaf("buffer", (list(self.buffers).index(id(array)), k))
        if node not in self.labels:
            nodes.append(node)
            self.labels[node] = f"buffer[{k}]"
        return Symbol(self, node)

    def observe(self, receiver: Any, numbers: Any) -> None:
        """Have ``receiver(numbers, N)`` called for each batch of N samples that is trained on; None: nobody.

        ``numbers`` are things that are the same for all samples of a batch.
        """
        self.observed.append((receiver, tuple(self.operand(number) for number in numbers)))

    def called(self, module: Any) -> None:
        """Note that a module is called in this trace."""
        self.modules.setdefault(id(module), module)

    # Operands

    def operand(self, x: Any) -> int:
        """The node of something that stands in a formula beside a symbol."""
        kind = x.__class__
        if kind is float or kind is int:
            return self.nodes.constant(float(x))
        if kind is Parameter:
            return self._parameter(x)
        if isinstance(x, Value):
            return self._taken(x)
        if isinstance(x, Symbol):
            if x._tracer is not self:
                raise _outlived(source_line())
            return x._node
        if isinstance(x, Condition):
            raise TraceError(
                f"{x.describe()}{source_line()} is a condition, not a number: write where(condition, 1.0, 0.0)"
            )
        return self.nodes.constant(real_number(x, "a formula of Values"))

    def _condition(self, x: Any, what: str) -> int:
        if isinstance(x, bool | np.bool_):
            return self.nodes.constant(float(x))
        if isinstance(x, Condition) and x._tracer is self:
            return x._node
        if isinstance(x, _Traced) and x._tracer is not self:
            raise _outlived(source_line())
        raise TypeError(
            f"the condition of {what} is a comparison, as in where(x > 0, a, b), got {type(x).__name__}: {x!r}"
        )

    def _parameter(self, parameter: Parameter) -> int:
        node = self.parameters.get(parameter)
        if node is None:
            node = self.parameters[parameter] = self.nodes.leaf(
                "parameter", self.address(parameter.store, parameter.slot)
            )
        return node

    def address(self, store: Store, slot: int) -> int:
        """A slot as a number, by which equal steps in memory are equal steps."""
        return (self.stores.setdefault(store, len(self.stores)) << 40) + slot

    def _taken(self, value: Value) -> int:
        """The node of a Value that was computed from parameters and numbers, with all that it came from."""
        known = self._values
        waiting = [value]
        while waiting:
            top = waiting[-1]
            missing = () if top in known else self._missing(top)
            if missing:
                waiting += missing
                continue
            if top not in known:
                known[top] = self._enter(top)
            waiting.pop()
        return known[value]

    def _missing(self, value: Value) -> list[Value]:
        if isinstance(value, Parameter) or value.op is None or not self._is_ours(value):
            return []
        return [arg for arg in value.args if arg not in self._values]

    def _is_ours(self, value: Value) -> bool:
        return value._scope.trace is self

    def _enter(self, value: Value) -> int:
        if isinstance(value, Parameter):
            return self._parameter(value)
        if value.op is not None and self._is_ours(value):
            node = self.nodes.record(value.op, tuple(self._values[arg] for arg in value.args))
            return node if value.requires_grad else self.nodes.record(IDENTITY, (node,))
        if isinstance(value, Constant) or self._is_ours(value):
            if self.noting is not None and value.op is None:
                self.noting.number(value)
            return self.nodes.constant(value._data)
        raise _foreign(value, source_line())

    # Text

    def describe(self, node: int) -> str:
        """A node in an error message."""
        if node >= len(self.nodes):
            return "a number of an earlier trace"
        place = f" in {self.scopes[node]}" if node in self.scopes else ""
        return f"{self._name(node)}{place}"

    def _name(self, node: int) -> str:
        kind, args = self.nodes.kinds[node], self.nodes.args[node]
        if node in self.labels:
            return repr(self.labels[node])
        if node in self.nodes.numbers:
            return f"{self.nodes.numbers[node]!r}"
        if kind == "parameter":
            return next(repr(p.label or "a parameter") for p, known in self.parameters.items() if known == node)
        if kind == PRODUCT:
            return "a sum of products"
        if kind == VEC:
            return "a list of numbers"
        if kind in TOTALS:
            return f"a sum of {kind}"
        if kind is BOTH or kind is EITHER:
            return f"a condition joined by {kind.symbol}"
        if kind in IS_CONDITION:
            return f"the comparison ({self._name(args[0])} {kind.symbol} {self._name(args[1])})"
        return f"the result of {kind.name}" if isinstance(kind, Op) else f"the {kind}"


def _outlived(line: str) -> TraceError:
    return TraceError(
        f"a traced number is used outside of the trace that made it{line}. It was kept from an earlier call, or handed "
        f"to another compiled function; compute it inside the function, and don't store it in an attribute or a list"
    )


def _foreign(value: Value, line: str) -> TraceError:
    if value.op is None:
        return TraceError(
            f"{value.describe()}{line} is a Value from outside of the compiled function, neither a parameter nor an "
            f"input. Make it a Parameter to train it, give it as an argument, or use its number ({value.label or 'v'}"
            f".data), which stays as it is now"
        )
    return TraceError(
        f"{value.describe()}{line} was computed before the compiled function was called, so it would never see new "
        f"numbers of what it came from. Compute it inside the function, or use its number (.data) to freeze it"
    )
