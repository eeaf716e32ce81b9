"""Arrays come out of NPZ, NPY, HDF5 and MATLAB files as they are; files that could do harm are refused."""

import io
import pickle
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from nnlab.data.array_file import MATLAB, read
from nnlab.data.regular_file import ForeignFile
from nnlab.errors import UserError

MEMORY_MB = 4
X = np.arange(24.0).reshape(2, 3, 4)


class Harm:
    """An object whose pickle writes a file when it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (self.path,)


def npy(array: np.ndarray, **options: bool) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, **options)
    return buffer.getvalue()


def test_numpy_files_give_their_arrays(tmp_path: Path) -> None:
    texts = np.array(["cat", "dög"])
    np.savez(tmp_path / "a.npz", x=X, t=texts, f=np.asfortranarray(X), b=X > 3, s=np.float32(2))
    np.savez_compressed(tmp_path / "b", x=X)
    np.save(tmp_path / "X_train.npy", X.astype(">f4"))
    found, notes = read(tmp_path / "a.npz", MEMORY_MB)
    assert not notes and list(found) == ["x", "t", "f", "b", "s"]
    for name, array in (("x", X), ("t", texts), ("f", X), ("b", X > 3), ("s", np.float32(2))):
        np.testing.assert_array_equal(found[name], array)
    np.testing.assert_array_equal(read(tmp_path / "b.npz", MEMORY_MB)[0]["x"], X)
    np.testing.assert_array_equal(read(tmp_path / "X_train.npy", MEMORY_MB)[0]["X_train"], X)


def test_hdf5_files_give_their_arrays_and_those_of_groups(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["train/images"] = X
        file["train/labels"] = np.array(["a", "bä"], object)
        file["flags"] = np.array([True, False])
        file["train/again"] = file["/"]
    found, notes = read(tmp_path / "a.h5", MEMORY_MB)
    assert not notes and list(found) == ["flags", "train/images", "train/labels"]
    np.testing.assert_array_equal(found["train/images"], X)
    assert found["train/labels"].tolist() == ["a", "bä"] and found["flags"].tolist() == [True, False]


def test_arrays_of_matlab_have_the_axes_that_matlab_shows(tmp_path: Path) -> None:
    characters = np.array([list("cat  "), list("mouse")]).view(np.uint32).astype(np.uint16)
    with h5py.File(tmp_path / "a.mat", "w", userblock_size=512) as file:
        for name, array, kind in (
            ("X", X.T, "double"), ("names", characters.T, "char"),
            ("l", np.array([[1, 0]], np.uint8), "logical"),
        ):  # fmt: skip
            file[name] = array
            file[name].attrs["MATLAB_class"] = np.bytes_(kind)
        file.create_dataset("c", data=[file["X"].ref], dtype=h5py.ref_dtype)
        file["c"].attrs["MATLAB_class"] = np.bytes_("cell")
    found, notes = read(tmp_path / "a.mat", MEMORY_MB)
    np.testing.assert_array_equal(found["X"], X)
    assert found["names"].tolist() == ["cat", "mouse"]
    assert found["l"].tolist() == [[True], [False]]
    assert f"X: {MATLAB}" in notes
    assert any(note.startswith("c: is a MATLAB cell array") for note in notes)


# -- misuse ----------------------------------------------------------------------------------------


def test_no_pickle_is_read(tmp_path: Path) -> None:
    harm = np.array([Harm(tmp_path / "harm")], object)
    np.savez(tmp_path / "a.npz", x=X, names=harm, allow_pickle=True)
    found, (note,) = read(tmp_path / "a.npz", MEMORY_MB)
    assert list(found) == ["x"] and note.startswith("names: holds Python objects")
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(Harm(tmp_path / "harm")))
    with pytest.raises(UserError, match="a pickle, which runs programs"):
        read(tmp_path / "a.pkl", MEMORY_MB)
    assert not (tmp_path / "harm").exists()


def test_other_files_are_not_opened(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["x"] = X
    (tmp_path / "raw").write_bytes(X.tobytes())
    layout = h5py.VirtualLayout(X.shape, X.dtype)
    layout[:] = h5py.VirtualSource(tmp_path / "secret.h5", "x", X.shape)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["external"] = h5py.ExternalLink(tmp_path / "secret.h5", "/x")
        file["soft"] = h5py.SoftLink("/good")
        file["good"] = X
        file.create_virtual_dataset("virtual", layout)
        file.create_dataset("raw", X.shape, X.dtype, external=[(tmp_path / "raw", 0, X.nbytes)])
    found, notes = read(tmp_path / "a.h5", MEMORY_MB)
    assert list(found) == ["good"]
    assert sorted(note.partition(":")[0] for note in notes) == ["external", "raw", "soft", "virtual"]


def bomb_npz(path: Path) -> None:
    """64 megabytes of zeros in a few kilobytes."""
    np.savez_compressed(path, x=np.zeros(2**23))


def false_shape_npz(path: Path) -> None:
    """The header declares more than the array holds."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.npy", npy(X).replace(b"(2, 3, 4)", b"(9, 9, 9)"))


def huge_shape_npy(path: Path) -> None:
    path.write_bytes(npy(np.zeros(7)).replace(b"(7,)", b"(7777777777,)").replace(b" " * 9, b"", 1))


def bomb_h5(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("x", (2**23,), "f8", compression="gzip", chunks=(2**16,))


def older_matlab(path: Path) -> None:
    path.write_bytes(b"MATLAB 5.0 MAT-file, Platform: GLNXA64".ljust(128))


def half_npz(path: Path) -> None:
    np.savez(path, x=X)
    path.write_bytes(path.read_bytes()[:300])


BAD = {
    "bomb.npz": (bomb_npz, "--memory-mb"), "shape.npz": (false_shape_npz, "damaged"),
    "shape.npy": (huge_shape_npy, "damaged"), "bomb.h5": (bomb_h5, "--memory-mb"),
    "old.mat": (older_matlab, "-v7.3"), "half.npz": (half_npz, "damaged"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_in_one_line(tmp_path: Path, name: str) -> None:
    make, word = BAD[name]
    make(tmp_path / name)
    with pytest.raises(UserError, match=word) as caught:
        read(tmp_path / name, MEMORY_MB)
    assert str(caught.value).startswith(f"{tmp_path}/{name}: ") and "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"some text", b"PK\3\4 no zip"])
def test_a_file_of_another_kind_is_told_apart(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a"
    path.write_bytes(content)
    with pytest.raises(UserError) as caught:
        read(path, MEMORY_MB)
    assert isinstance(caught.value, ForeignFile) or content.startswith(b"PK")


@pytest.mark.parametrize("kind", ["npz", "h5"])
def test_random_bytes_raise_no_other_error(tmp_path: Path, kind: str) -> None:
    random, path = np.random.RandomState(0), tmp_path / f"a.{kind}"
    if kind == "npz":
        np.savez(path, x=X, y=np.array(["a", "b"]))
    else:
        with h5py.File(path, "w") as file:
            file["x"], file["y"] = X, np.array([b"a", b"b"])
    good = np.frombuffer(path.read_bytes(), np.uint8)
    for _ in range(100):
        bad = good.copy()
        bad[random.randint(0, min(len(bad), 600), 6)] = random.randint(0, 256, 6)
        path.write_bytes(bad.tobytes())
        try:
            read(path, MEMORY_MB)
        except UserError as error:
            assert "\n" not in str(error)
