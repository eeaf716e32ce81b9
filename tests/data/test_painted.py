"""The painted sets: the same bytes for the same seed, complete files only, and no easy feature."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tracemalloc
from pathlib import Path

import h5py
import numpy as np
import pytest
from numpy.typing import NDArray

from nnlab.data.hdf5 import SplitName
from nnlab.data.painted.generator import CHUNK, paint, paint_all, write


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def pictures(path: Path, split: SplitName) -> NDArray[np.uint8]:
    with h5py.File(path) as file:
        return file[f"{split}_set_x"][:]


def best_threshold(values: NDArray[np.uint8], y: NDArray[np.int64]) -> float:
    """The best accuracy on these pictures of one threshold on one column, in either direction."""
    best = 0.0
    groups = (np.ascontiguousarray(values[y == label].T) for label in (1, 0))
    for pair in zip(*groups, strict=True):
        cats, rest = (np.cumsum(np.bincount(group, minlength=256)) for group in pair)
        above = (rest + cats[-1] - cats) / len(y)
        best = max(best, float(above.max()), 1.0 - float(above.min()))
    return best


def test_a_picture_depends_only_on_its_arguments() -> None:
    first = paint(3, 5, 1)
    assert first.shape == (64, 64, 3)
    assert first.dtype == np.uint8
    assert np.array_equal(first, paint(3, 5, 1))
    for others in ((4, 5, 1), (3, 6, 1), (3, 5, 0)):
        assert not np.array_equal(first, paint(*others))


def test_all_cores_paint_the_same_pictures_as_one(tmp_path: Path) -> None:
    count, first = 2 * CHUNK + 3, {"train": 0, "test": 1 << 31}
    for split in ("train", "test"):
        path = tmp_path / f"{split}.h5"
        write(path, split, count, seed=3)
        with h5py.File(path) as file:
            x, y = file[f"{split}_set_x"][:], file[f"{split}_set_y"][:]
        here = [paint(3, first[split] + i, int(label)) for i, label in enumerate(y)]
        assert np.array_equal(here, x)
        assert np.array_equal(list(paint_all(split, y[:4].tolist(), seed=3)), x[:4])


@pytest.mark.slow
def test_the_bytes_do_not_depend_on_the_number_of_workers(tmp_path: Path) -> None:
    code = f"from nnlab.data.painted.generator import *; write(Path(sys.argv[1]), 'test', {3 * CHUNK}, 0)"
    for cores in ("1", "2"):
        command = [sys.executable, "-c", f"import sys; {code}", str(tmp_path / cores)]
        subprocess.run(command, check=True, env=os.environ | {"LOKY_MAX_CPU_COUNT": cores})
    assert digest(tmp_path / "1") == digest(tmp_path / "2")


def test_a_file_has_the_layout_of_the_course(tmp_path: Path) -> None:
    for split, count in (("train", 21), ("test", 10)):
        path = tmp_path / f"{split}.h5"
        write(path, split, count, seed=0)
        with h5py.File(path) as file:
            assert set(file) == {f"{split}_set_x", f"{split}_set_y", "list_classes"}
            x, y = file[f"{split}_set_x"], file[f"{split}_set_y"]
            assert (x.shape, x.dtype) == ((count, 64, 64, 3), np.dtype(np.uint8))
            assert (y.shape, y.dtype) == ((count,), np.dtype(np.int64))
            assert file["list_classes"][:].tolist() == [b"non-cat", b"cat"]
            assert y[:].sum() == count // 2
            assert 0 < np.abs(np.diff(y[:])).sum() < count - 1  # shuffled


def test_same_seed_same_bytes(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write(tmp_path / name, "train", 12, seed)
    assert digest(tmp_path / "a") == digest(tmp_path / "b")
    assert digest(tmp_path / "a") != digest(tmp_path / "c")


def test_train_and_test_share_no_picture(tmp_path: Path) -> None:
    write(tmp_path / "train", "train", 40, seed=0)
    write(tmp_path / "test", "test", 40, seed=0)
    train, test = pictures(tmp_path / "train", "train"), pictures(tmp_path / "test", "test")
    assert len({p.tobytes() for p in (*train, *test)}) == 80


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_nothing_is_left_behind_when_interrupted(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "train.h5"
    path.write_bytes(b"the previous set")

    def stop(done: int) -> None:
        raise error

    with pytest.raises(error):
        write(path, "train", 8, seed=0, on_images=stop)
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == b"the previous set"


@pytest.mark.slow
def test_memory_does_not_grow_with_the_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "2")  # each core has some chunks under way
    count, seen = 12 * CHUNK + 7, []
    write(tmp_path / "first.h5", "train", CHUNK + 1, seed=0)  # loads what is needed
    tracemalloc.start()
    write(tmp_path / "train.h5", "train", count, seed=0, on_images=seen.append)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert seen == [*range(CHUNK, count, CHUNK), count]
    assert peak < 6 * CHUNK * 64 * 64 * 3 < count * 64 * 64 * 3 / 2
    assert pictures(tmp_path / "train.h5", "train")[-1].any()


@pytest.mark.slow
def test_neither_a_mean_colour_nor_a_single_pixel_shows_the_cats() -> None:
    y = np.arange(1500) % 2
    x = np.array([paint(9, i, int(label)) for i, label in enumerate(y)])
    mean = x.reshape(1500, -1, 3).mean(axis=1)
    colours = np.rint(np.column_stack((mean, mean.mean(axis=1)))).astype(np.uint8)
    assert best_threshold(colours, y) <= 0.65
    assert best_threshold(x.reshape(1500, -1), y) <= 0.65
