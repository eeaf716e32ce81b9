"""The progress of a sweep: how cells end, the best so far, the workers, the time left."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from rich.progress import Progress, TaskID

from nnlab.cells import Cell
from nnlab.cells.plan import Plan
from nnlab.cells.ranking import sort_key
from nnlab.config import home
from nnlab.engines import Engine
from nnlab.errors import UserError
from nnlab.records import counted_states, record, state
from nnlab.sweeps.console import ERROR
from nnlab.sweeps.progress_bar import progress_bar

LOOKS = 2  # a second, at what is known
LINE_EVERY = 30.0  # seconds between two lines where stderr is not a terminal


class Tally:
    """What is known so far of the cells that a sweep trains."""

    def __init__(self, plan: Plan, todo: int) -> None:
        self._plan, self.todo = plan, todo
        self._recorded: Counter[str] = Counter()  # cells with a record, by state
        self._failed = 0
        self._best: tuple[float, str] | None = None  # value of the ranked metric, and the run's name

    @property
    def done(self) -> int:
        """How many cells have ended."""
        return self._recorded.total() + self._failed

    def add(self, cell: Cell) -> None:
        """Count a cell that has ended: it has a record, or else it failed."""
        folder = cell.folder(home())
        if not record.exists(folder):
            self._failed += 1
            return
        try:
            rec = record.read(folder)
        except UserError:  # it is damaged, which the publisher reports
            self._recorded["damaged"] += 1
            return
        self._recorded[state(rec.status, rec.metrics)] += 1
        metric = self._plan.select_by
        value = rec.metrics.get(metric)
        if value is None or (self._best and sort_key(metric, value) >= sort_key(metric, self._best[0])):
            return
        self._best = value, self._plan.name(cell)

    def grow(self, plan: Plan, more: int) -> None:
        """The plan of a search has grown, by so many cells to train."""
        self._plan = plan
        self.todo += more

    def text(self) -> str:
        """`40 learnt, 14 stuck, 3 diverged; best test accuracy 0.724 (relu 3x16 s1 #1)`."""
        states = self._recorded + Counter(failed=self._failed)
        if self._best is None:
            return counted_states(states)
        (value, name), metric = self._best, self._plan.select_by.replace("/", " ")
        return f"{counted_states(states)}; best {metric} {value:.4g} ({name})"


@contextmanager
def progress(plan: Plan, todo: list[Cell], engine: Engine) -> Iterator[Tally]:
    """Show a bar while the block runs and what its tally knows; without a terminal, a few lines."""
    stop, tally = threading.Event(), Tally(plan, len(todo))
    text = "{task.completed}/{task.total} cells, {task.fields[workers]}"
    with progress_bar(text, disable=not todo, per_second=LOOKS) as bar:
        task = bar.add_task("cells", total=len(todo), workers=_workers(engine))

        def look() -> None:
            bar.below = tally.text()
            bar.update(task, completed=tally.done, total=tally.todo, workers=_workers(engine))

        def watch() -> None:
            said = time.monotonic()
            while not stop.wait(1.0 / LOOKS):
                look()
                if not (ERROR.is_terminal or ERROR.is_jupyter) and time.monotonic() - said > LINE_EVERY:
                    said = time.monotonic()
                    ERROR.print(_line(bar, task, tally), markup=False, soft_wrap=True)

        thread = threading.Thread(target=watch, name="progress", daemon=True)
        thread.start()
        try:
            yield tally
        finally:
            stop.set()
            thread.join()
            look()  # a notebook keeps what the bar shows last


def _workers(engine: Engine) -> str:
    workers = f"{engine.workers} worker{'s' if engine.workers > 1 else ''}"
    return f"{workers} on {engine.nodes} nodes" if engine.nodes > 1 else workers


def _line(bar: Progress, task: TaskID, tally: Tally) -> str:
    """`57 of 108 cells, 2 workers, about 0:00:12 left: 40 learnt, 14 stuck, 3 diverged; best ...`."""
    (shown,) = (one for one in bar.tasks if one.id == task)
    left = shown.time_remaining
    about = "" if left is None else f", about {timedelta(seconds=round(left))} left"
    return f"{tally.done} of {shown.total:.0f} cells, {shown.fields['workers']}{about}: {tally.text()}"
