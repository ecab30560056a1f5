"""Where long code is cut: its pieces cover it, and are equal where it repeats itself."""

import random
from collections import Counter

import pytest

from autograd.compiler.plan.repeats import MOST, Code


def chain(kinds):
    """Operations of these kinds, each with the result of the one before it."""
    return Code(kinds, [(place - 1,) for place in range(len(kinds))], range(len(kinds)))


def sizes(code):
    return [end - begin for begin, end in code.pieces()]


def period(length, seed=0):
    choice = random.Random(seed)
    return [choice.randrange(6) for _ in range(length)]


@pytest.mark.parametrize("seed", range(12))
def test_pieces_cover_all_operations_once_and_are_not_too_long(seed):
    choice = random.Random(seed)
    kinds = []
    for _ in range(choice.randrange(1, 6)):
        kinds += period(choice.randrange(1, 300), choice.random()) * choice.choice([1, 1, 2, 3, 7, 30])
    pieces = list(chain(kinds).pieces())
    assert [place for begin, end in pieces for place in range(begin, end)] == list(range(len(kinds)))
    assert all(0 < end - begin <= MOST for begin, end in pieces)


@pytest.mark.parametrize("length", [1, 3, 17, 40, 99, 150, 430])
def test_what_repeats_is_cut_into_equal_pieces(length):
    kinds = [9, 8, *period(length) * 1000, 7]
    pieces = Counter(tuple(kinds[begin:end]) for begin, end in chain(kinds).pieces())
    repeated = sum(len(piece) * count for piece, count in pieces.items() if count > 1)
    assert repeated > 0.98 * len(kinds)
    written = sum(map(len, pieces))
    assert written < 4 * max(length, 40) + 200


def test_what_repeats_within_something_that_repeats_is_cut_first():
    kinds = [*period(10) * 20, *period(70, 1)] * 8
    pieces = Counter(tuple(kinds[begin:end]) for begin, end in chain(kinds).pieces())
    assert pieces.most_common(1)[0][1] >= 8 * 4


def test_code_that_does_not_repeat_itself_is_cut_evenly():
    assert sizes(chain(range(950))) == [200, 200, 200, 200, 150]
    assert sizes(chain([])) == []


def test_the_same_operations_on_other_operands_do_not_repeat_each_other():
    choice, kinds = random.Random(1), period(60) * 10
    args = [(place - choice.randrange(1, 30),) for place in range(len(kinds))]
    assert sizes(Code(kinds, args, range(len(kinds)))) == [200, 200, 200]


def test_operands_from_far_back_are_from_outside_wherever_they_are():
    choice, kinds = random.Random(1), [*range(1000, 1400), *period(60) * 10]
    args = [(choice.randrange(200),) if place >= 400 else () for place in range(len(kinds))]
    assert sizes(Code(kinds, args, range(len(kinds))))[-10:] == [60] * 10


def test_short_code_is_one_piece():
    assert sizes(chain(period(10) * 11)) == [110]
