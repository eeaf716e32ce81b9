"""Records out of MLflow: a run's by its id or name, and those of a whole sweep."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from nnlab import record, store
from nnlab.errors import Failed, UserError
from nnlab.rerun import find_local

if TYPE_CHECKING:
    from nnlab.tracking import Tracker

FILES = (record.MARKER, *(f"{stem}.npz" for stem in record.ARRAYS))


@contextmanager
def recorded(text: str, home: Path, experiment: str) -> Iterator[tuple[record.Record, str | None]]:
    """The record that a user names, and its MLflow run where it comes from there.

    ``text`` is a record's folder, the beginning of its fingerprint, or a run's id, the beginning of
    that, or its name. What is fetched is gone when the block ends.
    """
    local = find_local(text, home)
    if local is not None:
        yield local, None
        return
    with TemporaryDirectory() as scratch:
        with reaching(home, experiment) as tracker:
            run = find_run(tracker, text)
            rec = fetch(tracker, run, Path(scratch))
        yield rec, str(run.info.run_id)


@contextmanager
def reaching(home: Path, experiment: str) -> Iterator[Tracker]:
    """The MLflow store; Failed with one line where it cannot be reached."""
    from nnlab import tracking  # takes seconds

    try:
        yield tracking.Tracker(home, experiment)
    except tracking.Unavailable as error:
        raise Failed(f"MLflow: {str(error).splitlines()[0]}") from None


def find_run(tracker: Tracker, text: str) -> Any:
    """The run of a cell, named by its id, the id's beginning, or its name."""
    cells = tracker.search("tags.`nnlab.kind` = 'cell'")
    found = [run for run in cells if run.info.run_id.startswith(text)] or [
        run for run in cells if run.info.run_name == text and "nnlab.rerun_of" not in run.data.tags
    ]
    return _only(tracker, found, text, "run", "give a run id, the beginning of one, or a record's folder")


def find_sweep(tracker: Tracker, text: str) -> Any:
    """The parent run of a sweep, named by the sweep's id, the run's id, either's beginning, or its name."""
    sweeps = tracker.search("tags.`nnlab.kind` = 'sweep'")
    found = [
        run
        for run in sweeps
        if run.info.run_id.startswith(text) or run.data.tags["nnlab.sweep"].startswith(text)
    ] or [run for run in sweeps if run.info.run_name == text]
    return _only(tracker, found, text, "sweep", "give the id that the sweep printed, or its parent run's")


def _only(tracker: Tracker, found: Sequence[Any], text: str, what: str, remedy: str) -> Any:
    if len(found) != 1:
        raise UserError(
            f"{text}: {f'{len(found)} {what}s have' if found else f'no {what} has'} this id or name in "
            f"experiment {tracker.experiment} of {store.public(tracker.uri)}; {remedy}"
        )
    return found[0]


def fetch(tracker: Tracker, run: Any, folder: Path) -> record.Record:
    """Download the record of a run into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    tracker.download(run, FILES, folder)
    rec = record.read(folder)
    if "dirty.diff" in rec.files:
        tracker.download(run, ["dirty.diff"], folder)
    return rec


def cells_of(tracker: Tracker, sweep: str) -> list[Any]:
    """The runs of a sweep's cells, by name."""
    runs = tracker.search(f"tags.`nnlab.sweep` = '{sweep}' and tags.`nnlab.kind` = 'cell'")
    return sorted(runs, key=lambda run: str(run.info.run_name))
