"""Data for training: checked arrays, batches, splits, standardization, augmentation, toy sets and the 8x8 digits."""

from typing import TYPE_CHECKING

from ..cures import answer_names
from .datasets import blobs, circles, digits, moons, spiral
from .samples import Samples
from .sampling import batches, split
from .scaling import Standardizer, standardize

if TYPE_CHECKING:
    from . import augment  # which is loaded when it is first asked for: most trainings have no images

__all__ = ["blobs", "circles", "digits", "moons", "spiral"]
__all__ += ["Samples", "Standardizer", "augment", "batches", "split", "standardize"]

answer_names(__name__, __all__)
