"""Every printed line is true: a reader with a calculator finds what is printed."""

from __future__ import annotations

import math
import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from mpmath import mp, mpf

import autograd
from autograd import DomainError, Value, gradients, op
from tests.engine.operations import BUILT_IN, ORACLES, Oracle
from tests.viz.calculator import RELATIONS, is_rounded, value
from viz import GraphView
from viz.picture.caption import Line, plain
from viz.steps.captions import Captions
from viz.steps.events import Change, Number, timeline
from viz.steps.stages import Stages
from viz.text import clean

LABELS = "a a b x w0 x+y ∇a 1 exp σ n3 as NaN u v e 日本 sign max s t p step K K אב if lambda".split()  # noqa: SIM905 (they are read as words)
LABELS += ["", "", "", "a × b", "= 3", "\u202eabc", "with u = v", "x, y = 2", "very_long_" * 9, "a\nb"]
SIZES: list[Callable[[random.Random], float]] = [
    lambda rng: rng.gauss(0, 1),
    lambda rng: float(rng.randint(-3, 3)),
    lambda rng: rng.uniform(-1, 1) * 10.0 ** rng.randint(-9, 9),
    lambda rng: rng.choice([0.0, -0.0, 1e300, -1e-300, 1e16, math.inf, math.nan]) if rng.random() < 0.15 else 0.5,
]


def random_graph(seed: int, size: int = 16) -> Value:
    """Operations of the whole table over numbers of all sizes; some operands twice, some constants."""
    rng = random.Random(seed)
    values: list[Value] = [Value(rng.choice(SIZES)(rng), label=rng.choice(LABELS)) for _ in range(rng.randint(1, 4))]
    while len(values) < size:
        operation = rng.choice(BUILT_IN)
        count = operation.arity or rng.randint(1, 6)
        operands = [rng.choice(values) if rng.random() < 0.8 else rng.choice(SIZES)(rng) for _ in range(count)]
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


def captions_of(root: Value, fold: bool = False) -> Captions:
    return Captions(Stages(timeline(root), GraphView.of(root, fold=fold)), most=10_000)


def texts(root: Value, fold: bool = True) -> list[str]:
    captions = captions_of(root, fold)
    return [plain(line) for stage in range(len(captions.stages.order)) for line in captions.lines(stage)]


