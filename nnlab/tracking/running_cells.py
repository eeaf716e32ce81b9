"""Cells with a long training, shown as RUNNING with their costs so far, and the heartbeat of a plan."""

import math
import time
from collections.abc import Iterable
from pathlib import Path

from nnlab.cells import Cell
from nnlab.records import notes
from nnlab.tracking import heartbeat
from nnlab.tracking.parents import beat
from nnlab.tracking.tracker import Tracker


class RunningCells:
    """The cells of one home that are shown as RUNNING."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._last: dict[str, int] = {}  # last step that the store has, by run id
        self.last_beat = -math.inf  # by time.monotonic

    def show(self, tracker: Tracker, cell: Cell, run_id: str | None) -> str | None:
        """Bring a cell's run up to date, if its training is long; returns its id, or None."""
        progress = notes.read_progress(cell.folder(self._home))
        if progress is None:
            return run_id
        started, costs = progress
        run_id = run_id or tracker.start(cell, started)
        if run_id not in self._last:
            self._last[run_id] = tracker.last_step(run_id)
        last = self._last[run_id]
        self._last[run_id] = tracker.log_costs(run_id, cell, costs.tolist(), started, last)
        return run_id

    def beat(self, tracker: Tracker, left: Iterable[str | None]) -> None:
        """Write the heartbeat into the parent run; without one, into the shown runs of ``left``."""
        if time.monotonic() - self.last_beat <= heartbeat.BEAT_EVERY:
            return
        shown = [run for run in left if run is not None and run in self._last]
        for run_id in [tracker.parent] if tracker.parent else shown:
            beat(tracker.store, run_id)
        self.last_beat = time.monotonic()
