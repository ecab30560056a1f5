"""A forward and its backward in words."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from autograd import Value, ancestors, gradients, nn
from tests.viz.calculator import is_rounded, value
from tests.viz.test_chain_rule import random_graph
from viz import narrate
from viz.text import clean

Made = Callable[..., Value]


def test_the_whole_text(small: Made) -> None:
    root = small()
    assert (
        narrate(root)
        == """\
forward
  a = 2
  b = −3
  e = a × b = 2 × (−3) = −6
  c = 10
  d = e + c = −6 + 10 = 4
  f = −2
  L = d × f = 4 × (−2) = −8
backward
  step 1 of 3 · back through L = d × f, L = −8
    ∇L = 1, where every backward starts
    ∇d += ∇L × f = 1 × (−2) = −2
    ∇f += ∇L × d = 1 × 4 = 4
  step 2 of 3 · back through d = e + c, d = 4
    ∇e += ∇d = −2
    ∇c += ∇d = −2
  step 3 of 3 · back through e = a × b, e = −6
    ∇a += ∇e × b = −2 × (−3) = 6
    ∇b += ∇e × a = −2 × 2 = −4
gradients
  ∇a = 6, ∇b = −4, ∇c = −2, ∇f = 4"""
    )
    assert not any(v.has_grad for v in ancestors(root))


def test_a_sum_and_what_has_no_name() -> None:
    x = Value(2.0, label="x")
    text = narrate(sum([x * 1.5, x * 2.0, x]) + x.tanh())
    assert "  n10 = n3 + n6 + x + n9 = 3 + 4 + 2 + 0.964 = 9.964" in text.splitlines()
    assert "∇x = 1 + 1.5 + 2 + 0.07065 = 4.571, all 4 came in" in text


@pytest.mark.parametrize("seed", range(20))
def test_the_gradients_are_those_of_the_engine(seed: int) -> None:
    root = random_graph(seed)
    text = narrate(root, fold=False)
    found = dict(re.findall(r"∇(\S+|“[^”]*”) = ([^\s,]+)", text.partition("\ngradients\n")[2]))
    leaves = [(i, v) for i, v in enumerate(ancestors(root)) if v.op is None and v.requires_grad]
    assert len(found) == len(leaves)
    for (i, leaf), (name, printed) in zip(leaves, found.items(), strict=True):
        assert name.strip("“”") in (f"n{i}", clean(leaf.label))
        assert is_rounded(value(repr(gradients(root, [leaf])[0])), printed, 4)


@pytest.mark.parametrize("seed", range(10))
def test_lines_fit_into_a_terminal(seed: int) -> None:
    assert max(map(len, narrate(random_graph(seed)).splitlines())) <= 96


def test_modules_as_one(network: Made) -> None:
    lines = narrate(network(2, 3, 1), depth=1).splitlines()
    assert "  layers.0: 15 operations, 9 parameters, 3 outputs" in lines
    assert any(line.startswith("  step 4 of 4 · back through layers.0 (15 operations)") for line in lines)
    assert any(line.startswith("    ∇ of its 9 parameters: norm ") for line in lines)


def test_a_large_graph_is_cut_short_and_says_so() -> None:
    x = Value(1.0, label="x")
    y = x
    for _ in range(100):
        y = (y * x).tanh()
    lines = narrate(y, limit=4, budget=1_000).splitlines()
    assert "  … 197 more numbers: pass a larger limit=, or depth=1 to tell modules as one …" in lines
    assert "  … 196 more steps: pass a larger limit=, or depth=1 to tell modules as one …" in lines
    assert next(line for line in lines if line.startswith("  step ")).startswith("  step 1 of 200 ")
    assert [line for line in lines if line.startswith("  step ")][-1].startswith("  step 200 of 200 ")
    assert len(lines) < 40


def test_above_the_budget_it_says_what_was_done() -> None:
    model = nn.MLP(8, [16, 16, 1])
    lines = narrate(model([1.0] * 8), limit=3).splitlines()
    assert lines[0].startswith("All of it would have ")
    assert "forward" in lines


def test_the_text_holds_no_control_characters() -> None:
    text = narrate(Value(1.0, label="a\x1b[31m\n\u202eb") * Value(2.0, label="</script>"))
    assert all(c == "\n" or c.isprintable() for c in text)


@pytest.mark.parametrize(("count", "words"), [(3, "x0 + x1 + x2 = 7 + 1 + 2 ≈ 3"), (7, "x0 + x1 + … + x6 ≈ 21")])
def test_a_sum_says_that_a_number_has_been_changed_since(count: int, words: str) -> None:
    numbers = [Value(float(i), label=f"x{i}") for i in range(count)]
    root = sum(numbers) * 2.0
    numbers[0].data = 7.0
    assert f"{words}, a number has been changed since\n" in narrate(root)


def test_bad_inputs() -> None:
    with pytest.raises(TypeError, match="only a Value has a graph"):
        narrate(3.0)
    with pytest.raises(ValueError, match="limit=True is not a number of steps"):
        narrate(Value(1.0), limit=True)
    with pytest.raises(TypeError, match="there is nothing to differentiate"):
        narrate(Value(1.0).detach())
