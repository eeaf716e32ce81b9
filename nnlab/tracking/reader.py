"""Reading a tracking store: runs as plain values, artifacts, through an MLflow client it is given."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from nnlab.errors import UserError
from nnlab.records import npz as archive
from nnlab.records import record
from nnlab.tracking import location as store
from nnlab.tracking.runs import Run, Sweep, find_cell, find_sweep, parse

LARGEST = 2**30  # bytes of a record's file that is fetched
AT_ONCE = 8  # calls to a server at a time


class Reader:
    """One experiment of one store."""

    def __init__(
        self,
        client: Any,
        artifacts: Callable[[str], Any],
        uri: str,
        experiment: str,
        experiment_id: str,
    ) -> None:
        """``artifacts`` opens MLflow's artifact repository at an address."""
        self._client, self._artifacts, self._experiment_id = client, artifacts, experiment_id
        self.experiment, self.uri = experiment, store.public(uri)
        self.where = f"experiment {experiment} in {self.uri}"  # for messages

    def search(self, condition: str, experiments: Sequence[str] = ()) -> list[Any]:
        """MLflow's own runs for which its filter holds, of this experiment or of others."""
        runs: list[Any] = []
        token = None
        while True:
            page = self._client.search_runs(
                list(experiments) or [self._experiment_id], condition, max_results=1000, page_token=token
            )
            runs += page
            token = page.token
            if not token:
                return runs

    def runs(self, condition: str) -> list[Run]:
        """The runs for which MLflow's filter holds."""
        return [_plain(run) for run in self.search(condition)]

    def cell(self, text: str) -> Run:
        """The run of a cell, named by its id, the id's beginning, or its name."""
        return find_cell(text, self.runs("tags.`nnlab.kind` = 'cell'"), self.where, "nnlab.rerun_of")

    def sweep(self, text: str | None) -> Sweep:
        """A sweep by its id, its beginning, or its parent run's id or name; without, the latest."""
        parent = find_sweep(text, self.runs("tags.`nnlab.kind` = 'sweep'"), self.where)
        condition = f"tags.`nnlab.sweep` = '{parent.tags['nnlab.sweep']}' and tags.`nnlab.kind` = 'cell'"
        return Sweep(parent, tuple(self.runs(condition)))

    def download(self, run: Run, name: str, folder: Path) -> Path:
        """Fetch one artifact of a run into ``folder``."""
        folder.mkdir(parents=True, exist_ok=True)
        with _address(run):
            return Path(self._artifacts(run.artifacts).download_artifacts(name, str(folder)))

    def arrays(self, runs: Sequence[Run], name: str, scratch: Path) -> dict[str, dict[str, NDArray[Any]]]:
        """The arrays of the record's file ``name``.npz for each run's id."""

        def one(run: Run) -> dict[str, NDArray[Any]]:
            file = f"{name}.npz"
            if store.is_folder(run.artifacts):  # where it stands
                return archive.read(Path(self._artifacts(run.artifacts).download_artifacts(file)))
            return archive.read(self.download(run, file, scratch / run.id))

        # a server is asked several times at once, a folder is read one by one
        with ThreadPoolExecutor(AT_ONCE if store.is_server(self.uri) else 1) as pool:
            return dict(zip((run.id for run in runs), pool.map(one, runs), strict=True))

    def fetch_record(self, run: Run, folder: Path) -> record.Record:
        """Download a run's record."""
        wanted = (record.MARKER, *(f"{stem}.npz" for stem in record.ARRAYS))
        with _address(run):
            listed = self._artifacts(run.artifacts).list_artifacts()
        if any(file.path in wanted and (file.file_size or 0) > LARGEST for file in listed):
            raise UserError(f"{run.name}: has a file of over 1 GB, which no record has")
        for name in wanted:
            self.download(run, name, folder)
        rec = record.read(folder)
        if "dirty.diff" in rec.files:
            self.download(run, "dirty.diff", folder)
        return rec

    def attach(self, run: Run, path: Path) -> None:
        """Add a file to a run's artifacts."""
        self._artifacts(run.artifacts).log_artifact(str(path))


@contextmanager
def _address(run: Run) -> Iterator[None]:
    """UserError where a run's artifacts have an address of which MLflow's client makes nothing."""
    try:
        yield
    except ValueError:
        raise UserError(
            f"{run.name}: its artifacts have no address that can be read; name another run"
        ) from None


def _plain(run: Any) -> Run:
    tags = run.data.tags
    return Run(
        id=run.info.run_id,
        name=run.info.run_name,
        status=tags.get("nnlab.status", run.info.status.lower()),
        started=run.info.start_time / 1000,
        ended=run.info.end_time and run.info.end_time / 1000,
        params={key: parse(text) for key, text in run.data.params.items()},
        metrics=run.data.metrics,
        tags=tags,
        artifacts=run.info.artifact_uri,
    )
