"""Training all cells of a plan: workers are launched until each cell is done or has failed.

A few workers go through one plan file, and each takes the next free cell. So the load balances itself,
and a worker that dies loses only its own cell.
"""

import dataclasses
import time
from collections.abc import Sequence

from nnlab.cells import Cell
from nnlab.cells import plan as plans
from nnlab.cells.plan import Plan
from nnlab.config import home
from nnlab.errors import Failed
from nnlab.records import forget_death, holder_died, notes
from nnlab.sweeps.launchers import Launcher
from nnlab.sweeps.worker import settled

TRIES = 3  # launches in a row without a started cell; a worker can die before it starts one
DIED_TWICE = "the worker died on this cell, twice (killed, or out of memory?)"


def unsettled(cells: Sequence[Cell]) -> list[Cell]:
    """The cells that are neither done nor failed."""
    return [cell for cell in cells if not settled(cell)]


def train_all(plan: Plan, todo: Sequence[Cell], launcher: Launcher) -> None:
    """Launch until every cell is settled; a cell whose worker dies twice has failed.

    A launcher may lose all its workers when one dies. The cells that were in training then may have
    caused it: the other cells are trained first, and then each of these alone.
    """
    _train_unsuspected(plan, todo, launcher)
    for cell in unsettled(todo):
        started = time.time()
        forget_death(cell.folder(home()))
        problem = _launch(plan, [cell], launcher)
        if not settled(cell):
            trace = f"{DIED_TWICE}\n{problem}"
            notes.write_failure(cell.folder(home()), DIED_TWICE, trace, started, time.time())


def _train_unsuspected(plan: Plan, todo: Sequence[Cell], launcher: Launcher) -> None:
    """Launch until each cell is settled or its worker has died; Failed if no cell can be started."""
    fruitless = 0
    while cells := [cell for cell in unsettled(todo) if not _worker_died(cell)]:
        problem = _launch(plan, cells, launcher)
        left = unsettled(cells)
        began = len(left) < len(cells) or any(map(_worker_died, left))
        fruitless = 0 if began else fruitless + 1
        if isinstance(problem, OSError) or fruitless == TRIES:
            raise Failed(f"no cell could be trained: {problem or 'no worker began'}") from problem


def _worker_died(cell: Cell) -> bool:
    return holder_died(cell.folder(home()))


def _launch(plan: Plan, cells: Sequence[Cell], launcher: Launcher) -> Exception | None:
    """Train these cells in workers; returns the exception of the launcher, or None."""
    part = plans.path_of(home(), plan.id).with_suffix(".todo")
    plans.save(dataclasses.replace(plan, cells=tuple(cells)), part)
    try:
        launcher.launch(part, min(launcher.workers, len(cells)))
    except Exception as error:
        return error
    finally:
        part.unlink(missing_ok=True)
    return None
