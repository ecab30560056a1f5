"""Module: walking, naming, scopes, labels, the structure counter, modes, copies."""

import copy
import gc
import inspect
import pickle
import threading
import weakref
from collections import OrderedDict, defaultdict, namedtuple
from functools import partial

import numpy as np
import pytest

from autograd import Parameter, Value, ancestors, nn, scope


class Gate(nn.Module):
    """Everything that a module can hold. At module level, so that it can be pickled."""

    def __init__(self) -> None:
        self.scale = Parameter(2.0)
        self.table = [[Parameter(1.0), Parameter(2.0)], [Parameter(3.0)]]
        self.parts = {"left": nn.Linear(1, 1, init=[[4.0]]), "right": (nn.Tanh(), Parameter(5.0))}
        self.note = "text"

    def forward(self, x):
        return self.scale * self.parts["left"](x) + self.table[0][1] * self.parts["right"][0](x)


def test_names_are_unique_and_ordered() -> None:
    model = nn.MLP(2, [3, 2], rng=0)
    expected = [
        f"layers.{i}.neurons.{j}.{name}"
        for i, (nin, nout) in enumerate([(2, 3), (3, 2)])
        for j in range(nout)
        for name in (*(f"w.{k}" for k in range(nin)), "b")
    ]
    assert [name for name, _ in model.named_parameters()] == expected
    assert [p for _, p in model.named_parameters()] == model.parameters()
    assert [path for path, _ in model.named_modules()][:3] == ["", "layers.0", "layers.0.neurons.0"]
    assert model.children() == list(model.layers)


def test_a_shared_parameter_has_its_first_name_alone() -> None:
    model = nn.Sequential(nn.Neuron(1, rng=0), nn.Neuron(1, rng=1))
    model[1].w = model[0].w
    assert [name for name, _ in model.named_parameters()] == ["0.w.0", "0.b", "1.b"]


def test_lists_tuples_and_dicts_are_looked_into() -> None:
    model = Gate()
    named = dict(model.named_parameters())
    assert list(named) == [
        "scale",
        "table.0.0",
        "table.0.1",
        "table.1.0",
        "parts.right.1",
        "parts.left.neurons.0.w.0",
        "parts.left.neurons.0.b",
    ]
    assert [p.label for p in named.values()] == [
        "scale",
        "table0_0",
        "table0_1",
        "table1_0",
        "parts_right_1",
        "w0",
        "b",
    ]
    assert [path for path, _ in model.named_children()] == ["parts.left", "parts.right.0"]
    y = model(Value(0.0))
    assert y.scope == ""
    assert {v.scope for v in ancestors(y)} == {"", "parts.left.neurons.0", "parts.right.0"}


def test_a_module_is_not_put_into_itself() -> None:
    inner, outer = nn.Module(), nn.Module()
    outer.parts = [inner]
    for name, put in {
        "Module.me would hold itself": lambda: setattr(outer, "me", outer),
        "Module.back would hold a module around it": lambda: setattr(inner, "back", {"up": (outer,)}),
        "Module.parts would hold itself": lambda: outer.parts.append(outer),
    }.items():
        with pytest.raises(ValueError, match=f"{name}; where a part needs the whole, keep a weakref.ref of it"):
            put()
    assert outer.modules() == [outer, inner]
    assert not vars(inner)
    inner.back = weakref.ref(outer)
    assert outer.modules() == [outer, inner]


def test_a_list_is_not_put_into_itself() -> None:
    outer = nn.Module()
    outer.parts, outer.named = [[nn.Module()]], {"deep": {}}
    for put in (
        lambda: outer.parts.append(outer.parts),
        lambda: outer.parts[0].append([outer.parts]),
        lambda: outer.named["deep"].update(up=(outer.named,)),
    ):
        with pytest.raises(ValueError, match="of a module would hold itself; put a copy of it there"):
            put()
    assert outer.parts == [[outer.parts[0][0]]]
    assert outer.named == {"deep": {}}
    outer.parts.extend(outer.parts)
    assert len(outer.modules()) == 2


