"""Whole programs as machine code: equal to eager code, for any batch, in any thread, and for other processors too."""

import gc
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="llvmlite is not installed")

import autograd
from autograd import Parameter, Value
from autograd.compiler import Program
from autograd.compiler.backend import Goal, InputArray
from autograd.compiler.llvm.backend import LlvmBackend
from autograd.compiler.llvm.emit.functions import Shape
from autograd.compiler.llvm.emit.kernel import kernel_text
from autograd.compiler.llvm.machine import AVX2, AVX512, NEON, Target
from autograd.compiler.pipeline import to_tape
from autograd.compiler.tape import Dense, Straight, Tape
from autograd.compiler.trace.run import trace
from autograd.optim import Adam
from tests.compiler.llvm.assembly import emit_assembly

CLASSES, COLUMNS, HIDDEN = 5, 18, 12


def parameters(count: int) -> list[Parameter]:
    rng = np.random.default_rng(4)
    return [Parameter(x) for x in rng.normal(size=count) * 0.3]


def classifier(weights):
    """A network with one hidden layer and cross entropy, in plain scalar code."""

    def loss(x, y):
        numbers, layer = iter(weights), x
        for size in (HIDDEN, CLASSES):
            sums = [sum((next(numbers) * v for v in layer), start=next(numbers)) for _ in range(size)]
            layer = [s.relu() for s in sums] if size == HIDDEN else sums
        return autograd.logsumexp(*layer) - sum(a * b for a, b in zip(y, layer, strict=True))

    return loss


WEIGHTS = HIDDEN * (COLUMNS + 1) + CLASSES * (HIDDEN + 1)
LAYOUT = (InputArray("x", COLUMNS, False), InputArray("y", CLASSES, False))


def classifier_tape(goal: Goal = "parameters") -> Tape:
    weights = parameters(WEIGHTS)
    return to_tape(trace(classifier(weights), LAYOUT), goal)


def batch(samples: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(samples)
    return rng.normal(size=(samples, COLUMNS)), np.eye(CLASSES)[rng.integers(0, CLASSES, samples)]


@pytest.mark.parametrize("samples", range(1, 68))
def test_every_batch_size_gives_what_numpy_gives(samples, programs):
    compiled, reference, weights = programs
    x, y = batch(samples)
    found = []
    for program in (compiled, reference):
        for w in weights:
            w.zero_grad()
        found.append((program.backward(x, y), [w.grad for w in weights], program(x, y), *program.gradients(x, y)))
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-13)


@pytest.fixture(scope="module")
def programs():
    weights = parameters(WEIGHTS)
    return Program(classifier(weights), "llvm"), Program(classifier(weights), "numpy"), weights


def test_a_large_batch_of_many_blocks(programs):
    compiled, reference, _ = programs
    x, y = batch(5000)
    np.testing.assert_allclose(compiled(x, y), reference(x, y), rtol=1e-9)
    assert compiled.backward(x, y) == pytest.approx(reference.backward(x, y), rel=1e-9)


def test_it_is_what_eager_code_gives(programs):
    compiled, _, weights = programs
    x, y = batch(3)
    for w in weights:
        w.zero_grad()
    loss = compiled.backward(x, y)
    compiled_gradient = [w.grad for w in weights]
    for w in weights:
        w.zero_grad()
    mean = Value(0.0)
    for row, target in zip(x, y, strict=True):
        mean = mean + classifier(weights)([Value(v) for v in row], [float(v) for v in target]) / 3.0
    mean.backward()
    assert loss == pytest.approx(mean.data, rel=1e-12)
    np.testing.assert_allclose(compiled_gradient, [w.grad for w in weights], rtol=1e-9, atol=1e-15)


def test_a_recurrence_uses_its_weights_at_every_step():
    weights = parameters(4 * 4 + 4 * 4)

    def f(xs):
        state = [0.1, 0.2, 0.3, 0.4]
        for x in xs:
            mixed = [x, *state[1:]]
            state = [
                (sum((weights[4 * j + k] * mixed[k] for k in range(4)), start=weights[16 + j])).tanh() for j in range(4)
            ]
        return state[0] * state[1] + state[2] - state[3]

    x = np.random.default_rng(0).normal(size=(21, 6))
    results = []
    for backend in ("llvm", "numpy"):
        for w in weights:
            w.zero_grad()
        results.append((Program(f, backend).backward(x), [w.grad for w in weights]))
    np.testing.assert_allclose(results[0][0], results[1][0], rtol=1e-12)
    np.testing.assert_allclose(results[0][1], results[1][1], rtol=1e-9, atol=1e-14)


# Other processors

