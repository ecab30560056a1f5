"""Tracing: run a function once on symbols, and keep what it computed as a graph."""

from __future__ import annotations

import gc
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...calls import answer
from ...checks import real_number
from ...errors import TraceError
from ...scopes import Scope, _current, current
from ...store import Place, Span, Store
from ...value import Value
from ..backend import InputArray
from ..graph.conditions import ALIAS
from ..graph.graph import TOTALS, Graph
from ..graph.runs import Line
from .guards import Guard, Guards
from .noting import Noting
from .symbol import Condition, Symbol
from .tracer import Tracer

RUNNING: list[Tracer] = []
"""The traces of all threads that are being made: while there is none, nobody need ask whether one is going on."""


@dataclass(frozen=True)
class Trace:
    """What a function computes for one sample."""

    guards: Guards
    """What the function read."""
    graph: Graph
    results: tuple[int, ...]
    single: bool
    """Whether the function returned one number, not a list."""
    arrays: tuple[InputArray, ...]
    span: Span
    """The parameters as the graph numbers them: all of each array that was met, and of the modules called."""
    generators: tuple[Any, ...]
    """The random generators of the arrays of kind "mask", in their order."""
    modules: tuple[Any, ...]
    """The modules that were called, each once."""
    modes: tuple[bool, ...]
    """Whether each module was in training mode."""
    frozen: tuple[tuple[int, int], ...]
    """Which of the span is frozen, as runs of positions: no gradient flows there."""
    buffers: tuple[NDArray[np.float64], ...] = ()
    """Arrays that are read at each run."""
    observed: tuple[int, ...] = ()
    """Numbers of a batch that somebody wants to know."""
    observers: tuple[tuple[Callable[[list[float], int], None] | None, int], ...] = ()
    """Who wants to know, and how many of the numbers each."""


def trace(function: Callable[..., Any], arrays: Sequence[InputArray]) -> Trace:
    """Run ``function`` on symbols, twice, and return what it computes.

    Raises:
        TraceError: it asks a traced number for its value, returns something else than numbers that were computed from
            its arguments or parameters, or does something else the second time (hidden randomness).

    >>> traced = trace(lambda x: x * 2.0 + 1.0, [InputArray("x", 1, scalar=True)])
    >>> len(traced.graph), traced.results
    (5, (4,))
    """
    noting = Noting(Guards())
    tracer = Tracer(noting)
    with collector_off():
        with noting.at_work(function):
            results, single = _run(tracer, function, arrays)
        size = len(tracer.graph)
        tracer.restart()
        again, _ = _run(tracer, function, arrays)
    if len(tracer.graph) > size or again != results:
        raise _randomness(tracer, size)
    noting.guards.begin()
    masks = tuple(_number_masks(tracer, sum(array.columns for array in arrays)))
    span = _number_parameters(tracer)
    buffers = _number_buffers(tracer, span.size)
    return Trace(
        guards=noting.guards,
        graph=tracer.release(),
        results=results,
        single=single,
        arrays=(*arrays, *masks),
        span=span,
        generators=tuple(rng for rng, _ in tracer.generators.values()),
        modules=tuple(tracer.modules.values()),
        modes=tuple(module.training for module in tracer.modules.values()),
        frozen=_frozen(noting.guards, span),
        buffers=buffers,
        observed=tuple(node for _, nodes in tracer.observed for node in nodes),
        observers=tuple((receiver, len(nodes)) for receiver, nodes in tracer.observed),
    )


