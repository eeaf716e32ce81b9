"""Recorded runs side by side: what differs, how they learnt, whether their predictions differ."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, combinations
from pathlib import Path

from nnlab.cells.findings import PairedTest, Predictions, paired_tests
from nnlab.config import from_dict, run_name
from nnlab.records import differing
from nnlab.records.record import Record
from nnlab.reports.drawn import drawn
from nnlab.reports.html import render
from nnlab.reports.panels import curves, why
from nnlab.reports.records import Records, sweep_of
from nnlab.reports.sweep_results import SweepResults

PAIRS = ("runs", "alone right", "p", "adjusted", "told apart?")
Rows = list[list[str]]


@dataclass(frozen=True)
class Comparison:
    """The tables of a comparison as rows of text, and notes on what they cannot say."""

    names: list[str]
    differences: Rows  # a key, then a value for each run
    outcomes: Rows  # what it is, then a value for each run
    pairs: Rows  # under the headings PAIRS
    notes: list[str]


def compare(records: Sequence[Record]) -> Comparison:
    """Compare records: what they were made with, what came out, and McNemar's test of every pair."""
    differences = [[key, *values] for key, values in differing(records).items()]
    names = _names(records, [row[0] for row in differences])
    nets = {
        i: Predictions.of_record(rec.arrays("predictions"))
        for i, rec in enumerate(records)
        if not rec.regression and rec.status != "diverged"
    }
    notes = _unpaired(records, names)
    if not differences:
        notes.append("nothing recorded of configuration, code, data, versions and machine differs")
    tested = []
    for i, j in combinations(nets, 2):
        if records[i].data_digest == records[j].data_digest:
            tested.append((i, j))
        else:
            notes.append(f"{names[i]} and {names[j]} predicted other test images: no paired test")
    tests = paired_tests([(nets[i], nets[j]) for i, j in tested])
    return Comparison(
        names,
        differences,
        _table([_outcome(rec, nets.get(i)) for i, rec in enumerate(records)]),
        [_pair(names[i], names[j], test) for (i, j), test in zip(tested, tests, strict=True)],
        notes,
    )


def _unpaired(records: Sequence[Record], names: Sequence[str]) -> list[str]:
    """Why some of the nets have no paired test."""
    notes = []
    if any(rec.regression for rec in records):
        notes.append("nets trained on real targets are not right or wrong: no paired test")
    if lost := [name for name, rec in zip(names, records, strict=True) if rec.status == "diverged"]:
        notes.append(f"{', '.join(lost)}: diverged, so there is no score and no paired test")
    return notes


def _names(records: Sequence[Record], differing_keys: Sequence[str]) -> list[str]:
    """Run names that begin with what differs; equal names get their fingerprint added."""
    names = [run_name(from_dict(rec.config), differing_keys) for rec in records]
    return [
        f"{name} ({rec.fingerprint[:8]})" if names.count(name) > 1 else name
        for name, rec in zip(names, records, strict=True)
    ]


def _pair(one: str, other: str, test: PairedTest) -> list[str]:
    """A row under PAIRS."""
    counts = f"{test.a_alone} | {test.b_alone}"
    return [
        f"{one} | {other}",
        counts,
        f"{test.p:.3g}",
        f"{test.adjusted:.3g}",
        "yes" if test.differ else "no",
    ]


def _table(columns: Sequence[Mapping[str, str]]) -> Rows:
    """A row for each key of any column; empty where a column lacks it."""
    return [[key, *(column.get(key, "") for column in columns)] for key in dict.fromkeys(chain(*columns))]


def _outcome(rec: Record, net: Predictions | None) -> dict[str, str]:
    """What came out of a run; ``net`` are its predictions if it predicts classes and did not diverge."""
    costs, metrics = rec.arrays("history")["train/cost"], rec.metrics
    if rec.status == "diverged":
        reached: dict[str, str] = {}
    elif net is None:
        reached = {f"{split} rmse": _text(metrics.get(f"{split}/rmse")) for split in ("test", "train")}
        reached["held-out rmse"] = _text(metrics.get("validation/rmse"), "none held out")
    else:
        reached = {
            "right on test": net.right_text,
            "95 % interval": net.interval_text,
            "held-out accuracy": _text(metrics.get("validation/accuracy"), "none held out"),
            "train accuracy": _text(metrics["train/accuracy"]),
        }
    ends = {"train cost": f"{costs[-1]:.4g}", "steps": str(len(costs))}
    return {"status": rec.status} | reached | ends | {"seconds": f"{metrics['time/train_s']:.2f}"}


def _text(metric: float | None, absent: str = "not a number") -> str:
    return absent if metric is None else f"{metric:.4f}"


def write(comparison: Comparison, records: Sequence[Record], path: Path) -> None:
    """Write the page of a comparison: its tables, and the panels of a report that suit any runs."""
    names = comparison.names
    by_id = {str(i): rec for i, rec in enumerate(records)}
    with tempfile.TemporaryDirectory() as scratch:
        sweep = sweep_of(by_id, names)
        results = SweepResults(sweep, Records(by_id), path.parent, None, Path(scratch))
        panels, figures = drawn([curves.PANEL, why.PANEL], results)
    text = render(
        "compare.html",
        figures,
        title=" · ".join(names) if len(names) < 4 else f"{len(names)} runs compared",
        comparison=comparison,
        pairs=PAIRS,
        panels=panels,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
