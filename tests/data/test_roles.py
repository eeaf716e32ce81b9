"""Which set of a file is read: the role that is asked for decides, and copies of examples are counted."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from harness import points, write_h5

from nnlab.data import hdf5, overlap, remarks
from nnlab.errors import UserError

MEMORY_MB = 100


def both_sets(path: Path, m_train: int = 30, m_test: int = 12, **test: Any) -> Path:
    """A file with a training and a test set; ``test`` replaces arrays of the test set."""
    x, y = points(m_train)
    write_h5(path, x=x, y=y)
    x, y = points(m_test, seed=1)
    with h5py.File(path, "a") as file:
        for letter, array in ({"x": x, "y": y} | test).items():
            file[f"test_set_{letter}"] = array
    return path


def refusal(train: Path, test: Path) -> str:
    with pytest.raises(UserError) as caught:
        hdf5.load(train, test, MEMORY_MB)
    assert ";" in str(caught.value) and len(str(caught.value).splitlines()) == 1
    return str(caught.value)


def test_a_file_with_both_sets_is_the_same_as_two_files(tmp_path: Path) -> None:
    both = both_sets(tmp_path / "both.h5")
    (x, y), (x_test, y_test) = points(30), points(12, seed=1)
    train = write_h5(tmp_path / "train.h5", x=x, y=y)
    test = write_h5(tmp_path / "test.h5", "test", x=x_test, y=y_test)
    assert hdf5.sets(both) == ["train", "test"] and hdf5.sets(test) == ["test"]
    apart = hdf5.load(train, test, MEMORY_MB).digest
    for pair in ((both, both), (both, test), (train, both)):
        assert hdf5.load(*pair, MEMORY_MB).digest == apart
    assert hdf5.read(both, "test", MEMORY_MB).digest == hdf5.read(test, "test", MEMORY_MB).digest


def test_a_set_in_the_other_role_is_refused(tmp_path: Path) -> None:
    train, test = write_h5(tmp_path / "a.h5"), write_h5(tmp_path / "b.h5", "test")
    copied = write_h5(tmp_path / "train_copy.h5", "test")
    assert "has no test_set_x, only a training set" in refusal(train, train)
    for pair in ((test, train), (test, test), (copied, test)):
        assert "has no train_set_x, only a test set; give it as data.test" in refusal(*pair)


def test_two_sets_of_one_file_must_fit_together(tmp_path: Path) -> None:
    path = both_sets(tmp_path / "both.h5", x=np.zeros((12, 3)))
    assert "(3,)" in refusal(path, path) and "(2,)" in refusal(path, path)


# -- copies ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float64", "float32", "int64"])
@pytest.mark.parametrize("memory_mb", [MEMORY_MB, 1])
def test_test_examples_that_are_training_examples_are_counted(
    tmp_path: Path, dtype: str, memory_mb: int
) -> None:
    """Also across types of numbers, with -0.0, with copies within a set, and in streamed sets."""
    x = np.random.RandomState(0).randint(-9, 9, (3000, 60)).astype("float64")
    x_test = np.random.RandomState(1).randint(-9, 9, (50, 60)).astype("float64")
    x[[0, 1]] = x_test[7]
    x[2999] = -x_test[8] * 0.0
    x_test[[8, 9]] = 0.0
    train = write_h5(tmp_path / "a.h5", x=x, y=np.arange(3000) % 2)
    test = write_h5(tmp_path / "b.h5", "test", x=x_test.astype(dtype), y=np.arange(50) % 2)
    data = hdf5.load(train, test, memory_mb)
    assert data.train.streamed == (memory_mb == 1)
    assert overlap.shared(data.train, data.test) == [7, 8, 9]
    assert overlap.repeated(data.train) == 2 and overlap.repeated(data.test) == 2
    (line,) = remarks.of_pair(data.train, data.test)
    assert (
        f"{test}: 3 of its 50 test examples (the first is example 7) stand in the training set of a.h5"
        in line
    )


def test_equal_sets_are_said_and_different_ones_are_not(tmp_path: Path) -> None:
    x, y = points(30)
    train = write_h5(tmp_path / "a.h5", x=x, y=y)
    same = hdf5.load(train, write_h5(tmp_path / "b.h5", "test", x=x, y=y), MEMORY_MB)
    assert (
        "all its 30 test examples (the first is example 0) stand in the training set"
        in remarks.of_dataset(same)[0]
    )
    other = both_sets(tmp_path / "both.h5")
    assert remarks.of_dataset(hdf5.load(other, other, MEMORY_MB)) == []


def test_classes_that_only_the_test_set_has_are_said(tmp_path: Path) -> None:
    x, y = points(30)
    names = np.array([b"cat", b"cow", b"dog"])
    train = write_h5(tmp_path / "a.h5", x=x, y=y, classes=names)
    other = y.copy()
    other[:4] = 2
    test = write_h5(tmp_path / "b.h5", "test", x=x + 1, y=other, classes=names)
    data = hdf5.load(train, test, 100)
    (line,) = remarks.of_pair(data.train, data.test)
    assert "4 of its 30 test examples are of classes (dog) that the training set of a.h5" in line