class Checked:
    """What is false in the text of a backward, and how often each relation is printed."""

    def __init__(self, captions: Captions) -> None:
        self.captions, self.timeline = captions, captions.stages.timeline
        self.false: list[str] = []
        self.relations: Counter[str] = Counter()
        self.came: dict[int, list[float]] = defaultdict(list)
        for stage in range(len(captions.stages.order)):
            self._stage(stage)
        for i, number in enumerate(self.timeline.numbers):
            naming = captions.rule.names.of((i, *number.operands))
            self._forward(plain(captions.rule.forward(i, naming)), number.data)

    def _wrong(self, line: str, why: object) -> None:
        self.false.append(f"{line}: {why}")

    def _stage(self, stage: int) -> None:
        naming, lines = self.captions.naming(stage), self.captions.lines(stage)
        passed, number = self.captions.passed(stage), self.captions.number(stage)
        known = {name: i for i, name in naming.items()} | {naming[number]: number}
        others = [naming[i] for i in dict.fromkeys(a.change.number for a in passed)]
        called = set(re.findall(r"(\w+)\(", " ".join(map(plain, lines)))) | {"NaN"}
        if len({naming[number], *others}) <= len(others) or set(known) & called:
            self._wrong(str(naming), "a name means two things")
        names = {name: mpf(self.timeline.numbers[i].data) for name, i in known.items()}
        names |= {f"∇{name}": mpf(grad) for name, i in known.items() if (grad := self.timeline.grads[i]) is not None}
        if stage == 0:
            assert plain(lines.pop(0)).endswith(" = 1, where every backward starts")
        for arrival in passed:
            receiver = arrival.change.number
            self._contribution(lines.pop(0), arrival.change, names, naming[receiver])
            self.came[receiver].append(arrival.change.term)
            if len(self.timeline.terms[receiver]) > 1:
                self._ledger(lines.pop(0), naming[receiver], receiver)
        if lines:
            self._letters(plain(lines.pop()), names)
        assert not lines

    def _contribution(self, line: Line, change: Change, names: Mapping[str, Any], receiver: str) -> None:
        body, remark = split(line)
        text = plain(body)
        left, _, rest = text.partition(" += ")
        parts = RELATIONS.split(rest)
        sides, between = parts[::2], parts[1::2]
        self.relations.update(between)
        if left != f"∇{receiver}" or not is_rounded(mpf(change.term), sides[-1], 4):
            self._wrong(text, f"the engine passes {change.term!r} to {receiver}")
        for i, side in enumerate(sides[:-1]):
            if "∂" not in side and all(sign == " = " for sign in between[i:]):
                found = value(side, names if i == 0 else None)
                if not is_rounded(found, sides[-1], 4):
                    self._wrong(text, f"{side} is {found}")
        partials = [run.text for run in body if run.role == "partial"]
        if len(partials) > 2 and between[1] == " = " and not is_rounded(value(partials[-2]), partials[-1]):
            self._wrong(text, f"{partials[-2]} is {value(partials[-2])}")
        for fact in remark.partition("as ")[2].split(" and ") if ", as " in remark else ():
            a, sign, b = re.split(r" ([<>≤≥=]|is not) ", fact)
            same = value(a, names) == value(b, names)
            if not (same if sign == "=" else not same if sign == "is not" else value(fact, names)):
                self._wrong(text, f"not {fact}")

    def _ledger(self, line: Line, name: str, receiver: int) -> None:
        body, remark = split(line)
        parts = RELATIONS.split(plain(body))
        self.relations.update(parts[3::2])
        count, every = len(self.came[receiver]), len(self.timeline.terms[receiver])
        if remark != (f", all {every} came in" if count == every else f", {count} of {every} came in"):
            self._wrong(plain(line), f"{count} of {every} came in")
        so_far = self.timeline.grads[receiver] if count == every else sum(self.came[receiver])
        if parts[0] != f"∇{name}" or not is_rounded(mpf(so_far), parts[-1], 4):
            self._wrong(plain(line), f"it is {so_far!r}")
        if len(parts) == 5 and parts[3] == " = " and not is_rounded(value(parts[2]), parts[4], 4):
            self._wrong(plain(line), f"{parts[2]} is {value(parts[2])}")

    def _letters(self, text: str, names: Mapping[str, Any]) -> None:
        parts = re.findall(r"(\w+) = (“[^“”]*”|[\w.]+) = ([^, ]+)(?:, |$)", text.removeprefix("with "))
        if text != "with " + ", ".join(map(" = ".join, parts)):
            self._wrong(text, parts)
        for name, meaning, printed in parts:
            meant = [self._label(n) for n in self.timeline.numbers]
            like = [n.data for n in self.timeline.numbers if meaning.strip("“”") in (n.id, self._label(n))]
            if name not in names or not any(is_rounded(mpf(x), printed, 4) for x in like):
                self._wrong(text, (meaning, meant))

    @staticmethod
    def _label(number: Number) -> str:
        text = clean(number.label)
        return text if len(text) <= 60 else text[:59] + "…"

    def _forward(self, text: str, data: float) -> None:
        sides = RELATIONS.split(text.partition(" = ")[2])
        if not is_rounded(mpf(data), sides[-1], 4):
            self._wrong(text, f"{data!r} is the engine's")
        if len(sides) > 1 and sides[-2] == " = " and "…" not in text and not is_rounded(value(sides[-3]), sides[-1], 4):
            self._wrong(text, f"{sides[-3]} is {value(sides[-3])}")


def split(line: Line) -> tuple[Line, str]:
    """What is computed, and the remark behind it."""
    return tuple(run for run in line if run.role != "faint"), plain(tuple(r for r in line if r.role == "faint"))


