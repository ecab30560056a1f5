"""Every printed line is true: a reader with a calculator finds what is printed."""

from __future__ import annotations

import math
import random
import re
from collections import Counter

import pytest

from autograd import DomainError, Value
from tests.engine.operations import BUILT_IN
from tests.viz.calculator import RELATIONS, is_rounded, value
from viz.picture.caption import Line, plain
from viz.steps.chain_rule import ChainRule
from viz.steps.events import Change, timeline

LABELS = [
    "a",
    "a",
    "b",
    "x",
    "w0",
    "x+y",
    "a × b",
    "∇a",
    "1",
    "= 3",
    "exp",
    "σ",
    "n3",
    "as",
    "NaN",
    "u",
    "v",
    "e",
    "日本",
]
LABELS += [
    "",
    "",
    "",
    "\u202eabc",
    "with u = v",
    "sign",
    "max",
    "very_long_" * 9,
    "אב",
    "s",
    "t",
    "p",
    "step",
    "K\u212a",
]


def random_graph(seed: int) -> Value:
    """Operations of the whole table over numbers of all sizes; some operands twice, some constants."""
    rng = random.Random(seed)

    def data() -> float:
        ways = [
            lambda: rng.gauss(0, 1),
            lambda: float(rng.randint(-3, 3)),
            lambda: rng.uniform(-1, 1) * 10.0 ** rng.randint(-9, 9),
        ]
        ways += [
            lambda: rng.choice([0.0, -0.0, 1e300, -1e-300, 1e16, math.inf, math.nan]) if rng.random() < 0.15 else 0.5
        ]
        return rng.choice(ways)()

    values: list[Value] = [Value(data(), label=rng.choice(LABELS)) for _ in range(rng.randint(1, 4))]
    while len(values) < 16:
        operation = rng.choice(BUILT_IN)
        count = operation.arity or rng.randint(1, 6)
        operands = [rng.choice(values) if rng.random() < 0.8 else data() for _ in range(count)]
        if operation.name == "where":
            operands[0] = rng.random() < 0.5
        if not any(isinstance(v, Value) for v in operands):
            continue
        try:
            result = operation(*operands)
        except DomainError:
            continue
        if rng.random() < 0.5:
            result.label = rng.choice(LABELS)
        values.append(result)
    total = values[-1]
    for v in values[-4:-1]:
        total = total + v
    return total


def faults(rule: ChainRule) -> tuple[list[str], Counter[str]]:
    """What is false in the lines of a timeline, and how often each relation is printed."""
    found: list[str] = []
    relations: Counter[str] = Counter()
    for event in rule.timeline.backward:
        naming = rule.naming(event)
        lines = list(rule.backward(event))
        called = set(re.findall(r"(\w+)\(", " ".join(map(plain, lines)))) | {"NaN"}
        if len(set(naming.values())) < len(naming) or set(naming.values()) & called:
            found.append(f"a name means two things: {naming}")
        names = {name: value(repr(rule.timeline.numbers[i].data)) for i, name in naming.items()}
        names |= {
            f"∇{name}": value(repr(rule.timeline.grads[i]))
            for i, name in naming.items()
            if rule.timeline.grads[i] is not None
        }
        for change in event.changes:
            found += _contribution(lines.pop(0), change, names, naming, relations)
            if len(rule.timeline.terms[change.number]) > 1:
                found += _ledger(lines.pop(0), change, naming, relations)
        assert not lines
    for i, number in enumerate(rule.timeline.numbers):
        text = plain(rule.forward(i, rule.names.of((i, *number.operands))))
        found += _forward(text, number.data)
    return found, relations


def _contribution(line: Line, change: Change, names: dict, naming: dict, relations: Counter[str]) -> list[str]:
    body, remark = _split(line)
    text = plain(body)
    receiver, _, rest = text.partition(" += ")
    parts = RELATIONS.split(rest)
    sides, between = parts[::2], parts[1::2]
    relations.update(between)
    wrong = [f"{text}: whose gradient?"] if receiver != f"∇{naming[change.number]}" else []
    if not is_rounded(value(repr(change.term)), sides[-1], 4):
        wrong.append(f"{text}: {change.term!r} is the engine's")
    for i, side in enumerate(sides[:-1]):
        if any(sign != " = " for sign in between[i:]):
            continue
        if "∂" in side:
            assert i == 0
            continue
        if not is_rounded(value(side, names if i == 0 else None), sides[-1], 4):
            wrong.append(f"{text}: {side} is {value(side, names)}")
    partials = [run.text for run in body if run.role == "partial"]
    if len(partials) > 2 and between[1] == " = " and not is_rounded(value(partials[-2]), partials[-1]):
        wrong.append(f"{text}: {partials[-2]} is {value(partials[-2])}")
    for condition in re.split(r" and ", remark.partition("as ")[2]) if ", as " in remark else ():
        a, sign, b = re.split(r" ([<>≤≥=≠]|is not) ", condition)
        if not {"=": "a == b", "is not": "a != b"}.get(sign) and not value(condition, names):
            wrong.append(f"{text}: not {condition}")
        if sign in ("=", "is not") and (value(a, names) == value(b, names)) != (sign == "="):
            wrong.append(f"{text}: not {condition}")
    return wrong


def _ledger(line: Line, change: Change, naming: dict, relations: Counter[str]) -> list[str]:
    body, remark = _split(line)
    parts = RELATIONS.split(plain(body))
    relations.update(parts[3::2])
    assert parts[0] == f"∇{naming[change.number]}"
    assert f"{change.count} of " in remark or "all " in remark
    wrong = (
        [] if is_rounded(value(repr(change.new)), parts[-1], 4) else [f"{plain(line)}: {change.new!r} is the engine's"]
    )
    if len(parts) == 5 and parts[3] == " = " and not is_rounded(value(parts[2]), parts[4], 4):
        wrong.append(f"{plain(line)}: it is {value(parts[2])}")
    return wrong


def _forward(text: str, data: float) -> list[str]:
    sides = RELATIONS.split(text.partition(" = ")[2])
    wrong = [] if is_rounded(value(repr(data)), sides[-1], 4) else [f"{text}: {data!r} is the engine's"]
    if len(sides) > 1 and sides[-2] == " = " and "…" not in text and not is_rounded(value(sides[-3]), sides[-1], 4):
        wrong.append(f"{text}: {sides[-3]} is {value(sides[-3])}")
    return wrong


def _split(line: Line) -> tuple[Line, str]:
    faint = [run for run in line if run.role == "faint"]
    return tuple(run for run in line if run.role != "faint"), plain(tuple(faint))


@pytest.mark.parametrize("start", range(0, 200, 20))
def test_every_line_is_true_to_its_last_digit(start: int) -> None:
    relations: Counter[str] = Counter()
    for seed in range(start, start + 20):
        found, signs = faults(ChainRule(timeline(random_graph(seed))))
        assert found == [], f"seed {seed}"
        relations += signs
    assert relations[" = "] > 20 * (relations[" ≈ "] + relations[", taken as "])