def test_a_number_does_not_replace_a_parameter() -> None:
    neuron, gate = nn.Neuron(2, rng=0), Gate()
    for wrong in (
        lambda: setattr(neuron, "b", 0.5),
        lambda: neuron.w.__setitem__(0, 2.0),
        lambda: setattr(neuron, "w", [1.0, 2.0]),
        lambda: setattr(gate, "scale", 1.0),
        lambda: gate.table[0].__setitem__(1, 3),
        lambda: setattr(nn.Layer(2, 2), "weight", [[1.0, 2.0]] * 2),
    ):
        with pytest.raises(TypeError, match=r"(\.data|data\[)"):
            wrong()
    assert len(neuron.parameters()) == 3
    assert len(gate.parameters()) == 7
    neuron.b, gate.table[0][1] = None, Parameter(9.0)
    assert (len(neuron.parameters()), gate.table[0][1].label) == (2, "table0_1")


def test_values_know_the_neuron_that_made_them() -> None:
    model = nn.MLP(2, [3, 1], rng=0)
    y = model([Value(1.0, label="x0"), Value(2.0, label="x1")])
    made = [v for v in ancestors(y) if v.op is not None]
    assert {v.scope for v in made} == {f"layers.0.neurons.{j}" for j in range(3)} | {"layers.1.neurons.0"}
    assert sum(v.scope == "layers.0.neurons.2" for v in made) == 5  # two products, two sums, relu
    assert y.scope == "layers.1.neurons.0"
    assert {v.scope for v in ancestors(y) if v.label.startswith("x")} == {""}


def test_parameters_have_label_and_scope_from_construction_on() -> None:
    model = nn.MLP(2, [3, 1])
    neuron = model.layers[0].neurons[2]
    assert [p.label for p in neuron.parameters()] == ["w0", "w1", "b"]
    assert {p.scope for p in neuron.parameters()} == {"layers.0.neurons.2"}
    parts = nn.Sequential(nn.Tanh(), nn.Sequential(nn.Linear(1, 2)))
    assert [p.scope for p in parts.parameters()] == ["1.0.neurons.0"] * 2 + ["1.0.neurons.1"] * 2
    alone = nn.Neuron(1)
    assert (alone.w[0].label, alone.w[0].scope) == ("w0", "")
    named = Parameter(1.0, label="temperature")
    holder = nn.Module()
    holder.t = named
    assert named.label == "temperature", "a label that is there stays"


def test_a_name_of_the_root_and_scopes_around_it_lead_the_path() -> None:
    model = nn.MLP(1, [1], rng=0)
    assert model([1.0]).scope == "layers.0.neurons.0"
    model.name = "critic"
    assert model([1.0]).scope == "critic.layers.0.neurons.0"
    assert model.parameters()[0].scope == "critic.layers.0.neurons.0"
    with scope("outer"):
        assert model([1.0]).scope == "outer.critic.layers.0.neurons.0"
    assert model([1.0]).scope == "critic.layers.0.neurons.0"
    assert model.parameters()[0].scope == "critic.layers.0.neurons.0"
    parent = nn.Module()
    parent.inner = model
    parent.forward = parent.inner
    assert parent([1.0]).scope == "inner.layers.0.neurons.0", "the parent's name for it comes first"


def test_a_module_of_two_parents_bears_the_first_name_while_it_is_held_there() -> None:
    shared = nn.Linear(1, 1, rng=0)
    one, two = nn.Sequential(shared), nn.Sequential(nn.Tanh(), shared)
    assert [f([1.0]).scope for f in (one, two, shared)] == ["0.neurons.0"] * 3
    del one.layers[0]
    assert two([1.0]).scope == "1.neurons.0"
    two.layers.append(nn.Tanh())
    assert two([1.0]).scope == "2"
    assert two([1.0]).args[0].scope == "1.neurons.0"
    twice = nn.Sequential(shared, nn.Tanh(), shared)
    assert [path for path, _ in twice.named_children()] == ["0", "1", "2"]


def test_a_module_that_the_caller_does_not_hold_has_no_name() -> None:
    stranger = nn.Neuron(1, rng=0)

    class Caller(nn.Module):
        def forward(self, x):
            return stranger(x)

    model = nn.Sequential(Caller())
    assert model([1.0]).scope == "0"


