"""Units that differ only in where things lie are one function: which are, and what the function does for each."""

import re
from dataclasses import replace

import numpy as np
import pytest

import autograd
from autograd.compiler.backend import InputArray
from autograd.compiler.llvm.emit.calls import Entries
from autograd.compiler.llvm.emit.functions import Shape
from autograd.compiler.llvm.emit.kernel import kernel_text
from autograd.compiler.llvm.machine import AVX2
from autograd.compiler.llvm.memory_map import MemoryMap
from autograd.compiler.llvm.twins import find_twins, written_operations
from autograd.compiler.tape import (
    Dense,
    Dot,
    Instruction,
    Local,
    Map,
    Mean,
    Number,
    Output,
    Row,
    Rows,
    Segment,
    Straight,
    SumMatrix,
    SumOne,
    Tape,
    Uniform,
    Uniforms,
)

COLUMNS, PARAMETERS, UNIFORMS, SCRATCH = 80, 300, 460, 200


def inputs(index):
    return Row("input", index)


def scratch(index):
    return Row("scratch", index)


def tape(units=(), reductions=(), **parts):
    """A tape of two arrays, with a seed, that computes with rows and uniforms wherever they lie."""
    arrays = (InputArray("x", 60, False), InputArray("y", COLUMNS - 60, False))
    empty = {"prologue": (), "epilogue": (), "results": (inputs(0),), "seeded": True}
    sizes = {"parameters": PARAMETERS, "uniforms": UNIFORMS, "scratch": SCRATCH}
    return Tape(arrays=arrays, units=tuple(units), reductions=tuple(reductions), **sizes, **{**empty, **parts})


def text_of(made):
    return kernel_text(made, AVX2, Shape(2, True))


def functions(made, prefix):
    """How many functions of that name the kernel's text has."""
    return len(re.findall(rf"define internal fastcc void @{prefix}\d+\(", text_of(made)))


def straight(k):
    code = (
        Instruction(0, autograd.mul, (inputs(k), inputs(2 * k))),
        Dot(1, Uniform(k), ((Uniform(3 * k), inputs(k)), (Uniform(40), Local(0))), scratch(k)),
        Instruction(2, autograd.log, (Local(1),), scratch(50 + k), checked=True),
    )
    return Straight(code)


def dense(k):
    segments = (Segment(inputs(k), 5, 10 * k, 6, 1), Segment(scratch(90 + 3 * k), 2, 100 + k, -1, 2))
    epilogue = (
        Map(6, autograd.tanh, (Output(),), None),
        Map(6, autograd.mul, (Output(0), Uniforms(5 + k, 2)), scratch(30 + k)),
    )
    return Dense(6, segments, 7 * k, 2, scratch(10 + k), epilogue)


def mapped(k):
    return Map(5, autograd.add, (Rows(inputs(k)), Uniforms(2 * k, 3)), scratch(4 * k))


def mean(k):
    return Mean(5, inputs(k), scratch(5 * k))


def outer(k):
    return SumMatrix(scratch(k), 3, inputs(2 * k + 1), 4, 20 * k, 6, 1)


def outer_of_columns(k):
    return SumMatrix(scratch(k), 3, inputs(2 * k), 19, 20 * k, 20, 1)


def outer_of_rows(k):
    return SumMatrix(scratch(k), 3, None, 1, 20 * k, 2, 0)


def numbers(k):
    """Numbers that differ between twins, where that is allowed, beside one that doesn't and one that may not."""
    code = (
        Instruction(0, autograd.mul, (inputs(0), Number(0.5 + k / 8)), None),
        Instruction(1, autograd.maximum, (Local(0), Number(0.75)), None),
        Instruction(2, autograd.sub, (Number(-0.0 if k == 1 else k / 3), Local(1)), None),
        Instruction(3, autograd.div, (Local(2), Number(-float(k))), None, checked=True),
        Instruction(4, autograd.add, (Local(3), Number(2.0)), scratch(k)),
    )
    return Straight(code)


