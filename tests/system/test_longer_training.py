"""A sweep with more iterations goes on from the records that are there: the command, the store, a rerun."""

from pathlib import Path

import pytest
from harness import cell, done, nnlab, runs, small_set

from nnlab.records import record


@pytest.mark.slow
def test_a_longer_sweep_trains_the_rest(tmp_path: Path, home: Path) -> None:
    data = [*small_set(tmp_path / "set", n=40), "optimizer=momentum", "engine=inline"]
    done(nnlab("sweep", *data, "trainer.iterations=30", "seed=1,2", home=home))
    said = done(nnlab("sweep", *data, "trainer.iterations=70", "seed=1,2,3", home=home)).stdout
    assert "2 cells go on from their shorter records: 60 steps are done already" in said
    short, long = (cell(*data, "seed=1", f"trainer.iterations={n}") for n in (30, 70))
    rec = record.verified(long.folder(home))
    assert rec.continued_from == short.fingerprint
    (run,) = runs(home, f"tags.`nnlab.fingerprint` = '{long.fingerprint}'")
    assert run.data.tags["nnlab.continued_from"] == short.fingerprint
    again = done(nnlab("rerun", long.fingerprint, home=home)).stdout
    assert "identical, bit for bit" in again, "a rerun trains it from its first step"
    proof = next((home / "reruns").rglob(record.MARKER))
    assert not record.read(proof.parent).continued_from
    alone = ["trainer.iterations=70", "seed=1", "tracking=none"]
    forced = done(nnlab("train", *data, *alone, "sweep.force=true", home=home))
    assert "goes on" not in forced.stdout and not record.read(long.folder(home)).continued_from