def test_scopes_follow_changes_of_the_structure() -> None:
    model = nn.Sequential(nn.Linear(1, 1, rng=0))
    assert model([1.0]).scope == "0.neurons.0"
    model.layers.insert(0, nn.Tanh())
    assert model([1.0]).scope == "1.neurons.0"
    assert model.parameters()[0].scope == "1.neurons.0"
    model.layers.reverse()
    model([1.0])
    assert model.parameters()[0].scope == "0.neurons.0", "the same modules in another order"


def test_a_scope_is_left_when_forward_raises() -> None:
    model = nn.MLP(2, [2, 1])
    with pytest.raises(ValueError, match=r"layers\.0"):
        model([1.0])
    assert Value(1.0).scope == ""
    assert nn.Neuron(1)([1.0]).scope == ""


def test_threads_have_their_own_scopes() -> None:
    model = nn.MLP(1, [1], rng=0)
    seen = []

    def work():
        seen.append(model([1.0]).scope)

    with scope("main"):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        assert model([1.0]).scope == "main.layers.0.neurons.0"
    assert seen == ["layers.0.neurons.0"]


def _holder():
    module = nn.Module()
    module.items = [nn.Tanh(), nn.Tanh()]
    module.table = {"a": nn.Tanh()}
    module.nested = [[1.0, 2.0]]
    return module


CHANGES = {
    "set a parameter": lambda m: setattr(m, "p", Parameter(1.0)),
    "set a module": lambda m: setattr(m, "child", nn.Tanh()),
    "set a number": lambda m: setattr(m, "slope", 0.5),
    "delete": lambda m: delattr(m, "items"),
    "append": lambda m: m.items.append(nn.Tanh()),
    "extend": lambda m: m.items.extend(iter([nn.Tanh()])),
    "add in place": lambda m: m.items.__iadd__([nn.Tanh()]),
    "multiply in place": lambda m: m.items.__imul__(2),
    "insert": lambda m: m.items.insert(0, nn.Tanh()),
    "set an item": lambda m: m.items.__setitem__(0, nn.Tanh()),
    "set a slice": lambda m: m.items.__setitem__(slice(0, 2), iter([nn.Tanh()])),
    "delete an item": lambda m: m.items.__delitem__(0),
    "pop": lambda m: m.items.pop(),
    "remove": lambda m: m.items.remove(m.items[0]),
    "clear": lambda m: m.items.clear(),
    "reverse": lambda m: m.items.reverse(),
    "sort": lambda m: m.items.sort(key=id),
    "change a nested list": lambda m: m.nested[0].append(1.0),
    "set a key": lambda m: m.table.__setitem__("b", nn.Tanh()),
    "delete a key": lambda m: m.table.__delitem__("a"),
    "update": lambda m: m.table.update(b=nn.Tanh()),
    "merge in place": lambda m: m.table.__ior__({"b": nn.Tanh()}),
    "pop a key": lambda m: m.table.pop("a"),
    "pop an item": lambda m: m.table.popitem(),
    "clear a dict": lambda m: m.table.clear(),
    "set a default": lambda m: m.table.setdefault("b", nn.Tanh()),
    "evaluation mode": lambda m: m.eval(),
    "training, one module": lambda m: setattr(m.items[0], "training", False),
}


class Reader:
    """Stands for a trace that has read something."""

    def __init__(self, book, name) -> None:
        self.stale, self.changed = False, []
        if book.readers is None:
            book.readers = {}
        book.readers.setdefault(name, []).append((weakref.ref(self), name))


READ = {
    "set a number": ("slope", lambda m: m._own),
    "set a module": ("child", lambda m: m._own),
    "set a parameter": ("p", lambda m: m._own),
    "delete": ("items", lambda m: m._own),
    "evaluation mode": ("training", lambda m: m._own),
    "training, one module": ("training", lambda m: m.items[0]._own),
    "change a nested list": ("*", lambda m: m.nested[0]),
    **{name: ("*", lambda m: m.table) for name in CHANGES if "key" in name or "dict" in name or "default" in name},
    **{name: ("*", lambda m: m.table) for name in ("update", "merge in place", "pop an item")},
}
"""What is read, and in whose book it stands; by default the list ``items``."""


