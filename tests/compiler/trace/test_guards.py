"""Whatever a compiled function reads and Python changes afterwards is seen; whatever it doesn't read costs nothing."""

import argparse
import collections
import contextvars
import functools
import gc
import itertools
import math
import sys
import threading
import types
import warnings
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


class Derivable:
    """What is read here is read by ways of which no attribute of an object tells."""

    rate = 1.0

    def __init__(self) -> None:
        self.scale = 1.0
        self.config = Config

    @classmethod
    def of_class(cls) -> float:
        return cls.rate

    def of_type(self) -> float:
        return type(self).rate

    def method(self, x: Any) -> Any:
        return x * self.scale

    @staticmethod
    def static(x: Any) -> Any:
        return x * 2.0

    @property
    def computed(self) -> list[float]:
        return [self.scale]

    @property
    def constant(self) -> float:
        return 1.0

    def __getattr__(self, name: str) -> Any:
        if name == "made_up":
            return self.__dict__["scale"]
        raise AttributeError(name)


class Between(Derivable):
    pass


class Overriding(Derivable):
    def method(self, x: Any) -> Any:
        return super().method(x) * 2.0


class Farther(Between):
    def method(self, x: Any) -> Any:
        return super().method(x) * 2.0


class Item:
    scale = 1.0


class Keyed(dict):  # type: ignore[type-arg]
    """A dict with attributes."""


def defaults(x: Any, weights: Any = [1.0, 2.0], *, keyed: Any = [3.0]) -> Any:  # noqa: B006
    return x[0] * weights[0] * keyed[0]


def with_attribute(x: Any) -> Any:
    return x[0] * with_attribute.scale  # type: ignore[attr-defined]


with_attribute.scale = 1.0  # type: ignore[attr-defined]


def rewritten(x: Any) -> Any:
    return x[0] * 2.0


def imports(x: Any) -> Any:
    import settings_of_a_user

    return x[0] * settings_of_a_user.scale


@functools.lru_cache
def cached() -> float:
    return beta


def rebound_and_cleared() -> None:
    globals()["beta"] = new()
    cached.cache_clear()


sys.modules["settings_of_a_user"] = settings
package = types.ModuleType("package_of_a_user")
package.inner = settings
odd, patched, overriding, farther = Derivable(), Derivable(), Overriding(), Farther()
objects = np.array([Item()], dtype=object)
queue, chain = collections.deque([1.0]), collections.ChainMap({"a": 1.0})
keyed = Keyed(a=1.0)
keyed.scale = 1.0  # type: ignore[attr-defined]
ordered = {"a": 1.0, "b": 2.0}
variable = contextvars.ContextVar("variable", default=1.0)
local = threading.local()
local.scale = 1.0
partial_of_keyword = functools.partial(lambda x, factor: x[0] * factor, factor=1.0)
reset: dict[str, Any] = {}


def constantly(number: float) -> Any:
    return property(lambda _: number)


def a_method(factor: float) -> Any:
    return lambda self, x: x * factor


def of_itself() -> Any:
    return lambda: setattr(patched, "method", types.MethodType(a_method(new()), patched))


def another_order() -> None:
    first = next(iter(ordered))
    ordered[first] = ordered.pop(first)


def the_code_of(factor: float) -> Any:
    return eval(f"lambda x: x[0] * {factor}").__code__


