"""The publisher: brings the records of a plan into MLflow while its cells are trained.

A store that is away neither stops nor slows the training: every call is bounded, a failed one is tried
again later, and records that still wait at the end are counted for `nnlab sync`. A record that is damaged,
or that the store refuses, does not stop the publication of the others.
"""

import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nnlab.cells import Cell
from nnlab.cells.plan import Plan
from nnlab.cells.summary import Summary
from nnlab.errors import UserError
from nnlab.records import notes, record
from nnlab.tracking import location, write_ahead
from nnlab.tracking.abandoned import end_abandoned
from nnlab.tracking.analyze import analyze
from nnlab.tracking.at_once import AT_ONCE, at_once
from nnlab.tracking.best_cells import publish_best
from nnlab.tracking.deleted import Deleted, restore
from nnlab.tracking.parents import close_parent, open_parent
from nnlab.tracking.plan_runs import PARENT, Copies, find_runs, unsettled_runs
from nnlab.tracking.publication import Publication
from nnlab.tracking.publication_notes import PublicationNotes
from nnlab.tracking.running_cells import RunningCells
from nnlab.tracking.store import Refused, Store, Unavailable, reaching
from nnlab.tracking.tracker import Published, Tracker
from nnlab.tracking.waiting_cells import WaitingCells

Opened = Callable[[tuple[str, str]], None]


