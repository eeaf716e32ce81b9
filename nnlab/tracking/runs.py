"""Tracked runs as plain values: a cell's run, a sweep with its cells, and how a user names them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from nnlab.cells.findings import shown, varied_keys
from nnlab.cells.ranking import Configuration, Result, rank, ranked_by
from nnlab.errors import UserError
from nnlab.records import SCORES


class NotFound(UserError):
    """A run or sweep that the store does not have: what was looked for and where, and a remedy."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"{what}; {remedy}")
        self.what = what


DONE = ("finished", "diverged")  # the statuses of a cell that has a record


@dataclass(frozen=True)
class Run(Result):
    """One run of the store. ``status`` is its tag nnlab.status, or MLflow's status without that tag."""

    started: float  # seconds since 1970
    ended: float | None
    tags: Mapping[str, str]
    artifacts: str  # their address in the store

    @property
    def done(self) -> bool:
        """Does it have a record, and so metrics?"""
        return self.status in DONE

    @property
    def error(self) -> str:
        """Why it failed."""
        return self.tags.get("nnlab.error", "")


@lru_cache(maxsize=10_000)
def parse(text: str) -> Any:
    """A parameter's value: read as JSON if it is JSON, else the text itself. Many runs share it."""
    try:
        return json.loads(text)
    except ValueError:
        return text


@dataclass(frozen=True)
class Sweep:
    """A parent run and the runs of its cells."""

    parent: Run
    cells: tuple[Run, ...]

    @property
    def id(self) -> str:
        """The sweep's id."""
        return self.parent.tags["nnlab.sweep"]

    @cached_property
    def done(self) -> list[Run]:
        """The cells that have metrics, diverged ones too."""
        return [cell for cell in self.cells if cell.done]

    @cached_property
    def keys(self) -> list[str]:
        """The parameters that vary: among the swept keys if the parent names them, else among all."""
        swept = [key for key in self.parent.tags.get("nnlab.swept", "").split(",") if key]
        return varied_keys([cell.params for cell in self.cells], swept)

    def values(self, key: str) -> dict[str, Any]:
        """The values that a key takes, by the way they are shown."""
        if key not in self._values:
            self._values[key] = {shown(cell.params.get(key)): cell.params.get(key) for cell in self.cells}
        return self._values[key]

    @cached_property
    def _values(self) -> dict[str, dict[str, Any]]:
        """What ``values`` has found, since a page asks for it many times."""
        return {}

    @cached_property
    def regression(self) -> bool:
        """Were its nets trained on real targets, and not on classes?"""
        return any("train/deviation" in c.metrics for c in self.done)

    @property
    def score(self) -> str:
        """What its nets are ranked by: `accuracy` or `rmse`."""
        return SCORES[self.regression]

    @cached_property
    def select_by(self) -> str:
        """The metric that cells are ranked by: the score on held-out examples, or on the test set."""
        return ranked_by(self.score, [cell.params for cell in self.cells])

    @cached_property
    def ranked(self) -> list[Configuration[Run]]:
        """The configurations of the cells that have metrics, the best first."""
        return rank(self.done, self.select_by)


def find_cell(text: str, runs: Sequence[Run], where: str, last: str = "") -> Run:
    """The run whose id begins with ``text``, or that has this name; UserError unless there is exactly one.

    Of runs with this name those that have the tag ``last`` count if there is no other. Several runs of one
    fingerprint, such as two sweeps' runs of a shared cell, say the same: the first of them is taken.
    """
    if not text:
        raise UserError("RUN: is empty; give a run id, the beginning of one, or a record's folder")
    named = [run for run in runs if run.name == text]
    found = (
        [run for run in runs if run.id.startswith(text)]
        or [run for run in named if last not in run.tags]
        or named
    )
    different = list({run.tags.get("nnlab.fingerprint"): run for run in found}.values())
    if len(different) == 1:
        return found[0]
    if not found:
        raise NotFound(
            f"{text}: no run of {where} has this id or name",
            "give a run id, the beginning of one, or a record's folder",
        )
    names = ", ".join(_told_apart(different))
    raise UserError(f"{text}: {len(different)} runs of {where} have this name; give one of {names}")


def _told_apart(runs: Sequence[Run]) -> list[str]:
    """The ids of some runs, each with its value of the first key that varies among them."""
    keys = dict.fromkeys(key for run in runs for key in run.params)
    key = next((key for key in keys if len({str(run.params.get(key)) for run in runs}) > 1), None)
    return [f"{run.id[:12]} ({key}={run.params.get(key)})" if key else run.id[:12] for run in runs[:4]]


def find_sweep(text: str | None, parents: Sequence[Run], where: str) -> Run:
    """The parent run whose sweep id or run id begins with ``text``, or with this name; else the latest."""
    if not parents:
        raise NotFound(f"{where} has no sweep yet", "`nnlab sweep` makes one")
    if not text:
        return max(parents, key=lambda run: max(run.started, run.ended or 0.0))
    begins = [run for run in parents if run.tags["nnlab.sweep"].startswith(text) or run.id.startswith(text)]
    found = begins or [run for run in parents if run.name == text]
    if len(found) == 1:
        return found[0]
    known = ", ".join(run.tags["nnlab.sweep"] for run in (found or parents)[:4])
    if found:
        raise UserError(f"{text}: more than one sweep of {where} has this id or name; there are {known}")
    raise NotFound(f"{text}: no sweep of {where} has this id or name", f"there are {known}")
