"""Strict JSON of plain data: numbers that JSON lacks have a spelling, and the text may stand inside of a page."""

from __future__ import annotations

import json
import math
from typing import Any

_NUMBERS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf, "-0": -0.0}
_ESCAPED = {ord(c): f"\\u{ord(c):04x}" for c in "<>&"}


def dumps(content: Any) -> str:
    """Lists, tuples, dictionaries, strings and numbers as JSON in ASCII, without ``<``, ``>`` and ``&``.

    >>> print(dumps({"a<b": [1.5, float("inf"), -0.0]}))
    {"a\\u003cb":[1.5,{"float":"Infinity"},{"float":"-0"}]}
    """
    return json.dumps(_spelled(content), allow_nan=False, separators=(",", ":")).translate(_ESCAPED)


def loads(text: str) -> Any:
    """What `dumps` wrote, with tuples for lists.

    >>> loads('[1.5, {"float": "NaN"}, ["a"]]')
    (1.5, nan, ('a',))
    """
    return _tupled(json.loads(text, object_hook=lambda o: _NUMBERS[o["float"]] if o.keys() == {"float"} else o))


def _spelled(thing: Any) -> Any:
    if isinstance(thing, float):
        if math.isfinite(thing) and (thing or math.copysign(1.0, thing) > 0):
            return thing
        return {"float": next(text for text, x in _NUMBERS.items() if repr(x) == repr(thing))}
    if isinstance(thing, list | tuple):
        return [_spelled(part) for part in thing]
    return {key: _spelled(part) for key, part in thing.items()} if isinstance(thing, dict) else thing


def _tupled(thing: Any) -> Any:
    if isinstance(thing, list):
        return tuple(map(_tupled, thing))
    return {key: _tupled(part) for key, part in thing.items()} if isinstance(thing, dict) else thing
