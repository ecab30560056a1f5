"""Recording: what the modules of a model gave, by their paths."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..calls import public
from ..checks import real_number
from ..errors import TraceError
from ..scopes import current
from ..value import Value
from .hooks import Handle

if TYPE_CHECKING:
    from .module import Module


@public
class record(Mapping[str, Any]):  # noqa: N801 (it is called like a function)
    """Keeps what each module of a model gives, by its path; "" is the model's own.

    In ``with record(model) as seen`` every call counts: ``seen["layers.0"]`` is what that module gave at its last call
    (a Value, or a list of them), ``seen.calls("layers.0")`` what it gave at each one, ``seen.array("layers.0")`` the
    numbers of these. Compiled, for the samples of a batch, `batch` gives arrays.

    A module that two others hold stands under its first path. Modules without a call have no entry.

    Args:
        model: a module.

    Raises:
        TypeError: it is none.

    >>> from autograd import nn
    >>> model = nn.Sequential(nn.Linear(1, 2, init=[[1.0], [-2.0]]), nn.ReLU())
    >>> with record(model) as seen: _ = model([1.0]), model([3.0])
    >>> seen["1"][0].data, seen.array("0").tolist(), [*seen]
    (3.0, [[1.0, -2.0], [3.0, -6.0]], ['0.neurons.0', '0.neurons.1', '0', '1', ''])
    >>> record(model).batch(np.array([[1.0], [3.0]]))["1"].tolist()
    [[1.0, 0.0], [3.0, 0.0]]
    """

    def __init__(self, model: Module) -> None:
        if not hasattr(model, "named_modules"):
            raise TypeError(f"record takes a module, got {type(model).__name__}: {model!r}")
        self.model = model
        self._calls: dict[str, list[Any]] = {}
        self._handles: list[Handle] = []

    def __enter__(self) -> record:
        if self._handles:
            raise ValueError("this record is at work already; make another one: with record(model) as ...")
        self._calls.clear()
        self._attach(self._calls, in_trace=False)
        return self

    def __exit__(self, *_: object) -> None:
        self._detach()

    def _attach(self, calls: dict[str, list[Any]], in_trace: bool) -> None:
        for path, module in self.model.named_modules():
            self._handles.append(module.register_forward_hook(partial(_keep, calls, path, in_trace)))

    def _detach(self) -> None:
        while self._handles:
            self._handles.pop().remove()

    # What was seen

    def calls(self, path: str) -> list[Any]:
        """What a module gave at each call, in their order."""
        return list(self._found(path))

    def array(self, path: str) -> NDArray[np.float64]:
        """The numbers of all calls, shape (calls,), or (calls, outputs) where the module gives a list."""
        return np.array([numbers_of(output, "an activation") for output in self._found(path)])

    @public
    def __getitem__(self, path: str) -> Any:
        return self._found(path)[-1]

    def __iter__(self) -> Iterator[str]:
        return iter(self._calls)

    def __len__(self) -> int:
        return len(self._calls)

    def __repr__(self) -> str:
        total = sum(map(len, self._calls.values()))
        return f"<record of {type(self.model).__name__}: {len(self)} modules, {total} calls>"

    def _found(self, path: str) -> list[Any]:
        if path in self._calls:
            return self._calls[path]
        known = ", ".join(map(repr, self._calls)) or "nothing: call the model inside of `with record(model) as seen`"
        raise KeyError(f"no call of {path!r} was recorded; there is {known}")

    # Compiled

    @public
    def batch(self, X: Any, backend: Literal["auto", "numpy", "llvm"] = "auto") -> dict[str, NDArray[np.float64]]:
        """What each module gives for the samples of a batch, computed by a compiled program.

        Args:
            X: the samples, shape (batch, k), or (batch,) for a model of one number.
            backend: as `compile` has it.

        Returns:
            Arrays by path, of shape (batch,), or (batch, outputs) where the module gives a list; of a module that is
            called more than once for a sample the last call. What is the same for all samples is repeated.

        Raises:
            TraceError: the model can't be compiled.
            TypeError: a module gives something else than a number or a list of numbers.
        """
        from ..compiler.program import Program  # here: whoever compiles nothing needn't wait for it

        calls: dict[str, list[Any]] = {}
        columns: dict[str, Any] = {}
        model = self.model

        def activations(x: Any) -> list[Any]:
            calls.clear()
            model(x)
            found: list[Any] = []
            for path, outputs in calls.items():
                columns[path] = _columns(outputs[-1], found)
            return found

        self._attach(calls, in_trace=True)
        try:
            results = Program(activations, backend)(X)
        finally:
            self._detach()
        return {path: _picked(results, each) for path, each in columns.items()}


def _columns(output: Any, found: list[Any]) -> Any:
    """Where in a list an output stands: its place, or a list of places; the number itself where it is a constant."""
    if isinstance(output, list | tuple):
        return [_columns(each, found) for each in output]
    tracer = current().trace
    number = tracer.graph.numbers.get(tracer.operand(output))
    if number is not None:
        return float(number)
    found.append(output)
    return len(found) - 1


def _picked(results: NDArray[np.float64], columns: Any) -> NDArray[np.float64]:
    if isinstance(columns, list):
        return np.stack([_picked(results, each) for each in columns], axis=1)
    return results[:, columns].copy() if isinstance(columns, int) else np.full(len(results), columns)


def _keep(calls: dict[str, list[Any]], path: str, in_trace: bool, _module: Any, _inputs: Any, output: Any) -> Any:
    """The hook of a record: keeps the output, and passes it on."""
    if current().trace is not None and not in_trace:
        raise TraceError(
            "inside of `with nn.record(model)` a compiled program can't run the model: it would be seen once, when "
            "it is traced, and never again; write nn.record(model).batch(X)"
        )
    calls.setdefault(path, []).append(output)
    return output


def numbers_of(output: Any, what: str) -> Any:
    """The numbers of a Value, or of nested lists of them.

    >>> numbers_of([Value(1.0), 2.0], "a prediction")
    [1.0, 2.0]
    """
    if isinstance(output, list | tuple):
        return [numbers_of(each, what) for each in output]
    return output.data if isinstance(output, Value) else real_number(output, what)