OTHERS = {
    AVX512.name: Target("x86_64-unknown-linux-gnu", "x86-64-v4", "+avx512f,+avx512dq,+avx512vl,+avx2,+fma"),
    AVX2.name: Target("x86_64-unknown-linux-gnu", "x86-64-v3", "+avx2,+fma"),
    NEON.name: Target("aarch64-unknown-linux-gnu", "generic", "+neon"),
    "apple": Target("arm64-apple-macosx14", "apple-m1"),
    "windows": Target("x86_64-pc-windows-msvc", "x86-64-v3", "+avx2,+fma"),
    "scalar": Target("riscv64-unknown-linux-gnu", "generic-rv64", "+d,+f"),
}
INSTRUCTIONS = {
    AVX512.name: ("vfmadd231pd", "zmm"),
    AVX2.name: ("vfmadd231pd", "ymm"),
    NEON.name: ("fmla", ".2d"),
    "apple": ("fmla.2d", "v0"),
    "windows": ("vfmadd231pd", "ymm"),
    "scalar": ("fmadd.d", "fld"),
}


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("rule", [None, Adam([Parameter(0.0)]).rule], ids=["once", "training"])
def test_whole_programs_become_assembly_for_other_processors(name, rule):
    target = OTHERS[name]
    text = kernel_text(classifier_tape(), target.architecture, Shape(3, one_block=rule is None, rule=rule))
    assembly = emit_assembly(text, target)
    for wanted in INSTRUCTIONS[name]:
        assert wanted in assembly
    assert "run:" in assembly


def test_the_passes_find_dense_blocks_for_what_is_tested_here():
    kinds = {type(unit) for unit in classifier_tape().units}
    assert {Dense, Straight} <= kinds


def test_the_text_depends_on_nothing_but_the_program():
    code = (
        f"import runpy, hashlib; t = runpy.run_path({__file__!r});"
        "text = t['kernel_text'](t['classifier_tape'](), t['AVX2'], t['Shape'](2, False));"
        "print(hashlib.sha256(text.encode()).hexdigest())"
    )
    seen = set()
    for seed in ("1", "2"):
        run = [sys.executable, "-c", code]
        done = subprocess.run(run, env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True)
        seen.add(done.stdout)
    assert len(seen) == 1


# Threads and memory


def test_two_threads_compile_and_run(in_threads):
    expected, found, errors = {}, {}, []
    x, y = batch(20)
    for k in range(2):
        expected[k] = Program(classifier(parameters(WEIGHTS)[: WEIGHTS - k] + [Parameter(0.1)] * k), "numpy")(x, y)

    def work(k: int) -> None:
        try:
            program = Program(classifier(parameters(WEIGHTS)[: WEIGHTS - k] + [Parameter(0.1)] * k), "llvm")
            found[k] = [program(x, y) for _ in range(50)]
        except Exception as error:
            errors.append(error)

    in_threads(work, 2)
    assert errors == []
    for k in range(2):
        for result in found[k]:
            np.testing.assert_allclose(result, expected[k], rtol=1e-9)


def test_two_threads_run_the_same_code_at_once(in_threads):
    tape, (x, y) = classifier_tape("values"), batch(300)
    data = np.random.default_rng(0).normal(size=WEIGHTS)
    executable = LlvmBackend().build(tape)
    expected, wrong = executable.bind(data, np.zeros(WEIGHTS))(300)(x, y), []

    def work(_: int) -> None:
        run = executable.bind(data, np.zeros(WEIGHTS))(300)
        wrong.extend(1 for _ in range(300) if not np.array_equal(run(x, y), expected))

    in_threads(work, 2)
    assert wrong == []


def test_memory_is_constant_over_ten_thousand_calls():
    tape, (x, y) = classifier_tape(), batch(20)
    grad = np.zeros(WEIGHTS)
    run = LlvmBackend().build(tape).bind(np.zeros(WEIGHTS), grad)(20)
    run(x, y)
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(10_000):
            run(x, y)
        after = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert after - before < 10_000


def test_engines_go_with_their_programs():
    """Compiled code that nobody holds is closed in the right order, also in a reference cycle."""
    x, y = batch(9)
    for _ in range(6):
        executable = LlvmBackend().build(classifier_tape())
        executable.myself = executable  # type: ignore[attr-defined]
        executable.bind(np.zeros(WEIGHTS), np.zeros(WEIGHTS))(9)(x, y)
        del executable
        gc.collect()
    run = LlvmBackend().build(classifier_tape("values")).bind(np.zeros(WEIGHTS), np.zeros(0))(9)
    assert run(x, y).shape == (9, 1)
