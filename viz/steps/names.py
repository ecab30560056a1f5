"""What the numbers of a step are called: by labels where these are names and mean one thing, else by letters."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from keyword import iskeyword

from ..text import clean
from .events import Timeline
from .typesetting import functions

_LETTERS = "uvwzpqrstghkmncdfjxyab"
_GRAPH_WIDE = 12  # so many numbers without a name have the same letter in each step
_LONGEST = 20  # characters of a label that is a name
_SHOWN = 60  # characters of one that is explained


@dataclass(frozen=True)
class Names:
    """The names for the numbers of a timeline.

    Attributes:
        timeline: the numbers.
        letters: False calls what has no name by its id, which is long and means the same everywhere.
        among: the numbers that are spoken of; () for all.

    >>> from autograd import Value
    >>> from viz.steps.events import timeline
    >>> a, b = Value(2.0, label="a"), Value(3.0, label="not a name")
    >>> names = Names(timeline(a * b))
    >>> names.of([0, 1, 2])
    {0: 'a', 1: 'n', 2: 'p'}
    >>> names.meaning(1)
    '“not a name”'
    """

    timeline: Timeline
    letters: bool = True
    among: Collection[int] = ()

    @cached_property
    def labels(self) -> dict[int, str]:
        """The labels that are names, and mean one thing."""
        counts = Counter(self._normal)
        return {
            i: number.label
            for i, number in enumerate(self.timeline.numbers)
            if counts[self._normal[i]] == 1 and self._may_be(number.label)
        }

    @cached_property
    def _normal(self) -> list[str]:
        """The labels, so that those are equal which look alike."""
        return [unicodedata.normalize("NFKC", clean(number.label)) for number in self.timeline.numbers]

    @cached_property
    def _reserved(self) -> frozenset[str]:
        """What has a meaning in formulas."""
        formulas = [f for operation in self.timeline.operations for f in (operation.formula, *operation.partials)]
        return frozenset({"NaN"}).union(*map(functions, formulas))

    @cached_property
    def _taken(self) -> frozenset[str]:
        """What no letter may be."""
        return self._reserved | frozenset(self._normal)

    @cached_property
    def everywhere(self) -> dict[int, str]:
        """The letters that mean the same in all steps."""
        among = self.among or range(len(self.timeline.numbers))
        nameless = [i for i in among if i not in self.labels and not self.is_bare(i)]
        return self._letters(nameless) if len(nameless) <= _GRAPH_WIDE else {}

    def is_bare(self, number: int) -> bool:
        """Whether a number is a constant that is written as the number that it is."""
        n = self.timeline.numbers[number]
        return n.operation is None and not n.requires_grad and not n.label

    def of(self, numbers: Iterable[int]) -> dict[int, str]:
        """What these numbers are called in one step; those that are written as numbers are left out."""
        wanted = [i for i in dict.fromkeys(numbers) if not self.is_bare(i)]
        if not self.letters:
            return {i: self.labels.get(i) or self.timeline.numbers[i].id for i in wanted}
        counts = Counter(self._normal[i] for i in wanted)
        known: dict[int, str] = {}
        for i in wanted:
            label = self.timeline.numbers[i].label
            if i in self.labels or (counts[self._normal[i]] == 1 and self._may_be(label)):
                known[i] = label  # which means one thing here, though perhaps not in the whole graph
            elif i in self.everywhere:
                known[i] = self.everywhere[i]
        letters = self._letters([i for i in wanted if i not in known], {*known.values(), *self.everywhere.values()})
        return {i: known.get(i) or letters[i] for i in wanted}

    def _may_be(self, label: str) -> bool:
        return _is_name(label) and label not in self._reserved

    def is_letter(self, number: int, name: str) -> bool:
        """Whether a name must be explained."""
        return name not in (self.labels.get(number), self.timeline.numbers[number].id)

    def meaning(self, number: int) -> str:
        """What tells a number apart in the whole graph: its label, with the module's path, or its id."""
        n = self.timeline.numbers[number]
        label, full = clean(n.label), clean(f"{n.scope}.{n.label}" if n.scope else n.label)
        if not label:
            return n.id
        known = self.labels.get(number) or next((text for text in (label, full) if self._counts[text] == 1), n.id)
        if len(known) > _SHOWN:
            known = known[: _SHOWN - 1] + "…"
        return known if re.fullmatch(r"[\w.]+", known) else f"“{known}”"

    @cached_property
    def _counts(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for n in self.timeline.numbers:
            found.update({clean(n.label), clean(f"{n.scope}.{n.label}")})
        return found

    def _letters(self, numbers: Sequence[int], given_before: Collection[str] = ()) -> dict[int, str]:
        """A letter for each: the first one of its label or its operation, if that is free."""
        given: dict[int, str] = {}
        used = {*self._taken, *given_before}
        more = (f"{letter}{i or ''}" for i in range(len(used) + len(numbers) + 1) for letter in _LETTERS)
        for i in numbers:
            first = self._initial(i)
            given[i] = first if first and first not in used else next(letter for letter in more if letter not in used)
            used.add(given[i])
        return given

    def _initial(self, number: int) -> str:
        operation = self.timeline.operation(number)
        made_by = operation.name if operation is not None else ""
        word = self.timeline.numbers[number].label or {"add": "s", "mul": "p"}.get(made_by, made_by)
        letter = word[:1].lower()
        return letter if letter.isascii() and letter.isalpha() and letter not in "eilo" else ""


def _is_name(label: str) -> bool:
    """An identifier of Python that is read from the left, and no id of another number."""
    return (
        label.isidentifier()
        and not iskeyword(label)
        and unicodedata.normalize("NFKC", label) == label
        and clean(label) == label
        and len(label) <= _LONGEST
        and not re.fullmatch(r"n\d+", label)
        and all(unicodedata.bidirectional(c) not in ("R", "AL") for c in label)
    )
