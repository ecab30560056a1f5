"""Nothing overlaps, nothing is cut, no wire runs over a card or a word, and every number shown is the engine's: read
back from the SVG of each graph of the contact sheet, with the font's own widths."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pytest

pytest.importorskip("matplotlib")

import viz
from autograd import Value, ancestors, sweep
from demos.graphs import GRAPHS
from tests.viz import geometry
from tests.viz.shapes import Part, Picture, read

SEEN = [name for name in GRAPHS if name != "network_784_128_10"]  # which takes seconds to build
PAGE = (1_366, 1_900)
NUMBER = r"−?(?:\d+(?:\.\d+)?(?:e−?\d+)?|∞)|NaN"


@cache
def roots(name: str) -> list[Value]:
    made = GRAPHS[name].build()
    return made if isinstance(made, list) else [made]


@cache
def drawn(name: str, theme: str = "light") -> str:
    return viz.draw(roots(name), theme=theme).svg()  # type: ignore[arg-type]


@cache
def picture(name: str, theme: str = "light") -> Picture:
    return read(drawn(name, theme))


@pytest.mark.parametrize("name", SEEN)
@pytest.mark.parametrize("check", geometry.CHECKS, ids=lambda check: check.__name__)
def test_nothing_is_wrong_with_it(name: str, check: Callable[[Picture], list[str]]) -> None:
    assert check(picture(name)) == []


STEPS = {"neuron": 2, "micrograd": 6, "newton": 9, "used_ten_times": 5, "network_2_16_16_1": 2, "not_finite_forward": 1}


@pytest.mark.parametrize(("name", "step"), STEPS.items())
def test_nor_with_a_step_of_its_backward(name: str, step: int) -> None:
    frame = read(viz.frames(roots(name)[0])[step].svg())
    assert frame.of("callout")
    assert [fault for check in geometry.CHECKS for fault in check(frame)] == []


@pytest.mark.parametrize("name", ["network", "not_finite_forward", "hostile_labels", "network_64_32_10", "not_run_yet"])
def test_it_is_as_readable_in_the_dark(name: str) -> None:
    assert geometry.pale(picture(name, "dark")) == []
    following = read(drawn(name, "auto"), dark=True)
    assert [w.ink for w in following.words] == [w.ink for w in picture(name, "dark").words]


@pytest.mark.parametrize("name", SEEN)
def test_it_fits_on_a_page(name: str) -> None:
    page = picture(name).page
    assert page.right <= PAGE[0]
    assert page.bottom <= PAGE[1]


WIDEST = {"neuron": 790, "network": 1_366, "network_of_four_samples": 1_366, "lstm_cell": 1_366, "newton": 1_366}


@pytest.mark.parametrize(("name", "wide"), WIDEST.items())
def test_it_is_as_narrow_as_was_wanted(name: str, wide: float) -> None:
    assert picture(name).page.right <= wide


def test_the_example_of_micrograd_takes_less_than_half_of_what_it_took() -> None:
    page = picture("micrograd").page
    assert page.right * page.bottom < 0.4 * 2_720 * 555


# The numbers ----------------------------------------------------------------------------------------------------------


@dataclass
class Truth:
    """What the engine says: values by id, and for each value what each of its uses passed back."""

    values: dict[str, Value]
    received: dict[Value, list[float]]
    passed: dict[tuple[Value, Value], list[tuple[float, float]]]
    """Partials and contributions by operand and result."""


@cache
def truth(name: str) -> Truth:
    """From the sweep, in the order of the graph: "n0" is its first number, operands first."""
    order = list(dict.fromkeys(v for root in roots(name) for v in ancestors(root)))
    received, passed = defaultdict(list), defaultdict(list)
    for root in roots(name):
        for step in sweep(root):
            for operand, p, c in zip(step.node.args, step.partials, step.contributions, strict=True):
                if p is not None and c is not None:
                    received[operand].append(c)
                    passed[operand, step.node].append((p, c))
    return Truth({f"n{i}": v for i, v in enumerate(order)}, dict(received), dict(passed))


def says(text: str, x: float, most: int = 4) -> bool:
    """Whether a text is x to four digits, with a true minus and at most so many digits."""
    if not re.fullmatch(NUMBER, text):
        return False
    shown = float(text.replace("−", "-").replace("∞", "inf"))
    if not math.isfinite(x) or not math.isfinite(shown):
        return repr(shown) == repr(x)
    digits = text.partition("e")[0].replace("−", "").replace(".", "").lstrip("0")
    unit = 10.0 ** (math.floor(math.log10(abs(x))) - 3) if x else 0.0
    return abs(shown - x) <= 0.5001 * unit and (len(digits) <= most or "." not in text)


def single(name: str) -> Iterator[tuple[Part, Value]]:
    """The cards that show one number, with it."""
    for card in picture(name).of("node"):
        if "collapsed" not in card.kinds:
            yield card, truth(name).values[card.id]


def written(card: Part) -> tuple[str, str, str]:
    """The value, the gradient and the ledger of a card."""
    texts = [w.text for w in card.words]
    nabla = texts.index("∇") if "∇" in texts else len(texts)
    gradient = texts[nabla + 1] if nabla + 1 < len(texts) else ""
    lines = [text for text in texts[nabla + 2 :] if re.match(r"[=+−…]", text)]
    return texts[nabla - 1], gradient, " ".join(lines)


@pytest.mark.parametrize("name", SEEN)
def test_values_and_gradients_are_the_engines(name: str) -> None:
    for card, value in single(name):
        shown, gradient, _ = written(card)
        assert says(shown, value.data), (card.id, shown, value)
        if not value.requires_grad:
            assert gradient == ""
        elif value.has_grad:
            assert says(gradient, value.grad), (card.id, gradient, value)
        else:
            assert gradient == "–"


@pytest.mark.parametrize("name", SEEN)
def test_a_ledger_has_what_each_use_passed_back_and_ends_in_the_gradient(name: str) -> None:
    for card, value in single(name):
        _, gradient, ledger = written(card)
        terms = truth(name).received.get(value, [])
        if len(terms) < 2 or not value.has_grad:
            assert ledger == "", (card.id, ledger)
            continue
        assert ledger, card.id
        texts = [f"−{text}" if sign == "−" else text for sign, text in re.findall(rf"([=+−]) ({NUMBER})", ledger)]
        if "…" in ledger:
            assert ledger.endswith(f" ({len(terms):,} terms)")
            assert len(texts) < len(terms)
            last = [terms[-1]] if says(texts[-1], terms[-1]) else []
            assert last, (card.id, ledger, terms)
            terms = [*terms[: len(texts) - 1], *last]
        assert len(texts) == len(terms)
        assert all(says(text, term, 8) for text, term in zip(texts, terms, strict=True)), (card.id, ledger, terms)
        digits = max(len(text.partition("e")[0].strip("−0.").replace(".", "").lstrip("0")) for text in texts)
        if digits > 4:  # who adds them up gets what is shown
            assert says(gradient, sum(float(text.replace("−", "-")) for text in texts)), (card.id, ledger, gradient)
        assert "…" in ledger or not math.isfinite(value.grad) or sum(terms) == pytest.approx(value.grad)


@pytest.mark.parametrize("name", SEEN)
def test_pills_are_the_local_partials_and_wires_have_the_colour_of_what_they_pass_back(name: str) -> None:
    assert wrong_wires(name, picture(name)) == []


def wrong_wires(name: str, seen: Picture) -> list[str]:
    """Wires between cards of one number, each with a partial or a colour that isn't that of an edge of the graph."""
    cards = {card.id: value for card, value in single(name)}
    pills = {pill.id: pill.words[0].text for pill in seen.of("pill", "strip") if pill.words}
    found, inks = [], defaultdict(set)
    for wire in seen.of("wire"):
        source, target = geometry.ends(seen, wire)
        text, kind = pills.get(wire.id, "×1"), wire.kinds[1]
        inks[kind].add(wire.ink)
        if source not in cards or target not in cards or text.endswith("wires"):
            continue
        if cards[source].requires_grad:
            edges = edges_between(truth(name), cards[source], cards[target])
            right = {kind_of(c) if cards[target].has_grad else "none" for p, c in edges if says(text[1:], p)}
        else:
            right = set() if wire.id in pills else {"constant"}
        if kind not in right:
            found.append(f"wire {wire.id}: {text}, {kind} is none of {sorted(right)}")
    signs = [ink for kind in ("neg", "pos", "zero", "odd") for ink in inks[kind]]
    return found + ["two signs in one colour"] * (len(set(signs)) < len(signs))


