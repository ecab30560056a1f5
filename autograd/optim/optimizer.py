"""The optimizer: a rule, the parameters it moves, and what it remembers of them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, fields, replace
from types import MappingProxyType
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..checks import real_array
from ..parameter import Parameter
from ..parameter_array import ParameterArray
from ..parameter_list import Flat, ParameterList, Part, Some
from ..value import Value
from .inplace import Step, bound_step
from .rule import Rule


class HasParameters(Protocol):
    """A module, or whatever lists its parameters."""

    def parameters(self) -> Iterable[Parameter]:
        """The parameters, each once."""


Parameters: TypeAlias = Iterable[Parameter] | HasParameters
"""What an optimizer takes: Parameters, or a module."""

_BOUND = (
    *("span", "zero_grad", "_order", "_watched", "_known"),
    *("_runs", "_puts", "_first", "_seen", "_bound_rule", "_bound_state", "_filled"),
)
"""Attributes that `Optimizer._begin` makes of the others."""
_CURE = "pass Parameters, as in model.parameters() or [Parameter(0.5)]"


class Optimizer:
    """Moves parameters by a `Rule`, on the flat arrays of their store. Pickles with its parameters.

    Attributes:
        params: the parameters, in order.
        span: the same in the order in which they lie in memory.
        rule: the formula with its constants; replaced when the rate changes.
        t: steps made so far.
        state: the rule's arrays by name, each (n,) in the order of ``span`` (those that `state_dict` gives are in the
            order of ``params``). They are changed in place; others come by `load_state_dict`.
        initial_lr: the rate that schedules multiply: what ``lr`` was last set to by hand.

    Args:
        params: Parameters, or a module.
        rule: the update rule.

    Raises:
        ValueError: there are no parameters, or one is listed twice.
        TypeError: something else is among them.

    >>> from autograd.optim import Adam
    >>> w = Parameter(1.0, label="w"); opt = Adam([w]); (3 * w).backward()
    >>> opt.step(); opt.t, opt.state["exp_avg"].round(12)
    (1, array([0.3]))
    """

    def __init__(self, params: Parameters, rule: Rule) -> None:
        self.params = parameter_list(params, type(self).__name__)
        self.rule = rule
        self.t = 0
        self.initial_lr = rule.lr
        self._begin({name: np.full(len(self.params), start) for name, start in rule.state.items()})

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
        self._unbind()

    @property
    def lr(self) -> float:
        """The learning rate of the next step. Set by hand, it is also the one that schedules go on from."""
        return self.rule.lr

    @lr.setter
    def lr(self, lr: float) -> None:
        self.rule = self.rule.with_lr(lr)
        self.initial_lr = self.rule.lr

    def scale_lr(self, factor: float) -> None:
        """Set ``lr`` to ``factor * initial_lr``, which is how schedules do it."""
        lr = factor * self.initial_lr
        if lr != self.rule.lr:
            self.rule = self.rule.with_lr(lr)

    def step(self) -> None:
        """Make one step with the gradients that the parameters have now."""
        if self._watched is not None and self._watched.parts is not self._known:
            self.look_for_more()
        if self._seen != len(self._first.accelerated) or self.state is not self._bound_state:
            self._bind()
        t = self.t + 1
        if self.rule is not self._filled:
            self._fill(t)
        for run in self._runs:
            run()
        self.t = t

    def zero_grad(self) -> None:
        """Set the gradient of every parameter to 0."""
        self.span.zero_grad()  # which takes the place of this method, see `_begin`: a call less

    def look_for_more(self) -> None:
        """Warn, once, of parameters that the model has got since this was made."""
        if self._watched is None or self._watched.parts is self._known:
            return
        owner = self.params.owner
        if owner is None:
            self._watched = None
            return
        self._known = owner._parts()
        if all(map(self.span.covers, owner.parameters().span.places)):
            return
        more = [name for name, p in owner.named_parameters() if p not in self.params]
        if more:
            shown = ", ".join(more[:3]) + (", ..." if len(more) > 3 else "")
            warnings.warn(
                f"{type(self).__name__} was made before the model had {len(more)} of its parameters ({shown}), and "
                f"doesn't train them; make the optimizer anew when the model is complete",
                stacklevel=3,
            )

    def state_dict(self) -> dict[str, Any]:
        """All but the parameters: rule's name, ``t``, ``initial_lr``, hyperparameters, copies of the state."""
        arrays = self._listed_state()
        counts = {"rule": self.rule.name, "t": self.t, "initial_lr": self.initial_lr}
        return {**counts, **asdict(self.rule), **arrays}

    def load_state_dict(self, saved: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave: the next steps are those that the saved one would have made.

        Raises:
            ValueError, TypeError: names, shapes or numbers don't fit. Nothing is changed then.
        """
        where = f"{type(self).__name__}.load_state_dict"
        if not isinstance(saved, Mapping):
            raise TypeError(f"{where}: a state is a mapping, as state_dict() gives it, got {saved!r}")
        hyper = [each.name for each in fields(self.rule)]
        names = ["rule", "t", "initial_lr", *hyper]
        if str(saved.get("rule")) != self.rule.name:
            raise ValueError(
                f"{where}: this is the state of {str(saved.get('rule'))!r}, not of {self.rule.name!r}; "
                "load what state_dict() of the same kind of optimizer gave"
            )
        _check_names(where, names, [name for name in saved if name in names])
        rule = replace(self.rule, **{name: _plain(saved[name]) for name in hyper})
        _check_names(where, [*names, *rule.state], list(saved))
        initial_lr = replace(rule, lr=_plain(saved["initial_lr"])).lr
        t = steps_made(_plain(saved["t"]), where)
        state = {name: self._array(saved[name], f"{where}: {name}") for name in rule.state}
        self.rule, self.t, self.initial_lr = rule, t, initial_lr
        self._begin(state)

    def _listed_state(self) -> dict[str, NDArray[np.float64]]:
        """Copies of the rule's arrays, in the order of the list."""
        return {name: array[self._order] for name, array in self.state.items()}

    def _array(self, given: object, where: str) -> NDArray[np.float64]:
        array = real_array(given, where)
        if array.shape != (len(self.params),):
            raise ValueError(
                f"{where} must have shape ({len(self.params)},), one number a parameter, got {array.shape}; "
                "load it into an optimizer over the same parameters"
            )
        return array

    def _unbind(self) -> None:
        self._runs: list[Callable[[], object]] = []
        self._puts: list[Callable[[Iterable[float]], object]] = []
        self._first = self.span.places[0].store
        self._seen = -1
        self._bound_rule: Rule | None = None
        self._bound_state: Any = None
        self._filled: Rule | None = None

    def _bind(self) -> None:
        """Point the step at the numbers: a step for each run of parameters that lie side by side."""
        self._seen = len(self._first.accelerated)
        self._bound_rule, self._bound_state = self.rule, self.state
        steps, done = [], 0
        for store, begin, end in self.span.places:
            states = tuple(array[done : done + end - begin] for array in self.state.values())
            makers = (make for first, last, make in store.accelerated if first <= begin < last)
            make: Callable[..., Step] = next(makers, bound_step)
            steps.append(make(self.rule, store.data[begin:end], store.grad[begin:end], states))
            done += end - begin
        self._puts, self._runs = [step.fill for step in steps], [step.run for step in steps]
        self._filled = None

    def _fill(self, t: int) -> None:
        """Hand the numbers of step ``t`` to the step, for good if they don't change: that saves 0.3 of 0.9 µs."""
        rule = self.rule
        if rule is not self._bound_rule:
            if not rule.differs_in_rate_only(self._bound_rule):
                self._bind()  # all else is a constant of the step
            self._bound_rule = rule
        for put in self._puts:
            put(rule.scalars(t).values())
        self._filled = rule if rule.is_steady else None

    def __getstate__(self) -> dict[str, Any]:
        kept = {name: x for name, x in vars(self).items() if name not in _BOUND}
        # In the order of the list: where the parameters of a copy lie isn't known.
        return {**kept, "state": self._listed_state()}

    def __setstate__(self, kept: dict[str, Any]) -> None:
        vars(self).update(kept)
        self._begin(kept["state"])

    def __repr__(self) -> str:
        count = len(self.params)
        options = ", ".join(f"{name}={x!r}" for name, x in asdict(self.rule).items())
        return f"{type(self).__name__}({count} parameter{'s' * (count != 1)}, {options}, t={self.t})"


def parameter_list(params: Parameters, who: str) -> ParameterList:
    """The parameters as a list that knows their arrays: at least one, nothing else, none twice.

    ``who`` begins the messages.
    """
    found = params if isinstance(params, ParameterList) else _found(params, who)
    if not len(found):
        why = _values_in(params) or " (an iterator can be read only once)"
        raise ValueError(f"{who}: there are no parameters{why}; {_CURE}")
    if found.span.size < len(found):
        _refuse_repetition(found, who)
    return found


def _found(params: Parameters, who: str) -> ParameterList:
    listed = getattr(params, "parameters", None)
    source = listed() if callable(listed) else params
    if isinstance(source, Parameter | set | frozenset) or not isinstance(source, Iterable):
        raise TypeError(f"{who}: params is a {type(source).__name__}, not a list in a fixed order; {_CURE}")
    return source if isinstance(source, ParameterList) else _listed(source, who)


def _values_in(module: Any) -> str:
    """In words, the plain Values that a module holds: whoever wrote them meant parameters."""
    for each in module.modules() if hasattr(module, "modules") else ():
        for name, value in vars(each).items():
            waiting = [value]
            for item in waiting:
                if isinstance(item, list | tuple | dict):
                    waiting += item.values() if isinstance(item, dict) else item
                elif isinstance(item, Value) and not isinstance(item, Parameter):
                    return f": {name} of {type(each).__name__} holds Values, which are no Parameters"
    return ""


def _listed(source: Iterable[Any], who: str) -> ParameterList:
    """Parameters and arrays of them one after the other."""
    parts: list[Part] = []
    if isinstance(source, ParameterArray):
        return ParameterList([Flat(source)])
    for i, p in enumerate(source):
        if isinstance(p, ParameterArray):
            parts.append(Flat(p))
        elif not isinstance(p, Parameter):
            cure = f"{_CURE}{'; a Value becomes one as Parameter(v.data)' if isinstance(p, Value) else ''}"
            raise TypeError(f"{who}: params[{i}] is a {type(p).__name__}, not a Parameter: {p!r}; {cure}")
        elif parts and isinstance(parts[-1], Some):
            parts[-1].append(p)
        else:
            parts.append(Some([p]))
    return ParameterList(parts)


def _refuse_repetition(found: ParameterList, who: str) -> None:
    seen: dict[Parameter, int] = {}
    for i, p in enumerate(found):
        if p in seen:
            label = f" {p.label!r}" if p.label else ""
            raise ValueError(
                f"{who}: the parameter{label} is listed twice, as params[{seen[p]}] and params[{i}]; "
                "list it once, as model.parameters() does"
            )
        seen[p] = i


def steps_made(t: object, where: str) -> int:
    """``t`` as a count of steps.

    Raises:
        ValueError: it isn't a whole number of at least 0.
    """
    if isinstance(t, bool) or not isinstance(t, int | np.integer) or t < 0:
        raise ValueError(f"{where}: t must be a whole number of steps, at least 0, got {t!r}")
    return int(t)


def _plain(x: Any) -> Any:
    """A number that went through a NumPy file as Python has it."""
    return x.tolist() if isinstance(x, np.ndarray | np.generic) else x


def _check_names(where: str, wanted: list[str], given: list[str]) -> None:
    missing = [name for name in wanted if name not in given]
    unexpected = [name for name in given if name not in wanted]
    if missing or unexpected:
        raise ValueError(f"{where}: missing {missing}, unexpected {unexpected}; load what state_dict() gave, unchanged")
