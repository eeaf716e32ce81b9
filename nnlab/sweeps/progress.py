"""The progress bar of a sweep, fed from the record store."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from nnlab.cells.cell import Cell
from nnlab.config.paths import home
from nnlab.records import notes, record

ERROR = Console(stderr=True)
LOOKS = 2  # of the progress bar at the record store, a second


@contextmanager
def progress(todo: list[Cell]) -> Iterator[None]:
    """A progress bar with done, failed and the time left, fed from the record store."""
    columns = (
        BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[failed]} failed"),
        TextColumn("left:"), TimeRemainingColumn(),
    )  # fmt: skip
    stop = threading.Event()
    left = [cell.folder(home()) for cell in todo]
    with Progress(*columns, console=ERROR, disable=not todo, refresh_per_second=LOOKS) as bar:
        task = bar.add_task("cells", total=len(todo), failed=0)

        def look() -> None:
            left[:] = [folder for folder in left if not record.exists(folder)]
            failed = sum(notes.failure_path(folder).is_file() for folder in left)
            bar.update(task, completed=len(todo) - len(left) + failed, failed=failed)

        def watch() -> None:
            while not stop.wait(1.0 / LOOKS):
                look()

        thread = threading.Thread(target=watch, name="progress", daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()
            look()
