"""The report of a program: what was traced, what it became, and how long that took."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from ..checks import count
from .backend import Backend, Goal
from .pipeline import STAGES
from .specialisation import Specialisation, Specialisations
from .tape import Dot, Map, Mean, Straight, SumMatrix, SumOne, Tape, Unit, count_operations

_GOALS: dict[Goal, str] = {
    "values": "program(...)",
    "parameters": "program.backward(...)",
    "inputs": "program.gradients(...)",
}


def report(specialisations: Specialisations, backend: Backend | None) -> str:
    """The text of `Program.explain`."""
    lines = [f"{specialisations.name}: {'backend ' + backend.name if backend else 'nothing is compiled yet'}"]
    if not specialisations.known:
        lines.append("  nothing is traced yet: call the program with data first")
    for specialisation in specialisations.known:
        lines += _of_trace(specialisation)
        for goal, tape in specialisation.tapes.items():
            lines += _of_tape(goal, tape, specialisation.seconds(goal))
            lines += [f"    {note}" for note in specialisation.executables[goal].notes()]
    if specialisations.known:
        lines.append(f"  explain(stage=...) shows one of the stages: {', '.join(STAGES)}")
    return "\n".join(lines)


def _of_trace(specialisation: Specialisation) -> list[str]:
    trace = specialisation.trace
    arrays = ", ".join(f"{a.name} (batch,)" if a.scalar else f"{a.name} (batch, {a.columns})" for a in trace.arrays)
    modes = sorted({"training" if mode else "evaluation" for mode in trace.modes})
    state = f", modules in {' and '.join(modes)} mode" if modes else ""
    again = [f"  traced again: {reason}" for reason in specialisation.reasons]
    return [
        *again,
        f"  traced for {arrays}{state}: {count(len(trace.graph), 'node')}, "
        f"{count(trace.span.size, 'parameter')}, in {specialisation.trace_seconds:.3f} s",
    ]


def _of_tape(goal: Goal, tape: Tape, seconds: float) -> list[str]:
    dots = sum(isinstance(step, Dot) for unit in tape.units if isinstance(unit, Straight) for step in unit.code)
    lines = [
        f"  {_GOALS[goal]}: {count(count_operations(tape.units), 'operation')} a sample in "
        f"{count(len(tape.units), 'unit')}, {count(tape.scratch, 'stored row')}, compiled in {seconds:.3f} s",
        *_counted(_of_unit(unit) for unit in tape.units),
    ]
    if dots:
        lines.append(f"    {count(dots, 'single dot')} in straight code")
    scalar = len(tape.prologue) + len(tape.epilogue)
    if scalar:
        lines.append(f"    {count(scalar, 'operation')} on parameters alone, once a call")
    return lines + _counted(_of_reduction(reduction) for reduction in tape.reductions)


def _counted(texts: Iterable[str]) -> list[str]:
    return [f"    {text}{f' ({n} times)' if n > 1 else ''}" for text, n in Counter(texts).items()]


def _of_unit(unit: Unit) -> str:
    if isinstance(unit, Straight):
        return f"straight code, {count(len(unit.code), 'operation')}"
    if isinstance(unit, Map):
        return f"map of {unit.members}: {_name(unit)}"
    if isinstance(unit, Mean):
        return f"{count(unit.members, 'mean')} over the batch{', of adjoints' if unit.adjoint else ''}"
    width = " + ".join(str(segment.count) for segment in unit.segments)
    fused = "".join(f", {_name(each)}" for each in unit.epilogue)
    return f"dense block {unit.outputs} x {width}{' + bias' if unit.bias is not None else ''}{fused}"


def _name(unit: Map) -> str:
    return unit.op if isinstance(unit.op, str) else unit.op.name


def _of_reduction(reduction: SumMatrix | SumOne) -> str:
    if isinstance(reduction, SumOne):
        return "gradient sum of one parameter"
    return f"gradient sums {reduction.outputs} x {reduction.inputs}{' (bias)' if reduction.right is None else ''}"
