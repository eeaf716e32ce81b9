"""The publisher: brings a plan's records into MLflow, beside the training, as the one writer.

A store that is away never stops or slows the training: every call is bounded, a failed one is tried
again later, and what still waits at the end is counted for `nnlab sync`. A record that is damaged, or that
the store refuses, keeps no other from being published.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from nnlab import signals as interrupts
from nnlab.cells.cell import Cell
from nnlab.cells.plan import Plan, Published
from nnlab.cells.summary import Summary
from nnlab.errors import UserError
from nnlab.records import notes, record
from nnlab.tracking import heartbeat as reaper
from nnlab.tracking import location as store

if TYPE_CHECKING:
    from nnlab.tracking.tracker import Tracker

LOOK_EVERY = 0.3  # seconds between two looks at the record store
REPORT_WITHIN = 20.0  # seconds that a sweep waits for its report
RETRY_AFTER = 5.0  # seconds until an unreachable store is tried again
GRACE = 1.8  # seconds that an interrupted command gives to publishing


class Publisher:
    """Publishes the records of one plan as they appear; use ``publishing`` to run it in a thread."""

    def __init__(self, plan: Plan, home: Path) -> None:
        self.problem: str | None = None  # why the last try failed
        self.published = 0  # records that this publisher brought into the store
        self.parent: str | None = None
        self.tracker: Tracker | None = None
        self.refused: list[str] = []  # records that cannot be published, and why
        self.deadline = math.inf  # until when cells are published, by time.monotonic
        self.left = False  # at an interrupt: nothing more may be asked of the store
        self._reaped = False
        self._beat = -math.inf
        self._plan, self._home = plan, home
        self._waiting = list(plan.cells)
        self._begun: dict[str, Published] = {}  # runs in the store, by fingerprint
        self._shown: dict[str, int] = {}  # last step of a running cell that the store has

    @property
    def waiting(self) -> list[Cell]:
        """The cells that have a record which the store does not have."""
        return [c for c in self._waiting if record.exists(c.folder(self._home))]

    @property
    def complaints(self) -> list[str]:
        """What is to be said of the store at the end; nothing where all is published."""
        problem, waiting = self.problem, len(self.waiting)
        if problem is None and waiting:
            problem = "interrupted before all was published"
        if problem is None:
            return self.refused
        runs = "1 run waits; `nnlab sync` publishes it"
        if waiting != 1:
            runs = f"{waiting} runs wait; `nnlab sync` publishes them"
        return [*self.refused, f"MLflow: {problem}", runs]

    def run_of(self, cell: Cell) -> str | None:
        """The id of a cell's run in the store."""
        run = self._begun.get(cell.fingerprint)
        return run.run_id if run else None

    def publish(self, last: bool = False) -> None:
        """Bring the store up to date; ``problem`` says why where that was not possible.

        At the ``last`` look failures are published too, until then a failed cell may be tried again;
        and a run that was shown while its cell was in work ends as killed if it is not done.
        """
        from nnlab.tracking import tracker as tracking  # takes seconds: workers are training meanwhile

        try:
            if self.tracker is None:
                self._open(tracking.Tracker(self._home, self._plan.experiment))
            assert self.tracker is not None
            for cell in list(self._waiting):
                if time.monotonic() > self.deadline:
                    break
                self._heartbeat(self.tracker)
                self._publish_cell(self.tracker, cell, last)
            self.problem = None
        except (UserError, *tracking.Unavailable) as error:
            self.problem = store.reason(error)
            self.tracker = None  # the next try looks anew at what the store has

    def close(self, summary: Summary, status: str) -> None:
        """End the parent run with the sweep's summary."""
        if self.tracker is None or self.parent is None or self.left:
            return
        from nnlab.tracking import tracker as tracking

        try:
            self.tracker.close_parent(self.parent, summary, status)
        except tracking.Unavailable as error:
            self.problem = store.reason(error)

    def log_model(self, summary: Summary) -> None:
        """Log the net of the best cell as the MLflow model of its run.

        A record that is from before predictions does not say what its inputs are, and gets no model.
        """
        wanted = summary.best and summary.best["fingerprint"]
        best = [cell for cell in self._plan.cells if cell.fingerprint == wanted]
        run_id = self.run_of(best[0]) if best else None
        if self.tracker is None or run_id is None:
            return
        from nnlab.tracking import tracker as tracking

        try:
            rec = record.read(best[0].folder(self._home))
            if rec.shape:
                self.tracker.log_model(run_id, rec)
        except UserError as error:
            self.refused.append(str(error))
        except tracking.Unavailable as error:
            self.problem = store.reason(error)

    def report(self) -> tuple[Path | None, str | None]:
        """Write the sweep's report and attach it to the parent run; its path, or why there is none.

        Whatever goes wrong, the results stand; and nobody waits for it longer than REPORT_WITHIN.
        """
        if self.tracker is None or self.parent is None:
            return None, None
        reader, cfg = self.tracker.reader, self._plan.cells[0].config
        paths: list[Path] = []
        problems: list[str] = []

        def work() -> None:
            try:
                from nnlab.reports import sweep_report as report  # brings plotly

                paths.append(report.attach(reader, self._plan.id, self._home, cfg))
            except Exception as error:
                problems.append(f"{type(error).__name__}: {error}".splitlines()[0])

        thread = threading.Thread(target=work, name="report", daemon=True)
        thread.start()
        thread.join(REPORT_WITHIN)
        if thread.is_alive():
            problems = [f"not done within {REPORT_WITHIN:.0f} s"]
        return (paths[0], None) if paths else (None, problems[0])

    def _open(self, tracker: Tracker) -> None:
        if self._plan.kind == "sweep":
            self.parent = tracker.open_parent(self._plan)
        self._beat = time.monotonic()
        if not self._reaped:
            tracker.reap()
            self._reaped = True
        self._begun = tracker.published(self._plan)
        self._waiting = [
            cell
            for cell in self._waiting
            if not (cell.fingerprint in self._begun and self._begun[cell.fingerprint].complete)
            or not record.exists(cell.folder(self._home))
        ]
        self.tracker = tracker

    def _publish_cell(self, tracker: Tracker, cell: Cell, last: bool) -> None:
        folder = cell.folder(self._home)
        run = self._begun.get(cell.fingerprint)
        run_id = run.run_id if run else None
        if record.exists(folder):
            try:
                rec = record.verified(folder)
                run_id = tracker.publish(self._plan, cell, rec, self.parent, run_id)
                self._begun[cell.fingerprint] = Published(run_id, complete=True)
                self.published += 1
            except UserError as error:
                self.refused.append(str(error))
            self._waiting.remove(cell)
        elif last and (note := notes.read_failure(folder)) is not None:
            tracker.publish_failure(self._plan, cell, note, self.parent, run_id)
            self._waiting.remove(cell)
        elif not last:
            self._show_running(tracker, cell, run_id)
        elif run and not run.complete:  # shown by this driver, or left by one that died
            tracker.end_killed(run.run_id)

    def _heartbeat(self, tracker: Tracker) -> None:
        """Keep the parent run, or the run of `nnlab train`, from being taken for a dead driver's."""
        run_id = self.parent or next(iter(self._shown), None)
        if run_id is not None and time.monotonic() - self._beat > reaper.BEAT_EVERY:
            tracker.beat(run_id)
            self._beat = time.monotonic()

    def _show_running(self, tracker: Tracker, cell: Cell, run_id: str | None) -> None:
        """Let a long cell be seen in the store as RUNNING with its costs so far."""
        progress = notes.read_progress(cell.folder(self._home))
        if progress is None:
            return
        started, costs = progress
        if run_id is None:
            run_id = tracker.start_cell(self._plan, cell, self.parent, started)
            self._begun[cell.fingerprint] = Published(run_id, complete=False)
        if run_id not in self._shown:
            self._shown[run_id] = tracker.last_cost(run_id)
        last = self._shown[run_id]
        self._shown[run_id] = tracker.log_costs(run_id, cell, costs.tolist(), started, time.time(), last)


@contextmanager
def publishing(publisher: Publisher, delay: float = 0.0) -> Iterator[Publisher]:
    """Publish from a thread of its own, beginning after ``delay`` seconds or when the block ends.

    Where the block is interrupted, what is not published within ``GRACE`` seconds is left to `nnlab sync`.
    """
    stop = threading.Event()

    def work() -> None:
        stop.wait(delay)
        while not stop.is_set():
            publisher.publish()
            stop.wait(RETRY_AFTER if publisher.problem else LOOK_EVERY)
        publisher.publish(last=True)

    thread = threading.Thread(target=work, name="publisher", daemon=True)
    thread.start()
    try:
        yield publisher
        stop.set()
        thread.join()
    except KeyboardInterrupt:
        interrupts.heard()
        publisher.deadline = time.monotonic() + GRACE - 0.5
        stop.set()
        if publisher.waiting or publisher.tracker is not None:
            thread.join(GRACE)
        publisher.left = thread.is_alive()
        raise
    finally:
        stop.set()
        if not publisher.left:
            thread.join()
