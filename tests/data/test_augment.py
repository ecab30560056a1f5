"""Augmentations: what all of them keep, what each does against a closed form or another library, and refusals."""

import copy
import pickle
import sys
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import fit, nn, optim
from autograd.data import Standardizer, augment
from autograd.data.augment import (
    Compose,
    blur,
    brightness,
    color_noise,
    erase,
    gaussian_noise,
    hflip,
    random_crop,
    resize,
    translate,
)
from autograd.errors import ShapeError
from tests.project.tree import python

pytest.importorskip("scipy")

# Each with a strength that shows, and one that changes nothing.
TABLE = {
    "translate": (translate(3), translate(0)),
    "hflip": (hflip(0.5), hflip(0.0)),
    "random_crop": (random_crop(0.6), random_crop(1.0)),
    "resize": (resize(0.5), resize(0.0)),
    "erase": (erase(0.4), erase(0.0)),
    "brightness": (brightness(0.5), brightness(0.0)),
    "blur": (blur(1.5), blur(0.0)),
    "color_noise": (color_noise(0.2), color_noise(0.0)),
    "gaussian_noise": (gaussian_noise(0.2), gaussian_noise(0.0)),
}
every = pytest.mark.parametrize("name", TABLE)
DTYPES = (np.float64, np.float32, np.float16, np.uint8)


def drawn(shape, dtype=np.float64, seed=0):
    pixels = np.random.default_rng(seed).random(shape)
    return np.rint(pixels * 255).astype(np.uint8) if dtype == np.uint8 else pixels.astype(dtype)


@st.composite
def pictures(draw, dtypes=DTYPES, batch=None):
    """Images of all the shapes that say what they are."""
    shape = (draw(st.integers(5, 9)), draw(st.integers(5, 9)))
    if draw(st.booleans()):
        shape += (draw(st.sampled_from([1, 3])),)
    if draw(st.booleans()) if batch is None else batch:
        shape = (draw(st.sampled_from([1, 2, 5])), *shape)
    return drawn(shape, draw(st.sampled_from(dtypes)), draw(st.integers(0, 99)))


def test_the_table_has_all_of_them():
    assert set(TABLE) == set(augment.__all__) - {"Augmentation", "Compose"}
    assert [type(each).__name__ for each, _ in TABLE.values()] == list(TABLE)


# What all keep


@every
@given(images=pictures(), seed=st.integers(0, 99))
def test_shape_dtype_and_range_are_kept_and_the_input_is_left_alone(name, images, seed):
    before = images.copy()
    found = TABLE[name][0](images, seed)
    assert (found.shape, found.dtype) == (images.shape, images.dtype)
    assert 0 <= found.min() <= found.max() <= (255 if images.dtype == np.uint8 else 1)
    assert not np.shares_memory(found, images)
    assert np.array_equal(images, before)


@every
@given(images=pictures(), seed=st.integers(0, 99))
def test_at_zero_strength_nothing_changes(name, images, seed):
    assert TABLE[name][1](images, seed).tobytes() == images.tobytes()


@every
@given(images=pictures(dtypes=[np.float64], batch=True), seed=st.integers(0, 99))
def test_a_batch_is_what_its_images_are_one_by_one(name, images, seed):
    shape, strong = images.shape[1:], TABLE[name][0]
    whole, single = np.random.default_rng(seed), np.random.default_rng(seed)
    together = strong(images, whole)
    np.testing.assert_allclose(together, [strong(image, single) for image in images], rtol=0, atol=1e-12)
    assert whole.bit_generator.state == single.bit_generator.state
    rows = images.reshape(len(images), -1)
    told = type(strong)(*[getattr(strong, f) for f in strong.__match_args__], shape=shape)
    assert told(rows, seed).tobytes() == together.tobytes()
    assert told(images[0], seed).shape == shape


@every
@given(seed=st.integers(0, 99))
def test_each_image_has_draws_of_its_own(name, seed):
    same = np.tile(drawn((7, 7)), (40, 1, 1))
    found = {image.tobytes() for image in TABLE[name][0](same, seed)}
    assert len(found) == 2 if name == "hflip" else len(found) > 5


