"""Train one cell: from its configuration and data to numbers.

Nothing is read or written here. The code digest covers this module and all that it imports, so nothing
is imported here that cannot change a number.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nnlab.cells.build import build, optimizer_state
from nnlab.cells.evaluation import Evaluation, final_metrics, unseen
from nnlab.cells.snapshot import COSTS, Snapshot, restore, take
from nnlab.cells.workload import training_size
from nnlab.data import Part
from nnlab.nn import LOSSES, Schedule, layer_statistics, train
from nnlab.threads import limited

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nnlab.config import Config
    from nnlab.data import Dataset
    from nnlab.nn import Array, Callback, Step

Arrays = dict[str, "NDArray[Any]"]


@dataclass(frozen=True)
class Result:
    """The outcome of a cell whose training ended."""

    status: str  # "finished" or "diverged"
    metrics: dict[str, float]  # the finite ones
    arrays: dict[str, Arrays]  # of the record's files: history, weights, predictions
    end: Snapshot  # from which a longer training goes on


Offer = Callable[[Callable[[], Snapshot]], None]  # called on the way; it may ask for a snapshot or not


def train_cell(
    cfg: Config,
    data: Dataset,
    callbacks: Sequence[Callback] = (),
    start: Snapshot | None = None,
    offer: Offer | None = None,
) -> Result:
    """Train the net of a resolved configuration and evaluate it; ``callbacks`` look at it on the way.

    From ``start`` on, of the same configuration but for ``trainer.iterations``, it comes to the same bits
    as from the first step. ValueError if that does not fit the net.
    """
    with limited(cfg.trainer.threads), np.errstate(all="ignore"):
        return _train_cell(cfg, data, callbacks, start, offer)


def _train_cell(
    cfg: Config, data: Dataset, callbacks: Sequence[Callback], start: Snapshot | None, offer: Offer | None
) -> Result:
    begin = build(cfg, data)
    network, loss = begin.network, LOSSES[cfg.model.output, cfg.model.loss]
    evaluation = Evaluation(cfg, data, begin)
    o, state = cfg.optimizer, optimizer_state(cfg.optimizer, network)
    schedule = Schedule(cfg.trainer.iterations, o.batch_size, cfg.seed, o.l2, cfg.trainer.eval_every)
    before = begin.gram_seconds
    if start is not None:
        restore(start, network, state)
        evaluation.resume(start.history)
        before += start.seconds
    started = time.perf_counter()

    def now(costs: NDArray[np.float64]) -> Snapshot:
        seconds = before + time.perf_counter() - started - evaluation.seconds
        return take(network, state, {COSTS: costs, **evaluation.curves()}, seconds)

    def look(step: Step) -> None:
        if offer is not None:
            offer(lambda: now(step.costs))

    done = () if start is None else start.history[COSTS]
    costs = train(network, begin.Y, loss, state, schedule, [evaluation, look, *callbacks], done)
    end = now(costs)
    parameters = network.parameters()
    metrics, outputs = final_metrics(cfg, data, parameters, begin.rows)
    metrics |= layer_statistics(network, begin.Y, loss)
    metrics |= training_size(cfg, [data.n_0, *network.n.values()], data.train)
    metrics["time/train_s"] = end.seconds
    last_costs = [costs[-1], *(metrics[f"{name}/cost"] for name in unseen(data))]
    weights = {
        f"{n}{l}": p for l, pair in enumerate(parameters, 1) for n, p in zip("Wb", pair, strict=True)
    }
    return Result(
        "finished" if np.isfinite(last_costs).all() else "diverged",
        {key: value for key, value in metrics.items() if np.isfinite(value)},
        {
            "history": dict(end.history),
            "weights": weights,
            "predictions": _predictions(data, outputs),
        },
        end,
    )


def _predictions(data: Dataset, outputs: Mapping[str, Array]) -> Arrays:
    """Outputs and labels of what was not trained on, and where held-out examples are in their file."""
    kept: Arrays = {"test": outputs["test"], "y_test": data.test.y}
    if isinstance(data.validation, Part):
        kept |= {"validation": outputs["validation"], "y_validation": data.validation.y}
        kept["validation_places"] = data.validation.places
    return kept
