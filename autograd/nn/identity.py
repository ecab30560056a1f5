"""A layer that does nothing, for the place of one that does something."""

from __future__ import annotations

from typing import Any

from .module import Module


class Identity(Module):
    """Passes on what it gets. Arguments are taken and forgotten, so that it can stand in for any layer.

    >>> Identity()([1.0, 2.0]), Identity(54, bias=False)
    ([1.0, 2.0], Identity())
    """

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def forward(self, x: Any) -> Any:
        """``x`` itself."""
        return x
