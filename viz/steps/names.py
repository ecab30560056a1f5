"""What the numbers of a step are called: by labels where these are names and mean one thing, else by letters."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from keyword import iskeyword

from ..text import clean
from .events import Timeline
from .formulas import functions

_LETTERS = "uvwzpqrstghkmncdfjxyab"
_GRAPH_WIDE = 12  # so many numbers without a name have the same letter in each step
_LONGEST = 20  # characters of a label that is a name


@dataclass(frozen=True)
class Names:
    """The names for the numbers of a timeline.

    >>> from autograd import Value
    >>> from viz.steps.events import timeline
    >>> a, b = Value(2.0, label="a"), Value(3.0, label="not a name")
    >>> names = Names(timeline(a * b))
    >>> names.of([0, 1, 2])
    {0: 'a', 1: 'n', 2: 'u'}
    >>> names.meaning(1)
    'not a name'
    """

    timeline: Timeline

    @cached_property
    def labels(self) -> dict[int, str]:
        """The labels that are names."""
        normal = [unicodedata.normalize("NFKC", number.label) for number in self.timeline.numbers]
        counts = Counter(normal)
        taken = self._functions | {"NaN"}
        return {
            i: number.label
            for i, number in enumerate(self.timeline.numbers)
            if counts[normal[i]] == 1 and _is_name(number.label) and normal[i] not in taken
        }

    @cached_property
    def _functions(self) -> frozenset[str]:
        formulas = [f for operation in self.timeline.operations for f in (operation.formula, *operation.partials)]
        return frozenset[str]().union(*map(functions, formulas))

    @cached_property
    def _taken(self) -> frozenset[str]:
        """What no letter may be."""
        words = (unicodedata.normalize("NFKC", clean(number.label)) for number in self.timeline.numbers)
        return self._functions | frozenset(words)

    @cached_property
    def _everywhere(self) -> dict[int, str]:
        """The letters that mean the same in all steps."""
        nameless = [i for i in range(len(self.timeline.numbers)) if i not in self.labels and not self.is_bare(i)]
        return self._letters(nameless) if len(nameless) <= _GRAPH_WIDE else {}

    def is_bare(self, number: int) -> bool:
        """Whether a number is a constant that is written as the number that it is."""
        n = self.timeline.numbers[number]
        return n.operation is None and not n.requires_grad and not n.label

    def of(self, numbers: Iterable[int]) -> dict[int, str]:
        """What these numbers are called in one step; those that are written as numbers are left out."""
        wanted = [i for i in dict.fromkeys(numbers) if not self.is_bare(i)]
        known = {**self.labels, **self._everywhere}
        letters = self._letters([i for i in wanted if i not in known])
        return {i: known.get(i) or letters[i] for i in wanted}

    def is_letter(self, number: int, name: str) -> bool:
        """Whether a name must be explained."""
        return self.labels.get(number) != name

    def meaning(self, number: int) -> str:
        """What tells a number apart in the whole graph: its label, with the module's path, or its id."""
        n = self.timeline.numbers[number]
        label, full = clean(n.label), clean(f"{n.scope}.{n.label}" if n.scope else n.label)
        if not label:
            return n.id
        known = self.labels.get(number) or next((text for text in (label, full) if self._counts[text] == 1), n.id)
        return known if len(known) <= 2 * _LONGEST else known[: 2 * _LONGEST - 1] + "…"

    @cached_property
    def _counts(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for n in self.timeline.numbers:
            found.update({clean(n.label), clean(f"{n.scope}.{n.label}")})
        return found

    def _letters(self, numbers: Iterable[int]) -> dict[int, str]:
        given: dict[int, str] = {}
        used = set(self._taken)
        for i in numbers:
            given[i] = next(letter for letter in self._candidates(i) if letter not in used)
            used.add(given[i])
        return given

    def _candidates(self, number: int) -> Iterator[str]:
        """First letters that say something, then any."""
        n = self.timeline.numbers[number]
        operation = self.timeline.operation(number)
        made_by = operation.name if operation is not None else ""
        word = n.label or {"add": "s", "mul": "p"}.get(made_by, made_by)
        if word[:1].isascii() and word[:1].isalpha() and word[0] not in "eilo":
            yield word[0].lower()
        yield from _LETTERS
        yield from (f"{letter}{i}" for i in range(1, len(self.timeline.numbers) + 2) for letter in _LETTERS)


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
