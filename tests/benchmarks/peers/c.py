"""Hand-written C (mlp.c), straight-line C for the random graph, and the core's peak (peak.c)."""

from __future__ import annotations

import ctypes
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import dag
import native
import numpy as np
from player import Player, begin
from workloads import LEARNING_RATE, MANY_STEPS, Workload, workload

HERE = Path(__file__).resolve().parents[1]
BLOCK = 8
"""Points that straight-line code computes at once."""
CHUNK = 200
"""Operations in one function: gcc takes more than linear time for long ones."""


class Call(ctypes.Structure):
    """``struct call`` of mlp.c: one pointer is cheaper to pass than five arguments."""

    _fields_ = (
        ("x", ctypes.c_void_p),
        ("y", ctypes.c_void_p),
        ("parameters", ctypes.c_void_p),
        ("rate", ctypes.c_double),
        ("steps", ctypes.c_long),
    )


def step(name: str) -> Player:
    """One call a step."""
    w = workload(name)
    begin()
    return _player(w, 1)


def many(name: str) -> Player:
    """All steps in one call."""
    w = workload(name)
    begin()
    return _player(w, MANY_STEPS)


def _player(w: Workload, steps: int) -> Player:
    train = native.build(HERE / "mlp.c", _sizes(w)).train
    train.argtypes, train.restype = (ctypes.c_void_p,), ctypes.c_double
    p = w.start.copy()
    call = Call(w.X.ctypes.data, w.Y.ctypes.data, p.ctypes.data, LEARNING_RATE, steps)
    address = ctypes.addressof(call)

    def run(_kept: Any = (call, p, w)) -> float:
        loss: float = train(address)
        return loss

    def reset() -> None:
        p[:] = w.start

    return Player(run, p.copy, reset, steps)


def _sizes(w: Workload) -> dict[str, int]:
    inner = (*w.sizes[1:-1], 0)
    names = {"NI": w.sizes[0], "N1": inner[0], "N2": inner[1], "NO": w.sizes[-1]}
    return {**names, "N": w.samples, "HINGE": int(w.hinge)}


def peak(flops: str) -> Player:
    """As many multiply-adds as a step of a workload has, as fast as the core can do them."""
    library = native.build(HERE / "peak.c")
    library.rounds.argtypes, library.rounds.restype = (ctypes.c_long,), ctypes.c_double
    count = round(int(flops) / library.flops())
    return Player(lambda: float(library.rounds(count)))


def graph() -> Player:
    """The random graph as straight-line C, eight points at once."""
    nodes, X = dag.generate(), dag.points()
    begin()
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "graph.c"
        source.write_text("\n".join(straight_line(nodes, len(X))), encoding="utf-8")
        library = native.build(source, flags=tuple(flag.replace("-O3", "-O2") for flag in native.FLAGS))
    found = np.empty_like(X)
    pointers = [ctypes.c_void_p(array.ctypes.data) for array in (X, found)]

    def run(_kept: Any = (X, found)) -> float:
        library.gradients(*pointers)
        return 0.0

    return Player(run, lambda: found)


_HEAD = f"""
#include <math.h>
typedef double vec __attribute__((vector_size({8 * BLOCK})));
static vec v[COUNT], g[COUNT];
static __attribute__((noinline)) vec vtanh(vec x) {{ vec y; for (int l = 0; l < {BLOCK}; l++) y[l] = tanh(x[l]); return y; }}
static __attribute__((noinline)) vec vexp(vec x) {{ vec y; for (int l = 0; l < {BLOCK}; l++) y[l] = exp(x[l]); return y; }}
static __attribute__((noinline)) vec vlog(vec x) {{ vec y; for (int l = 0; l < {BLOCK}; l++) y[l] = log(x[l]); return y; }}
typedef long long index __attribute__((vector_size({8 * BLOCK})));
static inline vec passed(vec y, vec g) {{ return (vec)((index)g & (index)(y > 0)); }}
static inline vec vrelu(vec x) {{ return passed(x, x); }}
"""  # noqa: E501


def straight_line(nodes: Sequence[dag.Node], count: int) -> Iterator[str]:
    """C source of ``gradients(X, G)`` for a number of points that is a multiple of BLOCK."""
    total = dag.INPUTS + len(nodes)
    yield _HEAD.replace("COUNT", str(total))
    forward = [_forward(node, dag.INPUTS + i) for i, node in enumerate(nodes)]
    backward = [_backward(node, dag.INPUTS + i) for i, node in enumerate(nodes)]
    parts = []
    for name, lines in (("f", forward), ("b", backward[::-1])):
        for i in range(0, len(lines), CHUNK):
            parts.append(f"{name}{i}();")
            yield f"static __attribute__((noinline)) void {name}{i}(void) {{\n{chr(10).join(lines[i : i + CHUNK])}\n}}"
    n, b = dag.INPUTS, BLOCK
    yield f"void gradients(const double *X, double *G) {{ for (int s = 0; s < {count}; s += {b}) {{"
    yield f"for (int l = 0; l < {b}; l++) for (int i = 0; i < {n}; i++) v[i][l] = X[(s + l) * {n} + i];"
    yield f"for (int i = 0; i < {total}; i++) g[i] = (vec){{0}};"
    yield f"g[{total - 1}] = (vec){{0}} + 1.0;"
    yield from parts
    yield f"for (int l = 0; l < {b}; l++) for (int i = 0; i < {n}; i++) G[(s + l) * {n} + i] = g[i][l]; }} }}"


def _forward(node: dag.Node, y: int) -> str:
    op, a, b = node
    signs = {"add": "+", "sub": "-", "mul": "*", "div": "/"}
    if op == "shift":
        return f"v[{y}] = v[{a}] + 1.0;"
    return f"v[{y}] = v[{a}] {signs[op]} v[{b}];" if op in signs else f"v[{y}] = v{op}(v[{a}]);"


def _backward(node: dag.Node, y: int) -> str:
    op, a, b = node
    adjoint = f"g[{y}]"
    if op == "div":
        return f"{{ vec q = {adjoint} / v[{b}]; g[{a}] += q; g[{b}] -= q * v[{y}]; }}"
    return {
        "add": f"g[{a}] += {adjoint}; g[{b}] += {adjoint};",
        "sub": f"g[{a}] += {adjoint}; g[{b}] -= {adjoint};",
        "mul": f"g[{a}] += {adjoint} * v[{b}]; g[{b}] += {adjoint} * v[{a}];",
        "shift": f"g[{a}] += {adjoint};",
        "tanh": f"g[{a}] += {adjoint} * (1.0 - v[{y}] * v[{y}]);",
        "exp": f"g[{a}] += {adjoint} * v[{y}];",
        "log": f"g[{a}] += {adjoint} / v[{a}];",
        "relu": f"g[{a}] += passed(v[{y}], {adjoint});",
    }[op]
