"""Programs: functions of one sample, traced once and replayed for batches."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..calls import public, shorten
from ..cures import PROGRAMS, Answering, answer_absent
from .arguments import is_one_sample, refuse_nested, refuse_nonfinite
from .backend import NAMES, Executable, Failure, Floats, Goal
from .binding import Bound
from .samples import diagnose, graph_of
from .specialisation import Specialisation, Specialisations
from .trace.run import RUNNING

BackendName = Literal["auto", "numpy", "llvm"]


class Program(Answering):
    """A function of one sample that runs for batches, forward and backward; `compile` makes it.

    Arrays have the shape (batch,) or (batch, k). C-contiguous float64 arrays are read where they lie; others, and
    lists, are converted at each call. No array is remembered. All threads may call it; calls wait for each other. A
    pickled program is traced anew where it is loaded.

    Raises, at any call:
        TraceError: the function can't be traced; the message says why and gives the cure.
        ShapeError, TypeError: the arrays don't fit each other or the first call's.
        ValueError: NaN or infinity in the data.
        DomainError: a sample leaves the domain of an operation, or a loss refuses its label; the message names both.
        NonFiniteError: the mean loss, a gradient or the result behind it is NaN or infinite; no parameter or gradient
            has changed.

    >>> import numpy as np
    >>> square = Program(lambda x: x * x, "numpy"); square(np.array([1.0, 2.0, 3.0]))
    array([1., 4., 9.])
    """

    @public
    def __init__(self, function: Callable[..., Any], backend: BackendName = "auto") -> None:
        if not callable(function):
            raise TypeError(
                f"autograd.compile takes a function of one sample, got {type(function).__name__}: {function!r}"
            )
        if not isinstance(backend, str) or backend not in NAMES:
            raise ValueError(f"{backend!r} is no backend; known: {', '.join(NAMES)}")
        self.function = function
        self._wanted = backend
        self._forget()

    def _forget(self) -> None:
        self._lock = threading.RLock()
        self._specialisations = Specialisations(self.function, self._wanted)
        self._signature, self._bounds = self._specialisations.signature, self._specialisations.bounds

    # What it computes

    def __call__(self, *arguments: Any) -> NDArray[np.float64]:
        """The results of all samples, shape (batch,), or (batch, outputs) where the function returns a list.

        Called with the Values or traced numbers of one sample, as another compiled function does, it is the function.
        """
        try:
            with self._lock:
                if arguments and type(arguments[0]) is not np.ndarray and is_one_sample(arguments):
                    result: Floats = self.function(*arguments)
                    return result
                results: Floats
                bound, results = self._run("values", arguments)
                return results[:, 0] if bound.trace.single else results
        except Exception as error:
            shorten(error)
            raise

    def backward(self, *arguments: Any) -> float:
        """The mean of the results (the loss); the gradient of that mean is added to the parameters' ``grad``."""
        try:
            with self._lock:
                loss: float
                bound, loss = self._run("parameters", arguments)
                bound.report()
                return loss
        except Exception as error:
            shorten(error)
            raise

    @public
    def gradients(self, *arguments: Any) -> tuple[NDArray[np.float64], ...]:
        """The gradient of each sample's result by its inputs: an array for each argument, of the same shape.

        Where samples depend on each other (`nn.BatchNorm` in training), that of the sum of all results.

        >>> import numpy as np
        >>> Program(lambda x: x[0] * x[1], "numpy").gradients(np.array([[2.0, 3.0]]))
        (array([[3., 2.]]),)
        """
        with self._lock:
            adjoints: Floats
            _, adjoints = self._run("inputs", arguments)
        return self._signature.split(adjoints)

    @public
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
        refuse_nested(arguments)
        with self._lock:
            arrays, names = self._finite(arguments)
            return graph_of(self.function, self._specialisations.current(arrays).trace, arrays, names, sample)

    @public
    def explain(self, stage: str | None = None, goal: Goal | None = None, most: int = 200) -> str:
        """What was traced and what it was compiled to, as text; or what one stage of the compiler made of it.

        Args:
            stage: one of "trace", "totals", "dots", "gradients", "tidy", "uniforms", "groups", "fusion", "schedule",
                "reductions", "tape", "code": that stage, computed again from the last trace.
            goal: for a stage: "values" as calling the program computes, "parameters" as `backward` does, "inputs" as
                `gradients` does; by default what was compiled last.
            most: lines of each part that are shown; it is said how many are left out.

        Raises:
            ValueError: no such stage or goal; the message lists them.

        >>> import numpy as np
        >>> print(Program(abs, "numpy").explain())
        abs: nothing is compiled yet
          nothing is traced yet: call the program with data first
        >>> program = Program(lambda x: x * 2.0, "numpy")
        >>> _ = program(np.ones(1))
        >>> print(program.explain(stage="trace"))
        %0 = x0
        %1 = 2.0
        %2 = mul %0 %1
        -> %2
        """
        from .report import explained  # here, as all that only compiling needs: importing autograd stays fast

        with self._lock:
            return explained(self._specialisations, stage, goal, most)

    def __repr__(self) -> str:
        return f"Program({self.function!r}, backend={self._wanted!r})"

    def _repr_html_(self) -> str:
        from ..notebook import of_program

        return of_program(self)

    def __getstate__(self) -> Any:
        return self.function, self._wanted

    def __setstate__(self, state: Any) -> None:
        self.function, self._wanted = state
        self._forget()

    # For training

    def specialise(self, *arrays: Floats) -> Specialisation:
        """The trace for C-contiguous float64 arrays, made if there is none that is still good."""
        with self._lock:
            return self._specialisations.current(self._signature.arrays(arrays))

    @property
    def observed(self) -> Floats:
        """What was observed of the batch of the last `backward`."""
        observed: Floats = self._bounds["parameters"].observed
        return observed

    def executable(self, goal: Goal, specialisation: Specialisation) -> Executable:
        """The code of a trace for a goal, compiled if it isn't yet."""
        with self._lock:
            return specialisation.executable(goal, self._specialisations.chosen_backend())

    # How it gets there

    def _run(self, goal: Goal, arguments: tuple[Any, ...]) -> tuple[Bound, Any]:
        if RUNNING:
            refuse_nested(arguments)
        bound = self._bounds.get(goal)
        if bound is None or not bound.is_current():
            bound = self._specialisations.bind(goal, arguments)
        try:
            return bound, bound(arguments)
        except Failure:
            error = diagnose(self.function, *self._finite(arguments), bound)
        raise error

    def _finite(self, arguments: tuple[Any, ...]) -> tuple[tuple[Floats, ...], list[str]]:
        """The arguments as arrays without NaN and infinities, and what they are called."""
        arrays = self._signature.arrays(arguments)
        names = self._signature.names(len(arrays))
        refuse_nonfinite(arrays, names)
        return arrays, names


answer_absent(Program, "a Program", PROGRAMS)
