"""Reading a tracking store: runs as plain values, their artifacts, their records."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from nnlab.errors import UserError
from nnlab.records import npz as archive
from nnlab.records import record
from nnlab.tracking import location
from nnlab.tracking.runs import Run, Sweep, find_cell, find_sweep, parse
from nnlab.tracking.store import Store

LARGEST = 2**30  # bytes of a record's file that is fetched
AT_ONCE = 8  # calls to a server at a time
CELLS, SWEEPS = "tags.`nnlab.kind` = 'cell'", "tags.`nnlab.kind` = 'sweep'"


class Reader:
    """The runs of one experiment of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.experiment, self.uri = store.experiment, location.public(store.uri)
        self.where = f"experiment {self.experiment} in {self.uri}"  # for messages

    def runs(self, condition: str) -> list[Run]:
        """The runs that match MLflow's filter."""
        return [_plain(run) for run in self._store.search(condition)]

    def cell(self, text: str) -> Run:
        """The run of a cell, named by its id, the id's beginning, or its name."""
        return find_cell(text, self.runs(CELLS), self.where, "nnlab.rerun_of")

    def sweep(self, text: str | None) -> Sweep:
        """A sweep by its id, its beginning, or its parent run's id or name; by default the latest."""
        parent = find_sweep(text, self.runs(SWEEPS), self.where)
        condition = f"tags.`nnlab.sweep` = '{parent.tags['nnlab.sweep']}' and {CELLS}"
        return Sweep(parent, tuple(self.runs(condition)))

    def download(self, run: Run, name: str, folder: Path) -> Path:
        """Fetch one artifact of a run into ``folder``."""
        folder.mkdir(parents=True, exist_ok=True)
        with _readable_address(run):
            return Path(self._store.artifacts(run.artifacts).download_artifacts(name, str(folder)))

    def arrays(self, runs: Sequence[Run], name: str, scratch: Path) -> dict[str, dict[str, NDArray[Any]]]:
        """The arrays of the record's file ``name``.npz for each run's id."""

        def one(run: Run) -> dict[str, NDArray[Any]]:
            file = f"{name}.npz"
            if location.is_folder(run.artifacts):  # read it where it is
                return archive.read(Path(self._store.artifacts(run.artifacts).download_artifacts(file)))
            return archive.read(self.download(run, file, scratch / run.id))

        # several calls to a server at a time; a folder is read one file after another
        with ThreadPoolExecutor(AT_ONCE if location.is_server(self.uri) else 1) as pool:
            return dict(zip((run.id for run in runs), pool.map(one, runs), strict=True))

    def fetch_record(self, run: Run, folder: Path) -> record.Record:
        """Download a run's record into ``folder``."""
        wanted = (record.MARKER, *(f"{stem}.npz" for stem in record.ARRAYS))
        with _readable_address(run):
            listed = self._store.artifacts(run.artifacts).list_artifacts()
        if any(file.path in wanted and (file.file_size or 0) > LARGEST for file in listed):
            raise UserError(f"{run.name}: has a file of over 1 GB, which no record has; name another run")
        for name in wanted:
            self.download(run, name, folder)
        rec = record.read(folder)
        if "dirty.diff" in rec.files:
            self.download(run, "dirty.diff", folder)
        return rec

    def attach(self, run: Run, path: Path) -> None:
        """Add a file to a run's artifacts."""
        self._store.artifacts(run.artifacts).log_artifact(str(path))


@contextmanager
def _readable_address(run: Run) -> Iterator[None]:
    """UserError if MLflow's client does not understand the address of a run's artifacts."""
    try:
        yield
    except ValueError:
        raise UserError(
            f"{run.name}: its artifacts have no address that can be read; name another run"
        ) from None


def _plain(run: Any) -> Run:
    """A run of MLflow as a plain value."""
    tags = run.data.tags
    return Run(
        id=run.info.run_id,
        name=run.info.run_name,
        status=tags.get("nnlab.status", run.info.status.lower()),
        params={key: parse(text) for key, text in run.data.params.items()},
        metrics=run.data.metrics,
        started=run.info.start_time / 1000,
        ended=run.info.end_time and run.info.end_time / 1000,
        tags=tags,
        artifacts=run.info.artifact_uri,
    )
