"""What a backend is: it turns a tape into something that can be bound to arrays and run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .tape import Tape

Floats: TypeAlias = NDArray[np.float64]
Run: TypeAlias = Callable[[], Any]
"""One execution for the bound arrays. What it returns depends on the tape:

=============================  ==================================================================================
tape                           result
=============================  ==================================================================================
not seeded                     a new array of shape (samples, len(tape.results))
seeded, no input adjoints      the mean of the results as a float; the mean's gradient is added to ``grad``
seeded, with input adjoints    a new array of shape (samples, columns without the seed): the adjoint of each input,
                               with a seed of 1 for each sample
=============================  ==================================================================================

It reads the arrays as they are now. It raises `Failure`, with ``grad`` untouched, where it can't vouch for the result.
"""


class Failure(Exception):  # noqa: N818 (it is caught, never shown)
    """A number in the data isn't finite, an argument is outside a domain, or a mean loss or gradient isn't finite.

    It names nothing: `Program` then replays the batch sample by sample and raises the error that does.
    """


class Executable(Protocol):
    """A tape made ready to run. Several threads may bind and run at the same time."""

    def bind(
        self,
        arrays: tuple[Floats, ...],
        data: Floats,
        grad: Floats,
        buffers: tuple[Floats, ...] = (),
        observed: Floats | None = None,
    ) -> Run:
        """A function without arguments that runs for these arrays.

        ``arrays`` are C-contiguous float64, one for each of ``tape.arrays`` (masks too), of shape (samples,) or
        (samples, columns), with at least one sample. ``data`` and ``grad`` are the parameters' numbers and gradients,
        shape (tape.parameters,), views of their store. ``buffers`` are arrays with tape.buffers numbers together, read
        at each run. Each run that succeeds writes what the tape observes of the batch into ``observed``.
        """

    def notes(self) -> list[str]:
        """What `Program.explain` is to say of the code, a line each."""


class Backend(Protocol):
    """Builds executables."""

    name: str

    def build(self, tape: Tape) -> Executable:
        """Compile the tape."""
