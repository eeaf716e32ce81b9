"""Results: the runs of a sweep as the tracking store has them, grouped over what is only repetition."""

import json
import re
import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from nnlab.errors import UserError

NUISANCE = ("seed", "data.fold")  # keys that repeat a configuration; all else is the configuration
REPEATED = re.compile(r"#\d+|f\d+/\d+")  # seed and fold in a run's name
FIGURES = ("accuracy", "rmse")  # what nets are ranked by: those that tell classes, those of a regression
DONE = ("finished", "stuck", "diverged")  # the states of a cell that has figures


@dataclass(frozen=True)
class Run:
    """One run of the store."""

    id: str
    name: str
    status: str  # the tag nnlab.status, or MLflow's word where there is none
    started: float  # seconds since 1970
    ended: float | None
    params: Mapping[str, Any]  # values by dotted key
    metrics: Mapping[str, float]  # the last value of each
    tags: Mapping[str, str]
    artifacts: str  # their address, as the store knows it

    @property
    def state(self) -> str:
        """The status; ``stuck`` if it finished no better on its training set than a constant answer."""
        for keys in (("accuracy", "majority"), ("deviation", "rmse")):
            high, low = (self.metrics.get(f"train/{key}") for key in keys)
            if self.status == "finished" and high is not None and low is not None:
                return "stuck" if high <= low else "finished"
        return self.status

    @property
    def error(self) -> str:
        """Why it failed."""
        return self.tags.get("nnlab.error", "")


def parse(text: str) -> Any:
    """A parameter's value: JSON where it is, else the text itself."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def shown(value: Any) -> str:
    """A parameter's value for people: `0.1`, `20-7-5`, `none`."""
    if isinstance(value, bool | str):
        return str(value)
    if isinstance(value, list):
        return "-".join(map(str, value)) or "none"
    return "none" if value is None else f"{value:g}"


