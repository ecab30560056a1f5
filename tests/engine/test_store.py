"""The memory in which parameters lie: runs of slots, and what is noted of them."""

import numpy as np
import pytest

from autograd import ParameterArray
from autograd.store import Place, Span, Store


@pytest.mark.parametrize("count", [3, 20_000])
def test_zeroing_a_span_takes_back_its_marks(count: int) -> None:
    array = ParameterArray(np.ones(count))
    span = Span(array.places())
    array.grad = np.ones(count)
    assert array[count - 1].has_grad
    span.zero_grad()
    assert not array.grad.any()
    assert not array[count - 1].has_grad


def test_places_inside_of_each_other_are_one() -> None:
    store = Store(20)
    span = Span([Place(store, 2, 12), Place(store, 4, 6), Place(store, 12, 15)])
    assert (span.size, span.places) == (13, (Place(store, 2, 15),))
