"""The functions of a kernel: one for each unit, each reduction, and for what surrounds them."""

from __future__ import annotations

from dataclasses import dataclass

from ..optim.rule import Rule
from .emit import Emitter
from .emit_bounds import emit_bounds, pays
from .emit_dense import emit_dense
from .emit_ending import Added, Ending, Given, Stepped, Stored, emit_ending, emit_gradient_test
from .emit_map import emit_map
from .emit_mean import emit_mean
from .emit_outer import emit_outer, emit_sums
from .emit_pack import emit_numbers, emit_pack, emit_seed
from .emit_results import emit_loss, emit_output
from .emit_straight import emit_scalar, emit_straight
from .layout import Arguments
from .sum_slots import has_sums_for_all, sums_are_alone
from .tape import Dense, Mean, Outer, Row, Straight, Sum

_SUMS_OF_A_FUNCTION = 64


@dataclass(frozen=True)
class Shape:
    """What a kernel is specialised for."""

    vectors: int
    """Vectors of samples of a block."""
    one_block: bool
    """Whether no batch has more than one block."""
    rule: Rule | None = None
    """The optimizer's rule of a training; None for a kernel that runs once and adds the gradients to the caller's."""


class Functions:
    """Writes the functions, and says what there is to call.

    Attributes:
        units: names of the functions of the units, in order.
        reductions: of those that leave gradient sums among the adjoints.
        direct: of those that use them at once; none where that isn't done.
    """

    def __init__(self, emitter: Emitter, shape: Shape) -> None:
        self._emitter, self._shape = emitter, shape
        self._tape, self._layout = emitter.layout.tape, emitter.layout
        states = None if shape.rule is None else len(shape.rule.state)
        self.arguments = Arguments(len(self._tape.arrays), states)
        self.zeroes = not (shape.one_block and sums_are_alone(self._tape))
        """Whether the adjoints must be set to zero before sums are added."""
        self.units = self._emit_units()
        self.reductions = self._emit_reductions("", Added() if self.zeroes else Stored())
        self.direct = self._emit_reductions("direct_", self._ending()) if self.is_direct else []
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
    def is_direct(self) -> bool:
        """Whether gradients that are certain to be finite go straight to where they are used."""
        if not self.has_gradients or self.zeroes or not pays(self._tape, self._layout.samples):
            return False
        return self._shape.rule is None or has_sums_for_all(self._tape)

    def _ending(self) -> Ending:
        """What becomes of the parameters' gradients."""
        if self._shape.rule is None:
            return Given(self.arguments)
        return Stepped(self._shape.rule, self.arguments, self._layout)

    def _emit_units(self) -> list[str]:
        names = []
        for number, unit in enumerate(self._tape.units):
            names.append(f"unit{number}")
            if isinstance(unit, Straight):
                emit_straight(self._emitter, names[-1], unit)
            elif isinstance(unit, Dense):
                emit_dense(self._emitter, names[-1], unit)
            elif isinstance(unit, Mean):
                emit_mean(self._emitter, names[-1], unit)
            else:
                emit_map(self._emitter, names[-1], unit)
        return names

    def _emit_reductions(self, prefix: str, ending: Ending) -> list[str]:
        names = []
        singles = [reduction for reduction in self._tape.reductions if isinstance(reduction, Sum)]
        for number, outer in enumerate(x for x in self._tape.reductions if isinstance(x, Outer)):
            names.append(f"{prefix}outer{number}")
            emit_outer(self._emitter, names[-1], outer, ending)
        for number, begin in enumerate(range(0, len(singles), _SUMS_OF_A_FUNCTION)):
            names.append(f"{prefix}sums{number}")
            emit_sums(self._emitter, names[-1], singles[begin : begin + _SUMS_OF_A_FUNCTION], ending)
        return names

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
        self._emit_start()
        emit_scalar(emitter, "prologue", tape.prologue)
        emit_scalar(emitter, "epilogue", tape.epilogue)
        if not tape.seeded:
            emit_output(emitter, "output", tape.results)
        elif tape.input_adjoints:
            emit_output(emitter, "output", (*tape.input_adjoints, *tape.results))
        else:
            emit_loss(emitter, "add_loss", tape.results[0], tape.seed)
        if tape.observed:
            emit_output(emitter, "observe", tape.observed)
        if self.has_gradients:
            emit_gradient_test(emitter, "test_gradients")
            emit_ending(emitter, "end", self._ending())
        if self.is_direct:
            emit_bounds(emitter, "find_bounds")

    def _emit_start(self) -> None:
        """A function that clears the flags."""
        body, layout = self._emitter.function("start"), self._layout
        body.line(f"store i64 0, ptr {body.pointer('%V', layout.flags)}, align 8")
        body.finish()
