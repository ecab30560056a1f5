"""A forward and its backward as data: what happens, in order, so that one can go back."""

from __future__ import annotations

import json
import math

import pytest

from autograd import Parameter, Value, ancestors, gradients, logsumexp, sweep
from tests.viz.test_chain_rule import random_graph
from viz import Moment, Timeline, timeline


def bits(x: object) -> str:
    return repr(x)  # tells NaN from NaN by nothing else, and -0.0 from 0.0


@pytest.mark.parametrize("seed", range(30))
def test_it_is_what_sweep_finds_bit_for_bit(seed: int) -> None:
    root = random_graph(seed)
    happened, values = timeline(root), ancestors(root)
    place = {v: i for i, v in enumerate(values)}
    steps = [step for step in sweep(root) if step.node.op is not None]
    assert [event.number for event in happened.backward] == [place[step.node] for step in steps]
    for event, step in zip(happened.backward, steps, strict=True):
        assert bits(happened.grads[event.number]) == bits(step.adjoint)
        passed = [
            (i, p, c) for i, (p, c) in enumerate(zip(step.partials, step.contributions, strict=True)) if c is not None
        ]
        assert bits([(c.argument, c.partial, c.term) for c in event.changes]) == bits(passed)
        assert [c.number for c in event.changes] == [place[step.node.args[i]] for i, _, _ in passed]
    assert [bits(n.data) for n in happened.numbers] == [bits(v.data) for v in values]
    assert [n.operands for n in happened.numbers] == [tuple(place[a] for a in v.args) for v in values]
    wanted = [v for v in values if v.requires_grad]
    assert bits([happened.grads[place[v]] for v in wanted]) == bits(list(gradients(root, wanted)))
    assert all(not v.has_grad for v in values)  # nothing is written


@pytest.mark.parametrize("seed", range(30))
def test_going_back_restores_every_state(seed: int) -> None:
    moment = Moment(timeline(random_graph(seed)))

    def state() -> str:
        return bits((moment.place, moment.data, moment.grads, moment.counts))

    states = [state()]
    while moment.forward():
        states.append(state())
    assert len(set(states)) == len(states) == len(moment.timeline.events) + 1
    assert bits(moment.grads) == bits(list(moment.timeline.grads))
    assert moment.counts == [len(terms) for terms in moment.timeline.terms]
    while moment.back():
        states.pop()
        assert state() == states[-1]
    assert len(states) == 1
    assert not moment.back()


@pytest.mark.parametrize("seed", range(30))
def test_a_ledger_ends_in_its_gradient_and_then_it_is_ready(seed: int) -> None:
    happened = timeline(random_graph(seed))
    became_ready = []
    for event in happened.events[len(happened.numbers) :]:
        for change in event.changes:
            terms = happened.terms[change.number]
            assert bits(terms[change.count - 1]) == bits(change.term)
            so_far = terms[0]
            for term in terms[1 : change.count]:
                so_far += term
            assert bits(so_far) == bits(change.new)
            assert (change.number in event.ready) >= (change.count == len(terms))
        became_ready += event.ready
    assert len(became_ready) == len(set(became_ready))
    assert set(became_ready) == {i for i, grad in enumerate(happened.grads) if grad is not None}
    ready = set()
    for event in happened.events[len(happened.numbers) :]:
        assert event.kind == "seed" or event.number in ready  # it passes on what is complete
        ready.update(event.ready)


@pytest.mark.parametrize("seed", range(30))
def test_json_there_and_back(seed: int) -> None:
    happened = timeline(random_graph(seed))
    text = happened.to_json()

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    json.loads(text, parse_constant=refuse)
    assert text.isascii()
    assert not set("<>&") & set(text)
    assert bits(Timeline.from_json(text)) == bits(happened)


def test_json_of_numbers_that_json_lacks() -> None:
    root = Value(math.inf, label="</script>&\u2028\ud800") + Value(math.nan) + Value(-0.0) * Value(-math.inf)
    happened = timeline(root)
    again = Timeline.from_json(happened.to_json())
    assert all(f'{{"float":"{spelling}"}}' in happened.to_json() for spelling in ("NaN", "Infinity", "-Infinity", "-0"))
    assert bits(again) == bits(happened)
    assert again.numbers[0].label == "</script>&\u2028\ud800"


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "null", '["other", {}, [], [], [], []]', "[1, 2]"])
def test_other_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="this is not the text of a timeline, as to_json writes it"):
        Timeline.from_json(text)


def test_a_root_that_is_a_leaf() -> None:
    happened = timeline(Value(3.0))
    assert [event.kind for event in happened.events] == ["forward", "seed"]
    assert happened.events[-1].ready == (0,)
    assert happened.terms == ((1.0,),)


def test_formulas_are_there_once_for_each_operation() -> None:
    x = Value(0.5)
    happened = timeline(logsumexp(x.tanh().tanh(), x, x.leaky_relu(slope=0.2)))
    assert [op.name for op in happened.operations] == ["tanh", "leaky_relu", "logsumexp"]
    assert happened.operations[0].partials == (("-", 1.0, ("*", "y", "y")),)
    assert happened.operations[1].attributes == (("slope", 0.2),)
    assert len(happened.operations[2].partials) == 3


def test_a_parameter_that_is_frozen_since_gets_nothing() -> None:
    w = Parameter(2.0)
    y = w * Value(3.0)
    w.requires_grad = False
    happened = timeline(y)
    assert happened.grads == (None, 2.0, 1.0)


def test_changed_numbers_are_marked() -> None:
    x = Value(2.0)
    y = (x * x).tanh()
    x.data = 3.0
    assert [n.stale for n in timeline(y).numbers] == [True, True, False]


def test_time_and_memory_grow_with_the_graph_and_no_faster() -> None:
    """A value that is used 20,000 times has one list of terms, and events don't repeat it."""

    def size(count: int) -> int:
        x = Value(1.0)
        return len(timeline(sum((x * 1.0 for _ in range(count)), x)).to_json())

    assert size(4_000) < 2.2 * size(2_000)


def test_bad_inputs() -> None:
    with pytest.raises(TypeError, match=r"a sweep starts from a Value, got float: 3.0"):
        timeline(3.0)
    with pytest.raises(TypeError, match="is a constant, there is nothing to differentiate"):
        timeline(Value(1.0).detach())
