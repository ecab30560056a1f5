"""The optimizer: a rule, the parameters it moves, and what it remembers of them."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from ..calls import answer_calls, warn
from ..checks import count, real_array
from ..cures import OPTIMIZERS, Answering, answer_absent
from ..parameter_list import ParameterList
from .parameters import Parameters, parameter_list
from .rule import Formula, Rule, number
from .stepping import offers

_MADE_ANEW = (
    *("span", "zero_grad", "state", "_rule", "_values", "_order", "_watched", "_known", "_told"),
    *("_runs", "_puts", "_is_filled", "_bound_state", "_seen", "_is_made"),
)
"""Attributes that a copy makes of the others."""


if TYPE_CHECKING:

    class Taken:
        """The type of ``params``: taken as `Parameters`, read as a list."""

        def __get__(self, optimizer: object, kind: object) -> ParameterList: ...

        def __set__(self, optimizer: object, given: Parameters) -> None: ...


class Optimizer(Formula, Answering):
    """Moves parameters by a formula, on the flat arrays of their store. Pickles with its parameters.

    One of your own is a class with hyperparameters as fields, each `number` or a flag, and the formula ``update``;
    where it keeps arrays, ``initial_state`` names them. `Formula` says more.

    Attributes:
        params: the parameters, in order.
        span: the same in the order in which they lie in memory.
        t: steps made so far.
        state: the formula's arrays by name, each (n,) in the order of ``span`` (those that `state_dict` gives are in
            the order of ``params``). They are changed in place; others come by `load_state_dict`.
        initial_lr: the rate that schedules multiply: what ``lr`` was last set to by hand.

    Args:
        params: Parameters, or a module.
        lr: learning rate, at least 0.
        maximize: go up instead of down.

    Raises:
        ValueError: there are no parameters, one is listed twice, or a hyperparameter lies outside its interval.
        TypeError: something else is among them, or a hyperparameter is of another type.

    >>> from autograd import Parameter; from autograd.optim import Interval, number
    >>> class Lion(Optimizer):
    ...     betas: tuple[float, float] = number((0.9, 0.99), Interval(0, 1))
    ...     initial_state = {"exp_avg": 0.0}
    ...     def update(self, xp, p, g, s, h):
    ...         (a, b), v = self.betas, s["exp_avg"]
    ...         c = a * v + (1 - a) * g
    ...         return xp.where(c > 0, p - h["lr"], p + h["lr"]), {"exp_avg": b * v + (1 - b) * g}
    >>> w = Parameter(1.0, label="w"); (3 * w).backward(); opt = Lion([w], lr=0.25)
    >>> opt.step(); w.data, opt
    (0.75, Lion(1 parameter, lr=0.25, maximize=False, betas=(0.9, 0.99), t=1))
    """

    _is_made = False

    params: Taken
    lr: float = number(1e-3)
    maximize: bool = field(default=False, kw_only=True)

    def __init_subclass__(cls) -> None:
        own = set(vars(cls))
        super().__init_subclass__()
        if "__init__" not in own:  # what it takes; the field says what there is to read
            cls.__init__.__annotations__["params"] = "Parameters"
            answer_calls(cls)

    def __post_init__(self) -> None:
        self.check()
        self._rule = Rule.of(self)
        self.params = parameter_list(self.params, type(self).__name__)
        self.t = 0
        self.initial_lr = self.lr
        self._begin({name: np.full(len(self.params), start) for name, start in self.initial_state.items()})

    def _begin(self, state: dict[str, NDArray[np.float64]]) -> None:
        """Go on from these arrays, which are in the order of the list."""
        self.span = self.params.span
        if type(self).zero_grad is Optimizer.zero_grad:
            self.zero_grad = self.span.zero_grad  # type: ignore[method-assign]
        self._order = self.span.positions(self.params.slots())
        arrays = {name: np.empty_like(array) for name, array in state.items()}
        for name, array in state.items():
            arrays[name][self._order] = array
        self.state: Mapping[str, NDArray[np.float64]] = MappingProxyType(arrays)
        owner = self.params.owner
        self._watched: Any = None if owner is None else owner._own
        self._known: Any = self.params.parts
        self._told: weakref.ref[Any] | None = None
        self._runs: list[Callable[[], object]] = []
        self._puts: list[Callable[[Iterable[float]], object]] = []
        self._is_filled = False
        self._bound_state: Any = None
        self._seen = -1
        self._is_made = True

    @property
    def rule(self) -> Rule:
        """The formula with its constants."""
        return self._rule

    def change(self, name: str, value: Any) -> None:
        """Set a hyperparameter by hand: a rate is the one that schedules go on from, all else makes another rule.

        Raises:
            ValueError: it doesn't fit the others, or the arrays that there are. Nothing is changed then.
        """
        if not self._is_made:
            super().change(name, value)
        elif name == "lr":
            self._values["lr"] = self.initial_lr = value
            self._is_filled = False
        else:
            other = self._with({name: value})
            if list(other.initial_state) != list(self.state):
                raise ValueError(
                    f"{type(self).__name__}: with {name}={value!r} it would keep the arrays "
                    f"{list(other.initial_state)}, not {list(self.state)}; make the optimizer anew"
                )
            self._values, self._rule, self._seen = other._values, Rule.of(other), -1

    def _with(self, hyperparameters: Mapping[str, Any]) -> Self:
        """The same formula with some other hyperparameters, without parameters."""
        other = self.__new__(type(self))
        other._values.update(self._values)
        for name, value in hyperparameters.items():
            setattr(other, name, value)
        other.check()
        return other

    def scale_lr(self, factor: float) -> None:
        """Set ``lr`` to ``factor * initial_lr``, which is how schedules do it."""
        lr = factor * self.initial_lr
        if lr != self.lr:
            self._values["lr"], self._is_filled = self._rate(lr), False

    def _rate(self, lr: Any) -> float:
        """A rate, if it is one that may be."""
        declared: Any = type(self).lr
        return declared.checked(lr, f"{type(self).__name__}: lr")  # type: ignore[no-any-return]

    def step(self) -> None:
        """Make one step with the gradients that the parameters have now."""
        if self._watched is not None and self._watched.parts is not self._known:
            self.look_for_more()
        if self._seen != offers.version or self.state is not self._bound_state:
            self._bind()
        t = self.t + 1
        if not self._is_filled:
            self._fill(t)
        for run in self._runs:
            run()
        self.t = t

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Set the gradient of every parameter to 0; ``set_to_none`` is PyTorch's, and both are the same here."""
        self.span.zero_grad(set_to_none)  # which takes the place of this method, see `_begin`: a call less

    def look_for_more(self) -> None:
        """Warn, once, of parameters that the model has got since this was made."""
        if self._watched is None or self._watched.parts is self._known:
            return
        owner = self.params.owner
        if owner is None:
            self._watched = None
            return
        self._known = owner._parts()
        self._told = weakref.ref(owner)
        self._warn_of_lack(owner, is_older=True)

    def compare_with(self, model: Any) -> None:
        """Warn, once, of parameters of a module that this lacks."""
        if self._told is None or self._told() is not model:
            self._told = weakref.ref(model)
            self._warn_of_lack(model, is_older=False)

    def _warn_of_lack(self, model: Any, is_older: bool) -> None:
        """Frozen parameters don't count. ``is_older`` says that it had all of them when it was made."""
        if all(map(self.span.covers, model.parameters().span.places)):
            return
        more = [name for name, p in model.named_parameters() if p.requires_grad and p not in self.params]
        who, shown = type(self).__name__, ", ".join(more[:3]) + (", ..." if len(more) > 3 else "")
        if more:
            warn(
                f"{who} was made before the model had {len(more)} of its parameters ({shown}), and doesn't train them; "
                f"make the optimizer anew when the model is complete"
                if is_older
                else f"{who} lacks {len(more)} of the model's parameters ({shown}), and doesn't train them; where that "
                f"isn't meant, make it of all, {who}(model.parameters(), ...)"
            )

    def state_dict(self) -> dict[str, Any]:
        """All but the parameters: formula's name, ``t``, ``initial_lr``, hyperparameters, copies of the state."""
        counts = {"rule": self.formula, "t": self.t, "initial_lr": self.initial_lr}
        return {**counts, **self.hyperparameters, **self._listed_state()}

    def load_state_dict(self, saved: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave: the next steps are those that the saved one would have made.

        Raises:
            ValueError, TypeError: names, shapes or numbers don't fit. Nothing is changed then.
        """
        where = f"{type(self).__name__}.load_state_dict"
        if not isinstance(saved, Mapping):
            raise TypeError(f"{where}: a state is a mapping, as state_dict() gives it, got {saved!r}")
        names = ["rule", "t", "initial_lr", *self.hyperparameters]
        if str(saved.get("rule")) != self.formula:
            raise ValueError(
                f"{where}: this is the state of {str(saved.get('rule'))!r}, not of {self.formula!r}; "
                "load what state_dict() of the same kind of optimizer gave"
            )
        _check_names(where, names, [name for name in saved if name in names])
        other = self._with({name: _plain(saved[name]) for name in self.hyperparameters})
        _check_names(where, [*names, *other.initial_state], list(saved))
        initial_lr = self._rate(_plain(saved["initial_lr"]))
        t = step_count(saved["t"], f"{where}: t")
        state = {name: self._array(saved[name], f"{where}: {name}") for name in other.initial_state}
        self._values, self._rule, self.t, self.initial_lr = other._values, Rule.of(other), t, initial_lr
        self._begin(state)

    def _listed_state(self) -> dict[str, NDArray[np.float64]]:
        """Copies of the formula's arrays, in the order of the list."""
        return {name: array[self._order] for name, array in self.state.items()}

    def _array(self, given: object, where: str) -> NDArray[np.float64]:
        array = real_array(given, where)
        if array.shape != (len(self.params),):
            raise ValueError(
                f"{where} must have shape ({len(self.params)},), one number a parameter, got {array.shape}; "
                "load it into an optimizer over the same parameters"
            )
        return array

    def _bind(self) -> None:
        """Point the step at the numbers: a step for each run of parameters that lie side by side and aren't frozen."""
        self.refuse_frozen()
        self._seen, self._bound_state = offers.version, self.state
        steps = []
        for place, at, is_frozen in self.span.pieces():
            if not is_frozen:
                states = tuple(array[at : at + place.end - place.begin] for array in self.state.values())
                steps.append(offers.step(self._rule, place, states))
        self._puts, self._runs = [step.fill for step in steps], [step.run for step in steps]
        self._is_filled = False
        runs = [(store, slice(begin, end)) for store, begin, end in self.span.places]
        # Looked at here, where it costs later steps nothing.
        if self.t == 0 and not any(store.reached[run].any() or store.grad[run].any() for store, run in runs):
            warn(
                f"{type(self).__name__}: step() before any backward, no parameter has a gradient. Call zero_grad(), "
                f"then loss.backward() (or program.backward(X, Y)), then step()"
            )

    def refuse_frozen(self) -> None:
        """A ValueError where nothing is left to train."""
        if self.span.count_frozen() == self.span.size:
            raise ValueError(
                f"{type(self).__name__}: all of its parameters are frozen (requires_grad = False), so there is nothing "
                f"to train; unfreeze some: module.requires_grad_(True), or p.requires_grad = True"
            )

    def _fill(self, t: int) -> None:
        """Hand the numbers of step ``t`` to the step, for good if they don't change: that saves 0.3 of 0.9 µs."""
        numbers = self.scalars(t).values()
        for put in self._puts:
            put(numbers)
        self._is_filled = self.is_steady

    def __getstate__(self) -> dict[str, Any]:
        kept = {name: x for name, x in vars(self).items() if name not in _MADE_ANEW}
        # In the order of the list: where the parameters of a copy lie isn't known.
        return {**kept, "_values": self.hyperparameters, "state": self._listed_state()}

    def __setstate__(self, kept: dict[str, Any]) -> None:
        vars(self).update(kept)
        self._rule = Rule.of(self)
        self._begin(kept["state"])

    def __repr__(self) -> str:
        options = ", ".join(f"{name}={x!r}" for name, x in self.hyperparameters.items())
        return f"{type(self).__name__}({count(len(self.params), 'parameter')}, {options}, t={self.t})"


def step_count(given: object, name: str, least: int = 0) -> int:
    """``given`` as a count of steps.

    Raises:
        ValueError: it isn't a whole number of at least ``least``.
    """
    n = _plain(given)
    if isinstance(n, bool) or not isinstance(n, int) or n < least:
        raise ValueError(f"{name} must be a whole number of steps, at least {least}, got {n!r}")
    return n


def _plain(x: Any) -> Any:
    """A number that went through a NumPy file as Python has it."""
    return x.tolist() if isinstance(x, np.ndarray | np.generic) else x


def _check_names(where: str, wanted: list[str], given: list[str]) -> None:
    missing = [name for name in wanted if name not in given]
    unexpected = [name for name in given if name not in wanted]
    if missing or unexpected:
        raise ValueError(f"{where}: missing {missing}, unexpected {unexpected}; load what state_dict() gave, unchanged")


answer_absent(Optimizer, "an optimizer", OPTIMIZERS)
