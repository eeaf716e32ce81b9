"""Long cells leave checkpoints: a kill costs the time since the last one, and the bits do not tell."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from disturbed import is_worker
from harness import cell, nnlab, small_set, start

from nnlab.cells import Cell, run_cell
from nnlab.cells.going_on import unpacked
from nnlab.records import notes, record
from nnlab.records.record import Record

STEPS = 20_000
OFTEN = """
import sys
from nnlab.cells.run_cell import Checkpoints
sys.modules[Checkpoints.__module__].CHECKPOINT_EVERY = 0.2
"""


@pytest.fixture
def often(tmp_path: Path) -> dict[str, str]:
    """The environment of processes that leave a checkpoint each 0.2 seconds."""
    folder = tmp_path / "python"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(OFTEN)
    return {"PYTHONPATH": f"{folder}:{os.environ.get('PYTHONPATH', '')}"}


def planned(home: Path, *overrides: str) -> tuple[list[str], Cell]:
    given = [*small_set(home / "set"), "optimizer.batch_size=9", f"trainer.iterations={STEPS}", *overrides]
    return given, cell(*given)


def steps(one: Cell, home: Path) -> int:
    """How many steps the checkpoint of a cell has; 0 without one."""
    content = notes.read_checkpoint(one.folder(home))
    return 0 if content is None else unpacked(content).snapshot.steps


def wait_for_more(one: Cell, home: Path, process: "subprocess.Popen[str]") -> int:
    """Wait until the checkpoint of a cell has more steps than now."""
    before, end = steps(one, home), time.monotonic() + 100
    while (now := steps(one, home)) <= before:
        assert process.poll() is None and time.monotonic() < end
        time.sleep(0.02)
    return now


def digests(rec: Record) -> dict[str, str]:
    """The digests of a record's arrays."""
    return {name: digest for name, digest in rec.files.items() if name.endswith(".npz")}


def assert_undisturbed(one: Cell, home: Path) -> None:
    """The record has the bits of a training from the first step to the last."""
    one.folder(home / "apart").mkdir(parents=True)
    alone = run_cell(one, home / "apart")
    found = record.verified(one.folder(home))
    assert digests(found) == digests(alone) and not found.continued_from
    assert not (one.folder(home) / notes.CHECKPOINT).exists()


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", ["momentum", "adam"])
def test_a_killed_training_goes_on_from_its_checkpoint(
    optimizer: str, home: Path, often: dict[str, str]
) -> None:
    overrides, one = planned(home, f"optimizer={optimizer}")
    command = ["train", *overrides, "tracking=none"]
    for _ in range(2):
        with start(*command, home=home, **often) as training:
            done = wait_for_more(one, home, training)
            training.send_signal(signal.SIGKILL)
        assert not record.exists(one.folder(home)) and done < STEPS
    assert nnlab(*command, home=home, **often).returncode == 0
    assert_undisturbed(one, home)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["local", "inline"])
def test_a_sweep_goes_on_from_the_checkpoints_of_its_cells(
    engine: str, home: Path, often: dict[str, str]
) -> None:
    """Its worker is killed, and then its driver."""
    overrides, one = planned(home, "optimizer=momentum")
    command = ["sweep", *overrides, "seed=1,2", "tracking=none", f"engine={engine}", "engine.workers=1"]
    with start(*command, home=home, **often) as sweep:
        done = wait_for_more(one, home, sweep)
        if engine == "local":
            for pid in _children(sweep.pid):
                os.kill(pid, signal.SIGKILL)
            assert wait_for_more(one, home, sweep) > done
        sweep.send_signal(signal.SIGKILL)
    assert nnlab(*command, home=home, **often).returncode == 0
    assert_undisturbed(one, home)
    assert len(list((home / "runs").glob("*/record.json"))) == 2


def _children(driver: int) -> list[int]:
    """The workers of a driver."""
    listed = Path(f"/proc/{driver}/task/{driver}/children").read_text().split()
    return [pid for pid in map(int, listed) if is_worker(pid)]


@pytest.mark.slow
def test_a_cell_trained_anew_by_force_starts_from_its_first_step(home: Path) -> None:
    overrides, one = planned(home, "trainer.iterations=30")
    one.folder(home).mkdir(parents=True)
    notes.write_checkpoint(one.folder(home), b"of whatever")
    assert nnlab("train", *overrides, "tracking=none", "sweep.force=true", home=home).returncode == 0
    assert_undisturbed(one, home)
