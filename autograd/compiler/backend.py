"""What a backend is: it turns a tape into something that can be bound to arrays and run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..calls import warn

if TYPE_CHECKING:
    from ..optim.rule import Rule
    from ..optim.stepping import Step
    from .tape import Tape

Goal: TypeAlias = Literal["values", "parameters", "inputs"]
"""What a tape is for: the results alone, or also the gradients by the parameters or by the inputs."""
Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]
Run: TypeAlias = Callable[..., Any]
"""One execution: takes an array for each of ``tape.arrays`` (masks too). What it returns depends on the tape:

=============================  ==================================================================================
tape                           result
=============================  ==================================================================================
not seeded                     a new array of shape (samples, len(tape.results))
seeded, no input adjoints      the mean of the results as a float; the mean's gradient is added to ``grad``
seeded, with input adjoints    a new array of shape (samples, columns without the seed + 1): the adjoint of each
                               input, with a seed of 1 for each sample, and the result; all of them finite
=============================  ==================================================================================

It looks at the form of the arrays in each call and remembers none. It returns None, and has done nothing, where one of
them isn't just an ndarray, C-contiguous, float64 in the processor's own byte order, of shape (samples,) or
(samples, columns) as the tape says; also where its memory isn't aligned, or is that of ``grad``. Then somebody must
convert it. It raises `Failure`, with ``grad`` untouched, where it can't vouch for the result.
"""
Bind: TypeAlias = Callable[[int], Run]
"""Gives the run for a number of samples, at least 1. Runs of one binding share memory: they must take turns."""


_FLOAT64 = np.dtype(np.float64)


def is_plain(x: Any) -> bool:
    """Whether a run may take it as it is, see `Run`, the shape aside."""
    return type(x) is np.ndarray and x.dtype == _FLOAT64 and x.flags.c_contiguous and x.flags.aligned


@dataclass(frozen=True, slots=True)
class InputArray:
    """One array that a call brings: its columns, and what it is.

    "data" is an argument of the function, "mask" are uniform random numbers in [0, 1) drawn anew for each replay.
    """

    name: str
    columns: int
    scalar: bool
    """Whether the function sees one number for each sample (an array of shape (batch,)) and not a list."""
    kind: Literal["data", "mask"] = "data"

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one sample."""
        return () if self.scalar else (self.columns,)


class Failure(Exception):  # noqa: N818 (it is caught, never shown)
    """A number in the data isn't finite, an argument is outside a domain, or a mean loss or gradient isn't finite.

    It names nothing: `Program` then replays the batch sample by sample and raises the error that does.
    """


@dataclass(frozen=True)
class Held:
    """What an optimizer holds: the parameters' numbers, and the arrays of its rule in the rule's order; and buffers."""

    data: Floats
    states: tuple[Floats, ...]
    buffers: tuple[Floats, ...] = ()


Train: TypeAlias = Callable[[Integers, Integers, Floats, Integers | None, Floats | None], tuple[int, Floats]]
"""Many steps of an optimizer: takes first sample and number of samples of each, each step's numbers, the order of the
samples, and where to write what is observed. See `llvm.training.Training`."""


class Executable(Protocol):
    """A tape made ready to run. Several threads may bind at the same time, each run what they bound."""

    def bind(
        self, data: Floats, grad: Floats, buffers: tuple[Floats, ...] = (), observed: Floats | None = None
    ) -> Bind:
        """Connect it with its parameters' numbers and gradients, shape (tape.parameters,), views of their store.

        ``buffers`` are arrays with tape.buffers numbers together, read at each run. Each run that succeeds writes what
        the tape observes of the batch into ``observed``.
        """

    def train(self, rule: Rule, arrays: tuple[Floats, ...], held: Held) -> Train | None:
        """Connect it with the samples of a training and what its optimizer holds; None if it makes no such steps."""

    def notes(self) -> list[str]:
        """What `Program.explain` is to say of the code, a line each."""

    def text(self) -> str:
        """The code itself, for ``Program.explain(stage="code")``."""


class Backend(Protocol):
    """Builds executables."""

    name: str

    def build(self, tape: Tape) -> Executable:
        """Compile the tape."""

    def step(self, rule: Rule, data: Floats, grad: Floats, states: tuple[Floats, ...]) -> Step | None:
        """An optimizer's step on these arrays, see `optim.stepping.MakeStep`; None if it has none that is faster."""


NAMES = ("auto", "numpy", "llvm")


def backend_called(name: Any) -> Backend:
    """The backend of that name; "auto" is LLVM where it works, else NumPy, with one warning that says so.

    Raises:
        CompilerUnavailableError: "llvm", and llvmlite is missing or broken.

    >>> backend_called("numpy").name
    'numpy'
    """
    if name not in NAMES:
        raise ValueError(f"{name!r} is no backend; known: {', '.join(NAMES)}")
    from .numpy_backend import NumpyBackend  # here: importing autograd doesn't wait for what only compiling needs

    if name == "numpy":
        return NumpyBackend()
    from .llvm.machine import CompilerUnavailableError

    try:
        from .llvm.backend import LlvmBackend

        return LlvmBackend()
    except CompilerUnavailableError as error:
        if name == "llvm":
            raise
        _warn_once(str(error))
        return NumpyBackend()


@cache
def _warn_once(reason: str) -> None:
    warn(f"autograd.compile uses NumPy, which is many times slower than machine code: {reason}")
