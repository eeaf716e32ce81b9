"""A trained cell as an analysis reads it."""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from functools import partial, reduce
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnlab.cells import Cell, build_network, dataset, weights
from nnlab.config import NAMED, Config, data_files, home
from nnlab.data import Dataset, HeldOut
from nnlab.nn import LOSSES, Batch, Network, Parameters, propagate
from nnlab.records import counted, record
from nnlab.records.record import Record


@dataclass(frozen=True)
class Run:
    """A trained cell; ``run["model.depth"]`` is a value of its configuration.

    In ``metrics`` a diverged net has the scores of a constant answer.
    """

    config: Config
    metrics: Mapping[str, float] = field(default_factory=dict)
    # reads the history, weights or predictions from the record, anew at each call
    arrays: Callable[[str], Mapping[str, NDArray[Any]]] = field(default=lambda name: {})
    status: str = "finished"
    fingerprint: str = ""

    def __getitem__(self, key: str) -> Any:
        return reduce(getattr, key.split("."), self.config)

    @property
    def costs(self) -> NDArray[np.float64]:
        """J before the update of each step (iterations,); fewer steps if the training diverged."""
        return self.arrays("history")["train/cost"]

    @property
    def curves(self) -> Mapping[str, NDArray[np.float64]]:
        """The metrics that ``trainer.eval_every`` recorded; ``curves["steps"]`` has the steps."""
        return self.arrays("history")

    @property
    def weights(self) -> Parameters:
        """[(W1, b1), ..., (WL, bL)] after the last step."""
        arrays = self.arrays("weights")
        return [(arrays[f"W{l}"], arrays[f"b{l}"]) for l in range(1, len(arrays) // 2 + 1)]

    @property
    def dataset(self) -> Dataset:
        """The data that the run was trained on."""
        return dataset(self.config)

    def backprop(self) -> tuple[Network, Batch]:
        """The net before its first step, after one forward and one backward pass.

        W1 is held in full. The batch is the whole training set.
        """
        cfg, data = deepcopy(self.config), self.dataset
        cfg.trainer.solver = "primal"
        network, _ = build_network(cfg, data)
        Y = data.train.targets(network.n[network.L], network.theta.dtype)  # (n_L, m)
        loss = LOSSES[cfg.model.output, cfg.model.loss]
        batch = network.whole(Y, loss)
        propagate(np, network, loss, batch)
        return network, batch


def read_runs(cells: Sequence[Cell]) -> list[Run]:
    """The runs of these cells, read from their records."""
    records = [record.read(cell.folder(home())) for cell in cells]
    return [
        Run(
            cell.config,
            counted(rec.status, rec.metrics),
            partial(_arrays, rec),
            rec.status,
            rec.fingerprint,
        )
        for cell, rec in zip(cells, records, strict=True)
    ]


def _arrays(rec: Record, name: str) -> Mapping[str, NDArray[Any]]:
    return weights(rec) if name == "weights" else rec.arrays(name)


def data_sets(runs: Sequence[Run]) -> list[str]:
    """Each set of data of the runs once: `painted: 209 training and 50 test examples, digest 1a2b3c4d`."""
    different = {data_files(run.config.data): run for run in runs}
    return [_described(run.dataset, run.config.data.name, train) for (train, _), run in different.items()]


def _described(data: Dataset, name: str, train: str) -> str:
    whole = data.whole if isinstance(data, HeldOut) else data
    name = name if name in NAMED else "/".join(Path(train).parts[-2:])
    return f"{name}: {whole.m} training and {len(whole.test.y)} test examples, digest {whole.digest[:8]}"


def grouped(runs: Sequence[Run], *keys: str) -> dict[Any, list[Run]]:
    """The runs by the value of one key, or by a tuple of values of several keys, in the sweep's order."""
    groups: dict[Any, list[Run]] = {}
    for run in runs:
        values = tuple(run[key] for key in keys)
        groups.setdefault(values if len(keys) > 1 else values[0], []).append(run)
    return groups
