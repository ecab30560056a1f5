"""Module: what holds parameters and other modules, and names every Value that is made inside it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from functools import partial, wraps
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from ..parameter import Parameter
from ..scopes import Scope, _current, current
from .buffers import as_buffer, new_name, overwrite
from .checks import count
from .state import Loaded, load_arrays, read_arrays
from .statistics import at_the_end
from .structure import mode_changed, structure_changed, structure_version, watched

_caller: ContextVar[Module | None] = ContextVar("glassgrad_caller", default=None)
_BIASES = ("b", "bias")


class Room(NamedTuple):
    """The scope that a module enters when it is called, and when that is still true."""

    outer: Scope
    version: int
    inner: Scope
    calls_none: bool
    """Whether the module holds no other, so that nobody asks who called."""


def _entering(function: Callable[..., Any] | None) -> Callable[..., Any]:
    """``function`` (None: the module's ``forward``) run in the scope of its module.

    Written out, without ``with`` and helpers: every neuron is called for every sample.
    """

    def call(self: Module, *inputs: Any, **named: Any) -> Any:
        caller = _caller.get()
        run = self.forward if function is None else partial(function, self)
        if caller is self:  # super().__call__(...) in a class that has its own __call__
            return run(*inputs, **named)
        outer = current()
        room = self._rooms.get(None) if caller is None else caller._rooms.get(id(self))
        if room is None or room[0] is not outer or room[1] != structure_version():
            room = self._room(caller, outer)
        scope_token = _current.set(room[2])
        if room[3] and function is None:
            try:
                return run(*inputs, **named)
            finally:
                _current.reset(scope_token)
        caller_token = _caller.set(self)
        try:
            return run(*inputs, **named)
        finally:
            _caller.reset(caller_token)
            _current.reset(scope_token)

    return call if function is None else wraps(function)(call)


def _entering_with_batch(function: Callable[..., Any]) -> Callable[..., list[Any]]:
    """A ``forward_batch`` run in the scope of its module; running statistics change when the outermost one ends."""
    run = _entering(function)

    @wraps(function)
    def call(self: Module, xs: Any) -> Any:
        if isinstance(xs, str) or not hasattr(type(xs), "__iter__"):
            raise TypeError(f"forward_batch takes a list of samples, got {type(xs).__name__}: {xs!r}")
        with at_the_end():
            return list(run(self, list(xs)))

    return call


def _drop_foreign_batch(cls: type[Module]) -> None:
    """Give a class that changes ``forward`` the general ``forward_batch``: the inherited one is for the old forward."""
    if cls.forward_batch is not Module.forward_batch:
        cls.forward_batch = Module.forward_batch  # type: ignore[method-assign]


class _SignatureOfForward:
    """What ``inspect.signature(module)`` finds: that of ``forward``. On a class there is none, so its own is found."""

    def __get__(self, module: Module | None, owner: type) -> inspect.Signature:
        if module is None:
            raise AttributeError("a class has the signature of its __init__")
        return inspect.signature(module.forward)


class Module:
    """Base of all layers and models: assign parameters, modules, or lists of them, and write ``forward``.

    Calling a module runs ``forward`` (for one sample) in the scope of its name: the attribute or list index that the
    module which calls it knows it by. A root has no name unless you set ``name``. Lists, tuples and dicts are looked
    into; a list is copied into a watched one, so change it through the attribute. A subclass in micrograd's manner,
    with its own ``__call__``, works too, and ``super().__init__()`` need not be called.

    >>> from autograd import Parameter, nn
    >>> class Line(nn.Module):
    ...     def __init__(self):
    ...         self.slope, self.offset = Parameter(2.0), Parameter(1.0)
    ...     def forward(self, x):
    ...         return self.slope * x + self.offset
    >>> Line()(3.0).data, [name for name, _ in Line().named_parameters()]
    (7.0, ['slope', 'offset'])
    """

    # Slots, so that what is remembered here is no attribute that could hold a child, and never pickled.
    __slots__ = ("__dict__", "__weakref__", "_buffers", "_names", "_path", "_rooms", "_training")
    _buffers: frozenset[str]
    _names: tuple[int, dict[int, str]]
    _path: str
    _rooms: dict[int | None, Room]
    _training: bool

    name: str = ""
    """Names the scope of a module that no other module holds and calls; "" for none."""

    def __new__(cls, *_args: Any, **_named: Any) -> Self:
        """A module that works before ``__init__`` has run."""
        module = super().__new__(cls)
        module._forget(current().path, training=True)
        return module

    def __init_subclass__(cls, **named: Any) -> None:
        super().__init_subclass__(**named)
        if "__call__" in vars(cls):
            cls.__call__ = _entering(vars(cls)["__call__"])  # type: ignore[method-assign]
        if "forward_batch" in vars(cls):
            cls.forward_batch = _entering_with_batch(vars(cls)["forward_batch"])  # type: ignore[method-assign]
        elif "forward" in vars(cls) or "__call__" in vars(cls):
            _drop_foreign_batch(cls)

    def _forget(self, path: str, training: bool) -> None:
        new: dict[str, Any] = {"_path": path, "_training": training, "_rooms": {}, "_names": (-1, {})}
        new["_buffers"] = frozenset()
        for slot, value in new.items():
            object.__setattr__(self, slot, value)

    # Calling

    def forward(self, *inputs: Any, **named: Any) -> Any:
        """What the module computes for one sample; subclasses write it."""
        raise NotImplementedError(f"{type(self).__name__} has no forward; write def forward(self, x): ...")

    @_entering_with_batch
    def forward_batch(self, xs: Any) -> list[Any]:
        """What the module computes for the samples of a batch, a list of them.

        Here each sample in turn; a module that looks at the whole batch (`BatchNorm`), or holds one, computes it
        otherwise: `Sequential` and `MLP` go layer by layer. A subclass that has such a module and a ``forward`` of its
        own writes this method too, and there calls ``forward_batch`` of its modules.

        Raises:
            TypeError: ``xs`` is no list (array, iterator) of samples.

        >>> from autograd import nn
        >>> [y.data for y in nn.Linear(1, 1, init=[[2.0]]).forward_batch([[1.0], [3.0]])]
        [2.0, 6.0]
        """
        return [self(x) for x in xs]

    @property
    def needs_batch(self) -> bool:
        """Whether, as it is now, this module by itself takes only whole batches; False but for `BatchNorm`.

        >>> from autograd import nn
        >>> nn.BatchNorm(1).needs_batch, nn.BatchNorm(1).eval().needs_batch, nn.Sequential(nn.BatchNorm(1)).needs_batch
        (True, False, False)
        """
        return False

    def check_batch(self, samples: int) -> None:
        """An error if this module by itself can't take a batch of so many samples; `fit` asks before the first step."""

    __call__ = _entering(None)
    __signature__ = _SignatureOfForward()

    def _room(self, caller: Module | None, outer: Scope) -> Room:
        """Work out the scope to enter, remember it with the caller, and move the own parameters into it."""
        name = self.name if caller is None else caller._child_names().get(id(self), "")
        path = _join(outer.path, name or self.name)
        inner = outer if path == outer.path else Scope(path, outer.recording, outer.trace)
        if outer.trace is not None:
            outer.trace.called(self)
        room = Room(outer, structure_version(), inner, not self.children())
        if caller is None:
            self._rooms[None] = room
        elif name:
            caller._rooms[id(self)] = room
        if path != self._path:
            self._move(path)
        return room

    def _child_names(self) -> dict[int, str]:
        """Names of the children by identity; ids are good as long as the structure is the same."""
        if self._names[0] != structure_version():
            names: dict[int, str] = {}
            for name, child in self.named_children():
                names.setdefault(id(child), name)
            object.__setattr__(self, "_names", (structure_version(), names))
            self._rooms.clear()
        return self._names[1]

    # Attributes

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self._buffers:
            overwrite(vars(self)[name], value, name)
            return
        value = watched(value)
        object.__setattr__(self, name, value)
        structure_changed()
        self._adopt(name, value)

    def __delattr__(self, name: str) -> None:
        object.__delattr__(self, name)
        object.__setattr__(self, "_buffers", self._buffers - {name})
        structure_changed()

    def register_buffer(self, name: str, array: Any) -> None:
        """Keep numbers that belong to the state but are no parameters, such as running statistics.

        They are the attribute ``name``, a float64 array of a shape that stays: assigning to it writes into it, and
        neither that nor writing into it by hand counts as a change of structure. They are in `state_dict`, copies and
        pickles, and `fit` puts them back with the best parameters.

        Args:
            name: of the attribute; a new one.
            array: real numbers of any shape; copied.

        Raises:
            TypeError, ValueError: it is no name, or it is taken; the numbers aren't real numbers.

        >>> module = Module(); module.register_buffer("seen", [0.0, 0.0]); module.seen[0] += 1; module.state_dict()
        {'seen': array([1., 0.])}
        """
        name, numbers = new_name(self, name), as_buffer(array, name)
        setattr(self, name, numbers)
        object.__setattr__(self, "_buffers", self._buffers | {name})

    def has_buffer(self, name: str) -> bool:
        """Whether `register_buffer` has made this attribute.

        >>> Module().has_buffer("seen")
        False
        """
        return name in self._buffers

    def _adopt(self, name: str, value: Any) -> None:
        """Tell parameters and modules where they are, so that pictures put them with their neuron."""
        for path, member in _flat(name, value):
            if isinstance(member, Module):
                member._place(_join(self._path, path), set())
            else:
                member.label = member.label or _label(path)
                member.scope = self._path

    def _place(self, path: str, seen: set[int]) -> None:
        if id(self) in seen:
            return
        seen.add(id(self))
        self._move(path)
        for name, child in self.named_children():
            child._place(_join(path, name), seen)

    def _move(self, path: str) -> None:
        object.__setattr__(self, "_path", path)
        for _, member in self._members():
            if isinstance(member, Parameter):
                member.scope = path

    def _attributes(self) -> Iterator[tuple[str, Any]]:
        """Names and objects in which members are looked for."""
        yield from vars(self).items()

    def _members(self) -> Iterator[tuple[str, Module | Parameter]]:
        for name, value in self._attributes():
            yield from _flat(name, value)

    # Walking

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """(name, module) for each module that this one holds itself, as ("layers.0", ...).

        >>> from autograd import nn
        >>> [name for name, _ in nn.MLP(2, [3, 1]).named_children()]
        ['layers.0', 'layers.1']
        """
        for name, member in self._members():
            if isinstance(member, Module):
                yield name, member

    def children(self) -> list[Module]:
        """The modules that this one holds itself, each once.

        >>> from autograd import nn
        >>> len(nn.MLP(2, [3, 1]).children())
        2
        """
        return list({id(child): child for _, child in self.named_children()}.values())

    def named_modules(self) -> Iterator[tuple[str, Module]]:
        """(path, module) for this module, with path "", and all below it; a shared one once, by its first path.

        >>> from autograd import nn
        >>> [path for path, _ in nn.MLP(2, [1]).named_modules()]
        ['', 'layers.0', 'layers.0.neurons.0']
        """
        seen: set[int] = set()
        waiting: list[tuple[str, Module]] = [("", self)]
        while waiting:
            path, module = waiting.pop()
            if id(module) not in seen:
                seen.add(id(module))
                yield path, module
                below = [(_join(path, name), child) for name, child in module.named_children()]
                waiting += reversed(below)

    def modules(self) -> list[Module]:
        """This module and all below it, each once.

        >>> from autograd import nn
        >>> len(nn.MLP(2, [1]).modules())
        3
        """
        return [module for _, module in self.named_modules()]

    def named_parameters(self) -> Iterator[tuple[str, Parameter]]:
        """(name, parameter) for each scalar parameter; a shared one once, by its first name.

        >>> from autograd import nn
        >>> [name for name, _ in nn.MLP(2, [1]).named_parameters()]
        ['layers.0.neurons.0.w.0', 'layers.0.neurons.0.w.1', 'layers.0.neurons.0.b']
        """
        seen: set[Parameter] = set()
        for path, module in self.named_modules():
            for name, member in module._members():
                if isinstance(member, Parameter) and member not in seen:
                    seen.add(member)
                    yield _join(path, name), member

    def parameters(self) -> list[Parameter]:
        """All parameters, each once: neuron by neuron, weights then bias.

        >>> from autograd import nn
        >>> len(nn.MLP(2, [16, 16, 1]).parameters())
        337
        """
        return [parameter for _, parameter in self.named_parameters()]

    def biases(self) -> list[Parameter]:
        """The parameters held in attributes called ``b`` or ``bias``: those that penalties leave out.

        >>> from autograd import nn
        >>> len(nn.MLP(2, [16, 16, 1]).biases())
        33
        """
        found: dict[Parameter, None] = {}
        for module in self.modules():
            for name, member in module._members():
                if isinstance(member, Parameter) and name.partition(".")[0] in _BIASES:
                    found[member] = None
        return list(found)

    def named_buffers(self) -> Iterator[tuple[str, NDArray[np.float64]]]:
        """(name, array) for each buffer here and below, the arrays themselves; one of a shared module once.

        >>> from autograd import nn
        >>> [name for name, _ in nn.Sequential(nn.BatchNorm(2)).named_buffers()]
        ['0.running_mean', '0.running_var', '0.num_batches_tracked']
        """
        for path, module in self.named_modules():
            for name, value in vars(module).items():
                if name in module._buffers:
                    yield _join(path, name), value

    def buffers(self) -> list[NDArray[np.float64]]:
        """All buffers, each once.

        >>> from autograd import nn
        >>> nn.BatchNorm(2).buffers()
        [array([0., 0.]), array([1., 1.]), array(0.)]
        """
        return [buffer for _, buffer in self.named_buffers()]

    # State

    def zero_grad(self) -> None:
        """Set the gradients of all parameters to zero.

        >>> from autograd import nn
        >>> model = nn.MLP(1, [1], rng=0); model([2.0]).backward(); model.zero_grad(); model.parameters()[0].grad
        0.0
        """
        for parameter in self.parameters():
            parameter.zero_grad()

    @property
    def training(self) -> bool:
        """Whether this module is in training mode (at first it is). Setting it doesn't touch the modules below."""
        return self._training

    @training.setter
    def training(self, mode: bool) -> None:
        object.__setattr__(self, "_training", _mode(mode))
        mode_changed()

    def train(self, mode: bool = True) -> Self:
        """Set training mode (or, with False, evaluation mode) here and below; returns the module.

        >>> from autograd import nn
        >>> nn.Sequential(nn.Dropout()).train(False)[0].training
        False
        """
        for module in self.modules():
            if module._training is not _mode(mode):
                module.training = mode
        return self

    def eval(self) -> Self:
        """Set evaluation mode here and below: dropout passes everything on; returns the module.

        >>> from autograd import nn
        >>> nn.Dropout(0.5).eval()([1.0, 2.0])
        [1.0, 2.0]
        """
        return self.train(False)

    def state_dict(self) -> dict[str, NDArray[np.float64]]:
        """Copies of all parameters and buffers as arrays: ``layers.0.weight`` (nout, nin), ``layers.0.bias`` (nout,).

        A parameter that is an attribute by itself is an array of shape (), a list of parameters one of shape (n,).
        What is shared stands under each of its names.

        >>> from autograd import nn
        >>> {name: array.shape for name, array in nn.MLP(2, [3]).state_dict().items()}
        {'layers.0.weight': (3, 2), 'layers.0.bias': (3,)}
        """
        return read_arrays(self._arrays())

    def load_state_dict(self, state: Mapping[str, Any], strict: bool = True) -> Loaded:
        """Set the parameters and buffers to what `state_dict` gave, in place; gradients stay.

        Args:
            state: arrays (or nested lists) by name; infinities and NaN are taken as they are.
            strict: whether missing and unexpected entries are an error.

        Returns:
            The names of the missing and of the unexpected entries.

        Raises:
            ShapeError: names all missing, unexpected and wrong-shaped entries. Nothing is loaded then.

        >>> from autograd import nn
        >>> a, b = nn.MLP(2, [3, 1], rng=0), nn.MLP(2, [3, 1], rng=1)
        >>> b.load_state_dict(a.state_dict())
        Loaded(missing=[], unexpected=[])
        >>> a([1.0, 2.0]).data == b([1.0, 2.0]).data
        True
        """
        return load_arrays(self._arrays(), state, strict, repr(self))

    def _arrays(self, inside: tuple[Module, ...] = ()) -> dict[str, NDArray[Any]]:
        """Arrays of the Parameters themselves, and the buffers themselves, by their name in the state; ``inside`` are
        modules around this one."""
        found: dict[str, NDArray[Any]] = {}
        if not any(module is self for module in inside):
            for name, value in self._attributes():
                found |= {name: value} if name in self._buffers else _arrays_of(name, value, (*inside, self))
        return found

    def __getstate__(self) -> Any:
        kept = {"training": self._training, "path": self._path, "buffers": sorted(self._buffers)}
        return {"attributes": dict(vars(self)), **kept}

    def __setstate__(self, state: Any) -> None:
        self._forget(state["path"], state["training"])
        vars(self).update(state["attributes"])
        object.__setattr__(self, "_buffers", frozenset(state["buffers"]))

    # Text

    def __repr__(self) -> str:
        return self.describe()

    def describe(self, facts: str = "") -> str:
        """The module in words: facts and the number of parameters, and below it its children, a line each.

        >>> from autograd import nn
        >>> nn.Sequential(nn.Linear(2, 1), nn.Tanh())
        Sequential(3 parameters:
          0: Linear(2 -> 1; 3 parameters)
          1: Tanh()
        )
        """
        total = len(self.parameters())
        number = count(total, "parameter") if total else ""
        inside = "; ".join(filter(None, (facts, number)))
        lines = [] if facts else [f"{name}: {child!r}" for name, child in self.named_children()]
        if lines:
            body = "\n".join(lines).replace("\n", "\n  ")
            inside = f"{inside}{':' if inside else ''}\n  {body}\n"
        return f"{type(self).__name__}({inside})"


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path and name else path or name


def _label(path: str) -> str:
    """The name of a parameter in pictures: "w.0" is w0, "table.1.2" is table1_2, "parts.left" is parts_left."""
    attribute, _, places = path.partition(".")
    return attribute + ("_" if places and not places[0].isdigit() else "") + places.replace(".", "_")


def _mode(mode: Any) -> bool:
    if not isinstance(mode, bool):
        raise TypeError(f"the mode is True for training or False for evaluation, got {type(mode).__name__}: {mode!r}")
    return mode


def _pairs(name: str, value: Any) -> list[tuple[str, Any]]:
    """The items of a container with their names."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    return [(f"{name}.{key}", item) for key, item in items]


def _flat(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """The modules and parameters in an attribute, inside lists, tuples and dicts too."""
    if isinstance(value, Module | Parameter):
        yield name, value
    elif isinstance(value, list | tuple | dict):
        for path, item in _pairs(name, value):
            yield from _flat(path, item)


def _arrays_of(name: str, value: Any, inside: tuple[Module, ...]) -> dict[str, NDArray[Any]]:
    if isinstance(value, Parameter):
        return {name: as_array(value)}
    if isinstance(value, Module):
        return {_join(name, key): array for key, array in value._arrays(inside).items()}
    found: dict[str, NDArray[Any]] = {}
    if isinstance(value, list | tuple | dict):
        if value and not isinstance(value, dict) and all(isinstance(item, Parameter) for item in value):
            return {name: as_array(list(value))}
        for path, item in _pairs(name, value):
            found |= _arrays_of(path, item, inside)
    return found


def as_array(parameters: Any) -> NDArray[Any]:
    """A Parameter, or a nested list of them, as an array of objects.

    >>> as_array([[Parameter(1.0), Parameter(2.0)]]).shape
    (1, 2)
    """
    return np.array(parameters, dtype=object)
