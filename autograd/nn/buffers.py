"""Buffers: numbers of a module's state that are no parameters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..checks import real_array
from ..errors import ShapeError
from .walking import Walking, join


class Buffered(Walking):
    """What a `Module` can do with buffers."""

    __slots__ = ()

    def register_buffer(self, name: str, array: Any) -> None:
        """Keep numbers that belong to the state but are no parameters, such as running statistics.

        They are the attribute ``name``, a float64 array of a shape that stays: assigning to it writes into it. They are
        in `state_dict`, copies and pickles, and `fit` puts them back with the best parameters.

        Args:
            name: of the attribute; a new one.
            array: real numbers of any shape; copied.

        Raises:
            TypeError, ValueError: it is no name, or it is taken; the numbers aren't real numbers.

        >>> from autograd import nn
        >>> module = nn.Module(); module.register_buffer("seen", [0.0, 0.0]); module.seen[0] += 1; module.state_dict()
        {'seen': array([1., 0.])}
        """
        if not isinstance(name, str) or not name.isidentifier():
            raise TypeError(f"a buffer is an attribute, so its name is a word like 'running_mean', got {name!r}")
        if hasattr(self, name):
            raise ValueError(f"{self!r} has an attribute {name!r} already; give the buffer another name")
        setattr(self, name, real_array(array, f"the buffer {name!r}").copy())
        self._own.buffers |= {name}

    def has_buffer(self, name: str) -> bool:
        """Whether `register_buffer` has made this attribute.

        >>> from autograd import nn
        >>> nn.Module().has_buffer("seen")
        False
        """
        return name in self._own.buffers

    def named_buffers(self) -> Iterator[tuple[str, NDArray[np.float64]]]:
        """(name, array) for each buffer here and below, the arrays themselves; one of a shared module once.

        >>> from autograd import nn
        >>> [name for name, _ in nn.Sequential(nn.BatchNorm(2)).named_buffers()]
        ['0.running_mean', '0.running_var', '0.num_batches_tracked']
        """
        for path, module in self.named_modules():
            for name, value in vars(module).items():
                if name in module._own.buffers:
                    yield join(path, name), value

    def buffers(self) -> list[NDArray[np.float64]]:
        """All buffers, each once.

        >>> from autograd import nn
        >>> nn.BatchNorm(2).buffers()
        [array([0., 0.]), array([1., 1.]), array(0.)]
        """
        return [buffer for _, buffer in self.named_buffers()]


def overwrite(buffer: NDArray[np.float64], array: Any, name: str) -> None:
    """Write numbers of the same shape into a buffer.

    >>> seen = np.zeros(2); overwrite(seen, [1, 2], "seen"); seen
    array([1., 2.])
    """
    numbers = real_array(array, f"the buffer {name!r}")
    if numbers.shape != buffer.shape:
        raise ShapeError(
            f"the buffer {name!r} has the shape {buffer.shape}, got {numbers.shape}; a buffer keeps its shape: delete "
            f"and register it anew for another one"
        )
    buffer[...] = numbers
