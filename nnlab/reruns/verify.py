"""A whole sweep trained again: every recorded cell is compared with its rerun, on all cores."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from nnlab import signals
from nnlab.cells import configuration, dataset, located
from nnlab.cells import plan as plans
from nnlab.config import home
from nnlab.config.compose import compose
from nnlab.errors import UserError
from nnlab.records import causes, record
from nnlab.reruns.compare import check_tolerance, compare
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


@dataclass(frozen=True, repr=False)
class SweepRerun:
    """A sweep that was trained again and compared: true if all cells are the same."""

    sweep: str  # its id
    outcomes: tuple[Outcome, ...]  # of the cells; those that differ come first
    apart: Path  # where reruns that differ are, if there are any

    def __bool__(self) -> bool:
        return all(outcome.identical for outcome in self.outcomes)

    @property
    def causes(self) -> list[str]:
        """What else differs between the records and their reruns."""
        return list(dict.fromkeys(cause for outcome in self.outcomes for cause in outcome.causes))

    def counted(self) -> str:
        """`3 of 4 cells came out the same`."""
        same = sum(outcome.identical for outcome in self.outcomes)
        return f"{same} of {len(self.outcomes)} cells came out the same"

    def __repr__(self) -> str:
        others = [f"  {o.name}: {o.verdict}" for o in self.outcomes if not o.identical]
        return "\n".join(
            [f"SweepRerun({self.sweep}: {self.counted()})", *others, *map("  {}".format, self.causes)]
        )


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
    published: bool  # is the outcome written into MLflow? Not with tracking=none


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
    publish = compose([text for text in overrides if text.startswith("tracking")]).tracking.publish
    check_tolerance(tolerance)
    if not sweep:
        raise UserError("--sweep: is empty; give a sweep's id, the beginning of one, or its name")
    if (plan := plans.find_sweep(sweep, home())) is not None:
        folders = [(plan.name(cell), cell.folder(home())) for cell in plan.cells]
        cells = [Recorded(name, folder if record.exists(folder) else None) for name, folder in folders]
        outcomes = verify(cells, terms(trust_paths=True))
        yield Verification(plan.id, plan.experiment, len(cells), apart, outcomes, publish)
        return
    with connected(home(), experiment) as store:
        reader = Reader(store)
        found = reader.sweep(sweep)
        runs = sorted(found.cells, key=lambda run: run.name)
        outcomes = _verify_fetched(reader, runs, terms(trust_paths=False))
        yield Verification(found.id, experiment, len(runs), apart, outcomes, publish)


def verify(cells: Sequence[Recorded], terms: Terms) -> Iterator[Outcome]:
    """Train every recorded cell again, and yield the outcomes in the order in which they are done."""
    yield from (Outcome(cell.name, "no record") for cell in cells if cell.folder is None)
    folders = [(cell.name, cell.folder) for cell in cells if cell.folder is not None]
    if not folders:
        return
    # the data are made or refused here, once, and not by every worker
    first = record.read(folders[0][1])
    overrides = located(first, terms.trust_paths, terms.overrides)
    dataset(configuration(first, terms.trust_paths, overrides))
    import joblib  # takes time to load

    jobs = (joblib.delayed(_verify)(name, folder, terms) for name, folder in folders)
    yield from signals.from_workers(joblib.Parallel(cores(), return_as="generator_unordered"), jobs)


def tag(done: Verification, same: bool) -> str:
    """Write the outcome to the sweep's parent run in MLflow; returns the reason if that fails."""
    try:
        with connected(home(), done.experiment) as store:
            parent = Reader(store).sweep(done.sweep).parent
            store.log(parent.id, tags={"nnlab.identical": str(same).lower()})
    except (UserError, Unavailable) as error:
        return str(error)
    return ""


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
