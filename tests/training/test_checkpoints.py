"""Parameters in files: round trips, whole files or none, no code run from a file."""

import pickle
import zipfile

import numpy as np
import pytest

from autograd import Parameter, nn
from autograd.errors import ShapeError
from autograd.training import load_parameters, save_parameters


def files(folder):
    return [path.name for path in folder.iterdir()]


def numbers(model):
    return [p.data for p in model.parameters()]


def test_round_trip_is_exact(tmp_path):
    model, other = nn.MLP(3, [4, 2], rng=0), nn.MLP(3, [4, 2], rng=1)
    model.parameters()[0].data = 1e-310
    model.parameters()[1].data = float("nan")
    path = save_parameters(model, tmp_path / "a.npz")
    load_parameters(other, path)
    assert np.array(numbers(other)).tobytes() == np.array(numbers(model)).tobytes()
    with np.load(path) as arrays:
        assert {name: arrays[name].shape for name in arrays} == {
            "layers.0.weight": (4, 3), "layers.0.bias": (4,), "layers.1.weight": (2, 4), "layers.1.bias": (2,),
        }  # fmt: skip


def test_equal_parameters_give_equal_bytes(tmp_path):
    paths = [save_parameters(nn.MLP(3, [2], rng=0), tmp_path / f"{i}.npz") for i in range(2)]
    assert paths[0].read_bytes() == paths[1].read_bytes()


@pytest.mark.parametrize(
    "name", ["with space", "ünïcødé 그래프", "quo'te\"s", "-dash", "a\nnewline", "$(x);`y`", ".hidden", "%s{}"]
)
def test_hostile_file_names(tmp_path, name):
    model, other = nn.MLP(1, [1], rng=0), nn.MLP(1, [1], rng=1)
    path = save_parameters(model, str(tmp_path / f"{name}.npz"))
    load_parameters(other, path)
    assert numbers(model) == numbers(other)
    assert files(tmp_path) == [f"{name}.npz"]


def test_hostile_entry_names(tmp_path):
    class Odd(nn.Module):
        def __init__(self, x):
            self.file, self.allow_pickle, self.table = Parameter(x), Parameter(x), {"../up": Parameter(x)}

    path = save_parameters(Odd(2.5), tmp_path / "odd.npz")
    model = Odd(0.0)
    load_parameters(model, path)
    assert numbers(model) == [2.5] * 3
    assert files(tmp_path) == ["odd.npz"]


def test_an_interrupted_save_leaves_the_old_file(tmp_path, monkeypatch):
    path = save_parameters(nn.MLP(1, [1], rng=0), tmp_path / "a.npz")
    before = path.read_bytes()

    def full(*args, **named):
        raise OSError("no space left on device")

    monkeypatch.setattr("autograd.training.checkpoints.npy.write_array", full)
    with pytest.raises(OSError, match="no space left"):
        save_parameters(nn.MLP(1, [1], rng=1), path)
    assert path.read_bytes() == before
    assert files(tmp_path) == ["a.npz"]


def test_an_existing_file_is_replaced(tmp_path):
    path = tmp_path / "a.npz"
    path.write_text("not parameters")
    model, other = nn.MLP(1, [1], rng=0), nn.MLP(1, [1], rng=1)
    save_parameters(model, path)
    load_parameters(other, path)
    assert numbers(model) == numbers(other)


def test_saving_is_refused(tmp_path):
    model = nn.MLP(1, [1], rng=0)
    with pytest.raises(ValueError, match=r"ends in '\.npz', got .*a\.pkl"):
        save_parameters(model, tmp_path / "a.pkl")
    with pytest.raises(FileNotFoundError, match=r"the folder .*nowhere' for 'a.npz' does not exist. Create it first"):
        save_parameters(model, tmp_path / "nowhere" / "a.npz")
    (tmp_path / "folder.npz").mkdir()
    with pytest.raises(IsADirectoryError, match=r"folder\.npz' is a folder"):
        save_parameters(model, tmp_path / "folder.npz")
    with pytest.raises(TypeError, match=r"must be a module of autograd\.nn"):
        save_parameters(abs, tmp_path / "a.npz")
    assert files(tmp_path) == ["folder.npz"]


class Explosive:
    ran = False

    def __reduce__(self):
        return setattr, (Explosive, "ran", True)


@pytest.mark.parametrize("content", ["text", "empty", "truncated", "object", "member"])
def test_a_file_that_is_none_of_ours_is_refused_and_runs_no_code(tmp_path, content):
    model = nn.MLP(1, [1], rng=0)
    path = save_parameters(model, tmp_path / "a.npz")
    before = numbers(model)
    whole = path.read_bytes()
    if content in ("text", "empty"):
        path.write_bytes(b"hello" if content == "text" else b"")
    elif content == "truncated":
        path.write_bytes(whole[: len(whole) // 2])
    elif content == "object":
        with path.open("wb") as file:
            np.savez(file, **{"layers.0.weight": np.array([Explosive()], dtype=object)})
    else:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("layers.0.weight.npy", pickle.dumps(Explosive()))
    with pytest.raises(ValueError, match="is no file of parameters"):
        load_parameters(model, path)
    assert numbers(model) == before
    assert not Explosive.ran


def test_a_plain_array_file_is_refused(tmp_path):
    path = tmp_path / "a.npz"
    with path.open("wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(ValueError, match="is no file of parameters"):
        load_parameters(nn.MLP(1, [1]), path)


def test_loading_what_does_not_fit_names_all_and_changes_nothing(tmp_path):
    path = save_parameters(nn.MLP(2, [3], rng=0), tmp_path / "a.npz")
    model = nn.MLP(1, [3], rng=0)
    before = numbers(model)
    with pytest.raises(ShapeError, match=r"wrong shape: layers\.0\.weight needs \(3, 1\), got \(3, 2\)"):
        load_parameters(model, path)
    assert numbers(model) == before
    with pytest.raises(FileNotFoundError, match=r"there is no file .*missing\.npz"):
        load_parameters(model, tmp_path / "missing.npz")


def test_an_entry_that_is_no_array_of_numbers_is_not_written(tmp_path):
    class Named:
        def state_dict(self):
            return {"w": np.ones(2), "name": np.array(["mine"])}

    with pytest.raises(ValueError, match="the entry 'name' is of dtype <U4, and a file of parameters holds numbers on"):
        save_parameters(Named(), tmp_path / "named.npz")
    assert list(tmp_path.iterdir()) == []
