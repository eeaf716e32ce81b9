"""A recorded configuration, trained again: by this program, or by the one of the recorded commit."""

import time
from collections.abc import Sequence
from pathlib import Path

from nnlab.cells import Cell, as_overrides, configuration, resolve, run_cell
from nnlab.config import home
from nnlab.config.overrides import quoted
from nnlab.records.record import Record
from nnlab.reruns import checkout


def replay(rec: Record, trust_paths: bool, overrides: Sequence[str], apart: Path) -> tuple[Cell, Record]:
    """Train a record's configuration again; the new record goes into the folder ``apart``."""
    cell = resolve(configuration(rec, trust_paths, overrides))
    target = apart / rec.fingerprint[:8]
    cell.folder(target).mkdir(parents=True, exist_ok=True)
    return cell, run_cell(cell, target)


def replay_at_commit(
    rec: Record, trust_paths: bool, trust_diff: bool, overrides: Sequence[str], apart: Path
) -> tuple[Cell, Record]:
    """The same by the program of the recorded commit, which gets the data files that are here."""
    cell = resolve(configuration(rec, trust_paths, overrides))
    data = cell.config.data
    files = [f"data.train={quoted(data.train)}", f"data.test={quoted(data.test)}"]
    texts = as_overrides(rec, trust_paths, overrides)
    with checkout.recorded_program(rec, trust_diff) as tree:
        return cell, checkout.train(tree, [*texts, *files], apart / rec.fingerprint[:8] / "runs")


def folder_apart() -> Path:
    """A new folder for the records of a rerun: those that it repeats stay as they are."""
    return home() / "reruns" / time.strftime("%Y%m%d-%H%M%S")