@pytest.mark.parametrize("name", CHANGES)
def test_who_read_it_is_told(name: str) -> None:
    module = _holder()
    read, book = READ.get(name, ("*", lambda m: m.items))
    reader, other = Reader(book(module), read), Reader(module._own, "unrelated")
    CHANGES[name](module)
    assert reader.stale
    assert reader.changed == [read], "once"
    assert not other.stale
    CHANGES["append"](_holder())
    assert not other.stale


def test_a_number_in_a_list_tells_who_read_it_and_no_one_else() -> None:
    module = nn.Module()
    module.rates = [0.1, 0.2]
    first, second, all_of_it = (Reader(module.rates, read) for read in (0, 1, "*"))
    parts = module._parts()
    module.rates[0] = 0.5
    assert [r.stale for r in (first, second, all_of_it)] == [True, False, True]
    assert module._parts() is parts


@pytest.mark.parametrize(
    "bring",
    [
        lambda m, new: m.nested.append(new),
        lambda m, new: m.nested.insert(0, new),
        lambda m, new: m.nested.extend([new]),
        lambda m, new: m.nested.__setitem__(0, new),
        lambda m, new: m.nested.__setitem__(slice(0, 1), [new]),
        lambda m, new: m.table.__setitem__("new", new),
        lambda m, new: m.table.update({"new": new}),
        lambda m, new: m.table.setdefault("new", new),
        lambda m, new: setattr(m, "pair", (new,)),
    ],
)
def test_a_list_is_watched_however_it_came_in(bring) -> None:
    module = _holder()
    bring(module, ["new"])
    held = [*module.nested, *module.table.values(), *getattr(module, "pair", ())]
    (new,) = (item for item in held if isinstance(item, list) and item == ["new"])
    reader = Reader(new, "*")
    new.append(1.0)
    assert reader.stale


UNCHANGED = {
    "a call": lambda m: m([1.0]),
    "a mode that it has": lambda m: m.train(),
    "reading": lambda m: (m.parameters(), m.state_dict(), repr(m), len(m), m[0], list(m.named_modules())),
    "a step": lambda m: [setattr(p, "data", 1.0) for p in m.parameters()],
    "zero_grad": lambda m: m.zero_grad(),
    "load_state_dict": lambda m: m.load_state_dict(m.state_dict()),
    "an attribute that nobody read": lambda m: setattr(m, "steps", 1),
    "another model": lambda m: nn.MLP(1, [1]),
}


@pytest.mark.parametrize("name", UNCHANGED)
def test_nobody_is_told_of(name: str) -> None:
    model = nn.Sequential(nn.Linear(1, 2, rng=0), nn.Dropout(0.5, rng=0), nn.Linear(2, 1, rng=0))
    read = [(m._own, attribute) for m in model.modules() for attribute in (*vars(m), "training")]
    readers = [Reader(*each) for each in (*read, (model.layers, "*"))]
    UNCHANGED[name](model)
    assert not any(reader.stale for reader in readers)


def test_held_lists_are_lists() -> None:
    given = [nn.Tanh()]
    module = nn.Module()
    module.items = given
    assert module.items == given
    assert isinstance(module.items, list)
    assert module.items + given == given + given
    same = module.items
    module.items = same
    assert module.items is same
    pair = (1.0, 2.0)
    module.pair = pair
    assert module.pair is pair


def test_modes() -> None:
    model = nn.Sequential(nn.Dropout(0.5), nn.Sequential(nn.Dropout(0.5)))
    assert all(m.training for m in model.modules())
    assert model.eval() is model
    assert not any(m.training for m in model.modules())
    assert model.train() is model
    assert all(m.training for m in model.modules())
    model[1].training = False
    assert [m.training for m in model.modules()] == [True, True, False, True]
    for wrong in (1, "eval", None):
        with pytest.raises(TypeError, match="the mode is True for training or False for evaluation, got"):
            model.train(wrong)
    assert [m.training for m in model.modules()] == [True, True, False, True]


def test_a_module_without_forward_says_so() -> None:
    with pytest.raises(NotImplementedError, match="Module has no forward; write def forward"):
        nn.Module()(1.0)