CASES: dict[str, tuple[Any, Any]] = {
    "a global": (lambda x: x[0] * beta, rebind("beta", new)),
    "a global of a function that is called": (lambda x: helper(x[0]), rebind("beta", new)),
    "an item of globals()": (lambda x: x[0] * globals()["beta"], rebind("beta", new)),
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
    "a class attribute by cls": (lambda x: x[0] * odd.of_class(), lambda: setattr(Derivable, "rate", new())),
    "a class attribute by type()": (lambda x: x[0] * odd.of_type(), lambda: setattr(Derivable, "rate", new())),
    "an attribute of a class in an attribute": (
        lambda x: x[0] * odd.config.beta,
        lambda: setattr(Config, "beta", new()),
    ),
    "a method": (lambda x: odd.method(x[0]), lambda: setattr(Derivable, "method", a_method(new()))),
    "a method of one object": (lambda x: patched.method(x[0]), of_itself()),
    "a method that super() finds": (
        lambda x: overriding.method(x[0]),
        lambda: setattr(Derivable, "method", a_method(new())),
    ),
    "a method that super() finds sooner": (
        lambda x: farther.method(x[0]),
        lambda: setattr(Between, "method", a_method(new())),
    ),
    "an object in an array": (lambda x: x[0] * objects[0].scale, lambda: setattr(objects[0], "scale", new())),
    "a static method": (
        lambda x: odd.static(x[0]),
        lambda: setattr(Derivable, "static", staticmethod(scaled_by(new()))),
    ),
    "what __getattr__ gives": (lambda x: x[0] * odd.made_up, lambda: setattr(odd, "scale", new())),
    "a property that is another list each time": (
        lambda x: x[0] * odd.computed[0],
        lambda: setattr(odd, "scale", new()),
    ),
    "a property": (lambda x: x[0] * odd.constant, lambda: setattr(Derivable, "constant", constantly(new()))),
    "an attribute that was missing": (
        lambda x: x[0] * getattr(options, "missing", 1.0),
        lambda: setattr(options, "missing", new()),
    ),
    "what vars() finds": (lambda x: x[0] * vars(options)["scale"], lambda: setattr(options, "scale", new())),
    "a deque": (lambda x: x[0] * queue[0], lambda: queue.appendleft(new())),
    "a chain of dicts": (lambda x: x[0] * chain["a"], lambda: chain.__setitem__("a", new())),
    "an attribute of a dict": (lambda x: x[0] * keyed.scale, lambda: setattr(keyed, "scale", new())),
    "the order of a dict": (lambda x: sum(map(lambda a, b: a * b, ordered.values(), x)), another_order),
    "a variable of a context": (lambda x: x[0] * variable.get(), lambda: variable.set(new())),
    "a variable of a thread": (lambda x: x[0] * local.scale, lambda: setattr(local, "scale", new())),
    "what is in a default": (lambda x: defaults(x), lambda: defaults.__defaults__[0].__setitem__(0, new())),  # type: ignore[index]
    "what is in a keyword default": (lambda x: defaults(x), lambda: defaults.__kwdefaults__["keyed"].insert(0, new())),
    "a default": (lambda x: defaults(x), lambda: setattr(defaults, "__defaults__", ([new()],))),
    "an attribute of a function": (with_attribute, lambda: setattr(with_attribute, "scale", new())),
    "the code of a function": (lambda x: rewritten(x), lambda: setattr(rewritten, "__code__", the_code_of(new()))),
    "a module that it imports": (imports, lambda: setattr(settings, "scale", new())),
    "a module in a module": (lambda x: x[0] * package.inner.scale, lambda: setattr(settings, "scale", new())),
    "an attribute by getattr": (lambda x: x[0] * getattr(settings, "scale"), lambda: setattr(settings, "scale", new())),  # noqa: B009
    "what a cached function read": (lambda x: x[0] * cached(), rebound_and_cleared),
    "a keyword of a partial": (partial_of_keyword, lambda: partial_of_keyword.keywords.update(factor=new())),
    "the shape of an array": (lambda x: x[0] * len(SHAPED), lambda: SHAPED.resize(SHAPED.shape[::-1], refcheck=False)),
    "a bound method": (
        Settings.__eq__ and (lambda x: x[0] * settings_method()),
        rebind("settings_method", lambda: functools.partial(float, new())),
    ),
}
BIG = np.ones(100_000)
SHAPED = np.ones((2, 3))
leaf, constant = Value(2.0), Constant(3.0)


def as_number(y: Any) -> float:
    return y.data if isinstance(y, Value) else float(y)


def settings_method() -> float:
    return record.scale


