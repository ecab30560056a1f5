"""A tape as text: ``x3`` is an input row, ``r3`` a stored row, ``u3`` a slot of the uniforms, ``t3`` a register."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from .graph.text import operation_text
from .tape import (
    Dense,
    Dot,
    Instruction,
    Local,
    Map,
    Mean,
    Number,
    Output,
    Reduction,
    Row,
    Rows,
    Straight,
    SumMatrix,
    Tape,
    Uniform,
    Uniforms,
    Unit,
)


def tape_lines(tape: Tape) -> Iterator[str]:
    """The tape in the order in which a backend runs it."""
    for total in tape.totals:
        yield f"u{total.slot} = {total.kind} u{total.first} {total.count}"
    yield from _code("prologue", tape.prologue)
    for unit in tape.units:
        yield from _of_unit(unit)
    yield from reduction_lines(tape.reductions)
    yield from _code("epilogue", tape.epilogue)
    yield f"results {_words(tape.results)}"
    if tape.input_adjoints:
        yield f"input adjoints {_words(tape.input_adjoints)}"
    if tape.observed:
        yield f"observed {_words(tape.observed)}"


def reduction_lines(reductions: Iterable[Reduction]) -> Iterator[str]:
    """Sums over the samples into the adjoints of uniforms."""
    for each in reductions:
        if isinstance(each, SumMatrix):
            right = "" if each.right is None else f" * {_several(each.right, each.inputs)}"
            slots = f"u{each.slot}{each.stride_j:+}j{each.stride_k:+}k"
            yield f"sums {each.outputs} x {each.inputs} into {slots}: {_several(each.left, each.outputs)}{right}"
        else:
            yield f"sum into u{each.slot}: {_word(each.left)}{'' if each.right is None else f' * {_word(each.right)}'}"


def _code(name: str, code: tuple[Instruction, ...]) -> Iterator[str]:
    if code:
        yield name
        yield from (f"  {_of_line(line)}" for line in code)


def _of_unit(unit: Unit) -> Iterator[str]:
    if isinstance(unit, Straight):
        yield "straight"
        yield from (f"  {_of_line(line)}" for line in unit.code)
    elif isinstance(unit, Dense):
        bias = "" if unit.bias is None else f", bias u{unit.bias}{unit.bias_stride:+}j"
        yield f"dense of {unit.outputs}{bias}{_stored(unit.store)}"
        for part in unit.segments:
            slots = f"u{part.slot}{part.stride_j:+}j{part.stride_k:+}k"
            yield f"  {slots} * {_several(part.first, part.count)}"
        yield from (f"  {_of_map(fused)}" for fused in unit.epilogue)
    elif isinstance(unit, Mean):
        of = " of adjoints" if unit.adjoint else ""
        yield f"means of {unit.members}{of}: {_several(unit.first, unit.members)}{_stored(unit.store)}"
    else:
        yield _of_map(unit)


def _of_map(unit: Map) -> str:
    return f"map of {unit.members}: {operation_text(unit.op)} {_words(unit.args)}{_ending(unit)}"


def _of_line(line: Instruction | Dot) -> str:
    if isinstance(line, Instruction):
        return f"t{line.target} = {operation_text(line.op)} {_words(line.args)}{_ending(line)}"
    terms = " ".join(f"{_word(u)}*{_word(row)}" for u, row in line.terms)
    return f"t{line.target} = dot {terms}{'' if line.bias is None else f' {_word(line.bias)}'}{_stored(line.store)}"


def _ending(item: Instruction | Map) -> str:
    return f"{' checked' if item.checked else ''}{_stored(item.store)}"


def _stored(place: Row | Uniform | None) -> str:
    return "" if place is None else f" -> {_word(place)}"


def _words(operands: Iterable[Any]) -> str:
    return " ".join(map(_word, operands))


def _word(operand: Any) -> str:
    """An operand; Rows begin at one, Uniforms have a step for each member, an Output is a dense block's own."""
    match operand:
        case Row(space, index):
            return f"{'x' if space == 'input' else 'r'}{index}"
        case Uniform(slot):
            return f"u{slot}"
        case Number(value):
            return repr(float(value))
        case Local(target):
            return f"t{target}"
        case Rows(first):
            return f"{_word(first)}.."
        case Uniforms(slot, stride):
            return f"u{slot}{stride:+}j"
        case Output(number):
            return "output" if number is None else f"output{number}"
    return "0"  # the adjoint of an input that nothing depends on


def _several(first: Row, count: int) -> str:
    return _word(first) if count == 1 else f"{_word(first)}..{_word(Row(first.space, first.index + count - 1))}"