@pytest.mark.parametrize("copier", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))], ids=["deepcopy", "pickle"])
def test_copies_are_independent_and_keep_sharing(copier) -> None:
    shared = nn.Linear(2, 2, rng=0)
    model = nn.Sequential(shared, nn.Tanh(), nn.Dropout(0.5, rng=1), shared).eval()
    model.name = "twin"
    x = [0.5, -1.0]
    before = [v.data for v in model(x)]
    sum(model(x), Value(0.0)).backward()
    twin = copier(model)
    assert [v.data for v in twin(x)] == before
    assert twin[0] is twin[3]
    assert len(twin.parameters()) == 6
    assert not twin.training
    assert twin(x)[0].scope == "twin.0.neurons.0"
    assert [p.grad for p in twin.parameters()] == [p.grad for p in model.parameters()]
    assert [(p.label, p.scope) for p in twin.parameters()] == [(p.label, p.scope) for p in model.parameters()]
    twin.parameters()[0].data = 99.0
    assert [v.data for v in model(x)] == before
    twin.layers.append(nn.Tanh())
    assert len(model) == 4
    assert repr(copier(Gate())) == repr(Gate())
    assert copier(Gate())(0.5).data == Gate()(0.5).data


@pytest.mark.parametrize("copier", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))], ids=["deepcopy", "pickle"])
def test_copies_of_neurons_are_whole(copier) -> None:
    """What somebody holds beside the layer, sets on a neuron or gives it is in the copy what it was."""
    model = nn.MLP(2, [3, 2], rng=0)
    first, second, third = model.layers[0].neurons
    second.note = "mine"
    third.eval()
    first.w[1].label = "steep"
    held = copier({"before": first, "model": model, "after": third, "row": second.w, "face": second.w[0]})
    twin = held["model"]
    assert held["before"] is twin.layers[0].neurons[0]
    assert held["after"] is twin.layers[0].neurons[2]
    assert held["row"].same_as(twin.layers[0].neurons[1].w)
    assert held["face"] is twin.layers[0].weight[1][0]
    assert [neuron.training for neuron in twin.layers[0].neurons] == [True, True, False]
    assert twin.layers[0].neurons[1].note == "mine"
    assert twin.layers[0].weight[0][1].label == "steep"
    assert [p.scope for p in twin.parameters()] == [p.scope for p in model.parameters()]
    twin.layers[0].weight.data[...] = 7.0
    assert twin.layers[0].neurons[1].w[0].data == 7.0
    assert model.layers[0].weight[1][0].data != 7.0


def test_what_a_module_holds_beside_its_members_leaves_the_list_of_parameters_alone() -> None:
    model = nn.MLP(2, [3, 1], rng=0)
    model.history, model.best = [], {}
    known = model.parameters().parts
    model.history.append(0.5)
    model.history.append((1, "epoch"))
    model.best["loss"] = 0.5
    model.best["loss"] = 0.25
    model.last = np.zeros(3)
    model.sizes = (2, 3)
    model.config = {"lr": 0.1}
    model.last = None
    assert model.parameters().parts is known
    assert (model.history, model.best) == ([0.5, (1, "epoch")], {"loss": 0.25})
    model.history.append(Parameter(1.0))
    model.best["bias"] = Parameter(2.0)
    assert len(model.parameters()) == 15
    assert {"history.2", "best.bias"} <= {name for name, _ in model.named_parameters()}
    model.config = {"scale": Parameter(3.0)}
    model.sizes = (Parameter(4.0),)
    assert len(model.parameters()) == 17
    model.sizes = (1.0,)
    assert len(model.parameters()) == 16
    with pytest.raises(TypeError, match=r"\.data"):
        model.best["bias"] = 0.5


def test_a_plain_list_that_holds_itself_is_refused() -> None:
    module, ring = nn.Module(), [1.0]
    ring.append({"again": ring})
    with pytest.raises(ValueError, match="a list that holds itself"):
        module.ring = ring
    assert not hasattr(module, "ring")


def test_a_layers_arrays_are_seen_to_be_gone_when_neurons_change() -> None:
    layer = nn.Layer(2, 3, rng=0)
    assert layer.weight is layer.weight
    layer.neurons[1].w = nn.ParameterArray(np.zeros(2))
    with pytest.raises(AttributeError, match=r"neurons of .* were replaced or changed"):
        layer.weight
    layer = nn.Layer(2, 3, rng=0)
    assert layer.bias.shape == (3,)
    layer.neurons[2].slope = Parameter(1.0)
    with pytest.raises(AttributeError, match=r"neurons of .* were replaced or changed"):
        layer.bias


