"""Object code kept on disk, so that the next process that compiles the same text finds it.

Whoever can write a file that is loaded as code can run anything in the process that loads it. So a file is used only if
it is a plain file of this user that nobody else may write, in a folder of which the same is true, and if its checksum
says that it was written for this very key. Whatever goes wrong (no home, a full disk, a file cut off) there is no code
to be found, and it is compiled as if there were no cache.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from ...files import write_whole

VARIABLE = "GLASSGRAD_CACHE"
"""The environment variable that names the folder, or switches the cache off ("0" or "off")."""
_LIMIT = 256 << 20
"""Bytes that all files may take together."""
_STALE = 3600.0
"""Seconds after which a file that is still being written has been given up: its process has died."""
_OURS = re.compile(r"[0-9a-f]{64}\.code|\.[0-9a-f]{64}\.code\..*\.part")
"""Names of files that are ours to delete: the folder may be one in which others put theirs too."""
# Neither what a link points to, nor a pipe that would let us wait.
_PLAIN = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


def cache_folder() -> Path | None:
    """Where code is kept, by the convention of the platform or as `VARIABLE` says; None if nowhere."""
    wanted = os.environ.get(VARIABLE, "")
    if wanted.lower() in ("0", "off"):
        return None
    if wanted:
        return Path(wanted)
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return Path(local, "glassgrad", "Cache") if local else None
    try:
        home = Path.home()
    except RuntimeError:  # there is no such thing for this user
        return None
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "glassgrad"
    base = os.environ.get("XDG_CACHE_HOME", "")  # to be ignored unless absolute, says its specification
    return (Path(base) if Path(base).is_absolute() else home / ".cache") / "glassgrad"


def key_of(parts: Iterable[str]) -> str:
    """The name of code that depends on nothing but these texts.

    >>> key_of(["a", "bc"]) == key_of(["ab", "c"])
    False
    """
    digest = hashlib.sha256()
    for part in parts:
        content = part.encode()
        digest.update(b"%d:" % len(content))
        digest.update(content)
    return digest.hexdigest()


class CodeCache:
    """Files of a folder, each named by its key. Several processes may use it at once."""

    def __init__(self, folder: Path, limit: int = _LIMIT) -> None:
        """``limit`` is in bytes; what was not used for the longest time goes first."""
        self.folder, self._limit = folder, limit

    def find(self, key: str) -> bytes | None:
        """The code of this key, None where there is none that can be trusted."""
        path = self._path(key)
        try:
            if not _is_private(self.folder.stat()):
                return None
            with open(path, "rb", opener=lambda name, flags: os.open(name, flags | _PLAIN)) as file:
                status = os.fstat(file.fileno())
                content = file.read() if stat.S_ISREG(status.st_mode) and _is_private(status) else b""
        except OSError:
            return None
        with suppress(OSError):  # code that can only be read is good too
            os.utime(path)  # the time of its last use
        code = content[32:]
        return code if content[:32] == _checksum(key, code) else None

    def keep(self, key: str, code: bytes) -> None:
        """Write code for others to find, if that is possible. One that would push out most others isn't kept."""
        if len(code) > self._limit // 2:
            return
        with suppress(OSError):
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            self.folder.mkdir(mode=0o700, exist_ok=True)
            if _is_private(self.folder.stat()):
                write_whole(self._path(key), _checksum(key, code) + code, private=True)
                self._make_room()

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.code"

    def _make_room(self) -> None:
        """Delete what has been used least lately, a quarter more than must be: so it is seldom to be done."""
        now, files = time.time(), []
        for path in self.folder.iterdir():
            with suppress(FileNotFoundError):  # another process was quicker
                if _OURS.fullmatch(path.name):
                    status = path.stat()
                    files.append((status.st_mtime, status.st_size, path))
        files.sort()
        excess = sum(size for _, size, _ in files) - self._limit
        if excess > 0:
            excess += self._limit // 4
        for used, size, path in files:
            given_up = path.suffix == ".part" and used < now - _STALE
            if excess > 0 or given_up:
                path.unlink(missing_ok=True)
                excess -= size


def _is_private(status: os.stat_result) -> bool:
    """Whether it belongs to this user and nobody else may write it. (On Windows the profile's own rights see to it.)"""
    if not hasattr(os, "geteuid"):
        return True
    return status.st_uid == os.geteuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _checksum(key: str, code: bytes) -> bytes:
    return hashlib.sha256(key.encode() + code).digest()
