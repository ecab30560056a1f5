"""Whatever a compiled function reads and Python changes afterwards is seen; whatever it doesn't read costs nothing."""

import argparse
import functools
import gc
import itertools
import sys
import threading
import types
import weakref
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Constant, Parameter, ParameterArray, TraceError, Value, compile, nn
from autograd.compiler import pipeline

X = np.array([[1.0, -2.0], [0.5, 3.0]])
beta = 2.0
CONFIG: dict[str, Any] = {"gamma": 3.0, "steps": 0, "nested": {"rate": [1.0, 2.0]}}
TABLE = np.arange(600.0).reshape(2, 300)
WEIGHTS = [0.5, 1.5]
settings = types.ModuleType("settings_of_a_user")
settings.scale = 4.0
space = types.SimpleNamespace(scale=1.0)
namespace = argparse.Namespace(scale=1.0)


class Options:
    shared = 1.0

    def __init__(self) -> None:
        self.scale, self.steps, self._hidden = 1.0, 0, 2.0

    @property
    def twice(self) -> float:
        return 2.0 * self._hidden


class Derived(Options):
    """Its methods name their class, as `super` makes them do."""

    def __init__(self) -> None:
        super().__init__()
        self.own = 1.0

    def __call__(self, x: Any) -> Any:
        return x * self.own * self.twice

    def __repr__(self) -> str:
        return super().__repr__()


class Slots:
    __slots__ = ("scale",)

    def __init__(self) -> None:
        self.scale = 1.0


@dataclass
class Settings:
    scale: float = 1.0


class Kind(Enum):
    SOFT = 1
    HARD = 2


options, slots, record, derived = Options(), Slots(), Settings(), Derived()
kind = Kind.SOFT


def helper(x: Any) -> Any:
    return x * beta


def chosen(x: Any) -> Any:
    return x * 2.0


table_of_functions = {"f": chosen}


def closure() -> tuple[Any, Any]:
    factor = 2.0

    def f(x: Any) -> Any:
        return sum(item * factor for item in x)

    def change() -> None:
        nonlocal factor
        factor = new()

    return f, change


def made_elsewhere(factor: float) -> Any:
    return lambda x: x[0] * factor


def scaled_by(factor: float) -> Any:
    return lambda x: x * factor


def rebind(name: str, make: Any) -> Any:
    return lambda: globals().__setitem__(name, make())


numbers = itertools.count(10)


def new() -> float:
    """A number that nothing has had yet, as the cases are run more than once."""
    return float(next(numbers))


class Scaled(nn.Module):
    ratio = 1.0

    def __init__(self) -> None:
        self.w, self.scale, self.steps = Parameter(2.0), 1.0, 0
        self.rates, self.parts = [1.0, [2.0, 3.0]], {"a": 1.0}
        self.options, self.table = Options(), np.ones(2)
        self.inner = nn.Linear(2, 1, rng=0)
        self.function = chosen

    def forward(self, x: Any) -> Any:
        total = self.w * self.scale * self.ratio + self.rates[1][0] + self.parts["a"] + self.options.scale
        if hasattr(self, "extra"):
            total = total + 7.0
        return total + self.table[0] * self.function(x[0]) + self.inner(x) + (1.0 if self.training else 0.0)


class Config:
    beta = 1.0
    unused = 1.0


