"""The words of a backward step: the chain rule with its numbers, true to the last printed digit."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from ..picture.caption import Line, Run
from ..text import number as shown
from .digits import DIGITS, agrees, enough, rounded, total
from .events import Change, Event, Timeline
from .formulas import CONTEXT, Formula, applied, decided, evaluated, simplified, variables, written
from .names import Names

_LONGEST = 48  # characters of a formula that is written out
_TERMS = 4  # of a sum that is written out
_ORDINALS = ("1st", "2nd", "3rd")


@dataclass(frozen=True)
class ChainRule:
    """What there is to say about each event of a timeline.

    >>> from autograd import Value
    >>> from viz.picture.caption import plain
    >>> from viz.steps.events import timeline
    >>> s = Value(0.5, label="s")
    >>> t = s.tanh()
    >>> t.label = "t"
    >>> rule = ChainRule(timeline(t * -2.0))
    >>> [plain(line) for line in rule.backward(rule.timeline.backward[1])]
    ['∇s += ∇t × (1 − t²) = −2 × (1 − 0.46212²) = −2 × 0.78645 = −1.573']
    """

    timeline: Timeline

    @cached_property
    def names(self) -> Names:
        """The names for its numbers."""
        return Names(self.timeline)

    def naming(self, event: Event) -> dict[int, str]:
        """What the numbers of an event are called."""
        return self.names.of((event.number, *self.timeline.numbers[event.number].operands))

    # Titles and names -------------------------------------------------------------------------------------------------

    def call(self, number: int, naming: Mapping[int, str]) -> str:
        """What a number is computed by, in names: "a × b"."""
        return self._written_call(number, naming, None)

    def _written_call(self, number: int, naming: Mapping[int, str], digits: int | None) -> str:
        """In names, or with so many digits in numbers."""
        n, operation = self.timeline.numbers[number], self.timeline.operation(number)
        assert operation is not None

        def name(operand: str) -> str:
            place = n.operands[int(operand)]
            known = naming.get(place) if digits is None else None
            return known or shown(self.timeline.numbers[place].data, digits or DIGITS)

        text = written(operation.formula, name, shown)
        more = "".join(f", {key}={shown(x)}" for key, x in operation.attributes)
        return f"{text[:-1]}{more})" if more else text

    def explained(self, naming: Mapping[int, str]) -> Line:
        """What the letters mean; () if there are none."""
        letters = [
            f"{name} = {self.names.meaning(i)} = {shown(self.timeline.numbers[i].data)}"
            for i, name in naming.items()
            if self.names.is_letter(i, name)
        ]
        return (Run(f"with {', '.join(letters)}", "faint"),) if letters else ()

    # The forward ------------------------------------------------------------------------------------------------------

    def forward(self, number: int, naming: Mapping[int, str]) -> Line:
        """How a number was computed: ``p = a × b = 2 × (−3) = −6``."""
        n, operation = self.timeline.numbers[number], self.timeline.operation(number)
        name = naming.get(number, n.id)
        if operation is None:
            return (Run(f"{name} = {shown(n.data)}"),)
        data = [self.timeline.numbers[i].data for i in n.operands]

        def found(digits: int) -> Decimal:
            seen = [rounded(x, digits) for x in data]
            if operation.attributes:
                return applied(operation.name, operation.attributes, seen)
            return evaluated(operation.formula, {str(i): x for i, x in enumerate(seen)})

        digits = enough(lambda d: agrees(found(d), n.data))
        sides = [self.call(number, naming), self._written_call(number, naming, digits or DIGITS)]
        text = " = ".join(dict.fromkeys((name, *sides)))
        sign = " = " if digits and not n.stale else " ≈ "
        remark = (Run(", a number has been changed since", "faint"),) if n.stale else ()
        return Run(f"{text}{sign}{shown(n.data)}"), *remark

    # The backward -----------------------------------------------------------------------------------------------------

    def backward(self, event: Event) -> tuple[Line, ...]:
        """The chain rule of one event: a line for each operand, and one for each sum that grows."""
        naming = self.naming(event)
        uses = Counter(change.number for change in event.changes)
        lines: list[Line] = []
        for change in event.changes:
            lines.append(self._contribution(event, change, naming, uses[change.number] > 1))
            if len(self.timeline.terms[change.number]) > 1:
                lines.append(self.ledger(change, naming[change.number]))
        return tuple(lines)

    def _contribution(self, event: Event, change: Change, naming: Mapping[int, str], several: bool) -> Line:
        node = self.timeline.numbers[event.number]
        adjoint = self.timeline.grads[event.number]
        assert adjoint is not None
        sign = _sign(adjoint)
        name = naming[event.number]
        runs = [Run(f"∇{naming[change.number]}", "receiver"), Run(" += ")]
        formula, conditions = self._partial(event, change)
        remark = self._remark(change, conditions, event, naming, several)
        if formula == 1.0 and not node.stale:
            runs += [Run(f"∇{name}", "adjoint", sign), Run(" = "), Run(shown(change.term), "adjoint", sign)]
            return (*runs, *remark)
        p, product = self._product(adjoint, change)
        symbolic = self._factor(formula, event, naming, DIGITS) if formula is not None else ""
        if not symbolic or len(symbolic) > _LONGEST:
            symbolic, formula = f"∂{name}/∂{naming[change.number]}", None
        factor = shown(adjoint, p)
        numeric = _operand(shown(change.partial, p))
        if formula is not None and not node.stale:
            q, equals = self._substitution(formula, event, change, p)
            symbolic, inside = (self._factor(formula, event, names, q) for names in (naming, {}))
            runs += [Run(f"∇{name}", "adjoint", sign), Run(" × "), Run(symbolic, "partial")]
            if inside not in (numeric, symbolic):
                runs += [Run(" = "), Run(factor, "adjoint", sign), Run(" × "), Run(inside, "partial"), Run(equals)]
            else:
                runs.append(Run(" = "))
        else:
            runs += [Run(f"∇{name}", "adjoint", sign), Run(" × "), Run(symbolic, "partial"), Run(" = ")]
        runs += [Run(factor, "adjoint", sign), Run(" × "), Run(numeric, "partial"), Run(product)]
        return (*runs, Run(shown(change.term), "adjoint", _sign(change.term)), *remark)

    def _partial(self, event: Event, change: Change) -> tuple[Formula | None, tuple[Formula, ...]]:
        """The formula of the partial as it is at these numbers, and the conditions under which it is that."""
        operation = self.timeline.operation(event.number)
        assert operation is not None
        formula = operation.partials[change.argument]
        if formula is None:
            return None, ()
        at, known = self._at(event), self._known(event)
        chosen, conditions = decided(formula, at)
        return simplified(chosen, known), tuple(c for c in conditions if not variables(c) <= known.keys())

    def _at(self, event: Event) -> dict[str, float]:
        n = self.timeline.numbers[event.number]
        return {"y": n.data, **{str(i): self.timeline.numbers[a].data for i, a in enumerate(n.operands)}}

    def _known(self, event: Event) -> dict[str, float]:
        """The operands that are written as numbers."""
        operands = self.timeline.numbers[event.number].operands
        return {str(i): self.timeline.numbers[a].data for i, a in enumerate(operands) if self.names.is_bare(a)}

    def _factor(self, formula: Formula, event: Event, naming: Mapping[int, str], digits: int) -> str:
        """The formula as the second factor of a product."""
        text = self._text(formula, event, naming, digits, 3)
        return f"({text})" if isinstance(formula, tuple) and formula[0] == "/" else text

    def _text(self, formula: Formula, event: Event, naming: Mapping[int, str], digits: int, level: float = 0) -> str:
        """The formula in names, or in numbers where there is none."""
        at, operands = self._at(event), self.timeline.numbers[event.number].operands

        def name(x: str) -> str:
            return naming.get(event.number if x == "y" else operands[int(x)]) or shown(at[x], digits)

        return written(formula, name, lambda x: shown(x, digits), level)

    def _product(self, adjoint: float, change: Change) -> tuple[int, str]:
        """The digits of adjoint and partial, and the sign before their product."""
        if adjoint == 0 and not math.isfinite(change.partial):
            return (
                DIGITS,
                ", taken as ",
            )  # what nothing flows into passes nothing on, not even through an infinite slope

        def found(digits: int) -> Decimal:
            return CONTEXT.multiply(rounded(adjoint, digits), rounded(change.partial, digits))

        digits = enough(lambda d: agrees(found(d), change.term))
        return digits or DIGITS, " = " if digits else " ≈ "

    def _substitution(self, formula: Formula, event: Event, change: Change, start: int) -> tuple[int, str]:
        """The digits of the numbers in the formula, and the sign behind it."""
        at, adjoint = self._at(event), rounded(self.timeline.grads[event.number] or 0.0, start)
        precise = _numbers(formula)

        def found(digits: int) -> Decimal:
            seen = {k: rounded(x, digits) for k, x in at.items()} | {k: rounded(x, digits) for k, x in precise.items()}
            return evaluated(_opened(formula), seen)

        def is_true(digits: int) -> bool:
            value = found(digits)
            whole = agrees(CONTEXT.multiply(adjoint, value), change.term) or not math.isfinite(change.term)
            return agrees(value, change.partial, start) and whole

        if math.isinf(change.partial) and all(map(math.isfinite, at.values())):
            return start, " → " if found(start).is_infinite() else " ≈ "
        digits = enough(is_true, start)
        return digits or start, " = " if digits else " ≈ "

    def _remark(
        self, change: Change, conditions: Sequence[Formula], event: Event, naming: Mapping[int, str], several: bool
    ) -> Line:
        """What stands behind a contribution: which use it is, why this branch, that a number has been changed."""
        operands = self.timeline.numbers[event.number].operands
        text = ""
        if several:
            use = [c.argument for c in event.changes if c.number == change.number].index(change.argument)
            text += f", {_ORDINALS[use] if use < 3 else f'{use + 1}th'} use"
        if self.timeline.numbers[event.number].stale:
            return (Run(f"{text}, a number has been changed since the forward", "faint"),)
        said = [
            f"{naming[operands[int(c)]]} is not 0" if isinstance(c, str) else self._text(c, event, naming, DIGITS)
            for c in conditions
        ]
        text += f", as {' and '.join(said)}" if said else ""
        return (Run(text, "faint"),) if text else ()

    def ledger(self, change: Change, name: str) -> Line:
        """The sum that a gradient has come to: ``∇a = −6.94 + 20.8 = 13.86, 2 of 3 came in``."""
        count, every = change.count, len(self.timeline.terms[change.number])
        terms: Sequence[float] = self.timeline.terms[change.number][:count]
        if count > _TERMS and change.old is not None:  # the sum so far, and what is new
            terms = (change.old, change.term)
        digits = enough(lambda d: agrees(total(rounded(t, d) for t in terms), change.new))
        texts = [shown(t, digits or DIGITS) for t in terms]
        runs: list[Run] = [Run(f"∇{name}", "receiver"), Run(" = ")]
        if count > 1:
            left = texts[0] + "".join(f" − {t[1:]}" if t[0] in "−-" else f" + {t}" for t in texts[1:])
            runs += [Run(left), Run(" = " if digits else " ≈ ")]
        came = f", all {every} came in" if count == every else f", {count} of {every} came in"
        return (*runs, Run(shown(change.new), "adjoint", _sign(change.new)), Run(came, "faint"))


def _operand(text: str) -> str:
    return f"({text})" if text[0] in "−-" else text


def _sign(x: float) -> int:
    return (x > 0) - (x < 0)


def _numbers(formula: Formula, place: str = "#") -> dict[str, float]:
    """The numbers in a formula, each by its place."""
    if isinstance(formula, float):
        return {place: formula}
    if isinstance(formula, str):
        return {}
    found: dict[str, float] = {}
    for i, part in enumerate(formula[1:]):
        found |= _numbers(part, f"{place}.{i}")
    return found


def _opened(formula: Formula, place: str = "#") -> Formula:
    """The formula with its numbers as variables, since they are printed as well."""
    if isinstance(formula, float):
        return place
    if isinstance(formula, str):
        return formula
    return (formula[0], *(_opened(part, f"{place}.{i}") for i, part in enumerate(formula[1:])))
