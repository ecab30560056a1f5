"""The functions of a kernel: one for each unit, each reduction, and for what surrounds them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeAlias

from ....optim.rule import Rule
from ...plan.sum_slots import has_sums_for_all, sums_are_alone
from ...tape import Dense, Instruction, Map, Mean, Row, Straight, SumMatrix, SumOne
from ..addresses import Moved
from ..bytecode import Bytecode
from ..clipped import Clipped, emit_scale
from ..interpreter import emit_interpreter
from ..memory_map import Arguments
from ..text.body import Body
from ..twins import Item, find_twins
from .bounds import emit_bounds, pays
from .calls import Call, Calls, Entries
from .dense import emit_dense
from .emitter import Emitter
from .ending import AddTo, Ending, StepOptimizer, StoreAdjoints, emit_ending, emit_gradient_test
from .map import emit_map
from .mean import emit_mean
from .outer import along_slots, emit_outer, emit_sums
from .pack import emit_numbers, emit_pack, emit_seed
from .results import emit_loss, emit_output
from .straight import emit_scalar, emit_straight, scalar_units
from .totals import emit_totals, emit_totals_back

Write: TypeAlias = Callable[[Emitter, Body, Any], None]

_EMIT: dict[type, Write] = {
    Straight: emit_straight,
    Dense: emit_dense,
    Map: emit_map,
    Mean: emit_mean,
}


@dataclass(frozen=True)
class Shape:
    """What a kernel is specialised for."""

    vectors: int
    """Vectors of samples of a block."""
    one_block: bool
    """Whether no batch has more than one block."""
    rule: Rule | None = None
    """The optimizer's rule of a training; None for a kernel that runs once and adds the gradients to the caller's."""
    interpreted: bool = False
    """Whether irregular code is interpreted, see `llvm.interpreter`."""


class Functions:
    """Writes the functions, and says what there is to call.

    Attributes:
        prologue: calls of the functions that fill the uniforms behind the parameters.
        units: of those of the units, in order.
        reductions: of those that leave gradient sums among the adjoints.
        epilogue: of those that go on from there to the gradients of the parameters.
        direct: of those that use them at once; none where that isn't done.
    """

    def __init__(self, emitter: Emitter, shape: Shape, code: Bytecode | None = None) -> None:
        self._emitter, self._shape, self._code = emitter, shape, code
        self._tape, self._layout = emitter.layout.tape, emitter.layout
        states = None if shape.rule is None else len(shape.rule.state)
        self.arguments = Arguments(len(self._tape.arrays), states)
        self.zeroes = not (shape.one_block and sums_are_alone(self._tape))
        """Whether the adjoints must be set to zero before sums are added."""
        self._entries = Entries()
        if code is not None:
            emit_interpreter(emitter, code, self.arguments)
        self.prologue = Calls("prologue", self._emit_scalar("prologue", self._tape.prologue))
        self.units = Calls("units", self._emit_units())
        self.reductions = self._emit_reductions("", AddTo() if self.zeroes else StoreAdjoints())
        self.direct = self._emit_reductions("direct_", self._ending()) if self.is_direct else Calls("direct_", [])
        self.epilogue = Calls("epilogue", self._emit_scalar("epilogue", self._tape.epilogue))
        self._entries.define(emitter.module)
        self._emit_inputs()
        self._emit_rest()

    @property
    def has_masks(self) -> bool:
        """Whether there are masks."""
        return any(array.kind == "mask" for array in self._tape.arrays)

    @property
    def has_gradients(self) -> bool:
        """Whether there are gradients of parameters."""
        return self._tape.seeded and not self._tape.input_adjoints and self._tape.parameters > 0

    @property
    def must_end_late(self) -> bool:
        """Whether something is to be done with the complete gradients before they are used."""
        return bool(self._tape.totals) or isinstance(self._shape.rule, Clipped)

    @property
    def is_direct(self) -> bool:
        """Whether gradients that are certain to be finite go straight to where they are used."""
        if not self.has_gradients or self.zeroes or self.must_end_late or not pays(self._tape, self._layout.samples):
            return False
        return self._shape.rule is None or has_sums_for_all(self._tape)

    def _ending(self) -> Ending:
        """What becomes of the parameters' gradients."""
        if self._shape.rule is None:
            return AddTo(self.arguments.offset("gradients"))
        return StepOptimizer(self._shape.rule, self.arguments, self._layout)

    def _emit_units(self) -> list[Call]:
        units, code = self._tape.units, self._code
        if code is None:
            return self._emit_shared("unit", units, _emit_unit)
        others = iter(self._emit_shared("unit", [u for u in units if not isinstance(u, Straight)], _emit_unit))
        calls = []
        for number, unit in enumerate(units):
            if not isinstance(unit, Straight):
                calls.append(next(others))
            elif number in code.runs:
                calls.append(self._interpret(code.runs[number]))
        return calls

    def _emit_scalar(self, name: str, code: Sequence[Instruction]) -> list[Call]:
        if self._code is None:
            return self._emit_shared(name, scalar_units(code), emit_scalar)
        return [self._interpret(self._code.scalar[name])] if code else []

    def _interpret(self, begin: int) -> Call:
        return Call("interpret", self._entries.add([begin]))

    def _emit_reductions(self, prefix: str, ending: Ending) -> Calls:
        outers = [along_slots(one) for one in self._tape.reductions if isinstance(one, SumMatrix)]
        calls = self._emit_shared(f"{prefix}outer", outers, partial(emit_outer, ending=ending))
        if singles := [one for one in self._tape.reductions if isinstance(one, SumOne)]:
            self._emitter.write(f"{prefix}sums", emit_sums, singles, ending)
            calls.append(Call(f"{prefix}sums"))
        return Calls(f"{prefix}reductions", calls)

    def _emit_shared(self, prefix: str, items: Sequence[Item], write: Write) -> list[Call]:
        """Write one function for all items that are the same but for addresses; the calls of all items in order."""
        calls: list[Call] = [Call("")] * len(items)
        for twins in find_twins(items, self._layout):
            name, emitter = f"{prefix}{twins.members[0]}", self._emitter
            if len(twins.members) > 1:
                emitter = replace(emitter, addresses=Moved(self._layout, twins.moves))
            emitter.write(name, write, twins.first)
            for number, entries in zip(twins.members, twins.entries, strict=True):
                calls[number] = Call(name, self._entries.add(entries))
        return calls

    def _emit_inputs(self) -> None:
        emitter, tape, layout = self._emitter, self._tape, self._layout
        emit_numbers(emitter, "number_rows", layout.row_numbers)
        if self.has_masks:
            emit_numbers(emitter, "number_masks", layout.mask_numbers)
        column = 0
        for number, array in enumerate(tape.arrays):
            emit_pack(emitter, f"pack{number}", number, Row("input", column))
            column += array.columns
        if tape.seeded:
            emit_seed(emitter, "fill_seed", tape.seed)

    def _emit_rest(self) -> None:
        emitter, tape = self._emitter, self._tape
        emitter.write("start", _clear_flags)
        emitter.write("totals", emit_totals)
        if not tape.seeded:
            emit_output(emitter, "output", tape.results)
        elif tape.input_adjoints:
            emit_output(emitter, "output", (*tape.input_adjoints, *tape.results))
        else:
            emitter.write("add_loss", emit_loss, tape.results[0], tape.seed)
        if tape.observed:
            emit_output(emitter, "observe", tape.observed)
        if self.has_gradients:
            emitter.write("totals_back", emit_totals_back)
            emitter.write("test_gradients", emit_gradient_test)
            if isinstance(self._shape.rule, Clipped):
                emitter.write("find_scale", emit_scale, self._shape.rule)
            emitter.write("end", emit_ending, self._ending())
        if self.is_direct:
            emitter.write("find_bounds", emit_bounds)


def _clear_flags(emitter: Emitter, body: Body) -> None:
    body.store_scalar("%V", emitter.layout.flags, "0", "i64")


def _emit_unit(emitter: Emitter, body: Body, unit: Any) -> None:
    _EMIT[type(unit)](emitter, body, unit)
