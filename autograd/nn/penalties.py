"""Penalties on weights, to be added to a loss: lam * Σ |w| makes weights sparse, lam * Σ w² keeps them small."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from ..calls import public
from ..checks import real_number
from ..cures import answer_names
from ..parameter import Parameter
from ..scopes import current
from ..store import Place, Span
from ..value import Value
from .module import Module

_BIAS = re.compile(r"(b|bias)\d*")
_SUMMED = {"l1": "magnitudes", "l2": "squares"}
"""What a trace calls the sum over weights that lie side by side."""
_MOST_PLACES = 64
"""Runs of weights up to which a trace has a step for each run, and not for each weight."""


@public
def l1(params: Module | Iterable[Any], lam: float, bias: bool = False) -> Any:
    """``lam * Σ |w|`` (Tibshirani 1996); its slope at 0 is taken as 0.

    Args:
        params: a module, or a list of Parameters.
        lam: the factor, finite and at least 0.
        bias: whether biases count. Of a module they are `Module.biases`; in a list they are what is labelled b or bias
            (or that with a number, as b0), as modules label them.

    Returns:
        A Value.

    Raises:
        ValueError: lam is outside, or there are no weights.

    >>> from autograd import Parameter
    >>> l1([Parameter(2.0), Parameter(-3.0), Parameter(9.0, label="b")], lam=0.1).data
    0.5
    """
    return _penalty("l1", abs, params, lam, bias)


@public
def l2(params: Module | Iterable[Any], lam: float, bias: bool = False) -> Any:
    """``lam * Σ w²`` (ridge regression, Hoerl and Kennard 1970); arguments and errors are those of `l1`.

    >>> from autograd import Parameter
    >>> l2([Parameter(2.0), Parameter(-3.0)], lam=0.5).data
    6.5
    """
    return _penalty("l2", lambda w: w * w, params, lam, bias)


def _penalty(name: str, term: Callable[[Any], Any], params: Any, lam: Any, bias: bool) -> Any:
    factor = real_number(lam, f"lam of penalties.{name}")
    if not 0.0 <= factor < math.inf:
        raise ValueError(f"lam of penalties.{name} is a finite number from 0 on, got {lam!r}")
    tracer = current().trace
    places = None if tracer is None else _places(name, params, bias)
    if places:
        return tracer.total(_SUMMED[name], places, params._parts if isinstance(params, Module) else None) * factor
    weights = _weights(name, params, bias)
    total = term(weights[0])
    for w in weights[1:]:
        total = total + term(w)
    return total * factor


def _places(name: str, params: Any, bias: bool) -> Sequence[Place]:
    """Where the weights lie, of a module without a look at each of them; none where they are too scattered."""
    if isinstance(params, Module):
        out = [] if bias else params.biases()
        places = [part for place in params.parameters().span.places for part in _without(place, out)]
    else:
        weights = _weights(name, params, bias)
        places = list(Span(w.place() for w in weights).places) if all(isinstance(w, Parameter) for w in weights) else []
    return places if len(places) <= _MOST_PLACES else []


def _without(place: Place, out: Iterable[Parameter]) -> Iterator[Place]:
    """The parts of a place between some of its parameters."""
    store, begin, end = place
    for slot in sorted(p.slot for p in out if p.store is store and begin <= p.slot < end):
        if begin < slot:
            yield Place(store, begin, slot)
        begin = slot + 1
    if begin < end:
        yield Place(store, begin, end)


def _weights(name: str, params: Any, bias: bool) -> list[Any]:
    if isinstance(params, Module):
        out = set() if bias else set(params.biases())
        found = [p for p in params.parameters() if p not in out]
    else:
        given = list(dict.fromkeys(params)) if isinstance(params, Iterable) else [params]
        found = [p for p in given if bias or not _BIAS.fullmatch(getattr(p, "label", ""))]
    wrong = next((p for p in found if not isinstance(p, Value)), None)
    if wrong is not None:
        raise TypeError(
            f"penalties.{name} takes a module or a list of Parameters, got {type(wrong).__name__}: {wrong!r}"
        )
    if not found:
        cure = "" if bias else "; bias=True counts biases too"
        raise ValueError(f"penalties.{name} found no weights in {params!r}{cure}")
    return found


answer_names(__name__, ["l1", "l2"])
