"""What a program takes for arrays, and what it refuses, in all its calls and at any of them."""

import array as arrays_of_python

import numpy as np
import pytest

from autograd import ShapeError, Value
from autograd.compiler import compile

# Every kind of argument


class Frame:
    """Gives its numbers by `__array__` and has a length, as a DataFrame."""

    def __init__(self, numbers):
        self.numbers = numbers

    def __len__(self):
        return len(self.numbers)

    def __array__(self, dtype=None, copy=None):
        return np.asfortranarray(self.numbers)


class Subclass(np.ndarray):
    """An ndarray of one's own."""

    def __len__(self):
        return 1_000_000


def unaligned(numbers):
    room = np.zeros(numbers.nbytes + 1, dtype=np.uint8)[1:]
    moved = room.view(np.float64).reshape(numbers.shape)
    moved[:] = numbers
    return moved


def read_only(numbers):
    numbers.flags.writeable = False
    return numbers


def memory_mapped(numbers, folder):
    mapped = np.memmap(folder / "numbers", dtype=np.float64, mode="w+", shape=numbers.shape)
    mapped[:] = numbers
    return mapped


def broadcast(numbers):
    return np.broadcast_to(numbers[:1], numbers.shape)


KINDS = {
    "plain": lambda X, _: X,
    "read-only": lambda X, _: read_only(X),
    "Fortran's order": lambda X, _: np.asfortranarray(X),
    "every second row": lambda X, _: np.repeat(X, 2, axis=0)[::2],
    "backwards": lambda X, _: X[::-1],
    "part of the columns": lambda X, _: np.concatenate([X, X], axis=-1)[..., 1 : 1 + X.shape[-1]],
    "broadcast": lambda X, _: broadcast(X),
    "picked": lambda X, _: X[[3, 3, 0]],
    "unaligned": lambda X, _: unaligned(X),
    "other byte order": lambda X, _: X.astype(X.dtype.newbyteorder()),
    "subclass": lambda X, _: X.view(Subclass),
    "matrix": lambda X, _: X.view(np.matrix) if X.ndim == 2 else X,
    "memory map": memory_mapped,
    "mask without gaps": lambda X, _: np.ma.masked_array(X, mask=False),
    "float16": lambda X, _: X.astype(np.float16),
    "float32": lambda X, _: X.astype(np.float32),
    "long double": lambda X, _: X.astype(np.longdouble),
    "int8": lambda X, _: X.astype(np.int8),
    "int64": lambda X, _: X.astype(np.int64),
    "uint16": lambda X, _: np.abs(X).astype(np.uint16),
    "bool": lambda X, _: X > 0,
    "list": lambda X, _: X.tolist(),
    "tuple": lambda X, _: tuple(map(tuple, X.tolist())) if X.ndim == 2 else tuple(X.tolist()),
    "list of integers": lambda X, _: X.astype(int).tolist(),
    "list of NumPy's numbers": lambda X, _: [list(row) for row in X] if X.ndim == 2 else list(X),
    "list of rows": lambda X, _: list(X),
    "memoryview": lambda X, _: memoryview(X),
    "of __array__": lambda X, _: Frame(X),
    "array of Python": lambda X, _: arrays_of_python.array("d", X) if X.ndim == 1 else X,
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_array(linear, kind, tmp_path):
    rng = np.random.default_rng(1)
    for number, samples in enumerate((6, 6, 4, 9)):
        X, Y = rng.integers(-9, 9, (samples, 3)) * 0.5, rng.integers(-9, 9, samples) * 0.25
        (tmp_path / str(number)).mkdir()
        given = [KINDS[kind](data, tmp_path / str(number)) for data in (X.copy(), Y.copy())]
        numbers = [np.array(data, dtype=np.float64) for data in given]
        linear.assert_right(*given, *numbers)
        linear.assert_right(X, Y, X, Y)


# What is refused, before and after the first call


def of_complex_numbers():
    return [list(row) for row in np.ones((2, 3), dtype=complex)]


REFUSED = {
    "no dimensions": (np.float64(1.0), ShapeError, "got (); for one sample give a batch of one"),
    "no samples": (np.zeros((0, 3)), ShapeError, "x (0, 3), y (2,)"),
    "an empty list": ([], ShapeError, "x (0,), y (2,)"),
    "no columns": (np.zeros((2, 0)), ShapeError, "x has the shape (2, 0): rows without numbers; leave it out"),
    "empty rows": ([[], []], ShapeError, "rows without numbers"),
    "three dimensions": (np.zeros((2, 3, 1)), ShapeError, "flatten each row"),
    "gaps": (
        np.ma.masked_array(np.ones((2, 3)), mask=[[1, 0, 0], [0, 1, 0]]),
        ValueError,
        "x is a masked array with 2 gaps; drop such samples or fill the gaps: x.filled(0.0)",
    ),
    "NaN": (np.array([[1.0, np.nan, 1.0], [1.0, 1.0, 1.0]]), ValueError, "x is nan in row 0, column 1"),
    "NaN in float32": (np.full((2, 3), np.nan, dtype=np.float32), ValueError, "x is nan in row 0, column 0"),
    "infinity in a list": ([[1.0, 1.0, 1.0], [1.0, 1.0, -np.inf]], ValueError, "x is -inf in row 1, column 2"),
    "text": (np.array([["a"] * 3] * 2), TypeError, "array of real numbers, got <U1 of shape (2, 3)"),
    "numbers as text": ([["1.0"] * 3] * 2, TypeError, "array of real numbers, got <U3"),
    "complex numbers": (np.ones((2, 3), dtype=complex), TypeError, "array of real numbers, got complex128"),
    "complex numbers in lists": (of_complex_numbers(), TypeError, "array of real numbers, got complex128"),
    "dates": (np.zeros((2, 3), dtype="M8[s]"), TypeError, "array of real numbers, got datetime64[s]"),
    "records": (np.zeros(2, dtype="f8,f8"), TypeError, "array of real numbers, got [('f0', '<f8'), ('f1', '<f8')]"),
    "objects": (np.array([[None] * 3] * 2), TypeError, "x is an array of objects (the first one: None)"),
    "None": (None, TypeError, "x must be an array with a row for each sample, got NoneType"),
    "Values": ([[Value(1.0)] * 3] * 2, TypeError, "give numbers, for example np.array([v.data for v in values])"),
    "huge integers": ([[10**400] * 3] * 2, TypeError, "x is an array of objects"),
    "integers that Python refuses to write": ([[10**5000] * 3] * 2, TypeError, "first one: too long to show"),
    "dicts": ([{0: 1.0, 1: 1.0, 2: 1.0}] * 2, TypeError, "x is an array of objects"),
    "a dict among lists": ([[1.0, 2.0, 3.0], {0: 1.0, 1: 1.0, 2: 1.0}], (TypeError, ShapeError), "x "),
    "a set": ({1.0, 2.0}, TypeError, "got set; give np.array(list(x))"),
    "unequal rows": ([[1.0, 2.0, 3.0], [1.0, 2.0]], ShapeError, "its rows have unequal lengths"),
    "unequal lengths": (np.zeros((3, 3)), ShapeError, "x (3, 3), y (2,)"),
    "other columns": (np.zeros((2, 4)), ShapeError, "traced for x of shape (batch, 3), y of shape (batch,)"),
    "other dimensions": (np.zeros(2), ShapeError, "called with x of shape (batch,), y of shape (batch,)"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused_after_a_call_that_was_right(linear, what):
    x, error, text = REFUSED[what]
    program, w = linear.program, linear.w
    X, Y = np.arange(6.0).reshape(2, 3), np.zeros(2)
    for call in (program, program.backward, program.gradients, program.inspect):
        call(X, Y)
        gradients = [p.grad for p in w]
        with pytest.raises(error) as caught:
            call(x, Y)
        assert text in str(caught.value)
        assert [p.grad for p in w] == gradients
        linear.assert_right(X, Y, X, Y)


@pytest.mark.parametrize("what", [what for what in REFUSED if not what.startswith("other ")])
def test_what_is_refused_at_the_first_call(linear, what):
    x, error, text = REFUSED[what]
    program = linear.program
    with pytest.raises(error) as caught:
        program(x, np.zeros(2))
    assert text in str(caught.value)
    linear.assert_right([[1, 2, 3]], [4], np.array([[1.0, 2.0, 3.0]]), np.array([4.0]))


@pytest.mark.filterwarnings("ignore")
def test_lists_of_numbers_that_would_lose_a_part_are_refused(backend):
    for number in (np.complex128(1j), np.timedelta64(1, "s"), np.array([1.0]), "1.0"):
        with pytest.raises((TypeError, ShapeError), match="x must"):
            compile(lambda x: x[0] * x[1], backend=backend)([[number, number]] * 2)


def test_a_generator_is_refused_with_the_cure(backend):
    with pytest.raises(TypeError, match=r"x must be .* got generator; give np.array\(list\(x\)\)"):
        compile(lambda x: x * 2.0, backend=backend)(float(k) for k in range(3))


def test_another_number_of_arguments_is_refused(linear):
    program = linear.program
    X, Y = np.ones((2, 3)), np.ones(2)
    program(X, Y)
    for data in ((X,), (X, Y, Y)):
        with pytest.raises(ShapeError, match=r"traced for x of shape \(batch, 3\), y of shape \(batch,\), but is"):
            program(*data)
    with pytest.raises(TypeError, match="at least one array"):
        program()


def test_the_error_of_an_argument_is_its_own(linear):
    class Broken(Frame):
        def __array__(self, dtype=None, copy=None):
            raise RuntimeError("the file is closed")

    program = linear.program
    for _ in range(2):
        with pytest.raises(RuntimeError, match="the file is closed"):
            program(Broken(np.ones((2, 3))), [1.0, 2.0])
        program(np.ones((2, 3)), [1.0, 2.0])
