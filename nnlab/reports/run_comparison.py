"""Contrast: recorded runs side by side. What differs, how they learnt, whether their answers do."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, combinations
from pathlib import Path

import numpy as np

from nnlab.config.run_name import run_name
from nnlab.config.schema import from_dict
from nnlab.records.differences import differing
from nnlab.records.record import Record
from nnlab.reports import figures
from nnlab.reports import predictions as answers
from nnlab.reports import significance as statistics
from nnlab.reports.figures import Curve
from nnlab.reports.html import render
from nnlab.reports.views import LARGEST, finite

POINTS = 1000  # of one curve
Rows = list[list[str]]


@dataclass(frozen=True)
class Contrast:
    """The tables of a comparison as rows of text, and what they do not say."""

    names: list[str]
    differences: Rows  # a key, then a value for each run
    outcomes: Rows  # what it is, then a value for each run
    pairs: Rows  # PAIRS
    notes: list[str]


PAIRS = ("runs", "alone right", "p", "adjusted", "told apart?")


def contrast(records: Sequence[Record]) -> Contrast:
    """Compare records: what surrounds them, what came out, and McNemar's exact test of every pair."""
    differences = [[key, *values] for key, values in differing(records).items()]
    names = _names(records, [row[0] for row in differences])
    notes = (
        []
        if differences
        else ["nothing recorded of configuration, code, data, versions and machine differs"]
    )
    nets = {i: answers.of(r.arrays("predictions")) for i, r in enumerate(records) if not r.regression}
    if len(nets) < len(records):
        notes.append(
            "nets that were trained on real targets answer neither right nor wrong: no paired test"
        )
    pairs, tests = [], []
    for i, j in combinations(nets, 2):
        if records[i].data_digest != records[j].data_digest:
            notes.append(f"{names[i]} and {names[j]} answered other test images: no paired test")
            continue
        pairs.append((names[i], names[j]))
        tests.append(statistics.mcnemar(nets[i].right, nets[j].right))
    adjusted = statistics.holm([p for _, _, p in tests])
    return Contrast(
        names,
        differences,
        _outcomes([_outcome(rec, nets.get(i)) for i, rec in enumerate(records)]),
        [
            [
                f"{one} | {other}",
                f"{a} | {b}",
                f"{p:.3g}",
                f"{q:.3g}",
                "yes" if q < statistics.ALPHA else "no",
            ]
            for (one, other), (a, b, p), q in zip(pairs, tests, adjusted, strict=True)
        ],
        notes,
    )


def _names(records: Sequence[Record], differing_keys: Sequence[str]) -> list[str]:
    """Run names that lead with what differs; equal ones carry their fingerprint."""
    names = [run_name(from_dict(rec.config), differing_keys) for rec in records]
    return [
        f"{name} ({rec.fingerprint[:8]})" if names.count(name) > 1 else name
        for name, rec in zip(names, records, strict=True)
    ]


def _outcomes(found: Sequence[dict[str, str]]) -> Rows:
    """A row for each thing that is known of any of the runs."""
    return [[key, *(one.get(key, "") for one in found)] for key in dict.fromkeys(chain(*found))]


def _outcome(rec: Record, net: answers.Answers | None) -> dict[str, str]:
    """What came out; ``net`` has the answers of one that tells classes."""
    costs, metrics = rec.arrays("history")["train/cost"], rec.metrics
    figures = {"status": rec.status}
    if net is None:
        figures |= {f"{split} rmse": _shown(metrics.get(f"{split}/rmse")) for split in ("test", "train")}
        figures["held-out rmse"] = _shown(metrics.get("validation/rmse"), "none held out")
    else:
        low, high = net.interval()
        figures |= {
            "right on test": f"{int(net.right.sum())}/{len(net.y)}",
            "95 % interval": f"{low:.3f}–{high:.3f}",
            "held-out accuracy": _shown(metrics.get("validation/accuracy"), "none held out"),
            "train accuracy": _shown(metrics["train/accuracy"]),
        }
    ends = {"train cost": f"{costs[-1]:.4g}", "steps": str(len(costs))}
    return figures | ends | {"seconds": f"{metrics['time/train_s']:.2f}"}


def _shown(figure: float | None, absent: str = "no number") -> str:
    return absent if figure is None else f"{figure:.4f}"


def write(found: Contrast, records: Sequence[Record], path: Path) -> None:
    """The page of a comparison, with the curves in one picture."""
    palette = figures.colours(found.names)
    groups = [
        (name, colour, [_curve(name, rec)])
        for name, colour, rec in zip(found.names, palette, records, strict=True)
    ]
    text = render(
        "compare.html",
        {"curves": {"": [figures.curves(groups)]}},
        title=" · ".join(found.names) if len(found.names) < 4 else f"{len(found.names)} runs compared",
        found=found, pairs=PAIRS,
    )  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def _curve(name: str, rec: Record) -> Curve:
    costs = finite(rec.arrays("history")["train/cost"])
    steps = np.unique(np.linspace(0, max(len(costs) - 1, 0), POINTS).astype(int))[: len(costs)]
    y = np.minimum(costs[steps], LARGEST).astype(np.float32)
    return Curve(name, steps.astype(np.float32), y, y, y, rec.status == "diverged")
