"""Specialisations: each is one trace of a function, for one state of what it reads, and what was compiled from it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from operator import is_
from typing import TYPE_CHECKING, Any

from ..calls import warn
from ..errors import ShapeError
from ..optim.stepping import offers
from .arguments import Signature, about_one_sample
from .backend import Backend, Executable, Floats, Goal, InputArray, backend_called
from .binding import Bound
from .notice import Notice
from .trace.run import Trace, collector_off, trace

if TYPE_CHECKING:
    from .tape import Tape

_MANY = 10
"""Traces for one reason after which that is said."""
_KEPT = 4
"""Traces that a program keeps: those of train and eval mode, and what else is switched to and fro."""


@dataclass
class Specialisation:
    """What a program keeps of one trace."""

    trace: Trace
    trace_seconds: float
    reasons: tuple[str, ...]
    notice: Notice
    """Of what has been compiled last."""
    tapes: dict[Goal, Tape] = field(default_factory=dict)
    executables: dict[Goal, Executable] = field(default_factory=dict)
    bounds: dict[Goal, Bound] = field(default_factory=dict)
    """What runs the executables."""
    compile_seconds: dict[Goal, float] = field(default_factory=dict)

    def seconds(self, goal: Goal) -> float:
        """Time that compiling for a goal has taken so far."""
        return self.compile_seconds[goal] + (self.bounds[goal].seconds if goal in self.bounds else 0.0)

    @classmethod
    def of(
        cls, function: Callable[..., Any], layout: Sequence[InputArray], reasons: Sequence[str], name: str
    ) -> Specialisation:
        """Trace the function; ``reasons`` say why the one before isn't good any more, ``name`` is what it is called."""
        notice = Notice(name)
        with notice.busy("tracing its function"):
            traced = trace(function, layout)
        return cls(traced, notice.seconds, tuple(reasons), notice)

    def is_current(self) -> bool:
        """Whether everything that the function read is as it was."""
        return self.trace.guards.hold()

    def refuse_lists(self) -> None:
        """Raise TypeError where there is more than one number to differentiate."""
        results = len(self.trace.results)
        if results != 1:
            raise TypeError(
                f"only one number for each sample can be differentiated, but the function returns a list of {results}; "
                f"return their sum, or the loss that is computed from them"
            )

    def refuse_frozen(self) -> None:
        """Raise TypeError where all parameters are frozen."""
        if self.trace.frozen and self.trace.span.count_frozen() == self.trace.span.size:
            raise TypeError(
                f"all {self.trace.span.size} parameters that the function reads are frozen (requires_grad = False), "
                f"there is nothing to differentiate by; unfreeze some: module.requires_grad_(True), or "
                f"p.requires_grad = True"
            )

    def inherit(self, older: Specialisation) -> None:
        """Take over what was compiled from an older trace, if that computes the same."""
        if not self.executables and same(self.trace, older.trace):
            self.tapes, self.executables = older.tapes, older.executables
            self.compile_seconds = older.compile_seconds

    def executable(self, goal: Goal, backend: Backend) -> Executable:
        """The compiled code for a goal, compiled at its first use."""
        from .pipeline import to_tape  # here: importing autograd doesn't wait for what only compiling needs

        if goal not in self.executables:
            if self.executables:
                self.notice = Notice(self.notice.name)
            start = time.perf_counter()
            with collector_off(), self.notice.here():
                with self.notice.busy(f"planning {len(self.trace.graph):,} nodes"):
                    tape = to_tape(self.trace, goal)
                executable = backend.build(tape)
            self.tapes[goal], self.executables[goal] = tape, executable
            self.compile_seconds[goal] = time.perf_counter() - start
        return self.executables[goal]

    def bound(self, goal: Goal, backend: Backend, signature: Signature) -> Bound:
        """The code for a goal, connected with the parameters."""
        if goal not in self.bounds:
            executable = self.executable(goal, backend)
            self.bounds[goal] = Bound(goal, self.trace, self.tapes[goal], executable, signature, self.notice)
            if goal == "parameters":
                offers.add(self.trace.span.places, backend.step)
        return self.bounds[goal]


class Specialisations:
    """Those that a program keeps of its function, the newest first: a function is traced anew when it must be."""

    def __init__(self, function: Callable[..., Any], wanted: str) -> None:
        self._function, self._wanted = function, wanted
        self.backend: Backend | None = None
        """None before it is needed."""
        self.bounds: dict[Goal, Bound] = {}
        """What was run last for each goal, perhaps of a trace that isn't good any more."""
        self.name: str = getattr(function, "__name__", None) or type(function).__name__
        self.signature = Signature(function)
        self.known: list[Specialisation] = []
        self._traced_for: Counter[str] = Counter()

    @property
    def newest(self) -> Specialisation | None:
        """What was traced last."""
        return self.known[0] if self.known else None

    def current(self, arrays: tuple[Floats, ...]) -> Specialisation:
        """The one that is good now, made if there is none."""
        for known in self.known:
            if known.is_current():
                return known
        layout = self.signature.layout_of(arrays)
        reasons = self.known[0].trace.guards.why() if self.known else []
        self._warn_of_traces(reasons)
        try:
            new = Specialisation.of(self._function, layout, reasons, self.name)
        except ShapeError as error:
            error.args = (f"{error}{about_one_sample(arrays, layout)}",)
            raise
        for older in self.known:
            new.inherit(older)
        self.known = [new, *self.known[: _KEPT - 1]]
        self.bounds.clear()
        self.signature.layout = layout
        return new

    def bind(self, goal: Goal, arguments: tuple[Any, ...]) -> Bound:
        """What runs a goal from now on: traced and compiled if need be."""
        specialisation = self.current(self.signature.arrays(arguments))
        if goal != "values":
            specialisation.refuse_lists()
        if goal == "parameters":
            specialisation.refuse_frozen()
        bound = self.bounds[goal] = specialisation.bound(goal, self.chosen_backend(), self.signature)
        return bound

    def chosen_backend(self) -> Backend:
        """The backend, found at its first use."""
        if self.backend is None:
            self.backend = backend_called(self._wanted)
        return self.backend

    def _warn_of_traces(self, reasons: Iterable[str]) -> None:
        for reason in reasons:
            what = reason.partition(" went ")[0]
            self._traced_for[what] += 1
            if self._traced_for[what] == _MANY:
                warn(
                    f"{self.name} has been traced {_MANY} times anew because of {what} (last: {reason}), which "
                    f"takes much longer than a step. Make a number that changes all the time an argument of the "
                    f"function, or a Parameter that it reads as p.detach()"
                )


def same(a: Trace, b: Trace) -> bool:
    """Whether two traces compute the same from the same parameters."""
    return (
        (a.arrays, a.results, a.single, a.observed) == (b.arrays, b.results, b.single, b.observed)
        and a.graph.args == b.graph.args
        and a.graph.kinds == b.graph.kinds
        and a.graph.lines == b.graph.lines
        and all(x == y or x != x for x, y in zip(a.graph.payload.values(), b.graph.payload.values(), strict=True))
        and a.span.places == b.span.places
        and a.frozen == b.frozen
        and all(map(is_, a.generators, b.generators))
        and len(a.buffers) == len(b.buffers)
        and all(map(is_, a.buffers, b.buffers))
    )
