"""One contribution of a backward step as a line: ``∇s += ∇t × (1 − t²) = −2 × (1 − 0.46212²) = −2 × 0.78645 = −1.573``.

A reader with a calculator who computes any side of it gets the result, to its last printed digit: what is computed from
has as many digits as that takes. Where no digits suffice the sign is ``≈``, at a pole ``→``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from ..picture.caption import Line, Run
from ..text import number as shown
from .digits import DIGITS, agrees, enough, rounded
from .evaluating import CONTEXT, decided, evaluated, simplified
from .events import Change, Event, Timeline
from .formulas import Formula, numbers, opened, variables
from .typesetting import written

_LONGEST = 48  # characters of a formula that is written out
_ORDINALS = ("1st", "2nd", "3rd")
_MORE = 4  # digits beyond those that a product needs, which its factors may need to agree with what they come from


@dataclass(frozen=True)
class Contribution:
    """What an operation passes on to one of its operands.

    Attributes:
        timeline: what it is a part of.
        event, change: which contribution.
        naming: what the numbers of the event are called; those that are written as numbers are left out.
    """

    timeline: Timeline
    event: Event
    change: Change
    naming: Mapping[int, str]

    def line(self) -> Line:
        """The whole line."""
        receiver, sign = self.naming[self.change.number], _sign(self.adjoint)
        passed = Run(shown(self.change.term), "adjoint", _sign(self.change.term))
        start = (Run(f"∇{receiver}", "receiver"), Run(" += "), Run(f"∇{self._name}", "adjoint", sign))
        if self.formula == 1.0 and not self._stale:
            return (*start, Run(" = "), passed, *self._remark())
        p, product = self._product
        factor, partial = Run(shown(self.adjoint, p), "adjoint", sign), _bracketed(shown(self.change.partial, p))
        symbolic = f"∂{self._name}/∂{receiver}"
        substituted: Line = ()
        if self._is_written:
            q, equals = self._substitution
            symbolic, inside = self._factor(self.naming, q), self._factor({}, q)
            if inside not in (symbolic, partial):
                substituted = (factor, Run(" × "), Run(inside, "partial"), Run(equals))
        rest = (factor, Run(" × "), Run(partial, "partial"), Run(product), passed)
        return (*start, Run(" × "), Run(symbolic, "partial"), Run(" = "), *substituted, *rest, *self._remark())

    # What it is -------------------------------------------------------------------------------------------------------

    @cached_property
    def adjoint(self) -> float:
        """The gradient that is passed back."""
        found = self.timeline.grads[self.event.number]
        assert found is not None
        return found

    @cached_property
    def formula(self) -> Formula | None:
        """The partial as it is at these numbers; None for a long one."""
        return None if self._decided is None else simplified(self._decided[0], self._known)

    @cached_property
    def _decided(self) -> tuple[Formula, tuple[Formula, ...]] | None:
        operation = self.timeline.operation(self.event.number)
        assert operation is not None
        formula = operation.partials[self.change.argument]
        return None if formula is None else decided(formula, self._at)

    @cached_property
    def _operands(self) -> tuple[int, ...]:
        return self.timeline.numbers[self.event.number].operands

    @property
    def _stale(self) -> bool:
        return self.timeline.numbers[self.event.number].stale

    @property
    def _name(self) -> str:
        return self.naming[self.event.number]

    @cached_property
    def _at(self) -> dict[str, float]:
        """The numbers for the variables of a formula."""
        data = [self.timeline.numbers[i].data for i in (self.event.number, *self._operands)]
        return dict(zip(("y", *map(str, range(len(self._operands)))), data, strict=True))

    @cached_property
    def _known(self) -> dict[str, float]:
        """The operands that are written as numbers."""
        return {str(i): self._at[str(i)] for i, place in enumerate(self._operands) if place not in self.naming}

    # Digits -----------------------------------------------------------------------------------------------------------

    @cached_property
    def _product(self) -> tuple[int, str]:
        """The digits of adjoint and partial, and the sign before their product."""
        if self.adjoint == 0 and not math.isfinite(self.change.partial):
            return DIGITS, ", taken as "  # what nothing flows into passes nothing on
        if self._is_written and not self._is_pole:
            p = next((p for p in self._products if self._enough(p)), None)
            if p is not None:
                return p, " = "
        return (self._products[0], " = ") if self._products else (DIGITS, " ≈ ")

    @cached_property
    def _products(self) -> tuple[int, ...]:
        """The first few numbers of digits with which adjoint times partial is true."""

        def is_true(digits: int) -> bool:
            product = CONTEXT.multiply(rounded(self.adjoint, digits), rounded(self.change.partial, digits))
            return agrees(product, self.change.term)

        first = enough(is_true)
        return () if first is None else tuple(p for p in range(first, first + _MORE) if is_true(p))

    @cached_property
    def _substitution(self) -> tuple[int, str]:
        """The digits of the numbers in the formula, and the sign behind it."""
        p, _ = self._product
        if self._is_pole:
            return p, " → " if self._found(p).is_infinite() else " ≈ "
        q = self._enough(p)
        return q or p, " = " if q else " ≈ "

    def _enough(self, p: int) -> int | None:
        """The digits with which the formula is true, if adjoint and partial have ``p``."""

        def is_true(digits: int) -> bool:
            value = self._found(digits)
            products = [CONTEXT.multiply(rounded(self.adjoint, p), value)]
            if self._constants:  # then the side with the names is rounded too
                products.append(CONTEXT.multiply(Decimal(self.adjoint), self._found(digits, names=True)))
            partial = self.change.partial
            return agrees(value, partial, p) and all(agrees(each, self.change.term) for each in products)

        return enough(is_true, p)

    def _found(self, digits: int, names: bool = False) -> Decimal:
        """What the formula comes to with the numbers as they are printed, or with the names' own."""
        seen = {k: Decimal(x) if names else rounded(x, digits) for k, x in self._at.items()}
        return evaluated(self._opened, seen | {k: rounded(x, digits) for k, x in self._constants.items()})

    @cached_property
    def _constants(self) -> dict[str, float]:
        return {} if self.formula is None else numbers(self.formula)

    @cached_property
    def _opened(self) -> Formula:
        assert self.formula is not None
        return opened(self.formula)

    @cached_property
    def _is_pole(self) -> bool:
        return math.isinf(self.change.partial) and all(map(math.isfinite, self._at.values()))

    # Words ------------------------------------------------------------------------------------------------------------

    @cached_property
    def _is_written(self) -> bool:
        """Whether the formula is short enough to be read, and of the numbers that stand there."""
        return self.formula is not None and not self._stale and len(self._factor(self.naming, DIGITS)) <= _LONGEST

    def _factor(self, naming: Mapping[int, str], digits: int) -> str:
        """The formula as the second factor of a product."""
        assert self.formula is not None
        text = self._text(self.formula, naming, digits, 3)
        return f"({text})" if isinstance(self.formula, tuple) and self.formula[0] == "/" else text

    def _text(self, formula: Formula, naming: Mapping[int, str], digits: int, level: float = 0) -> str:
        """A formula in names, or in numbers where there is none."""

        def name(x: str) -> str:
            return naming.get(self.event.number if x == "y" else self._operands[int(x)]) or shown(self._at[x], digits)

        return written(formula, name, lambda x: shown(x, digits), level)

    def _remark(self) -> Line:
        text = ", ".join(self._remarks())
        return (Run(f", {text}", "faint"),) if text else ()

    def _remarks(self) -> Iterator[str]:
        """Which use it is, why this branch, that a number has been changed."""
        uses = [c.argument for c in self.event.changes if c.number == self.change.number]
        if len(uses) > 1:
            i = uses.index(self.change.argument)
            yield f"{_ORDINALS[i] if i < len(_ORDINALS) else f'{i + 1}th'} use"
        if self._stale:
            yield "a number has been changed since the forward"
        elif self._decided is not None:
            facts = [fact for fact in self._decided[1] if not variables(fact) <= self._known.keys()]
            if facts:
                yield f"as {' and '.join(map(self._fact, facts))}"

    def _fact(self, fact: Formula) -> str:
        text = self._text(fact, self.naming, DIGITS)
        return text if isinstance(fact, tuple) else f"{text} is not 0"


def _bracketed(text: str) -> str:
    return f"({text})" if text[0] in "−-" else text


def _sign(x: float) -> int:
    return (x > 0) - (x < 0)
