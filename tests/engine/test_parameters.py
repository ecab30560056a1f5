"""Parameters: arrays in flat memory, whose numbers are Values when somebody looks at them."""

import copy
import gc
import pickle
import sys
import threading
import weakref
from typing import Any

import numpy as np
import pytest

from autograd import Parameter, ParameterArray, Value, compile, gradients, nn
from autograd.errors import ShapeError
from autograd.parameter_list import Flat, ParameterList
from autograd.store import Place, Span, Store, make_room


def rows() -> ParameterArray:
    return ParameterArray([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], label="w")


def test_a_lone_parameter_is_a_value_in_a_store() -> None:
    w = Parameter(0.5, label="w")
    assert isinstance(w, Value)
    assert w.requires_grad
    w.store.data[w.slot] = 2.0
    assert (w.data, (w * 3).data, (3 * w).data, w.tanh().data) == (2.0, 6.0, 6.0, Value(2.0).tanh().data)
    assert (w < 3, w > 3) == (True, False)
    w.data, w.grad = 4, 7
    assert (w.store.data[w.slot], w.store.grad[w.slot], w.has_grad) == (4.0, 7.0, True)
    w.zero_grad()
    assert (w.store.grad[w.slot], w.has_grad) == (0.0, False)


def test_parameters_made_one_after_the_other_lie_side_by_side() -> None:
    make_room(30)
    made = [Parameter(float(i)) for i in range(3)]
    array = ParameterArray(np.ones((2, 4)))
    span = Span([Place(p.store, p.slot, p.slot + 1) for p in made] + array.places())
    assert span.is_view
    assert span.data.tolist() == [0.0, 1.0, 2.0] + [1.0] * 8


def test_an_mlp_lies_in_one_run_of_memory_also_as_a_copy() -> None:
    model = nn.MLP(300, [40, 3], rng=0)
    for each in (model, copy.deepcopy(model), pickle.loads(pickle.dumps(model)), nn.Sequential(*model.layers)):
        (place,) = Span(each.parameters().places()).places
        assert place.end - place.begin == 300 * 40 + 40 + 40 * 3 + 3
        first = each[0] if isinstance(each, nn.Sequential) else each.layers[0]
        np.testing.assert_array_equal(place.store.data[place.begin :][:12000], first.weight.data.ravel())


def test_backward_accumulates_in_the_array() -> None:
    w = rows()
    for times in (1, 2):
        (w[0, 1] * w[1, 2] + w[0, 1]).backward()
        assert w.grad.tolist() == [[0.0, 7.0 * times, 0.0], [0.0, 0.0, 2.0 * times]]
    assert (w[0, 1].grad, w[0, 1].has_grad, w[0, 0].has_grad) == (14.0, True, False)
    assert gradients(w[0, 0] * w[0, 1], [w[0, 0], w[0, 1]]) == (2.0, 1.0)
    w.zero_grad()
    assert not w.grad.any()
    assert not w[0, 1].has_grad


def test_data_and_grad_are_views() -> None:
    w = rows()
    face, row, column = w[1, 0], w[1], w[:, 2]
    w.data[1, 0] = 9.0
    assert (face.data, row.data.tolist(), column.data.tolist()) == (9.0, [9.0, 5.0, 6.0], [3.0, 6.0])
    w.data += 1.0
    row.data *= 2.0
    column.data[...] = [0.5, -0.5]
    face.data -= 0.5
    assert w.data.tolist() == [[2.0, 3.0, 0.5], [19.5, 12.0, -0.5]]
    w.grad = np.ones((2, 3), dtype=np.float32)
    assert (face.grad, face.has_grad) == (1.0, True)
    w.grad[1, 0] = 3.0
    assert face.grad == 3.0
    w.data = [[0, 1, 2], [3, 4, 5]]
    assert [p.data for p in w.faces()] == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    assert np.asarray(w[0])[2] is w[0, 2], "whoever computes with it by NumPy keeps the gradient"
    assert np.mean(w[0]).data == 1.0
    assert (np.array([1.0, 2.0, 3.0]) * w[0])[2].data == 6.0
    assert (w[0] + np.ones(3))[1].data == 2.0
    for wrong in (lambda: w[0] * 2.0, lambda: w + 1, lambda: w @ w, lambda: -w):
        with pytest.raises(TypeError, match=r"has no arithmetic: write formulas of its items.*\.data"):
            wrong()


