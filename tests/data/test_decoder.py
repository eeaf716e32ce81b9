"""Untrusted files are decoded in a child process; whatever happens to it, each file gets its answer."""

import os
import signal
from pathlib import Path

import mutations
import numpy as np
import psutil
import pytest
from harness import write_h5
from PIL import Image

from nnlab.data import decode

SHAPE = (16, 16, 3)


def children() -> set[psutil.Process]:
    return set(psutil.Process().children())


def pictures(folder: Path, count: int) -> list[Path]:
    paths = [folder / f"{i}.png" for i in range(count)]
    for i, path in enumerate(paths):
        Image.new("RGB", (16, 16), (i % 256, 0, 0)).save(path)
    return paths


def test_each_file_has_its_answer_in_order(tmp_path: Path) -> None:
    first, last = pictures(tmp_path, 2)
    text, missing = tmp_path / "a.txt", tmp_path / "no.png"
    text.write_text("text")
    found = list(decode("picture", [first, text, missing, last], shape=SHAPE))
    assert [answer.path for answer in found] == [first, text, missing, last]
    assert found[0].problem is None and (found[0].arrays["pixels"] == [0, 0, 0]).all()
    assert found[1].foreign and "not an image" in str(found[1].problem)
    assert not found[2].foreign and "no such file" in str(found[2].problem)
    assert (found[3].arrays["pixels"] == [1, 0, 0]).all()


@pytest.mark.slow
def test_the_files_after_one_that_ends_the_child_are_read(tmp_path: Path) -> None:
    """The child is killed once it has answered some; the file that it was at is named."""
    paths = pictures(tmp_path, 400)
    before = children()
    answers = decode("picture", paths, shape=SHAPE)
    found = [next(answers)]
    (child,) = children() - before
    os.kill(child.pid, signal.SIGKILL)
    found += answers
    assert [answer.path for answer in found] == paths
    (lost,) = (answer for answer in found if answer.problem is not None)
    assert "crashes the reading process: SIGKILL" in str(lost.problem)
    assert str(lost.problem).startswith(f"{lost.path}: ")
    for i, answer in enumerate(found):
        assert answer is lost or (answer.arrays["pixels"] == [i % 256, 0, 0]).all()


def test_a_caller_that_stops_early_leaves_no_child(tmp_path: Path) -> None:
    before = children()
    answers = decode("picture", pictures(tmp_path, 50), shape=SHAPE)
    next(answers)
    answers.close()
    assert not children() - before


@pytest.mark.slow
def test_the_limits_of_the_child_admit_the_largest_picture(tmp_path: Path) -> None:
    large = tmp_path / "large.png"
    Image.fromarray(np.zeros((5000, 15_000, 4), np.uint8)).save(large)
    (found,) = decode("picture", [large], shape=SHAPE)
    assert found.problem is None and (found.arrays["pixels"] == 255).all()


@pytest.mark.slow
def test_files_after_an_endless_one_are_read_too(tmp_path: Path) -> None:
    endless = tmp_path / "endless.h5"
    endless.write_bytes(mutations.endless(tmp_path / "canary.h5"))
    good = write_h5(tmp_path / "good.h5")
    first, last = decode("arrays", [endless, good], memory_mb=64)
    assert "never ends" in str(first.problem) and "SIGXCPU" in str(first.problem)
    assert last.problem is None and set(last.arrays) == {"train_set_x", "train_set_y", "list_classes"}
