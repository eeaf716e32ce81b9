"""The copies of data that a worker keeps where the driver's files are not."""

import os
import time
from pathlib import Path

import pytest
from harness import cell, small_set

from nnlab.cells import Cell
from nnlab.engines.worker_data import UNUSED, data_of


def sent(folder: Path, m: int) -> tuple[Cell, dict[str, tuple[bytes, bytes]]]:
    """A cell, and its data as they are sent; its files are gone."""
    made = cell(*small_set(folder, m))
    train, test = (folder / f"{split}.h5" for split in ("train", "test"))
    contents = {made.data_digest: (train.read_bytes(), test.read_bytes())}
    train.unlink()
    test.unlink()
    return made, contents


@pytest.mark.slow
def test_copies_that_nobody_has_used_for_long_go_when_another_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NNLAB_HOME", str(tmp_path / "home"))
    made = [sent(tmp_path / str(m), m) for m in (20, 30, 40)]
    for one, contents in made[:2]:
        assert data_of(one, contents) is not None
        old = time.time() - UNUSED - 60.0
        os.utime(tmp_path / "home/data/sent" / one.data_digest, (old, old))
    (unused, _), (used, _), (new, contents) = made
    assert data_of(used, {}) is not None
    assert data_of(new, contents) is not None
    kept = {path.name for path in (tmp_path / "home/data/sent").iterdir()}
    assert kept == {used.data_digest, new.data_digest}
    assert data_of(unused, {}) is None