@pytest.mark.parametrize(
    ("numbers", "error", "text"),
    [
        (
            [1.0, 2.0],
            ShapeError,
            r"data of ParameterArray\(shape=\(2, 3\), label='w'\) has the shape \(2, 3\), got \(2,",
        ),
        (0.0, ShapeError, r"write data\[...\] = numbers to have them repeated"),
        (np.ones((2, 3), dtype=complex), TypeError, "holds real numbers, got ndarray"),
        ([["a"] * 3] * 2, TypeError, "holds real numbers, got list"),
        ([[1.0], [1.0, 2.0]], TypeError, "holds real numbers, got list"),
        (np.ones((2, 3), dtype=bool), TypeError, "holds real numbers"),
        (rows().tolist(), TypeError, "holds real numbers"),
    ],
)
def test_what_does_not_fit_changes_nothing(numbers: Any, error: type[Exception], text: str) -> None:
    w = rows()
    for set_it in (lambda: setattr(w, "data", numbers), lambda: setattr(w, "grad", numbers)):
        with pytest.raises(error, match=text.replace("data", "(data|grad)", 1) if "data" in text else text):
            set_it()
    assert w.data.tolist() == [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
    assert not any(p.has_grad for p in w.faces())


def test_none_as_a_gradient_is_no_gradient() -> None:
    w, lone, v = rows(), Parameter(1.0), Value(1.0)
    (w[1, 2] * lone * v).backward()
    assert (w[1, 2].has_grad, lone.has_grad, v.has_grad) == (True, True, True)
    w.grad = lone.grad = v.grad = None
    assert (w[1, 2].has_grad, lone.has_grad, v.has_grad) == (False, False, False)
    assert (w.grad.tolist(), lone.grad, v.grad) == ([[0.0] * 3] * 2, 0.0, 0.0)


def test_faces_are_one_object_however_they_are_reached() -> None:
    w = rows()
    single = w[1, 2]
    ways = [w[1][2], w[-1, -1], w[:, 2][1], w[1:, 1:][0, 1], list(w[1])[2], w.tolist()[1][2], list(w.faces())[5]]
    assert all(way is single for way in ways)
    single.m = 0.25
    single.label = "special"
    assert (w[1][2].m, w[1, 2].label, w[1, 1].label) == (0.25, "special", "w1_1")
    layer = nn.MLP(4, [6, 2], rng=0).layers[0]
    assert layer.weight[3, 1] is layer.neurons[3].w[1]
    assert layer.bias[5] is layer.neurons[5].b
    assert [p for n in layer.neurons for p in n.parameters()] == layer.parameters()


def test_it_is_a_sequence() -> None:
    w = rows()
    assert (len(w), len(w[0]), w.shape, w[0].shape, w.ndim, w.size, w[:, 1].size) == (2, 3, (2, 3), (3,), 2, 6, 2)
    row = w[0]
    assert [*row, row[0]] == row + [row[0]] == [row[0], row[1], row[2], row[0]]  # noqa: RUF005
    assert ([row[0]] + row)[1] is row[0]  # noqa: RUF005
    assert (row.index(row[2]), row[2] in row, w[1, 0] in row, row.count(row[1])) == (2, True, False, 1)
    assert [p.data for p in reversed(row)] == [3.0, 2.0, 1.0]
    assert sum(row).data == 6.0
    assert [r.data.tolist() for r in w] == w.data.tolist()
    assert ParameterArray(3.0).tolist().data == 3.0
    assert list(ParameterArray(np.zeros((0, 2))).faces()) == []
    assert list(ParameterArray([])) == list(ParameterArray(np.zeros((2, 0)))[1]) == []
    for wrong, error in ((lambda: w[2], IndexError), (lambda: row[3], IndexError), (lambda: w[0, 5], IndexError)):
        with pytest.raises(error):
            wrong()
    with pytest.raises(TypeError, match=r"indexed by numbers and slices, got \[0, 0\]"):
        w[[0, 0]]
    with pytest.raises(TypeError, match=r"keeps its place .*write its number, weight\.data\[0\] = 2\.0"):
        row[0] = 2.0
    with pytest.raises(TypeError, match="which has no axis"):
        len(ParameterArray(1.0))


@pytest.mark.parametrize("way", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))], ids=["deepcopy", "pickle"])
def test_copies_keep_sharing_numbers_and_what_was_set(way: Any) -> None:
    w, lone = rows(), Parameter(7.0, label="lone")
    w[0, 1].label, w[1, 2].note, lone.note = "named", "mine", [1]
    w.grad, lone.grad = np.arange(6.0).reshape(2, 3), 5.0
    w[0, 0].zero_grad()
    product = w[0, 1] * lone
    twin, row, face, other, graph = way([w, w[1], w[1, 2], lone, product])
    assert twin.data.tolist() == w.data.tolist()
    assert twin.grad.tolist() == w.grad.tolist()
    assert [p.has_grad for p in twin.faces()] == [False] + [True] * 5
    assert face is twin[1, 2]
    assert face is row[2]
    assert (face.note, twin[0, 1].label, twin.label) == ("mine", "named", "w")
    assert (other.data, other.grad, other.has_grad, other.label, other.note) == (7.0, 5.0, True, "lone", [1])
    assert graph.args == (twin[0, 1], other)
    row.data[2] = 50.0
    other.data = 8.0
    assert (face.data, w[1, 2].data, lone.data) == (50.0, 6.0, 7.0)