def test_neurons_that_change_places_are_no_rows_of_the_weight_any_more() -> None:
    layer = nn.Layer(2, 3, bias=False, rng=0)
    layer.neurons.reverse()
    with pytest.raises(AttributeError, match=r"neurons of .* were replaced or changed"):
        layer.weight


def test_gradients_of_what_was_added_later_are_zeroed_too() -> None:
    model = nn.Sequential(nn.Linear(1, 1, rng=0))
    model.zero_grad()
    model.layers.append(nn.Linear(1, 1, rng=1))
    model([2.0]).backward()
    model.zero_grad()
    assert [p.grad for p in model.parameters()] == [0.0] * 4


def test_a_called_model_is_freed_without_the_collector() -> None:
    model = nn.MLP(2, [3, 1], rng=0)
    model([1.0, 2.0]).backward()
    gone = weakref.ref(model)
    gc.disable()
    try:
        del model
        assert gone() is None
    finally:
        gc.enable()


def test_biases_are_what_is_called_so() -> None:
    model = Gate()
    assert [p.label for p in model.biases()] == ["b"]
    model.bias = [Parameter(1.0), Parameter(2.0)]
    assert [p.label for p in model.biases()] == ["bias0", "bias1", "b"]


def test_signatures_are_those_of_forward_and_init() -> None:
    assert list(inspect.signature(nn.Linear(1, 1)).parameters) == ["x"]
    assert list(inspect.signature(nn.Linear).parameters) == ["nin", "nout", "bias", "init", "rng"]


@pytest.mark.parametrize("give_away", ["delete", "replace", "clear", "pop"])
def test_a_module_that_was_given_away_may_hold_who_held_it(give_away: str) -> None:
    old, child = nn.Module(), nn.Module()
    old.part = [child] if give_away in ("clear", "pop") else child
    kept = old.part
    {
        "delete": lambda: delattr(old, "part"),
        "replace": lambda: setattr(old, "part", None),
        "clear": lambda: kept.clear(),
        "pop": lambda: kept.pop(),
    }[give_away]()
    child.inner = old
    assert child.modules() == [child, old]
    with pytest.raises(ValueError, match="a module around it"):
        old.part = child


def test_a_list_that_was_given_away_tells_its_old_owner_nothing() -> None:
    old, outer = nn.Module(), nn.Module()
    old.parts = [nn.Tanh()]
    parts = old.parts
    old.parts, outer.old = [], old
    parts.append(outer)
    assert outer.modules() == [outer, old]


def test_owners_that_are_gone_are_forgotten_by_a_shared_list() -> None:
    model = nn.Sequential(nn.Tanh())
    for _ in range(5):
        other = nn.Module()
        other.parts = model.layers
    assert len(model.layers.owners) == 2


def test_a_change_of_many_items_does_not_replace_a_parameter_by_a_number() -> None:
    model = nn.Module()
    model.ws, model.named = [Parameter(1.0), Parameter(2.0)], {"a": Parameter(3.0)}
    for change in (
        lambda: model.ws.__setitem__(slice(None), [Parameter(0.0), 1.0]),
        lambda: model.ws.__setitem__(slice(None, None, -1), [0.5, 1.0]),
        lambda: model.named.update({"b": 1.0, "a": 1.0}),
        lambda: model.named.update(a=1.0),
        lambda: model.named.__ior__({"a": 1.0}),
    ):
        with pytest.raises(TypeError, match=r"write its number to \.data"):
            change()
        assert [p.data for p in model.parameters()] == [1.0, 2.0, 3.0]
        assert list(model.named) == ["a"]
    model.ws[:] = [nn.Tanh(), *model.ws]
    assert [p.data for p in model.parameters()] == [1.0, 2.0, 3.0]
    model.ws[:] = []
    model.named.update(b=1.0)
    assert [p.data for p in model.parameters()] == [3.0]


class Sublist(list):  # type: ignore[type-arg]
    """A list of a class of its own, which doesn't tell of changes."""


