"""Scopes, no_grad, threads, and interruptions: whatever happens, what was put on is taken off."""

import linecache
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

import autograd.fast.sweep
from autograd import Constant, Parameter, Value, ancestors, logsumexp, no_grad, scope, sweep
from autograd.scopes import TOP, current


def test_scopes_nest_with_a_dot() -> None:
    with scope("net") as outer:
        a = Value(1.0)
        with scope("layers.0") as inner:
            b = a * 2
            p = Parameter(1.0)
        c = a + b
    d = c + 1
    assert (outer, inner) == ("net", "net.layers.0")
    assert [v.scope for v in (a, b, p, c, d)] == ["net", "net.layers.0", "net.layers.0", "net", ""]
    assert [arg.scope for arg in b.args] == ["net", "net.layers.0"]


def test_scopes_of_every_kind_of_node() -> None:
    x = Value(1.0)
    with scope("s"):
        nodes = [x.exp(), x * x, 2 - x, autograd.where(True, x, 1.0), autograd.logsumexp(x, x), x.detach(), Constant(1)]
        with no_grad():
            nodes.append(x * 3)
    assert {node.scope for node in nodes} == {"s"}


def test_the_scope_of_a_value_can_be_set() -> None:
    v = Value(1.0)
    v.scope = "a.b"
    assert v.scope == "a.b"
    v.scope = ""
    assert v.scope == ""


@pytest.mark.parametrize("name", ["", None, 1])
def test_a_scope_needs_a_name(name: Any) -> None:
    with pytest.raises(TypeError, match=f"a scope needs a name .* got {name!r}"), scope(name):
        raise AssertionError
    assert current() is TOP


def test_no_grad_records_nothing() -> None:
    x = Value(2.0)
    with no_grad():
        y = (x * x).tanh() + 1
        z = logsumexp(x, y, x * y)
        with pytest.raises(TypeError, match=r"inside no_grad\(\)"):
            y.backward()
    assert isinstance(y, Constant)
    assert isinstance(z, Constant)
    assert (y.args, y.op, z.args, z.op) == ((), None, (), None)
    assert (x * x).requires_grad


def test_no_grad_refuses_what_else_is_refused() -> None:
    with no_grad(), pytest.raises(TypeError, match="this int has 1329 bits"):
        Value(2.0) + 10**400


@pytest.mark.parametrize("context", [lambda: scope("inner"), no_grad])
def test_undone_after_an_exception(context: Callable[[], Any]) -> None:
    with scope("outer"):
        with pytest.raises(ZeroDivisionError), context():
            Value(1.0) / 0
        assert (current().path, current().recording) == ("outer", True)
    assert current() is TOP


def test_scopes_do_not_leak_between_threads() -> None:
    seen: list[Any] = []
    inside, done = threading.Event(), threading.Event()

    def other() -> None:
        inside.wait()
        seen.append((current().path, current().recording, (Value(1.0) * 2).requires_grad))
        with scope("theirs"):
            done.set()

    thread = threading.Thread(target=other)
    thread.start()
    with scope("mine"), no_grad():
        inside.set()
        done.wait()
        assert current().path == "mine"
        thread.join()
    assert seen == [("", True, True)]


def test_threads_that_share_parameters_give_right_sums() -> None:
    parameters = [Parameter(float(i)) for i in range(20)]
    lone = Value(1.0)
    rounds, workers = 60, 4
    interval = sys.getswitchinterval()

    def work() -> None:
        for _ in range(rounds):
            sum((p * lone for p in parameters), Value(0.0)).backward()

    threads = [threading.Thread(target=work) for _ in range(workers)]
    sys.setswitchinterval(1e-6)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert [p.grad for p in parameters] == [float(rounds * workers)] * 20
    assert lone.grad == sum(range(20)) * rounds * workers


# An interruption in the middle of a backward


class Interruption:
    """Raises KeyboardInterrupt at the n-th line that fast/sweep.py runs, as Ctrl-C may.

    Only the lines of a `with` and a `try` are left out: Python handles no signal between a lock and what it guards.
    """

    def __init__(self, at: int) -> None:
        self.remaining = at
        self.happened = False

    def __call__(self, frame: Any, event: str, argument: Any) -> Any:
        if frame.f_code.co_filename != autograd.fast.sweep.__file__:
            return None
        line = linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip()
        if event == "line" and not self.happened and not line.startswith(("with ", "try:")):
            self.remaining -= 1
            if self.remaining == 0:
                self.happened = True
                raise KeyboardInterrupt
        return self


def graph() -> tuple[Value, list[Value]]:
    x, w, b = Value(0.5), Parameter(0.25), Parameter(-1.0)
    hidden = autograd.logsumexp(x * w + b, x, w)
    hidden.backward()  # so that there is something to lose
    return (hidden * x).tanh(), [x, w, b]


def state(root: Value) -> list[Any]:
    return [(node.grad, node.has_grad, node._grad) for node in ancestors(root)]


def interrupted(at: int) -> tuple[bool, Any, Any]:
    """Whether it happened, and the state before and after."""
    root, _ = graph()
    before, trace = state(root), sys.gettrace()
    interruption = Interruption(at)
    sys.settrace(interruption)
    try:
        root.backward()
    except KeyboardInterrupt:
        pass
    finally:
        sys.settrace(trace)
    return interruption.happened, before, state(root)


def test_an_interrupted_backward_has_done_nothing_or_all() -> None:
    whole, _ = graph()
    whole.backward()
    finished, outcomes, at = state(whole), [], 0
    while True:
        at += 1
        happened, before, after = interrupted(at)
        assert after in (before, finished), f"at line event {at}"
        if not happened:
            break
        outcomes.append(after == finished)
    assert len(outcomes) > 60
    assert not outcomes[0]
    assert outcomes == sorted(outcomes)  # nothing up to some moment, all from then on


def test_after_an_interruption_everything_works() -> None:
    root, (x, w, _) = graph()
    expected = [step.adjoint for step in sweep(root)]
    earlier = x.grad
    trace = sys.gettrace()
    sys.settrace(Interruption(40))
    try:
        with pytest.raises(KeyboardInterrupt):
            root.backward()
    finally:
        sys.settrace(trace)
    assert x.grad == earlier
    assert not root.has_grad
    root.backward()
    assert root.grad == 1.0
    assert [step.adjoint for step in sweep(root)] == expected
    assert w.has_grad


def test_an_interruption_while_leaves_take_in_their_gradients(monkeypatch: pytest.MonkeyPatch) -> None:
    root, leaves = graph()
    whole, _ = graph()
    whole.backward()
    settle, calls = autograd.fast.sweep._settle, []

    def interrupted_once(totals: Any, found: list[Value]) -> None:
        calls.append(len(found))
        if len(calls) == 1:
            settle(totals, found[:2])
            raise KeyboardInterrupt
        settle(totals, found)

    monkeypatch.setattr(autograd.fast.sweep, "_settle", interrupted_once)
    with pytest.raises(KeyboardInterrupt):
        root.backward()
    assert state(root) == state(whole)
    assert len(calls) == 2
    assert leaves[1].has_grad
