"""A whole sweep trained again: every recorded cell beside its rerun, on all cores."""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from nnlab.cells.train_cell import dataset, resolve, run_cell
from nnlab.errors import UserError
from nnlab.records import record
from nnlab.reruns.replay import causes, compare, configuration
from nnlab.threads import cores


@dataclass(frozen=True)
class Recorded:
    """A cell of a sweep: its run's name and the folder of its record, None where it has none."""

    name: str
    folder: Path | None


@dataclass(frozen=True)
class Outcome:
    """What came of one cell."""

    name: str
    verdict: str  # "identical" or why not
    step: int | None = None  # the first whose cost differs
    largest: float | None = None  # difference in any array
    causes: tuple[str, ...] = ()
    identical: bool = False


def verify(
    cells: Sequence[Recorded], overrides: Sequence[str], trust_paths: bool, tolerance: float, apart: Path
) -> Iterator[Outcome]:
    """Train every recorded cell again, as they come out; reruns that differ stay in ``apart``."""
    yield from (Outcome(cell.name, "no record") for cell in cells if cell.folder is None)
    folders = [(cell.name, cell.folder) for cell in cells if cell.folder is not None]
    if not folders:
        return
    # once here: no worker has to make or refuse the data
    dataset(configuration(record.read(folders[0][1]), trust_paths, overrides))
    import joblib  # not for every command that can verify

    jobs = (
        joblib.delayed(_verify)(name, folder, overrides, trust_paths, tolerance, apart)
        for name, folder in folders
    )
    yield from joblib.Parallel(n_jobs=cores(), return_as="generator_unordered")(jobs)


def _verify(
    name: str, folder: Path, overrides: Sequence[str], trust_paths: bool, tolerance: float, apart: Path
) -> Outcome:
    try:
        recorded = record.read(folder)
        cell = resolve(configuration(recorded, trust_paths, overrides))
        target = apart / recorded.fingerprint[:8]
        cell.folder(target).mkdir(parents=True, exist_ok=True)
        now = run_cell(cell, target)
        differences = compare(recorded, now, tolerance)
    except UserError as error:
        return Outcome(name, str(error))
    if not differences:
        shutil.rmtree(target)
        return Outcome(name, "identical" if not tolerance else f"within {tolerance:g}", identical=True)
    first = next((d.place[0] for d in differences if d.name == "train/cost"), None)
    largest = max(difference.largest for difference in differences)
    return Outcome(name, "differs", first, largest, tuple(causes(recorded, now)))