def wires_of_neuron(seen: Picture) -> list[str]:
    return wrong_wires("neuron", seen)


def edges_between(true: Truth, source: Value, target: Value) -> list[tuple[float, float]]:
    """The edges from a value to another, or to the sum that it ends: the pluses between are drawn as one."""
    found, inside = [], [target]
    for node in inside:
        found += true.passed.get((source, node), [])
        inside += [arg for arg in node.args if is_plus(node) and is_plus(arg)]
    return found


def is_plus(value: Value) -> bool:
    return value.op is not None and value.op.symbol == "+"


def kind_of(x: float) -> str:
    return "odd" if not math.isfinite(x) else "zero" if x == 0 else "neg" if x < 0 else "pos"


# Each check sees what it is for ---------------------------------------------------------------------------------------


def changed(pattern: str, change: Callable[[re.Match[str]], str], count: int = 1) -> Picture:
    """The picture of the neuron with something moved."""
    svg, done = re.subn(pattern, change, drawn("neuron"), count=count)
    assert done == count
    return read(svg)


CARD = r'(data-id="n2"><title>[^<]*</title><rect class="gg-card" )x="([\d.]+)" y="([\d.]+)" width="([\d.]+)"'


def moved(dx: float, dy: float, narrower: float = 0.0) -> Picture:
    return changed(
        CARD, lambda m: f'{m[1]}x="{float(m[2]) + dx}" y="{float(m[3]) + dy}" width="{float(m[4]) - narrower}"'
    )


