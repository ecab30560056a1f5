"""The stages of the compiler as text, for `Program.explain`. Graphs are written by `graph.text`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ..checks import by_name, whole_number
from .backend import Backend, Goal
from .graph.rooted import RootedGraph
from .graph.text import limited, names_text, text
from .pipeline import STAGES, stages
from .plan.families import Groups, Product
from .plan.fusion import Fusion
from .plan.schedule import PlannedUnit, Schedule
from .plan.slots import UniformSlots
from .specialisation import Specialisation
from .tape import Tape
from .tape_text import reduction_lines, tape_lines

_GOALS: dict[str, Goal] = {"values": "values", "parameters": "parameters", "inputs": "inputs"}


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
    wanted = None if goal is None else by_name(_GOALS, goal, "a goal")
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
