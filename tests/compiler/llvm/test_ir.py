"""The emitter of LLVM IR: its text, and what the text computes when it is compiled."""

import math
import re

import numpy as np
import pytest

from autograd import OPS
from autograd.compiler.llvm.text.body import Body
from autograd.compiler.llvm.text.module import IRModule
from autograd.compiler.llvm.text.registers import Bits, Lanes, Mask, Vector, hexadecimal

WIDTHS = (1, 2, 4, 8)


def a_body(width: int = 4, flags: str = "contract nsz") -> Body:
    return IRModule(width).function("f", "ptr %p0, ptr %p1", flags=flags)


def lines_of(body: Body) -> list[str]:
    body.finish()
    return [line.strip() for line in body.text().splitlines()[2:-2]]


# Text


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (1.0, "0x3FF0000000000000"),
        (-0.0, "0x8000000000000000"),
        (5e-324, "0x0000000000000001"),
        (math.inf, "0x7FF0000000000000"),
        (math.nan, "0x7FF8000000000000"),
    ],
)
def test_constants_are_exact(x, text):
    assert hexadecimal(x) == text
    assert Lanes(2).number(x) == f"splat (double {text})"
    assert Lanes(1).number(x) == text


@pytest.mark.parametrize("width", [0, -1, 3, 6])
def test_a_width_that_is_no_power_of_two_is_refused(width):
    with pytest.raises(ValueError, match=f"a vector needs 1, 2, 4, 8, ... lanes, got {width}"):
        IRModule(width)


def test_zero_and_minus_zero_are_two_constants():
    body = a_body()
    assert body.operand(0.0) != body.operand(-0.0)
    assert body.operand(2) == body.operand(2.0)


def test_operators_write_one_instruction_each():
    body = a_body(2)
    x, y = body.load("%p0", 0), body.load("%p1", 16)
    results = [x + y, 1.0 - x, x * 2, x / y, -x]
    assert [r.name for r in results] == ["%3", "%4", "%5", "%6", "%7"]
    one, two = "splat (double 0x3FF0000000000000)", "splat (double 0x4000000000000000)"
    assert lines_of(body) == [
        "%0 = load <2 x double>, ptr %p0, align 16",
        "%1 = getelementptr i8, ptr %p1, i64 16",
        "%2 = load <2 x double>, ptr %1, align 16",
        "%3 = fadd contract nsz <2 x double> %0, %2",
        f"%4 = fsub contract nsz <2 x double> {one}, %0",
        f"%5 = fmul contract nsz <2 x double> %0, {two}",
        "%6 = fdiv contract nsz <2 x double> %0, %2",
        "%7 = fneg <2 x double> %0",
    ]


def test_a_scalar_body_has_no_vectors():
    body = a_body(1)
    x = body.broadcast("%p0", 8)
    y = body.sums([body.fma(x, x, 1.0)])
    body.store("%p1", 0, body.choose(y > 0.0, y, x))
    text = "\n".join(lines_of(body))
    assert "<" not in text
    assert "fcmp ogt double" in text
    assert "call double @llvm.fma.f64(" in text


def test_flags_only_where_they_are_wanted():
    body = a_body(flags="")
    x = body.load("%p0", 0)
    assert not isinstance(x + x * x, Mask)
    assert "contract" not in "\n".join(lines_of(body))
    text = "\n".join(lines_of(a_body()))
    assert not re.search("fast|reassoc|nnan|ninf|arcp|afn|minnum|maxnum", text)


def test_a_condition_has_no_truth_value_while_code_is_emitted():
    body = a_body()
    x = body.load("%p0", 0)
    with pytest.raises(TypeError, match=r"Mask\(%1\) has no value while code is emitted: write where\(condition, a"):
        bool(x > 0.0)
    with pytest.raises(TypeError, match="has no value while code is emitted"):
        bool(x)


def test_bools_fold_into_masks():
    body = a_body()
    mask = body.load("%p0", 0) > 0.0
    assert mask & True is mask
    assert True & mask is mask
    assert False | mask is mask
    assert (mask & False, False & mask, mask | True, True | mask) == (False, False, True, True)
    assert body.select(True, 1.0, 2.0) == 1.0
    assert body.select(0.0, 1.0, 2.0) == 2.0


def test_offsets_are_computed_now_as_far_as_they_are_known():
    body = a_body()
    assert body.offset(8, (2, 16), (3, 100)) == 340
    assert body.offset(0, ("%i", 1)) == "%i"
    assert body.offset(8, ("%i", 16), (2, 4), ("%j", 1)) == "%2"
    assert lines_of(body) == ["%0 = mul nsw i64 %i, 16", "%1 = add nsw i64 %0, %j", "%2 = add nsw i64 %1, 16"]


def test_loops_of_one_round_or_none_are_no_loops():
    body = a_body()
    assert body.loop(1, lambda i, carried: [i, *carried], ["a"]) == [0, "a"]
    assert body.loop(0, lambda i, carried: [i], ["a"]) == ["a"]
    assert body.loop(5, lambda i, _: [i], [None], start=3, stride=2) == [3]
    assert lines_of(body) == []


def test_a_round_must_return_what_it_carries():
    with pytest.raises(ValueError, match="a round of a loop must return what it carries"):
        a_body().loop(4, lambda i, carried: [], [1.0])