def numbers_of_maps(k):
    return Map(5, autograd.mul, (Rows(inputs(2)), Number(k / 7)), scratch(4 * k))


def numbers_of_dense(k):
    return replace(dense(k), epilogue=(Map(6, autograd.sub, (Number(k / 7), Output()), scratch(30 + 6 * k)),))


UNITS = (straight, dense, mapped, mean, numbers, numbers_of_maps, numbers_of_dense)
REDUCTIONS = (outer, outer_of_columns, outer_of_rows)


@pytest.mark.parametrize("make", UNITS)
def test_units_that_differ_in_places_share_a_function(make):
    assert functions(tape(units=[make(k) for k in (1, 2, 4, 9)]), "unit") == 1


@pytest.mark.parametrize("make", REDUCTIONS)
def test_gradient_sums_that_differ_in_places_share_a_function(make):
    assert functions(tape(reductions=[make(k) for k in (1, 2, 4, 9)]), "outer") == 1


def test_units_of_all_kinds_in_turn_are_a_function_each_kind():
    made = tape(units=[make(k) for k in (1, 2, 3) for make in (*UNITS, *UNITS[:2])])
    assert functions(made, "unit") == len(UNITS)


def test_a_unit_without_twins_has_its_places_in_its_text():
    text = text_of(tape(units=[make(1) for make in UNITS]))
    assert "ptr %T" not in text
    assert "@entries = internal constant [1 x i64] [i64 0]" in text


# What is no twin


ONE = Instruction(0, autograd.add, (inputs(1), inputs(2)), scratch(1))


def one_line(op=autograd.add, args=ONE.args, **parts):
    return Straight((ONE._replace(op=op, args=args, **parts),))


def then(unit, *args):
    return Straight((*unit.code, Instruction(1, autograd.sub, args, scratch(2))))


def product(**parts):
    return replace(dense(1), **parts)


STRANGERS = {
    "another operation": (one_line(), one_line(autograd.mul)),
    "an attribute": (
        one_line(autograd.leaky_relu, (inputs(1),)),
        one_line(autograd.leaky_relu.bind(slope=0.3), (inputs(1),)),
    ),
    "a number": (
        one_line(autograd.maximum, (inputs(1), Number(1.0))),
        one_line(autograd.maximum, (inputs(1), Number(2.0))),
    ),
    "the sign of zero": (
        one_line(autograd.maximum, (inputs(1), Number(0.0))),
        one_line(autograd.maximum, (inputs(1), Number(-0.0))),
    ),
    "a number twice": (
        one_line(autograd.mul, (Number(2.0), Number(3.0))),
        one_line(autograd.mul, (Number(2.0), Number(2.0))),
    ),
    "a number for a row": (one_line(), one_line(args=(inputs(1), Number(2.0)))),
    "a uniform for a row": (one_line(), one_line(args=(inputs(1), Uniform(2)))),
    "a parameter for another uniform": (
        one_line(args=(inputs(1), Uniform(2))),
        one_line(args=(inputs(1), Uniform(PARAMETERS + 2))),
    ),
    "one row twice": (one_line(), one_line(args=(inputs(1), inputs(1)))),
    "operands in another order": (then(one_line(), inputs(1), inputs(2)), then(one_line(), inputs(2), inputs(1))),
    "what is stored": (then(one_line(), Local(0), inputs(2)), then(one_line(store=None), Local(0), inputs(2))),
    "what is checked": (one_line(), one_line(checked=True)),
    "outputs": (product(), product(outputs=5, epilogue=())),
    "terms": (product(), product(segments=(Segment(inputs(1), 4, 10, 6, 1), *dense(1).segments[1:]))),
    "strides": (product(), product(segments=(Segment(inputs(1), 5, 10, 6, 2), *dense(1).segments[1:]))),
    "no bias": (product(), product(bias=None)),
    "stride of the bias": (product(), product(bias_stride=1)),
    "no store": (product(), product(store=None)),
    "epilogue": (product(), product(epilogue=dense(1).epilogue[:1])),
    "members": (mapped(1), replace(mapped(1), members=6)),
    "a row for a group": (mapped(1), replace(mapped(1), args=(inputs(1), Uniforms(2, 3)))),
    "stride of uniforms": (mapped(1), replace(mapped(1), args=(Rows(inputs(1)), Uniforms(2, 4)))),
    "forward and backward means": (mean(1), replace(mean(1), adjoint=True)),
    "means of more": (mean(1), replace(mean(1), members=6)),
    "products and rows": (outer(1), replace(outer(1), right=None)),
    "columns": (outer(1), replace(outer(1), inputs=5)),
    "strides of slots": (outer(1), replace(outer(1), stride_k=2)),
    "columns of another array": (outer_of_columns(1), replace(outer_of_columns(1), right=inputs(61))),
    "columns of no array": (outer_of_columns(1), replace(outer_of_columns(1), right=inputs(50))),
}


