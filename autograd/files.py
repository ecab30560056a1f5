"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write_whole(path: str | os.PathLike[str], content: bytes, *, private: bool = False) -> Path:
    """Write ``content`` to ``path`` in one step: the file is there with all of it, or as it was before.

    A ``private`` one can be read by nobody else.

    Raises:
        FileNotFoundError: the folder doesn't exist; the message says how to make it.
        IsADirectoryError: the path is a folder.
        OSError: no file can be made there.

    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_whole(f"{folder}/a.txt", b"whole").read_bytes()
    b'whole'
    """
    target = Path(path)
    folder = target.parent
    if target.is_dir():
        raise IsADirectoryError(f"{str(target)!r} is a folder; give the path of a file")
    if not folder.is_dir():
        raise FileNotFoundError(
            f"the folder {str(folder)!r} for {target.name!r} does not exist. "
            f"Create it first: Path({str(folder)!r}).mkdir(parents=True)."
        )
    try:
        handle, name = tempfile.mkstemp(dir=folder, prefix=f".{target.name[:40]}.", suffix=".part")
    except OSError as error:  # the path in it would be that of a part, which nobody asked for
        reason = f"{error.strerror}: no file can be made in this folder; give a path in one that you may write to"
        raise OSError(error.errno, reason, str(target)) from None
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        if not private:  # mkstemp makes files that only the owner may read
            Path(name).chmod(0o666 & ~_umask())
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return target


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