@every
@given(images=pictures(), seed=st.integers(0, 99))
def test_a_seed_says_it_all(name, images, seed):
    strong = TABLE[name][0]
    assert strong(images, seed).tobytes() == strong(images, np.random.default_rng(seed)).tobytes()
    assert strong(images, np.int64(seed)).tobytes() == strong(images, seed).tobytes()


@every
@given(images=pictures(dtypes=[np.uint8]), seed=st.integers(0, 99))
def test_uint8_is_what_floats_are_to_rounding(name, images, seed):
    strong = TABLE[name][0]
    assert np.array_equal(strong(images, seed), np.rint(strong(images / 255, seed) * 255))


@pytest.mark.parametrize("name", [name for name in TABLE if "noise" not in name])
@given(seed=st.integers(0, 99))
def test_channels_are_treated_alike_and_apart(name, seed):
    images, strong = drawn((4, 8, 7, 3)), TABLE[name][0]
    found = strong(images, seed)
    for c in range(3):
        np.testing.assert_allclose(found[..., c], strong(images[..., c : c + 1], seed)[..., 0], rtol=0, atol=1e-15)


@every
def test_they_are_data(name):
    strong, none = TABLE[name]
    for twin in (pickle.loads(pickle.dumps(strong)), copy.deepcopy(strong), eval(repr(strong), vars(augment).copy())):
        assert twin == strong
        assert hash(twin) == hash(strong)
        assert twin(drawn((8, 8)), 3).tobytes() == strong(drawn((8, 8)), 3).tobytes()
    assert strong != none
    with pytest.raises(FrozenInstanceError):
        strong.shape = (8, 8)


def test_they_show_themselves():
    assert repr(translate(2)) == "translate(pixels=2)"
    assert repr(erase(fill=1, shape=[8, 8])) == "erase(size=0.3, fill=1.0, shape=(8, 8))"
    assert repr(Compose([hflip(), blur(2)], shape=(8, 8))) == (
        "Compose(transforms=(hflip(p=0.5), blur(sigma=2.0)), shape=(8, 8))"
    )


# What each does


@given(images=pictures(), seed=st.integers(0, 99))
def test_a_flip_is_a_mirror_and_two_are_none(images, seed):
    axis = -2 if images.shape[-1] in (1, 3) else -1
    flipped = hflip(1.0)(images, seed)
    assert np.array_equal(flipped, np.flip(images, axis))
    assert np.array_equal(hflip(1.0)(flipped, seed), images)


@pytest.mark.parametrize("p", [0.1, 0.5, 0.8])
def test_a_flip_comes_as_often_as_is_said(p):
    n, images = 4000, np.tile([0.0, 0.0, 0.0, 0.0, 1.0], (4000, 1, 1))
    share = hflip(p)(images, 0)[:, 0, 0].mean()
    assert abs(share - p) < 4 * np.sqrt(p * (1 - p) / n)


@given(seed=st.integers(0, 99))
def test_a_translation_moves_by_whole_pixels_in_all_directions_alike(seed):
    image = drawn((6, 8), seed=seed)
    expected = []
    for down in range(-2, 3):
        for right in range(-2, 3):
            moved = np.full((6 + 4, 8 + 4), 0.25)
            moved[2 + down : 8 + down, 2 + right : 10 + right] = image
            expected.append(moved[2:8, 2:10])
    found = translate(2, fill=0.25)(np.tile(image, (1000, 1, 1)), seed)
    counts = [int((found == each).all(axis=(1, 2)).sum()) for each in expected]
    assert sum(counts) == 1000
    # 25 moves, equally likely: Pearson's statistic has 24 degrees of freedom, mean 24 and variance 48
    assert sum((count - 40) ** 2 / 40 for count in counts) < 24 + 6 * np.sqrt(48)


