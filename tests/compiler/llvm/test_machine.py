"""Targets, assembly for machines that we don't have, the compiler's errors, and compiling in threads."""

import ctypes
import math
import re
import subprocess
import sys
import threading
import types

import numpy as np
import pytest

from autograd.compiler.llvm import machine
from autograd.compiler.llvm.machine import (
    AVX2,
    AVX512,
    NEON,
    SCALAR,
    SSE2,
    CompilerUnavailableError,
    Target,
    compile_ir,
    host,
)
from autograd.operation import OPS
from tests.compiler.llvm.assembly import ARCHITECTURES, emit_assembly

X86_512 = "+avx512f,+avx512dq,+avx512vl,+avx2,+avx,+fma"
X86_256 = "+avx2,+avx,+fma"
TARGETS = {
    "linux-avx512": Target("x86_64-unknown-linux-gnu", "skylake-avx512", X86_512),
    "linux-avx2": Target("x86_64-unknown-linux-gnu", "haswell", X86_256),
    "linux-sse2": Target("x86_64-unknown-linux-gnu", "x86-64"),
    "windows-avx2": Target("x86_64-pc-windows-msvc", "haswell", X86_256),
    "mac-x86": Target("x86_64-apple-macosx11.0.0", "haswell", X86_256),
    "linux-arm": Target("aarch64-unknown-linux-gnu", "generic"),
    "mac-arm": Target("arm64-apple-macosx11.0.0", "apple-m1"),
    "riscv": Target("riscv64-unknown-linux-gnu", "generic-rv64", "+m,+a,+f,+d"),
}


@pytest.mark.parametrize(
    ("name", "architecture"),
    [
        ("linux-avx512", AVX512),
        ("linux-avx2", AVX2),
        ("linux-sse2", SSE2),
        ("windows-avx2", AVX2),
        ("mac-x86", AVX2),
        ("linux-arm", NEON),
        ("mac-arm", NEON),
        ("riscv", SCALAR),
    ],
)
def test_the_architecture_of_a_target(name, architecture):
    assert TARGETS[name].architecture is architecture


def test_features_that_are_off_do_not_count():
    assert Target("x86_64-unknown-linux-gnu", "x", "-avx512f,-avx512dq,+avx2,+fma").architecture is AVX2
    assert Target("x86_64-unknown-linux-gnu", "x", "+avx2,-fma").architecture is SSE2


@pytest.mark.parametrize("name", list(ARCHITECTURES))
def test_tiles_fit_the_registers(name):
    tiles, registers = ARCHITECTURES[name].tiles, 16 if name in ("avx2", "sse2") else 32
    assert tiles.rows * tiles.vectors + tiles.vectors + 1 <= registers
    assert tiles.gradient_rows * tiles.gradient_columns + tiles.gradient_rows + 1 <= registers
    assert tiles.sample_rows * tiles.sample_vectors + tiles.sample_vectors + 1 <= registers


# Assembly for every target

DENSE = {
    "linux-avx512": ("vfmadd", r"%zmm\d"),
    "linux-avx2": ("vfmadd", r"%ymm\d"),
    "windows-avx2": ("vfmadd", r"%ymm\d"),
    "mac-x86": ("vfmadd", r"%ymm\d"),
    "linux-arm": ("fmla", r"v\d+\.2d"),
    "mac-arm": ("fmla", r"v\d+(\.2d)?"),
    "riscv": ("fmadd.d", r"fa\d"),
}


def polynomial(m, x):
    return (x * 0.5 + 1.0) * x + 2.0


@pytest.mark.parametrize("name", list(DENSE))
def test_assembly_uses_the_vectors_of_the_target(name, llvm, text_of):
    target = TARGETS[name]
    instruction, register = DENSE[name]
    text = text_of(polynomial, 1, target.architecture.width, target.architecture.attributes)
    assembly = emit_assembly(text, target)
    assert instruction in assembly
    assert re.search(register, assembly)


