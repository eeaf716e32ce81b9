"""New files are checked in a child process, which reports every problem; good files are remembered."""

import sys
from pathlib import Path

import h5py
import mutations
import numpy as np
import pytest
from crafted_hdf5 import crafted
from harness import small_set, write_h5

from nnlab.data import sandbox
from nnlab.errors import UserError

MEMORY_MB = 64


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A training and a test file."""
    small_set(tmp_path)
    return tmp_path / "train.h5", tmp_path / "test.h5"


def every(*paths: Path) -> list[sandbox.Asked]:
    """Ask for all sets of these files."""
    return [(path, None) for path in paths]


def test_each_file_has_its_answer_in_order(tmp_path: Path, files: tuple[Path, Path]) -> None:
    text = tmp_path / "text.h5"
    text.write_text("some text")
    wrong = write_h5(tmp_path / "wrong.h5", y=None)
    found = sandbox.examine(every(files[0], text, files[1], wrong, tmp_path / "missing.h5"), MEMORY_MB)
    assert found[0] is None and found[2] is None
    for path, word, problem in (
        (text, "not an HDF5 file", found[1]),
        (wrong, "train_set_y is missing", found[3]),
        (tmp_path / "missing.h5", "no such file", found[4]),
    ):
        assert problem is not None and problem.startswith(f"{path}: ") and word in problem


@pytest.mark.slow
def test_files_after_an_endless_one_are_checked_too(tmp_path: Path, files: tuple[Path, Path]) -> None:
    endless = tmp_path / "endless.h5"
    endless.write_bytes(mutations.endless(tmp_path / "canary.h5"))
    first, problem, last = sandbox.examine(every(files[0], endless, files[1]), MEMORY_MB)
    assert first is None and last is None
    assert problem is not None and "never ends" in problem and "SIGXCPU" in problem


@pytest.mark.slow
def test_a_file_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.h5"
    path.write_bytes(crafted("overlong_chunk", tmp_path / "canary.h5"))
    (problem,) = sandbox.examine(every(path), MEMORY_MB)
    assert problem is not None and str(path) in problem and "damaged" in problem


def test_every_byte_of_a_streamed_file_is_read(tmp_path: Path) -> None:
    """Only the last chunk of the examples is damaged."""
    x = np.random.RandomState(0).rand(4000, 100)
    path = write_h5(tmp_path / "a.h5", x=None, y=np.arange(4000) % 2)
    with h5py.File(path, "a") as file:
        data = file.create_dataset("train_set_x", data=x, chunks=(1000, 100), fletcher32=True)
        chunk = data.id.get_chunk_info(3)
    content = bytearray(path.read_bytes())
    content[chunk.byte_offset + 5] ^= 1
    path.write_bytes(content)
    (problem,) = sandbox.examine(every(path), memory_mb=1)
    assert problem is not None and "damaged" in problem


def test_a_file_that_passed_is_not_checked_again(
    tmp_path: Path, files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = sandbox.load(*files, MEMORY_MB, tmp_path / "notes")
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")  # the child process cannot start
    again = sandbox.load(*files, MEMORY_MB, tmp_path / "notes")
    assert again.digest == first.digest
    with pytest.raises(FileNotFoundError):
        sandbox.load(*files, MEMORY_MB + 1, tmp_path / "notes")  # other limits: another check


@pytest.mark.slow
def test_a_changed_file_is_checked_again(tmp_path: Path, files: tuple[Path, Path]) -> None:
    sandbox.load(*files, MEMORY_MB, tmp_path / "notes")
    write_h5(files[0], y=None)
    with pytest.raises(UserError, match="train_set_y is missing"):
        sandbox.load(*files, MEMORY_MB, tmp_path / "notes")


@pytest.mark.slow
def test_a_wrong_file_is_not_remembered(tmp_path: Path, files: tuple[Path, Path]) -> None:
    write_h5(files[0], y=None)
    for _ in range(2):
        with pytest.raises(UserError, match="train_set_y is missing"):
            sandbox.load(*files, MEMORY_MB, tmp_path / "notes")
    assert not (tmp_path / "notes").exists()


def test_where_no_notes_can_be_written_files_are_still_read(
    tmp_path: Path, files: tuple[Path, Path]
) -> None:
    (tmp_path / "notes").write_text("not a folder")
    assert sandbox.load(*files, MEMORY_MB, tmp_path / "notes" / "inside").m == 30