reset: dict[str, Any] = {}
CASES: dict[str, tuple[Any, Any]] = {
    "a global": (lambda x: x[0] * beta, rebind("beta", new)),
    "a global of a function that is called": (lambda x: helper(x[0]), rebind("beta", new)),
    "a function": (lambda x: chosen(x[0]), rebind("chosen", lambda: scaled_by(new()))),
    "a key of a dict": (lambda x: x[0] * CONFIG["gamma"], lambda: CONFIG.__setitem__("gamma", new())),
    "a computed key": (lambda x: x[0] * CONFIG["gam" + "ma" * len(x[:1])], lambda: CONFIG.update(gamma=new())),
    "something nested": (lambda x: x[0] * CONFIG["nested"]["rate"][1], lambda: CONFIG["nested"]["rate"].append(new())),
    "a list": (lambda x: sum(w * v for w, v in zip(WEIGHTS, x, strict=True)), lambda: WEIGHTS.__setitem__(1, new())),
    "an array": (lambda x: x[0] * TABLE[1, 299], lambda: TABLE.__setitem__((1, 299), new())),
    "a large array": (lambda x: x[0] * BIG[-1], lambda: BIG.__setitem__(-1, new())),
    "an attribute of a module of Python": (lambda x: x[0] * settings.scale, lambda: setattr(settings, "scale", new())),
    "a class attribute": (lambda x: x[0] * Config.beta, lambda: setattr(Config, "beta", new())),
    "an attribute of an object": (lambda x: x[0] * options.scale, lambda: setattr(options, "scale", new())),
    "what a property reads": (lambda x: x[0] * options.twice, lambda: setattr(options, "_hidden", new())),
    "an attribute of its class": (lambda x: x[0] * options.shared, lambda: setattr(Options, "shared", new())),
    "a slot": (lambda x: x[0] * slots.scale, lambda: setattr(slots, "scale", new())),
    "an object that is called": (lambda x: derived(x[0]), lambda: setattr(derived, "own", new())),
    "a dataclass": (lambda x: x[0] * record.scale, lambda: setattr(record, "scale", new())),
    "a namespace": (lambda x: x[0] * space.scale, lambda: setattr(space, "scale", new())),
    "arguments of a command line": (lambda x: x[0] * namespace.scale, lambda: setattr(namespace, "scale", new())),
    "a vars() of an object": (lambda x: x[0] * options.scale, lambda: vars(options).__setitem__("scale", new())),
    "a member of an enumeration": (
        lambda x: x[0] if kind is Kind.SOFT else x[1],
        rebind("kind", lambda: Kind.HARD if kind is Kind.SOFT else Kind.SOFT),
    ),
    "a cell": closure(),
    "a function of a table": (
        lambda x: table_of_functions["f"](x[0]),
        lambda: table_of_functions.update(f=scaled_by(new())),
    ),
    "a number of a Value": (lambda x: x[0] * leaf.data, lambda: setattr(leaf, "data", new())),
    "a constant": (lambda x: x[0] * constant, lambda: setattr(constant, "data", new())),
    "a bound method": (
        Settings.__eq__ and (lambda x: x[0] * settings_method()),
        rebind("settings_method", lambda: functools.partial(float, new())),
    ),
}
BIG = np.ones(100_000)
leaf, constant = Value(2.0), Constant(3.0)


def as_number(y: Any) -> float:
    return y.data if isinstance(y, Value) else float(y)


def settings_method() -> float:
    return record.scale


