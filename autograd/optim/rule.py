"""What an optimizer declares: hyperparameters and a formula, read by NumPy now and by a compiler later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from functools import cached_property
from inspect import get_annotations
from typing import Any, ClassVar, Self, TypeAlias, dataclass_transform

from ..intervals import Interval, as_number

Row: TypeAlias = Any
"""One array of a formula: a NumPy array, an LLVM vector; anything with + - * / and <, >."""

Functions: TypeAlias = Any
"""The namespace a formula takes its functions from: ``sqrt``, ``where`` and ``maximum``."""


Rows: TypeAlias = Mapping[str, Row]
"""Rows by name."""

Update: TypeAlias = tuple[Row, dict[str, Row]]
"""The new parameters, and the new state by name."""


def number(default: Any, allowed: Interval | None = None) -> Any:
    """A hyperparameter: a number, or a tuple of numbers, inside ``allowed`` (default: 0 to infinity)."""
    return field(default=default, metadata={"allowed": allowed or Interval()})


class Hyperparameter:
    """A field of a `Formula` where its class has it; reads and checks what it is set to."""

    def __init__(self, declared: Field[Any]) -> None:
        self.name, self.default = declared.name, declared.default
        self.allowed: Interval | None = declared.metadata.get("allowed")

    def __get__(self, formula: Formula | None, kind: object = None) -> Any:
        if formula is None:
            return self
        try:
            return formula._values[self.name]
        except KeyError:
            raise TypeError(
                f"a formula takes {self.name} from h[{self.name!r}]: it changes from step to step"
            ) from None

    def __set__(self, formula: Formula, given: object) -> None:
        formula.change(self.name, self.checked(given, f"{type(formula).__name__}: {self.name}"))

    def checked(self, given: object, where: str) -> Any:
        """A value as the declaration wants it: a flag, a float, or a tuple of floats."""
        default, allowed = self.default, self.allowed
        if allowed is None:
            if not isinstance(given, bool):
                raise TypeError(f"{where} must be True or False, got {given!r} of type {type(given).__name__}")
            return given
        if not isinstance(default, tuple):
            return as_number(given, where, allowed, default)
        if not isinstance(given, tuple | list) or len(given) != len(default):
            raise TypeError(f"{where} must be {len(default)} numbers, got {given!r}; the default is {default!r}")
        return tuple(as_number(x, f"{where}[{i}]", allowed, default[i]) for i, x in enumerate(given))


@dataclass_transform(eq_default=False, field_specifiers=(field,))
class Formula:
    """Hyperparameters, which are the fields of the class as in a dataclass, and what a step does with them.

    Every number array is elementwise, so one declaration serves arrays of any shape and any namespace that has
    ``+ - * /``, comparisons, and ``xp.sqrt``, ``xp.where``, ``xp.maximum``. `scalars` gives what changes from
    step to step; everything else is constant, and ``update`` may branch on it.
    """

    formula: ClassVar[str]
    """The name of the class that wrote ``update``: a subclass with other defaults has the same formula."""
    _values: dict[str, Any]
    """Those of the hyperparameters."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        own = get_annotations(cls)
        dataclass(eq=False, repr=False)(cls)
        for each in fields(cls):  # type: ignore[arg-type]
            if each.default is MISSING:  # no hyperparameter
                continue
            if not (each.metadata or isinstance(each.default, bool)):
                raise TypeError(
                    f"{cls.__name__}.{each.name}: a hyperparameter is number(...), True or False; for anything else "
                    f"write {each.name}: ClassVar[{each.type}]"
                )
            if each.name in own:
                setattr(cls, each.name, Hyperparameter(each))
            elif each.name in vars(cls):
                raise TypeError(f"{cls.__name__}.{each.name}: to change a default write {each.name}: {each.type} = ...")
        if "update" in vars(cls):
            cls.formula = cls.__name__

    def __new__(cls, *_: object, **__: object) -> Self:
        """Room for the hyperparameters; only `Rule` leaves it at that."""
        if cls.update is Formula.update:
            raise TypeError(
                f"{cls.__name__} has no formula: declare class Mine({cls.__name__}) with update(self, xp, p, g, s, h), "
                "and make it as Mine(params, lr=0.1)"
            )
        self = object.__new__(cls)
        self._values = {}
        return self

    def check(self) -> None:
        """Refuse hyperparameters that don't fit each other."""

    def change(self, name: str, value: Any) -> None:
        """Set a hyperparameter, which has been checked alone."""
        self._values[name] = value

    @property
    def hyperparameters(self) -> dict[str, Any]:
        """Those that it has now, in the order in which they are declared: a copy. Set the attributes of these names."""
        return dict(self._values)

    @property
    def initial_state(self) -> Mapping[str, float]:
        """The arrays kept for every parameter: name -> the number they start from."""
        return {}

    def scalars(self, t: int) -> dict[str, float]:  # noqa: ARG002 (most formulas need no count)
        """The numbers of step ``t`` (the first is 1) that all parameters share; the same names at every step.

        A formula finds the learning rate here, never in ``self.lr``, so that it can change.
        """
        return {"lr": self._values["lr"]}

    @property
    def is_steady(self) -> bool:
        """Whether `scalars` gives the same numbers at every step, so that nobody needs to ask again."""
        return type(self).scalars is Formula.scalars

    def update(self, xp: Functions, p: Row, g: Row, s: Rows, h: Rows) -> Update:
        """The formula. Nothing is changed: it returns the new parameters and the new state.

        Args:
            xp: the functions of the namespace it runs over.
            p: parameters.
            g: the gradients to go down; with ``maximize`` they are negated already.
            s: state arrays, by the names of `initial_state`.
            h: the numbers of this step, by the names of `scalars`.
        """
        raise NotImplementedError