@pytest.fixture(params=["seen", "unseen"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether it is seen what runs, or read off the code of all functions in reach."""
    if request.param == "unseen":
        monkeypatch.setattr(autograd.compiler.trace.noting, "_EVENTS", 0)


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


@pytest.mark.usefixtures("way")
def test_a_global_that_comes_to_hide_a_built_in_name_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    program = compile(lambda x: x[0] * abs(-1.0), backend="numpy")
    np.testing.assert_array_equal(program(X), X[:, 0])
    monkeypatch.setitem(globals(), "abs", lambda _: 5.0)
    np.testing.assert_array_equal(program(X), X[:, 0] * 5.0)


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
    "a method of its own": lambda m: setattr(m, "forward", lambda x: m.inner(x) * 5.0),
    "a method of its class": lambda m: setattr(Scaled, "forward", lambda self, x: self.inner(x) * 5.0),
    "an attribute of its class that was missing": lambda m: setattr(Scaled, "extra", None),
}


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("name", MODULE_CHANGES)
def test_what_a_module_holds_is_seen_when_it_changes(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for attribute in ("ratio", "forward"):
        monkeypatch.setattr(Scaled, attribute, vars(Scaled)[attribute])  # put back afterwards
    Scaled.extra = None  # type: ignore[attr-defined]
    monkeypatch.delattr(Scaled, "extra")
    model = Scaled()
    program = compile(model, backend="numpy")
    before = program(X)
    MODULE_CHANGES[name](model)
    np.testing.assert_allclose(program(X), [model(row).data for row in X.tolist()], rtol=1e-14)
    assert name == "the activation of a neuron" or not np.array_equal(program(X), before)


class Sloped(nn.Module):
    """A list of its numbers is walked over, which asks for no item by its place."""

    def __init__(self) -> None:
        self.rates = [1.0, 2.0]

    def forward(self, x: Any) -> Any:
        return sum(rate * v for rate, v in zip(self.rates, x, strict=True))


def test_a_list_of_a_module_that_is_walked_over_is_seen_when_an_item_changes() -> None:
    model = Sloped()
    program = compile(model, backend="numpy")
    np.testing.assert_array_equal(program(X), X @ [1.0, 2.0])
    model.rates[1] = 5.0
    np.testing.assert_array_equal(program(X), X @ [1.0, 5.0])


@pytest.fixture
def traces(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    made: list[Any] = []
    of = autograd.compiler.specialisation.Specialisation.of.__func__  # type: ignore[attr-defined]
    counted = classmethod(lambda cls, *args: made.append(args) or of(cls, *args))
    monkeypatch.setattr(autograd.compiler.specialisation.Specialisation, "of", counted)
    return made


class Counting(nn.Module):
    """It changes what it reads, and what it keeps is of no account for what it computes."""

    calls = 0

    def __init__(self) -> None:
        self.inner, self.count, self.kept, self.memo = nn.Linear(2, 1, rng=0), 0, [], {}
        self.options = Options()

    def forward(self, x: Any) -> Any:
        self.count += 1
        type(self).calls += 1
        self.options.steps += 1
        self.kept.append(len(x))
        LOG.append(len(self.kept))
        self.memo["y"] = self.inner(x)
        self.last = self.memo["y"] * 2.0
        return self.last


class KeepsLast(nn.Module):
    def __init__(self) -> None:
        self.inner, self.options = nn.Linear(2, 1, rng=0), Options()

    def forward(self, x: Any) -> Any:
        self.last = self.options.last = self.inner(x)
        return self.last * self.options.last


LOG: list[int] = []


@pytest.mark.usefixtures("way")
def test_what_the_function_itself_changes_costs_no_trace(traces: list[Any]) -> None:
    model = Counting()
    program = compile(model, backend="numpy")
    for _ in range(4):
        found = program(X)
    assert len(traces) == 1
    last = KeepsLast()
    program_of_last = compile(last, backend="numpy")
    for _ in range(3):
        np.testing.assert_allclose(program_of_last(X), [last(row).data for row in X.tolist()], rtol=1e-14)
    assert len(traces) == 2, "eager calls keep something else"
    np.testing.assert_allclose(found, [model(row).data for row in X.tolist()], rtol=1e-14)


class Refusing:
    """Something that only objects can be asked for."""

    def __get__(self, owner: Any, kind: type) -> float:
        if owner is None:
            raise RuntimeError("ask an object")
        return float(owner.number)


class Configured:
    def __init__(self) -> None:
        self.config = {"rate": 1.0, "steps": 0.0}

    def of_one(self, x: Any) -> Any:
        return x[0] * self.config["rate"]

    def of_all(self, x: Any) -> Any:
        return self.of_one(x) * sum(self.config.values())


@pytest.mark.usefixtures("way")
def test_another_item_of_a_dict_in_an_object_costs_no_trace(traces: list[Any]) -> None:
    configured = Configured()
    program, program_of_all = compile(configured.of_one, "numpy"), compile(configured.of_all, "numpy")
    for steps in range(3):
        configured.config["steps"] = float(steps)
        np.testing.assert_array_equal(program(X), X[:, 0])
        np.testing.assert_array_equal(program_of_all(X), X[:, 0] * (1.0 + steps))
    assert len(traces) == 1 + 3
    configured.config["rate"] = 2.0
    np.testing.assert_array_equal(program(X), X[:, 0] * 2.0)
    configured.config = {"rate": 3.0}
    np.testing.assert_array_equal(program(X), X[:, 0] * 3.0)


class Described:
    refusing = Refusing()

    def __init__(self) -> None:
        self.number = 2.0


@pytest.mark.usefixtures("way")
def test_of_packages_that_were_installed_only_what_is_read_is_compared() -> None:
    import matplotlib.figure  # large, and full of code that reads itself

    figure = matplotlib.figure.Figure()
    program = compile(lambda x: x[0] * figure.dpi, backend="numpy")
    program(X)
    [known] = program._specialisations.known
    assert len(known.trace.guards.compared) < 500
    figure.set_dpi(20.0)
    np.testing.assert_array_equal(program(X), X[:, 0] * 20.0)


@pytest.mark.usefixtures("way")
def test_descriptors_are_asked_by_the_function_alone(traces: list[Any]) -> None:
    described = Described()
    program = compile(lambda x: x[0] * described.refusing, backend="numpy")
    program(X)
    np.testing.assert_array_equal(program(X), X[:, 0] * 2.0)
    assert len(traces) == 1
    described.number = 5.0
    np.testing.assert_array_equal(program(X), X[:, 0] * 5.0)


@pytest.mark.usefixtures("way")
def test_a_property_that_gives_something_new_costs_no_trace(traces: list[Any]) -> None:
    program = compile(lambda x: x[0] * odd.computed[0], backend="numpy")
    for _ in range(3):
        program(X)
    assert len(traces) == 1


def test_a_number_that_is_nan_costs_no_trace(traces: list[Any]) -> None:
    model = Scaled()
    program = compile(lambda x: model(x) + x[0] * CONFIG.get("missing", math.nan), backend="numpy")
    for _ in range(3):
        model.scale = float("nan")  # another object each time
        assert np.isnan(program(X)).all()
    assert len(traces) == 1


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


@pytest.mark.parametrize("keys", ["ab", (0, 1)])
def test_a_dict_of_modules_is_read_as_a_list_is(keys) -> None:
    class Heads(nn.Module):
        def __init__(self) -> None:
            self.heads = {key: nn.Linear(2, 1, rng=k) for k, key in enumerate(keys)}

        def forward(self, x):
            return sum(head(x) for head in self.heads.values()) + self.heads[keys[0]](x)

    model = Heads()
    program = autograd.compile(model, backend="numpy")
    X = np.array([[1.0, 2.0]])
    assert program(X)[0] == pytest.approx(model([1.0, 2.0]).data, rel=1e-15)
    model.heads["third"] = nn.Linear(2, 1, rng=9)
    assert program(X)[0] == pytest.approx(model([1.0, 2.0]).data, rel=1e-15)


def test_a_number_that_changes_all_the_time_is_named_once_with_its_cure() -> None:
    scale = 0.0
    program = autograd.compile(lambda x: x * scale, backend="numpy")
    X = np.array([1.0])
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        for _ in range(25):
            scale += 1.0
            assert program(X)[0] == scale
    text = str(told[0].message)
    assert "traced 10 times anew because of scale (last: scale went 10.0 -> 11.0)" in text
    assert "p.detach()" in text
    assert len(told) == 1
    assert told[0].filename == __file__
    annealed = autograd.Parameter(0.0)
    program = autograd.compile(lambda x: x * annealed.detach(), backend="numpy")
    for _ in range(25):
        annealed.data += 1.0
        assert program(X)[0] == annealed.data


class Watched(nn.Module):
    def __init__(self) -> None:
        self.inner = nn.MLP(2, [2, 1], rng=0)

    def forward(self, x):
        self.hidden = [v * 2.0 for v in self.inner.layers[0](x)]
        return self.hidden[0] + self.inner(x)


def test_what_a_module_keeps_of_each_forward_costs_no_trace(monkeypatch) -> None:
    model = Watched()
    program = autograd.compile(model, backend="numpy")
    X = np.array([[1.0, 2.0]])
    first = program(X)
    monkeypatch.setattr("autograd.compiler.specialisation.trace", None)
    assert [program(X)[0] for _ in range(3)] == [first[0]] * 3


@pytest.mark.parametrize("name", [None, "__main__", "cell"])
def test_code_that_was_executed_without_a_name_is_a_users(name) -> None:
    space: dict[str, object] = {} if name is None else {"__name__": name}
    exec("scale = 2.0\ndef inner(x): return x * scale\ndef outer(x): return inner(x)", space)
    program = autograd.compile(space["outer"], backend="numpy")
    assert program(np.array([1.0])) == 2.0
    space["scale"] = 5.0
    assert program(np.array([1.0])) == 5.0
    exec("def inner(x): return x * scale * 10.0", space)
    assert program(np.array([1.0])) == 50.0
