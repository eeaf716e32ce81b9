"""How good a trial is: the mean of each objective over the cells that repeat it."""

import math
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

from nnlab.records import counted, record
from nnlab.records.record import Record


def values(cells: Sequence[str], objectives: Sequence[str], home: Path) -> list[float] | None:
    """The mean of each objective over the records of these fingerprints; None if a record is missing.

    A diverged net counts as a constant answer.
    """
    records = [record.found(record.folder(home, name)) for name in cells]
    found = [[_value(rec, objective) for rec in records if rec is not None] for objective in objectives]
    if None in records or any(value is None for each in found for value in each):
        return None
    return [fmean(value for value in each if value is not None) for each in found]


def _value(rec: Record, objective: str) -> float | None:
    split, _, what = objective.partition("/")
    if rec.status == "diverged" and what == "cost":
        return _constant_cost(rec, split)
    return counted(rec.status, rec.metrics).get(objective)


def _constant_cost(rec: Record, split: str) -> float | None:
    """The cost of a constant answer: the entropy of two classes, log K of K, half the targets' variance."""
    majority, deviation = (rec.metrics.get(f"{split}/{what}") for what in ("majority", "deviation"))
    if deviation is not None:
        return deviation**2 / 2
    if majority is None:
        return None
    if len(rec.classes) > 2 or majority in (0.0, 1.0):
        return math.log(max(2, len(rec.classes)))
    return -majority * math.log(majority) - (1 - majority) * math.log(1 - majority)
