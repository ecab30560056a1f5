"""Answers to wrong calls: our names for arguments, and tracebacks that end in the caller's own code."""

import builtins
import inspect
import pickle
import threading
import traceback
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Value, compile, data, fit, nn, no_grad, optim, scope
from autograd.calls import misfit, public, shorten
from autograd.synonyms import _TABLE, ours
from tests.project.tree import python


def files(error: BaseException) -> list[str]:
    return [frame.filename for frame in traceback.extract_tb(error.__traceback__)]


@pytest.mark.parametrize("theirs", ["learning_rate", "eta", "rate", "alpha"])
def test_an_argument_of_another_package_is_answered_with_ours(theirs: str) -> None:
    assert ours(theirs, ["params", "lr"]) == "it is called lr here"


def test_the_name_that_the_function_has_is_meant() -> None:
    assert ours("random_state", ["n", "rng"]) == "it is called rng here"
    assert ours("random_state", ["X", "seed"]) == "it is called seed here"
    assert ours("colour", ["n", "rng"]) == ""


def test_every_answer_is_an_argument_that_a_public_function_has() -> None:
    places = [
        autograd,
        nn,
        nn.losses,
        nn.penalties,
        nn.init,
        nn.MSELoss(),
        optim,
        data,
        data.augment,
        __import__("viz"),
        __import__("viz.plot").plot,
    ]
    found = {name for op in autograd.OPS.values() for name in op.attributes}
    for place in places:
        for name in dir(place):
            thing = getattr(place, name)
            if callable(thing) and not isinstance(thing, autograd.Op) and not name.startswith("_"):
                try:
                    found |= set(inspect.signature(thing).parameters)
                except (ValueError, TypeError):
                    continue
    assert set(_TABLE) - found == set()


def test_no_synonym_is_an_argument_that_stands_beside_its_answer() -> None:
    for function in (
        fit,
        optim.SGD,
        optim.Adam,
        optim.RMSprop,
        nn.MLP,
        nn.Linear,
        nn.BatchNorm,
        data.moons,
        data.split,
    ):
        names = set(inspect.signature(function).parameters)
        for mine, theirs in _TABLE.items():
            for name in set(theirs.split()) & names if mine in names else ():
                assert ours(name, names) != "", f"{function}: {name}"


def test_a_signature_stays_what_it_is() -> None:
    assert list(inspect.signature(fit).parameters)[:3] == ["model", "X", "Y"]
    assert str(inspect.signature(data.split)).startswith("(X: 'ArrayLike', Y: 'ArrayLike', fraction: 'float' = 0.25")
    assert list(inspect.signature(optim.SGD).parameters)[:2] == ["params", "lr"]
    assert list(inspect.signature(nn.MLP).parameters)[:2] == ["nin", "nouts"]
    assert inspect.getsource(fit).startswith("@public\ndef fit(")
    assert pickle.loads(pickle.dumps(fit)) is fit


def test_arguments_that_fit_have_no_misfit() -> None:
    assert misfit(data.moons, (10,), {"noise": 0.1}) == ""


def test_what_is_wrong_inside_of_a_function_is_left_as_it_is() -> None:
    @public
    def broken(x: Any) -> Any:
        return len(x)  # an error of nobody's check

    with pytest.raises(TypeError, match=r"^object of type 'int' has no len\(\)$") as caught:
        broken(3)
    assert len(files(caught.value)) == 3  # the test, the wrapper, the function


def test_a_subclass_answers_by_its_own_name() -> None:
    class Net(nn.MLP):
        def __init__(self, width: int) -> None:
            super().__init__(2, [width, 1], sead=0)

    with pytest.raises(TypeError, match="Net has no argument sead") as caught:
        Net(3)
    assert files(caught.value) == [__file__, __file__]

    class Slow(optim.SGD):
        lr: float = optim.number(1e-4)

    with pytest.raises(TypeError, match=r"Slow has no argument learning_rate; it is called lr here.*lr=0\.0001"):
        Slow([autograd.Parameter(1.0)], learning_rate=1.0)


