"""Module: what holds parameters and other modules, and names every Value that is made inside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from ..calls import answer_calls
from ..checks import count
from ..cures import MODELS, Answering, answer_absent
from ..parameter import Parameter
from ..parameter_array import ParameterArray
from ..readers import tell
from ..scopes import TOP, Scope, _current, current
from .adoption import adopt, give_away, keep_parameter, refuse_circles
from .buffers import Buffered, overwrite
from .calling import AsForward, SignatureOfForward, answer_call, entering, entering_with_batch
from .hooks import Hookable
from .members import CONTAINERS, MEMBERS, PLAIN, Own, has_members, held
from .state import Stateful

_set = object.__setattr__
_MAY_HOLD = (*MEMBERS, *CONTAINERS)
_PARAMETERS = (Parameter, ParameterArray)
_PACKAGE = __name__.partition(".")[0] + "."


class Module(Buffered, Stateful, Hookable, Answering):
    """Base of all layers and models: assign parameters, modules, or lists of them, and write ``forward``.

    Calling a module runs ``forward`` (for one sample) in the scope of its name: the attribute or list index under which
    a module holds it; where several do, under which it was held first. A root has no name unless you set ``name``.
    Lists, tuples and dicts are looked into; a list is copied into one that tells of its changes, so change it through
    the attribute. A subclass in micrograd's manner, with its own ``__call__``, works too, and ``super().__init__()``
    need not be called.

    Raises, when an attribute is set:
        TypeError: a number is put in the place of a parameter.
        ValueError: a module is put into itself.

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
    __slots__ = ("__dict__", "__weakref__", "_own", "_scope")
    _own: Own
    _scope: Scope

    name: str = ""
    """Names the scope of a module that no other module holds; "" for none."""

    def __new__(cls, *_args: Any, **_named: Any) -> Self:
        """A module that works before ``__init__`` has run."""
        module = super().__new__(cls)
        _set(module, "_own", Own())
        _set(module, "_scope", Scope())
        return module

    def __init_subclass__(cls, **named: Any) -> None:
        super().__init_subclass__(**named)
        if "__init__" in vars(cls) and cls.__module__.startswith(_PACKAGE):
            answer_calls(cls)
        if "__call__" in vars(cls):
            cls.__call__ = entering(vars(cls)["__call__"])  # type: ignore[method-assign]
        if "forward_batch" in vars(cls):
            cls.forward_batch = entering_with_batch(vars(cls)["forward_batch"])  # type: ignore[method-assign]
        elif ("forward" in vars(cls) or "__call__" in vars(cls)) and cls.forward_batch is not Module.forward_batch:
            cls.forward_batch = Module.forward_batch  # type: ignore[method-assign]  # the inherited one is for the old forward

    # Calling

    if TYPE_CHECKING:
        __call__ = AsForward()
    else:

        def __call__(self, *inputs: Any, **named: Any) -> Any:
            """``forward`` in the scope of this module."""
            # `entering` and `_entered`, written out: every neuron is called for every sample.
            outer, scope = current(), self._scope
            if outer is not TOP and not (outer.is_plain and scope.parent is not None):
                scope = self._entered()
            token = _current.set(scope)
            try:
                return self.forward(*inputs, **named)
            except Exception as error:
                answer_call(error, self, inputs, named)
                raise
            finally:
                _current.reset(token)

    def _entered(self) -> Scope:
        """The scope to put in force for a call of this module."""
        outer, scope = current(), self._scope
        if outer.trace is not None:
            outer.trace.called(self)
        is_inside = (outer.place or outer) is (scope.place or scope)  # super().__call__(...) of an own __call__
        return outer if is_inside else scope.entered(outer)

    def forward(self, *inputs: Any, **named: Any) -> Any:
        """What the module computes for one sample; subclasses write it."""
        raise NotImplementedError(f"{type(self).__name__} has no forward; write def forward(self, x): ...")

    @entering_with_batch
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

    __signature__ = SignatureOfForward()

    # Attributes

    def __setattr__(self, name: str, value: Any) -> None:
        own = self._own
        if name in own.buffers:
            overwrite(vars(self)[name], value, name)
            return
        old = vars(self).get(name)
        if value is old and isinstance(value, _PARAMETERS):
            return  # as after self.weight -= ... inside no_grad()
        if value.__class__ in PLAIN and old.__class__ in PLAIN:
            _set(self, name, value)
            if name == "name" and self._scope.parent is None:
                self._scope.name = value
        else:
            keep_parameter(name, old, value)
            value = held(value)
            if isinstance(value, _MAY_HOLD):
                refuse_circles(self, name, value)
                _set(self, name, value)
                self._adopt(name, value)
            else:
                _set(self, name, value)
            if own.untold or has_members(value) or has_members(old):
                self._changed()
            if isinstance(old, _MAY_HOLD) and old is not value:
                give_away(self, old, value)
        tell(own.readers, name)

    def __delattr__(self, name: str) -> None:
        old = vars(self).get(name)
        object.__delattr__(self, name)
        self._own.buffers -= {name}
        self._changed()
        give_away(self, old, None)
        tell(self._own.readers, name)

    def _adopt(self, name: str, value: Any) -> None:
        adopt(self, name, value)

    def _adopt_item(self, name: str, place: int, item: Any) -> None:
        adopt(self, f"{name}.{place}", item)

    def __setstate__(self, state: Any) -> None:
        super().__setstate__(state)
        self._scope.name = self._scope.name or self.name

    def _changed(self) -> None:
        """Forget what walking has found here and above, as far as anybody has walked."""
        waiting: list[Any] = [self]
        while waiting:
            own = waiting.pop()._own
            if own.parts is not None or own.below is not None:
                own.parts = own.below = own.span = own.owns = own.watched = None
                waiting += [parent for reference in own.parents if (parent := reference()) is not None]

    # Text

    def __repr__(self) -> str:
        return self.describe()

    def _repr_html_(self) -> str:
        from ..notebook import of_model

        return of_model(self)

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
        frozen = self.frozen() if total else 0
        number += f", {frozen} frozen" if frozen else ""
        inside = "; ".join(filter(None, (facts, number)))
        lines = [] if facts else [f"{name}: {child!r}" for name, child in self.named_children()]
        if lines:
            body = "\n".join(lines).replace("\n", "\n  ")
            inside = f"{inside}{':' if inside else ''}\n  {body}\n"
        return f"{type(self).__name__}({inside})"


answer_absent(Module, "a module", MODELS)
