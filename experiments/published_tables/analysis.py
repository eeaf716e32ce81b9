"""Does every printed digit of the course's tables come out?"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from scipy.stats import binomtest

from nnlab.experiments import Run, Verdict, verdict_of
from nnlab.experiments.figures import COLOURS, panels

PUBLISHED = json.loads((Path(__file__).parent / "published.json").read_text("utf-8"))["tables"]
ACCURACIES = ("train/accuracy", "test/accuracy")


def table_of(run: Run) -> dict[str, Any]:
    """The published table for the net of this run."""
    hidden = list(run["model.hidden"])
    (table,) = (table for table in PUBLISHED if table["model"]["hidden"] == hidden)
    return dict(table)


def distances(run: Run) -> dict[int, float]:
    """|our cost - printed cost| by step."""
    costs = run.costs
    return {int(step): abs(float(costs[int(step)]) - cost) for step, cost in table_of(run)["cost"].items()}


def allowed(table: dict[str, Any]) -> float:
    """The allowed difference: half a unit of the last printed digit, or 1e-12 if about 16 are printed."""
    return 1e-12 if table["printed_digits"] == 12 else 0.5 * 10.0 ** -int(table["printed_digits"])


def analyse(runs: Sequence[Run]) -> Verdict:
    """Do all costs round to the printed digits, and are all accuracies equal?"""
    wrong, costs = [], 0
    numbers: dict[str, Any] = {}
    for run in runs:
        table, label = table_of(run), f"{table_of(run)['name']} {run['trainer.solver']}"
        found = distances(run)
        costs += len(found)
        wrong += [f"{label} cost at {step}" for step, off in found.items() if off > allowed(table)]
        for key in ACCURACIES:
            if abs(run.metrics[key] - table[key.replace("/", "_")]) > 1e-9:
                wrong.append(f"{label} {key}")
        numbers[f"{label}: largest difference of a cost"] = max(found.values())
        numbers[f"{label}: train and test accuracy"] = [run.metrics[key] for key in ACCURACIES]
    solvers = len({run["trainer.solver"] for run in runs})
    sentence = (
        f"{costs - sum('cost at' in w for w in wrong)} of {costs} printed costs and "
        f"{2 * len(runs) - sum('accuracy' in w for w in wrong)} of {2 * len(runs)} accuracies come out "
        f"to every printed digit ({len(runs) // solvers} nets, {solvers} solvers)."
    )
    return verdict_of(not wrong, sentence, numbers | {"differing": wrong or "none"})


def picture(runs: Sequence[Run], verdict: Verdict) -> Figure:
    """Left: our costs and the published points. Right: test accuracies with the intervals of 50 images."""
    figure, (left, right) = panels("The course's three nets: published costs (dots) and ours (lines)", 2)
    labels: list[str] = []
    for colour, run in zip(COLOURS, (run for run in runs if run["trainer.solver"] == "gram"), strict=False):
        table = table_of(run)
        left.plot(run.costs, color=colour, label=table["name"].replace("_", "-"))
        left.plot(
            [int(step) for step in table["cost"]], list(table["cost"].values()), "o", color=colour, ms=3.5
        )
        m = 50
        right_ = round(run.metrics["test/accuracy"] * m)
        low, high = binomtest(right_, m).proportion_ci(0.95, "exact")
        x = len(labels)
        right.plot([x, x], [low, high], color=colour, lw=6, alpha=0.3, solid_capstyle="butt")
        right.plot(x, table["test_accuracy"], "o", color=colour)
        labels.append(table["name"].replace("_", "-"))
    left.set(
        xlabel="step", ylabel="cost on the training set", ylim=(0, None), title="Cost before each step"
    )
    left.legend()
    right.set_xticks(range(len(labels)), labels)
    right.set(
        xlim=(-0.6, len(labels) - 0.4),
        ylim=(0.0, 1.0),
        title="Test accuracy with 95% interval (50 images)",
    )
    return figure
