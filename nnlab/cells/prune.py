"""Pruning a home: which records, plans and reports nothing needs any more, and their removal.

A plan goes as a whole or stays as a whole, with the records of its cells: the rest of it would look like a
sweep that was cut off. Only records that the tracking store has are removed; its runs stay as they are.
"""

import json
import shutil
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

from nnlab import files
from nnlab.cells import plan as plans
from nnlab.cells import trials
from nnlab.cells.plan import Plan
from nnlab.config import canonical, from_dict, verdict_folder
from nnlab.errors import UserError
from nnlab.records import code_digest, locked, notes, record
from nnlab.records.record import Record

REASONS = ("old code", "superseded", "failed", "unfinished")
Records = Mapping[str, Record | None]  # by the name of their folder; None for a damaged one


@dataclass(frozen=True)
class Why:
    """Why nothing needs something."""

    reason: str  # one of REASONS
    words: str


@dataclass(frozen=True)
class Unneeded:
    """One thing that nothing needs: the folder of a cell or of a report, or the file of a plan."""

    path: Path
    why: Why
    size: int  # bytes


@dataclass(frozen=True)
class Found:
    """What nothing needs, in the order of its removal; and how many records stay as no store has them."""

    unneeded: list[Unneeded]
    unpublished: int


def find(home: Path, reasons: Collection[str], published: Callable[[], Set[str]]) -> Found:
    """What of a home nothing needs any more, for one of these reasons.

    ``published`` returns the fingerprints of the records that the tracking store has. It is called only if
    there is a record to remove. UserError if a plan cannot be read: what it needs is not known.
    """
    known, damaged = plans.load_all(home)
    if damaged:
        raise UserError(damaged[0])
    records = {
        path.parent.name: record.found(path.parent) for path in (home / "runs").glob(f"*/{record.MARKER}")
    }
    whys = {name: why for name, why in _whys(home, records) if why.reason in reasons}
    free = whys.keys() - _in_use(home, known) - _cited(home)
    fingerprints = {name: rec.fingerprint for name in free if (rec := records.get(name)) is not None}
    in_store = published() if fingerprints else frozenset()
    unpublished = {name for name, fingerprint in fingerprints.items() if fingerprint not in in_store}
    gone = _of_whole_plans(known, records.keys(), free - unpublished)
    ended = [(plan, why) for plan in known if (why := _ended(home, plan, whys, gone)).reason in reasons]
    return Found([*_sweeps(home, ended), *_cells(home, whys, gone)], len(unpublished))


# -- what is not needed ----------------------------------------------------------------------------


def _whys(home: Path, records: Records) -> Iterator[tuple[str, Why]]:
    """The cells that could go, by the name of their folder."""
    for name, rec in records.items():
        if rec is not None and rec.code_digest != code_digest():
            yield name, Why("old code", f"trained by other code ({rec.code_digest[:12]})")
    yield from _superseded(records)
    names = {path.name.partition(".")[0] for path in (home / "runs").glob("*")}
    for name in sorted(names - records.keys()):
        note = notes.read_failure(home / "runs" / name)
        if note is None:
            yield name, Why("unfinished", "its training was cut off")
        else:
            yield name, Why("failed", str(note["error"]).partition("\n")[0])


def _superseded(records: Records) -> Iterator[tuple[str, Why]]:
    """The records of this code for which a finished one trained the same for more iterations."""
    same: dict[str, list[tuple[int, str, str]]] = defaultdict(list)
    for name, rec in records.items():
        if rec is not None and rec.code_digest == code_digest():
            key = canonical(from_dict(rec.config))
            iterations = key.pop("trainer.iterations")
            same[json.dumps([key, rec.data_digest], sort_keys=True)].append((iterations, name, rec.status))
    for found in same.values():
        longest, by, _ = max((one for one in found if one[2] == "finished"), default=(0, "", ""))
        for iterations, name, _ in found:
            if iterations < longest:
                yield name, Why("superseded", f"runs/{by} trained the same for {longest} iterations")


