"""An optimizer's rule alone as machine code: one step over flat arrays, for any number of parameters."""

from __future__ import annotations

import ctypes
from collections.abc import Iterable
from functools import lru_cache, partial
from typing import Any

import numpy as np

from ...optim.rule import Rule
from ...optim.stepping import Step
from ..backend import Floats
from .emit.ending import Slots, neighbours, scattered, write_update
from .machine import Architecture, MachineCode, Target, compile_ir, host
from .text.module import IRModule

_FEW = 10_000
"""Parameters up to which a step keeps Python's lock: it takes a few µs, and letting go costs 50 ns."""


def compiled_step(rule: Rule, data: Floats, grad: Floats, states: tuple[Floats, ...]) -> Step:
    """One step of the rule on these arrays, which are contiguous and of the same length.

    Raises:
        CompilerUnavailableError: llvmlite is missing or broken.
    """
    arrays, first, engine = (data, grad, *states), 3 + len(states), _engine(rule, host())
    block = np.zeros(first + len(rule.scalars), dtype=np.int64)
    block[:first] = [len(data), *(array.ctypes.data for array in arrays)]
    numbers: Any = memoryview(block.view(np.float64))  # type: ignore[arg-type]

    def fill(scalars: Iterable[float]) -> None:
        for place, number in enumerate(scalars, first):
            numbers[place] = number

    kind = ctypes.PYFUNCTYPE if len(data) <= _FEW else ctypes.CFUNCTYPE
    run = _Run(kind(None, ctypes.c_void_p)(engine.address("step")), block.ctypes.data)
    run.reads = engine, arrays, block
    return Step(fill, run)


class _Run(partial[None]):
    """A call of compiled code that keeps alive what the code reads."""

    reads: Any


@lru_cache(maxsize=64)
def _engine(rule: Rule, target: Target) -> MachineCode:
    return compile_ir(rule_text(rule, target.architecture), 2, target)


def rule_text(rule: Rule, architecture: Architecture) -> str:
    """The LLVM module of a rule: ``void @step(ptr)``, which takes the argument block."""
    module = IRModule(architecture.width, architecture.attributes)
    body = module.function("step", "ptr noalias %A")
    count = body.load_scalar("%A", 0, "i64")
    bases = ["%P", "%G", *(f"%S{k}" for k in range(len(rule.state)))]
    for k, base in enumerate(bases, 1):
        body.line(f"{base} = load ptr, ptr {body.pointer('%A', 8 * k)}, align 8")
    first = 8 * (1 + len(bases))
    scalars = {name: body.broadcast("%A", first + 8 * k) for k, name in enumerate(rule.scalars)}

    def one_place(place: Slots) -> None:
        write_update(body, rule, place.read("%G"), place, scalars)

    width = architecture.width
    whole = body.assign(f"and i64 {count}, {-width}")
    body.loop_if_any(whole, lambda slot, _: one_place(neighbours(body, slot)), stride=width)
    rest = body.assign(f"sub i64 {count}, {whole}")
    body.loop_if_any(rest, lambda k, _: one_place(scattered(body, [body.offset(0, (k, 1), (whole, 1))])))
    body.finish()
    return module.text()
