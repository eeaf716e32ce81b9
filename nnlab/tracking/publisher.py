"""The publisher: brings the records of a plan into MLflow while its cells are trained.

A store that is away neither stops nor slows the training: every call is bounded, a failed one is tried
again later, and records that still wait at the end are counted for `nnlab sync`. A record that is damaged,
or that the store refuses, does not stop the publication of the others.
"""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nnlab.cells import Cell
from nnlab.cells.plan import Plan
from nnlab.cells.summary import Summary
from nnlab.errors import UserError
from nnlab.records import notes, record
from nnlab.tracking import heartbeat, location, ui_links
from nnlab.tracking.abandoned import end_abandoned
from nnlab.tracking.mlflow_model import log_model
from nnlab.tracking.parents import beat, close_parent, open_parent
from nnlab.tracking.store import Store, Unavailable, reaching
from nnlab.tracking.tracker import Published, Tracker


@dataclass(frozen=True)
class Publication:
    """The outcome of publishing a plan."""

    published: int  # records that were published
    waiting: tuple[Cell, ...]  # cells with a record that the store does not have
    refused: tuple[str, ...]  # records that cannot be published, and why
    problem: str | None  # why the last try failed
    pages: tuple[str, str] | None  # of the UI, comparing the cells: charts and list; None without a store

    @property
    def complaints(self) -> list[str]:
        """Messages for the user; none if everything is published."""
        problem, waiting = self.problem, len(self.waiting)
        if problem is None and waiting:
            problem = "MLflow: interrupted before all was published"
        if problem is None:
            return list(self.refused)
        runs = "1 run waits; `nnlab sync` publishes it"
        if waiting != 1:
            runs = f"{waiting} runs wait; `nnlab sync` publishes them"
        return [*self.refused, problem, runs]


