"""The progress bar of a sweep, fed from the record store."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from nnlab.cells import Cell
from nnlab.config import home
from nnlab.records import notes, record
from nnlab.sweeps.console import progress_bar

LOOKS = 2  # a second, at the record store
TEXT = "{task.completed}/{task.total} {task.fields[failed]} failed"


@contextmanager
def progress(todo: list[Cell]) -> Iterator[None]:
    """A progress bar that shows, while the block runs, how many of these cells are done and failed."""
    stop = threading.Event()
    left = [cell.folder(home()) for cell in todo]
    with progress_bar(TEXT, transient=False, disable=not todo, per_second=LOOKS) as bar:
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
