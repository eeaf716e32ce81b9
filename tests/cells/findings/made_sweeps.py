"""Made sweeps whose truth is known: a grid, and a rule that says how each of its nets ends."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nnlab.cells.findings import COMPARED, Predictions, compare_with_best, headline, varied_keys
from nnlab.cells.ranking import Result, rank

MAJORITY = 0.65  # the share of the most common class, in all splits
Ending = tuple[str, float]  # a state, and the score of a net that learnt
Grid = Mapping[str, Sequence[Any]]

DEFAULT: Grid = {
    "model.depth": [2, 3, 5],
    "model.width": [4, 16, 64],
    "model.activation": ["sigmoid", "tanh", "relu", "leaky_relu"],
    "init.scale": [0.1, 1.0, 10.0],
}


def swept(
    grid: Grid, ends: Callable[[dict[str, Any]], Ending], split: str = "test", score: str = "accuracy"
) -> list[Result]:
    """The results of a grid; combinations that end as "" are not in it.

    A stuck or diverged net scores like a constant answer; the score on ``split`` is 0.1 behind training's.
    """
    constant = {"accuracy": "majority", "rmse": "deviation"}[score]
    results = []
    for values in itertools.product(*grid.values()):
        params = dict(zip(grid, values, strict=True))
        state, reached = ends(params)
        if not state:
            continue
        metrics = {f"train/{constant}": MAJORITY, f"{split}/{constant}": MAJORITY}
        if state in ("learnt", "stuck"):
            train = MAJORITY if state == "stuck" else reached
            unseen = MAJORITY if state == "stuck" else reached - (0.1 if score == "accuracy" else -0.1)
            metrics |= {f"train/{score}": train, f"{split}/{score}": unseen, f"{split}/cost": 1.0}
        if state in ("failed", "missing"):
            metrics = {}
        shown = [str(v) for key, v in params.items() if key not in ("seed", "data.fold")]
        status = "finished" if state in ("learnt", "stuck") else state
        results.append(
            Result(str(values), f"{' '.join(shown)} #{params.get('seed', 1)}", status, params, metrics)
        )
    return results


def sentences(
    results: Sequence[Result],
    predictions: Mapping[str, Predictions] | None = None,
    select_by: str = "test/accuracy",
) -> list[str]:
    """The headline of these results, ranked and compared as a summary does it."""
    done = [run for run in results if run.status in ("finished", "diverged")]
    trained = [c for c in rank(done, select_by) if c.diverged < len(c.runs)]
    keys = varied_keys([run.params for run in results], [])
    return headline(results, keys, trained, compare_with_best(trained[:COMPARED], predictions or {}))
