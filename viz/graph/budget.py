"""How large a picture may be."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Budget:
    """The size above which a picture shows less: by default about a page of a browser; ``math.inf`` for no limit.

    Attributes:
        boxes: how many there may be.
        wires: how many between them.
        bytes: of the SVG, about.
        width: of the picture, in pixels; longer chains of operations go on in a line below.
        height: in pixels.

    >>> Budget(boxes=50).wires
    900
    """

    boxes: float = 300
    wires: float = 900
    bytes: float = 1_000_000
    width: float = 1_366
    height: float = 1_800

    def __post_init__(self) -> None:
        for field in fields(self):
            limit = getattr(self, field.name)
            least = 0 if field.name == "wires" else 1
            if isinstance(limit, bool) or not isinstance(limit, int | float) or not limit >= least:
                raise ValueError(
                    f"budget: {field.name}={limit!r} is no limit of a picture: pass a number of at least {least}, "
                    f"such as {field.default}, or math.inf for none."
                )

    @classmethod
    def of(cls, budget: object) -> Budget:
        """A budget as it is given: a number limits the boxes, and nothing else."""
        if isinstance(budget, Budget):
            return budget
        if isinstance(budget, bool) or not isinstance(budget, int | float) or not budget >= 1:
            raise ValueError(
                f"budget={budget!r} is not a number of boxes: pass an int of at least 1, such as {cls().boxes}, "
                "or a viz.Budget."
            )
        return cls(budget, math.inf, math.inf, cls().width, math.inf)


PAGE = Budget()
"""What a page has room for."""
