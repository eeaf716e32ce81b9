"""Pictures in a layout that trains badly are said: channels first, and flattened pixels."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from harness import write_h5

from nnlab.data import hdf5, remarks

PICTURES = np.random.RandomState(0).randint(0, 256, (30, 8, 6, 3)).astype(np.uint8)
FLAT = PICTURES.reshape(30, -1)


def said(folder: Path, x: Any, memory_mb: int = 100) -> list[str]:
    path = write_h5(folder / "a.h5", x=x, y=np.arange(len(x)) % 2)
    return remarks.of_set(hdf5.read(path, "train", memory_mb), "train")


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_channels_first(tmp_path: Path, channels: int) -> None:
    pictures = np.zeros((30, 8, 6, channels), np.uint8)
    (line,) = said(tmp_path, pictures.transpose(0, 3, 1, 2))
    assert f"(30, {channels}, 8, 6)" in line and "channels first" in line and "nnlab data import" in line
    assert said(tmp_path, pictures) == []


@pytest.mark.parametrize("dtype", ["uint8", "int64", "float32", "float64"])
def test_flattened_pixels(tmp_path: Path, dtype: str) -> None:
    (line,) = said(tmp_path, FLAT.astype(dtype))
    assert "(30, 144)" in line and "divide them by 255" in line and "uint8" in line


def test_flattened_pixels_of_a_streamed_set(tmp_path: Path) -> None:
    many = np.random.RandomState(0).randint(0, 256, (2000, 144)).astype(np.uint8)
    assert "pixels" in said(tmp_path, many, memory_mb=1)[0]


@pytest.mark.parametrize(
    "x",
    [FLAT / 255.0, FLAT.astype(int) - 128, FLAT * 2.0, FLAT % 2, FLAT % 17, FLAT + 0.5],
    ids=["divided", "centred", "beyond 255", "bits", "small counts", "fractions"],
)
def test_other_numbers_are_no_pixels(tmp_path: Path, x: Any) -> None:
    assert said(tmp_path, x) == []
