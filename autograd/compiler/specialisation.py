"""A specialisation: one trace of a function, for one state of the modules it calls, and what was compiled from it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..nn.structure import build_version
from ..parameter import Parameter, Store, span
from .backend import Backend, Executable, Floats
from .lower import Goal, lower
from .notice import Notice
from .tape import InputArray, Tape
from .trace import Trace, collector_off, trace


@dataclass
class Specialisation:
    """What a program keeps of one trace."""

    trace: Trace
    modes: tuple[bool, ...]
    """Whether each module that was called was in training mode."""
    trace_seconds: float
    version: int
    """`build_version` when the function had been traced."""
    notice: Notice
    """Of what has been compiled last."""
    tapes: dict[Goal, Tape] = field(default_factory=dict)
    executables: dict[Goal, Executable] = field(default_factory=dict)
    compile_seconds: dict[Goal, float] = field(default_factory=dict)
    _home: tuple[Store, Floats, Floats] | None = None

    @classmethod
    def of(cls, function: Callable[..., Any], layout: Sequence[InputArray], name: str) -> Specialisation:
        """Trace the function; ``name`` is what a person calls it."""
        notice = Notice(name)
        with notice.busy("tracing its function"):
            traced = trace(function, layout, order_of_parameters)
        modes = tuple(m.training for m in traced.modules)
        return cls(traced, modes, notice.seconds, build_version(), notice)

    def is_current(self) -> bool:
        """Whether the modules are as they were traced, and in the same modes, and the parameters lie where they did."""
        return (
            self.version == build_version()
            and all(m.training is mode for m, mode in zip(self.trace.modules, self.modes, strict=True))
            and self.home() is not None
        )

    def inherit(self, older: Specialisation) -> None:
        """Take over what was compiled from an older trace, if that computes the same."""
        if self.modes == older.modes and same(self.trace, older.trace):
            self.tapes, self.executables = older.tapes, older.executables
            self.compile_seconds = older.compile_seconds

    def executable(self, goal: Goal, backend: Backend) -> Executable:
        """The compiled code for a goal, compiled at its first use."""
        if goal not in self.executables:
            if self.executables:
                self.notice = Notice(self.notice.name)
            start = time.perf_counter()
            with self.notice.busy(f"planning {len(self.trace.nodes):,} nodes"), collector_off():
                tape = lower(self.trace, goal)
            with self.notice.here():
                executable = backend.build(tape)
            self.tapes[goal], self.executables[goal] = tape, executable
            self.compile_seconds[goal] = time.perf_counter() - start
        return self.executables[goal]

    def home(self) -> tuple[Store | None, Floats, Floats] | None:
        """The store of the parameters, their numbers and gradients; None if they don't lie as the trace has them."""
        parameters = self.trace.parameters
        if not parameters:
            return None, np.zeros(0), np.zeros(0)
        store, begin = parameters[0].store, parameters[0].slot
        # Nothing leaves a store without all of its members, see `pack`: looking at 100,000 again would take 10 ms.
        if self._home is None or self._home[0] is not store:
            end = begin + len(parameters)
            is_whole = lie_in_order(parameters)
            self._home = (store, store.data[begin:end], store.grad[begin:end]) if is_whole else None
        return self._home


def same(a: Trace, b: Trace) -> bool:
    """Whether two traces compute the same from the same parameters."""
    return (
        (a.arrays, a.results, a.single, a.observed) == (b.arrays, b.results, b.single, b.observed)
        and a.nodes.args == b.nodes.args
        and a.nodes.kinds == b.nodes.kinds
        and all(x == y or x != x for x, y in zip(a.nodes.payload.values(), b.nodes.payload.values(), strict=True))
        and len(a.parameters) == len(b.parameters)
        and all(map(_is, a.parameters, b.parameters))
        and all(map(_is, a.generators, b.generators))
        and len(a.buffers) == len(b.buffers)
        and all(map(_is, a.buffers, b.buffers))
    )


def _is(x: Any, y: Any) -> bool:
    return x is y


def lie_in_order(parameters: Sequence[Parameter]) -> bool:
    """Whether parameters stand side by side in one store."""
    store, begin = parameters[0].store, parameters[0].slot
    return all(p.store is store and p.slot == begin + i for i, p in enumerate(parameters))


def order_of_parameters(met: list[Parameter], modules: list[Any]) -> Sequence[Parameter]:
    """The parameters of a trace, in an order in which they lie side by side.

    Where they share a store already (an optimizer has packed them), its order is kept: two holders that each want
    another order would move them to and fro. Else it is that of the modules called. Neighbours that the function
    doesn't use come along.
    """
    if not met:
        return ()
    stores = {p.store for p in met}
    if len(stores) == 1:
        (store,) = stores
        low, high = min(p.slot for p in met), max(p.slot for p in met)
        within = sorted((p for p in store.members() if low <= p.slot <= high), key=lambda p: p.slot)
        if lie_in_order(within):
            return within
    ordered = tuple(dict.fromkeys([*_parameters_of(modules), *met]))
    span(ordered)
    return ordered


def _parameters_of(modules: Iterable[Any]) -> list[Parameter]:
    """All parameters of the modules; an outer module is called before the inner ones and has theirs in its order."""
    found: list[Parameter] = []
    covered: set[int] = set()
    for module in modules:
        if id(module) not in covered:
            covered.update(map(id, module.modules()))
            found += module.parameters()
    return found
