"""Train one cell: from its configuration and data to numbers.

Nothing is read or written here. The code digest covers this module and all that it imports, so nothing
is imported here that cannot change a number.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nnlab.cells.build import build, optimizer_state
from nnlab.cells.evaluation import Evaluation, final_metrics, unseen
from nnlab.cells.workload import training_size
from nnlab.data import Part
from nnlab.nn import LOSSES, Schedule, layer_statistics, train
from nnlab.threads import limited

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nnlab.config import Config
    from nnlab.data import Dataset
    from nnlab.nn import Array, Callback

Arrays = dict[str, "NDArray[Any]"]


@dataclass(frozen=True)
class Result:
    """The outcome of a cell whose training ended."""

    status: str  # "finished" or "diverged"
    metrics: dict[str, float]  # the finite ones
    arrays: dict[str, Arrays]  # of the record's files: history, weights, predictions


def train_cell(cfg: Config, data: Dataset, callbacks: Sequence[Callback] = ()) -> Result:
    """Train the net of a resolved configuration and evaluate it; ``callbacks`` look at it on the way."""
    with limited(cfg.trainer.threads), np.errstate(all="ignore"):
        return _train_cell(cfg, data, callbacks)


def _train_cell(cfg: Config, data: Dataset, callbacks: Sequence[Callback]) -> Result:
    begin = build(cfg, data)
    network, loss = begin.network, LOSSES[cfg.model.output, cfg.model.loss]
    evaluation = Evaluation(cfg, data, begin)
    o, state = cfg.optimizer, optimizer_state(cfg.optimizer, network)
    schedule = Schedule(cfg.trainer.iterations, o.batch_size, cfg.seed, o.l2, cfg.trainer.eval_every)
    start = time.perf_counter()
    costs = train(network, begin.Y, loss, state, schedule, [evaluation, *callbacks])
    seconds = time.perf_counter() - start - evaluation.seconds
    parameters = network.parameters()
    metrics, outputs = final_metrics(cfg, data, parameters, begin.rows)
    metrics |= layer_statistics(network, begin.Y, loss)
    metrics |= training_size(cfg, [data.n_0, *network.n.values()], data.train)
    metrics["time/train_s"] = seconds + begin.gram_seconds
    last_costs = [costs[-1], *(metrics[f"{name}/cost"] for name in unseen(data))]
    weights = {
        f"{n}{l}": p for l, pair in enumerate(parameters, 1) for n, p in zip("Wb", pair, strict=True)
    }
    return Result(
        "finished" if np.isfinite(last_costs).all() else "diverged",
        {key: value for key, value in metrics.items() if np.isfinite(value)},
        {
            "history": {"train/cost": costs, **evaluation.curves()},
            "weights": weights,
            "predictions": _predictions(data, outputs),
        },
    )


def _predictions(data: Dataset, outputs: Mapping[str, Array]) -> Arrays:
    """Outputs and labels of what was not trained on, and where held-out examples are in their file."""
    kept: Arrays = {"test": outputs["test"], "y_test": data.test.y}
    if isinstance(data.validation, Part):
        kept |= {"validation": outputs["validation"], "y_validation": data.validation.y}
        kept["validation_places"] = data.validation.places
    return kept
