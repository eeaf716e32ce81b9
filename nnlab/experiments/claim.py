"""An experiment: a claim of the lecture notes, the sweep that tests it, and the verdict.

A folder ``experiments/NAME`` has ``README.md`` (the claim is its first paragraph), ``sweep.yaml`` (what
differs from the defaults, and the grid), ``analysis.py`` with ``analyse(runs)`` and
``picture(runs, verdict)``, and ``data.py`` with ``draw(folder)`` where the data are drawn. An analysis
trains nothing. Without a sweep it gets no runs and computes from the shipped code.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from nnlab.cells.build import build_network
from nnlab.cells.cell import Cell
from nnlab.cells.load import dataset
from nnlab.config.compose import Config
from nnlab.config.paths import EXPERIMENTS, home
from nnlab.data.hdf5 import Dataset
from nnlab.errors import UserError
from nnlab.nn.inference import Parameters
from nnlab.nn.losses import LOSSES
from nnlab.nn.network import Batch, Network
from nnlab.records import record
from nnlab.sweeps.experiment_data import load_code

WRITTEN = "<!-- what follows is written by `nnlab experiments` -->\n"


@dataclass(frozen=True)
class Verdict:
    """What came out, in a word, in one sentence with its numbers, and in figures."""

    verdict: Literal["confirmed", "refuted", "inconclusive"]
    sentence: str
    figures: dict[str, Any]  # numbers, texts, lists of them: what JSON holds


def verdict_of(holds: bool | None, sentence: str, figures: dict[str, Any]) -> Verdict:
    """The verdict of a pass rule that holds, does not hold, or (None) cannot be told."""
    word: Literal["confirmed", "refuted", "inconclusive"] = (
        "inconclusive" if holds is None else "confirmed" if holds else "refuted"
    )
    return Verdict(word, sentence, figures)


@dataclass(frozen=True)
class Run:
    """A finished cell as an analysis reads it; ``run["model.depth"]`` is a value of its configuration."""

    config: Config
    metrics: Mapping[str, float] = field(default_factory=dict)
    # history, weights, predictions by name: read anew whenever they are asked for
    arrays: Callable[[str], Mapping[str, NDArray[Any]]] = field(default=lambda name: {})
    status: str = "finished"
    fingerprint: str = ""

    def __getitem__(self, key: str) -> Any:
        return reduce(getattr, key.split("."), self.config)

    @property
    def costs(self) -> NDArray[np.float64]:
        """J before the update of each step (iterations,), fewer where it diverged."""
        return self.arrays("history")["train/cost"]

    @property
    def curves(self) -> Mapping[str, NDArray[np.float64]]:
        """What ``trainer.eval_every`` left along the way, each at the places ``steps``."""
        return self.arrays("history")

    @property
    def weights(self) -> Parameters:
        """[(W1, b1), ..., (WL, bL)] after the last step."""
        arrays = self.arrays("weights")
        return [(arrays[f"W{l}"], arrays[f"b{l}"]) for l in range(1, len(arrays) // 2 + 1)]

    @property
    def dataset(self) -> Dataset:
        """The data that it was trained on."""
        return dataset(self.config)

    def backprop(self) -> tuple[Network, Batch]:
        """The net before its first step, W1 in full, after one forward and backward pass over the training
        set, which is the batch."""
        cfg, data = deepcopy(self.config), self.dataset
        cfg.trainer.solver = "primal"
        network, _ = build_network(cfg, data)
        Y = data.train.targets(network.sizes[-1], network.theta.dtype)  # (n_L, m)
        batch = network.whole(Y, LOSSES[cfg.model.output, cfg.model.loss].delta)
        network.propagate(batch)
        return network, batch


def read_runs(cells: Sequence[Cell]) -> list[Run]:
    """The finished runs of these cells."""
    records = [record.read(cell.folder(home())) for cell in cells]
    return [
        Run(cell.config, rec.metrics, rec.arrays, rec.status, rec.fingerprint)
        for cell, rec in zip(cells, records, strict=True)
    ]


def grouped(runs: Sequence[Run], *keys: str) -> dict[Any, list[Run]]:
    """The runs by the value of a key, or by the values of several, in the order of the sweep."""
    groups: dict[Any, list[Run]] = {}
    for run in runs:
        values = tuple(run[key] for key in keys)
        groups.setdefault(values if len(keys) > 1 else values[0], []).append(run)
    return groups


# -- the folder ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Experiment:
    """A folder with an analysis."""

    folder: Path

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.name

    @property
    def sweeps(self) -> bool:
        """Is there something to train?"""
        return (self.folder / "sweep.yaml").is_file()

    @property
    def claim(self) -> str:
        """The README's first paragraph, which is one sentence."""
        _, paragraph, *_ = (self.folder / "README.md").read_text("utf-8").split("\n\n")
        return " ".join(paragraph.split())

    def module(self, name: str = "analysis") -> ModuleType:
        """The folder's own code: ``analysis`` or ``data``."""
        return load_code(self.folder, name)

    def judge(self, runs: Sequence[Run]) -> Verdict:
        """Analyse the runs; write ``verdict.json``, ``picture.png`` and the end of the README."""
        from nnlab.experiments import figures as panels  # matplotlib takes half a second

        analysis = self.module()
        with threadpool_limits(1):  # as cells are trained
            verdict: Verdict = analysis.analyse(runs)
            panels.save(analysis.picture(runs, verdict), self.folder / "picture.png")
        content = {"name": self.name, "claim": self.claim, **vars(verdict)}
        content["runs"] = [run.fingerprint[:16] for run in runs]
        (self.folder / "verdict.json").write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
        readme = self.folder / "README.md"
        head = readme.read_text("utf-8").partition(WRITTEN)[0].rstrip()
        readme.write_text(f"{head}\n\n{WRITTEN}{_result(verdict)}")
        return verdict


def _result(verdict: Verdict) -> str:
    rows = [f"| {name} | {_shown(value)} |" for name, value in verdict.figures.items()]
    lines = [
        f"\n**{verdict.verdict.capitalize()}.** {verdict.sentence}",
        "\n![What was measured](picture.png)",
        "\n| figure | value |\n|---|---|",
        *rows,
    ]
    return "\n".join(lines) + "\n"


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_shown, value))
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def find(names: Sequence[str] = ()) -> list[Experiment]:
    """The experiments of these names, or all; UserError where there is none."""
    if not EXPERIMENTS.is_dir():
        raise UserError(
            f"{EXPERIMENTS}: there is no such folder; experiments need nnlab's checkout "
            "(git clone, make setup)"
        )
    there = {
        path.parent.name: Experiment(path.parent) for path in sorted(EXPERIMENTS.glob("*/analysis.py"))
    }
    for name in names:
        if name not in there:
            raise UserError(f"{name}: there is no such experiment; give some of {', '.join(there)}")
    return [there[name] for name in names or there]


def write_index() -> Path:
    """Write ``experiments/README.md``: every folder that has a verdict, by name."""
    path = EXPERIMENTS / "README.md"
    head = path.read_text("utf-8").partition(WRITTEN)[0].rstrip()
    rows = []
    for file in sorted(EXPERIMENTS.glob("*/verdict.json")):
        content, name = json.loads(file.read_text("utf-8")), file.parent.name
        link = f"[{name}]({name}/README.md)"
        rows.append(f"| {link} | {content['claim']} | {content['verdict']} | {content['sentence']} |")
    table = "\n".join(["| | claim | verdict | result |", "|---|---|---|---|", *rows])
    path.write_text(f"{head}\n\n{WRITTEN}\n{table}\n")
    return path
