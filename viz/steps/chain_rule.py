"""The words of a backward step: the chain rule with its numbers, true to the last printed digit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from ..picture.caption import Line, Run
from ..text import number as shown
from .contribution import Contribution
from .digits import DIGITS, agrees, enough, rounded, total
from .events import Change, Event, Timeline
from .formulas import applied, evaluated, written
from .names import Names

_TERMS = 4  # of a sum that is written out


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
        lines: list[Line] = []
        for change in event.changes:
            lines.append(Contribution(self.timeline, event, change, naming).line())
            if len(self.timeline.terms[change.number]) > 1:
                lines.append(self.ledger(change, naming[change.number]))
        return tuple(lines)

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
        return (*runs, Run(shown(change.new), "adjoint", (change.new > 0) - (change.new < 0)), Run(came, "faint"))
