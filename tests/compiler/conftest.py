"""`vectorize`: any kernel as compiled SIMD code over arrays. Skips where llvmlite is missing."""

import ctypes
import runpy
import threading
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from autograd import Parameter
from autograd.compiler import compile
from autograd.compiler.graph import text as graph_text
from autograd.compiler.graph.rooted import RootedGraph
from autograd.compiler.llvm.machine import MachineCode, compile_ir, host
from autograd.compiler.llvm.math.elementary import Vectors
from autograd.compiler.llvm.text.body import Body
from autograd.compiler.llvm.text.module import IRModule
from autograd.compiler.report import stage_text
from tests.compiler.graph.parse import parse

CompiledKernel = Callable[..., np.ndarray]


def kernel_text(kernel: Callable[..., Any], arity: int, width: int, attributes: str = "") -> str:
    """A module with `run(blocks, y, x0, x1, ...)`, which applies the kernel to blocks of `width` numbers."""
    module = IRModule(width, attributes)
    pointers = ", ".join(f"ptr %x{i}" for i in range(arity))
    body = module.function("run", f"i64 %blocks, ptr %y, {pointers}")

    def one_block(index: Any, _: list[Any]) -> None:
        offset = body.offset(0, (index, body.lanes.bytes))
        xs = [body.load(f"%x{i}", offset, align=8) for i in range(arity)]
        body.store("%y", offset, kernel(Vectors(body), *xs), align=8)

    body.loop("%blocks", one_block)
    body.finish()
    return module.text()


def bind(engine: MachineCode, name: str, *types: Any) -> Callable[..., None]:
    """A compiled function to call with numbers and addresses."""
    function = ctypes.CFUNCTYPE(None, *types)(engine.address(name))

    def call(*args: Any, keep: MachineCode = engine) -> None:
        function(*args)

    return call


def run_text(text: str, *arrays: np.ndarray, name: str = "run") -> None:
    """Compile a module and call its function with the addresses of these arrays."""
    call = bind(compile_ir(text), name, *[ctypes.c_void_p] * len(arrays))
    call(*(array.ctypes.data for array in arrays))


def run_body(width: int, emit: Callable[[Body], None], *arrays: np.ndarray) -> None:
    """Emit one function of pointers %p0, %p1, ... and run it on these arrays."""
    module = IRModule(width)
    body = module.function("run", ", ".join(f"ptr %p{i}" for i in range(len(arrays))))
    emit(body)
    body.finish()
    run_text(module.text(), *arrays)


def compile_kernel(kernel: Callable[..., Any], arity: int, width: int | None = None) -> CompiledKernel:
    """The kernel over arrays, in the widest vectors of this machine or in vectors of that many lanes."""
    architecture = host().architecture
    lanes = width or architecture.width
    engine = compile_ir(kernel_text(kernel, arity, lanes, architecture.attributes))
    run = bind(engine, "run", ctypes.c_int64, *[ctypes.c_void_p] * (arity + 1))

    def over_arrays(*xs: Any) -> np.ndarray:
        count = len(xs[0])
        blocks = -(-count // lanes)
        padded = [np.resize(np.asarray(x, dtype=np.float64), blocks * lanes) for x in xs]
        y = np.empty(blocks * lanes)
        run(blocks, y.ctypes.data, *(x.ctypes.data for x in padded))
        return y[:count]

    return over_arrays


@pytest.fixture(scope="session")
def in_threads() -> Callable[[Callable[[int], None], int], None]:
    """`in_threads(work, count)` runs `work(0)`, `work(1)`, ... each in a thread of its own, and waits for them."""

    def run(work: Callable[[int], None], count: int) -> None:
        threads = [threading.Thread(target=work, args=(k,)) for k in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    return run


@pytest.fixture(scope="session")
def llvm() -> SimpleNamespace:
    """The helpers above that compile and run."""
    pytest.importorskip("llvmlite", reason="llvmlite is not installed")
    return SimpleNamespace(bind=bind, run_text=run_text, run_body=run_body)


@pytest.fixture(scope="session")
def vectorize() -> Callable[..., CompiledKernel]:
    """`vectorize(kernel, arity, width)` gives the kernel as a function on arrays."""
    pytest.importorskip("llvmlite", reason="llvmlite is not installed")
    return compile_kernel


@pytest.fixture(scope="session")
def text_of() -> Callable[..., str]:
    """`text_of(kernel, arity, width, attributes)` gives the text of the module that `vectorize` compiles."""
    return kernel_text


@pytest.fixture(scope="session")
def coefficient_maker() -> dict[str, Any]:
    """What make_coefficients.py defines."""
    return runpy.run_path(str(Path(__file__).parents[1] / "reference" / "make_coefficients.py"))


Stage = Callable[[RootedGraph], Any]


@pytest.fixture(scope="session")
def becomes() -> Callable[[Stage], Callable[[str], None]]:
    """`becomes(stage)(text)` tests what a stage makes of a graph: the text has both, with `=>` between them."""

    def checker(stage: Stage) -> Callable[[str], None]:
        def check(both: str) -> None:
            before, after = both.split("=>")
            made = stage(parse(before))
            expected = graph_text.text(parse(after)) if isinstance(made, RootedGraph) else dedent(after).strip()
            assert stage_text(made) == expected

        return check

    return checker


@pytest.fixture(params=["numpy", "llvm"])
def backend(request: pytest.FixtureRequest) -> str:
    """A test that takes it runs on both backends."""
    if request.param == "llvm":
        pytest.importorskip("llvmlite", reason="llvmlite is not installed")
    return str(request.param)


class Linear:
    """A program of w·x - y for three columns; the oracle is NumPy's product."""

    weights = np.array([2.0, -3.0, 0.5])

    def __init__(self, backend: str) -> None:
        self.w = Parameter.many(self.weights)
        self.program = compile(lambda x, y: sum(a * b for a, b in zip(self.w, x, strict=True)) - y, backend=backend)

    def assert_right(self, X: Any, Y: Any, numbers: np.ndarray, targets: np.ndarray) -> None:
        """All three goals on X and Y equal what NumPy computes of the plain numbers."""
        for p in self.w:
            p.zero_grad()
        results = numbers @ self.weights - targets
        np.testing.assert_allclose(self.program(X, Y), results, rtol=1e-12, atol=1e-12)
        assert self.program.backward(X, Y) == pytest.approx(results.mean(), rel=1e-12, abs=1e-12)
        np.testing.assert_allclose([p.grad for p in self.w], numbers.mean(0), rtol=1e-12, atol=1e-12)
        dx, dy = self.program.gradients(X, Y)
        np.testing.assert_array_equal(dx, np.tile(self.weights, (len(numbers), 1)))
        np.testing.assert_array_equal(dy, -np.ones(len(numbers)))


@pytest.fixture
def linear(backend: str) -> Linear:
    """A program that is called with X of shape (batch, 3) and Y of shape (batch,)."""
    return Linear(backend)