@pytest.mark.parametrize("start", range(0, 200, 20))
def test_every_line_is_true_to_its_last_digit(start: int) -> None:
    relations: Counter[str] = Counter()
    for seed in range(start, start + 20):
        checked = Checked(captions_of(random_graph(seed), fold=bool(seed % 2)))
        assert checked.false == [], f"seed {seed}"
        relations += checked.relations
    assert relations[" = "] > 20 * (relations[" ≈ "] + relations[", taken as "])


def test_the_checker_sees_a_false_digit(monkeypatch: pytest.MonkeyPatch) -> None:
    """With four digits everywhere lines contradict themselves."""
    monkeypatch.setattr("viz.steps.chain_rule.enough", lambda is_true, start=4: start)
    assert sum(len(Checked(captions_of(random_graph(seed))).false) for seed in range(20)) > 20


def test_a_formula_with_its_numbers() -> None:
    s = Value(0.5, label="s")
    t = s.tanh()
    t.label = "t"
    assert "∇s += ∇t × (1 − t²) = −2 × (1 − 0.46212²) = −2 × 0.7864 = −1.573" in texts(t * -2.0)


def test_a_value_used_twice_by_one_operation() -> None:
    n = Value(0.8574, label="n")
    loss = n * n
    loss.label = "loss"
    assert texts(loss) == [
        "∇loss = 1, where every backward starts",
        "∇n += ∇loss × n = 1 × 0.8574 = 0.8574, 1st use",
        "∇n = 0.8574, 1 of 2 came in",
        "∇n += ∇loss × n = 1 × 0.8574 = 0.8574, 2nd use",
        "∇n = 0.8574 + 0.8574 = 1.715, all 2 came in",
    ]


def test_powers_are_written_as_such() -> None:
    x, k = Value(2.0, label="x"), Value(3.0, label="k")
    cube, power, root = x**3, x**k, x**0.5
    for label, value_ in {"c": cube, "p": power, "r": root}.items():
        value_.label = label
    lines = texts(cube + power + root + x**-1)
    assert "∇x += ∇c × 3 × x² = 1 × 3 × 2² = 1 × 12 = 12" in lines
    assert "∇x += ∇p × k × x^(k − 1) = 1 × 3 × 2^(3 − 1) = 1 × 12 = 12" in lines
    assert "∇k += ∇p × p × log(x) = 1 × 8 × log(2) = 1 × 5.545 = 5.545, as x > 0" in lines
    assert "∇x += ∇r × 0.5 × x^(−0.5) = 1 × 0.5 × 2^(−0.5) = 1 × 0.3536 = 0.3536" in lines


def test_choices_say_why() -> None:
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    parts = [autograd.maximum(a, b), autograd.minimum(a, a + 0.0), autograd.leaky_relu(b), abs(b), a.clamp(max=1.0)]
    for i, part in enumerate(parts):
        part.label = f"p{i}"
    lines = texts(sum(parts))
    assert "∇b += ∇p0 × 0 = 1 × 0 = 0, as a > b" in lines
    assert any(line.startswith("∇a += ∇p1 × 0.5 = 1 × 0.5 = 0.5, as a = ") for line in lines)
    assert "∇b += ∇p2 × 0.01 = 1 × 0.01 = 0.01, as b ≤ 0" in lines
    assert "∇b += ∇p3 × sign(b) = 1 × sign(−3) = 1 × (−1) = −1" in lines
    assert "∇a += ∇p4 × 0 = 1 × 0 = 0, as a > 1" in lines


