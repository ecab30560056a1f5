"""Train and eval mode of a model, put back exactly."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def in_mode(model: Any, training: bool) -> Iterator[None]:
    """Inside, the model and all its modules are in train or eval mode; after it each is as it was.

    A model without ``train`` and ``eval`` (a plain function) is left alone.

    >>> from contextlib import nullcontext
    >>> with in_mode(abs, training=True): pass
    """
    switch = getattr(model, "train" if training else "eval", None)
    if not callable(switch):
        yield
        return
    before = [(module, module.training) for module in _modules(model)]
    if any(was != training for _, was in before):
        switch()
    try:
        yield
    finally:
        for module, was in before:
            if module.training != was:
                module.training = was


def _modules(model: Any) -> list[Any]:
    """The model and what is in it, as far as these have a mode."""
    listed = getattr(model, "modules", None)
    everything = listed() if callable(listed) else [model]
    return [module for module in everything if hasattr(module, "training")]
