"""Parameters: Values that are slots of flat stores, moved without losing identity or number."""

import copy
import gc
import pickle
from typing import Any

import numpy as np
import pytest

from autograd import Parameter, Value, gradients
from autograd.parameter import Store, pack, span, unique


def named(*numbers: float) -> list[Parameter]:
    return [Parameter(x, label=f"w{i}") for i, x in enumerate(numbers)]


def test_a_parameter_is_a_value_in_a_store_of_its_own() -> None:
    w = Parameter(0.5, label="w")
    assert isinstance(w, Value)
    assert w.requires_grad
    assert w.slot == 0
    assert (w.store.data.tolist(), w.store.grad.tolist()) == ([0.5], [0.0])
    assert (w.store.data.dtype, w.store.grad.dtype) == (np.float64, np.float64)


def test_parameter_and_store_show_the_same_number() -> None:
    w = Parameter(0.5)
    w.store.data[0] = 2.0
    assert (w.data, (w * 3).data, (3 * w).data, w.tanh().data) == (2.0, 6.0, 6.0, Value(2.0).tanh().data)
    assert (w < 3, w > 3) == (True, False)
    w.data = 4
    assert w.store.data[0] == 4.0
    w.grad = 7
    assert w.store.grad[0] == 7.0
    w.store.grad[0] = 8.0
    assert w.grad == 8.0
    w.zero_grad()
    assert (w.store.grad[0], w.has_grad) == (0.0, False)


def test_backward_accumulates_in_the_store() -> None:
    a, b = named(2.0, 3.0)
    store = pack([a, b])
    for times in (1, 2):
        (a * b + a).backward()
        assert store.grad.tolist() == [4.0 * times, 2.0 * times]
        assert (a.grad, b.grad, a.has_grad) == (4.0 * times, 2.0 * times, True)
    assert gradients(a * b, [a, b]) == (3.0, 2.0)
    assert store.grad.tolist() == [8.0, 4.0]
    a.backward()
    assert a.grad == 9.0


def test_marks_of_gradients_follow_a_parameter_into_another_store() -> None:
    a, b = named(2.0, 3.0)
    (a * 2).backward()
    pack([b, a])
    assert (a.has_grad, b.has_grad, a.grad) == (True, False, 2.0)


def test_pack_moves_the_numbers_and_keeps_the_objects() -> None:
    a, b, c = named(1.0, 2.0, 3.0)
    b.grad = 5.0
    graph = a * b
    store = pack([c, a, b])
    assert (store.data.tolist(), store.grad.tolist()) == ([3.0, 1.0, 2.0], [0.0, 0.0, 5.0])
    assert [p.slot for p in (a, b, c)] == [1, 2, 0]
    assert all(p.store is store for p in (a, b, c))
    assert store.data.flags.c_contiguous
    assert store.data.flags.writeable
    graph.backward()
    assert store.grad.tolist() == [0.0, 2.0, 6.0]


def test_pack_again_changes_nothing() -> None:
    parameters = named(1.0, 2.0, 3.0)
    store = pack(parameters)
    assert pack(parameters) is store
    assert pack(iter(parameters)) is store
    assert pack(parameters[:2]) is store
    assert pack(parameters[1:]) is store


def test_span_names_a_range() -> None:
    parameters = named(1.0, 2.0, 3.0, 4.0)
    store = pack(parameters)
    assert span(parameters[1:3]) == (store, 1, 3)
    assert span(parameters) == (store, 0, 4)
    assert span([parameters[2]]) == (store, 2, 3)
    assert store.data[1:3].tolist() == [2.0, 3.0]


def test_holders_that_overlap_see_the_move_by_their_first_parameter() -> None:
    a, b, c, d = named(1.0, 2.0, 3.0, 4.0)
    first, _, _ = span([a, b, c])
    second, begin, end = span([d, b])
    assert second is not first
    assert second.data[begin:end].tolist() == [4.0, 2.0]
    assert a.store is second  # moved along, so a holder of [a, b, c] sees that it must look again
    assert c.store is second
    store, begin, end = span([a, b, c])
    assert store.data[begin:end].tolist() == [1.0, 2.0, 3.0]
    assert d.store is store
    assert d.data == 4.0


def test_a_parameter_reached_twice_counts_once() -> None:
    a, b = named(1.0, 2.0)
    assert unique([b, a, b]) == [b, a]
    store, begin, end = span([b, a, b])
    assert store.data[begin:end].tolist() == [2.0, 1.0]
    (a + a).backward()
    assert a.grad == 2.0


def test_nothing_to_pack() -> None:
    for function in (pack, span):
        with pytest.raises((ValueError, IndexError), match="there are no parameters to pack; give at least one"):
            function([])


def test_a_store_does_not_keep_parameters_alive() -> None:
    gc.collect()
    a, b = named(1.0, 2.0)
    store = pack([a, b])
    assert store.members() == [a, b]
    del b
    assert store.members() == [a]


@pytest.mark.parametrize("way", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))], ids=["deepcopy", "pickle"])
def test_copies_share_one_store_among_themselves(way: Any) -> None:
    a, b = named(1.0, 2.0)
    lone = Parameter(3.0)
    store = pack([a, b])
    b.grad = 5.0
    with_graph = a * b
    first, second, other, product = way([a, b, lone, with_graph])
    assert isinstance(first.store, Store)
    assert first.store is second.store
    assert first.store is not store
    assert other.store is not first.store
    assert (first.slot, second.slot) == (0, 1)
    assert (second.grad, second.has_grad, first.has_grad) == (5.0, True, False)
    assert product.args == (first, second)
    assert pack([first, second]) is first.store
    first.data = 9.0
    assert first.store.data[0] == 9.0
    assert a.data == 1.0
    first.store.data[1] = 8.0
    assert (second.data, b.data) == (8.0, 2.0)