@pytest.mark.parametrize("name", list(TARGETS))
def test_every_elementary_function_compiles_for_every_target(name, llvm, text_of):
    target = TARGETS[name]

    def everything(m, x):
        total = m.power(x, x)
        for function in ("exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "tan", "asin", "acos", "atan"):
            total = total + getattr(m, function)(x)
        for function in ("sinh", "cosh", "tanh", "erf", "erfc", "abs", "floor"):
            total = total + getattr(m, function)(x)
        return total

    text = text_of(everything, 1, target.architecture.width, target.architecture.attributes)
    assembly = emit_assembly(text, target)
    for function in ("exp", "tan", "power", "erfc"):
        assert re.search(rf"^_?vector_{function}:", assembly, re.MULTILINE)
    # Nothing of a C library but fma and floor, which a machine may lack.
    called = set(re.findall(r"^\s+(?:callq?|bl)\s+_?([a-z]\w*)", assembly, re.MULTILINE))
    assert {f for f in called if not f.startswith(("vector_", "huge_angle"))} <= {"fma", "floor"}


def test_assembly_is_the_same_every_time(llvm, text_of):
    text = text_of(OPS["gelu"].kernel, 1, 4)
    assert emit_assembly(text, TARGETS["linux-avx2"]) == emit_assembly(text, TARGETS["linux-avx2"])


# Compiling and running here


def test_the_host_runs_what_it_compiles(llvm, vectorize):
    assert host() is host()
    x = np.array([0.0, 1.0, -2.0])
    assert vectorize(polynomial, 1)(x).tolist() == polynomial(None, x).tolist()


def runnable_targets() -> list[Target]:
    """The host, and on x86-64 also the host without its wider vectors and without fused products."""
    here = host()
    if not here.triple.startswith("x86_64"):
        return [here]
    fewer = [Target(here.triple, "x86-64")]
    if here.architecture in (AVX2, AVX512):
        fewer.append(Target(here.triple, "haswell", X86_256))
    return [here, *fewer]


@pytest.mark.parametrize("name", ["exp", "log1p", "tan", "power", "erfc"])
def test_every_target_that_runs_here_gives_the_same_bits(name, llvm, text_of):
    def kernel(m, x):
        return m.power(x, x) if name == "power" else getattr(m, name)(x)

    x = np.concatenate([np.linspace(-0.9, 30, 61), [math.inf, -math.inf, math.nan, 0.0, 5e-324, 1e300, 1e22]])
    x = np.resize(x, 72)
    results = []
    for target in runnable_targets():
        width = target.architecture.width
        engine = compile_ir(text_of(kernel, 1, width), target=target)
        y = np.empty_like(x)
        llvm.bind(engine, "run", ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p)(
            len(x) // width, y.ctypes.data, x.ctypes.data
        )
        results.append(y)
    assert all(np.array_equal(y, results[0], equal_nan=True) for y in results)
    assert np.isfinite(results[0]).sum() > 40


@pytest.mark.parametrize("opt_level", [0, 1, 2, 3])
def test_every_effort_gives_the_same(opt_level, llvm, text_of):
    engine = compile_ir(text_of(OPS["tanh"].kernel, 1, host().architecture.width), opt_level)
    x = np.linspace(-3, 3, 64)
    y = np.empty_like(x)
    run = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p)(engine.address("run"))
    run(64 // host().architecture.width, y.ctypes.data, x.ctypes.data)
    assert y.tolist() == pytest.approx(np.tanh(x).tolist(), rel=1e-15)


def test_a_name_that_is_not_there(llvm, text_of):
    engine = compile_ir(text_of(polynomial, 1, 2))
    with pytest.raises(KeyError, match="the compiled module has no function 'nothing'"):
        engine.address("nothing")


@pytest.mark.parametrize("opt_level", [-1, 4, None])
def test_an_effort_that_does_not_exist(opt_level, llvm, text_of):
    with pytest.raises(ValueError, match=f"opt_level is 0, 1, 2 or 3, got {opt_level}"):
        compile_ir(text_of(polynomial, 1, 2), opt_level)


def test_compiling_in_threads(llvm, vectorize, in_threads):
    x = np.linspace(0.1, 2, 40)
    names = ["exp", "log", "tanh", "sin", "erf", "sqrt", "cosh", "atan"]
    wanted = {name: vectorize(OPS[name].kernel, 1)(x) for name in names}
    found: dict[tuple[str, int], np.ndarray] = {}
    barrier = threading.Barrier(4)

    def work(number: int) -> None:
        barrier.wait()
        for name in names[number:] + names[:number]:
            found[name, number] = vectorize(OPS[name].kernel, 1)(x)

    in_threads(work, 4)
    assert len(found) == 4 * len(names)
    assert all(np.array_equal(y, wanted[name]) for (name, _), y in found.items())


# Without llvmlite

CURE = r'pip install "glassgrad\[fast\]"'


@pytest.fixture
def unloaded(monkeypatch):
    """As if llvmlite had not been loaded yet."""
    monkeypatch.setattr(machine, "_READY", [])
    return monkeypatch


def test_missing_llvmlite_is_one_clear_error(unloaded):
    unloaded.setitem(sys.modules, "llvmlite", None)
    unloaded.setitem(sys.modules, "llvmlite.binding", None)
    with pytest.raises(CompilerUnavailableError, match=f"needs llvmlite, which is not installed: .*{CURE}") as caught:
        compile_ir("")
    assert isinstance(caught.value, ImportError)


def fake_llvmlite(monkeypatch, **attributes):
    package, binding = types.ModuleType("llvmlite"), types.ModuleType("llvmlite.binding")
    package.binding = binding
    for name, value in attributes.items():
        setattr(binding, name, value)
    monkeypatch.setitem(sys.modules, "llvmlite", package)
    monkeypatch.setitem(sys.modules, "llvmlite.binding", binding)


def test_broken_llvmlite_is_the_same_error(unloaded):
    def broken():
        raise OSError("libLLVM.so: cannot open shared object file")

    fake_llvmlite(unloaded, initialize_native_target=broken)
    with pytest.raises(CompilerUnavailableError, match=rf"can't be used \(libLLVM.so: cannot open .*\): .*{CURE}"):
        compile_ir("")


def test_an_old_llvmlite_is_refused(unloaded):
    fake_llvmlite(
        unloaded,
        initialize_native_target=lambda: None,
        initialize_native_asmprinter=lambda: None,
        llvm_version_info=(15, 0, 7),
    )
    with pytest.raises(CompilerUnavailableError, match=f"llvmlite >= 0.45 .*this one has LLVM 15.0.7: .*{CURE}"):
        machine.load_llvm()


def test_importing_the_compiler_does_not_load_llvmlite():
    code = (
        "import sys, autograd.compiler.llvm.text.module, autograd.compiler.llvm.math.elementary; "
        "import autograd.compiler.llvm.machine as m; "
        "m.Target('aarch64-x', 'generic').architecture; sys.exit('llvmlite' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