def test_a_face_alone_can_be_copied_when_its_array_is_gone() -> None:
    face = rows()[1, 1]
    twin = copy.deepcopy(face)
    assert (twin.data, twin.label, face.data) == (5.0, "w1_1", 5.0)


def test_arrays_are_freed_without_the_collector() -> None:
    w = ParameterArray(np.zeros((50, 400)))
    face = w[3]
    (sum(face) * 2.0).backward()
    gone = weakref.ref(w)
    gc.disable()
    try:
        del w, face
        assert gone() is None
    finally:
        gc.enable()


def test_nobody_is_made_before_somebody_looks() -> None:
    gc.collect()
    before = sum(isinstance(x, Parameter) for x in gc.get_objects())
    model = nn.MLP(50, [20, 5], rng=0)
    model.zero_grad(), model.eval(), model.state_dict(), len(model.parameters()), repr(model), copy.deepcopy(model)
    faces = sum(isinstance(x, Parameter) for x in gc.get_objects()) - before
    assert faces <= 3 * 25, "the biases of the model, and of its copy"
    assert sys.getsizeof(model.parameters()) < 200


def test_threads_have_stores_of_their_own() -> None:
    found: list[list[Parameter]] = []

    def work() -> None:
        found.append([Parameter(float(i)) for i in range(500)])

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all([p.data for p in each] == [float(i) for i in range(500)] for each in found)
    assert len({(p.store.number, p.slot) for each in found for p in each}) == 2000


def test_a_span_of_scattered_parameters_is_a_copy() -> None:
    w, far = rows(), ParameterArray(np.full(9000, 2.0))
    span = Span([*far.places(), *w[:, 1].places()])
    assert (span.size, span.is_view, len(span.places)) == (9002, False, 3)
    w.grad = np.ones((2, 3))
    span.load()
    assert sorted(span.data.tolist())[-1] == 5.0
    span.data *= 10.0
    span.grad += 1.0
    span.save()
    assert w.data.tolist() == [[1.0, 20.0, 3.0], [4.0, 50.0, 6.0]]
    assert w.grad.tolist() == [[1.0, 2.0, 1.0], [1.0, 2.0, 1.0]]
    span.zero_grad()
    assert [p.has_grad for p in w.faces()] == [True, False, True] * 2
    span.mark_reached()
    assert all(p.has_grad for p in w.faces())
    positions = span.positions([(w.store, np.array([w.begin + 4, w.begin])), (far.store, far.slots()[:1])])
    assert positions[1] == -1
    assert span.data[positions[0]] == 50.0
    assert span.data[positions[2]] == 20.0


def test_a_masked_array_with_gaps_is_not_written() -> None:
    array = ParameterArray([5.0, 6.0])
    with pytest.raises(ValueError, match=r"can't have the 1 gaps of a masked array; fill them: x.filled\(0.0\)"):
        array.data = np.ma.masked_array([1.0, 2.0], [False, True])
    assert array.data.tolist() == [5.0, 6.0]
    array.data = np.ma.masked_array([1.0, 2.0], [False, False])
    assert array.data.tolist() == [1.0, 2.0]