Pair = namedtuple("Pair", "left right")
OTHER_CONTAINERS = {
    "an ordered dict": (OrderedDict, lambda held, module: held.__setitem__("a", module)),
    "a dict of lists": (partial(defaultdict, list), lambda held, module: held["a"].append(module)),
    "a list of a class of its own": (Sublist, lambda held, module: held.append(module)),
    "a list in a named tuple": (lambda: Pair(1, []), lambda held, module: held.right.append(module)),
    "one in a list": (lambda: [Sublist()], lambda held, module: held[0].append(module)),
}


@pytest.mark.parametrize("kind", OTHER_CONTAINERS)
@pytest.mark.parametrize("walked", [False, True])
def test_containers_of_other_classes_are_looked_at_anew(kind: str, walked: bool) -> None:
    make, put = OTHER_CONTAINERS[kind]
    outer, model, added = nn.Module(), nn.Module(), nn.Linear(1, 1)
    outer.model, model.parts = model, make()
    if walked:
        assert (len(outer.parameters()), len(outer.modules())) == (0, 2)
    put(model.parts, added)
    assert len(outer.parameters()) == 2
    assert added in outer.eval().modules()
    assert not added.training
    assert outer.parameters().parts is outer.parameters().parts
    added.bias = None
    assert len(outer.parameters()) == 1
    assert added._scope.path.startswith("model.parts.")
    twin = copy.deepcopy(outer)
    put(twin.model.parts, nn.Tanh()) if kind != "an ordered dict" else twin.model.parts.clear()
    assert len(twin.modules()) == len(outer.modules()) + (1 if kind != "an ordered dict" else -2)


def test_appending_looks_at_nothing_but_the_new_item(monkeypatch: pytest.MonkeyPatch) -> None:
    class Model(nn.Module):
        def __init__(self) -> None:
            self.losses, self.ws, self.parts = [0.5], [Parameter(0.0)], [nn.Tanh()]

    model, row, added = Model(), nn.Sequential(nn.Tanh()), nn.Linear(1, 1)
    parts = model.parameters().parts
    with monkeypatch.context() as patched:
        patched.setattr(nn.Module, "_adopt", None)
        model.losses.append(0.25)
        assert model.parameters().parts is parts  # a number changes no structure
        model.ws.append(Parameter(1.0))
        model.parts.append(added)
    row.layers.append(nn.Linear(1, 1))
    assert [p.data for p in model.ws] == [0.0, 1.0]
    assert len(model.parameters()) == 4
    assert [p.label for p in model.ws] == ["ws0", "ws1"]
    assert (model.parts[1]._scope.path, row[1]._scope.path) == ("parts.1", "1")
    model.parts[1].bias = None
    assert len(model.parameters()) == 3
    model.parts.append(model.parts[0])  # the first of two places names
    assert model.parts[2]._scope.path == "parts.0"


def test_a_list_does_not_hold_itself() -> None:
    model = nn.Module()
    model.parts, model.named = [nn.Linear(1, 1)], {"inner": [1]}
    for change in (
        lambda: model.parts.append(model.parts),
        lambda: model.parts.__setitem__(0, (1, model.parts)),
        lambda: model.named.update(inner=[model.named]),
        lambda: model.named["inner"].append(model.named["inner"]),
    ):
        with pytest.raises(ValueError, match="would hold itself"):
            change()
    assert (len(model.parts), model.named) == (1, {"inner": [1]})
    model.parts.extend(model.parts)
    assert len(model.parts) == 2


def test_who_holds_a_module_still_names_it_when_another_gives_it_away() -> None:
    one, two, part = nn.Module(), nn.Module(), nn.Linear(1, 1)
    one.first, one.second, two.third = part, [part], {"key": part}
    one.first = nn.Tanh()
    assert part._scope.path == "second.0"
    one.second.insert(0, nn.Tanh())
    assert part._scope.path == "second.1"
    one.second.pop()
    assert part._scope.path == "third.key"
    two.third.update(key=None)
    assert part._scope.path == ""
    part.name = "mine"
    assert part([1.0]).scope == "mine.neurons.0"
    one.second.append(part)
    assert part._scope.path == "second.1"
    del one.second
    assert part._scope.path == "mine"
