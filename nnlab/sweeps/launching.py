"""Launching: the launcher's jobs train the cells of a plan, until each one is done or has failed.

The launcher gets a few jobs that all work through one plan file, each taking the next free cell. So the
load balances itself, and a worker that dies loses only its own cell.
"""

import dataclasses
import time
from collections.abc import Sequence

from hydra.plugins.launcher import Launcher

from nnlab.cells import plan as plans
from nnlab.cells.plan import Plan
from nnlab.cells.train_cell import Cell
from nnlab.config.compose import quoted
from nnlab.config.paths import home
from nnlab.errors import Failed
from nnlab.records import record
from nnlab.records.lock import forget_orphan, orphaned
from nnlab.sweeps.worker import settled

TRIES = 3  # launches in a row that may begin no cell, since a worker can die before it takes one
DIED_TWICE = "the worker died on this cell, twice (killed, or out of memory?)"


def unsettled(cells: Sequence[Cell]) -> list[Cell]:
    """The cells that are neither done nor failed."""
    return [cell for cell in cells if not settled(cell)]


def train_all(plan: Plan, todo: Sequence[Cell], launcher: Launcher, jobs: int) -> None:
    """Launch until every cell is settled; a cell whose worker dies twice has failed.

    A launcher may lose all its jobs when one worker dies. The cells that were in training then may have
    caused it: the other cells are trained first, and then each of these alone.
    """
    _train_unsuspected(plan, todo, launcher, jobs)
    for cell in unsettled(todo):
        started = time.time()
        forget_orphan(cell.folder(home()))
        problem = _launch(plan, [cell], launcher, 1)
        if not settled(cell):
            trace = f"{DIED_TWICE}\n{problem}"
            record.write_failure(cell.folder(home()), DIED_TWICE, trace, started, time.time())


def _train_unsuspected(plan: Plan, todo: Sequence[Cell], launcher: Launcher, jobs: int) -> None:
    """Launch until each cell is settled or its worker has died; Failed where no cell can be begun."""
    fruitless = 0
    while cells := [cell for cell in unsettled(todo) if not _worker_died(cell)]:
        problem = _launch(plan, cells, launcher, jobs)
        left = unsettled(cells)
        began = len(left) < len(cells) or any(map(_worker_died, left))
        fruitless = 0 if began else fruitless + 1
        if isinstance(problem, OSError) or fruitless == TRIES:
            raise Failed(f"no cell could be trained: {problem or 'the launcher ran no job'}") from problem


def _worker_died(cell: Cell) -> bool:
    return orphaned(cell.folder(home()))


def _launch(plan: Plan, cells: Sequence[Cell], launcher: Launcher, jobs: int) -> Exception | None:
    """Have the launcher's jobs work on these cells; returns what it raised."""
    part = plans.path_of(home(), plan.id).with_suffix(".todo")
    plans.save(dataclasses.replace(plan, cells=tuple(cells)), part)
    overrides = [[f"sweep.plan={quoted(str(part))}"] for _ in range(min(jobs, len(cells)))]
    try:
        for done in launcher.launch(overrides, initial_job_idx=0):
            _ = done.return_value  # raises what the job raised
    except Exception as error:
        return error
    finally:
        part.unlink(missing_ok=True)
    return None
