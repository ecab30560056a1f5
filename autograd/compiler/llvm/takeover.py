"""Takeover: large irregular code is interpreted at first, and compiled once enough samples have passed.

Compiling costs 35 µs an operation, however few samples come; encoding it for the interpreter 4 µs. Compiled code is
faster only where the numbers of one sample fit the cache (of 10,000 operations it takes 0.20 ns each instead of 0.27,
of 200,000 both take 0.44), and there it pays after some 100,000 samples. It takes over after half as many: who has come
so far mostly goes on. The switch depends on nothing but the samples counted, so that the same program gives the same
bits each time.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from ..backend import Bind, Run
from ..notice import Notice, current_notice
from ..tape import Tape
from .bytecode import Bytecode, encode
from .memory_map import MemoryMap

MUCH = 30_000
"""Irregular operations from which on they are interpreted at first: compiling them takes a second."""
TOO_MUCH = 100_000
"""Irregular operations from which on compiled code is no faster than interpreted."""
SAMPLES = 50_000
"""Samples after which compiled code takes over."""
_USES = 100
"""How often each opcode must be used, on the average: one takes LLVM as long as so many operations."""


class Takeover:
    """Whether the irregular code of a tape is interpreted, and for how long."""

    def __init__(self, tape: Tape, operations: int) -> None:
        self._tape, self._operations = tape, operations
        self._samples = 0

    @cached_property
    def code(self) -> Bytecode | None:
        """The code for the interpreter; None where there is too little, or too little that is alike."""
        if self._operations < MUCH:
            return None
        code = encode(self._tape, MemoryMap(self._tape, width=1, vectors=1, depth=1))
        return code if len(code.opcodes) * _USES <= self._operations else None

    @property
    def is_interpreted(self) -> bool:
        """Whether it is interpreted now."""
        return self.code is not None and (self._samples < SAMPLES or self._operations >= TOO_MUCH)

    def count(self, samples: int) -> None:
        """So many more samples are to be run."""
        self._samples += samples

    def watched(self, bind: Bind) -> Bind:
        """The same binding, which counts what it runs and changes over to compiled code when that is due."""
        if self.code is None:
            return bind

        def for_samples(samples: int) -> Run:
            run, is_compiled = bind(samples), not self.is_interpreted
            name = current_notice().name

            def counted(*arrays: Any) -> Any:
                nonlocal run, is_compiled
                self.count(samples)
                if not is_compiled and not self.is_interpreted:
                    with Notice(name).here():
                        run, is_compiled = bind(samples), True
                return run(*arrays)

            return counted

        return for_samples

    def notes(self) -> list[str]:
        """What it says of itself, see `backend.Executable`."""
        if self.code is None:
            return []
        if not self.is_interpreted:
            return [f"irregular code interpreted for the first {SAMPLES:,} samples, compiled from then on"]
        rest = f", compiled after {SAMPLES - self._samples:,} more" if self._operations < TOO_MUCH else ""
        return [f"irregular code interpreted: {self._samples:,} samples so far{rest}"]
