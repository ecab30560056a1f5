"""What an optimizer may lack, said once: parameters of its model, gradients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..calls import warn

if TYPE_CHECKING:
    from .optimizer import Optimizer


def warn_of_lack(optimizer: Optimizer, model: Any, is_older: bool) -> None:
    """Warn of the parameters of a model that an optimizer doesn't have.

    Frozen ones don't count. ``is_older`` says that it had all of them when it was made.
    """
    if all(map(optimizer.span.covers, model.parameters().span.places)):
        return
    more = [name for name, p in model.named_parameters() if p.requires_grad and p not in optimizer.params]
    who, shown = type(optimizer).__name__, ", ".join(more[:3]) + (", ..." if len(more) > 3 else "")
    if more:
        warn(
            f"{who} was made before the model had {len(more)} of its parameters ({shown}), and doesn't train them; "
            f"make the optimizer anew when the model is complete"
            if is_older
            else f"{who} lacks {len(more)} of the model's parameters ({shown}), and doesn't train them; where that "
            f"isn't meant, make it of all, {who}(model.parameters(), ...)"
        )


def warn_of_no_gradient(optimizer: Optimizer) -> None:
    """Warn if no parameter has a gradient."""
    runs = [(store, slice(begin, end)) for store, begin, end in optimizer.span.places]
    if not any(store.reached[run].any() or store.grad[run].any() for store, run in runs):
        warn(
            f"{type(optimizer).__name__}: step() before any backward, no parameter has a gradient. Call zero_grad(), "
            f"then loss.backward() (or program.backward(X, Y)), then step()"
        )