class Publisher:
    """Publishes the records of one plan as they appear; ``publishing`` runs it in a thread."""

    trusting = False  # take the home's notes for true if they say that all is published, and read no runs

    def __init__(self, plan: Plan, home: Path, restore: bool = False, opened: Opened | None = None) -> None:
        """``restore``: deleted runs come back. ``opened`` gets the pages of the sweep in the UI, once."""
        self._opened = opened
        self._plan, self._home, self._restore = plan, home, restore
        self._tracker: Tracker | None = None  # while the store can be reached
        self._left = WaitingCells(plan.cells)  # neither published nor refused
        self._begun: dict[str, Published] = {}  # runs in the store, by fingerprint
        self._running = RunningCells(home)
        self._refused: list[str] = []
        self._stay_deleted: set[str] = set()  # fingerprints, and PARENT
        self._problem: str | None = None
        self._away = self._new_parent = self._given_up = self._looked_for_abandoned = False
        self._published, self._registration, self._noting = 0, "", threading.Lock()
        self._deleted, self._deadline = Deleted({}, {}), math.inf  # the latter by time.monotonic

    @property
    def publication(self) -> Publication:
        """The outcome so far."""
        waiting = tuple(cell for cell in self._left if record.exists(cell.folder(self._home)))
        return Publication(
            self._published, waiting, tuple(self._refused), self._problem, self._away, self._pages,
            len(self._stay_deleted), PARENT in self._stay_deleted, self._new_parent, self._registration,
        )  # fmt: skip

    @property
    def _pages(self) -> tuple[str, str] | None:
        return self._tracker.pages if self._tracker else None

    @property
    def busy(self) -> bool:
        """Is the store open, or is there a record that it does not have?"""
        return self._tracker is not None or bool(self.publication.waiting)

    def run_of(self, cell: Cell) -> str | None:
        """The id of a cell's run in the store."""
        run = self._begun.get(cell.fingerprint)
        return run.run_id if run else None

    def tell(self, cell: Cell) -> None:
        """A cell has left its costs so far, its record or its failure: the next ``publish`` looks at it."""
        self._left.tell(cell)

    def grow(self, plan: Plan) -> None:
        """The plan of a search has further cells; the next ``publish`` looks what the store has of them."""
        self._left.add(plan.beyond(self._plan))
        self._plan = plan

    def stop_at(self, deadline: float) -> None:
        """Do not begin a publication after this moment of time.monotonic."""
        self._deadline = deadline

    def give_up(self) -> None:
        """Do not call the store again, and do not wait for a call that hangs."""
        self._given_up = True

    def publish(self, last: bool = False) -> bool:
        """Bring the store up to date with the cells that were told; False if it cannot be reached.

        A look at all cells is taken when the store was opened, at the ``last`` call, and at a single cell.
        Only at the ``last`` call failures are published, since until then a failed cell may be tried
        again, and runs of cells that are not done end as killed.
        """
        known = self._tracker is not None
        try:
            with reaching():
                news = self._left.news(last or not known or self._plan.kind == "train")
                tracker = self._tracker  # now, so that its plan has all cells of the news
                if tracker is None or tracker.plan is not self._plan:
                    tracker = self._connect()
                self._running.beat(tracker, map(self.run_of, self._left))
                if location.is_server(tracker.store.uri):
                    self._publish_at_once(tracker, filter(self._left.__contains__, news))
                for cell in filter(self._left.__contains__, news):
                    if time.monotonic() > self._deadline:
                        break
                    self._running.beat(tracker, map(self.run_of, self._left))
                    self._publish_cell(tracker, cell, last)
                self._problem, self._away = None, False
        except (UserError, Unavailable) as error:
            self._note_problem(error)
            self._tracker = None  # the next try reads again what the store has
            if known and last and isinstance(error, Refused):  # a run was deleted since
                return self.publish(last)
        if last and self._tracker is not None:
            write_ahead.end(self._tracker.store)
        return self._problem is None

    def close(self, summary: Summary, status: str) -> None:
        """End the parent run with the sweep's summary."""
        tracker = self._tracker
        if tracker is not None and tracker.parent is not None and not self._given_up:
            with self._noting_problems():
                if tracker.store.has(tracker.parent):
                    close_parent(tracker.store, tracker.parent, summary, status)
                else:  # it was deleted since
                    self._stay_deleted.add(PARENT)
                analyze(tracker.store.uri, self._home)

    def publish_best(self, summary: Summary) -> None:
        """Publish what the best cells alone get: the model, which is registered if asked for, and files."""
        if self._tracker is not None:
            with self._noting_problems():
                self._registration = publish_best(self._tracker, self._plan, self._home, summary)

    @contextmanager
    def _noting_problems(self) -> Iterator[None]:
        """Keep a problem of the store or of a record for the publication instead of raising it."""
        try:
            with reaching():
                yield
        except UserError as error:
            self._refused.append(str(error))
        except Unavailable as error:
            self._note_problem(error)

    def _note_problem(self, error: UserError | Unavailable) -> None:
        said = isinstance(error, Unavailable)
        self._problem = str(error) if said else f"MLflow: {location.reason(error)}"
        self._away = said and not isinstance(error, Refused)

    def _connect(self) -> Tracker:
        """Open the store and read its runs; the first time, also end the RUNNING runs of dead drivers."""
        store = Store(self._home, self._plan.experiment)
        write_ahead.begin(store)
        self._notes = PublicationNotes(self._home, store.id, self._plan.id)
        trusted = self.trusting and self._notes.cover(self._plan, self._home)
        runs = unsettled_runs(store, self._plan) if trusted else find_runs(store, self._plan)
        if self._restore:
            runs = restore(store, self._plan, runs)
        self._deleted = Deleted(runs, {} if self._restore else self._notes.times)
        tracker = Tracker(store, self._plan, self._open_parent(store, runs))
        self._running.last_beat = time.monotonic()
        if not self._looked_for_abandoned:
            end_abandoned(store)
            self._looked_for_abandoned = True
        self._begun = tracker.published(runs)
        complete = {fingerprint for fingerprint, run in self._begun.items() if run.complete}
        if trusted:
            complete |= {cell.fingerprint for cell in self._plan.cells} - runs.keys()
        self._notes.add(complete - self._notes.times.keys())
        self._left.remove_recorded(complete, self._home)
        self._tracker = tracker
        if self._opened is not None and self._pages is not None:
            self._opened(self._pages)
            self._opened = None  # once, also if the store was away in between
        return tracker

    def _open_parent(self, store: Store, runs: Mapping[str, Copies]) -> Any:
        """MLflow's parent run of a sweep; None for a single cell, and if the user deleted it."""
        self._stay_deleted.discard(PARENT)
        if self._plan.kind != "sweep":
            return None
        if PARENT in self._deleted:
            self._stay_deleted.add(PARENT)
            return None
        self._new_parent = PARENT not in runs
        parent = open_parent(store, self._plan, runs[PARENT].live if PARENT in runs else [])
        self._notes.add({PARENT} - self._notes.times.keys())
        return parent

    def _publish_at_once(self, tracker: Tracker, cells: Iterable[Cell]) -> None:
        """Publish the records that are there, several at once."""
        ready = [c for c in cells if not self._was_deleted(c) and record.exists(c.folder(self._home))]
        for i in range(0, len(ready), AT_ONCE):
            if time.monotonic() > self._deadline:
                break
            self._running.beat(tracker, map(self.run_of, self._left))
            at_once(lambda cell: self._publish_record(tracker, cell), ready[i : i + AT_ONCE])

    def _publish_record(self, tracker: Tracker, cell: Cell) -> None:
        run_id = refused = ""
        try:
            run_id = tracker.publish(cell, record.verified(cell.folder(self._home)), self.run_of(cell))
        except UserError as error:
            refused = str(error)
        with self._noting:
            self._left.remove(cell)
            if refused:
                self._refused.append(refused)
            else:
                self._begun[cell.fingerprint] = Published(run_id, complete=True)
                self._notes.add([cell.fingerprint])
                self._published += 1

    def _was_deleted(self, cell: Cell) -> bool:
        """Did the user delete the run of this result?"""
        return cell.fingerprint not in self._begun and self._deleted.covers(cell, self._home)

    def _publish_cell(self, tracker: Tracker, cell: Cell, last: bool) -> None:
        folder, run = cell.folder(self._home), self._begun.get(cell.fingerprint)
        run_id = self.run_of(cell)
        if self._was_deleted(cell):
            if record.exists(folder) or last:
                self._stay_deleted.add(cell.fingerprint)
                self._left.remove(cell)
        elif record.exists(folder):
            self._publish_record(tracker, cell)
        elif last and (note := notes.read_failure(folder)) is not None:
            tracker.publish_failure(cell, note, run_id)
            self._notes.add([cell.fingerprint])
            self._left.remove(cell)
        elif not last:
            shown = self._running.show(tracker, cell, run_id)
            if run is None and shown is not None:
                self._begun[cell.fingerprint] = Published(shown, complete=False)
        elif run and not run.complete:  # this driver or a dead one created it
            tracker.store.end_killed(run.run_id)
