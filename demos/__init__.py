"""The lecture, live: each concept is a lesson, and ``python -m demos`` builds a gallery of them.

A lesson of the name ``momentum`` is ``demos/momentum.py`` with its texts ``demos/texts/LANGUAGE/momentum.toml``.
"""

from __future__ import annotations

PARTS: dict[str, tuple[str, ...]] = {
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
"""The parts of the lecture in its order, each with its lessons; the headings stand in ``demos/gallery/words``."""
LESSONS: tuple[str, ...] = tuple(name for names in PARTS.values() for name in names)
"""Every lesson by its name, in the order of the lecture."""