class Publisher:
    """Publishes the records of one plan as they appear; ``publishing`` runs it in a thread."""

    def __init__(self, plan: Plan, home: Path) -> None:
        self._plan, self._home = plan, home
        self._tracker: Tracker | None = None  # while the store can be reached
        self._left = list(plan.cells)  # neither published nor refused
        self._begun: dict[str, Published] = {}  # runs in the store, by fingerprint
        self._shown: dict[str, int] = {}  # last step of a running cell that the store has, by run id
        self._refused: list[str] = []
        self._problem: str | None = None
        self._published = 0
        self._looked_for_abandoned = False
        self._last_beat = -math.inf  # by time.monotonic, as the next
        self._deadline = math.inf
        self._given_up = False

    @property
    def publication(self) -> Publication:
        """The outcome so far."""
        waiting = tuple(cell for cell in self._left if record.exists(cell.folder(self._home)))
        store = self._tracker and self._tracker.store
        pages = ui_links.urls(store.uri, store.experiment_id, self._plan) if store else None
        return Publication(self._published, waiting, tuple(self._refused), self._problem, pages)

    @property
    def busy(self) -> bool:
        """Is the store open, or is there a record that it does not have?"""
        return self._tracker is not None or bool(self.publication.waiting)

    def run_of(self, cell: Cell) -> str | None:
        """The id of a cell's run in the store."""
        run = self._begun.get(cell.fingerprint)
        return run.run_id if run else None

    def stop_at(self, deadline: float) -> None:
        """Do not begin a publication after this moment of time.monotonic."""
        self._deadline = deadline

    def give_up(self) -> None:
        """Do not call the store again, and do not wait for a call that hangs."""
        self._given_up = True

    def publish(self, last: bool = False) -> bool:
        """Bring the store up to date; False if it cannot be reached.

        Only at the ``last`` call failures are published, since until then a failed cell may be tried
        again, and runs of cells that are not done end as killed.
        """
        try:
            with reaching():
                tracker = self._tracker or self._connect()
                for cell in list(self._left):
                    if time.monotonic() > self._deadline:
                        break
                    self._beat(tracker)
                    self._publish_cell(tracker, cell, last)
                self._problem = None
        except (UserError, Unavailable) as error:
            away = isinstance(error, Unavailable)
            self._problem = str(error) if away else f"MLflow: {location.reason(error)}"
            self._tracker = None  # the next try reads again what the store has
        return self._problem is None

    def close(self, summary: Summary, status: str) -> None:
        """End the parent run with the sweep's summary."""
        tracker = self._tracker
        if tracker is not None and tracker.parent is not None and not self._given_up:
            with self._noting_problems():
                close_parent(tracker.store, tracker.parent, summary, status)

    def log_model(self, summary: Summary) -> None:
        """Log the net of the best cell as the MLflow model of its run.

        Records of the first versions do not have the shape of their inputs, and get no model.
        """
        wanted = summary.best and summary.best["fingerprint"]
        best = next((cell for cell in self._plan.cells if cell.fingerprint == wanted), None)
        run_id = self.run_of(best) if best else None
        if self._tracker is None or best is None or run_id is None:
            return
        with self._noting_problems():
            rec = record.read(best.folder(self._home))
            if rec.shape:
                log_model(self._tracker.store, run_id, rec)

    @contextmanager
    def _noting_problems(self) -> Iterator[None]:
        """Keep a problem of the store or of a record for the publication instead of raising it."""
        try:
            with reaching():
                yield
        except UserError as error:
            self._refused.append(str(error))
        except Unavailable as error:
            self._problem = str(error)

    def _connect(self) -> Tracker:
        """Open the store and read its runs; the first time, also end the RUNNING runs of dead drivers."""
        store = Store(self._home, self._plan.experiment)
        parent = open_parent(store, self._plan) if self._plan.kind == "sweep" else None
        self._last_beat = time.monotonic()
        if not self._looked_for_abandoned:
            end_abandoned(store)
            self._looked_for_abandoned = True
        tracker = Tracker(store, self._plan, parent)
        self._begun = tracker.published()
        complete = {fingerprint for fingerprint, run in self._begun.items() if run.complete}
        self._left = [
            cell
            for cell in self._left
            if cell.fingerprint not in complete or not record.exists(cell.folder(self._home))
        ]
        self._tracker = tracker
        return tracker

    def _publish_cell(self, tracker: Tracker, cell: Cell, last: bool) -> None:
        folder, run = cell.folder(self._home), self._begun.get(cell.fingerprint)
        run_id = self.run_of(cell)
        if record.exists(folder):
            try:
                run_id = tracker.publish(cell, record.verified(folder), run_id)
                self._begun[cell.fingerprint] = Published(run_id, complete=True)
                self._published += 1
            except UserError as error:
                self._refused.append(str(error))
            self._left.remove(cell)
        elif last and (note := notes.read_failure(folder)) is not None:
            tracker.publish_failure(cell, note, run_id)
            self._left.remove(cell)
        elif not last:
            self._show_running(tracker, cell, run_id)
        elif run and not run.complete:  # this driver or a dead one created it
            tracker.store.end_killed(run.run_id)

    def _beat(self, tracker: Tracker) -> None:
        """Write the heartbeat into the parent run, or into the run of `nnlab train`."""
        run_id = tracker.parent or next(iter(self._shown), None)
        if run_id is not None and time.monotonic() - self._last_beat > heartbeat.BEAT_EVERY:
            beat(tracker.store, run_id)
            self._last_beat = time.monotonic()

    def _show_running(self, tracker: Tracker, cell: Cell, run_id: str | None) -> None:
        """Show a cell with a long training as RUNNING, with its costs so far."""
        progress = notes.read_progress(cell.folder(self._home))
        if progress is None:
            return
        started, costs = progress
        if run_id is None:
            run_id = tracker.start(cell, started)
            self._begun[cell.fingerprint] = Published(run_id, complete=False)
        if run_id not in self._shown:
            self._shown[run_id] = tracker.last_step(run_id)
        last = self._shown[run_id]
        self._shown[run_id] = tracker.log_costs(run_id, cell, costs.tolist(), started, last)