def test_what_no_digits_make_true_is_marked() -> None:
    z, x = Value(0.0, label="z"), Value(40.0, label="x")
    root, saturated, huge = z.sqrt(), x.tanh(), x * 1e300
    for label, value_ in {"r": root, "t": saturated, "h": huge}.items():
        value_.label = label
    assert "∇z += ∇r × (0.5/r) = 1 × (0.5/0) → 1 × ∞ = ∞" in texts(root * 1.0)
    assert any(
        line.startswith("∇x += ∇t × (1 − t²) = 1 × (1 − 1²) ≈ 1 × 7.219e−35 = ") for line in texts(saturated * 1.0)
    )
    assert "∇x += ∇h × 1e300 = 1e300 × 1e300 ≈ ∞" in texts(huge * 1e300)
    assert "∇z += ∇r × (0.5/r) = 0 × (0.5/0) → 0 × ∞, taken as 0" in texts(root * 0.0)


def test_a_number_that_was_changed_makes_no_false_line() -> None:
    x = Value(2.0, label="x")
    y = x * x
    y.label = "y"
    x.data = 5.0
    assert texts(y)[1] == "∇x += ∇y × ∂y/∂x = 1 × 2 = 2, 1st use, a number has been changed since the forward"


def test_an_operation_of_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    cube = op("my_cube", symbol="x³", kernel=lambda xp, x: x * x * x, partials=lambda y, x: (3 * x * x,))
    bell = op(
        "my_bell",
        kernel=lambda xp, x, *, height=1.0: height * xp.exp(-x * x),
        partials=lambda y, x, *, height: (-2 * x * height * autograd.exp(-x * x),),
    )
    x = Value(2.0, label="x")
    c, b = cube(x), bell(x, height=3.0)
    c.label, b.label = "c", "b"
    captions = captions_of(c + b, fold=True)
    monkeypatch.setitem(ORACLES, "my_cube", Oracle(lambda x: x**3, ()))
    monkeypatch.setitem(ORACLES, "my_bell", Oracle(lambda x, height: height * mp.exp(-x * x), ()))
    assert Checked(captions).false == []
    lines = [plain(line) for stage in range(3) for line in captions.lines(stage)]
    assert "∇x += ∇c × 3 × x × x = 1 × 3 × 2 × 2 = 1 × 12 = 12" in lines
    assert "my_bell(x, height=3)" in "".join(captions.title(stage) for stage in range(3))


def test_names() -> None:
    """Labels where they are names and mean one thing; else letters, which never mean two."""
    a, also, odd = Value(2.0, label="a"), Value(3.0, label="a"), Value(4.0, label="x+y")
    p = a * odd
    q = p * also
    assert texts(q) == [
        "∇w = 1, where every backward starts",
        "∇p += ∇w × a = 1 × 3 = 3",
        "∇a += ∇w × p = 1 × 8 = 8",
        "with w = n4 = 24, p = n2 = 8, a = n3 = 3",
        "∇a += ∇p × x = 3 × 4 = 12",
        "∇x += ∇p × a = 3 × 2 = 6",
        "with p = n2 = 8, a = n0 = 2, x = “x+y” = 4",
    ]


def test_names_of_numbers_that_have_the_same_label_in_several_modules() -> None:
    root = autograd.nn.MLP(2, [2])([1.0, 2.0])
    captions = captions_of(root[0] + root[1], fold=True)
    lines = [plain(line) for stage in range(len(captions.stages.order)) for line in captions.lines(stage)]
    assert any("w0 = layers.0.neurons.1.w0 = " in line for line in lines)


def test_many_contributions_are_cut_short() -> None:
    root = autograd.logsumexp(*[Value(float(i), label=f"v{i}") for i in range(12)])
    captions = Captions(Stages(timeline(root), GraphView.of(root)))
    assert plain(captions.lines(0)[5]) == "… and 8 more"
    assert "logsumexp(v0, v1, …, v11)" in captions.title(0)


def test_a_long_ledger_is_told_by_what_is_new() -> None:
    a = Value(2.0, label="a")
    lines = texts(sum((a * float(i) for i in range(1, 8)), a))
    assert "∇a = 22 + 7 = 29, all 8 came in" in lines
    assert gradients(sum((a * float(i) for i in range(1, 8)), a), [a]) == (29.0,)
