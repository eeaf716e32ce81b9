"""What the page shows of a square of the map that is chosen: its runs, their numbers and curves."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nnlab.nn import Array
from nnlab.records import counted_states
from nnlab.reports.figures.axes import rounded
from nnlab.reports.figures.learning_curves import finite
from nnlab.reports.sweep_results import SweepResults
from nnlab.tracking import Run

RUNS = 6  # of a square, whose numbers and curves are shown
RUNS_OF_ALL = 1000  # of all squares together, if each has some
CURVES = 1600  # squares; of more no curves are shown, since a page of 6 MB has no room for them
CURVES_OF_A_SERVER = 400  # which are fetched one by one
POINTS = 20  # of a curve
Squares = Mapping[str, Sequence[Run]]  # by the number of the map, the column and the row


def details(results: SweepResults, squares: Squares) -> dict[str, Any]:
    """By the square: the counts of its states, its first runs with their numbers, and their curves."""
    each = max(1, min(RUNS, RUNS_OF_ALL // max(len(squares), 1)))
    drawn = len(squares) <= (CURVES_OF_A_SERVER if results.server else CURVES)
    done = {name: [run for run in runs[:each] if run.done and drawn] for name, runs in squares.items()}
    costs = results.costs([run for runs in done.values() for run in runs])
    return {
        name: {
            "states": counted_states(run.state for run in runs),
            "runs": [_row(results, run) for run in runs[:each]],
            "more": max(len(runs) - each, 0),
            "curves": [(run.name, *_curve(costs[run.id])) for run in done[name]],
        }
        for name, runs in squares.items()
    }


def columns(results: SweepResults) -> list[str]:
    """The metrics of a run that are shown."""
    score = results.sweep.score
    return list(dict.fromkeys([f"train/{score}", f"test/{score}", results.sweep.select_by, "train/cost"]))


def _row(results: SweepResults, run: Run) -> list[str]:
    """Name, state, metrics, and the command that trains it again (a failed one has none)."""
    metrics = [f"{run.metrics[key]:.4g}" if key in run.metrics else "" for key in columns(results)]
    return [run.name, run.state, *metrics, results.rerun_command(run) if run.done else ""]


def _curve(costs: Array) -> tuple[int, list[float]]:
    """The last step of a curve, and its costs at evenly spaced steps up to there, with three digits."""
    known = finite(costs)
    last = max(len(known) - 1, 0)
    steps = np.linspace(0, last, min(POINTS, len(known))).round().astype(int)
    return last, [rounded(value, 3) for value in known[steps].tolist()]