def rerouted() -> Picture:
    """The first wire leads straight through a card that isn't its own."""
    cards = {card.id: card.area for card in picture("neuron").of("node")}
    (x, y), (u, v) = cards["n0"].middle[0], cards["n5"].middle[0]
    return changed(
        r'(data-id="e0"><title>[^<]*</title><path [^>]*)d="[^"]*"',
        lambda m: f'{m[1]}d="M{cards["n0"].right},{y}L{x},{v}L{u + 90},{v}"',
    )


def covered() -> Picture:
    """Two wires of different colours in the same place, the wider one above."""
    seen = picture("neuron")
    below, above = (next(wire for wire in seen.of("wire") if wire.id == name) for name in ("e0", "e1"))
    below = replace(below, path=above.path, line=above.line / 2)
    return replace(seen, parts=[below, above])


def test_the_rim_of_a_frame_runs_through_no_card() -> None:
    seen = picture("network")
    frame = seen.of("module")[0]
    moved = replace(frame, path=frame.path + np.array([60.0, 0.0]))
    assert any("node" in fault for fault in geometry.askew(replace(seen, parts=[*seen.of("node"), moved])))


@pytest.mark.parametrize(
    ("check", "faulty", "word"),
    [
        (geometry.outside, lambda: moved(-500, 0), "node n2"),
        (geometry.overlapping, lambda: moved(0, 50), "node n2 and node n5"),
        (geometry.overlapping, lambda: moved(-20, 0), "node n2"),
        (geometry.overlapping_words, lambda: moved(0, 0, 60), "sticks out of node n2"),
        (geometry.overlapping_words, lambda: changed("local partial, unless", lambda m: 9 * m[0]), "on 'negative'"),
        (geometry.loose, lambda: moved(0, 0, 20), "wire e4"),
        (geometry.crossing, lambda: moved(310, 0), "over node n2"),
        (geometry.crossing, rerouted, "over node n5"),
        (geometry.small, lambda: changed('font-size="12"', lambda _: 'font-size="11"'), "×−3"),
        (wires_of_neuron, lambda: changed("gg-wire gg-neg", lambda _: "gg-wire gg-pos"), "×−3, pos"),
        (wires_of_neuron, lambda: changed(">×−3<", lambda _: ">×3<"), "×3, neg"),
        (geometry.hidden, covered, "wire e0 (neg) below e1"),
        (geometry.pale, lambda: changed("--gg-faint:#566373", lambda _: "--gg-faint:#8a95a1"), "tanh"),
        (geometry.pale, lambda: changed("--gg-zero:#7a8590", lambda _: "--gg-zero:#9aa5b0"), "wire e3"),
    ],
)  # fmt: skip
def test_a_check_sees_a_planted_fault(
    check: Callable[[Picture], list[str]], faulty: Callable[[], Picture], word: str
) -> None:
    assert any(word in fault for fault in check(faulty())), check(faulty())


def test_numbers_are_read_as_they_must_be_written() -> None:
    assert says("−1.235e−4", -0.00012345678)
    assert says("0.2", 0.19999999)
    assert says("∞", math.inf)
    for text, x in (("-1.5", -1.5), ("1.235e-4", 1.2345678e-4), ("1.2346", 1.23456), ("1.23", 1.23456), ("∞", 1e300)):
        assert not says(text, x), text
    assert not says("−∞", math.inf)
