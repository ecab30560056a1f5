"""What code names: its globals, read off its instructions."""

from __future__ import annotations

import dis
from collections.abc import Iterator
from functools import lru_cache
from types import CodeType
from typing import NamedTuple

_SILENT = frozenset(("PRECALL", "CACHE", "PUSH_NULL", "EXTENDED_ARG", "RESUME", "NOP"))


class GlobalUse(NamedTuple):
    """A global that code reads, and what it asks it for at once, if that is all it does with it."""

    name: str
    attribute: str | None = None
    key: str | int | None = None


@lru_cache(maxsize=4096)
def global_uses(code: CodeType) -> tuple[GlobalUse, ...]:
    """The globals that the code names; not those of functions inside of it.

    >>> f = lambda: config.beta + table["a"] + gamma
    >>> for use in global_uses(f.__code__): print(*use)
    config beta None
    table None a
    gamma None None
    """
    found: dict[GlobalUse, None] = {}
    steps = [step for step in dis.get_instructions(code) if step.opname not in _SILENT]
    for place, step in enumerate(steps):
        if step.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            found[_use(str(step.argval), steps[place + 1 : place + 3])] = None
    return tuple(found)


def _use(name: str, then: list[dis.Instruction]) -> GlobalUse:
    if then and then[0].opname in ("LOAD_ATTR", "LOAD_METHOD"):
        return GlobalUse(name, attribute=str(then[0].argval))
    constant = len(then) == 2 and then[0].opname == "LOAD_CONST" and then[1].opname == "BINARY_SUBSCR"
    if constant and isinstance(then[0].argval, str | int):
        return GlobalUse(name, key=then[0].argval)
    return GlobalUse(name)


@lru_cache(maxsize=4096)
def keys_of_attributes(code: CodeType) -> dict[int, tuple[str, str | int]]:
    """Attributes of which the code asks for one item at once, by the place of the instruction: their name and the key.

    >>> list(keys_of_attributes((lambda self: self.config["rate"] + self.config.rate).__code__).values())
    [('config', 'rate')]
    """
    steps = [step for step in dis.get_instructions(code) if step.opname not in _SILENT]
    found = {}
    for place, step in enumerate(steps):
        key = _use("", steps[place + 1 : place + 3]).key if step.opname == "LOAD_ATTR" else None
        if key is not None:
            found[step.offset] = str(step.argval), key
    return found


@lru_cache(maxsize=4096)
def names(code: CodeType) -> frozenset[str]:
    """Whatever may be the name of an attribute in this code: those that it asks for, and its texts (for ``getattr``).

    >>> sorted(names((lambda x: x.real + getattr(x, "imag")).__code__))
    ['getattr', 'imag', 'real']
    """
    texts = set(code.co_names)
    for constant in code.co_consts:
        for each in constant if isinstance(constant, tuple) else (constant,):
            if isinstance(each, str) and each.isidentifier():
                texts.add(each)
    return frozenset(texts)


@lru_cache(maxsize=4096)
def imports(code: CodeType) -> tuple[str, ...]:
    """The modules that the code itself imports."""
    return tuple([str(step.argval) for step in dis.get_instructions(code) if step.opname == "IMPORT_NAME"])


def inner_codes(code: CodeType) -> Iterator[CodeType]:
    """The code, and that of the functions and comprehensions inside of it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from inner_codes(constant)
