"""A whole sweep trained again: every recorded cell is compared with its rerun, on all cores."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from nnlab.cells import configuration, dataset
from nnlab.cells import plan as plans
from nnlab.cells.plan import Plan
from nnlab.config import home
from nnlab.errors import UserError
from nnlab.records import causes, record
from nnlab.reruns.compare import compare
from nnlab.reruns.replay import folder_apart, replay
from nnlab.threads import cores
from nnlab.tracking import Reader, Run, Unavailable, connected

AT_A_TIME = 16  # records for each core that are fetched before they are trained again


@dataclass(frozen=True)
class Recorded:
    """A cell of a sweep: its run's name and its record's folder, None if it has no record."""

    name: str
    folder: Path | None


@dataclass(frozen=True)
class Outcome:
    """The outcome of one cell."""

    name: str
    verdict: str  # "identical", or why not
    step: int | None = None  # the first whose cost differs
    largest: float | None = None  # difference in any array
    causes: tuple[str, ...] = ()
    identical: bool = False


@dataclass(frozen=True)
class Terms:
    """How the cells are trained again: with which changes, and which difference is allowed."""

    overrides: Sequence[str]
    tolerance: float
    trust_paths: bool
    apart: Path  # where reruns that differ stay


@dataclass(frozen=True)
class Verification:
    """A sweep that is being trained again; ``outcomes`` come as they are done."""

    sweep: str
    experiment: str
    cells: int
    apart: Path
    outcomes: Iterator[Outcome]


@contextmanager
def verifying(
    sweep: str, overrides: Sequence[str], tolerance: float, experiment: str
) -> Iterator[Verification]:
    """Begin to train the cells of a sweep again, from this home's records or from those that MLflow holds.

    ``sweep`` is a sweep's id, its beginning, or in MLflow its parent run's id or name. UserError where
    there is none; Unavailable where MLflow is needed and cannot be reached.
    """
    apart = folder_apart()
    terms = partial(Terms, overrides, tolerance, apart=apart)
    if (plan := _local(sweep)) is not None:
        folders = [(plan.name(cell), cell.folder(home())) for cell in plan.cells]
        cells = [Recorded(name, folder if record.exists(folder) else None) for name, folder in folders]
        outcomes = verify(cells, terms(trust_paths=True))
        yield Verification(plan.id, plan.experiment, len(cells), apart, outcomes)
        return
    with connected(home(), experiment) as store:
        reader = Reader(store)
        found = reader.sweep(sweep)
        runs = sorted(found.cells, key=lambda run: run.name)
        outcomes = _verify_fetched(reader, runs, terms(trust_paths=False))
        yield Verification(found.parent.tags["nnlab.sweep"], experiment, len(runs), apart, outcomes)


def verify(cells: Sequence[Recorded], terms: Terms) -> Iterator[Outcome]:
    """Train every recorded cell again, and yield the outcomes in the order in which they are done."""
    yield from (Outcome(cell.name, "no record") for cell in cells if cell.folder is None)
    folders = [(cell.name, cell.folder) for cell in cells if cell.folder is not None]
    if not folders:
        return
    # the data are made or refused here, once, and not by every worker
    dataset(configuration(record.read(folders[0][1]), terms.trust_paths, terms.overrides))
    import joblib  # takes time to load

    jobs = (joblib.delayed(_verify)(name, folder, terms) for name, folder in folders)
    yield from joblib.Parallel(n_jobs=cores(), return_as="generator_unordered")(jobs)


def tag(done: Verification, same: bool) -> str:
    """Write the outcome to the sweep's parent run in MLflow; returns the reason if that fails."""
    try:
        with connected(home(), done.experiment) as store:
            parent = Reader(store).sweep(done.sweep).parent
            store.log(parent.id, tags={"nnlab.identical": str(same).lower()})
    except (UserError, Unavailable) as error:
        return str(error)
    return ""


def _local(text: str) -> Plan | None:
    """The sweep of this home whose id begins with ``text``."""
    found = [
        plan for plan in plans.load_all(home())[0] if plan.kind == "sweep" and plan.id.startswith(text)
    ]
    if len(found) > 1 or not text:
        raise UserError(f"--sweep {text}: {len(found)} sweeps begin so; give more of the id")
    return found[0] if found else None


def _verify_fetched(reader: Reader, runs: Sequence[Run], terms: Terms) -> Iterator[Outcome]:
    """The same with records that are fetched from MLflow, some at a time."""
    size = AT_A_TIME * cores()
    for start in range(0, len(runs), size):
        with TemporaryDirectory() as scratch:
            part = runs[start : start + size]
            yield from verify([_fetch(reader, run, Path(scratch)) for run in part], terms)


def _fetch(reader: Reader, run: Run, scratch: Path) -> Recorded:
    if not run.done:
        return Recorded(run.name, None)
    return Recorded(run.name, reader.fetch_record(run, scratch / run.id).folder)


def _verify(name: str, folder: Path, terms: Terms) -> Outcome:
    try:
        recorded = record.read(folder)
        _, now = replay(recorded, terms.trust_paths, terms.overrides, terms.apart)
        differences = compare(recorded, now, terms.tolerance)
    except UserError as error:
        return Outcome(name, str(error))
    if not differences:
        shutil.rmtree(terms.apart / recorded.fingerprint[:8])
        same = "identical" if not terms.tolerance else f"within {terms.tolerance:g}"
        return Outcome(name, same, identical=True)
    first = next((d.place[0] for d in differences if d.name == "train/cost"), None)
    largest = max(difference.largest for difference in differences)
    return Outcome(name, "differs", first, largest, tuple(causes(recorded, now)))
