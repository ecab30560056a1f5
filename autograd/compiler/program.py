"""Programs: functions of one sample, traced once and replayed for batches."""

from __future__ import annotations

import operator
import threading
import time
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..backprop import sweep
from ..nn import structure
from ..nn.statistics import given
from ..parameter import Parameter
from ..value import Value
from .arguments import argument_names, as_arrays, layout_of, refuse_nonfinite, refuse_other_layout, sample_of
from .backend import Backend, Executable, Failure, Floats, Run
from .choice import NAMES, backend_called
from .diagnosis import diagnose
from .lower import Goal
from .masks import draw, rewound, states_of
from .notice import one_compile
from .observing import hand_over, observed_of
from .report import report
from .specialisation import Specialisation
from .tape import InputArray

BackendName = Literal["auto", "numpy", "llvm"]


def compile(function: Callable[..., Any] | None = None, backend: BackendName = "auto") -> Any:
    """Make a program of a function that is written for one sample; also a decorator, also for a model.

    Args:
        function: takes the numbers of one sample (for an array of shape (batch,) one number, for (batch, k) a list of
            k) and returns one number, such as a loss, or a list of them. It may call models and use Parameters, which
            stay live.
        backend: "llvm" (machine code, needs the extra ``fast``), "numpy", or "auto": the first that works.

    Returns:
        A `Program`. It traces the function at its first call.

    >>> import numpy as np
    >>> from autograd import Parameter, compile
    >>> w = Parameter(3.0)
    >>> program = compile(lambda x, y: (w * x - y) ** 2, backend="numpy")
    >>> program.backward(np.array([1.0, 2.0]), np.array([2.0, 4.0])), w.grad
    (2.5, 5.0)
    """
    if function is None:
        return lambda function: Program(function, backend)
    return Program(function, backend)


class _Bound:
    """A run that is ready for certain arrays, and what must not have changed since."""

    __slots__ = (
        *(
            "arguments",
            "arrays",
            "first",
            "generators",
            "goal",
            "observed",
            "run",
            "specialisation",
            "states",
            "store",
            "version",
        ),
    )

    def __init__(
        self, goal: Goal, specialisation: Specialisation, arguments: Any, arrays: Any, run: Run, store: Any
    ) -> None:
        self.goal, self.specialisation, self.arguments, self.arrays = goal, specialisation, arguments, arrays
        self.run = run
        self.version = structure.structure_version()
        self.store = store
        self.first = specialisation.trace.parameters[0] if store is not None else None
        self.generators = specialisation.trace.generators
        self.observed: Floats | None = None
        self.states: list[Any] = []

    def is_for(self, arguments: tuple[Any, ...]) -> bool:
        """Whether it can run for these arguments as it is."""
        mine = self.arguments
        return (
            len(arguments) == len(mine)
            and arguments[0] is mine[0]
            and arguments[-1] is mine[-1]
            # Only here for more than two: the loop takes 0.1 µs, twice as long as the lines above.
            and (len(mine) < 3 or all(map(operator.is_, arguments, mine)))
            and self.version == structure._version  # asking by a call takes 0.04 µs more
            and (self.first is None or self.first.store is self.store)
        )


