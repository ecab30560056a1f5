"""The compiler from front to back. Each stage is a function of the values of those before it, named in `STAGES`.

The first stage is `run.trace`, the last one a backend's ``build(tape)``: `Specialisation` calls them, and keeps the
tape. All between is `stages`. `Program.explain` shows what any stage makes of a function.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .backend import Goal
from .graph.checked import find_checked
from .graph.rooted import RootedGraph
from .lower import Plan, lower
from .passes.differentiate import differentiate
from .passes.dots import find_dots
from .passes.tidy import tidy
from .passes.totals import find_totals
from .plan.families import Groups, find_groups
from .plan.fusion import Fusion
from .plan.schedule import Schedule
from .plan.slots import UniformSlots
from .plan.sums import find_reductions
from .tape import Reduction, Tape
from .trace.run import Trace

STAGES = {
    "trace": "the graph that the function computed when it ran on symbols",
    "totals": "sums of squares or magnitudes of neighbouring parameters are one leaf",
    "dots": "chains of additions of products are one sum of products",
    "gradients": "the adjoints are more nodes, what flows into parameters are sums over the samples",
    "tidy": "what nobody needs is gone, conditions are part of selections, checks are marked",
    "uniforms": "each number that is one for the whole batch has a slot",
    "groups": "like rows are families: dense blocks, maps, means",
    "fusion": "maps of a dense block's outputs are computed inside of it",
    "schedule": "units stand in their order, the rows that are stored have slots",
    "reductions": "gradient sums are put together to matrices",
    "tape": "all of that as data that a backend runs",
    "code": "what the backend made of the tape",
}
"""What each stage makes, in their order."""


class Stages(NamedTuple):
    """What the stages make, each under its name."""

    trace: RootedGraph
    totals: RootedGraph
    dots: RootedGraph
    gradients: RootedGraph
    tidy: RootedGraph
    uniforms: UniformSlots
    groups: Groups
    fusion: Fusion
    schedule: Schedule
    reductions: tuple[Reduction, ...]
    tape: Tape


def to_tape(trace: Trace, goal: Goal, checks: bool = True) -> Tape:
    """The tape of a trace; without ``checks`` nothing outside of a domain is reported."""
    return stages(trace, goal, checks).tape


def stages(trace: Trace, goal: Goal, checks: bool = True) -> Stages:
    """All stages from a trace to its tape, see `STAGES`.

    >>> from autograd.compiler.backend import InputArray
    >>> from autograd.compiler.trace.run import trace
    >>> each = stages(trace(lambda x: x * 2.0, [InputArray("x", 1, scalar=True)]), "inputs")
    >>> each.dots.size, each.gradients.size
    (3, 5)
    """
    traced = RootedGraph.of(trace.graph, (*trace.results, *trace.observed))
    frozen = mask_of(trace.frozen, trace.span.size)
    totals = RootedGraph.of(*find_totals(traced.graph, traced.roots, frozen))
    dots = RootedGraph.of(*find_dots(totals.graph, totals.roots))
    gradients = with_gradients(dots, goal, frozen)
    tidied = made_tidy(gradients, dots.size, checks)
    uniforms = UniformSlots(tidied.graph, trace.span.size, sum(array.size for array in trace.buffers))
    groups = find_groups(tidied.graph, uniforms)
    kept = kept_rows(tidied)
    fusion = Fusion(groups, kept)
    schedule = Schedule(groups, fusion, kept, seed=sum(array.columns for array in trace.arrays))
    reductions = find_reductions(tidied.gradients.sums, groups, schedule)
    tape = lower(Plan(tidied, groups, schedule, reductions, trace.arrays, len(trace.results), goal))
    return Stages(traced, totals, dots, gradients, tidied, uniforms, groups, fusion, schedule, reductions, tape)


def mask_of(runs: Sequence[tuple[int, int]], size: int) -> NDArray[np.bool_] | None:
    """Which of so many parameters are in these runs; None if none are.

    >>> mask_of([(1, 3)], 4)
    array([False,  True,  True, False])
    """
    if not runs:
        return None
    mask = np.zeros(size, dtype=np.bool_)
    for begin, end in runs:
        mask[begin:end] = True
    return mask


def with_gradients(rooted: RootedGraph, goal: Goal, frozen: NDArray[np.bool_] | None = None) -> RootedGraph:
    """The graph with what the goal's gradients need, which is added to the same nodes."""
    if goal == "values":
        return rooted
    graph, roots = rooted.graph, rooted.roots
    found = differentiate(graph, roots[0], goal == "parameters", goal == "inputs", frozen)
    return RootedGraph.of(graph, roots)._replace(gradients=found)


def made_tidy(rooted: RootedGraph, written: int, checks: bool) -> RootedGraph:
    """The graph tidied up; the first ``written`` nodes are what the user wrote, and are checked."""
    new, names = tidy(rooted.graph, [*rooted.roots, *rooted.gradients.roots()], written)
    checked = find_checked(new, [name for node, name in names.items() if node < written]) if checks else set[int]()
    roots = tuple(names[root] for root in rooted.roots)
    return RootedGraph(new, roots, len(new), checked, rooted.gradients.renamed(names))


def kept_rows(rooted: RootedGraph) -> list[int]:
    """The rows that are there when all units have run: the roots', and those of gradient sums."""
    graph = rooted.graph
    return [node for node in graph.rows((*rooted.roots, *rooted.gradients.roots())) if not graph.uniform[node]]
