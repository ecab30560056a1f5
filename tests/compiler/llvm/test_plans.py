"""What is decided before code is written: memory, shapes, tiles, and which sums go where. Needs no llvmlite."""

import itertools
from dataclasses import replace

import pytest

import autograd
from autograd.compiler.backend import InputArray
from autograd.compiler.llvm.backend import best_shape, effort, irregular_operations
from autograd.compiler.llvm.emit.bounds import left_rows, pays, right_rows
from autograd.compiler.llvm.emit.emitter import split
from autograd.compiler.llvm.emit.functions import Shape
from autograd.compiler.llvm.memory_map import Arguments, MemoryMap, data_column
from autograd.compiler.plan.sum_slots import has_sums_for_all, slots_of, sums_are_alone
from autograd.compiler.tape import (
    Dense,
    Instruction,
    Number,
    Row,
    Segment,
    Straight,
    SumMatrix,
    SumOne,
    Tape,
    Uniform,
)


def tape(**parts: object) -> Tape:
    arrays = (InputArray("x", 5, False), InputArray("y", 1, True))
    empty = {"prologue": (), "units": (), "reductions": (), "epilogue": (), "results": ()}
    return Tape(**{"arrays": arrays, "parameters": 6, "uniforms": 8, "scratch": 4, **empty, "seeded": True, **parts})


DENSE = Dense(40, (Segment(Row("input", 0), 5, 0, 0, 1),))


@pytest.mark.parametrize(("width", "vectors"), [(1, 1), (2, 3), (8, 1), (8, 13)])
def test_areas_of_the_workspace_do_not_overlap(width, vectors):
    deep = replace(DENSE, segments=(Segment(Row("input", 0), 200, 0, 0, 1),))
    layout = MemoryMap(tape(units=(deep,)), width, vectors, depth=64)
    row, vector = layout.row_bytes, layout.vector_bytes
    areas = [(layout.row(Row("input", k)), row) for k in range(7)]
    areas += [(layout.row(Row("scratch", k)), row) for k in range(4)]
    areas += [(layout.temporary, 40 * row), (layout.flags, 8), (layout.certain, 8), (layout.scalars, 8)]
    areas += [(layout.loss, vector), (layout.magnitude(0), vector), (layout.magnitude(1), vector)]
    areas += [(layout.row_numbers, 8 * width * vectors), (layout.mask_numbers, 8 * width * vectors)]
    for (begin, size), (following, _) in itertools.pairwise(sorted([*areas, (layout.bytes, 0)])):
        assert begin + size <= following
    assert all(layout.row(Row("scratch", k)) % vector == 0 for k in range(4))


def test_only_deep_dense_blocks_need_temporary_rows():
    assert MemoryMap(tape(units=(DENSE,)), 8, 2, depth=64).temporaries == 0
    assert MemoryMap(tape(units=(DENSE,)), 8, 2, depth=3).temporaries == 40


def test_uniforms_are_parameters_where_they_lie_others_of_ours_and_adjoints():
    layout = MemoryMap(tape(), 8, 2, depth=64)
    assert [layout.uniform(slot) for slot in (5, 6, 8, 9)] == [("%P", 40), ("%U", 48), ("%G", 0), ("%G", 8)]


def test_parameters_are_copied_where_a_block_reads_them_and_others():
    crossing = replace(DENSE, segments=(Segment(Row("input", 0), 3, 4, 0, 1),))
    layout = MemoryMap(tape(units=(crossing,)), 8, 2, depth=64)
    assert layout.copies_parameters
    assert layout.uniform(5) == ("%U", 40)


def test_columns_are_of_one_array_or_of_none():
    made = tape()
    assert data_column(made, Row("input", 1), 4) == (0, 1)
    assert data_column(made, Row("input", 5), 1) == (1, 0)
    assert data_column(made, Row("input", 4), 2) is None
    assert data_column(made, Row("input", 6), 1) is None
    assert data_column(made, Row("scratch", 0), 1) is None


def test_an_argument_block_has_a_place_for_each_name():
    run, training = Arguments(arrays=2), Arguments(arrays=2, states=1)
    assert run.place("data1") == len(run) - 1
    assert training.place("state0") == len(training) - 1
    assert run.place("data0") == training.place("data0")
    with pytest.raises(KeyError, match="losses"):
        run.place("losses")


@pytest.mark.parametrize(("count", "most"), [(1, 4), (4, 4), (5, 4), (13, 4), (98, 2), (100, 7)])
def test_parts_cover_everything_once(count, most):
    things = [begin + k for begin, parts, size in split(count, most) for k in range(parts * size)]
    sizes = [size for _, _, size in split(count, most)]
    assert things == list(range(count))
    assert max(sizes) <= most
    assert max(sizes) - min(sizes) <= 1


# Gradient sums

WEIGHTS = SumMatrix(Row("scratch", 0), 2, Row("input", 0), 2, 0, 3, 1)
BIASES = SumMatrix(Row("scratch", 0), 2, None, 1, 2, 3, 0)


def test_slots_of_sums():
    assert slots_of(WEIGHTS).tolist() == [0, 1, 3, 4]
    assert slots_of(BIASES).tolist() == [2, 5]
    assert slots_of(SumOne(3, Row("scratch", 0), None)).tolist() == [3]


def test_sums_are_alone_unless_two_go_to_the_same_slot_or_more_follows():
    assert sums_are_alone(tape(reductions=(WEIGHTS, BIASES)))
    assert not sums_are_alone(tape(reductions=(WEIGHTS, BIASES, SumOne(3, Row("scratch", 0), None))))
    more = Instruction(0, autograd.neg, (Uniform(8),), Uniform(9))
    assert not sums_are_alone(tape(reductions=(WEIGHTS, BIASES), epilogue=(more,)))
    assert has_sums_for_all(tape(reductions=(WEIGHTS, BIASES)))
    assert not has_sums_for_all(tape(reductions=(WEIGHTS,)))


def test_bounds_pay_where_there_are_more_parameters_than_numbers_in_rows():
    made = tape(reductions=(WEIGHTS, BIASES))
    assert left_rows(made) == [(Row("scratch", 0), 2)]
    assert right_rows(made) == [(Row("input", 0), 2)]
    assert pays(replace(made, parameters=65), samples=16)
    assert not pays(replace(made, parameters=64), samples=16)


# Shapes and effort


def test_irregular_code_takes_blocks_of_one_vector_and_dense_code_what_fits_the_cache():
    assert best_shape(tape(), 8, 100) == Shape(1, one_block=False)
    assert best_shape(tape(units=(DENSE,)), 8, 13) == Shape(13, one_block=True)
    large = best_shape(tape(units=(DENSE,), scratch=1000), 8, 100)
    assert not large.one_block
    assert large.vectors * 1007 * 64 <= 1 << 20


def test_effort_goes_down_with_the_amount_of_irregular_code():
    one = Instruction(0, autograd.neg, (Number(1.0),))
    many = Straight((one,) * 6000)
    assert irregular_operations(tape(units=(many,), prologue=(one,))) == 6001
    assert effort(tape(units=(DENSE,))) == 2
    assert effort(tape(units=(many,))) == 0
    assert effort(tape(units=(many, DENSE))) == 1
