"""What `Program.explain` says: what was traced, what it became, how long that took; and each stage as text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ..checks import by_name, count, whole_number
from .backend import Backend, Goal
from .graph.rooted import RootedGraph
from .graph.text import limited, names_text, text
from .pipeline import STAGES, stages
from .plan.families import Groups, Product
from .plan.fusion import Fusion
from .plan.schedule import PlannedUnit, Schedule
from .plan.slots import UniformSlots
from .specialisation import Specialisation, Specialisations
from .tape import Dot, Map, Mean, Straight, SumMatrix, SumOne, Tape, Unit, count_operations
from .tape_text import reduction_lines, tape_lines

_CALLS: dict[Goal, str] = {
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
        f"  {_CALLS[goal]}: {count(count_operations(tape.units), 'operation')} a sample in "
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


# Stages


def explained(
    specialisation: Specialisation | None,
    backend: Callable[[], Backend],
    stage: str | None,
    goal: str | None,
    most: int,
) -> str:
    """The text of a stage, computed again; ``goal`` None is what was compiled last.

    Raises:
        ValueError: no such stage or goal.
    """
    by_name(STAGES, stage, "a stage of the compiler")
    assert stage is not None
    wanted = None if goal is None else by_name({each: each for each in _CALLS}, goal, "a goal")
    most = whole_number(most, "most", 1)
    if specialisation is None:
        return "nothing is traced yet: call the program with data first"
    if wanted is None:
        wanted = _last(specialisation)
    if wanted != "values":
        specialisation.refuse_lists()
    if stage == "code":
        lines = specialisation.executable(wanted, backend()).text().splitlines()
        return "\n".join(limited(lines, len(lines), most))
    return stage_text(getattr(stages(specialisation.trace, wanted), stage), most)


def _last(specialisation: Specialisation) -> Goal:
    """The goal that was compiled last."""
    return next(reversed(specialisation.tapes), "values")


def stage_text(made: object, most: int | None = None) -> str:
    """What a stage made, one of the fields of `Stages`."""
    if isinstance(made, RootedGraph):
        return text(made, most)
    each = list(_lines(made))
    return "\n".join(limited(each, len(each), most))


def _lines(made: Any) -> Iterator[str]:
    if isinstance(made, UniformSlots):
        return _of_uniforms(made)
    if isinstance(made, Groups):
        return _of_groups(made)
    if isinstance(made, Fusion):
        return _of_fusion(made)
    if isinstance(made, Schedule):
        return _of_schedule(made)
    return tape_lines(made) if isinstance(made, Tape) else reduction_lines(made)


def _of_uniforms(slots: UniformSlots) -> Iterator[str]:
    yield f"{slots.parameters} parameters, {slots.buffers} numbers of buffers, {slots.count} slots in all"
    for node, slot in slots.computed_slots.items():
        yield f"%{node} in slot {slot}"


def _of_groups(groups: Groups) -> Iterator[str]:
    for number, family in enumerate(groups.families):
        level = "" if family.level < 0 else f", level {family.level}"
        yield f"family {number}, {family.kind}{level}: {names_text(family.members)}{_of_product(family.product)}"


def _of_product(product: Product | None) -> str:
    """The matrix of a dense block, by the slots of its first row and the steps from each row to the next."""
    if product is None:
        return ""
    steps = product.strides[:1] if len(set(product.strides)) == 1 else product.strides
    bias = "" if product.bias is None else f", bias {product.bias}{product.bias_stride:+}"
    slots, rows = names_text(product.slots, ""), names_text(product.rows)
    return f" = rows {rows} times slots {slots} step {' '.join(map(str, steps))}{bias}"


def _of_fusion(fusion: Fusion) -> Iterator[str]:
    families = fusion.groups.families
    for number, block in fusion.home.items():
        yield f"family {number}, {families[number].kind}, in family {block}, {families[block].kind}"
    if not fusion.home:
        yield "nothing is fused"


def _of_schedule(schedule: Schedule) -> Iterator[str]:
    yield f"{schedule.scratch} slots for rows that are stored"
    for number, planned in enumerate(schedule.planned):
        yield f"unit {number}, {_planned(planned)}: {names_text(planned.nodes)}{_stored(schedule, planned.nodes)}"


def _planned(planned: PlannedUnit) -> str:
    if planned.family is None:
        return "straight"
    return " + ".join(f"family {number}" for number in (planned.family, *planned.epilogue))


def _stored(schedule: Schedule, nodes: Iterable[int]) -> str:
    kept = [f"%{node} in {row.index}" for node in nodes if (row := schedule.stored(node)) is not None]
    return f" -> {', '.join(kept)}" if kept else ""