@dataclass(frozen=True)
class Rule:
    """A formula with its constants, without parameters: what compiled code is made from and kept by.

    The learning rate is a number of each step and no part of it.
    """

    kind: type[Formula]
    constants: tuple[tuple[str, Any], ...]
    state: tuple[str, ...]
    """The names of the arrays."""
    scalars: tuple[str, ...]
    """The names of the numbers of a step."""

    @classmethod
    def of(cls, formula: Formula) -> Self:
        """That of an optimizer as it is now."""
        constants = tuple((name, x) for name, x in formula.hyperparameters.items() if name != "lr")
        return cls(type(formula), constants, tuple(formula.initial_state), tuple(formula.scalars(1)))

    @cached_property
    def _formula(self) -> Formula:
        formula = self.kind.__new__(self.kind)
        formula._values.update(self.constants)
        return formula

    @cached_property
    def _maximize(self) -> bool:
        return bool(dict(self.constants).get("maximize"))

    def update(self, xp: Functions, p: Row, g: Row, s: Rows, h: Rows) -> Update:
        """What the formula makes of its arguments, see `Formula.update`, with the gradients as they are.

        Raises:
            ValueError: the new state has other names than the old.
        """
        new, state = self._formula.update(xp, p, -g if self._maximize else g, s, h)
        if state.keys() != s.keys():
            raise ValueError(
                f"{self.kind.__name__}.update gives the state {sorted(state)}, but its initial_state names {sorted(s)}"
            )
        return new, state


def penalized(g: Row, p: Row, weight_decay: float) -> Row:
    """The gradient, plus that of ``weight_decay / 2 * p**2``."""
    return g + weight_decay * p if weight_decay else g


def lerp(start: Row, end: Row, weight: float) -> Row:
    """start + weight * (end - start), from the end that is nearer, so that weight 1 gives exactly ``end``."""
    if weight < 0.5:
        return start + weight * (end - start)
    return end - (end - start) * (1 - weight)
