"""Healthy files that cannot be read: another program holds them, or their filter is missing."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import h5py
import numpy as np
import pytest
from crafted_hdf5 import crafted
from harness import assert_refused, nnlab, write_h5

from nnlab.data import hdf5
from nnlab.errors import UserError

# opens a file for writing, says so, and keeps it until its input ends
WRITER = """
import sys, h5py
file = h5py.File(sys.argv[1], "a", libver=sys.argv[2])
file.flush()
print("open", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def held() -> Iterator[Callable[[Path, str], "subprocess.Popen[str]"]]:
    """Another process that has a file open for writing, in HDF5's format of this version."""
    started: list[subprocess.Popen[str]] = []

    def hold(path: Path, libver: str) -> "subprocess.Popen[str]":
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), libver],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        started.append(writer)
        assert writer.stdout is not None and writer.stdout.readline() == "open\n"
        return writer

    yield hold
    for writer in started:
        writer.kill()
        writer.communicate()


def refusal(path: Path) -> str:
    with pytest.raises(UserError) as caught:
        hdf5.read(path, "train", 100)
    assert "damaged" not in str(caught.value) and ";" in str(caught.value)
    return str(caught.value)


def test_a_locked_file(tmp_path: Path, held: Callable[[Path, str], "subprocess.Popen[str]"]) -> None:
    path = write_h5(tmp_path / "a.h5")
    writer = held(path, "earliest")
    assert f"{path}: locked by another program" in refusal(path)
    assert_refused(nnlab("data", "check", str(path), home=tmp_path / "home"), "locked by another program")
    writer.communicate()
    assert hdf5.read(path, "train", 100).classes == ("below", "above")


def test_a_file_whose_writer_was_killed(
    tmp_path: Path, held: Callable[[Path, str], "subprocess.Popen[str]"]
) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w", libver="latest") as file:
        file["train_set_x"] = np.zeros((3, 2))
    writer = held(path, "latest")
    writer.kill()
    writer.communicate()
    message = refusal(path)
    assert "was killed" in message and "h5clear" in message


@pytest.mark.parametrize("name", ["unknown_filter", "unknown_optional_filter"])
def test_a_missing_filter_is_named(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.h5"
    path.write_bytes(crafted(name, tmp_path / "canary.h5"))
    message = refusal(path)
    assert "train_set_x" in message and "32015 (Zstandard)" in message and "hdf5plugin" in message
    refused = nnlab("data", "check", str(path), home=tmp_path / "home")
    assert_refused(refused, str(path), "32015 (Zstandard)", "gzip")


def test_a_filter_of_no_known_number(tmp_path: Path) -> None:
    content = crafted("unknown_filter", tmp_path / "canary.h5")
    path = tmp_path / "a.h5"
    path.write_bytes(content.replace((32_015).to_bytes(2, "little"), (32_999).to_bytes(2, "little"), 1))
    assert "HDF5 filter 32999" in refusal(path)


@pytest.mark.slow
def test_a_folder_in_the_place_of_a_file_is_answered_with_what_to_give(tmp_path: Path) -> None:
    refused = nnlab("data", "check", str(tmp_path), home=tmp_path / "home")
    assert_refused(refused, f"{tmp_path}: is a folder; `nnlab data import` makes a file of pictures")
    file = tmp_path / "cats.h5"
    file.touch()
    refused = nnlab("data", "check", str(tmp_path), home=tmp_path / "home")
    assert_refused(refused, f"{tmp_path}: is a folder; name a file in it, such as {file}")
