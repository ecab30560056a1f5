"""Every operation and random graphs: machine code gives what the NumPy backend gives, which gives what eager code does.

Values may differ by the few ulps of the elementary functions (`test_elementary.ULPS`), gradients by what a chain of
operations makes of them.
"""

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="llvmlite is not installed")

from hypothesis import given, settings
from hypothesis import strategies as st

from autograd import OPS, Parameter
from autograd.compiler import Program
from autograd.testing import DrawnExpression, expressions, points

TOLERANCE = {"rtol": 1e-10, "atol": 1e-12}
NARY = 3


def arguments_of(op) -> int:
    return NARY if op.arity is None else op.arity


@pytest.mark.parametrize("op", list(OPS.values()), ids=lambda op: op.name)
def test_every_operation(op):
    count = arguments_of(op)
    conditions = [i for i in range(count) if op.domain_of(i).text.startswith("a condition")]

    def f(xs):
        return op(*(x > 0.5 if i in conditions else x for i, x in enumerate(xs)))

    compiled, reference = Program(f, "llvm"), Program(f, "numpy")
    drawn = points(op).filter(lambda point: len(point) >= count)

    @settings(max_examples=15, deadline=None)
    @given(st.lists(drawn, min_size=1, max_size=20))
    def same(some):
        rows = np.array([[float(x) for x in point[:count]] for point in some])
        np.testing.assert_allclose(compiled(rows), reference(rows), **TOLERANCE)
        np.testing.assert_allclose(compiled.gradients(rows)[0], reference.gradients(rows)[0], **TOLERANCE)

    same()


@settings(max_examples=40, deadline=None)
@given(expressions(inputs=st.integers(2, 4)), st.integers(1, 3))
def test_random_graphs(expression: DrawnExpression, count: int):
    count = min(count, len(expression.point) - 1)
    parameters = [Parameter(x) for x in expression.point[:count]]
    rows = np.array([expression.point[count:]] * 3)
    found = []
    for backend in ("llvm", "numpy"):
        program = Program(lambda xs: expression.build([*parameters, *xs]), backend)
        for p in parameters:
            p.zero_grad()
        found.append((program.backward(rows), *(p.grad for p in parameters)))
    np.testing.assert_allclose(*found, rtol=1e-9, atol=1e-11)