@pytest.mark.parametrize("shape", [(3,), (2, 3), (0, 3), (3, 0)])
def test_an_empty_slice_is_an_empty_view(shape: tuple[int, ...]) -> None:
    array = ParameterArray(np.ones(shape))
    part = array[len(array) :]
    assert part.shape == part.data.shape == (0, *shape[1:])
    assert list(part) == list(part.faces()) == []
    for choice in ([], np.zeros(len(array), dtype=bool)):
        with pytest.raises(TypeError, match="indexed by numbers and slices"):
            array[choice]


def test_positions_of_many_gapped_parameters_in_several_stores() -> None:
    stores = [Store(10), Store(10)]
    places = [Place(store, slot, slot + 2) for store in stores for slot in (1, 4, 8)]
    slots = [(stores[1], np.array([9, 0, 4])), (stores[0], np.array([5, 3, 1])), (Store(9), np.array([1]))]
    assert Span(places).positions(slots).tolist() == [11, -1, 8, 3, -1, 0, -1]


@pytest.mark.parametrize("way", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_attributes_may_lead_back_to_a_lone_parameter(way: Any) -> None:
    w = Parameter(1.0)
    w.friends = [w]
    twin = way(w)
    assert twin is not w
    assert twin.friends[0] is twin


def test_the_shape_is_not_set() -> None:
    array = ParameterArray([1.0, 2.0])
    with pytest.raises(AttributeError, match="shape"):
        array.shape = (1, 2)  # type: ignore[misc]
    assert array.data.shape == array.shape == (2,)


def test_threads_find_the_same_faces() -> None:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(60):
            array = ParameterArray(np.ones((4, 50)))
            ways = [
                lambda a: [a[j, k] for j in range(4) for k in range(50)],
                lambda a: [p for row in a for p in row],
            ] * 2
            found: list[list[Parameter]] = []
            threads = [
                threading.Thread(target=lambda way, a, into: into.append(way(a)), args=(w, array, found)) for w in ways
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert all(len(set(map(id, same))) == 1 for same in zip(*found, strict=True))
    finally:
        sys.setswitchinterval(interval)


INDICES = [
    (1, 0, 2),
    (1, slice(None), -1),
    (slice(None, None, -1), 1),
    (..., 0),
    (None, 1),
    slice(2, 0, -1),
    (0, ..., 0),
]


@pytest.mark.parametrize("second", [(..., 0), (slice(1, None, 2),), (slice(None, None, -1), ...), (slice(9, None),)])
@pytest.mark.parametrize("first", INDICES)
def test_indices_are_those_of_numpy_and_list_no_slots(first: Any, second: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    array: Any = ParameterArray(np.arange(24.0).reshape(3, 2, 4))
    numbers: Any = array.data.copy()
    monkeypatch.setattr(ParameterArray, "slots", None)  # of a large array that takes longer than all else
    for index in (first, second):
        if np.ndim(numbers):
            numbers, array = numbers[index], array[index]
    if np.ndim(numbers) == 0:
        assert array.data == numbers
        return
    assert np.array_equal(array.data, numbers)
    listed = ParameterList([Flat(array)])
    assert [listed[i].data for i in range(len(listed))] == numbers.ravel().tolist()


def test_a_compiled_function_may_index_by_tuples() -> None:
    array = ParameterArray([[1.0, 2.0], [3.0, 4.0]])
    program = compile(lambda x: array[1, 0] * x + array[:, 1][0], backend="numpy")
    assert program(np.array([1.0, 2.0])).tolist() == [5.0, 8.0]
    program.backward(np.array([1.0, 2.0]))
    assert array.grad.tolist() == [[0.0, 1.0], [1.5, 0.0]]


def test_an_index_may_count_from_the_end() -> None:
    weight = ParameterArray(np.arange(6.0).reshape(2, 3))
    assert weight[-1][-3].data == weight[-1, -3].data == 3.0
    assert weight[-2][-1] is weight[0, 2]
    with pytest.raises(IndexError, match="index -3 is out of range"):
        weight[-3]


def test_a_column_of_a_square_is_walked_down() -> None:
    weight = ParameterArray(np.arange(9.0).reshape(3, 3))
    assert [p.data for p in weight[:, 1]] == [1.0, 4.0, 7.0]
    assert [p.data for p in weight[1]] == [3.0, 4.0, 5.0]
