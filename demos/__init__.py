"""The lecture, live: each concept is a lesson, and ``python -m demos`` builds a gallery of them.

A lesson of the name ``momentum`` is ``demos/momentum.py`` with its texts ``demos/texts/LANGUAGE/momentum.toml``.
"""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).parent


def _written(name: str) -> bool:
    return all((_HERE / file).is_file() for file in (f"{name}.py", f"texts/en/{name}.toml", f"texts/ko/{name}.toml"))


_LECTURE: dict[str, tuple[str, ...]] = {
    "networks": ("losses",),
    "training": (
        "gradient_descent",
        "learning_rate",
        "backprop",
        "partial_derivatives",
        "activations",
        "vanishing_gradients",
        "initialization",
    ),
    "optimization": ("mini_batches", "momentum", "adagrad", "rmsprop", "adam", "race"),
    "overfitting": ("overfitting", "l1_l2", "normalization", "dropout"),
    "augmentation": ("augmentation",),
    "together": ("moons", "digits"),
}
# Until all lessons are written: when they are, PARTS is the table above and `_written` goes.
PARTS: dict[str, tuple[str, ...]] = {part: tuple(filter(_written, names)) for part, names in _LECTURE.items()}
"""The parts of the lecture in its order, each with its lessons; the headings stand in ``demos/gallery/words``."""
LESSONS: tuple[str, ...] = tuple(name for names in PARTS.values() for name in names)
"""Every lesson by its name, in the order of the lecture."""