@contextmanager
def collector_off() -> Iterator[None]:
    """Compiling makes many objects and no cycles; the cyclic collector would only look through them again and again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _run(tracer: Tracer, function: Callable[..., Any], arrays: Sequence[InputArray]) -> tuple[tuple[int, ...], bool]:
    outer = current()
    RUNNING.append(tracer)
    token = _current.set(Scope(place=outer.place or outer, prefix=outer.prefix, trace=tracer))
    try:
        returned = _called(function, list(_arguments(tracer, arrays)))
        return _results(tracer, returned)
    finally:
        _current.reset(token)
        RUNNING.remove(tracer)


def _called(function: Callable[..., Any], arguments: list[Any]) -> Any:
    try:
        return function(*arguments)
    except TypeError as error:
        answer(error, function, arguments, {}, ". A program is called with an array for each of these")
        raise


def _arguments(tracer: Tracer, arrays: Sequence[InputArray]) -> Iterator[Any]:
    column = 0
    for array in arrays:
        labels = [array.name] if array.scalar else [f"{array.name}[{k}]" for k in range(array.columns)]
        symbols = [tracer.input(column + k, label) for k, label in enumerate(labels)]
        column += array.columns
        yield symbols[0] if array.scalar else symbols


def _results(tracer: Tracer, returned: Any) -> tuple[tuple[int, ...], bool]:
    several = isinstance(returned, list | tuple)
    items = list(returned) if several else [returned]
    if not items:
        raise TraceError("the compiled function returned an empty list; return a number or a list of numbers")
    nodes = tuple(_result(tracer, item, f"item {i} of its list" if several else "it") for i, item in enumerate(items))
    return nodes, not several


def _result(tracer: Tracer, item: Any, what: str) -> int:
    cure = "return what was computed from its arguments or from parameters"
    if isinstance(item, Condition):
        raise TraceError(
            f"the compiled function must return numbers, but {what} is {item.describe()}; "
            f"return where(condition, 1.0, 0.0)"
        )
    if isinstance(item, Symbol | Value):
        node, graph = tracer.operand(item), tracer.graph
        number = graph.numbers.get(graph.args[node][0] if graph.kinds[node] is ALIAS else node)
        if number is not None:
            raise TraceError(
                f"the compiled function must compute something, but {what} is the constant "
                f"{number!r} whatever the arguments are; {cure}"
            )
        return node
    if item is None:
        raise TraceError(f"the compiled function must return a number, but {what} is None; is a `return` missing?")
    try:
        number = real_number(item)
    except TypeError:
        raise TraceError(
            f"the compiled function must return a number or a flat list of numbers, but {what} is "
            f"{type(item).__name__}: {item!r}; {cure}"
        ) from None
    raise TraceError(
        f"the compiled function must compute something, but {what} is the number {number!r} whatever the arguments "
        f"are; {cure}"
    )


def _randomness(tracer: Tracer, size: int) -> TraceError:
    """The error for a second run that computed something else; ``size`` is how many nodes the first one made."""
    new = range(size, len(tracer.graph))
    other = next((node for node in new if tracer.graph.kinds[node] == "parameter"), None)
    if other is not None:
        return TraceError(
            f"the compiled function did something else when it was traced a second time: it used another Parameter, "
            f"{tracer.describe(other)}. One that is made each time it runs, alone or in a module, can't be trained. "
            f"Make the Parameter or the module before, and use always that one in the function"
        )
    numbers = [tracer.graph.numbers[node] for node in new if node in tracer.graph.numbers]
    what = (
        f"the number {numbers[0]!r} is new" if numbers else f"{tracer.describe(new[0])} is new" if new else "its result"
    )
    return TraceError(
        f"the compiled function did something else when it was traced a second time ({what}), so it depends on "
        f"something hidden: random numbers, the clock, or a list that it changes. Random numbers drawn while tracing "
        f"would be frozen: draw them before and give them as an argument, or use nn.Dropout"
    )


def _number_masks(tracer: Tracer, column: int) -> Iterator[InputArray]:
    """Give the random numbers their columns, behind the arguments' own; an array for each generator."""
    for number, (_, nodes) in enumerate(tracer.generators.values()):
        for k, node in enumerate(nodes):
            tracer.graph.payload[node] = column + k
        column += len(nodes)
        yield InputArray(f"mask {number}", len(nodes), scalar=False, kind="mask")


def _number_parameters(tracer: Tracer) -> Span:
    """Give the parameters their slots, in memory order.

    Neighbours in their arrays, and parameters of the modules called that the function doesn't use, come along: so the
    span is often one run of memory, and the same as that of an optimizer of the model.
    """
    owners = dict.fromkeys([p._home or p for p in tracer.parameters]) | tracer.products
    span = Span([*(owner.place() for owner in owners), *tracer.totals, *_places_of(tracer.modules.values())])
    runs = sorted((tracer.address(store, begin), before) for (store, begin, before) in _runs(span))

    def slot(address: int) -> int:
        begin, before = runs[bisect_right(runs, (address, span.size)) - 1]
        return before + address - begin

    graph = tracer.graph
    for node in set(tracer.parameters.values()):  # a face whose array nobody held may have been made anew
        graph.payload[node] = slot(graph.payload[node])
    for node, payload in graph.payload.items():
        if graph.kinds[node] in TOTALS:
            graph.payload[node] = slot(payload[0]), payload[1]
    for node, known in graph.lines.items():
        graph.lines[node] = tuple([Line(slot(line.slot), line.step) for line in known])
    return span


def _frozen(guards: Guards, span: Span) -> tuple[tuple[int, int], ...]:
    """Which of the parameters are frozen; their stores tell when that changes."""
    frozen = span.frozen()
    for store in {place.store for place in span.places}:
        guards.tell(Guard(store, "frozen", frozen, span.frozen, "which parameters are frozen (positions)"))
    return frozen


def _runs(span: Span) -> Iterator[tuple[Store, int, int]]:
    before = 0
    for store, begin, end in span.places:
        yield store, begin, before
        before += end - begin


def _places_of(modules: Iterable[Any]) -> Iterator[Place]:
    """Where the parameters of modules lie; an outer module is called before the inner ones and has theirs."""
    covered: set[int] = set()
    for module in modules:
        if id(module) not in covered:
            covered.update(map(id, module.modules()))
            yield from module.parameters().places()


def _number_buffers(tracer: Tracer, slot: int) -> tuple[NDArray[np.float64], ...]:
    """Give each number of the buffers a slot, those of one array side by side."""
    for array, nodes in tracer.buffers.values():
        for node in nodes:
            tracer.graph.payload[node] = slot + tracer.graph.payload[node][1]
        slot += array.size
    return tuple(array for array, _ in tracer.buffers.values())
