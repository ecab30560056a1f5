"""Every kind of unit and reduction alone, on tapes made by hand: machine code does what the NumPy backend does.

Batches are of all sizes around the width of a vector, with blocks that hold them at once and blocks that don't, for
each family of vectors that this machine can run.
"""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="llvmlite is not installed")

import autograd
from autograd.compiler.backend import Failure, InputArray
from autograd.compiler.graph.conditions import selection
from autograd.compiler.llvm import backend as llvm_backend
from autograd.compiler.llvm.backend import LlvmBackend
from autograd.compiler.llvm.emit.functions import Shape
from autograd.compiler.llvm.kernel import Binding, Kernel
from autograd.compiler.llvm.machine import AVX2, AVX512, Target, host
from autograd.compiler.numpy_backend import NumpyBackend
from autograd.compiler.tape import (
    Dense,
    Dot,
    Instruction,
    Local,
    Map,
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


def narrower_targets() -> list[Target]:
    """This machine, and what it can run besides with narrower vectors."""
    this = host()
    targets = [this]
    if this.architecture in (AVX512, AVX2):
        targets.append(Target(this.triple, "x86-64-v2", "+sse4.2"))
    if this.architecture is AVX512:
        targets.append(Target(this.triple, "x86-64-v3", "+avx,+avx2,+fma"))
    return targets


TARGETS = narrower_targets()
target = pytest.mark.parametrize("target", TARGETS, ids=[t.architecture.name for t in TARGETS])


def inputs(index: int) -> Row:
    return Row("input", index)


def scratch(index: int) -> Row:
    return Row("scratch", index)


def tape(columns: int, parameters: int = 0, **parts: object) -> Tape:
    """A tape of one array with that many columns."""
    empty = {"scratch": 0, "prologue": (), "units": (), "reductions": (), "epilogue": (), "results": (Number(0.0),)}
    array = InputArray("x", columns, scalar=False)
    return Tape(**{"arrays": (array,), "parameters": parameters, "uniforms": parameters, **empty, **parts})


def data_for(made: Tape, samples: int, seed: int = 1) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
    rng = np.random.default_rng(seed)
    arrays = tuple(rng.uniform(0.5, 2.0, (samples, *array.shape)) for array in made.arrays)
    return arrays, rng.uniform(-1.0, 1.0, made.parameters)


def outcome(executable, arrays, data):
    grad = np.arange(len(data), dtype=float)
    return executable.bind(data, grad)(len(arrays[0]) if arrays else 1)(*arrays), grad


def assert_like_numpy(made: Tape, target: Target, sizes=(1, 2, 7, 8, 9, 17, 40)) -> None:
    executable, reference = LlvmBackend(target).build(made), NumpyBackend().build(made)
    # Blocks that don't hold the batch, whatever the backend would choose:
    blocked = [Kernel(made, target, Shape(vectors, one_block=False)) for vectors in (1, 3)]
    for samples in sizes:
        arrays, data = data_for(made, samples)
        expected, expected_grad = outcome(reference, arrays, data)
        for kernel in (executable.kernel(samples), *blocked):
            grad = np.arange(len(data), dtype=float)
            run = Binding(made, lambda _, kernel=kernel: kernel, data, grad)(samples)
            np.testing.assert_allclose(run(*arrays), expected, rtol=1e-12)
            np.testing.assert_allclose(grad, expected_grad, rtol=1e-12)


# Packing


@target
@pytest.mark.parametrize("columns", [1, 2, 3, 7, 8, 9, 16, 21])
def test_columns_come_out_as_they_went_in(target, columns):
    made = tape(columns, results=tuple(map(inputs, reversed(range(columns)))))
    executable = LlvmBackend(target).build(made)
    for samples in (1, 3, 8, 23):
        (x,), data = data_for(made, samples)
        np.testing.assert_array_equal(outcome(executable, (x,), data)[0], x[:, ::-1])


def test_several_arrays_lie_side_by_side():
    arrays = (InputArray("a", 3, False), InputArray("b", 1, True), InputArray("m", 2, False, "mask"))
    made = replace(tape(1), arrays=arrays, results=tuple(map(inputs, range(6))))
    given, data = data_for(made, 11)
    result, _ = outcome(LlvmBackend().build(made), given, data)
    np.testing.assert_array_equal(result, np.column_stack(given))


@target
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_number_that_is_not_finite_is_found_wherever_it_stands(target, bad):
    made = tape(11, results=(inputs(0),))
    executable = LlvmBackend(target).build(made)
    for samples in (1, 8, 13):
        for row, column in ((0, 0), (samples - 1, 10), (samples // 2, 5)):
            (x,), data = data_for(made, samples)
            x[row, column] = bad
            with pytest.raises(Failure):
                outcome(executable, (x,), data)


def test_the_largest_numbers_are_finite():
    made = tape(9, results=(inputs(8),))
    x = np.full((30, 9), np.finfo(float).max)
    np.testing.assert_array_equal(outcome(LlvmBackend().build(made), (x,), np.zeros(0))[0], x[:, :1])


# Units


@target
def test_straight_code(target):
    code = (
        Instruction(0, autograd.mul, (inputs(0), inputs(1))),
        Instruction(2, selection(("<", 0, 1)), (Local(0), Number(1.5), inputs(0), Number(-3.0)), store=scratch(2)),
        Dot(3, Uniform(2), ((Uniform(0), inputs(1)), (Uniform(1), Local(0))), store=scratch(0)),
        Instruction(4, autograd.maximum, (Local(2), Local(3)), store=scratch(1)),
        Instruction(5, autograd.tanh, (scratch(1),), store=scratch(0)),
    )
    later = (Instruction(0, autograd.logsumexp, (scratch(0), scratch(1), inputs(0)), store=scratch(2)),)
    results = (scratch(0), scratch(1), scratch(2), Uniform(1), Number(4.0), inputs(1))
    assert_like_numpy(tape(2, 3, scratch=3, units=(Straight(code), Straight(later)), results=results), target)


@target
def test_maps(target):
    units = (
        Map(5, autograd.exp, (Rows(inputs(0)),), scratch(0)),
        Map(5, autograd.mul, (Rows(scratch(0)), inputs(6)), scratch(5)),
        Map(5, autograd.add, (Rows(scratch(5)), Uniforms(1, 2)), scratch(10)),
        Map(5, autograd.maximum, (Rows(scratch(10)), Number(1.0)), scratch(5)),
        Map(5, autograd.div, (Rows(inputs(1)), Rows(scratch(5))), scratch(0), checked=True),
        Map(5, autograd.sub, (Uniform(0), Rows(scratch(0))), scratch(10)),
    )
    assert_like_numpy(tape(7, 12, scratch=15, units=units, results=tuple(map(scratch, range(15)))), target)


@target
@pytest.mark.parametrize(("outputs", "inputs_"), [(1, 1), (3, 2), (4, 5), (13, 9), (16, 130)])
def test_dense_blocks(target, outputs, inputs_):
    stride = inputs_ + 1
    block = Dense(outputs, (Segment(inputs(0), inputs_, 0, stride, 1),), inputs_, stride, scratch(0))
    results = tuple(map(scratch, range(outputs)))
    assert_like_numpy(tape(inputs_, outputs * stride, scratch=outputs, units=(block,), results=results), target)


@target
def test_a_dense_block_of_several_segments_with_an_epilogue(target):
    squares = Straight(tuple(Instruction(k, autograd.mul, (inputs(k), inputs(k)), scratch(k)) for k in range(3)))
    segments = (Segment(inputs(2), 4, 30, -1, -4), Segment(scratch(0), 3, 5, 0, 1), Segment(inputs(0), 1, 0, 1, 0))
    epilogue = (
        Map(6, autograd.tanh, (Output(),), None),
        Map(6, autograd.mul, (Output(0), Rows(inputs(0))), scratch(10)),
        Map(6, autograd.add, (Output(1), Uniforms(3, 2)), scratch(16)),
        Map(6, autograd.sub, (Output(2), inputs(5)), scratch(22)),
    )
    block = Dense(6, segments, store=scratch(4), epilogue=epilogue)
    results = tuple(scratch(k) for k in range(28) if k != 3)
    assert_like_numpy(tape(6, 40, scratch=28, units=(squares, block), results=results), target)


@target
def test_a_dense_block_of_many_segments_of_two_kinds(target):
    """Where they begin is read from a table: those of the second kind stand behind those of the first."""
    single = [Segment(inputs(k), 1, 11 * k, 1, 0) for k in (4, 1, 6, 0)]
    double = [Segment(inputs(k), 2, 80 + 7 * k, 2, 1) for k in (2, 5, 0)]
    block = Dense(5, (*single, *double), store=scratch(0))
    assert_like_numpy(tape(8, 130, scratch=5, units=(block,), results=tuple(map(scratch, range(5)))), target)


def test_a_dense_block_that_takes_from_parameters_and_other_uniforms():
    prologue = (Instruction(0, autograd.exp, (Uniform(0),), Uniform(2)),)
    block = Dense(3, (Segment(inputs(0), 2, 0, 0, 2),), 0, 1, scratch(0))
    made = replace(tape(2, 2, scratch=3, units=(block,), results=tuple(map(scratch, range(3)))), prologue=prologue)
    assert_like_numpy(replace(made, uniforms=3), host())


# Gradient sums


def seeded(columns: int, parameters: int, **parts: object) -> Tape:
    return tape(columns, parameters, seeded=True, **parts)


def adjoints(columns: int, count: int) -> Map:
    """Adjoints in the first scratch rows: the first columns times the seed, which is 0 in the padding."""
    return Map(count, autograd.mul, (Rows(inputs(0)), inputs(columns)), scratch(0))


@target
@pytest.mark.parametrize(("outputs", "columns"), [(1, 1), (3, 2), (5, 8), (4, 17), (9, 33)])
@pytest.mark.parametrize("by_columns", [True, False])
def test_outer_products(target, outputs, columns, by_columns):
    strides = (columns + 1, 1) if by_columns else (1, outputs)
    made = seeded(
        max(columns, outputs),
        outputs * (columns + 1),
        scratch=outputs,
        units=(adjoints(max(columns, outputs), outputs),),
        reductions=(
            SumMatrix(scratch(0), outputs, inputs(0), columns, 0, *strides),
            SumMatrix(scratch(0), outputs, None, 1, columns if by_columns else outputs * columns, strides[0], 0),
        ),
        results=(inputs(0),),
    )
    assert_like_numpy(made, target)


@target
def test_sums_of_single_products(target):
    seed = inputs(3)
    sums = [SumOne(slot, seed, inputs(slot % 3) if slot % 4 else None) for slot in range(19)]
    assert_like_numpy(seeded(3, 20, reductions=tuple(sums), results=(inputs(1),)), target)


@target
def test_uniforms_that_are_used_several_times_gather_all_their_gradients(target):
    seed = inputs(3)
    reductions = (
        SumMatrix(scratch(0), 2, inputs(1), 2, 0, 2, 1),
        SumMatrix(scratch(0), 2, inputs(0), 2, 1, 2, 1),
        SumOne(3, seed, None),
        SumOne(3, seed, inputs(2)),
    )
    made = seeded(3, 6, scratch=2, units=(adjoints(3, 2),), reductions=reductions, results=(seed,))
    assert_like_numpy(made, target)


def test_prologue_and_epilogue():
    made = replace(
        seeded(1, 2, results=(inputs(0),)),
        uniforms=3,
        prologue=(
            Instruction(0, autograd.mul, (Uniform(0), Uniform(1))),
            Instruction(1, autograd.tanh, (Local(0),), Uniform(2)),
        ),
        reductions=(SumOne(2, inputs(1), inputs(0)),),
        epilogue=(
            Instruction(0, autograd.mul, (Uniform(3 + 2), Uniform(2))),
            Instruction(1, autograd.add, (Uniform(3 + 0), Local(0)), Uniform(3 + 0)),
            Instruction(2, autograd.sub, (Uniform(3 + 1), Local(0)), Uniform(3 + 1)),
        ),
    )
    assert_like_numpy(made, host())


# What is refused


@pytest.mark.parametrize("as_map", [True, False])
def test_arguments_outside_a_domain_are_found_if_they_are_to_be_checked(as_map):
    def made(checked: bool) -> Tape:
        if as_map:
            unit = Map(2, autograd.log, (Rows(inputs(0)),), scratch(0), checked)
        else:
            unit = Straight((Instruction(0, autograd.log, (inputs(1),), scratch(0), checked),))
        return tape(2, scratch=2, units=(unit,), results=(scratch(0),))

    x = np.ones((11, 2))
    checking, trusting = LlvmBackend().build(made(True)), LlvmBackend().build(made(False))
    np.testing.assert_array_equal(outcome(checking, (x,), np.zeros(0))[0], np.zeros((11, 1)))
    x[10, 1] = -1.0
    with pytest.raises(Failure):
        outcome(checking, (x,), np.zeros(0))
    outcome(trusting, (x,), np.zeros(0))


@pytest.mark.parametrize(("loss", "gradient"), [(710.0, 0.0), (0.0, 710.0)])
def test_a_loss_or_gradient_that_is_not_finite_leaves_the_gradients_alone(loss, gradient):
    code = tuple(Instruction(k, autograd.exp, (inputs(k),), scratch(k)) for k in range(2))
    made = seeded(
        2, 9, scratch=2, units=(Straight(code),), reductions=(SumOne(8, inputs(2), scratch(1)),), results=(scratch(0),)
    )
    executable = LlvmBackend().build(made)
    x = np.zeros((5, 2))
    result, grad = outcome(executable, (x,), np.zeros(9))
    assert (result, grad[8]) == (pytest.approx(1.0), 9.0)
    x[3] = loss, gradient
    grad = np.arange(9.0)
    with pytest.raises(Failure):
        executable.bind(np.zeros(9), grad)(5)(x)
    np.testing.assert_array_equal(grad, np.arange(9.0))


def test_padding_does_not_leak():
    """Of what an earlier call left in the lanes that a smaller batch doesn't use, nothing is seen."""
    made = seeded(2, 1, reductions=(SumOne(0, inputs(2), inputs(1)),), results=(inputs(0),))
    kernel = Kernel(made, host(), Shape(3, one_block=True))
    grad = np.zeros(1)
    bind = Binding(made, lambda _: kernel, np.zeros(1), grad)
    bind(kernel.layout.samples)(np.full((kernel.layout.samples, 2), 1e300))
    grad[:] = 0.0
    loss = bind(2)(np.array([[1.0, 2.0], [3.0, 6.0]]))
    assert (loss, grad[0]) == (2.0, 4.0)


# Which kernels are made


def test_kernels_are_shared_by_batches_of_similar_size():
    block = Dense(4, (Segment(inputs(0), 2, 0, 2, 1),), store=scratch(0))
    executable = LlvmBackend().build(tape(2, 8, scratch=4, units=(block,), results=(scratch(3),)))
    width = host().architecture.width
    large = executable.kernel(40 * width)
    assert executable.kernel(40 * width - 3) is large
    assert executable.kernel(39 * width) is large
    for samples in range(1, 68):
        executable.kernel(samples)
    assert len(executable._kernels) <= llvm_backend._SHAPES + 1


def test_much_irregular_code_is_compiled_with_less_effort(monkeypatch):
    code = tuple(Instruction(k, autograd.add, (inputs(0), Number(float(k))), scratch(0)) for k in range(40))
    made = tape(1, scratch=1, units=(Straight(code),), results=(scratch(0),))
    assert llvm_backend.effort(made) == 2
    monkeypatch.setattr(llvm_backend, "_MUCH", 39)
    assert llvm_backend.effort(made) == 0
    np.testing.assert_array_equal(outcome(LlvmBackend().build(made), (np.ones((3, 1)),), np.zeros(0))[0], [[40.0]] * 3)