@pytest.mark.parametrize("shape", [(8, 8), (9, 7), (6, 12)])
def test_a_crop_is_a_window_enlarged_as_pillow_does_it(shape):
    image_of = pytest.importorskip("PIL.Image")
    height, width = shape
    image, across = drawn(shape), np.tile(np.linspace(0, 1, width), (height, 1))
    down = np.tile(np.linspace(0, 1, height)[:, None], (1, width))
    found = random_crop(0.4)(np.tile(np.stack([image, across, down], axis=-1), (60, 1, 1, 1)), 0)
    for picture, columns, rows in np.moveaxis(found, -1, 1):
        # Two ramps tell the window, in the middle, where no edge is near.
        y, x = rows[:, 0] * (height - 1), columns[0] * (width - 1)
        share = y[height // 2] - y[height // 2 - 1]
        assert x[width // 2] - x[width // 2 - 1] == pytest.approx(share)
        top = y[height // 2] + 0.5 - share * (height // 2 + 0.5)
        left = x[width // 2] + 0.5 - share * (width // 2 + 0.5)
        assert 0.4 <= share <= 1.0
        assert -1e-12 <= top <= height * (1 - share) + 1e-12
        assert -1e-12 <= left <= width * (1 - share) + 1e-12
        box = np.clip([left, top, left + width * share, top + height * share], 0, [width, height] * 2)
        enlarged = image_of.fromarray(image.astype(np.float32)).resize((width, height), 2, box=tuple(box))  # bilinear
        np.testing.assert_allclose(picture, np.asarray(enlarged), atol=1e-5)


def test_the_windows_of_a_crop_are_anywhere():
    ramp = np.tile(np.linspace(0, 1, 9), (4000, 9, 1))
    x = random_crop(0.5)(ramp, 0)[:, 4] * 8
    share = x[:, 5] - x[:, 4]
    assert_uniform(share, 0.5, 1.0)
    left = x[:, 4] + 0.5 - share * 4.5
    assert_uniform((left / (9 * (1 - share)))[share < 0.99], -1e-9, 1 + 1e-9)


def test_it_is_loaded_when_it_is_first_asked_for():
    code = "import sys, autograd; print('autograd.data.augment' in sys.modules, autograd.data.augment.hflip())"
    assert python(code) == "False hflip(p=0.5)"
    assert python("from autograd.data import *; print(augment.blur())") == "blur(sigma=1.0)"


def test_a_resize_stretches_a_ramp_about_its_centre():
    ramp = 0.5 + 0.04 * np.arange(-4, 5) + np.zeros((9, 1))
    for image in resize(0.5, fill=1.0)(np.tile(ramp, (300, 1, 1)), 0):
        factor = 0.04 / (image[4, 5] - image[4, 4])
        assert 0.5 <= factor <= 1.5
        expected = 0.5 + 0.04 * np.arange(-4, 5) / factor
        inside = np.abs(np.arange(-4, 5)) / factor <= 4
        np.testing.assert_allclose(image[np.ix_(inside, inside)], np.tile(expected[inside], (inside.sum(), 1)))
        beyond = np.abs(np.arange(-4, 5)) / factor >= 5
        assert (image[beyond] == 1.0).all()
        assert (image[:, beyond] == 1.0).all()


def test_the_factors_of_a_resize_are_uniform():
    ramp = np.tile(0.5 + 0.04 * np.arange(-4, 5), (5000, 9, 1))
    found = resize(0.5)(ramp, 0)
    factors = 0.04 / (found[:, 4, 5] - found[:, 4, 4])
    assert_uniform(factors, 0.5, 1.5)


def assert_uniform(x, low, high):
    """Mean and variance of a uniform distribution, within 4 standard errors; kurtosis 1.8."""
    n, width = len(x), high - low
    assert low <= x.min() <= x.max() <= high
    assert abs(x.mean() - (low + high) / 2) < 4 * width / np.sqrt(12 * n)
    assert abs(x.var() - width**2 / 12) < 4 * width**2 / 12 * np.sqrt(0.8 / n)


def assert_normal(x, mean, std, variance=None):
    """Mean and variance of a normal distribution, within 4 standard errors."""
    assert abs(x.mean() - mean) < 4 * std / np.sqrt(x.size)
    assert abs(x.var() - std**2) < 4 * std**2 * np.sqrt(2 / x.size)


def test_brightness_is_one_factor_an_image():
    images = np.tile(drawn((5, 6)) * 0.5, (5000, 1, 1))
    factors = brightness(0.4)(images, 0) / images
    assert np.ptp(factors, axis=(1, 2)).max() < 1e-12
    assert_uniform(factors[:, 0, 0], 0.6, 1.4)


def test_erase_fills_a_rectangle_anywhere():
    images = np.ones((2000, 8, 10))
    found = erase(0.3, fill=0.25)(images, 0) == 0.25
    assert (found.sum(axis=(1, 2)) == 2 * 3).all()  # 2.4 and 3.0 pixels, rounded
    rows, columns = found.any(axis=2), found.any(axis=1)
    assert (rows.sum(axis=1) == 2).all()
    assert (columns.sum(axis=1) == 3).all()
    corners = rows.argmax(axis=1) * 8 + columns.argmax(axis=1)
    counts = np.bincount(corners, minlength=7 * 8)
    assert len(counts) == 56
    assert sum((counts - 2000 / 56) ** 2 / (2000 / 56)) < 55 + 6 * np.sqrt(110)


def test_less_than_a_pixel_to_erase_is_one():
    assert (erase(0.01)(np.ones((5, 5)), 0) == 0).sum() == 1


def test_a_blurred_dot_is_a_gauss_curve_and_keeps_its_mass():
    dots = np.zeros((500, 31, 31))
    dots[:, 15, 15] = 1.0
    found = blur(2.0)(dots, 0)
    np.testing.assert_allclose(found.sum(axis=(1, 2)), 1.0)
    x = np.arange(-15, 16)
    sigmas = []
    for image in found:
        profile = image.sum(axis=0)
        np.testing.assert_allclose(image, np.outer(profile, profile), atol=1e-12)
        if profile[15] > 0.99:  # narrower than its neighbours can tell
            continue
        sigma = np.sqrt(-0.5 / np.log(profile[16] / profile[15]))
        radius = int(4 * sigma + 0.5)
        expected = np.where(np.abs(x) <= radius, np.exp(-0.5 * (x / sigma) ** 2), 0)
        np.testing.assert_allclose(profile, expected / expected.sum(), atol=1e-9)
        sigmas.append(sigma)
    assert max(sigmas) <= 2.0
    assert abs(np.mean(np.array(sigmas) > 1.0) * len(sigmas) / 500 - 0.5) < 4 * 0.5 / np.sqrt(500)


@given(images=pictures(dtypes=[np.float64]), seed=st.integers(0, 99))
def test_a_blur_keeps_the_mean_also_at_the_edges(images, seed):
    assert blur(3.0)(images, seed).mean() == pytest.approx(images.mean(), abs=1e-12)


def test_color_noise_is_one_shift_a_channel():
    images = np.tile(drawn((5, 6, 3)) * 0.2 + 0.4, (4000, 1, 1, 1))
    shifts = color_noise(0.05)(images, 0) - images
    assert np.ptp(shifts, axis=(1, 2)).max() < 1e-12
    assert_normal(shifts[:, 0, 0].ravel(), 0.0, 0.05)
    assert np.abs(np.corrcoef(shifts[:, 0, 0].T) - np.eye(3)).max() < 4 / np.sqrt(4000)


def test_gaussian_noise_is_of_each_pixel():
    noise = gaussian_noise(0.05)(np.full((200, 9, 9, 3), 0.5), 0) - 0.5
    assert_normal(noise, 0.0, 0.05)
    columns = noise.reshape(200, -1)
    assert np.abs(np.corrcoef(columns[:, :40].T) - np.eye(40)).max() < 5 / np.sqrt(200)


def test_noise_on_black_is_clipped():
    """The mean of max(0, x) for x from N(0, s²) is s / sqrt(2 pi), its variance s² (1 / 2 - 1 / (2 pi))."""
    x = gaussian_noise(0.1)(np.zeros((100, 10, 10)), 0)
    variance = 0.1**2 * (0.5 - 0.5 / np.pi)
    assert abs(x.mean() - 0.1 / np.sqrt(2 * np.pi)) < 4 * np.sqrt(variance / x.size)
    assert x.var() == pytest.approx(variance, rel=0.05)


# Compose


@given(images=pictures(dtypes=[np.float64]), seed=st.integers(0, 99))
def test_compose_is_one_after_the_other_on_one_generator(images, seed):
    chosen = [strong for strong, _ in TABLE.values()]
    together, rng, expected = Compose(chosen)(images, seed), np.random.default_rng(seed), images
    for each in chosen:
        expected = each(expected, rng)
    assert np.array_equal(together, expected)
    nested = Compose([chosen[0], Compose(chosen[1:])])
    assert np.array_equal(nested(images, seed), together)
    assert np.array_equal(Compose([])(images, seed), images)


def test_compose_rounds_uint8_once():
    images = drawn((6, 6), np.uint8)
    dimmed = Compose([lambda x, rng: x / 100, lambda x, rng: x * 100])
    assert np.array_equal(dimmed(images, 0), images)


def test_functions_among_them_get_images_and_the_generator():
    def darker(images, rng):
        seen.append((images.shape, images.dtype, rng.random()))
        images *= 0.5
        return images

    seen, image = [], drawn((8, 8))
    before = image.copy()
    found = Compose([darker])(image, 0)
    assert np.array_equal(image, before)
    assert np.array_equal(found, image / 2)
    seen.clear()
    found = Compose([hflip(1.0), darker])(image, 5)
    assert np.array_equal(found, image[:, ::-1] / 2)
    rng = np.random.default_rng(5)
    rng.random()
    assert seen == [((1, 8, 8, 1), np.float64, rng.random())]


def test_standardized_rows_are_augmented_as_they_were_before():
    raw = np.clip(drawn((30, 64)) * 2 - 0.5, 0, 1)
    raw[:, 7] = 0.0  # a column of equal numbers
    scaler = Standardizer.of(raw)
    back = scaler.inverse(scaler(raw))
    assert back.min() < 0 or back.max() > 1  # by rounding
    chosen = [translate(1), gaussian_noise(0.1)]
    found = Compose(chosen, shape=(8, 8), scaler=scaler)(scaler(raw), 3)
    np.testing.assert_allclose(found, scaler(Compose(chosen, shape=(8, 8))(raw, 3)), atol=1e-9)
    assert Compose(chosen, shape=(8, 8), scaler=scaler)(np.float32(scaler(raw)), 3).dtype == np.float32


@pytest.mark.parametrize("scaled", [False, True])
@pytest.mark.parametrize("batch_size", [None, 4])
def test_fit_trains_the_same_compiled_and_eager(scaled, batch_size):
    raw, Y = drawn((10, 25)), np.arange(10) % 2
    scaler = Standardizer.of(raw)
    every_one = [type(strong)() for strong, _ in TABLE.values()]
    transform = Compose(every_one, shape=(5, 5), scaler=scaler if scaled else None)
    trained = []
    for mode in ("compiled", "eager", "compiled"):
        model = nn.MLP(25, [3, 2], rng=1)
        history = fit(
            model, scaler(raw) if scaled else raw, Y, loss="cross_entropy", optimizer=optim.SGD(model, lr=0.1),
            epochs=6, batch_size=batch_size, transform=transform, mode=mode, progress=False,
        )  # fmt: skip
        trained.append((model.state_dict(), history["loss"]))
    for (state, losses), tolerance in ((trained[1], 1e-12), (trained[2], 0.0)):
        np.testing.assert_allclose(losses, trained[0][1], rtol=tolerance)
        for key, weights in state.items():
            np.testing.assert_allclose(weights, trained[0][0][key], rtol=tolerance, atol=tolerance)


# What is refused


@every
@pytest.mark.parametrize(
    ("images", "error", "message"),
    [
        (np.zeros(8), ShapeError, r"can't tell what an array of shape \(8,\) is; images are \(height, width\)"),
        (np.zeros((2, 3, 8, 8, 3)), ShapeError, r"shape \(2, 3, 8, 8, 3\)"),
        (np.zeros((2, 3, 8, 8)), ShapeError, r"channels come last here: images.transpose\(0, 2, 3, 1\)"),
        (np.zeros((3, 8, 8)), ShapeError, r"3 grey images, or one with its channels first; pass shape=\(8, 8\)"),
        (np.zeros((8, 8, 4)), ShapeError, r"leave the alpha channel out, images\[..., :3\]"),
        (np.zeros((9, 3, 3)), ShapeError, r"one image \(height, width, channels\), or several"),
        (np.zeros((9, 9, 2)), ShapeError, "or several"),
        (np.zeros((0, 8, 8)), ShapeError, r"got no pixels, an array of shape \(0, 8, 8\)"),
        (np.zeros((8, 8), int), TypeError, r"or of uint8, got dtype int64; write images.astype\(numpy.uint8\)"),
        (np.zeros((8, 8), bool), TypeError, "got dtype bool"),
        ([["a"]], TypeError, "got dtype <U1"),
        ([np.zeros((8, 8)), np.zeros((8, 9))], ShapeError, "the images have different shapes"),
        (np.full((5, 8, 8), 7.5), ValueError, r"got 7.5 in image 0, row 0, column 0, channel 0 \(and 319 more\).* 255"),
        (np.full((8, 8), -1e-9), ValueError, "augment before standardizing"),
        (np.where(np.eye(8), np.nan, 0.5), ValueError, "got nan in image 0, row 0, .* fill the gaps"),
        (np.where(np.eye(8), np.inf, 0.5), ValueError, "got inf"),
    ],
)
def test_images_that_are_refused(name, images, error, message):
    with pytest.raises(error, match=message) as caught:
        TABLE[name][0](images, 0)
    assert str(caught.value).startswith(name)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: translate(-1), ValueError, "translate: pixels must be at least 0, got -1"),
        (lambda: translate(1.5), TypeError, "translate: pixels must be a whole number, got float"),
        (lambda: translate(2, fill=255), ValueError, r"translate: fill must be a finite number in \[0, 1\], got 255"),
        (lambda: hflip(1.2), ValueError, r"hflip: p must be a finite number in \[0, 1\], got 1.2; the default is 0.5"),
        (lambda: hflip(True), TypeError, "hflip: p must be a number"),
        (lambda: hflip("0.5"), TypeError, "got '0.5' of type str"),
        (lambda: random_crop(0), ValueError, r"random_crop: size must be a finite number in \(0, 1\]"),
        (lambda: resize(1.0), ValueError, r"resize: scale must be a finite number in \[0, 1\)"),
        (lambda: erase(1.1), ValueError, r"erase: size must be a finite number in \[0, 1\]"),
        (lambda: brightness(2), ValueError, "brightness: strength"),
        (lambda: blur(float("nan")), ValueError, "blur: sigma must be a finite number"),
        (lambda: color_noise(-0.1), ValueError, "color_noise: std"),
        (lambda: gaussian_noise(float("inf")), ValueError, "gaussian_noise: std"),
        (lambda: hflip(np.zeros((8, 8))), TypeError, r"give that the images: hflip\(\)\(images, rng\)"),
        (lambda: hflip(probability=0.5), TypeError, "hflip has no argument probability.*called p here"),
        (lambda: hflip(shape=64), TypeError, r"hflip: shape is that of one image, as \(8, 8\)"),
        (lambda: hflip(shape=(8, 0)), ValueError, "hflip: shape must be at least 1"),
        (lambda: hflip(shape=(8, 8, 4)), ValueError, "hflip: shape has 1 or 3 channels at its end"),
        (lambda: Compose(hflip()), TypeError, "Compose takes a list of augmentations"),
        (lambda: Compose([hflip]), TypeError, r"transform 0, .* is a class; write hflip\(\)"),
        (lambda: Compose([hflip(), 3]), TypeError, "transform 1, 3, can't be called"),
        (lambda: Compose([hflip(shape=(8, 8))]), ValueError, "another shape than Compose, None; leave it out"),
        (lambda: Compose([], scaler=3), TypeError, "scaler is a Standardizer"),
        (lambda: Compose([], scaler=Standardizer.of([0.0, 1.0])), ValueError, "pass the shape of an image"),
        (lambda: hflip()(np.zeros((8, 8))), TypeError, r"missing a required argument: 'rng'"),
        (lambda: hflip()(np.zeros((8, 8)), 0.5), TypeError, "hflip: rng must be a seed"),
        (lambda: hflip()(np.zeros((8, 8)), np.random), TypeError, "hflip: rng must be a seed"),
        (lambda: hflip(shape=(8, 8))(np.zeros((3, 65)), 0), ShapeError, r"\(n, 8, 8\) or \(n, 64\), got \(3, 65\)"),
        (lambda: hflip(shape=(8, 8))(np.zeros(64), 0), ShapeError, r"got \(64,\)"),
        (lambda: translate(8)(np.zeros((8, 9)), 0), ShapeError, "out of the picture; pass at most 7"),
        (lambda: augment.RandomHorizontalFlip, AttributeError, "it is called hflip here"),
    ],
)
def test_what_else_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize(
    ("transform", "error", "message"),
    [
        (
            lambda x, rng: x[:, :4],
            ShapeError,
            r"of shape \(1, 4, 8, 1\) of such of \(1, 8, 8, 1\); it must keep",
        ),
        (lambda x, rng: None, TypeError, "gave None; return the images"),
        (lambda x, rng: x > 0.5, TypeError, "dtype bool"),
        (lambda x, rng: x - 1, ValueError, r"the transform must make pixels in \[0, 1\], got -1"),
        (lambda x, rng: x * np.nan, ValueError, "got nan in image 0"),
    ],
)
def test_a_function_that_breaks_the_rules_is_named(transform, error, message):
    with pytest.raises(error, match=message) as caught:
        Compose([hflip(), transform])(np.zeros((8, 8)), 0)
    assert caught.value.__notes__[0].startswith("in Compose: transform 1, <function <lambda>")


@pytest.mark.parametrize(
    ("made", "error", "message"),
    [
        (lambda x: x.swapaxes(1, 2), ShapeError, r"mine made images of shape \(1, 9, 8, 1\) of such of \(1, 8, 9, 1\)"),
        (lambda x: x[:, :1, :1], ShapeError, "it must keep their shape"),
        (lambda x: x > 0.5, TypeError, "mine made images of dtype bool"),
        (lambda x: x * np.nan, ValueError, r"mine must make pixels in \[0, 1\], got nan in image 0"),
        (lambda x: None, TypeError, "mine gave None; return the images"),
    ],
)
@pytest.mark.parametrize("dtype", [np.float64, np.uint8])
@pytest.mark.parametrize("wrap", [lambda one: one, lambda one: Compose([one])])
def test_an_augmentation_of_ones_own_that_breaks_the_rules_is_named(made, error, message, dtype, wrap):
    class mine(augment.Augmentation):  # noqa: N801 (as those of the package)
        def augmented(self, pixels, rng):
            return made(pixels)

    with pytest.raises(error, match=message):
        wrap(mine())(drawn((8, 9), dtype), 0)


@pytest.mark.parametrize("transform", [translate(1), Compose([hflip()])])
@pytest.mark.parametrize("mode", ["eager", "compiled"])
def test_fit_refuses_what_would_take_a_batch_for_one_image(transform, mode):
    model = nn.MLP(25, [3, 2], rng=1)
    before = model.state_dict()
    with pytest.raises(ValueError, match=r"fit: transform=.* gets rows of pixels; pass the shape .*: shape=\(8, 8\)"):
        fit(
            model, drawn((10, 25)), np.arange(10) % 2, loss="cross_entropy", optimizer=optim.SGD(model, lr=0.1),
            epochs=1, batch_size=5, transform=transform, mode=mode, progress=False,
        )  # fmt: skip
    assert all(np.array_equal(before[key], weights) for key, weights in model.state_dict().items())


def test_without_scipy_the_cure_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy", None)
    for needs_it in (blur(), resize(), random_crop()):
        with pytest.raises(ImportError, match=r'needs SciPy, .*: pip install "glassgrad\[augment\]"'):
            needs_it(np.zeros((8, 8)), 0)
    assert hflip(1.0)(np.zeros((8, 8)), 0).shape == (8, 8)