@pytest.fixture(params=["seen", "unseen"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether it is seen what runs, or read off the code of all functions in reach."""
    if request.param == "unseen":
        monkeypatch.setattr(autograd.compiler.noting, "_EVENTS", 0)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("name", CASES)
def test_what_is_read_is_seen_when_it_changes(name: str) -> None:
    f, change = CASES[name]
    program = compile(f, backend="numpy")
    for _ in range(2):
        np.testing.assert_allclose(program(X), [as_number(f(row)) for row in X.tolist()], rtol=1e-14)
    before = program(X)
    change()
    np.testing.assert_allclose(program(X), [as_number(f(row)) for row in X.tolist()], rtol=1e-14)
    assert name == "something nested" or not np.array_equal(program(X), before)


MODULE_CHANGES: dict[str, Any] = {
    "an attribute": lambda m: setattr(m, "scale", 3.0),
    "an attribute of the class": lambda m: setattr(Scaled, "ratio", 4.0),
    "an item of an item": lambda m: m.rates[1].__setitem__(0, 9.0),
    "a whole list": lambda m: setattr(m, "rates", [1.0, [5.0]]),
    "an item of a dict": lambda m: m.parts.__setitem__("a", 5.0),
    "an attribute of an object in it": lambda m: setattr(m.options, "scale", 8.0),
    "an array in it": lambda m: m.table.__setitem__(0, 8.0),
    "a function in it": lambda m: setattr(m, "function", autograd.tanh),
    "a parameter": lambda m: setattr(m, "w", Parameter(11.0)),
    "a module below": lambda m: setattr(m, "inner", nn.Linear(2, 1, rng=5)),
    "a neuron below": lambda m: m.inner.neurons.__setitem__(0, nn.Neuron(2, rng=3)),
    "the activation of a neuron": lambda m: vars(m.inner)["neurons"][0].__setattr__("nonlin", True),
    "an attribute that was missing": lambda m: setattr(m, "extra", None),
    "its mode": lambda m: m.eval(),
}


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("name", MODULE_CHANGES)
def test_what_a_module_holds_is_seen_when_it_changes(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Scaled, "ratio", 1.0)
    model = Scaled()
    program = compile(model, backend="numpy")
    before = program(X)
    MODULE_CHANGES[name](model)
    np.testing.assert_allclose(program(X), [model(row).data for row in X.tolist()], rtol=1e-14)
    assert name == "the activation of a neuron" or not np.array_equal(program(X), before)


@pytest.fixture
def traces(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    made: list[Any] = []
    of = autograd.compiler.specialisation.Specialisation.of.__func__  # type: ignore[attr-defined]
    counted = classmethod(lambda cls, *args: made.append(args) or of(cls, *args))
    monkeypatch.setattr(autograd.compiler.specialisation.Specialisation, "of", counted)
    return made


COSTS_NOTHING: dict[str, Any] = {
    "another model": lambda m: nn.MLP(2, [3, 1]),
    "an attribute that it doesn't read": lambda m: setattr(m, "steps", m.steps + 1),
    "a new attribute": lambda m: setattr(m, "history", [1.0]),
    "an attribute of an object that it doesn't read": lambda m: setattr(m.options, "steps", 5),
    "the same number": lambda m: setattr(m, "scale", 1.0),
    "there and back": lambda m: (setattr(m, "scale", 3.0), setattr(m, "scale", 1.0)),
    "eval and train": lambda m: (m.eval(), m.train()),
    "a step": lambda m: setattr(m.w, "data", 5.0),
    "zero_grad": lambda m: m.zero_grad(),
    "another key of a dict": lambda m: CONFIG.__setitem__("steps", CONFIG["steps"] + 1),
    "a global that it doesn't read": lambda m: globals().__setitem__("unread", object()),
    "looking": lambda m: (list(m.parameters()), m.state_dict(), repr(m), m.biases()),
    "another item of a list": lambda m: m.rates.__setitem__(0, 9.0),
    "another class attribute": lambda m: setattr(Config, "unused", 5.0),
}


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("name", COSTS_NOTHING)
def test_what_is_not_read_costs_no_trace(name: str, traces: list[Any]) -> None:
    model = Scaled()
    program = compile(lambda x: model(x) * CONFIG["gamma"] * Config.beta, backend="numpy")
    program(X)
    for _ in range(3):
        COSTS_NOTHING[name](model)
        program(X)
    assert len(traces) == 1
    expected = [(model(row) * CONFIG["gamma"] * Config.beta).data for row in X.tolist()]
    np.testing.assert_allclose(program(X), expected, rtol=1e-14)


def test_both_modes_are_kept(traces: list[Any]) -> None:
    model = nn.Sequential(nn.Linear(2, 3, rng=0), nn.Dropout(0.5, rng=1), nn.Linear(3, 1, rng=2))
    program = compile(model, backend="numpy")
    for _ in range(4):
        model.train()
        program(X)
        model.eval()
        np.testing.assert_allclose(program(X), [model(row).data for row in X.tolist()], rtol=1e-12)
    assert len(traces) == 2


def test_a_trace_that_computes_the_same_takes_over_the_code(traces: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    model = Scaled()
    program = compile(model, backend="numpy")
    expected = program(X)
    monkeypatch.setattr(pipeline, "to_tape", lambda *_: pytest.fail("compiled again"))
    model.rates = [1.0, [2.0, 3.0]]
    np.testing.assert_array_equal(program(X), expected)
    assert len(traces) == 2
    monkeypatch.undo()
    model.rates[1][0] = 9.0
    np.testing.assert_allclose(program(X), [model(row).data for row in X.tolist()], rtol=1e-14)


@pytest.mark.parametrize("read", ["data", "grad of the array", "data of the array", "data of a result"])
def test_a_number_that_the_next_step_changes_is_refused(read: str) -> None:
    weight = ParameterArray([1.0, 2.0], label="weight")
    f = {
        "data": lambda x: x[0] * weight[0].data,
        "grad of the array": lambda x: x[0] * weight.grad[0],
        "data of the array": lambda x: x[0] * float(weight.data[1]),
        "data of a result": lambda x: x[0] * (weight[0] * 2.0).data,
    }[read]
    with pytest.raises(TraceError, match=r"is a number that the next step changes.*\.detach\(\)"):
        compile(f, backend="numpy")(X)
    np.testing.assert_allclose(compile(lambda x: x[0] * weight[0].detach(), backend="numpy")(X), X[:, 0])
    assert weight[0].data == 1.0, "outside of a trace it is a number like any other"


def test_nothing_is_left_behind_after_a_trace_even_one_that_fails() -> None:
    model = Scaled()

    def broken(x: Any) -> Any:
        model(x)
        raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        compile(broken)(X)
    compile(model)(X)
    for kind_of in (nn.Module, Scaled, Options):
        assert kind_of.__getattribute__ is object.__getattribute__
    assert type(model.rates).__iter__ is list.__iter__
    assert sys.getprofile() is None
    assert Value(2.0).data == 2.0


def test_a_profiler_that_is_at_work_goes_on() -> None:
    seen: list[str] = []
    sys.setprofile(lambda frame, event, arg: seen.append(event))
    try:
        program = compile(lambda x: helper(x[0]), backend="numpy")
        program(X)
        assert sys.getprofile() is not None
        globals()["beta"] = 12.5
        found = program(X)
    finally:
        sys.setprofile(None)
    np.testing.assert_allclose(found, X[:, 0] * 12.5)
    assert seen


def test_threads_that_compute_meanwhile_are_not_noted() -> None:
    model, done, wrong = Scaled(), threading.Event(), []

    def work() -> None:
        other = Scaled()
        while not done.is_set():
            wrong.extend([1] * (other([1.0, 2.0]).scope != ""))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for _ in range(20):
        compile(model, backend="numpy")(X)
    done.set()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_program_and_its_model_are_freed_without_the_collector() -> None:
    model = Scaled()
    program = compile(lambda x, m=model: m(x), backend="numpy")
    program(X)
    gone, program_gone = weakref.ref(model), weakref.ref(program)
    gc.disable()
    try:
        del program
        assert program_gone() is None
        del model
        assert gone() is None
    finally:
        gc.enable()


def test_why_it_was_traced_again_is_told() -> None:
    model = Scaled()
    program = compile(model, backend="numpy")
    program(X)
    model.scale = 0.5
    program(X)
    assert "traced again: Scaled.scale went 1.0 -> 0.5" in program.explain()


def test_partials_and_functions_from_elsewhere() -> None:
    f = made_elsewhere(2.0)
    g = functools.partial(lambda factor, x: f(x) * factor, 3.0)
    program = compile(g, backend="numpy")
    np.testing.assert_allclose(program(X), X[:, 0] * 6.0)
    f.__closure__[0].cell_contents = 5.0
    np.testing.assert_allclose(program(X), X[:, 0] * 15.0)
