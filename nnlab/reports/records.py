"""Records in the place of a tracking store: what the panels of a comparison read."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from nnlab.records.record import Record
from nnlab.tracking import Run, Sweep, from_records


class Records:
    """Some records as a Reader of their runs, whose ids are those of ``runs_of``."""

    experiment, uri = "nnlab", ""

    def __init__(self, records: Mapping[str, Record]) -> None:
        self._records = records

    def arrays(self, runs: Sequence[Run], name: str, scratch: Path) -> dict[str, dict[str, NDArray[Any]]]:
        """The arrays of the record's file ``name``.npz for each run's id; nothing is fetched."""
        return {run.id: self._records[run.id].arrays(name) for run in runs}

    def file(self, run: Run, name: str, folder: Path) -> Path:
        """A file of a run's record."""
        return self._records[run.id].folder / name


def sweep_of(records: Mapping[str, Record], names: Sequence[str]) -> Sweep:
    """The records as the runs of one sweep; their ids are the keys of ``records``."""
    runs = tuple(
        replace(from_records.recorded_run(rec, name), id=id)
        for (id, rec), name in zip(records.items(), names, strict=True)
    )
    return Sweep(runs[0], runs)
