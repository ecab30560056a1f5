"""What optimizers, clipping and `fit` take as parameters, and what they refuse."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol, TypeAlias

from ..parameter import Parameter
from ..parameter_array import ParameterArray
from ..parameter_list import Flat, ParameterList, Part, Some
from ..value import Value


class HasParameters(Protocol):
    """A module, or whatever lists its parameters."""

    def parameters(self) -> Iterable[Parameter]:
        """The parameters, each once."""


Parameters: TypeAlias = Iterable[Parameter] | HasParameters
"""What an optimizer takes: Parameters, or a module."""

_CURE = "pass Parameters, as in model.parameters() or [Parameter(0.5)]"


def parameter_list(params: Parameters, who: str) -> ParameterList:
    """The parameters as a list that knows their arrays: at least one, nothing else, none twice.

    ``who`` begins the messages.
    """
    found = params if isinstance(params, ParameterList) else _found(params, who)
    if not len(found):
        why = _values_in(params) or " (an iterator can be read only once)"
        raise ValueError(f"{who}: there are no parameters{why}; {_CURE}")
    if found.span.size < len(found):
        _refuse_repetition(found, who)
    return found


def _found(params: Parameters, who: str) -> ParameterList:
    listed = getattr(params, "parameters", None)
    source = listed() if callable(listed) else params
    if isinstance(source, Parameter | set | frozenset) or not isinstance(source, Iterable):
        raise TypeError(f"{who}: params is a {type(source).__name__}, not a list in a fixed order; {_CURE}")
    return source if isinstance(source, ParameterList) else _listed(source, who)


def _values_in(module: Any) -> str:
    """In words, the plain Values that a module holds: whoever wrote them meant parameters."""
    for each in module.modules() if hasattr(module, "modules") else ():
        for name, value in vars(each).items():
            waiting = [value]
            for item in waiting:
                if isinstance(item, list | tuple | dict):
                    waiting += item.values() if isinstance(item, dict) else item
                elif isinstance(item, Value) and not isinstance(item, Parameter):
                    return f": {name} of {type(each).__name__} holds Values, which are no Parameters"
    return ""


def _listed(source: Iterable[Any], who: str) -> ParameterList:
    """Parameters and arrays of them one after the other."""
    parts: list[Part] = []
    if isinstance(source, ParameterArray):
        return ParameterList([Flat(source)])
    for i, p in enumerate(source):
        if isinstance(p, ParameterArray):
            parts.append(Flat(p))
        elif isinstance(p, dict):
            raise TypeError(
                f"{who}: there are no groups of parameters; make an optimizer for each, as in {who}(a.parameters(), "
                f"lr=0.1) and {who}(b.parameters(), lr=0.01), and step both"
            )
        elif not isinstance(p, Parameter):
            cure = f"{_CURE}{'; a Value becomes one as Parameter(v.data)' if isinstance(p, Value) else ''}"
            raise TypeError(f"{who}: params[{i}] is a {type(p).__name__}, not a Parameter: {p!r}; {cure}")
        elif parts and isinstance(parts[-1], Some):
            parts[-1].append(p)
        else:
            parts.append(Some([p]))
    return ParameterList(parts)


def _refuse_repetition(found: ParameterList, who: str) -> None:
    seen: dict[Parameter, int] = {}
    for i, p in enumerate(found):
        if p in seen:
            label = f" {p.label!r}" if p.label else ""
            raise ValueError(
                f"{who}: the parameter{label} is listed twice, as params[{seen[p]}] and params[{i}]; "
                "list it once, as model.parameters() does"
            )
        seen[p] = i