class Program:
    """A function of one sample that runs for batches, forward and backward; `compile` makes it.

    Arrays have the shape (batch,) or (batch, k) and are converted to float64; C-contiguous float64 arrays are used as
    they are, and a call with the very arrays of the last call saves all checks of their form (their numbers may have
    changed). All threads may call it; calls wait for each other. A pickled program is traced anew where it is loaded.

    Raises, at any call:
        TraceError: the function can't be traced; the message says why and gives the cure.
        ShapeError, TypeError: the arrays don't fit each other or the first call's.
        ValueError: NaN or infinity in the data.
        DomainError: a sample leaves the domain of an operation; the message names both.
        NonFiniteError: the mean loss or a gradient is NaN or infinite; no parameter or gradient has changed.

    >>> import numpy as np
    >>> square = Program(lambda x: x * x, "numpy"); square(np.array([1.0, 2.0, 3.0]))
    array([1., 4., 9.])
    """

    def __init__(self, function: Callable[..., Any], backend: BackendName = "auto") -> None:
        if not callable(function):
            raise TypeError(
                f"autograd.compile takes a function of one sample, got {type(function).__name__}: {function!r}"
            )
        if backend not in NAMES:
            raise ValueError(f"{backend!r} is no backend; known: {', '.join(NAMES)}")
        self.function = function
        self._wanted = backend
        self._forget()

    def _forget(self) -> None:
        self._lock = threading.RLock()
        self._backend: Backend | None = None
        self._layout: tuple[InputArray, ...] | None = None
        self._specialisations: list[Specialisation] = []
        self._bound: dict[Goal, _Bound] = {}
        self._names: dict[int, list[str]] = {}

    # What it computes

    def __call__(self, *arguments: Any) -> NDArray[np.float64]:
        """The results of all samples, shape (batch,), or (batch, outputs) where the function returns a list."""
        with self._lock:
            bound = self._ready("values", arguments)
            results: Floats = self._run(bound)
            return results[:, 0] if bound.specialisation.trace.single else results

    def backward(self, *arguments: Any) -> float:
        """The mean of the results (the loss); the gradient of that mean is added to the parameters' ``grad``."""
        with self._lock:
            bound = self._bound.get("parameters")
            if bound is None or not bound.is_for(arguments):
                bound = self._bind("parameters", arguments)
            if bound.generators:
                self._draw(bound)
            try:
                loss: float = bound.run()
            except Failure:
                error = self._diagnosed(bound)
            else:
                store = bound.store
                if store is not None:
                    store.reached = store.sweeps
                if bound.observed is not None:
                    hand_over(bound.specialisation.trace, bound.observed, len(bound.arrays[0]))
                return loss
        raise error

    def gradients(self, *arguments: Any) -> tuple[NDArray[np.float64], ...]:
        """The gradient of each sample's result by its inputs: an array for each argument, of the same shape.

        Where samples depend on each other (`nn.BatchNorm` in training), that of the sum of all results.

        >>> import numpy as np
        >>> Program(lambda x: x[0] * x[1], "numpy").gradients(np.array([[2.0, 3.0]]))
        (array([[3., 2.]]),)
        """
        with self._lock:
            bound = self._ready("inputs", arguments)
            adjoints: Floats = self._run(bound)
        columns = np.cumsum([array.columns for array in self._layout or ()])
        parts = np.split(adjoints[:, : columns[-1]], columns[:-1], axis=1)
        return tuple(
            np.ascontiguousarray(part).reshape(array.shape)
            for part, array in zip(parts, bound.arrays[: len(parts)], strict=True)
        )

    def inspect(self, *arguments: Any, sample: int = 0) -> Any:
        """The graph of one sample, as eager code builds it, with every adjoint in place: ready to be drawn.

        Parameters keep their gradients, and random masks are those that the next replay draws for this sample (they
        are not used up). What a sample learns of the others (`nn.BatchNorm` in training) is a constant in its graph.
        Returns what the function returns: a Value, or a list of them (then without adjoints).

        >>> import numpy as np
        >>> y = Program(lambda x: x * x, "numpy").inspect(np.array([1.0, 3.0]), sample=1)
        >>> y, y.args[0].grad
        (Value(data=9.0, grad=1.0), 6.0)
        """
        names = argument_names(self.function, len(arguments))
        arrays = as_arrays(arguments, names)
        refuse_nonfinite(arrays, names)
        row = _row(sample, len(arrays[0]))
        with self._lock:
            specialisation = self._specialise(layout_of(arrays, names))
            trace, generators = specialisation.trace, specialisation.trace.generators
            observed = observed_of(specialisation, arrays)
            with rewound(generators, states_of(generators)):
                masks = [array.columns for array in trace.arrays if array.kind == "mask"]
                draw(generators, [np.empty((row, columns)) for columns in masks])
                with given(observed):
                    result = self.function(*sample_of(arrays, names, row))
        if isinstance(result, Value) and result.requires_grad:
            _mark(result)
        return result

    def explain(self) -> str:
        """What was traced and what it was compiled to, as text.

        >>> print(Program(abs, "numpy").explain())
        abs: nothing is compiled yet
          nothing is traced yet: call the program with data first
        """
        return report(self._name(), self._backend, self._specialisations)

    def _name(self) -> str:
        return getattr(self.function, "__name__", None) or type(self.function).__name__

    def __repr__(self) -> str:
        return f"Program({self.function!r}, backend={self._wanted!r})"

    def __getstate__(self) -> Any:
        return self.function, self._wanted

    def __setstate__(self, state: Any) -> None:
        self.function, self._wanted = state
        self._forget()

    # For training

    def trace(self, *arrays: Floats) -> Specialisation:
        """The trace for C-contiguous float64 arrays, made if there is none that is still good."""
        with self._lock:
            return self._specialise(layout_of(arrays, argument_names(self.function, len(arrays))))

    def executable(self, goal: Goal, specialisation: Specialisation) -> Executable:
        """The code of a trace for a goal, compiled if it isn't yet."""
        with self._lock:
            return specialisation.executable(goal, self._chosen_backend())

    # How it gets there

    def _ready(self, goal: Goal, arguments: tuple[Any, ...]) -> _Bound:
        bound = self._bound.get(goal)
        return bound if bound is not None and bound.is_for(arguments) else self._bind(goal, arguments)

    def _draw(self, bound: _Bound) -> None:
        bound.states = states_of(bound.generators)
        draw(bound.generators, bound.arrays[-len(bound.generators) :])

    def _run(self, bound: _Bound) -> Any:
        if bound.generators:
            self._draw(bound)
        try:
            return bound.run()
        except Failure:
            error = self._diagnosed(bound)
        raise error

    def _bind(self, goal: Goal, arguments: tuple[Any, ...]) -> _Bound:
        """Trace and compile if need be, and connect the code with the arrays."""
        with one_compile(self._name()):
            return self._bound_anew(goal, arguments)

    def _bound_anew(self, goal: Goal, arguments: tuple[Any, ...]) -> _Bound:
        if len(arguments) not in self._names:  # asking takes 10 µs, a fifth of a call with new arrays
            self._names[len(arguments)] = argument_names(self.function, len(arguments))
        names = self._names[len(arguments)]
        arrays = as_arrays(arguments, names)
        specialisation = self._specialise(layout_of(arrays, names))
        for module in specialisation.trace.modules:
            module.check_batch(len(arrays[0]))
        if goal != "values":
            _refuse_lists(specialisation)
        executable = specialisation.executable(goal, self._chosen_backend())
        home = specialisation.home()
        assert home is not None
        store, data, grad = home
        if store is not None and goal == "parameters" and store.accelerate is None:
            store.accelerate = getattr(self._chosen_backend(), "accelerate", None)
        columns = [array.columns for array in specialisation.trace.arrays if array.kind == "mask"]
        arrays += tuple(np.empty((len(arrays[0]), n)) for n in columns)
        start = time.perf_counter()
        trace = specialisation.trace
        observed = np.empty(len(trace.observed)) if trace.observed and goal == "parameters" else None
        run = executable.bind(arrays, data, grad, trace.buffers, observed)
        bound = _Bound(goal, specialisation, arguments, arrays, run, store)
        bound.observed = observed
        specialisation.compile_seconds[goal] += time.perf_counter() - start
        if all(map(operator.is_, arguments, arrays)):  # a converted copy wouldn't see later changes
            self._bound[goal] = bound
        return bound

    def _specialise(self, layout: tuple[InputArray, ...]) -> Specialisation:
        """The trace that is good now: for the modules as they are, and the parameters where they lie."""
        if self._layout is not None:
            refuse_other_layout(self._layout, layout)
        for known in self._specialisations:
            if known.is_current():
                return known
        new = Specialisation.of(self.function, layout)
        for older in self._specialisations:
            new.inherit(older)
        self._specialisations = [new, *(s for s in self._specialisations if s.modes != new.modes)]
        self._layout = layout
        self._bound.clear()
        return new

    def _chosen_backend(self) -> Backend:
        if self._backend is None:
            self._backend = backend_called(self._wanted)
        return self._backend

    def _diagnosed(self, bound: _Bound) -> Exception:
        assert self._layout is not None
        names = [array.name for array in self._layout]
        arrays = bound.arrays[: len(names)]
        refuse_nonfinite(arrays, names)
        with rewound(bound.generators, bound.states):
            observed = observed_of(bound.specialisation, arrays)
            return diagnose(self.function, arrays, names, bound.goal != "values", observed)


def _refuse_lists(specialisation: Specialisation) -> None:
    results = len(specialisation.trace.results)
    if results != 1:
        raise TypeError(
            f"only one number for each sample can be differentiated, but the function returns a list of {results}; "
            f"return their sum, or the loss that is computed from them"
        )


def _row(sample: Any, samples: int) -> int:
    if isinstance(sample, bool) or not isinstance(sample, int | np.integer):
        raise TypeError(f"sample is the number of a row, got {type(sample).__name__}: {sample!r}")
    if not -samples <= sample < samples:
        raise IndexError(f"sample {sample} is not among the {samples} samples; they are counted from 0")
    return int(sample) % samples


def _mark(root: Value) -> None:
    """Show every adjoint of a sweep in its node, but leave parameters as they are."""
    steps = list(sweep(root))
    for step in steps:
        if not isinstance(step.node, Parameter):
            step.node.grad = step.adjoint
