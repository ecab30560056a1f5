"""What a wrong call of a public function is answered, and where its traceback ends: in the caller's own code.

Both cost nothing while nothing is wrong but the call of a wrapper, and for what is called in loops (a module, a
program, an operation) not even that: they have a ``try`` of their own and call `shorten`.
"""

from __future__ import annotations

import inspect
import os
import re
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dis import opmap
from functools import wraps
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, TypeVar

from .checks import brief
from .synonyms import ours

F = TypeVar("F", bound=Callable[..., Any])
_HERE = str(Path(__file__).parent)
_OURS = (_HERE + os.sep, str(Path(_HERE).with_name("viz")) + os.sep, "<generated ")
"""How the names of our files begin."""
_FULL = os.environ.get("GLASSGRAD_TRACEBACK", "") == "full"


def public(function: F) -> F:
    """A public function, or a class by its ``__init__``: a wrong call is answered in words, at the caller's line.

    >>> @public
    ... def train(model, *, lr): ...
    >>> train(1, learning_rate=2)
    Traceback (most recent call last):
    TypeError: train has no argument learning_rate; it is called lr here. It is called as train(model, *, lr)
    """
    if isinstance(function, type):
        answer_calls(function)
        return function
    return _answering(function)  # type: ignore[return-value]


def answer_calls(kind: type) -> None:
    """Have the ``__init__`` of a class answer as a `public` function does."""
    kind.__init__ = _answering(kind.__init__)  # type: ignore[misc]


def _answering(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def answering(*args: Any, **named: Any) -> Any:
        try:
            return function(*args, **named)
        except Exception as error:
            answer(error, function, args, named)
            raise  # which adds no frame, as ``raise error`` would

    return answering


def answer(
    error: Exception, function: Callable[..., Any], args: Sequence[Any], named: Mapping[str, Any], cure: str = ""
) -> None:
    """Make an error that came from ``function(*args, **named)``, where it was caught, fit for the caller's eyes.

    ``cure`` is said where the arguments don't fit.
    """
    came = error.__traceback__
    wasnt_entered = came is not None and came.tb_next is None and isinstance(error, TypeError)
    wrong = misfit(function, args, named) if wasnt_entered and not _is_checked(error) else ""
    if wrong:
        error.args = (f"{wrong}{cure}",)
        error.__dict__["_is_checked"] = True
    shorten(error)


def warn(message: str) -> None:
    """A UserWarning at the caller's own line, however deep in ours it is given."""
    level, frame = 1, sys._getframe(0)
    while frame.f_back is not None and _is_ours(frame):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, stacklevel=level)


class noted:  # noqa: N801 (it is written like a function)
    """Inside, errors get a note: where it was.

    >>> with noted("in fit: sample 3"): 1 / 0
    Traceback (most recent call last):
    ZeroDivisionError: division by zero
    in fit: sample 3
    """

    def __init__(self, note: str, kind: type[BaseException] = Exception) -> None:
        self.note, self.kind = note, kind

    def __enter__(self) -> None: ...

    def __exit__(self, _: object, error: BaseException | None, at: object) -> None:
        if isinstance(error, self.kind):
            error.add_note(self.note)


def refuse_call(function: Callable[..., Any], args: Sequence[Any], named: Mapping[str, Any]) -> None:
    """The error of a call whose arguments don't fit, raised before it is made."""
    raise TypeError(misfit(function, args, named))


# Tracebacks


def shorten(error: BaseException) -> None:
    """Take our own frames out of the traceback of an error that a check of ours has raised.

    Only of such: where an operation failed of which nobody thought, every frame stays. Call it where the error is
    caught and raise it again by a plain ``raise``. The environment variable GLASSGRAD_TRACEBACK=full switches it off.
    """
    frames = list(_frames(error.__traceback__))
    if _FULL or not (frames and (_is_checked(error) or _raised_by_us(frames[-1]))):
        return
    error.__dict__["_is_checked"] = True
    chain: TracebackType | None = None
    for each in reversed(frames):
        if not _is_ours(each.tb_frame):
            chain = TracebackType(chain, each.tb_frame, each.tb_lasti, each.tb_lineno)
    error.__traceback__ = chain


def _is_checked(error: BaseException) -> bool:
    return "_is_checked" in error.__dict__


def _frames(traceback: TracebackType | None) -> Iterator[TracebackType]:
    while traceback is not None:
        yield traceback
        traceback = traceback.tb_next


def _is_ours(frame: FrameType) -> bool:
    file = frame.f_code.co_filename
    if file == "<string>":  # a dataclass's __init__ has no file, but the globals of the module that its class is of
        file = frame.f_globals.get("__file__", "")
    return str(file).startswith(_OURS)


def _raised_by_us(frame: TracebackType) -> bool:
    """Whether a ``raise`` of ours is where the error began."""
    return _is_ours(frame.tb_frame) and frame.tb_frame.f_code.co_code[frame.tb_lasti] == opmap["RAISE_VARARGS"]


# Arguments


def misfit(function: Callable[..., Any], args: Sequence[Any], named: Mapping[str, Any]) -> str:
    """What is wrong with the arguments of a call, in words with the cure; "" if they fit."""
    name = getattr(function, "__qualname__", type(function).__qualname__).rpartition(".<locals>.")[2]
    doc = function.__doc__ or ""
    signature = inspect.signature(function)
    owner = getattr(function, "__self__", None)
    if owner is None and next(iter(signature.parameters), "") == "self" and args:
        owner, args = args[0], args[1:]
        signature = signature.replace(parameters=list(signature.parameters.values())[1:])
    if owner is not None and not inspect.ismodule(owner):
        kind = owner if isinstance(owner, type) else type(owner)
        method = name.rpartition(".")[2]
        name = kind.__name__ if method == "__init__" else f"{kind.__name__}.{method}"
        doc = doc if method != "__init__" else kind.__doc__ or ""
    bare = signature.replace(
        parameters=[p.replace(annotation=p.empty) for p in signature.parameters.values()],
        return_annotation=signature.empty,
    )
    known = [p.name for p in bare.parameters.values() if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    try:
        bare.bind(*args, **named)
    except TypeError as error:
        unknown = [each for each in named if each not in known]
        what = unknown_argument(name, unknown[0], known) if unknown else f"{_call(name, args, named)}: {error}"
        return f"{what}{'' if what.endswith('?') else '.'} It is called as {name}{bare}{_example(doc, name)}"
    return ""


def unknown_argument(who: str, name: str, known: Iterable[str]) -> str:
    """The words for an argument that ``who`` doesn't have.

    >>> unknown_argument("SGD", "learning_rate", ["params", "lr"])
    'SGD has no argument learning_rate; it is called lr here'
    """
    cure = ours(name, known)
    return f"{who} has no argument {name}{'; ' if cure else ''}{cure}"


def _call(name: str, args: Sequence[Any], named: Mapping[str, Any]) -> str:
    given = [*(brief(x, 40) for x in args), *(f"{key}={brief(x, 40)}" for key, x in named.items())]
    return f"{name}({', '.join(given)})"


_LONGEST = 80


def _example(doc: str, name: str) -> str:
    """The first call in the examples of a docstring, as text to end a message with; "" if there is no short one."""
    for found in re.finditer(rf"^\s*>>>.*?(?<![\w.])({name}\(.*)", doc, re.MULTILINE):
        depth = 0
        for i, character in enumerate(found[1][:_LONGEST]):
            depth += (character in "([{") - (character in ")]}")
            if character == ")" and not depth:
                return f", for example {found[1][: i + 1]}"
    return ""
