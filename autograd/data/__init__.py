"""Data for training: checked arrays, batches, splits, standardization, toy sets and the 8x8 digits."""

from autograd.data.datasets import blobs, circles, digits, moons, spiral
from autograd.data.samples import Samples
from autograd.data.sampling import batches, split
from autograd.data.scaling import Standardizer, standardize

__all__ = [
    "Samples",
    "Standardizer",
    "batches",
    "blobs",
    "circles",
    "digits",
    "moons",
    "spiral",
    "split",
    "standardize",
]
