"""A model's parameters in a file, and back."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy

from ..calls import public
from ..checks import brief
from ..files import write_whole

SUFFIX = ".npz"


@public
def save_parameters(model: Any, path: str | os.PathLike[str]) -> Path:
    """Write ``model.state_dict()`` to an .npz file, without pickle; an older file is replaced at once or not at all.

    Parameters and buffers are in it. Equal numbers give equal bytes. ``numpy.load`` reads the file.

    Returns:
        The path.

    Raises:
        ValueError: the path doesn't end in ".npz", or an entry isn't an array of numbers.
        FileNotFoundError: the folder doesn't exist.
        TypeError: the model has no ``state_dict``.

    >>> import tempfile; from autograd.nn import MLP
    >>> model = MLP(2, [3, 1], rng=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = save_parameters(model, f"{folder}/moons.npz"); load_parameters(model, path)
    """
    target = _npz(path, model, "save_parameters")
    entries = _needed(model, "state_dict")()
    arrays = {str(name): np.asarray(array) for name, array in entries.items()}
    for name, array in arrays.items():
        if array.dtype.kind not in "biuf":
            raise ValueError(
                f"the entry {name!r} is of dtype {array.dtype}, and a file of parameters holds numbers only"
            )
    return write_whole(target, _archive(arrays))


@public
def load_parameters(model: Any, path: str | os.PathLike[str]) -> None:
    """Give the model the parameters and buffers that `save_parameters` wrote. No code in the file is run.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it isn't a file of parameters, or its entries don't fit the model (``load_state_dict`` names them).
            Nothing is changed then.
    """
    from zipfile import BadZipFile

    source = _npz(path, model, "load_parameters")
    load = _needed(model, "load_state_dict")
    if not source.is_file():
        raise FileNotFoundError(f"there is no file {str(source)!r} to load parameters from")
    try:
        arrays = _read(source)
    except (ValueError, OSError, EOFError, BadZipFile) as error:
        raise ValueError(f"{str(source)!r} is no file of parameters (.npz with arrays of numbers): {error}") from error
    load(arrays)


def _read(source: Path) -> dict[str, Any]:
    from zipfile import is_zipfile

    # Opened here, because np.load leaves a broken file open.
    with source.open("rb") as file:
        if not is_zipfile(file):
            raise ValueError("it is no zip archive, or a broken one")
        file.seek(0)
        with np.load(file, allow_pickle=False) as entries:
            arrays = {name: entries[name] for name in entries.files}
    for name, array in arrays.items():
        if not isinstance(array, np.ndarray):  # what np.load can't read comes as bytes
            raise ValueError(f"the entry {name!r} is no array")
    return arrays


def _npz(path: str | os.PathLike[str], model: Any, name: str) -> Path:
    if not isinstance(path, str | os.PathLike):
        swapped = "; the model comes first" if isinstance(model, str | os.PathLike) else ""
        raise TypeError(
            f"{name}(model, 'model.npz') takes the path of a file, got {type(path).__name__}: {brief(path)}{swapped}"
        )
    target = Path(path)
    if target.suffix != SUFFIX:
        raise ValueError(
            f"parameters are kept in a file that ends in {SUFFIX!r}, got {str(target)!r}; "
            f"write {target.stem + SUFFIX!r}"
        )
    return target


def _needed(model: Any, method: str) -> Any:
    found = getattr(model, method, None)
    if not callable(found):
        raise TypeError(f"the model must be a module of autograd.nn (have {method}), got {type(model).__name__}")
    return found


def _archive(arrays: dict[str, Any]) -> bytes:
    from zipfile import ZipFile, ZipInfo  # here, so that importing autograd stays fast

    content = io.BytesIO()
    # Not np.savez, which takes the names as keywords and so refuses one like "file".
    with ZipFile(content, "w") as archive:
        for name, array in arrays.items():
            with archive.open(ZipInfo(f"{name}.npy"), "w", force_zip64=True) as entry:
                npy.write_array(entry, array, allow_pickle=False)
    return content.getvalue()
