"""Reading a tracking store: runs as plain values, their artifacts, their records."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from nnlab.errors import UserError
from nnlab.records import measured, record
from nnlab.records import npz as archive
from nnlab.records.record import Record
from nnlab.tracking import identity, location, log_axes, unpublished
from nnlab.tracking.local_record import local_record
from nnlab.tracking.runs import NotFound, Run, Sweep, find_cell, find_sweep, parse
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
        return [_plain(run) for run in self._store.search(condition, self._store.called())]

    def cells(self) -> list[Run]:
        """The runs of all cells, of single trainings and of sweeps."""
        return self.runs(CELLS)

    def cell(self, text: str) -> Run:
        """The run of a cell, named by its id, the id's beginning, or its name."""
        with self._naming_the_unpublished():
            return find_cell(text, self.cells(), self.where, "nnlab.rerun_of")

    def sweep(self, text: str | None) -> Sweep:
        """A sweep by its id, its beginning, or its parent run's id or name; by default the latest."""
        with self._naming_the_unpublished():
            return self._with_cells(find_sweep(text, self.runs(SWEEPS), self.where))

    def cell_or_sweep(self, text: str) -> Run | Sweep:
        """What ``cell`` or ``sweep`` finds."""
        with self._naming_the_unpublished():
            with suppress(NotFound):
                return self._with_cells(find_sweep(text, self.runs(SWEEPS), self.where))
            return find_cell(text, self.cells(), f"{self.where}, and no sweep,", "nnlab.rerun_of")

    def _with_cells(self, parent: Run) -> Sweep:
        condition = f"tags.`nnlab.sweep` = '{parent.tags['nnlab.sweep']}' and {CELLS}"
        return Sweep(parent, tuple(self.runs(condition)))

    @contextmanager
    def _naming_the_unpublished(self) -> Iterator[None]:
        """Name `nnlab sync` as the remedy if what was not found may be among what it publishes."""
        try:
            yield
        except NotFound as error:
            if remedy := self.unpublished():
                raise UserError(f"{error.what};\n{remedy}") from None
            raise

    def unpublished(self) -> str:
        """What this home has and the store lacks, and the remedy; empty if it lacks nothing."""
        runs = self.runs(CELLS) + self.runs(SWEEPS)
        every = self._store.search("", deleted=True)
        deleted = [_plain(run) for run in every if not identity.is_active(run)]
        return unpublished.remedy(self._store.home, self.experiment, runs, deleted)

    def file(self, run: Run, name: str, folder: Path) -> Path:
        """A file of a run's record: from the record if it is in this home, else fetched into ``folder``."""
        rec = local_record(run, self._store.home)
        if rec is not None and name in (record.MARKER, *rec.files):
            return rec.folder / name
        return self.download(run, name, folder)

    def download(self, run: Run, name: str, folder: Path) -> Path:
        """Fetch one artifact of a run into ``folder``."""
        folder.mkdir(parents=True, exist_ok=True)
        with _readable_address(run):
            return Path(self._store.artifacts(run.artifacts).download_artifacts(name, str(folder)))

    def arrays(self, runs: Sequence[Run], name: str, scratch: Path) -> dict[str, dict[str, NDArray[Any]]]:
        """The arrays of the record's file ``name``.npz for each run's id."""

        def one(run: Run) -> dict[str, NDArray[Any]]:
            return archive.read(self.file(run, f"{name}.npz", scratch / run.id))

        # several calls to a server at a time; a folder is read one file after another
        with ThreadPoolExecutor(AT_ONCE if location.is_server(self.uri) else 1) as pool:
            return dict(zip((run.id for run in runs), pool.map(one, runs), strict=True))

    def record(self, run: Run, folder: Path) -> Record:
        """A run's record: the one in this home, else it is fetched into ``folder``."""
        return local_record(run, self._store.home) or self.fetch_record(run, folder)

    def fetch_record(self, run: Run, folder: Path) -> Record:
        """Download a run's record into ``folder``."""
        wanted = {"dirty.diff", *(f"{stem}.npz" for stem in record.ARRAYS)}
        with _readable_address(run):
            listed = self._store.artifacts(run.artifacts).list_artifacts()
        if any(
            file.path in {record.MARKER, *wanted} and (file.file_size or 0) > LARGEST for file in listed
        ):
            raise UserError(f"{run.name}: has a file of over 1 GB, which no record has; name another run")
        if record.MARKER not in {file.path for file in listed}:
            raise UserError(
                f"{run.name}: its files are not in MLflow, as of most cells of a large sweep; "
                "they are in the home that trained it"
            )
        self.download(run, record.MARKER, folder)
        rec = record.read(folder)
        for name in sorted(wanted & rec.files.keys()):
            self.download(run, name, folder)
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
    status = tags.get("nnlab.status", run.info.status.lower())
    return Run(
        id=run.info.run_id,
        name=run.info.run_name,
        status=status,
        params={key: parse(text) for key, text in run.data.params.items()},
        metrics=measured(status, log_axes.without(run.data.metrics)),
        started=run.info.start_time / 1000,
        ended=run.info.end_time and run.info.end_time / 1000,
        tags=tags,
        artifacts=run.info.artifact_uri,
    )
