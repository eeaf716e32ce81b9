"""A worker of a sweep: it trains the cells of a plan file."""

import signal
import time
import traceback
from multiprocessing import parent_process
from pathlib import Path

from nnlab.cells import Cell, attempt
from nnlab.cells import plan as plans
from nnlab.config import home
from nnlab.records import cell_lock, notes, record


def work(plan_path: Path) -> None:
    """Train the cells of a plan file that no other worker trains.

    First it trains the free cells. Then it waits for the cells that other workers train, and trains those
    that they did not finish. The driver handles a cell whose worker died.
    """
    if parent_process() is not None:  # Ctrl-C reaches the workers too, and the driver ends them
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    plan = plans.load(plan_path)
    held = [cell for cell in plan.cells if not _work_on(cell, wait=False)]
    for cell in held:
        _work_on(cell, wait=True)


def _work_on(cell: Cell, wait: bool) -> bool:
    """Train a cell unless it is done or has failed; False if another process holds it."""
    folder, started = cell.folder(home()), time.time()
    try:
        with cell_lock(folder, wait) as mine:
            if mine and not settled(cell):
                attempt(cell, home())
            return mine
    except OSError as error:  # the folder cannot be made or locked
        notes.write_failure(folder, str(error), traceback.format_exc(), started, time.time())
        return True


def settled(cell: Cell) -> bool:
    """Is the cell done, or failed?"""
    folder = cell.folder(home())
    return record.exists(folder) or notes.failure_path(folder).is_file()
