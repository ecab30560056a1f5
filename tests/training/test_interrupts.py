"""Ctrl-C: stops, keeps what was learnt, never half a step."""

import signal
import threading

import numpy as np
import pytest

from autograd import Parameter
from autograd.optim import SGD
from autograd.training import fit
from autograd.training.callbacks import Interrupts

X, Y = np.array([1.0, 2.0, 3.0, 4.0]), np.array([2.0, 4.0, 6.0, 8.0])


class Line:
    def __init__(self):
        self.w = Parameter(0.0, "w")
        self.calls = 0
        self.interrupt_at = None

    def parameters(self):
        return [self.w]

    def __call__(self, x):
        self.calls += 1
        if self.calls == self.interrupt_at:
            raise KeyboardInterrupt
        return self.w * x


def run(model, **options):
    arguments = {"loss": "mse", "optimizer": SGD([model.w], lr=0.01), "epochs": 5, "batch_size": 2, "progress": False}
    arguments["mode"] = "eager"  # the model counts its calls
    return fit(model, X, Y, **{**arguments, **options})


def test_from_a_callback_between_epochs(capsys):
    def interrupt(state):
        if state.epoch == 1:
            raise KeyboardInterrupt

    model, whole = Line(), Line()
    history = run(model, callbacks=[interrupt])
    run(whole, epochs=2)
    assert (history.interrupted, history.stop_reason, history.epochs, history.steps) == (True, "interrupted", 2, 4)
    assert model.w.data == whole.w.data
    assert capsys.readouterr().err == "interrupted in epoch 1: kept what was learnt in 4 steps\n"


def test_from_inside_the_model_the_last_finished_step_stands(capsys):
    model, shorter = Line(), Line()
    # One call tries the model out; then 4 samples an epoch. The 9th is in the middle of the first batch of epoch 1.
    model.interrupt_at = 1 + 4 + 2
    history = run(model)
    run(shorter, epochs=1)
    assert (history.interrupted, history.epochs, history.steps, history.samples_seen) == (True, 1, 2, 4)
    assert len(history["loss"]) == 1
    assert model.w.data == shorter.w.data
    assert model.w.grad == 0.0
    assert "interrupted in epoch 1: kept what was learnt in 2 steps" in capsys.readouterr().err


def test_before_training_it_is_a_plain_interrupt():
    model = Line()
    model.interrupt_at = 1
    with pytest.raises(KeyboardInterrupt):
        run(model)
    assert model.w.data == 0.0


def test_with_patience_the_best_epoch_comes_back(capsys):
    track = []

    def interrupt(state):
        track.append(model.w.data)
        if state.epoch == 3:
            raise KeyboardInterrupt

    model = Line()
    history = run(model, optimizer=SGD([model.w], lr=0.35), patience=9, callbacks=[interrupt])  # too large: diverges
    assert history.best_epoch == 0
    assert model.w.data == track[0]
    assert "kept what was learnt in 8 steps, the best epoch" in capsys.readouterr().err


class Interrupting(SGD):
    """Moves half way, then Ctrl-C arrives; by the signal, or by an exception from inside."""

    by_signal = True

    def step(self):
        self.params[0].data += 1000.0
        if self.by_signal:
            signal.raise_signal(signal.SIGINT)
        else:
            raise KeyboardInterrupt
        self.params[0].data -= 1000.0
        super().step()


def test_a_signal_waits_until_the_step_is_finished():
    model, whole = Line(), Line()
    history = run(model, optimizer=Interrupting([model.w], lr=0.01))
    run(whole, epochs=1, batch_size=2, callbacks=[], optimizer=SGD([whole.w], lr=0.01))
    assert (history.interrupted, history.steps, history.epochs) == (True, 1, 0)
    first = np.random.default_rng(0).permutation(4)[:2]
    assert model.w.data == pytest.approx(0.01 * np.mean(2 * X[first] * Y[first]), rel=1e-12)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_exception_from_inside_a_step_undoes_it():
    model = Line()
    optimizer = Interrupting([model.w], lr=0.01)
    optimizer.by_signal = False
    history = run(model, optimizer=optimizer)
    assert (history.interrupted, history.steps, model.w.data) == (True, 0, 0.0)


def test_a_signal_outside_a_step_interrupts_at_once():
    with pytest.raises(KeyboardInterrupt), Interrupts():
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_another_handler_is_left_alone():
    seen = []
    before = signal.signal(signal.SIGINT, lambda number, frame: seen.append(number))
    try:
        with Interrupts() as interrupts, interrupts.held():
            signal.raise_signal(signal.SIGINT)
        assert seen == [signal.SIGINT]
    finally:
        signal.signal(signal.SIGINT, before)


def test_it_trains_in_another_thread_too():
    model, there = Line(), Line()
    thread = threading.Thread(target=run, args=(there,))
    thread.start()
    thread.join()
    run(model)
    assert there.w.data == model.w.data != 0.0


def test_epochs_that_are_run_in_one_piece_are_all_recorded(monkeypatch, capsys):
    pytest.importorskip("llvmlite", reason="llvmlite is not installed")
    from autograd.compiler.steps import Steps

    original, lengths = Steps.run, []

    def interrupted(self, order, firsts, counts):
        lengths.append(len(counts))
        if len(lengths) == 3:
            signal.raise_signal(signal.SIGINT)
        return original(self, order, firsts, counts)

    monkeypatch.setattr(Steps, "run", interrupted)
    model, whole = Line(), Line()
    history = run(model, epochs=100_000, mode="compiled")
    steps = sum(lengths)
    assert len(lengths) == 3
    assert (history.interrupted, history.epochs, history.steps) == (True, steps // 2, steps)
    assert len(history["loss"]) == history.epochs
    assert f"kept what was learnt in {steps} steps" in capsys.readouterr().err
    monkeypatch.undo()
    run(whole, epochs=steps // 2, mode="compiled")
    assert model.w.data == whole.w.data


def test_an_error_goes_before_a_signal_that_waits():
    def fail():
        with Interrupts() as interrupts, interrupts.held():
            signal.raise_signal(signal.SIGINT)
            raise ValueError("more to be said")

    with pytest.raises(ValueError, match="more to be said"):
        fail()
