"""Data augmentation: images changed at random, so that few teach as if they were more.

Each augmentation is made with its strength and called with images and a Generator; 0 changes nothing (for
`random_crop` 1). Images are floats in [0, 1] or uint8, (height, width), (height, width, channels) or several of them,
(n, ...), each with draws of its own; shape and dtype are kept. Filters are those of SciPy (the extra ``augment``).

>>> from autograd.data import augment
>>> flip = augment.hflip(p=0.5)
>>> flip(np.zeros((100, 8, 8)), rng=0).shape
(100, 8, 8)
"""

import numpy as np

from ...cures import answer_names
from .augmentation import Augmentation
from .colours import blur, brightness, color_noise, gaussian_noise
from .compose import Compose
from .geometry import erase, hflip, random_crop, resize, translate

__all__ = ["Augmentation", "Compose", "blur", "brightness", "color_noise", "erase", "gaussian_noise", "hflip"]
__all__ += ["random_crop", "resize", "translate"]

_ELSEWHERE = {
    "translate": "RandomAffine Affine ShiftScaleRotate RandomTranslation shift",
    "hflip": "RandomHorizontalFlip HorizontalFlip RandomFlip flip fliplr",
    "random_crop": "RandomCrop RandomResizedCrop crop",
    "brightness": "ColorJitter RandomBrightness RandomBrightnessContrast adjust_brightness",
    "resize": "Resize RandomScale RandomZoom RandomZoomOut zoom scale",
    "erase": "RandomErasing CoarseDropout Cutout cutout random_erasing",
    "blur": "GaussianBlur gaussian_blur Blur",
    "color_noise": "colour_noise RGBShift PCAColor",
    "gaussian_noise": "GaussNoise GaussianNoise noise",
}
"""What torchvision, Albumentations and Keras call them."""
_CURES = {theirs: f"it is called {ours} here" for ours, names in _ELSEWHERE.items() for theirs in names.split()}
answer_names(__name__, __all__, Sequential="it is called Compose here", **_CURES)
