"""Descents on a curve: the points, what is seen of them, and how they move."""

import numpy as np
import pytest

from viz import plot

PATHS = {"left": [-2.0, -1.0, -0.5], "right": [1.5, 3.0]}


def shown(figure):
    """Start, end of each arrow that is seen."""
    found = []
    for arrows in figure.axes[0].collections:
        moves = np.ma.stack([arrows.U, arrows.V], axis=1)
        seen = ~np.ma.getmaskarray(moves).any(axis=1) & ~np.broadcast_to(arrows.Umask, len(moves))
        found += [
            (start.tolist(), (start + move).tolist()) for start, move in zip(arrows.XY[seen], moves[seen], strict=True)
        ]
    return found


def test_the_numbers_are_paths_and_curve():
    data = plot.descent(np.square, PATHS).data
    for name, path in PATHS.items():
        own = data["path"] == name
        np.testing.assert_array_equal(data["x"][own], path)
        np.testing.assert_array_equal(data["y"][own], np.square(path))
        np.testing.assert_array_equal(data["step"][own], range(len(path)))
    curve = data["path"] == ""
    assert np.isnan(data["step"][curve]).all()
    assert (data["x"][curve].min(), data["x"][curve].max()) == (-2.5, 3.5)  # a tenth more of 5 on either side


def test_an_arrow_goes_from_each_point_to_the_next():
    figure = plot.descent(np.square, PATHS)
    assert shown(figure) == [([-2, 4], [-1, 1]), ([-1, 1], [-0.5, 0.25]), ([1.5, 2.25], [3, 9])]
    assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == ["left", "right"]
    assert plot.descent(np.square, [1.0, 0.5]).axes[0].get_legend() is None


@pytest.mark.parametrize(("out", "border"), [(10.0, 3.0), (-9.0, -3.0)])
def test_an_arrow_that_leaves_is_cut_at_the_border_and_nothing_follows(out, border):
    figure = plot.descent(np.square, [1.0, out, 0.0], interval=(-3, 3))
    ((start, end),) = shown(figure)
    (_, top) = figure.axes[0].get_ylim()
    assert start == [1, 1]
    assert np.isclose(end[0], border) or np.isclose(end[1], top)
    # on the chord of the whole step
    assert (end[1] - 1) / (end[0] - 1) == pytest.approx((out**2 - 1) / (out - 1))
    assert out in figure.data["x"]


def test_a_path_that_ends_where_the_function_overflows():
    figure = plot.descent(np.square, [1.0, 0.5, np.inf], interval=(-3, 3))
    assert shown(figure) == [([1, 1], [0.5, 0.25])]
    assert np.isnan(figure.data["y"][2])


def test_a_ball_walks_along_the_arrows():
    animation = plot.descent_animation(np.square, PATHS)
    assert animation.frames == 7
    (axes,) = animation.figure.axes
    still = shown(animation.figure)

    def balls():
        lines = [line for line in axes.lines if line.get_label() in PATHS]
        return [line.get_xydata()[0].tolist() for line in lines]

    places = []
    for i in (0, 1, 3, 5, 6):
        artists = animation.update(i)
        assert len(artists) == 2 * 3  # those that aren't seen too
        places.append((balls(), len(shown(animation.figure))))
    expected = [
        ([[-2, 4], [1.5, 2.25]], 0),
        ([[-5 / 3, 3], [2, 4.5]], 0),
        ([[-1, 1], [3, 9]], 2),
        ([[-2 / 3, 0.5], [3, 9]], 2),
        ([[-0.5, 0.25], [3, 9]], 3),
    ]
    for (found, arrows), (wanted, count) in zip(places, expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-12)
        assert arrows == count
    assert shown(animation.figure) == still


def test_a_ball_that_leaves_is_gone():
    animation = plot.descent_animation(np.square, {"a": [1.0, 9.0], "b": [1.0, 0.5, 0.1]}, interval=(-3, 3))
    lines = {line.get_label(): line for line in animation.figure.axes[0].lines}
    animation.update(2)
    assert lines["a"].get_visible()
    animation.update(3)
    assert not lines["a"].get_visible()
    assert lines["b"].get_visible()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"paths": {}}, "paths is empty: pass the points of a descent"),
        ({"paths": {"a": []}}, r"the path 'a' must be numbers, .* got shape \(0,\)"),
        ({"paths": [[1.0, 2.0]]}, r"got shape \(1, 2\): a descent of two parameters is drawn by plot.paths"),
        ({"paths": [1.0, np.nan]}, "a path isn't finite: pass the interval to draw"),
        ({"interval": (2, 3)}, "the path 'descent' starts at 1, outside of the interval from 2 to 3"),
        ({"f": np.log, "paths": [-1.0, 1.0]}, "the path 'descent' starts at -1, where the function isn't finite"),
        ({"f": lambda x: 1.0}, r"'the function' gave shape \(\)"),
    ],
)
def test_a_descent_says_what_is_wrong(change, message):
    with pytest.raises(ValueError, match=message):
        plot.descent(**({"f": np.square, "paths": [1.0, 0.5]} | change))


def test_a_start_alone_is_a_descent_without_arrows():
    animation = plot.descent_animation(np.square, [1.0])
    assert animation.frames == 1
    assert shown(animation.figure) == []
