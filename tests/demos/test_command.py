"""``python -m demos``: what it says, what it refuses, and what is left when it is stopped."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("sklearn")
pytest.importorskip("jinja2")
pytest.importorskip("markdown_it")
pytest.importorskip("pygments")
pytest.importorskip("matplotlib")
pytest.importorskip("resvg_py")

from autograd import Parameter, fit, optim
from demos import LESSONS, digits
from demos.__main__ import NEEDED, main
from demos.gallery import pages
from demos.gallery.folder import MANIFEST, Folder
from tests.project.tree import PROJECT, python

pytestmark = pytest.mark.xdist_group("gallery")


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def build(out: Path, *arguments: str) -> int:
    return main([*arguments, "--out", str(out)], small=True)


def made(out: Path) -> list[str]:
    return list(json.loads((out / MANIFEST).read_text(encoding="utf-8"))["lessons"])


def refused(capsys: Any, *arguments: str) -> str:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    return str(capsys.readouterr().err)


def test_the_list_has_a_line_a_lesson_and_imports_nothing_heavy() -> None:
    code = "import sys; from demos.__main__ import main; main(['--list']); print(*sys.modules, file=sys.stderr)"
    lines = python(code).splitlines()
    assert [line.split()[0] for line in lines] == list(LESSONS)
    for line in lines:
        assert re.fullmatch(r"\w+ +[A-Z].*: .*[.?]", line), line
    heavy = python("import sys, demos.__main__ as m; m.main(['--list']); print('\\n', *sys.modules)").splitlines()[-1]
    assert {"matplotlib", "sklearn", "jinja2", "viz"} & set(heavy.split()) == set()


def test_same_seed_same_bytes_and_another_seed_others(tmp_path: Path, capsys: Any) -> None:
    for name, seed in (("a", "3"), ("b", "3"), ("c", "4")):
        assert build(tmp_path / name, "digits", "--seed", seed) == 0
    a, b, c = (files(tmp_path / name) for name in "abc")
    assert len(a) > 8
    assert a == b
    assert {name for name in a if name.startswith("digits/")} == {name for name in c if name.startswith("digits/")}
    assert a["digits/numbers.json"] != c["digits/numbers.json"]
    assert b"python -m demos digits --seed 3" in a["digits.html"]
    out = capsys.readouterr().out
    assert len(re.findall(r"^digits +\d+\.\d s$", out, re.MULTILINE)) == 3
    assert (tmp_path / "a" / "index.html").resolve().as_uri() in out


def test_one_more_lesson_keeps_the_others(tmp_path: Path) -> None:
    assert build(tmp_path / "out", "digits") == 0
    (tmp_path / "out" / "own.txt").write_text("mine")
    before = files(tmp_path / "out")
    assert build(tmp_path / "out", "moons") == 0
    after = files(tmp_path / "out")
    assert made(tmp_path / "out") == ["digits", "moons"]
    changed = {name for name in before if after[name] != before[name]}
    assert changed == {"index.html", "moons.html", MANIFEST}
    assert build(tmp_path / "out", "moons", "--lang", "ko") == 0  # the English ones are not part of a Korean gallery
    assert made(tmp_path / "out") == ["moons"]
    assert '<html lang="ko">' in (tmp_path / "out" / "digits.html").read_text(encoding="utf-8")


def test_what_was_made_stays_when_it_is_stopped(tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    def stop(*args: Any, **options: Any) -> None:
        html = (tmp_path / "index.html").read_text(encoding="utf-8")
        assert html.count("Being made") == 1  # the first page can be opened while the rest is made
        w = Parameter(0.0)
        press = [lambda state: signal.raise_signal(signal.SIGINT)]
        fit(lambda x: w * x, [1.0], [1.0], loss="mse", optimizer=optim.SGD([w], lr=0.1), epochs=9, callbacks=press)
        raise AssertionError("fit went on, and a lesson would show what was half learnt")

    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler

    monkeypatch.setattr("demos.moons.main", stop)
    assert build(tmp_path, "digits", "moons") == 130
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert made(tmp_path) == ["digits"]
    index = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "Being made" not in index
    assert index.count("Not made yet") == len(LESSONS) - 1
    assert (tmp_path / "moons.html").read_text(encoding="utf-8") == pages.missing_page("moons", "en")
    assert f"Stopped. 1 of {len(LESSONS)} lessons are made; {tmp_path / 'index.html'} says" in capsys.readouterr().out


def test_a_lesson_that_fails_is_named_and_the_others_are_made(tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    assert build(tmp_path, "moons") == 0

    def fail(*args: Any, **options: Any) -> None:
        raise ValueError("a planted fault")

    make = digits.main

    def look(*args: Any, **options: Any) -> Any:
        assert (tmp_path / "index.html").read_text(encoding="utf-8").count("Being made") == 1  # digits, not moons
        return make(*args, **options)

    monkeypatch.setattr("demos.moons.main", fail)
    monkeypatch.setattr("demos.digits.main", look)
    assert build(tmp_path, "moons", "digits") == 1
    assert made(tmp_path) == ["digits"]
    assert (tmp_path / "moons.html").read_text(encoding="utf-8") == pages.missing_page("moons", "en")
    errors = capsys.readouterr().err
    assert "ValueError: a planted fault" in errors
    assert "error: failed, and missing in the gallery: moons\n" in errors


@pytest.mark.parametrize(
    ("name", "message"),
    [("moon", "no lesson 'moon'; did you mean 'moons'?"), ("xyzzy", "no lesson 'xyzzy'; --list shows all of them")],
)
def test_an_unknown_lesson_is_refused(tmp_path: Path, capsys: Any, name: str, message: str) -> None:
    assert message in refused(capsys, name, "--out", str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("argument", ["--seed=-1", "--seed=x", "--lang=de"])
def test_a_wrong_option_is_refused(tmp_path: Path, capsys: Any, argument: str) -> None:
    assert argument[2:6] in refused(capsys, argument, "--out", str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path, capsys: Any) -> None:
    for name in ("index.html", "thesis.tex", "a.txt", "z.txt"):
        (tmp_path / name).write_text("mine")
    before = files(tmp_path)
    message = refused(capsys, "digits", "--out", str(tmp_path))
    assert "holds files that this gallery didn't make (a.txt, index.html, thesis.tex, ...)" in message
    assert "Name another one with --out" in message
    assert files(tmp_path) == before


def test_a_folder_that_cant_be_written_is_refused(tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    (tmp_path / "file").write_text("mine")
    assert "it is a file. Name another folder with --out" in refused(capsys, "--out", str(tmp_path / "file"))
    assert "Not a directory" in refused(capsys, "--out", str(tmp_path / "file" / "out"))

    def denied(*args: Any, **options: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("demos.gallery.folder.write_whole", denied)
    assert "Permission denied. Name another folder with --out" in refused(capsys, "--out", str(tmp_path / "out"))


RECORD = '{"thumbnail": 5, "confirmed": "1", "contradicted": []}'


@pytest.mark.parametrize(
    "manifest",
    [
        "[]", "{", '{"lessons": {}}', "[" * 100_000,
        '{"language": "en", "lessons": {"gone": {}, "digits": {"size": 3}}}',
        f'{{"language": "en", "lessons": {{"digits": {RECORD}}}}}',
    ],
)  # fmt: skip
def test_a_manifest_of_another_version_is_no_obstacle(tmp_path: Path, manifest: str) -> None:
    (tmp_path / MANIFEST).write_text(manifest)
    (tmp_path / "digits.html").touch()
    Folder.open(tmp_path, "en")
    assert made(tmp_path) == []


@pytest.mark.parametrize("at", ["assets", "digits", "digits/steps"])
def test_what_a_link_leads_to_is_left_alone(tmp_path: Path, capsys: Any, at: str) -> None:
    out, other = tmp_path / "out", tmp_path / "other"
    other.mkdir()
    (other / "gallery.css").write_text("mine")
    Folder.open(out, "en")
    (out / at).parent.mkdir(exist_ok=True)
    (out / at).symlink_to(other)
    before = files(tmp_path)
    message = refused(capsys, "digits", "--out", str(out))
    assert (
        f"{str(out / at)!r} is a link to {str(other)!r}, where the gallery would write: take the link away" in message
    )
    assert files(tmp_path) == before


def test_a_file_in_the_place_of_a_folder_is_refused(tmp_path: Path, capsys: Any) -> None:
    Folder.open(tmp_path, "en")
    (tmp_path / "assets").write_text("mine")
    assert "assets' is no folder, and the gallery needs one there" in refused(capsys, "digits", "--out", str(tmp_path))
    assert (tmp_path / "assets").read_text() == "mine"


def test_a_name_that_is_too_long_is_refused(tmp_path: Path, capsys: Any) -> None:
    assert "File name too long. Name another folder" in refused(capsys, "--out", str(tmp_path / ("x" * 300)))


def test_a_folder_that_vanishes_ends_the_run(tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    out = tmp_path / "out"

    def vanish(*args: Any, **options: Any) -> None:
        shutil.rmtree(out)
        raise ValueError("no folder")

    monkeypatch.setattr("demos.moons.main", vanish)
    assert "can't write into" in refused(capsys, "moons", "digits", "--out", str(out))
    assert not out.exists()


def test_two_runs_into_one_folder_keep_each_others_lessons(tmp_path: Path, monkeypatch: Any) -> None:
    make = digits.main

    def meanwhile(*args: Any, **options: Any) -> Any:
        assert build(tmp_path, "moons") == 0
        return make(*args, **options)

    monkeypatch.setattr("demos.digits.main", meanwhile)
    assert build(tmp_path, "digits") == 0
    assert made(tmp_path) == ["digits", "moons"]
    index = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert index.count("Not made yet") == len(LESSONS) - 2


def test_ctrl_c_before_the_first_lesson_is_no_traceback(tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    def press(*args: Any) -> None:
        signal.raise_signal(signal.SIGINT)

    for early in ("demos.gallery.build.Folder.open", "demos.gallery.build.Gallery.end"):
        with monkeypatch.context() as patch:
            patch.setattr(early, press)
            assert build(tmp_path, "digits") == 130
        assert capsys.readouterr().out.endswith("Stopped.\n")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize("command", ["--list", "digits"])
def test_who_reads_its_output_may_stop_reading(tmp_path: Path, command: str) -> None:
    code = "import sys, demos.__main__ as m; whole = m.main; m.main = lambda: whole(small=True); sys.exit(m._command())"
    line = [sys.executable, "-c", code, command, "--out", str(tmp_path / "out")]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        errors = process.stderr.read()
    assert "Traceback" not in errors
    assert "BrokenPipe" not in errors
    assert process.returncode == 1
    if command != "--list":
        assert "Being made" not in (tmp_path / "out" / "index.html").read_text(encoding="utf-8")


def test_a_lesson_whose_page_was_taken_away_counts_as_missing(tmp_path: Path) -> None:
    assert build(tmp_path, "digits") == 0
    (tmp_path / "digits.html").unlink()
    Folder.open(tmp_path, "en")
    assert made(tmp_path) == []


def test_a_missing_extra_is_named_before_anything_is_written(tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr("demos.__main__.find_spec", lambda name: None if name == "jinja2" else find(name))
    assert build(tmp_path / "out", "digits") == 1
    assert capsys.readouterr().err == 'error: the gallery needs jinja2: pip install "glassgrad[all]"\n'
    assert not (tmp_path / "out").exists()


def test_what_the_gallery_needs_is_in_the_extras() -> None:
    extras = PROJECT["project"]["optional-dependencies"]
    required = {re.match(r"[\w-]+", line)[0] for line in extras["demos"] + extras["viz"]}  # type: ignore[index]
    assert set(NEEDED.values()) <= required


def test_the_module_runs_as_a_command() -> None:
    code = "import runpy, sys; sys.argv = ['demos', '--help']; runpy.run_module('demos', run_name='__main__')"
    assert "usage: python -m demos" in python(code)
