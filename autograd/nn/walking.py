"""Walking over what a module holds: its children, parameters and buffers, with their names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Self, cast

import numpy as np

from ..calls import public
from ..parameter import Parameter
from ..parameter_array import ParameterArray
from ..parameter_list import Flat, ParameterList, Part, Some, without_repetition
from ..readers import tell
from ..store import Span
from .members import PLAIN, Member, Own, flat

if TYPE_CHECKING:
    from .module import Module

_BIASES = ("b", "bias")


class Walking(Member):
    """What a `Module` finds in its attributes. What it finds is kept until something changes here or below."""

    __slots__ = ()
    _own: Own

    def _attributes(self) -> Iterator[tuple[str, Any]]:
        """Names and objects in which members are looked for."""
        yield from vars(self).items()

    def _members(self) -> Iterator[tuple[str, Any]]:
        """The modules, parameter arrays and lone parameters that this module holds itself, with their paths."""
        for name, value in self._attributes():
            if value.__class__ not in PLAIN:
                yield from flat(name, value)

    def _own_parts(self) -> Iterator[Part]:
        """The parameters here and below, as they come."""
        for _, member in self._members():
            yield from parts_of(member)

    def _parts(self) -> tuple[Part, ...]:
        own = self._own
        if own.parts is None or own.watched:
            self._below()
            own.parts = own.parts or without_repetition(self._own_parts())
        return own.parts

    def _below(self) -> list[Module]:
        """All modules below this one, each once, outer ones first."""
        own = self._own
        if own.below is None or own.watched:
            for module in own.watched or (self,):
                module._look_at_untold()
        if own.below is None:
            found: dict[Any, None] = {}
            for _, member in self._members():
                if isinstance(member, Walking) and member not in found:
                    found[member] = None
                    found.update(dict.fromkeys(member._below()))
            own.below = list(found)
            own.watched = [module for module in (self, *found) if module._own.untold]
        return own.below

    def _look_at_untold(self) -> None:
        """Find out what has changed in containers that can't tell."""
        for name, known in self._own.untold.items():
            value = vars(self).get(name)
            now = list(flat(name, value))
            if [(path, id(member)) for path, member in now] != [(path, id(member)) for path, member in known]:
                self._own.untold[name] = now
                module = cast("Module", self)
                module._adopt(name, value)
                module._changed()

    def _owns(self) -> list[Own]:
        """What this module and those below remember."""
        below = self._below()
        if self._own.owns is None:
            self._own.owns = [self._own, *(module._own for module in below)]
        return self._own.owns

    # Modules

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """(name, module) for each module that this one holds itself, as ("layers.0", ...).

        >>> from autograd import nn
        >>> [name for name, _ in nn.MLP(2, [3, 1]).named_children()]
        ['layers.0', 'layers.1']
        """
        for name, member in self._members():
            if isinstance(member, Walking):
                yield name, cast("Module", member)

    def children(self) -> list[Module]:
        """The modules that this one holds itself, each once.

        >>> from autograd import nn
        >>> len(nn.MLP(2, [3, 1]).children())
        2
        """
        return list(dict.fromkeys(child for _, child in self.named_children()))

    def named_modules(self) -> Iterator[tuple[str, Module]]:
        """(path, module) for this module, with path "", and all below it; a shared one once, by its first path.

        >>> from autograd import nn
        >>> [path for path, _ in nn.MLP(2, [1]).named_modules()]
        ['', 'layers.0', 'layers.0.neurons.0']
        """
        seen: set[Module] = set()
        waiting: list[tuple[str, Module]] = [("", cast("Module", self))]
        while waiting:
            path, module = waiting.pop()
            if module not in seen:
                seen.add(module)
                yield path, module
                waiting += reversed([(join(path, name), child) for name, child in module.named_children()])

    def modules(self) -> list[Module]:
        """This module and all below it, each once.

        >>> from autograd import nn
        >>> len(nn.MLP(2, [1]).modules())
        3
        """
        return [cast("Module", self), *self._below()]

    @public
    def apply(self, function: Callable[[Module], object]) -> Self:
        """Call ``function(module)`` for each module below, inner ones first, and for this one; returns this one.

        >>> from autograd import nn
        >>> model = nn.MLP(2, [2, 1], rng=0).apply(lambda m: m.bias.data.fill(0.5) if isinstance(m, nn.Layer) else None)
        >>> model.layers[1].bias.data
        array([0.5])
        """
        if not callable(function):
            raise TypeError(f"apply takes a function of a module, got {type(function).__name__}: {function!r}")
        for child in self.children():
            child.apply(function)
        function(cast("Module", self))
        return self

    # Parameters

    def named_parameters(self) -> Iterator[tuple[str, Parameter]]:
        """(name, parameter) for each scalar parameter; a shared one once, by its first name.

        >>> from autograd import nn
        >>> [name for name, _ in nn.MLP(2, [1]).named_parameters()]
        ['layers.0.neurons.0.w.0', 'layers.0.neurons.0.w.1', 'layers.0.neurons.0.b']
        """
        seen: set[Parameter] = set()
        for path, module in self.named_modules():
            for name, member in module._members():
                for inner, parameter in _scalars(name, member):
                    if parameter not in seen:
                        seen.add(parameter)
                        yield join(path, inner), parameter

    def parameters(self) -> ParameterList:
        """All parameters, each once: neuron by neuron, weights then bias. A sequence that knows their arrays.

        >>> from autograd import nn
        >>> len(nn.MLP(2, [16, 16, 1]).parameters())
        337
        """
        return ParameterList(self._parts(), self, self._span())

    def biases(self) -> list[Parameter]:
        """The parameters held in attributes called ``b`` or ``bias``: those that penalties leave out.

        >>> from autograd import nn
        >>> len(nn.MLP(2, [16, 16, 1]).biases())
        33
        """
        found: dict[Parameter, None] = {}
        for module in self.modules():
            for name, member in module._members():
                if name.partition(".")[0] in _BIASES and not isinstance(member, Walking):
                    found.update(dict.fromkeys(parameter for _, parameter in _scalars(name, member)))
        return list(found)

    def _span(self) -> Span:
        own = self._own
        if own.span is None or own.watched:
            parts = self._parts()
            own.span = own.span or Span(place for part in parts for place in part.places())
        return own.span

    @property
    def requires_grad(self) -> bool:
        """Whether gradient flows to any parameter here or below. Set it to False to freeze all, to True to unfreeze."""
        return self.frozen() < len(self.parameters())

    @requires_grad.setter
    @public
    def requires_grad(self, mode: bool) -> None:
        self.requires_grad_(mode)

    @public
    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Freeze all parameters here and below with False, unfreeze them with True; returns the module.

        A frozen parameter is a constant: no gradient flows to it, no optimizer moves it, whether it was made before or
        after, and programs see the change. Of a batch norm the running statistics go on; `eval` stops those.

        >>> from autograd import nn
        >>> model = nn.MLP(2, [3, 1]); model.layers[0].requires_grad_(False)
        Layer(2 -> 3, relu; 9 parameters, 9 frozen)
        """
        for part in self._parts():
            for member in part.arrays or part.faces():
                member.requires_grad = requires_grad
        return self

    def frozen(self) -> int:
        """How many of the parameters here and below are frozen.

        >>> from autograd import nn
        >>> nn.MLP(2, [3, 1]).frozen()
        0
        """
        return self._span().count_frozen()

    @public
    def zero_grad(self, set_to_none: bool = True) -> None:
        """Set the gradients of all parameters to zero; ``set_to_none`` is PyTorch's, and both are the same here.

        >>> from autograd import nn
        >>> model = nn.MLP(1, [1], rng=0); model([2.0]).backward(); model.zero_grad(); model.parameters()[0].grad
        0.0
        """
        if type(self).parameters is Walking.parameters:
            self._span().zero_grad(set_to_none)
        else:  # written in micrograd's manner, perhaps for plain Values
            for parameter in self.parameters():
                parameter.zero_grad()

    # Modes

    @property
    def training(self) -> bool:
        """Whether this module is in training mode (at first it is). Setting it doesn't touch the modules below."""
        return self._own.training

    @training.setter
    def training(self, mode: bool) -> None:
        own = self._own
        own.training = _mode(mode)
        tell(own.readers, "training")

    @public
    def train(self, mode: bool = True) -> Self:
        """Set training mode (or, with False, evaluation mode) here and below; returns the module.

        >>> from autograd import nn
        >>> nn.Sequential(nn.Dropout()).train(False)[0].training
        False
        """
        _mode(mode)
        for own in self._owns():
            if own.training is not mode:
                own.training = mode
                if own.readers is not None and "training" in own.readers:
                    tell(own.readers, "training")
        return self

    def eval(self) -> Self:
        """Set evaluation mode here and below: dropout passes everything on; returns the module.

        >>> from autograd import nn
        >>> nn.Dropout(0.5).eval()([1.0, 2.0])
        [1.0, 2.0]
        """
        return self.train(False)


def parts_of(member: Any) -> Sequence[Part]:
    """The parameters of a module, of an array, or a lone one."""
    if isinstance(member, Walking):
        return member._parts()
    return (Flat(member) if isinstance(member, ParameterArray) else Some([member]),)


def _scalars(name: str, member: Any) -> Iterator[tuple[str, Parameter]]:
    """The parameters of an array with their names, or a lone one with its own; none of a module."""
    if isinstance(member, Parameter):
        yield name, member
    elif isinstance(member, ParameterArray):
        for index, face in zip(np.ndindex(member.shape), member.faces(), strict=True):
            yield ".".join((name, *map(str, index))), face


def join(path: str, name: str) -> str:
    """A path with a name behind it.

    >>> join("layers.0", "w"), join("", "w")
    ('layers.0.w', 'w')
    """
    return f"{path}.{name}" if path and name else path or name


def _mode(mode: Any) -> bool:
    if not isinstance(mode, bool):
        raise TypeError(f"the mode is True for training or False for evaluation, got {type(mode).__name__}: {mode!r}")
    return mode