def test_what_a_module_refuses():
    module = IRModule(4)
    module.function("f", "ptr %x")
    with pytest.raises(ValueError, match="this module has a function 'f' already"):
        module.function("f", "ptr %x")
    with pytest.raises(ValueError, match="a body was not finished: define void @f"):
        module.text()


@pytest.mark.parametrize("count", [0, 5])
def test_sums_takes_up_to_a_vector_of_vectors(count):
    body = a_body(4)
    with pytest.raises(ValueError, match=f"sums takes 1 to 4 vectors, got {count}"):
        body.sums([body.constant(1.0)] * count)


@pytest.mark.parametrize("name", [name for name, op in OPS.items() if op.arity])
def test_text_is_the_same_every_time(name, text_of):
    op = OPS[name]
    first, second = (text_of(op.kernel, op.arity, 8) for _ in range(2))
    assert first == second
    assert first.count("define void @run(") == 1


# What it computes


@pytest.mark.parametrize("width", WIDTHS)
def test_sums_over_the_lanes(width, llvm):
    for count in range(1, width + 1):
        numbers, result = np.arange(1.0, 1 + count * width) ** 2, np.zeros(width)

        def emit(body: Body, count: int = count) -> None:
            vectors = [body.load("%p0", i * body.lanes.bytes, align=8) for i in range(count)]
            body.store("%p1", 0, body.sums(vectors), align=8)

        llvm.run_body(width, emit, numbers, result)
        assert result[:count].tolist() == numbers.reshape(count, width).sum(1).tolist()


@pytest.mark.parametrize("width", WIDTHS)
def test_loops_carry_registers_of_every_kind(width, llvm):
    """Nested loops: the sum, whether any number was negative, and the exclusive or of all patterns."""
    rng = np.random.default_rng(1)
    numbers, result = rng.normal(size=6 * width), np.zeros(3 * width)

    def emit(body: Body) -> None:
        step = body.lanes.bytes

        def inner(i, j, carried):
            total, negative, pattern = carried
            x = body.load("%p0", body.offset(0, (i, 3 * step), (j, step)), align=8)
            return [total + x, body.combine("or", negative, x < 0.0), pattern ^ body.bits(x)]

        zero = body.constant(0.0)
        start = [zero, body.compare("olt", zero, 0.0), body.bits(zero)]
        total, negative, pattern = body.loop(
            2, lambda i, carried: body.loop(3, lambda j, inside: inner(i, j, inside), carried), start
        )
        assert (type(total), type(negative), type(pattern)) == (Vector, Mask, Bits)
        body.store("%p1", 0, total, align=8)
        body.store("%p1", step, body.select(negative, 1.0, 0.0), align=8)
        body.store("%p1", 2 * step, body.float_of(pattern), align=8)

    llvm.run_body(width, emit, numbers, result)
    table, result = numbers.reshape(6, width), result.reshape(3, width)
    assert result[0].tolist() == pytest.approx(table.sum(0).tolist(), rel=1e-14)
    assert result[1].tolist() == (table < 0).any(0).astype(float).tolist()
    assert result[2].view(np.int64).tolist() == np.bitwise_xor.reduce(table.view(np.int64), axis=0).tolist()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("negative_lane", [None, 0, -1])
def test_when_runs_if_a_lane_asks_for_it(width, negative_lane, llvm):
    numbers, result = np.arange(1.0, 1 + width), np.zeros(width)
    if negative_lane is not None:
        numbers[negative_lane] = -1.0

    def emit(body: Body) -> None:
        x = body.load("%p0", 0, align=8)
        (y,) = body.when(body.any(x < 0.0), lambda: [x * 10.0], [x])
        body.store("%p1", 0, y, align=8)

    llvm.run_body(width, emit, numbers, result)
    assert result.tolist() == (numbers if negative_lane is None else numbers * 10).tolist()


@pytest.mark.parametrize("width", WIDTHS)
def test_lanes_in_and_out(width, llvm):
    numbers, result = np.arange(1.0, 1 + width), np.zeros(width + 1)

    def emit(body: Body) -> None:
        x = body.load("%p0", 0, align=8)
        body.store_scalar("%p1", 8 * width, body.lane(x, width - 1))
        body.store("%p1", 0, body.with_lane(x, 0, body.load_scalar("%p0", 0)) + body.broadcast("%p0", 0), align=8)

    llvm.run_body(width, emit, numbers, result)
    assert result.tolist() == [*(numbers + 1), width]


@pytest.mark.parametrize("width", WIDTHS)
def test_comparisons_are_false_at_nan_and_selects_keep_it(width, vectorize):
    x = np.array([math.nan, -1.0, 0.0, 1.0])
    for kernel, wanted in (
        (lambda m, x: m.where(x > 0, 1.0, 0.0), [0, 0, 0, 1]),
        (lambda m, x: m.where(x >= 0, 1.0, 0.0), [0, 0, 1, 1]),
        (lambda m, x: m.where(x < 0, 1.0, 0.0), [0, 1, 0, 0]),
        (lambda m, x: m.where((x <= 0) | (x > 0), 1.0, 0.0), [0, 1, 1, 1]),
        (lambda m, x: m.where((x <= 0) & (x >= 0), 1.0, 0.0), [0, 0, 1, 0]),
        (lambda m, x: m.where(x, 1.0, 0.0), [1, 1, 0, 1]),
    ):
        assert vectorize(kernel, 1, width)(x).tolist() == wanted
    assert np.isnan(vectorize(lambda m, x: m.where(x <= 0.0, 0.0, x), 1, width)(x)[0])
