"""Positions that keep distances and make the weighted sum of all lengths as small as possible.

The network simplex of E. Gansner, E. Koutsofios, S. North, K.-P. Vo, "A technique for drawing directed graphs", IEEE
Transactions on Software Engineering 19 (1993): a spanning tree of tight arcs, in which arcs are exchanged as long as
that makes the sum smaller. It serves twice: ranks with short wires, and heights with straight ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heappop, heappush

Arc = tuple[int, int, float, float]  # tail, head, the least distance from tail to head, the weight of the distance
_LOOKED_AT = 40  # candidates for the arc that leaves the tree
_EPSILON = 1e-7


def tighten(start: Sequence[float], arcs: Sequence[Arc], work: int) -> list[float]:
    """The positions with the smallest sum of weight times distance.

    Args:
        start: positions that keep all distances.
        arcs: none from a point to itself; least distances may be negative.
        work: about how many points may be visited; the positions are the best ones found until then.

    >>> tighten([0.0, 9.0, 20.0], [(0, 1, 3.0, 1.0), (1, 2, 4.0, 1.0)], 100)
    [13.0, 16.0, 20.0]
    """
    tree = _Tree(start, arcs)
    while tree.visited < work and (child := tree.leaving()) >= 0:
        tree.exchange(child)
    return tree.x


class _Tree:
    """A forest of tight arcs. Points are numbered in post-order, so a subtree is a range of numbers."""

    def __init__(self, start: Sequence[float], arcs: Sequence[Arc]) -> None:
        self.x = list(start)
        self.arcs = arcs
        n = len(self.x)
        self.outs: list[list[int]] = [[] for _ in range(n)]
        self.ins: list[list[int]] = [[] for _ in range(n)]
        self.balance = [0.0] * n  # weights of what leaves minus weights of what arrives
        for k, (tail, head, _, weight) in enumerate(arcs):
            self.outs[tail].append(k)
            self.ins[head].append(k)
            self.balance[tail] += weight
            self.balance[head] -= weight
        self.links: list[list[int]] = [[] for _ in range(n)]  # the arcs of the tree at each point
        self.up = [-1] * n  # the arc to the parent
        self.low, self.number, self.order = [0] * n, [0] * n, [0] * n
        self.total = [0.0] * n  # the balance of the subtree
        self.cursor = self.visited = 0
        self._grow()

    def _grow(self) -> None:
        """Make a spanning tree of tight arcs, moving what hangs together until the next arc is tight."""
        seen = [False] * len(self.x)
        first = 0
        for root in range(len(self.x)):
            if not seen[root]:
                size = self._grow_from(root, seen)
                self._renumber(root, first)
                first += size

    def _grow_from(self, root: int, seen: list[bool]) -> int:
        shift = 0.0  # of the tree so far, not yet in x
        members: list[int] = []
        ahead: list[tuple[float, int, int]] = []  # (slack without the shift, arc, point) to heads outside
        behind: list[tuple[float, int, int]] = []
        point, arc = root, -1
        while True:
            seen[point] = True
            members.append(point)
            self.x[point] -= shift
            if arc >= 0:
                for end in self.arcs[arc][:2]:
                    self.links[end].append(arc)
            for k in self.outs[point]:
                _, head, least, _ = self.arcs[k]
                if not seen[head]:
                    heappush(ahead, (self.x[head] - self.x[point] - least, k, head))
            for k in self.ins[point]:
                tail, _, least, _ = self.arcs[k]
                if not seen[tail]:
                    heappush(behind, (self.x[point] - self.x[tail] - least, k, tail))
            while ahead and seen[ahead[0][2]]:
                heappop(ahead)
            while behind and seen[behind[0][2]]:
                heappop(behind)
            if not ahead and not behind:
                break
            if ahead and (not behind or ahead[0][0] - shift <= behind[0][0] + shift):
                slack, arc, point = heappop(ahead)
                shift = slack
            else:
                slack, arc, point = heappop(behind)
                shift = -slack
        for point in members:
            self.x[point] += shift
        return len(members)

    def _renumber(self, root: int, first: int) -> None:
        """Number the subtree of ``root`` from ``first`` on, and sum its balances."""
        stack = [root]
        found = []
        while stack:  # parents before children, reversed below
            point = stack.pop()
            found.append(point)
            for k in self.links[point]:
                if k != self.up[point]:
                    tail, head, _, _ = self.arcs[k]
                    child = head if tail == point else tail
                    self.up[child] = k
                    stack.append(child)
        for point in found:
            self.low[point] = -1
            self.total[point] = self.balance[point]
        number = first
        for point in reversed(found):
            if self.low[point] < 0:
                self.low[point] = number
            self.number[point] = number
            self.order[number] = point
            number += 1
            if point != root:
                parent = self._parent(point)
                self.total[parent] += self.total[point]
                if self.low[parent] < 0:
                    self.low[parent] = self.low[point]
        self.visited += len(found)

    def _parent(self, point: int) -> int:
        tail, head, _, _ = self.arcs[self.up[point]]
        return head if tail == point else tail

    def leaving(self) -> int:
        """The point whose arc to its parent shall leave the tree; -1 if the sum can't become smaller."""
        n = len(self.x)
        best, least, found = -1, -_EPSILON, 0
        for step in range(n):
            point = (self.cursor + step) % n
            arc = self.up[point]
            if arc < 0:
                continue
            cut = self.total[point] if self.arcs[arc][0] == point else -self.total[point]
            if cut < -_EPSILON:
                found += 1
                if cut < least:
                    best, least = point, cut
                if found >= _LOOKED_AT:
                    break
        else:
            step = 0
        self.cursor = (self.cursor + step) % max(n, 1)
        self.visited += n // 8  # looking is cheaper than renumbering
        return best

    def exchange(self, child: int) -> None:
        """Replace the arc above ``child`` by the tightest that holds its subtree from the other side."""
        out = self.up[child]
        low, high = self.low[child], self.number[child]
        outwards = self.arcs[out][1] == child  # the arc pulls the subtree up, so one that leaves it must hold
        best, slack = -1, float("inf")
        for point in self.order[low : high + 1]:
            for k in self.outs[point] if outwards else self.ins[point]:
                tail, head, least, _ = self.arcs[k]
                if not low <= self.number[head if outwards else tail] <= high:
                    room = self.x[head] - self.x[tail] - least
                    if room < slack:
                        best, slack = k, room
        self.visited += high - low + 1
        if best < 0:  # nothing holds it: the sum has no minimum (the caller's arcs never do this)
            self.cursor, self.visited = 0, 1 << 60
            return
        if slack > 0:
            move = slack if outwards else -slack
            for point in self.order[low : high + 1]:
                self.x[point] += move
        tail, head, _, _ = self.arcs[best]
        top = tail
        while not self.low[top] <= self.number[head] <= self.number[top]:
            top = self._parent(top)
        for end in self.arcs[out][:2]:
            self.links[end].remove(out)
        for end in (tail, head):
            self.links[end].append(best)
        self._renumber(top, self.low[top])
