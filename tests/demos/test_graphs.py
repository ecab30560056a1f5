"""The graphs to look at have the numbers that are known of them, and one command draws them all."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("jinja2")
pytest.importorskip("PIL")
pytest.importorskip("resvg_py")

from PIL import Image

from autograd import Parameter, Value, ancestors
from demos import contact_sheet
from demos.graphs import GRAPHS, HOSTILE

HUGE = {"network_784_128_10"}


def built(name: str) -> Value:
    root = GRAPHS[name].build()
    assert isinstance(root, Value)
    return root


def labelled(root: Value) -> dict[str, Value]:
    return {value.label: value for value in ancestors(root)}


def test_micrograd_prints_these_numbers() -> None:
    root = built("micrograd")
    found = labelled(root)
    assert f"{root.data:.4f} {found['a'].grad:.4f} {found['b'].grad:.4f}" == "24.7041 138.8338 645.5773"


def test_the_neuron_of_the_lecture_has_round_gradients() -> None:
    found = labelled(built("neuron"))
    assert found["o"].data == pytest.approx(math.sqrt(0.5))
    for name, gradient in {"x1": -1.5, "w1": 1.0, "x2": 0.5, "w2": 0.0, "b": 0.5, "n": 0.5}.items():
        assert found[name].grad == pytest.approx(gradient), name


def test_closed_forms() -> None:
    logits = [labelled(built("cross_entropy"))[f"z{i}"] for i in range(3)]
    total = sum(math.exp(z.data) for z in logits)
    for i, z in enumerate(logits):
        assert z.grad == pytest.approx(math.exp(z.data) / total - (i == 0))
    xs = [labelled(built("logsumexp"))[f"x{i}"] for i in range(4)]
    total = sum(math.exp(x.data) for x in xs)
    assert [x.grad for x in xs] == pytest.approx([math.exp(x.data) / total for x in xs])
    steps = labelled(built("newton"))
    for i in range(3):  # f' = 1 - 1/x, f'' = 1/x²
        x = steps[f"x{i}"].data
        assert steps[f"x{i + 1}"].data == pytest.approx(2 * x - x * x)
    slope = built("second_order")
    x, y = labelled(slope)["x"].data, labelled(slope)["y"].data
    assert slope.data == pytest.approx(math.exp(x) * (math.sin(x * y) + y * math.cos(x * y)))


def test_each_has_what_it_is_about() -> None:
    assert [math.isnan(built("not_finite_forward").data), math.isfinite(built("not_finite_backward").data)] == [
        True
    ] * 2
    assert any(math.isinf(v.grad) for v in ancestors(built("not_finite_backward")))
    assert set(HOSTILE) <= set(labelled(built("hostile_labels")))
    assert len(GRAPHS["two_outputs"].build()) == 2  # type: ignore[arg-type]
    dead = labelled(built("dead_relu"))
    assert [dead[f"b{i}"].grad == 0 for i in range(3)] == [False, True, True]
    assert not any(v.has_grad for v in ancestors(built("not_run_yet")))
    ten = built("used_ten_times")
    assert sum(v.args.count(labelled(ten)["x"]) for v in ancestors(ten)) == 10
    digits = ancestors(built("network_64_32_10"))
    assert len({id(v) for v in digits if isinstance(v, Parameter) and v.has_grad}) == 64 * 32 + 32 + 32 * 10 + 10
    sizes = {name: len(ancestors(built(name))) for name in ("chain_of_500", "chain_of_5000", "random_10000")}
    assert sizes["chain_of_500"] > 500
    assert sizes["chain_of_5000"] > 5_000
    assert sizes["random_10000"] > 10_000


@pytest.mark.parametrize("name", [name for name in GRAPHS if name not in HUGE])
def test_it_is_the_same_every_time(name: str) -> None:
    first, second = GRAPHS[name].build(), GRAPHS[name].build()
    for one, other in zip(*([r] if isinstance(r, Value) else r for r in (first, second)), strict=True):
        for a, b in zip(ancestors(one), ancestors(other), strict=True):
            assert (repr(a.data), repr(a.grad), a.label, a.scope) == (repr(b.data), repr(b.grad), b.label, b.scope)


def test_one_command_draws_them_light_and_dark_with_a_page_and_two_sheets(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ("neuron", "two_outputs")
    assert contact_sheet.main([*names, "--out", str(tmp_path)]) == 0
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert (tmp_path / "index.html").as_uri() in capsys.readouterr().out
    shown = re.findall(r'(?:src|href)="([^"#][^"]*)"', page)
    assert sorted(shown) == sorted(
        ["neuron.steps.html", *(f"{name}.{theme}.svg" for name in names for theme in ("light", "dark"))]
    )
    made = {path.name for path in tmp_path.iterdir()}
    pictures = {f"{name}.{theme}.{kind}" for name in names for theme in ("light", "dark") for kind in ("svg", "png")}
    assert made == pictures | {"index.html", "neuron.steps.html", "sheet.light.png", "sheet.dark.png"}
    size = ET.parse(tmp_path / "neuron.light.svg").getroot().attrib
    assert 'width="{:.1f}" height="{:.1f}"'.format(*(float(size[side]) for side in ("width", "height"))) in page
    corners = [Image.open(tmp_path / f"sheet.{theme}.png").convert("1").getpixel((0, 0)) for theme in ("dark", "light")]
    assert corners == [0, 255]


def test_it_refuses_a_name_that_it_does_not_know_and_a_folder_that_is_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        contact_sheet.main(["micrgrad"])
    assert "did you mean micrograd?" in capsys.readouterr().err
    (tmp_path / "file").write_text("mine")
    with pytest.raises(SystemExit):
        contact_sheet.main(["neuron", "--out", str(tmp_path / "file")])
    assert "Name another folder with --out" in capsys.readouterr().err
    assert (tmp_path / "file").read_text() == "mine"


def stop() -> Value:
    raise KeyboardInterrupt


def test_stopped_by_control_c_it_shows_what_is_done(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(GRAPHS, "newton", replace(GRAPHS["newton"], build=stop))
    assert contact_sheet.main(["not_run_yet", "newton", "neuron", "--out", str(tmp_path)]) == 130
    assert "Stopped" in capsys.readouterr().err
    names = {path.name for path in tmp_path.iterdir()}
    pictures = {f"not_run_yet.{theme}.{kind}" for theme in ("light", "dark") for kind in ("svg", "png")}
    assert names == pictures | {"index.html", "sheet.light.png", "sheet.dark.png"}
    assert "newton" not in (tmp_path / "index.html").read_text(encoding="utf-8")


def test_stopped_at_once_it_writes_no_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(GRAPHS, "neuron", replace(GRAPHS["neuron"], build=stop))
    assert contact_sheet.main(["neuron", "--out", str(tmp_path)]) == 130
    assert list(tmp_path.iterdir()) == []