@pytest.mark.parametrize(("a", "b"), STRANGERS.values(), ids=STRANGERS)
def test_units_that_differ_in_more_than_places_have_a_function_each(a, b):
    layout = MemoryMap(tape(), 4, 2, depth=64)
    assert [twins.members for twins in find_twins([a, b, a], layout)] == [[0, 2], [1]]


def test_of_straight_twins_the_operations_are_written_once():
    assert written_operations([straight(1), dense(1), straight(2), one_line(), one_line(autograd.mul)]) == 3 + 1 + 1


# What the one function does


def filled(by):
    """Numbers of their own in all scratch rows: columns times another one."""
    return [Map(SCRATCH // 4, autograd.mul, (Rows(inputs(k)), by), scratch(50 * k)) for k in range(4)]


def made_of_units(units, **parts):
    """A tape that gives all scratch rows, and has given every uniform a number of its own."""
    prologue = tuple(
        Instruction(k, autograd.mul, (Uniform(k), Number(0.5 + k / 100)), Uniform(PARAMETERS + k))
        for k in range(UNIFORMS - PARAMETERS)
    )
    results = tuple(map(scratch, range(SCRATCH)))
    parts = {"prologue": prologue, "results": results, **parts}
    return tape([*filled(inputs(7)), *units], seeded=False, **parts)


def made_of_sums(reductions):
    """A tape whose scratch rows are adjoints: zero in the padding, as the seed is."""
    return tape(filled(inputs(COLUMNS)), reductions)


def outcome(backend, made, samples=13):
    rng = np.random.default_rng(3)
    arrays = tuple(rng.uniform(0.5, 1.5, (samples, array.columns)) for array in made.arrays)
    data, grad = rng.uniform(0.5, 1.5, made.parameters), np.zeros(made.parameters)
    result = backend.build(made).bind(data, grad)(samples)(*arrays)
    return np.append(result, grad)


@pytest.fixture(scope="module")
def backends():
    pytest.importorskip("llvmlite", reason="llvmlite is not installed")
    from autograd.compiler.llvm.backend import LlvmBackend
    from autograd.compiler.llvm.machine import Target, host
    from autograd.compiler.numpy_backend import NumpyBackend

    here = host()
    plain = [LlvmBackend(Target(here.triple, "x86-64"))] if here.triple.startswith("x86_64") else []
    return NumpyBackend(), LlvmBackend(), *plain


def assert_all_agree(backends, made, sizes=(13,)):
    for samples in sizes:
        expected, *found = (outcome(backend, made, samples) for backend in backends)
        for numbers in found:
            np.testing.assert_allclose(numbers, expected, rtol=1e-11)


@pytest.mark.parametrize("makes", [*((make,) for make in UNITS), UNITS])
def test_unit_twins_do_what_numpy_does(makes, backends):
    made = made_of_units([make(k) for k in (1, 5, 2, 1) for make in makes])
    assert_all_agree(backends, made, sizes=(1, 8, 13))


@pytest.mark.parametrize("makes", [*((make,) for make in REDUCTIONS), REDUCTIONS])
def test_gradient_sums_of_twins_are_those_of_numpy(makes, backends):
    made = made_of_sums([make(k) for k in (3, 1, 2, 3) for make in makes])
    assert_all_agree(backends, made, sizes=(1, 8, 13))


@pytest.mark.parametrize("entry", range(4))
def test_a_wrong_entry_of_the_table_would_be_seen(entry, backends, monkeypatch):
    made, right, calls = made_of_units([straight(k) for k in (1, 5, 2)]), Entries.add, []

    def wrong(entries, numbers):
        if len(numbers) == 4:
            calls.append(numbers)
        if len(numbers) == 4 and len(calls) == 2:  # the second of the twins
            numbers = [number + 64 * (k == entry) for k, number in enumerate(numbers)]
        return right(entries, numbers)

    expected = outcome(backends[0], made)
    monkeypatch.setattr(Entries, "add", wrong)
    assert not np.allclose(outcome(backends[1], made), expected, rtol=1e-9)
    assert len(calls) == 3


def test_many_calls_are_a_loop_over_a_table(backends):
    made = made_of_units([mapped(k % 20) if k % 3 else straight(1 + k % 20) for k in range(300)])
    text = text_of(made)
    assert "call fastcc void @unit" not in text
    assert "@units_calls = internal constant [608 x i64]" in text
    assert_all_agree(backends, made)


# Loops over tables within a function


@pytest.mark.parametrize(
    ("segments", "loops"),
    [
        ([Segment(inputs(0), 70, 10, 3, 1)], False),
        ([Segment(inputs(3 * (k % 25)), 3, 5 * k, 4, 1) for k in range(50)], True),
        ([Segment(inputs(7 * k % 75), 3, 3 * k % 250, 4, 1) for k in range(150)], True),
        ([Segment(inputs(7 * k % 75), 3, 3 * k % 250, 4, k // 5 % 2) for k in range(50)], True),
        ([Segment(inputs(3 * (k % 25)), 3, 5 * k, 4, 1 + k % 2) for k in range(50)], False),
        ([Segment(inputs(k % 60), 20, k, 7, 3 - k // 8) for k in range(16)], True),
        ([Segment(inputs(0), 80, 10 * k, 1, 2) for k in range(4)], True),
        ([*(Segment(inputs(k), 5, k, 1, 1) for k in range(30)), Segment(inputs(7), 33, 11, 2, 4)], True),
    ],
)
def test_dense_blocks_of_many_parts(segments, loops, backends):
    made = made_of_units([Dense(6, tuple(segments), 0, 1, scratch(0))])
    assert ("_parts = " in text_of(made)) is loops
    assert_all_agree(backends, made)


@pytest.mark.parametrize("count", [1, 7, 8, 31, 32, 33, 64, 100])
def test_many_single_sums(count, backends):
    sums = [SumOne((7 * k) % 90, scratch(k % 90), inputs(k % 50) if k % 3 else None) for k in range(count)]
    assert_all_agree(backends, made_of_sums(sums))


def test_scalar_code_that_repeats_is_a_function(backends):
    code = []
    for k in range(80):
        first = PARAMETERS + 2 * k
        code.append(Instruction(2 * k, autograd.mul, (Uniform(k), Uniform(k + 1)), Uniform(first)))
        code.append(Instruction(2 * k + 1, autograd.tanh, (Uniform(first),), Uniform(first + 1)))
    read = [Map(50, autograd.add, (Uniforms(PARAMETERS, 2), inputs(k)), scratch(50 * k)) for k in range(2)]
    made = made_of_units(read, prologue=tuple(code))
    text = text_of(made)
    assert (functions(made, "prologue"), text.count("call fastcc void @prologue")) == (1, 4)
    assert_all_agree(backends, made)
