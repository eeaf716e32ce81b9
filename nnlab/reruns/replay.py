"""A recorded configuration, trained again: by this program, or by the one of the recorded commit."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from nnlab.cells import Cell, as_overrides, configuration, located, resolve, run_cell, with_files
from nnlab.cells.weights import form, keeps_moments
from nnlab.config import home
from nnlab.errors import UserError
from nnlab.records.record import Record
from nnlab.reruns import checkout


def replay(rec: Record, trust_paths: bool, overrides: Sequence[str], apart: Path) -> tuple[Cell, Record]:
    """Train a record's configuration again; the new record goes into the folder ``apart``."""
    overrides = located(rec, trust_paths, [*_kept(rec), *overrides])
    cell = resolve(configuration(rec, trust_paths, overrides))
    target = apart / rec.fingerprint[:8]
    cell.folder(target).mkdir(parents=True, exist_ok=True)
    return cell, run_cell(cell, target)


def replay_at_commit(
    rec: Record, trust_paths: bool, trust_diff: bool, overrides: Sequence[str], apart: Path
) -> tuple[Cell, Record]:
    """The same by the program of the recorded commit, which gets the data files that are here."""
    overrides = located(rec, trust_paths, [*_kept(rec), *overrides])
    cell = resolve(configuration(rec, trust_paths, overrides))
    texts = as_overrides(rec, trust_paths, overrides)
    with checkout.recorded_program(rec, trust_diff) as tree:
        texts = with_files(texts, cell.config.data)
        again = checkout.train(tree, texts, apart / rec.fingerprint[:8] / "runs")
    if again.code_digest != rec.code_digest:
        raise UserError(
            f"run {rec.fingerprint[:16]}: commit {rec.provenance['commit'][:12]} with the recorded changes "
            "is not the program that made it; git overlooks some file (`git ls-files -v` shows which)"
        )
    return cell, again


def _kept(rec: Record) -> list[str]:
    """The overrides for a rerun that keeps as much of the net; earlier versions know `full` alone."""
    weights = [] if form(rec) == "full" else [f"records.weights={form(rec)}"]
    return weights + ["records.state=true"] * keeps_moments(rec)


def folder_apart() -> Path:
    """A new folder for the records of a rerun: those that it repeats stay as they are."""
    return home() / "reruns" / f"{datetime.now():%Y%m%d-%H%M%S-%f}"