@dataclass(frozen=True)
class Configuration:
    """The done runs that differ by nuisance keys alone, in these keys' order."""

    runs: tuple[Run, ...]
    select_by: str

    @property
    def name(self) -> str:
        """The runs' name without fold and seed."""
        return " ".join(part for part in self.runs[0].name.split() if not REPEATED.fullmatch(part))

    def mean(self, metric: str) -> float:
        """The mean over the runs that have this metric; NaN if none has. A diverged run's rmse is inf."""
        values = self.values(metric)
        if is_error(metric) and len(values) < len(self.runs):
            return float("inf")
        return statistics.fmean(values) if values else float("nan")

    def values(self, metric: str) -> list[float]:
        """The runs' values of a metric."""
        return [run.metrics[metric] for run in self.runs if metric in run.metrics]

    @cached_property
    def middle(self) -> Run:
        """The run in the middle of those that it is ranked by (the lower of two), which stands for all."""
        metric = self.select_by
        worst = float("inf") if is_error(metric) else 0.0
        ordered = sorted(self.runs, key=lambda run: -worse(metric, run.metrics.get(metric, worst)))
        return ordered[(len(ordered) - 1) // 2]


@dataclass(frozen=True)
class Sweep:
    """A parent run and its cells."""

    parent: Run
    cells: tuple[Run, ...]

    @property
    def id(self) -> str:
        """The sweep's id."""
        return self.parent.tags["nnlab.sweep"]

    @cached_property
    def done(self) -> list[Run]:
        """The cells that have figures, diverged ones too."""
        return [cell for cell in self.cells if cell.state in DONE]

    @cached_property
    def keys(self) -> list[str]:
        """The parameters that vary: of the keys that were swept, where the parent says so, else of all."""
        varied = [
            key
            for key in dict.fromkeys(key for cell in self.cells for key in cell.params)
            if len({json.dumps(cell.params[key]) for cell in self.cells if key in cell.params}) > 1
        ]
        swept = [key for key in self.parent.tags.get("nnlab.swept", "").split(",") if key]
        kept = [
            key for s in swept for key in self._distinct([v for v in varied if f"{v}.".startswith(f"{s}.")])
        ]
        return list(dict.fromkeys(kept)) or self._distinct(varied)

    def _distinct(self, keys: Sequence[str]) -> list[str]:
        """The keys without those whose value an earlier one decides, as model.depth by model.hidden."""
        kept: list[str] = []
        for key in keys:
            if not any(self._decides(earlier, key) for earlier in kept):
                kept.append(key)
        return kept

    def _decides(self, one: str, other: str) -> bool:
        pairs = {(json.dumps(c.params.get(one)), json.dumps(c.params.get(other))) for c in self.cells}
        return len({first for first, _ in pairs}) == len(pairs)

    @cached_property
    def regression(self) -> bool:
        """Were its nets trained on real targets, and not on classes?"""
        return any("train/deviation" in c.metrics for c in self.done)

    @property
    def figure(self) -> str:
        """What its nets are ranked by."""
        return FIGURES[self.regression]

    @cached_property
    def select_by(self) -> str:
        """The metric that cells are ranked by: on held-out examples, if all have some."""
        held_out, sound = f"validation/{self.figure}", [c for c in self.done if c.state != "diverged"]
        return held_out if sound and all(held_out in c.metrics for c in sound) else f"test/{self.figure}"

    @cached_property
    def ranked(self) -> list[Configuration]:
        """The configurations, the best first."""
        return rank(self.done, self.select_by)


def rank(runs: Sequence[Run], select_by: str) -> list[Configuration]:
    """The configurations of done runs, the best mean over their runs first, then the lowest cost.

    The cost is that on the same examples. A diverged run counts with the accuracy that it has: an answer
    that is no number is wrong. Of errors the lowest is the best.
    """
    groups: dict[str, list[Run]] = defaultdict(list)
    for run in runs:
        content = {key: value for key, value in run.params.items() if key not in NUISANCE}
        groups[json.dumps(content, sort_keys=True)].append(run)
    found = [
        Configuration(tuple(sorted(g, key=lambda r: [str(r.params.get(k)) for k in NUISANCE])), select_by)
        for g in groups.values()
    ]
    cost = cost_beside(select_by)

    def order(group: Configuration) -> tuple[float, float]:
        whole = len(group.values(cost)) == len(group.runs)
        return worse(select_by, group.mean(select_by)), group.mean(cost) if whole else float("inf")

    return sorted(found, key=order)


def is_error(metric: str) -> bool:
    """Is it the better the lower, as no accuracy is?"""
    return metric.endswith("/rmse")


def worse(metric: str, value: float) -> float:
    """A figure turned so that less is better."""
    return value if is_error(metric) else -value


def cost_beside(figure: str) -> str:
    """The cost on the examples of a figure: `test/cost` for `test/accuracy`."""
    return f"{figure.partition('/')[0]}/cost"


def named(text: str, runs: Sequence[Run], where: str, ignore: str = "") -> Run:
    """The run whose id begins with ``text``, or whose name it is; ``ignore``: a tag of those not meant.

    Runs of one fingerprint, as of two sweeps that share a cell, are the same: any of them will do.
    """
    if not text:
        raise UserError("RUN: is empty; give a run id, the beginning of one, or a record's folder")
    found = [run for run in runs if run.id.startswith(text)] or [
        run for run in runs if run.name == text and ignore not in run.tags
    ]
    different = list({run.tags.get("nnlab.fingerprint"): run for run in found}.values())
    if len(different) == 1:
        return found[0]
    if not found:
        raise UserError(
            f"{text}: no run of {where} has this id or name; give a run id, the beginning of one, "
            "or a record's folder"
        )
    names = ", ".join(_apart(different))
    raise UserError(f"{text}: {len(different)} runs of {where} are called so; give one of {names}")


def _apart(runs: Sequence[Run]) -> list[str]:
    """The ids of some runs, with the first key whose values tell them apart."""
    keys = dict.fromkeys(key for run in runs for key in run.params)
    key = next((key for key in keys if len({str(run.params.get(key)) for run in runs}) > 1), None)
    return [f"{run.id[:12]} ({key}={run.params.get(key)})" if key else run.id[:12] for run in runs[:4]]


def find_sweep(text: str | None, parents: Sequence[Run], where: str) -> Run:
    """The parent whose sweep id or run id begins with ``text``, or of this name; without, the latest."""
    if not parents:
        raise UserError(f"{where} has no sweep yet; `nnlab sweep` makes one")
    if not text:
        return max(parents, key=lambda run: max(run.started, run.ended or 0.0))
    begins = [run for run in parents if run.tags["nnlab.sweep"].startswith(text) or run.id.startswith(text)]
    found = begins or [run for run in parents if run.name == text]
    if len(found) == 1:
        return found[0]
    known = ", ".join(run.tags["nnlab.sweep"] for run in (found or parents)[:4])
    what = "more than one sweep" if found else "no sweep"
    raise UserError(f"{text}: {what} of {where} has this id or name; there are {known}")
