"""What y means: labels with and without names, in each shape, and real targets."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from harness import points, write_h5

from nnlab.data import hdf5, remarks
from nnlab.data.dataset import Dataset
from nnlab.errors import UserError

MEMORY_MB = 100
X, Y = points(30)
THREE = np.arange(30) % 3
REAL = np.linspace(-1.0, 1.0, 30)


def load(folder: Path, train: Any, test: Any, **arrays: Any) -> Dataset:
    """A data set with these labels; the files have no names of classes unless ``classes`` gives them."""
    names = {"classes": None} | arrays
    a = write_h5(folder / "train.h5", y=train, **names)
    b = write_h5(folder / "test.h5", "test", x=X[: np.size(test)], y=test, **names)
    return hdf5.load(a, b, MEMORY_MB)


@pytest.mark.parametrize("dtype", ["int64", "uint8", "int32"])
def test_integers_without_names_are_classes_named_by_their_numbers(tmp_path: Path, dtype: str) -> None:
    data = load(tmp_path, Y.astype(dtype), Y[:12].astype(dtype))
    assert data.classes == ("0", "1") and data.train.y.dtype == np.int64
    np.testing.assert_array_equal(data.train.y, Y)
    named = load(tmp_path, Y, Y[:12], classes=np.array([b"0", b"1"]))
    assert named.digest == data.digest


@pytest.mark.parametrize(("train", "test"), [(THREE, Y[:5]), (Y, THREE[:5]), (THREE, THREE[:1])])
def test_the_classes_are_those_of_both_sets(tmp_path: Path, train: Any, test: Any) -> None:
    assert load(tmp_path, train, test).classes == ("0", "1", "2")


def test_a_set_without_names_takes_those_of_the_other(tmp_path: Path) -> None:
    a, b = write_h5(tmp_path / "a.h5"), write_h5(tmp_path / "b.h5", "test", classes=None)
    assert hdf5.load(a, b, MEMORY_MB).test.classes == ("below", "above")
    with pytest.raises(UserError, match="labels run from 0 to 2, the classes are 0 to 1"):
        hdf5.load(a, write_h5(tmp_path / "c.h5", "test", y=THREE, classes=None), MEMORY_MB)


def test_one_class_alone_is_one_of_two(tmp_path: Path) -> None:
    assert load(tmp_path, Y * 0, Y[:5] * 0).classes == ("0", "1")


@pytest.mark.parametrize("dtype", ["int64", "float64", "float32"])
def test_labels_may_be_a_row(tmp_path: Path, dtype: str) -> None:
    row = load(tmp_path, Y[np.newaxis].astype(dtype), Y[np.newaxis, :12].astype(dtype))
    assert row.digest == load(tmp_path, Y, Y[:12]).digest


def test_targets_may_be_a_row(tmp_path: Path) -> None:
    row = load(tmp_path, REAL[np.newaxis], REAL[np.newaxis, :12])
    assert row.train.regression and row.digest == load(tmp_path, REAL, REAL[:12]).digest


@pytest.mark.parametrize("names", [None, np.array([b"below", b"above"])])
def test_floats_that_are_all_0_and_1_are_classes_and_it_is_said(tmp_path: Path, names: Any) -> None:
    data = load(tmp_path, Y.astype(float), Y[:12].astype(float), classes=names)
    assert not data.train.regression
    assert data.digest == load(tmp_path, Y, Y[:12], classes=names).digest
    data = load(tmp_path, Y.astype(float), Y[:12].astype(float), classes=names)
    said = [line for line in remarks.of_dataset(data) if "taken as classes" in line]
    assert len(said) == 2 and "train_set_y" in said[0] and "test_set_y" in said[1]


@pytest.mark.parametrize(("train", "test"), [(REAL, Y[:2] * 1.0), (Y * 1.0, REAL[:12])])
def test_a_few_targets_of_0_and_1_do_not_make_a_regression_a_classification(
    tmp_path: Path, train: Any, test: Any
) -> None:
    assert load(tmp_path, train, test).test.regression


def test_targets_that_may_be_classes_are_said(tmp_path: Path) -> None:
    """-1.0 and +1.0, 0.0 to 2.0 or one-hot floats are real targets by the layout, and perhaps classes."""
    for y in (2.0 * Y - 1.0, THREE * 1.0, np.eye(3)[THREE]):
        data = hdf5.read(write_h5(tmp_path / "a.h5", y=y, classes=None), "train", MEMORY_MB)
        (line,) = remarks.of_set(data, "train")
        assert data.regression and "real targets" in line and "nnlab data import" in line
    measured = hdf5.read(write_h5(tmp_path / "a.h5", y=REAL, classes=None), "train", MEMORY_MB)
    assert remarks.of_set(measured, "train") == []


def test_labels_that_count_from_1_are_said(tmp_path: Path) -> None:
    data = hdf5.read(write_h5(tmp_path / "a.h5", y=THREE + 1, classes=None), "train", MEMORY_MB)
    assert data.classes == ("0", "1", "2", "3")
    (line,) = remarks.of_set(data, "train")
    assert "no label 0" in line and "from 1 to 3" in line