# -- what is needed all the same -------------------------------------------------------------------


def _in_use(home: Path, known: Sequence[Plan]) -> set[str]:
    """The cells of running plans, and those that a process is training."""
    names = {name for plan in known if plans.in_progress(home, plan) for name in _names(plan)}
    return names | {path.parent.name for path in (home / "runs").glob("*/lock") if _is_locked(path)}


def _is_locked(path: Path) -> bool:
    with locked(path, wait=False) as lock:
        return lock is None


def _cited(home: Path) -> set[str]:
    """The records that a verdict of an experiment names, and those that were repeated in ``reruns/``."""
    verdicts = [
        json.loads(path.read_text("utf-8"))["runs"] for path in verdict_folder().glob("*/verdict.json")
    ]
    repeated = {path.name for path in home.glob("reruns/*/*")}  # the beginnings of their fingerprints
    again = {path.name for path in (home / "runs").glob("*") if path.name[:8] in repeated}
    return again.union(*verdicts)


def _of_whole_plans(known: Sequence[Plan], records: Collection[str], free: Set[str]) -> set[str]:
    """Of the cells that could go, those that no plan keeps: with one record that stays, all do."""
    gone, all_records = set(free), set(records)
    members = [(names, names & all_records) for names in map(_names, known)]
    while kept := {name for names, recorded in members if recorded - gone for name in names & gone}:
        gone -= kept
    return gone


def _names(plan: Plan) -> set[str]:
    """The names of its cells' folders."""
    return {cell.fingerprint[:16] for cell in plan.cells}


def _ended(home: Path, plan: Plan, whys: Mapping[str, Why], gone: Set[str]) -> Why:
    """Why a plan is not needed; its reason is empty if it is."""
    names = _names(plan)
    left = [name for name in names - gone if _traces(home / "runs" / name)]
    if left or plans.in_progress(home, plan):
        return Why("", "")
    reason = next((whys[name].reason for name in sorted(names & gone)), "unfinished")
    return Why(reason, f"nothing is left of {plan.kind} {plan.id} then; MLflow keeps its runs")


# -- as things on the disk -------------------------------------------------------------------------


def _sweeps(home: Path, ended: Sequence[tuple[Plan, Why]]) -> Iterator[Unneeded]:
    """The reports and plans of sweeps. They go before the records, so no half sweep is ever seen."""
    for plan, why in ended:
        report = home / "reports" / plan.id
        if report.is_dir():
            yield Unneeded(report, why, _size(report))
        for path in (trials.path_of(home, plan.id), plans.path_of(home, plan.id)):
            if path.is_file():
                yield Unneeded(path, why, _size(path))


def _cells(home: Path, whys: Mapping[str, Why], gone: Set[str]) -> Iterator[Unneeded]:
    for name in sorted(gone):
        folder = home / "runs" / name
        yield Unneeded(folder, whys[name], sum(map(_size, _traces(folder))))


def _traces(folder: Path) -> list[Path]:
    """What a cell has left on the disk: its folder, the note of its failure."""
    return [path for path in (folder, notes.failure_path(folder)) if path.exists()]


def _size(path: Path) -> int:
    return sum(each.stat().st_size for each in (path, *path.rglob("*")) if each.is_file())


# -- removal ---------------------------------------------------------------------------------------


def remove(found: Unneeded) -> bool:
    """Remove a thing; False if a process has begun to use it.

    A record's marker goes first: what a kill leaves is no record, and goes with the next prune.
    """
    path = found.path
    if path.parent.name == "reports":
        shutil.rmtree(path)
        return True
    cell = path.parent.name == "runs"
    lock = path / "lock" if cell else path.with_suffix(".lock")
    lock.parent.mkdir(parents=True, exist_ok=True)
    with locked(lock, wait=False) as held:
        if held is None:
            return False
        if cell:
            record.discard(path)
            files.sync(path)
            shutil.rmtree(path)
            notes.forget_failure(path)
        else:
            path.unlink()
            lock.unlink()
    return True
