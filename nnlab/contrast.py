"""Contrast: recorded runs side by side. What differs, how they learnt, whether their answers do."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np

from nnlab import answers, figures, statistics
from nnlab.config import from_dict
from nnlab.figures import Curve
from nnlab.page import render
from nnlab.plan import run_name
from nnlab.record import Record
from nnlab.rerun import differing
from nnlab.views import LARGEST, finite

POINTS = 1000  # of one curve
Rows = list[list[str]]


@dataclass(frozen=True)
class Contrast:
    """The tables of a comparison as rows of text, and what they do not say."""

    names: list[str]
    differences: Rows  # a key, then a value for each run
    outcomes: Rows  # one of OUTCOMES, then a value for each run
    pairs: Rows  # PAIRS
    notes: list[str]


OUTCOMES = (
    "status", "right on test", "95 % interval", "held-out accuracy", "train accuracy", "train cost",
    "steps", "seconds",
)  # fmt: skip
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
    nets = [answers.of(rec.arrays("predictions")) for rec in records]
    pairs, tests = [], []
    for i, j in combinations(range(len(records)), 2):
        if records[i].data_digest != records[j].data_digest:
            notes.append(f"{names[i]} and {names[j]} answered other test images: no paired test")
            continue
        pairs.append((names[i], names[j]))
        tests.append(statistics.mcnemar(nets[i].right, nets[j].right))
    adjusted = statistics.holm([p for _, _, p in tests])
    return Contrast(
        names,
        differences,
        [list(row) for row in zip(OUTCOMES, *map(_outcome, records, nets), strict=True)],
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


def _outcome(rec: Record, net: answers.Answers) -> list[str]:
    low, high = net.interval()
    costs = rec.arrays("history")["train/cost"]
    held_out = rec.metrics.get("validation/accuracy")
    return [
        rec.status, f"{int(net.right.sum())}/{len(net.y)}", f"{low:.3f}–{high:.3f}",
        f"{held_out:.4f}" if held_out is not None else "none held out",
        f"{rec.metrics['train/accuracy']:.4f}", f"{costs[-1]:.4g}", str(len(costs)),
        f"{rec.metrics['time/train_s']:.2f}",
    ]  # fmt: skip


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
