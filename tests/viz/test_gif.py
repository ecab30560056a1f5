"""The GIF of a backward: what is drawn in part is what would be drawn as a whole."""

import io
from typing import Any

import numpy as np
import pytest

pytest.importorskip("resvg_py")
from PIL import Image

import viz
from viz.output.moving import series_gif
from viz.output.raster import drawn
from viz.picture.theme import styles


def frames_of(gif: bytes) -> list[Any]:
    with Image.open(io.BytesIO(gif)) as image:
        found = []
        for i in range(image.n_frames):
            image.seek(i)
            found.append((np.asarray(image.convert("RGB")).astype(int), image.info["duration"]))
        return found


def whole(png: bytes) -> Any:
    with Image.open(io.BytesIO(png)) as image:
        return np.asarray(image.convert("RGB")).astype(int)


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("zoom", [1.0, 1.37])
def test_each_frame_is_the_picture_that_is_drawn_as_a_whole(network, dark, zoom):
    scenes = [drawing.scene for drawing in viz.frames(network(2, 3, 1))][:6]
    gif = series_gif(scenes, dark, zoom, [1000] * len(scenes))
    assert gif == series_gif(scenes, dark, zoom, [1000] * len(scenes))
    paper = [int(styles(dark)["paper"].fill[k : k + 2], 16) for k in (1, 3, 5)]
    for scene, (shown, _) in zip(scenes, frames_of(gif), strict=True):
        expected = whole(drawn(scene, dark, zoom))
        assert shown.shape == expected.shape
        off = np.abs(shown - expected).max(axis=-1)
        assert np.count_nonzero(off >= 60) < 20  # of 256 colours some are far from where two wires cross
        assert off.mean() < 2.5
        assert shown[2, 2].tolist() == paper
        assert np.count_nonzero(off[(expected == paper).all(axis=-1)]) < 10  # at the edge of what is drawn anew


def test_the_last_frame_is_shown_longest(small, tmp_path):
    gif = viz.frames(small()).save_gif(tmp_path / "a.gif", seconds=0.5).read_bytes()
    assert [milliseconds for _, milliseconds in frames_of(gif)] == [500, 500, 1500]


def test_who_breaks_off_leaves_no_half_file(small, tmp_path, monkeypatch):
    def interrupted(*_: object, **__: object) -> bytes:
        raise KeyboardInterrupt

    steps, target = viz.frames(small()), tmp_path / "a.gif"
    target.write_bytes(b"before")
    for place in ("viz.output.moving.drawn", "pathlib.Path.replace"):
        with monkeypatch.context() as patch:
            patch.setattr(place, interrupted)
            with pytest.raises(KeyboardInterrupt):
                steps.save_gif(target)
        assert [path.name for path in tmp_path.iterdir()] == ["a.gif"]
        assert target.read_bytes() == b"before"
