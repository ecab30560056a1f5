"""Long chains, memory, and what happens to a graph when nobody holds it: numbers, never times."""

import copy
import gc
import importlib.util
import pickle
import subprocess
import sys
import textwrap
import tracemalloc
import weakref
from collections.abc import Iterator

import pytest

import autograd
from autograd import Constant, Parameter, Value, ancestors, gradients, sweep

LENGTH = 200_000
BYTES_A_NODE = 250  # with its own number and one partial; micrograd takes about 700


def chain(length: int, start: Value) -> Value:
    y = start
    for _ in range(length):
        y = y + start
    return y


@pytest.fixture(scope="module")
def long_chain() -> tuple[Value, Value]:
    x = Value(1.0, label="x")
    return chain(LENGTH, x), x


def test_backward_of_a_long_chain(long_chain: tuple[Value, Value]) -> None:
    y, x = long_chain
    x.zero_grad()
    y.backward()
    assert x.grad == LENGTH + 1


def test_sweep_of_a_long_chain(long_chain: tuple[Value, Value]) -> None:
    y, x = long_chain
    assert len(ancestors(y)) == LENGTH + 1
    *_, last = sweep(y)
    assert (last.node, last.adjoint) == (x, LENGTH + 1)


def test_gradients_of_a_long_chain(long_chain: tuple[Value, Value]) -> None:
    y, x = long_chain
    assert gradients(y, [x]) == (LENGTH + 1,)
    assert autograd.changed_leaves(y) == []


def test_recorded_gradients_of_a_long_chain() -> None:
    x = Value(0.5)
    y = x
    for _ in range(20_000):
        y = y.sin()
    (slope,) = gradients(y, [x], record=True)
    assert slope.data == pytest.approx(gradients(y, [x])[0], rel=1e-12)
    assert gradients(slope, [x])[0] < 0.0


def test_pickle_of_a_long_chain(long_chain: tuple[Value, Value]) -> None:
    again = pickle.loads(pickle.dumps(long_chain[0]))
    *_, last = sweep(again)
    assert (last.node.label, last.adjoint) == ("x", LENGTH + 1)


def test_deepcopy_of_a_long_chain(long_chain: tuple[Value, Value]) -> None:
    y, x = copy.deepcopy(long_chain)
    assert x is not long_chain[1]
    assert gradients(y, [x]) == (LENGTH + 1,)


def test_an_operation_of_many_arguments() -> None:
    leaves = [Value(0.0) for _ in range(20_000)]
    y = autograd.logsumexp(*leaves)
    y.backward()
    assert sum(leaf.grad for leaf in leaves) == pytest.approx(1.0, rel=1e-9)
    assert pickle.loads(pickle.dumps(y)).data == y.data


# Freed by reference counting alone


@pytest.fixture
def _no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("_no_collector")
def test_a_graph_is_freed_with_the_collector_off() -> None:
    x, w = Value(0.5), Parameter(0.25)
    y = autograd.logsumexp((x * w).tanh(), autograd.where(x > 0, x, w), (x + 1.0) ** 2)
    watched = [weakref.ref(node) for node in ancestors(y)]
    y.backward()
    slopes = gradients(y, [x, w], record=True)
    watched += [weakref.ref(node) for slope in slopes for node in ancestors(slope)]
    steps = list(sweep(y))
    assert all(reference() is not None for reference in watched)
    del x, w, y, slopes, steps
    assert [reference() for reference in watched if reference() is not None] == []


@pytest.mark.usefixtures("_no_collector")
def test_a_long_chain_is_freed_without_recursion() -> None:
    x = Value(1.0)
    y = chain(LENGTH, x)
    watched = [weakref.ref(node) for node in ancestors(y)[:: LENGTH // 7]]
    del y
    assert sum(reference() is not None for reference in watched) == 1  # x itself


def test_there_are_no_cycles() -> None:
    gc.collect()
    x = Value(0.5, label="x")
    y = (x * 2.0 + x.exp()).gelu()
    y.backward()
    gradients(y, [x], record=True)
    copy.deepcopy(pickle.loads(pickle.dumps(y)))
    with pytest.raises(autograd.DomainError):
        (y - y).log()
    del x, y
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        gc.collect()
        ours = [thing for thing in gc.garbage if isinstance(thing, Value | autograd.Step)]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
    assert ours == []


# Memory


def bytes_a_node(build: str) -> float:
    """Memory of a node in a process of its own, over 20,000 nodes with distinct numbers."""
    script = f"""
        import tracemalloc
        {build}
        count = 20_000
        nodes = [None] * count
        x = Value(1.0001)
        tracemalloc.start()
        y = x
        for i in range(count):
            y = y * x
            nodes[i] = y
        print(tracemalloc.get_traced_memory()[0] / count)
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def test_memory_of_a_node() -> None:
    tracemalloc.start()
    try:
        x = Value(1.0001)
        before = tracemalloc.get_traced_memory()[0]
        y = x
        for _ in range(10_000):
            y = y * x
        used = (tracemalloc.get_traced_memory()[0] - before) / 10_000
    finally:
        tracemalloc.stop()
    assert y.requires_grad
    assert 0 < used <= BYTES_A_NODE


@pytest.mark.skipif(importlib.util.find_spec("micrograd") is None, reason="micrograd is not installed")
def test_memory_of_a_node_is_at_most_half_of_micrograds() -> None:
    ours, theirs = bytes_a_node("from autograd import Value"), bytes_a_node("from micrograd.engine import Value")
    assert ours <= theirs / 2


def test_constants_are_small_too() -> None:
    assert sys.getsizeof(Constant(1.0)) <= 120
    assert sys.getsizeof(Value(1.0) * 2.0) <= 120
    assert sys.getsizeof(Value(1.0)) <= 136, "a leaf has room for attributes"
