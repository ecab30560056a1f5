"""A reader with a calculator: what a printed side of an equation comes to, by a parser and by functions of its own."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import Any

from mpmath import mp, mpf

from tests.engine.operations import ORACLES

_RAISED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
_SIGNS = {"−": "-", "×": "*", "·": "*", "^": "**", "∞": "INF", "≤": "<=", "≥": ">=", "≠": "!=", "√": "sqrt", "∇": "D_"}
_SPELLED = {"σ": "sigmoid", "max": "maximum", "min": "minimum", "inf": "INF", "nan": "NaN"}
RELATIONS = re.compile(r"( = | ≈ | → |, taken as )")


def value(text: str, names: Mapping[str, Any] | None = None) -> Any:
    """What a text comes to in 50 digits; a name that isn't given is a KeyError."""
    text = re.sub(r"[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+", lambda m: f"**({m[0].translate(_RAISED)})", text)
    text = re.sub(r"\|([^|]*)\|", r"abs(\1)", text)
    for sign, ascii_sign in _SIGNS.items():
        text = text.replace(sign, ascii_sign)
    text = re.sub(r"(\d)e(-?\d)", r"\1E\2", text)
    known = {"INF": mp.inf, "NaN": mp.nan, **{name.replace("∇", "D_"): x for name, x in (names or {}).items()}}
    with mp.workdps(50):
        return _value(ast.parse(text.strip(), mode="eval").body, text, known)


def _value(node: ast.expr, text: str, names: Mapping[str, Any]) -> Any:
    if isinstance(node, ast.Constant):
        return mpf(ast.get_source_segment(text.strip(), node))
    if isinstance(node, ast.Name):
        return names[_SPELLED.get(node.id, node.id)] if node.id not in names else names[node.id]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_value(node.operand, text, names)
    if isinstance(node, ast.BinOp):
        a, b = _value(node.left, text, names), _value(node.right, text, names)
        return _apply(node.op, a, b)
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        a, b = _value(node.left, text, names), _value(node.comparators[0], text, names)
        signs = {ast.Lt: a < b, ast.LtE: a <= b, ast.Gt: a > b, ast.GtE: a >= b, ast.NotEq: a != b}
        return signs[type(node.ops[0])]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        args = [_value(arg, text, names) for arg in node.args]
        if any(mp.isnan(x) for x in args) and node.func.id != "where":
            return mp.nan
        more = {k.arg: _value(k.value, text, names) for k in node.keywords}
        return ORACLES[_SPELLED.get(node.func.id, node.func.id)].f(*args, **more)
    raise ValueError(f"can't compute {ast.dump(node)}")


def _apply(sign: ast.operator, a: Any, b: Any) -> Any:
    if isinstance(sign, ast.Div) and b == 0:
        return mp.inf if a else mp.nan
    if isinstance(sign, ast.Pow) and mp.isnan(b):
        return mp.nan
    if isinstance(sign, ast.Pow):
        return mpf(1) if b == 0 else mp.power(a, b) if a or b > 0 else mp.inf
    table = {ast.Add: lambda: a + b, ast.Sub: lambda: a - b, ast.Mult: lambda: a * b, ast.Div: lambda: a / b}
    return table[type(sign)]()


def is_rounded(found: Any, printed: str, digits: int | None = None) -> bool:
    """Whether a number, rounded to the last printed digit (or to so many digits), is the printed one."""
    shown = value(printed)
    if mp.isnan(shown) or mp.isnan(found):
        return bool(mp.isnan(shown) and mp.isnan(found))
    if mp.isinf(shown) or mp.isinf(found) or shown == 0:
        return bool(found == shown)
    with mp.workdps(50):
        if digits is None:
            mantissa, _, exponent = printed.replace("−", "-").strip("()").partition("e")
            last = -len(mantissa.partition(".")[2].rstrip("0")) + int(exponent or 0)
        else:
            last = int(mp.floor(mp.log10(abs(shown)))) - digits + 1
        return bool(abs(found - shown) <= mpf(10) ** last / 2 * (1 + mpf(10) ** -9))
