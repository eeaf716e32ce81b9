"""The small random sets follow their rules, and their files are written once."""

from pathlib import Path

import numpy as np
import pytest

from nnlab.data import hdf5, synthetic


def test_one_plane_divides_the_points_of_every_seed() -> None:
    (x, y), (other, labels) = synthetic.half_space(300, 4, 1), synthetic.half_space(300, 4, 2)
    assert x.shape == (300, 4) and not np.array_equal(x, other)
    plane = np.linalg.lstsq(x, 2.0 * y - 1.0, rcond=None)[0]
    assert np.mean((x @ plane > 0) == y) > 0.95 and np.mean((other @ plane > 0) == labels) > 0.95
    assert 0.3 < y.mean() < 0.7


def test_parity_has_every_vector_once_with_its_xor() -> None:
    x, y = synthetic.parity(3)
    assert x.tolist() == [[i & 1, i >> 1 & 1, i >> 2 & 1] for i in range(8)]
    assert y.tolist() == [0, 1, 1, 0, 1, 0, 0, 1]


@pytest.mark.parametrize("name", synthetic.CURVES)
def test_a_curve_is_a_regression_of_its_values(name: str, tmp_path: Path) -> None:
    x, y = synthetic.curve(name, 50, 3)
    assert x.shape == y.shape == (50, 1) and np.abs(x).max() <= 1.0
    np.testing.assert_array_equal(y, synthetic.CURVES[name]((x + 1.0) / 2.0))
    synthetic.write(tmp_path, (x, y), synthetic.curve(name, 20, 4), stem="a_")
    data = hdf5.load(tmp_path / "a_train.h5", tmp_path / "a_test.h5", 64)
    assert data.train.regression and data.m == 50 and len(data.test.y) == 20
    np.testing.assert_array_equal(data.train.features(), x)


def test_files_that_exist_are_kept(tmp_path: Path) -> None:
    synthetic.write(tmp_path, synthetic.parity(2), synthetic.parity(2))
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    synthetic.write(tmp_path, synthetic.parity(4), synthetic.parity(4))
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert hdf5.read(tmp_path / "train.h5", "train", 64).classes == ("0", "1")
