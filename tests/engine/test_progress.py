"""Where a progress bar goes; the kernel that shows it is played by objects that record what they are told."""

import sys
from types import SimpleNamespace
from typing import Any

import pytest

from autograd.progress import progress_bar


class Screen:
    """`IPython.display` that keeps what it was told to show."""

    def __init__(self) -> None:
        self.shown: list[str] = []
        self.drawn_over: list[str] = []

    def display(self, content: dict[str, str], *, raw: bool, display_id: bool) -> Any:
        assert raw
        assert display_id
        self.shown.append(content["text/plain"])
        return SimpleNamespace(update=lambda content, raw: self.drawn_over.append(content["text/plain"]))


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    """A notebook."""
    screen = Screen()
    shell = SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    monkeypatch.setitem(sys.modules, "IPython.display", screen)
    return screen


def test_in_a_notebook_one_output_is_drawn_over(screen, capsys):
    assert list(progress_bar(range(3), desc="fit", mininterval=0)) == [0, 1, 2]
    assert len(screen.shown) == 1
    assert screen.shown[0].startswith("fit:   0%|")
    last = screen.drawn_over[-1]
    assert last.startswith("fit: 100%|██████████| 3/3 [")
    assert "\n" not in last
    assert "\r" not in last
    assert capsys.readouterr() == ("", "")


def test_a_bar_that_does_not_stay_leaves_nothing(screen):
    assert list(progress_bar("ab", leave=False)) == ["a", "b"]
    assert screen.drawn_over[-1] == ""


def test_two_bars_have_an_output_each(screen):
    for _ in progress_bar(range(2), desc="outer", mininterval=0):
        list(progress_bar(range(2), desc="inner", mininterval=0))
    assert [line.partition(":")[0] for line in screen.shown] == ["outer", "inner", "inner"]
    assert all(line.startswith(("outer:", "inner:")) for line in screen.drawn_over)


def test_a_silent_bar_shows_nothing(screen):
    list(progress_bar(range(3), disable=True))
    assert screen.shown == []


@pytest.mark.parametrize("shell", [None, SimpleNamespace()])
def test_in_a_terminal_it_is_on_stderr(shell, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    list(progress_bar(range(3), desc="fit"))
    out, err = capsys.readouterr()
    assert out == ""
    assert "3/3" in err
