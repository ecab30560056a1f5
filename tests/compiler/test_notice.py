"""A compile that takes long says so once, and Ctrl-C stops it."""

import os
import signal
import threading
import time
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError

import numpy as np
import pytest

from autograd import compile
from autograd.compiler import notice, pipeline, specialisation
from autograd.compiler.llvm import backend as llvm_backend
from autograd.compiler.llvm import machine, waiting
from autograd.compiler.llvm.waiting import SharedWork
from autograd.compiler.notice import Notice

PATIENCE = 30.0


def wait_for(condition):
    """Until it holds, which a broken test never sees."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def interrupt_when(condition):
    """Ctrl-C, as soon as the condition holds."""

    def press():
        wait_for(condition)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=press)
    thread.start()
    return thread


# The line


def test_one_line_for_all_parts_of_a_compile(monkeypatch, capsys):
    monkeypatch.setattr(notice, "SECONDS", 0.0)
    f = Notice("f")
    with f.busy("the first part"):
        wait_for(lambda: f.is_told)
    with f.busy("the second part"), f.busy("a part of it"):
        pass
    assert capsys.readouterr().err == "compiling f takes a while: the first part (Ctrl-C stops it)\n"


def test_the_seconds_of_the_parts_are_added_up(monkeypatch, capsys):
    monkeypatch.setattr(notice, "SECONDS", 1e6)
    f = Notice("f")
    with f.busy("the first part"):
        pass
    assert f.seconds > 0.0
    f.seconds += 1e6
    with f.busy("the second part"):
        wait_for(lambda: f.is_told)
    assert capsys.readouterr().err == "compiling f takes a while: the second part (Ctrl-C stops it)\n"


def test_a_quick_one_says_nothing(monkeypatch, capsys):
    monkeypatch.setattr(notice, "SECONDS", 1e6)
    with Notice("f").busy("anything"):
        pass
    compile(lambda x: x * 2.0)(np.ones(3))
    assert capsys.readouterr() == ("", "")


def test_without_a_console(monkeypatch):
    monkeypatch.setattr(notice, "SECONDS", 0.0)
    monkeypatch.setattr("sys.stderr", None)
    f = Notice("f")
    with f.busy("anything"):
        wait_for(lambda: f.is_told)


def slow(monkeypatch, owner, name):
    """Let a function wait until the line is written."""
    real, lines = getattr(owner, name), []
    tell = Notice._tell
    monkeypatch.setattr(Notice, "_tell", lambda self: lines.append(tell(self)))

    def waits(*args, **kwargs):
        wait_for(lambda: lines)
        return real(*args, **kwargs)

    monkeypatch.setattr(owner, name, waits)


def impatient_from(monkeypatch, owner, name):
    """Whatever is begun from this function on takes too long."""
    real = getattr(owner, name)

    def hurries(*args, **kwargs):
        monkeypatch.setattr(notice, "SECONDS", 0.0)
        return real(*args, **kwargs)

    monkeypatch.setattr(notice, "SECONDS", 1e6)
    monkeypatch.setattr(owner, name, hurries)


def test_a_program_says_that_it_is_traced(monkeypatch, capsys):
    monkeypatch.setattr(notice, "SECONDS", 0.0)
    slow(monkeypatch, specialisation, "trace")

    def doubled(x):
        return x * 2.0 + 1.0

    assert compile(doubled, backend="numpy")(np.ones(2)).tolist() == [3.0, 3.0]
    assert capsys.readouterr().err == "compiling doubled takes a while: tracing its function (Ctrl-C stops it)\n"


def test_and_that_it_is_planned(monkeypatch, capsys):
    slow(monkeypatch, pipeline, "to_tape")
    impatient_from(monkeypatch, specialisation, "trace")
    assert compile(lambda x: x * 2.0 + 1.0, backend="numpy")(np.ones(2)).tolist() == [3.0, 3.0]
    assert capsys.readouterr().err == "compiling <lambda> takes a while: planning 5 nodes (Ctrl-C stops it)\n"


def test_and_that_code_is_generated(llvm, monkeypatch, capsys):
    slow(monkeypatch, llvm_backend, "Kernel")
    impatient_from(monkeypatch, pipeline, "to_tape")
    program = compile(lambda x: x * 2.0 + 1.0, backend="llvm")
    assert program(np.ones(2)).tolist() == [3.0, 3.0]
    assert program(np.ones(2)).tolist() == [3.0, 3.0]
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("compiling <lambda> takes a while: generating code for 2 operations")


# Work in C


def test_who_asks_for_the_same_waits_for_the_same():
    work, begun, go = SharedWork(), [], threading.Event()

    def first():
        begun.append("first")
        assert go.wait(PATIENCE)
        return 1

    found = []
    threads = [threading.Thread(target=lambda: found.append(work.done("key", first))) for _ in range(3)]
    for thread in threads:
        thread.start()
    assert work.done("another key", lambda: 2) == 2
    go.set()
    for thread in threads:
        thread.join(PATIENCE)
    assert found == [1, 1, 1]
    assert begun in (["first"], ["first"] * 2, ["first"] * 3)  # a late thread begins anew
    assert work.done("key", lambda: 4) == 4


@pytest.mark.parametrize("error", [ValueError("no"), TimeoutError("no"), KeyboardInterrupt("no")])
def test_an_error_of_the_work_is_raised_where_it_is_waited_for(error):
    work = SharedWork()

    def fail():
        raise error

    with pytest.raises(type(error), match="no") as caught:
        work.done("key", fail)
    assert caught.value is error
    assert work.done("key", lambda: 1) == 1


def test_work_that_ends_just_when_a_wait_does_is_no_timeout(monkeypatch):
    class JustLate(Future):
        def result(self, timeout=None):
            found = super().result(PATIENCE)
            if timeout is not None:
                raise FutureTimeoutError
            return found

    monkeypatch.setattr(waiting, "Future", JustLate)
    assert SharedWork().done("key", lambda: 3) == 3


def test_ctrl_c_ends_the_waiting_and_not_the_work():
    work, begun, go = SharedWork(), threading.Event(), threading.Event()

    def long_work():
        begun.set()
        assert go.wait(PATIENCE)
        return "all of it"

    thread = interrupt_when(begun.is_set)
    with pytest.raises(KeyboardInterrupt):
        work.done("key", long_work)
    thread.join(PATIENCE)
    threading.Timer(0.05, go.set).start()
    assert work.done("key", lambda: pytest.fail("it is being done already")) == "all of it"


def test_a_program_works_after_an_interrupted_compile(llvm, monkeypatch):
    begun, go, real = threading.Event(), threading.Event(), machine._object_code

    def slow_code(*args):
        begun.set()
        assert go.wait(PATIENCE)
        return real(*args)

    monkeypatch.setenv("GLASSGRAD_CACHE", "off")
    monkeypatch.setattr(machine, "_object_code", slow_code)
    program = compile(lambda x: x * 7.0 - 1.0, backend="llvm")
    thread = interrupt_when(begun.is_set)
    with pytest.raises(KeyboardInterrupt):
        program(np.ones(2))
    thread.join(PATIENCE)
    assert "compiled in" not in program.explain()
    go.set()
    assert program(np.ones(2)).tolist() == [6.0, 6.0]