def test_frames_of_the_user_between_ours_stay() -> None:
    class Inner(nn.Module):
        def forward(self, x: Any) -> Any:
            return autograd.log(x - 5.0)

    class Outer(nn.Module):
        def __init__(self) -> None:
            self.inner = Inner()

        def forward(self, x: Any) -> Any:
            return self.inner(x)

    def loss(pred: Any, target: Any) -> Any:
        return pred - target

    with pytest.raises(autograd.DomainError) as caught:
        Outer()(Value(1.0))
    assert files(caught.value) == [__file__] * 3
    with pytest.raises(autograd.DomainError) as caught:
        compile(Outer(), backend="numpy")(np.array([1.0]))
    assert files(caught.value)[0] == __file__
    assert not any("autograd" in file.removeprefix(__file__) for file in files(caught.value))


def test_an_error_of_the_user_is_left_with_all_its_frames() -> None:
    class Net(nn.Module):
        def forward(self, x: Any) -> Any:
            return {}[x]

    with pytest.raises(KeyError) as caught:
        Net()(1.0)
    assert len(files(caught.value)) == 3


def test_an_error_that_no_check_of_ours_raised_keeps_every_frame() -> None:
    source = "def broken():\n    return None + 1\n\ndef checked():\n    raise TypeError('a check')\n"
    made: dict[str, Any] = {}
    exec(builtins.compile(source, autograd.__file__.replace("__init__", "made_up"), "exec"), made)
    for name, frames in (("broken", 2), ("checked", 1)):
        with pytest.raises(TypeError) as caught:
            shortened(made[name])
        assert len(files(caught.value)) - 1 == frames, name


def shortened(function: Any) -> Any:
    try:
        return function()
    except TypeError as error:
        shorten(error)
        raise


def test_plain_python_prints_the_line_of_the_user_and_no_other() -> None:
    code = """
import sys, traceback
from autograd import nn
def mine():
    nn.MLP(2, [3, 1])([1.0, "a"])
try:
    mine()
except TypeError:
    print(traceback.format_exc())
"""
    lines = [line for line in python(code).splitlines() if line.startswith("  File")]
    assert lines == ['  File "<string>", line 7, in <module>', '  File "<string>", line 5, in mine']
    whole = python(f"import os; os.environ['GLASSGRAD_TRACEBACK'] = 'full'\n{code}")
    assert whole.count("  File") > 6


def test_numpys_functions_of_a_value_are_its_own() -> None:
    for f, at, slope in (
        (np.exp, 0.5, np.exp(0.5)),
        (np.sqrt, 4.0, 0.25),
        (np.tanh, 0.0, 1.0),
        (np.negative, 2.0, -1.0),
    ):
        v = Value(at)
        y = f(v)
        y.backward()
        assert (type(y), y.data) == (Value, pytest.approx(f(at), rel=1e-15))
        assert v.grad == pytest.approx(slope, rel=1e-15)
        for backend in ("numpy", "llvm"):
            program = compile(lambda x, f=f: f(x), backend=backend)  # type: ignore[misc]
            assert program(np.array([at])).tolist() == [pytest.approx(f(at), rel=1e-15)]
            assert program.gradients(np.array([at]))[0].tolist() == [pytest.approx(slope, rel=1e-15)]
    v = Value(3.0)
    for y in (np.float64(2.0) * v, np.float32(2.0) * v, np.int64(2) * v):
        assert (type(y), y.data) == (Value, 6.0)
    assert (np.float64(2.0) < v, np.float64(2.0) > v) == (True, False)


def test_a_decorated_function_may_run_in_many_threads_at_once() -> None:
    inside, seen = threading.Barrier(2, timeout=10), []

    @no_grad()
    def frozen(v: Value) -> Value:
        inside.wait()
        y = v * 2.0
        inside.wait()
        return y

    threads = [threading.Thread(target=lambda: seen.append(frozen(Value(1.0)).requires_grad)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [False, False]
    again = no_grad()
    with again:
        with again:
            pass
        assert not (Value(1.0) * 2.0).requires_grad
    assert (Value(1.0) * 2.0).requires_grad
    with scope("a") as outer, scope("b") as both:
        assert (outer, both) == ("a", "a.b")
