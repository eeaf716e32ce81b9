"""The driver and its engine: batches, lost workers, cells of other drivers, file systems without locks."""

import os
import signal
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from harness import cell, done, markers, nnlab, small_set

from nnlab.cells import plan as plans
from nnlab.engines import Batch, Engine
from nnlab.engines.inline import Inline
from nnlab.engines.local import Local, Worker
from nnlab.records import cell_lock, notes, record
from nnlab.sweeps.progress import Tally
from nnlab.sweeps.train_all import DIED, TRIES, settled, train_all


@pytest.fixture
def plan(tmp_path: Path, home: Path) -> plans.Plan:
    base = [*small_set(tmp_path / "set"), "model.depth=2", "trainer.iterations=20"]
    return plans.make("sweep", [cell(*base, f"seed={seed}") for seed in range(1, 13)], ["seed"])


def sizes(engine: Local | Inline, deadly: Callable[[Batch], bool] = lambda batch: False) -> list[int]:
    """The sizes of all batches that this engine will get; a worker that gets a deadly one is killed."""
    found: list[int] = []
    submit = engine.submit

    def noting(batch: Batch) -> None:
        found.append(len(batch.cells))
        if not deadly(batch):
            submit(batch)
            return
        assert isinstance(engine, Local)
        worker = stopped(engine)
        submit(batch)
        assert worker.batch is batch
        os.kill(worker._process.pid, signal.SIGKILL)

    engine.submit = noting  # type: ignore[method-assign]
    return found


def stopped(engine: Local) -> Worker:
    """The idle worker, stopped once it has begun: so it is killed before it has trained any cell."""
    worker = next((one for one in engine._running.values() if one.idle), None) or engine._new()
    assert worker.began or worker.pipe.poll(60)
    os.kill(worker._process.pid, signal.SIGSTOP)
    return worker


def train(plan: plans.Plan, engine: Engine, batch_seconds: float = 1000.0) -> Tally:
    tally = Tally(plan, len(plan.cells))
    with closing(engine):
        train_all(plan.cells, engine, batch_seconds, tally, lambda cell: None)
    assert all(map(settled, plan.cells)) and tally.done == len(plan.cells)
    return tally


def test_batches_are_sized_by_time(plan: plans.Plan, home: Path) -> None:
    engine = Inline()
    found = sizes(engine)
    train(plan, engine)
    assert found == [1, 11], "the first cell shows how long one takes"
    for one in plan.cells:
        record.discard(one.folder(home))
    engine = Inline()
    found = sizes(engine)
    train(plan, engine, batch_seconds=1e-6)
    assert found == [1] * 12


@pytest.mark.slow
def test_the_last_cells_are_shared_among_the_workers(plan: plans.Plan) -> None:
    engine = Local(2)
    found = sizes(engine)
    train(plan, engine)
    assert sum(found) == 12 and max(found) <= 6


def test_a_lost_batch_is_split_into_single_cells(plan: plans.Plan, home: Path) -> None:
    engine = Local(1)
    found = sizes(engine, lambda batch: len(batch.cells) == 11)
    tally = train(plan, engine)
    assert found == [1, 11, *[1] * 11]
    assert len(markers(home)) == 12 and "failed" not in tally.text()


@pytest.mark.slow
def test_a_cell_whose_workers_always_die_is_a_failure_after_three_tries(
    plan: plans.Plan, home: Path
) -> None:
    engine, deadly, tries = Local(1), plan.cells[5], []

    def has_it(batch: Batch) -> bool:
        if deadly in batch.cells:
            tries.append(len(batch.cells))
        return deadly in batch.cells

    found = sizes(engine, has_it)
    tally = train(plan, engine)
    note = notes.read_failure(deadly.folder(home))
    assert note is not None and note["error"] == DIED and "exit code -9" in note["traceback"]
    assert len(markers(home)) == 11 and "1 failed" in tally.text()
    assert len(tries) >= TRIES and tries[0] == 11 and set(tries[1:]) == {1}, found


@pytest.mark.slow
def test_a_cell_that_another_driver_holds_is_left_to_it(plan: plans.Plan, home: Path) -> None:
    """It is trained when that one lets it go without a record; what it has trained counts as done."""
    held, other = plan.cells[0], Inline()
    with cell_lock(held.folder(home)) as mine:
        assert mine
        engine = Inline()
        events, left = engine.next_event, 3

        def next_event(seconds: float):  # type: ignore[no-untyped-def]
            nonlocal left
            event = events(seconds)
            left -= event is None
            if not left:
                raise KeyboardInterrupt
            return event

        engine.next_event = next_event  # type: ignore[method-assign]
        with pytest.raises(KeyboardInterrupt):
            train_all(plan.cells, engine, 5.0, Tally(plan, 12), lambda cell: None)
    assert len(markers(home)) == 11
    before = markers(home)
    train(plan, other)
    assert len(markers(home)) == 12 and before.items() <= markers(home).items()


NO_LOCKS = """
import errno, fcntl
def flock(descriptor, operation):
    raise OSError(errno.ENOLCK, "No locks available")
fcntl.flock = flock
"""


@pytest.mark.slow
def test_a_file_system_without_locks(tmp_path: Path) -> None:
    (tmp_path / "python").mkdir()
    (tmp_path / "python" / "sitecustomize.py").write_text(NO_LOCKS)
    path = f"{tmp_path}/python:{os.environ.get('PYTHONPATH', '')}"
    home, data = tmp_path / "home", small_set(tmp_path / "set")
    command = ["sweep", *data, "trainer.iterations=20", "seed=1,2", "tracking=none", "engine.workers=1"]
    said = done(nnlab(*command, home=home, PYTHONPATH=path)).stderr
    (line,) = (line for line in said.splitlines() if "locks" in line)
    assert f"{home}/plans: locks are refused here (No locks available)" in line
    assert len(markers(home)) == 2
    assert "locks" not in done(nnlab(*command, home=home)).stderr
