"""What happens when a module is given a member: the member learns who holds it, and by which name."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

from ..parameter import Parameter
from ..parameter_array import ParameterArray
from ..scopes import TOP, Scope
from .members import CONTAINERS, Held, Member, flat, items, tells

if TYPE_CHECKING:
    from .module import Module


def adopt(module: Module, name: str, value: Any) -> None:
    """Tell the members in an attribute who holds them and by which name, and held lists whom to tell of changes."""
    members = list(flat(name, value))
    if isinstance(value, CONTAINERS):
        have_owner(value, module, name)
        if not tells(value):
            module._own.untold[name] = members
    for path, member in reversed(members):  # the first of two places names
        if isinstance(member, Member):
            _hold(module, path, member)
        elif isinstance(member, ParameterArray):
            home = member._home
            if _is_free(home.scope) and not home.rows:
                home.scope, home.label = module._scope, home.label or label(path)
        elif member._home is None and _is_free(member._scope):
            member._scope, member._label = module._scope, member._label or label(path)


def _is_free(scope: Scope) -> bool:
    """Whether this is the scope of no module: the first module that holds a parameter names it."""
    return scope is TOP or not scope.is_plain


def _hold(parent: Module, path: str, member: Any) -> None:
    """The first module that holds a member names it, by the first attribute that does, as long as it does."""
    own, scope = member._own, member._scope
    known = [m for reference in own.parents if (m := reference()) is not None]
    if known != [parent]:
        others = [m for m in known if m is not parent and _holds(m, member)]
        known = [parent, *others] if not others or known[0] is parent else [*others, parent]
        own.parents = [weakref.ref(m) for m in known]
    if known[0] is parent and not (scope.parent is parent._scope and _is_named_elsewhere(parent, path, member)):
        scope.name, scope.parent = path, parent._scope


def _is_named_elsewhere(parent: Module, path: str, member: Any) -> bool:
    """Whether a member is still held by another attribute, which has named it."""
    attribute = member._scope.name.partition(".")[0]
    return attribute != path.partition(".")[0] and _holds(parent, member, attribute)


def _holds(parent: Module, member: Any, attribute: str | None = None) -> bool:
    return any(found is member and attribute in (None, name.partition(".")[0]) for name, found in parent._members())


def give_away(module: Module, before: Any, now: Any) -> None:
    """Have the modules that went out of an attribute or container be named by whoever holds them still, or by nobody.

    Args:
        module: that held them.
        before, now: what was there, and what is.
    """
    kept = {id(member) for _, member in flat("", now)}
    gone = {id(member): member for _, member in flat("", before) if id(member) not in kept}
    for member in gone.values():
        if isinstance(member, Member) and member._scope.parent is module._scope:
            parents = dict.fromkeys((module, *(reference() for reference in member._own.parents)))
            paths = ((m, path) for m in parents if m is not None for path, held in m._members() if held is member)
            member._scope.name, member._scope.parent = vars(member).get("name", ""), None
            member._own.parents = []
            for holder, path in paths:
                _hold(holder, path, member)


def have_owner(value: Any, module: Module, name: str) -> None:
    """Have the held lists and dicts in an attribute tell the module of their changes."""
    if isinstance(value, Held) and not any(m is module and n == name for m, n in value.holders()):
        value.owners.append((weakref.ref(module), name))
    for _, item in items(value):
        if isinstance(item, CONTAINERS):
            have_owner(item, module, name)


def refuse_circles(module: Module, name: str, value: Any) -> None:
    """A ValueError if the module, or one that holds it, is in what is to become its attribute."""
    modules = [member for _, member in flat(name, value) if isinstance(member, Member)]
    around: list[Any] = [module] if modules else []
    for holder in around:
        if any(member is holder for member in modules):
            raise ValueError(
                f"{type(module).__name__}.{name} would hold {'itself' if holder is module else 'a module around it'}; "
                f"where a part needs the whole, keep a weakref.ref of it or give it as an argument"
            )
        parents = (reference() for reference in holder._own.parents)  # some may have given it away
        around += [p for p in parents if p is not None and p not in around and _holds(p, holder)]


def keep_parameter(name: str, old: Any, new: Any) -> None:
    """A TypeError if something that is no parameter is to stand in the place of one; None may, which removes it."""
    if isinstance(old, Parameter | ParameterArray) and not isinstance(new, Parameter | ParameterArray | None):
        kind = type(old).__name__
        raise TypeError(
            f"{name} is a {kind} ({old!r}), got {type(new).__name__}: {new!r}; write its "
            f"{'number' if kind == 'Parameter' else 'numbers'} to .data, or set another {kind}"
        )


def label(path: str) -> str:
    """The name of a parameter in pictures: that of its attribute, with its places.

    >>> label("w.0"), label("table.1.2"), label("parts.left")
    ('w0', 'table1_2', 'parts_left')
    """
    attribute, _, places = path.partition(".")
    return attribute + ("_" if places and not places[0].isdigit() else "") + places.replace(".", "_")
