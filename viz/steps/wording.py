"""The words for a number: how it was computed, and the sum that its gradient has come to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from ..picture.caption import Line, Run
from ..text import number as shown
from .digits import DIGITS, agrees, enough, rounded, total
from .evaluating import applied, evaluated
from .events import Timeline
from .names import Names
from .typesetting import MOST, written


@dataclass(frozen=True)
class Wording:
    """What there is to say about the numbers of a timeline.

    Attributes:
        timeline: the numbers.
        letters: whether those without a name are called by letters, or by their ids.
        among: the numbers that are spoken of; () for all.

    >>> from autograd import Value
    >>> from viz.picture.caption import plain
    >>> from viz.steps.events import timeline
    >>> s, b = Value(0.3, label="s"), Value(-2.0, label="b")
    >>> rule = Wording(timeline(s * b))
    >>> plain(rule.forward(2, rule.names.of([0, 1, 2])))
    'p = s × b = 0.3 × (−2) = −0.6'
    """

    timeline: Timeline
    letters: bool = True
    among: Collection[int] = ()

    @cached_property
    def names(self) -> Names:
        """The names for its numbers: letters where labels don't serve, or ids."""
        return Names(self.timeline, self.letters, self.among)

    # Titles and names -------------------------------------------------------------------------------------------------

    def call(self, number: int, naming: Mapping[int, str], digits: int = DIGITS) -> str:
        """What a number is computed by, in names, and in numbers with so many digits where there is none: "a × b"."""
        n, operation = self.timeline.numbers[number], self.timeline.operation(number)
        assert operation is not None
        places = {str(i): place for i, place in enumerate(n.operands)}
        data = {i: self.timeline.numbers[place].data for i, place in places.items() if place not in naming}
        formula = tuple(data.get(part, part) for part in operation.formula)
        text = written(formula, lambda i: naming[places[i]], lambda x: shown(x, digits))
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
        sides = [self.call(number, names, digits or DIGITS) for names in (naming, {})]
        text = " = ".join(dict.fromkeys((name, *sides)))
        sign = " = " if digits and not n.stale else " ≈ "
        remark = (Run(", a number has been changed since", "faint"),) if n.stale else ()
        return Run(f"{text}{sign}{shown(n.data)}"), *remark

    def sum_of(self, number: int, operands: Sequence[int], naming: Mapping[int, str]) -> Line:
        """How a number was computed that is a sum: ``s = a + b + c = 1 + 2 + 3 = 6``."""
        n, terms = self.timeline.numbers[number], [self.timeline.numbers[i] for i in operands]
        data, name = [term.data for term in terms], naming.get(number, n.id)
        is_stale = any(term.stale and term.operation is None for term in terms)
        remark = (Run(", a number has been changed since", "faint"),) if is_stale else ()
        if len(operands) > MOST:
            names = joined([naming.get(i) or shown(x) for i, x in zip(operands, data, strict=True)])
            return Run(f"{name} = {names}{' ≈ ' if is_stale else ' = '}{shown(n.data)}"), *remark
        digits = enough(lambda d: agrees(total(rounded(x, d) for x in data), n.data))
        sides = (
            joined([known.get(i) or shown(x, digits or DIGITS) for i, x in zip(operands, data, strict=True)])
            for known in (naming, {})
        )
        text = " = ".join(dict.fromkeys((name, *sides)))
        return Run(f"{text}{' = ' if digits and not is_stale else ' ≈ '}{shown(n.data)}"), *remark


def ledger(name: str, terms: Sequence[float], sums: Sequence[float], count: int) -> Line:
    """The sum that a gradient has come to: ``∇a = −6.94 + 20.8 = 13.86, 2 of 3 came in``.

    Args:
        name: whose gradient.
        terms: what comes in.
        sums: the sum after each term.
        count: how many have come in.
    """
    result, every = sums[count - 1], len(terms)
    printed = terms[:count] if count <= MOST else (sums[count - 2], terms[count - 1])
    digits = enough(lambda d: agrees(total(rounded(t, d) for t in printed), result))
    texts = [shown(t, digits or DIGITS) for t in printed]
    runs = [Run(f"∇{name}", "receiver"), Run(" = ")]
    if count > 1:
        runs += [Run(joined(texts)), Run(" = " if digits else " ≈ ")]
    came = f", all {every:,} came in" if count == every else f", {count:,} of {every:,} came in"
    return (*runs, Run(shown(result), "adjoint", (result > 0) - (result < 0)), Run(came, "faint"))


def joined(terms: Sequence[str]) -> str:
    """The terms of a sum; of many the first few and the last."""
    shortened = terms if len(terms) <= MOST else [*terms[:2], "…", terms[-1]]
    return shortened[0] + "".join(f" − {t[1:]}" if t[0] in "−-" else f" + {t}" for t in shortened[1:])
