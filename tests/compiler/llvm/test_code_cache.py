"""Object code on disk: what is found again, what is never trusted, and that no failure is noticed."""

import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from autograd import compile
from autograd.compiler.llvm import cache as cache_module
from autograd.compiler.llvm.cache import CodeCache, cache_folder, key_of
from autograd.compiler.llvm.machine import compile_ir, host
from autograd.files import write_whole

POSIX = pytest.mark.skipif(not hasattr(os, "geteuid"), reason="rights are the profile's on Windows")
KEY = key_of(["a text"])
CODE = b"\x7fELF and more"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The cache of this test alone."""
    folder = tmp_path / "deep" / "cache"
    monkeypatch.setenv("GLASSGRAD_CACHE", str(folder))
    return folder


def only_file(folder):
    (path,) = folder.iterdir()
    return path


# Programs


def halves(x):
    return x * 0.5


def test_the_next_program_finds_the_code(llvm, folder):
    x = np.array([1.0, 2.0, 3.0])
    for note in (False, True):
        program = compile(halves, backend="llvm")
        assert program(x).tolist() == [0.5, 1.0, 1.5]
        assert ("from the cache on disk" in program.explain()) is note
    assert {path.suffix for path in folder.iterdir()} == {".code"}


def test_other_text_effort_or_target_is_other_code(llvm, folder, text_of):
    width = host().architecture.width
    text = text_of(lambda m, x: x + 1.0, 1, width)
    for level, other in ((2, text), (1, text), (2, text_of(lambda m, x: x + 2.0, 1, width))):
        assert not compile_ir(other, level).was_kept
        assert compile_ir(other, level).was_kept
    assert len(list(folder.iterdir())) == 3


@pytest.mark.parametrize("value", ["0", "off", "OFF"])
def test_it_can_be_switched_off(value, llvm, folder, monkeypatch):
    monkeypatch.setenv("GLASSGRAD_CACHE", value)
    monkeypatch.chdir(folder.parent.parent)
    assert cache_folder() is None
    for _ in range(2):
        program = compile(halves, backend="llvm")
        assert program(np.ones(2)).tolist() == [0.5, 0.5]
        assert "from the cache" not in program.explain()
    assert list(Path.cwd().iterdir()) == []


DAMAGE = {
    "cut off": lambda content: content[:-1],
    "a byte changed": lambda content: content[:60] + bytes([content[60] ^ 1]) + content[61:],
    "empty": lambda content: b"",
    "shorter than its checksum": lambda content: content[:20],
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_compiled_anew_and_mended(damage, llvm, folder):
    compile(halves, backend="llvm")(np.ones(2))
    whole = {path: path.read_bytes() for path in folder.iterdir()}
    for path, content in whole.items():
        path.write_bytes(DAMAGE[damage](content))
    program = compile(halves, backend="llvm")
    assert program(np.ones(2)).tolist() == [0.5, 0.5]
    assert "from the cache" not in program.explain()
    assert {path: path.read_bytes() for path in folder.iterdir()} == whole


def failing(error):
    def fail(*_, **__):
        raise error

    return fail


FAILURES = {
    "no home": (Path, "home", RuntimeError("no home")),
    "a full disk": (cache_module, "write_whole", OSError(errno.ENOSPC, "No space left on device")),
    "no permission": (Path, "mkdir", PermissionError("read-only")),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_a_failure_just_compiles(failure, llvm, folder, monkeypatch, capfd):
    owner, name, error = FAILURES[failure]
    if failure == "no home":
        monkeypatch.delenv("GLASSGRAD_CACHE")
    monkeypatch.setattr(owner, name, failing(error))
    assert compile(halves, backend="llvm")(np.ones(2)).tolist() == [0.5, 0.5]
    assert capfd.readouterr() == ("", "")


def test_a_file_where_the_folder_should_be(llvm, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("mine")
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        monkeypatch.setenv("GLASSGRAD_CACHE", str(path))
        assert compile(halves, backend="llvm")(np.ones(2)).tolist() == [0.5, 0.5]
    assert (tmp_path / "file").read_text() == "mine"


# Where

CONVENTIONS = {
    "linux": ("linux", {}, "home/.cache/glassgrad"),
    "linux, a base": ("linux", {"XDG_CACHE_HOME": "/base"}, "/base/glassgrad"),
    "linux, a base that isn't absolute": ("linux", {"XDG_CACHE_HOME": "base"}, "home/.cache/glassgrad"),
    "mac": ("darwin", {"XDG_CACHE_HOME": "/base"}, "home/Library/Caches/glassgrad"),
    "windows": ("win32", {"LOCALAPPDATA": "local"}, "local/glassgrad/Cache"),
    "windows without a profile": ("win32", {}, None),
    "named": ("linux", {"GLASSGRAD_CACHE": "here", "XDG_CACHE_HOME": "/base"}, "here"),
    "named by nothing": ("linux", {"GLASSGRAD_CACHE": ""}, "home/.cache/glassgrad"),
}


@pytest.mark.parametrize("name", CONVENTIONS)
def test_the_folder_is_the_platforms(name, monkeypatch):
    platform, variables, wanted = CONVENTIONS[name]
    for variable in ("GLASSGRAD_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(variable, raising=False)
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value)
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(Path, "home", lambda: Path("home"))
    assert cache_folder() == (None if wanted is None else Path(wanted))


# Rights


@POSIX
def test_nobody_else_can_read_or_write_it(folder):
    before = os.umask(0)
    try:
        CodeCache(folder).keep(KEY, CODE)
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(only_file(folder).stat().st_mode) == 0o600
    assert CodeCache(folder).find(KEY) == CODE


@POSIX
@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_may_write_is_not_loaded(mode, folder):
    CodeCache(folder).keep(KEY, CODE)
    only_file(folder).chmod(mode)
    assert CodeCache(folder).find(KEY) is None


@POSIX
@pytest.mark.parametrize("mode", [0o770, 0o707, 0o1777])
def test_a_folder_that_others_may_write_is_not_used(mode, folder):
    CodeCache(folder).keep(KEY, CODE)
    folder.chmod(mode)
    assert CodeCache(folder).find(KEY) is None
    other = key_of(["another"])
    CodeCache(folder).keep(other, CODE)
    folder.chmod(0o700)
    assert CodeCache(folder).find(other) is None
    assert CodeCache(folder).find(KEY) == CODE


@POSIX
def test_what_belongs_to_another_user_is_not_used(folder, monkeypatch):
    CodeCache(folder).keep(KEY, CODE)
    mine = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: mine + 1)
    assert CodeCache(folder).find(KEY) is None
    CodeCache(folder).keep(key_of(["another"]), CODE)
    assert len(list(folder.iterdir())) == 1


@POSIX
def test_links_pipes_and_folders_are_not_followed(folder, tmp_path):
    cache = CodeCache(folder)
    cache.keep(KEY, CODE)
    path = only_file(folder)
    elsewhere = tmp_path / "elsewhere"
    path.rename(elsewhere)
    assert cache.find(KEY) is None
    for make in (lambda: path.symlink_to(elsewhere), lambda: os.mkfifo(path), path.mkdir):
        make()
        assert cache.find(KEY) is None
        path.rmdir() if path.is_dir() else path.unlink()


def test_a_file_under_another_name_is_not_loaded(folder):
    cache = CodeCache(folder)
    cache.keep(KEY, CODE)
    other = key_of(["another"])
    only_file(folder).rename(folder / f"{other}.code")
    assert cache.find(other) is None


# Size


def test_what_was_used_least_lately_goes_first(folder):
    cache = CodeCache(folder, limit=1000)
    keys = [key_of([str(k)]) for k in range(5)]
    for age, key in enumerate(keys):
        cache.keep(key, bytes(168))  # with the checksum 200 bytes: five of them are all there is room for
        os.utime(folder / f"{key}.code", (age, age))
    assert cache.find(keys[0]) == bytes(168)  # used just now
    cache.keep(key_of(["new"]), bytes(168))
    assert [cache.find(key) is not None for key in keys] == [True, False, False, False, True]
    assert cache.find(key_of(["new"])) == bytes(168)


def test_one_that_would_push_out_the_others_is_not_kept(folder):
    cache = CodeCache(folder, limit=1000)
    cache.keep(KEY, CODE)
    cache.keep(key_of(["large"]), bytes(501))
    assert cache.find(KEY) == CODE
    assert cache.find(key_of(["large"])) is None


def test_only_files_of_its_own_are_deleted(folder):
    cache = CodeCache(folder, limit=100)
    folder.mkdir(parents=True, mode=0o700)
    thesis = folder / "thesis.code"
    thesis.write_bytes(bytes(5000))
    given_up, running = (folder / f".{KEY}.code.{name}.part" for name in ("dead", "alive"))
    for path in (given_up, running):
        path.write_bytes(b"half")
    os.utime(given_up, (0, 0))
    cache.keep(KEY, CODE)
    assert sorted(folder.iterdir()) == sorted([thesis, running, folder / f"{KEY}.code"])


def test_several_processes_at_once(folder):
    script = (
        "import sys; from pathlib import Path; from autograd.compiler.llvm.cache import CodeCache, key_of\n"
        "cache = CodeCache(Path(sys.argv[1]), limit=4000)\n"
        "for k in range(200):\n"
        "    key = key_of([str(k % 20)])\n"
        "    found = cache.find(key)\n"
        "    assert found is None or found == bytes([k % 20]) * 300\n"
        "    cache.keep(key, bytes([k % 20]) * 300)\n"
    )
    command = [sys.executable, "-c", script, str(folder)]
    running = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(3)]
    assert [(process.communicate()[1], process.returncode) for process in running] == [(b"", 0)] * 3
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 4000


def test_a_private_file_and_an_ordinary_one(tmp_path):
    before = os.umask(0o022)
    try:
        private = write_whole(tmp_path / "a", b"a", private=True)
        ordinary = write_whole(tmp_path / "b", b"b")
    finally:
        os.umask(before)
    if hasattr(os, "geteuid"):
        assert stat.S_IMODE(private.stat().st_mode) == 0o600
        assert stat.S_IMODE(ordinary.stat().st_mode) == 0o644


def test_a_folder_that_can_only_be_read_is_read(folder, monkeypatch):
    CodeCache(folder).keep(KEY, CODE)
    monkeypatch.setattr(os, "utime", failing(OSError(errno.EROFS, "Read-only file system")))
    monkeypatch.setattr(cache_module, "write_whole", failing(OSError(errno.EROFS, "Read-only file system")))
    assert CodeCache(folder).find(KEY) == CODE
