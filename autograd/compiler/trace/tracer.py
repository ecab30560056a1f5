"""The tracer: it records what a function computes, and takes in the parameters and Values that it meets."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

from ...checks import number_beside
from ...domain import CONDITION, truth
from ...errors import TraceError
from ...operation import Op
from ...ops import add, where
from ...parameter import Home, Parameter
from ...scopes import Scope, current
from ...store import Place, Span, Store
from ...value import Constant, Value
from ..graph.conditions import BOTH, CONDITIONS, EITHER, IDENTITY, IS_CONDITION
from ..graph.graph import PRODUCT, TOTALS, VEC, Graph, TotalKind
from .refusals import foreign, outlived, refusal, source_line
from .symbol import Condition, Symbol, _Traced
from .weighted import weighted_sum

_new = object.__new__


class Tracer:
    """Records one run of a function. It is in force as ``Scope.trace`` of every scope inside that run."""

    refused = staticmethod(refusal)

    def __init__(self, noting: Any = None) -> None:
        self.noting = noting
        """Notes what is read; None in a second run."""
        self.graph = Graph()
        self._known = self.graph.known
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
        self._scope: Scope | None = None
        self._path = ""
        self.lists: dict[tuple[Any, ...], tuple[list[int], tuple[int, ...]]] = {}
        """The lists multiplied by parameters: where in each the numbers of this trace are, and their nodes."""
        self._aliases = 0

    def restart(self) -> None:
        """Be ready for a second run of the same function: what it computes again is the same nodes."""
        self.noting = None
        self.generators = {key: (rng, []) for key, (rng, _) in self.generators.items()}
        self.observed.clear()
        self._values.clear()
        self.lists.clear()
        self._aliases = 0

    def release(self) -> Graph:
        """Hand over the graph of the finished trace; modules remember their scopes, and so the tracer, for longer."""
        graph = self.graph
        graph.known.clear()  # nothing is recorded any more
        self.graph, self._known = Graph(), {}
        self._values.clear()
        self.lists.clear()
        self._scope = None
        return graph

    def input(self, column: int, label: str) -> Symbol:
        """The symbol of an input column."""
        node = self.graph.leaf("input", column)
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
            raise outlived()
        node = self._known.get((op, args))
        if node is None:
            node = self.graph.add(op, args)
            self.remember_scope(node)
        symbol: Symbol = _new(Symbol)
        symbol._tracer, symbol._node = self, node if scope.recording else self.graph.record(IDENTITY, (node,))
        return symbol

    def remember_scope(self, node: int) -> None:
        """Note where a node is computed, if nobody has computed it before."""
        scope = current()
        if scope is not self._scope:  # a path is put together for all that is computed in a scope, not for each
            self._scope, self._path = scope, scope.path
        if self._path:
            self.scopes.setdefault(node, self._path)

    def dot(self, ws: Sequence[Any], xs: Sequence[Any], start: Any) -> Symbol | None:
        """``start + w0 * x0 + w1 * x1 + ...`` as one step, None where it must be spelled out."""
        return weighted_sum(self, ws, xs, start)

    def total(self, kind: TotalKind, places: Sequence[Place], read: Any) -> Symbol:
        """The sum of the "squares" or "magnitudes" of all parameters in these places, as a step for each place.

        ``read`` is the method of a module that gives its parameters, if they are those of one.
        """
        if read is not None and self.noting is not None:
            self.noting.parameters(read)
        places = [piece for piece, *_ in Span(places).pieces()]
        self.totals.update(dict.fromkeys(places))
        leaves = [self.graph.leaf(kind, (self.address(store, begin), end - begin)) for store, begin, end in places]
        node = reduce(lambda a, b: self.graph.record(add, (a, b)), leaves)
        return Symbol(self, node if current().recording else self.graph.record(IDENTITY, (node,)))

    def compare(self, sign: str, a: Any, b: Any) -> Any:
        """The condition of a comparison, or a bool if both sides are constants."""
        return self._decided(self.graph.record(CONDITIONS[sign], (self.operand(a), self.operand(b))))

    def join(self, sign: str, a: Any, b: Any) -> Any:
        """Two conditions joined by & or |."""
        op = BOTH if sign == "&" else EITHER
        return self._decided(self.graph.record(op, (self._condition(a, sign), self._condition(b, sign))))

    def _decided(self, node: int) -> Any:
        self.remember_scope(node)
        number = self.graph.numbers.get(node)
        return Condition(self, node) if number is None else bool(number)

    def detached(self, x: Any) -> Symbol:
        """The same number as ``x``, without a gradient."""
        return self._made(IDENTITY, (self.operand(x),))

    def gradients(self, y: Any, xs: Sequence[Any], record: bool) -> tuple[Symbol, ...]:
        """The derivatives of a traced number by others; without ``record`` no gradient flows through them."""
        wanted = [self.operand(x) for x in xs]
        for x, node in zip(xs, wanted, strict=True):
            if isinstance(x, Parameter) and not x.requires_grad:
                x.backward()  # which says that it is frozen
            if node in self.graph.numbers:
                raise TraceError(
                    f"gradients by {x!r}{source_line()}: in a compiled function a plain number is nothing to "
                    f"differentiate by. Make it a Value before y is computed from it, or give it as an argument"
                )
        from .recorded import recorded  # here: few functions need it, and importing autograd stays fast

        found = recorded(self.graph, self.operand(y), wanted, self._parameter_at)
        if not (record and current().recording):
            found = [self.graph.record(IDENTITY, (node,)) for node in found]
        return tuple(Symbol(self, node) for node in found)

    def alias(self, x: Any) -> Symbol:
        """The same number as ``x``, as a node of its own to differentiate by."""
        return Symbol(self, self._alias(self.operand(x)))

    def _alias(self, node: int) -> int:
        self._aliases += 1
        return self.graph.alias(node, self._aliases)

    def random(self, rng: Any) -> Symbol:
        """A number that ``rng.random()`` gives anew for each sample of each replay."""
        _, asked = self.generators.setdefault(id(rng), (rng, []))
        node = self.graph.leaf("input", ("mask", list(self.generators).index(id(rng)), len(asked)))
        asked.append(node)
        self.labels[node] = "random"
        return Symbol(self, node)

    def buffer(self, array: Any, k: int) -> Symbol:
        """The number that ``array[k]`` (float64, changed only in place) is at each replay; no gradient flows there."""
        _, nodes = self.buffers.setdefault(id(array), (array, []))
        if self.noting is not None:
            self.noting.live(array)
        node = self.graph.leaf("buffer", (list(self.buffers).index(id(array)), k))
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
            return self.graph.constant(float(x))
        if kind is Parameter:
            return self._parameter(x)
        if isinstance(x, Value):
            return self._taken(x)
        if isinstance(x, _Traced):
            if x._tracer is not self:
                raise outlived()
            if isinstance(x, Symbol):
                return x._node
            return self.graph.record(where, (x._node, self.graph.constant(1.0), self.graph.constant(0.0)))
        return self.graph.constant(number_beside(x, "a formula of Values"))

    def _condition(self, x: Any, what: str) -> int:
        said = truth(x)
        if said is not None:
            return self.graph.constant(float(said))
        if isinstance(x, Condition) and x._tracer is self:
            return x._node
        if isinstance(x, _Traced) and x._tracer is not self:
            raise outlived()
        raise TypeError(
            f"the condition of {what} is a comparison, as in where(x > 0, a, b), got {type(x).__name__}: {x!r}"
        )

    def _parameter(self, parameter: Parameter) -> int:
        node = self.parameters.get(parameter)
        if node is None:
            address = self.address(parameter.store, parameter.slot)
            node = self.parameters[parameter] = self.graph.leaf("parameter", address)
        return node

    def _parameter_at(self, address: int) -> int:
        """The leaf of a parameter that a product names."""
        for owner in self.products:
            store, begin, end = owner.place()
            first = self.address(store, begin)
            if first <= address < first + end - begin:
                found = owner if isinstance(owner, Parameter) else owner.array().face(begin + address - first)
                return self._parameter(found)
        raise AssertionError("every line of a product is of parameters that are noted")

    def address(self, store: Store, slot: int) -> int:
        """A slot as a number, by which equal steps in memory are equal steps."""
        return (self.stores.setdefault(store, len(self.stores)) << 40) + slot

    def is_frozen(self, address: int) -> bool:
        """Whether the parameter at such an address is frozen."""
        number, slot = address >> 40, address & ((1 << 40) - 1)
        frozen = next(store.frozen for store, known in self.stores.items() if known == number)
        return frozen is not None and bool(frozen[slot])

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
            node = self.graph.record(value.op, tuple(self._values[arg] for arg in value.args))
            return node if value.requires_grad else self.graph.record(IDENTITY, (node,))
        if isinstance(value, Constant) or self._is_ours(value):
            if self.noting is not None and value.op is None:
                self.noting.number(value)
            node = self.graph.constant(value._data)
            # A Value that was made inside is there to be differentiated by, or it would be a plain number.
            return node if isinstance(value, Constant) else self._alias(node)
        raise foreign(value)

    # Text

    def describe(self, node: int) -> str:
        """A node in an error message."""
        if node >= len(self.graph):
            return "a number of an earlier trace"
        place = f" in {self.scopes[node]}" if node in self.scopes else ""
        return f"{self._name(node)}{place}"

    def _name(self, node: int) -> str:
        kind, args = self.graph.kinds[node], self.graph.args[node]
        if node in self.labels:
            return repr(self.labels[node])
        if node in self.graph.numbers:
            return f"{self.graph.numbers[node]!r}"
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
