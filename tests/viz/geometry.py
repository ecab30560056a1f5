"""What can be wrong with a picture, found in its SVG: each check lists the faults that it finds, in words."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from tests.viz.shapes import Area, Part, Picture, contrast

SLACK = 0.6  # pixels: coordinates are written with one decimal
SMALLEST = 12.0
COVERED = 30.0  # pixels of a wire that may be below another, as where both leave a card


def solids(picture: Picture) -> list[tuple[str, Part, Area]]:
    """What nothing else may lie on: cards, pills, strips, the words above a frame."""
    return [(f"{p.kind} {p.id}", p, p.area) for p in picture.of("node", "pill", "strip", "callout")]


def outside(picture: Picture) -> list[str]:
    """What doesn't lie on the page."""
    found = [w.text for w in picture.words if not picture.page.holds(w.area, SLACK)]
    found += [name for name, _, area in solids(picture) if not picture.page.holds(area, SLACK)]
    for part in picture.of("wire"):
        reach = part.line / 2
        low, high = part.path.min(axis=0) - reach, part.path.max(axis=0) + reach
        if not picture.page.holds(Area(*low, *high), SLACK):
            found.append(f"wire {part.id}")
    return found


def overlapping(picture: Picture) -> list[str]:
    """Cards, pills and strips that lie on each other."""
    pairs = combinations(solids(picture), 2)
    return [f"{one} and {other}" for (one, _, a), (other, _, b) in pairs if a.overlaps(b, SLACK)]


def overlapping_words(picture: Picture) -> list[str]:
    """Words that lie on others, stick out of their card or pill, or lie on one that isn't theirs."""
    pairs = combinations(picture.words, 2)
    found = [f"{a.text[:40]!r} on {b.text[:40]!r}" for a, b in pairs if a.area.overlaps(b.area, SLACK)]
    for name, part, area in solids(picture):
        own = {id(words) for words in part.words}
        if part.kind != "strip":  # which has its scale below
            found += [f"{w.text[:40]!r} sticks out of {name}" for w in part.words if not area.holds(w.area, SLACK)]
        others = (w for w in picture.words if id(w) not in own)
        found += [f"{w.text[:40]!r} on {name}" for w in others if w.area.overlaps(area, SLACK)]
    return found


def ends(picture: Picture, wire: Part) -> tuple[str, str]:
    """The ids of the cards where a wire begins and ends; "" where there is none."""
    cards = picture.of("node")
    (x, y), (u, v) = wire.path[0], wire.path[-1]

    def at(side: float, level: float, edge: str) -> str:
        near = (
            c.id
            for c in cards
            if abs(getattr(c.area, edge) - side) <= 3.5 and c.area.top - 1 <= level <= c.area.bottom + 1
        )
        return next(near, "")

    return at(x, y, "right"), at(u, v, "left")


def loose(picture: Picture) -> list[str]:
    """Wires that don't lead from a card to another."""
    return [f"wire {wire.id}" for wire in picture.of("wire") if "" in ends(picture, wire)]


def crossing(picture: Picture) -> list[str]:
    """Wires that run over a card, a pill or a word, other than where they begin and end."""
    found = []
    for wire in picture.of("wire"):
        source, target = ends(picture, wire)
        reach = wire.line / 2
        for name, part, area in solids(picture):
            if part.id == wire.id and part.kind in ("pill", "strip"):
                continue
            margin = 2.0 if part.kind == "node" and part.id in (source, target) else SLACK - reach
            if area.contains(wire.path, margin).any():
                found.append(f"wire {wire.id} ({source} to {target}) over {name}")
        legend = (w for w in picture.words if w.kind not in ("node", "pill", "callout"))
        found += [f"wire {wire.id} over {w.text[:40]!r}" for w in legend if w.area.contains(wire.path, 1.5).any()]
    return found


def small(picture: Picture) -> list[str]:
    """Words that are too small to be read."""
    return [w.text[:40] for w in picture.words if w.size < SMALLEST]


def pale(picture: Picture) -> list[str]:
    """Words of less contrast than 4.5:1 to what is behind them, and wires of less than 3:1 to the page and frames."""
    apart = [(w.text[:40], contrast(w.ink, w.paper)) for w in picture.words]
    found = [f"{text!r}: {least:.2f}" for text, least in apart if least < 4.5]
    for wire in picture.of("wire"):
        least = min(contrast(wire.ink, ground) for ground in picture.grounds)
        if least < 3.0:
            found.append(f"wire {wire.id}: {least:.2f}")
    return found


def askew(picture: Picture) -> list[str]:
    """Cards, pills and words that the rim of a module's frame runs through."""
    inside = [(name, area) for name, _, area in solids(picture)] + [(repr(w.text), w.area) for w in picture.words]
    frames = picture.of("module")
    return [f"{name} on the rim of {f.id}" for f in frames for name, area in inside if area.contains(f.path, 1.5).any()]


def hidden(picture: Picture) -> list[str]:
    """Wires that a wire of another colour covers for a while: what they pass back can't be seen there. Grey ones may
    be covered, they pass back nothing, or no one number."""
    found = []
    drawn = [(wire, _even(wire.path)) for wire in picture.of("wire")]  # in the order of painting
    for (below, path), (above, over) in combinations(drawn, 2):
        if below.ink != above.ink and below.kinds[1] in ("neg", "pos", "odd"):
            apart = [np.hypot(*(over - point).T).min() for point in path]
            covered = np.count_nonzero(np.array(apart) + below.line / 2 <= above.line / 2 + SLACK)
            if covered > COVERED:
                found.append(f"wire {below.id} ({below.kinds[1]}) below {above.id} ({above.kinds[1]}): {covered} px")
    return found


def _even(path: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points a pixel apart."""
    along = np.concatenate([[0.0], np.hypot(*np.diff(path, axis=0).T).cumsum()])
    steps = np.arange(0.0, along[-1])
    return np.stack([np.interp(steps, along, path[:, axis]) for axis in (0, 1)], axis=1)


CHECKS = (outside, overlapping, overlapping_words, loose, crossing, small, pale, askew, hidden)
