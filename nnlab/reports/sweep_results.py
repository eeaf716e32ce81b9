"""What the panels of a page are made of: the runs of a sweep, and arrays of their records."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from nnlab.cells import trials
from nnlab.cells.findings import (
    COMPARED,
    Compared,
    Importance,
    Predictions,
    compare_with_best,
    headline,
    importance,
)
from nnlab.cells.ranking import Configuration
from nnlab.cells.trials import Search
from nnlab.config import Config
from nnlab.errors import UserError
from nnlab.nn import Array
from nnlab.records.record import MARKER
from nnlab.reports.records import Records
from nnlab.tracking import Reader, Run, Sweep, Unavailable, location


@dataclass
class SweepResults:
    """A sweep as its tracking store has it. Each array is fetched once, when a panel first asks for it."""

    sweep: Sweep
    reader: Reader | Records
    home: Path  # the folder in which the data of the sweep are searched
    config: Config | None  # of one of its cells, if this machine trained them
    scratch: Path  # a folder for downloads
    _costs: dict[str, Array] = field(default_factory=dict)

    @cached_property
    def search(self) -> Search | None:
        """The trials of a search: from this home, else from the artifacts of its parent run."""
        path = trials.path_of(self.home, self.sweep.id)
        try:
            if not path.is_file() and self.sweep.parent.tags.get("nnlab.search"):
                path = self.reader.file(self.sweep.parent, trials.ARTIFACT, self.scratch / "search")
            return trials.read(path)
        except (UserError, Unavailable):  # a file that was changed or is gone says nothing
            return None

    @property
    def server(self) -> str:
        """The address of the tracking server; empty if the store is a file."""
        return self.reader.uri if location.is_server(self.reader.uri) else ""

    def costs(self, runs: Sequence[Run]) -> dict[str, Array]:
        """The training cost of every step (steps,), by the runs' ids."""
        missing = [run for run in runs if run.id not in self._costs]
        fetched = self.reader.arrays(missing, "history", self.scratch)
        self._costs |= {run_id: history["train/cost"] for run_id, history in fetched.items()}
        return {run.id: self._costs[run.id] for run in runs}

    @cached_property
    def trained(self) -> list[Configuration[Run]]:
        """The configurations of which a run did not diverge, the best first."""
        return [c for c in self.sweep.ranked if c.diverged < len(c.runs)]

    @cached_property
    def compared(self) -> list[Compared[Run]]:
        """The best configurations, each tested against the best one if the nets predict classes."""
        best = self.trained[:COMPARED]
        asked = [] if self.sweep.regression else [configuration.middle for configuration in best]
        fetched = self.reader.arrays(asked, "predictions", self.scratch)
        predictions = {run_id: Predictions.of_record(arrays) for run_id, arrays in fetched.items()}
        return compare_with_best(best, predictions)

    @cached_property
    def headline(self) -> list[str]:
        """What the sweep found, in sentences."""
        return headline(self.sweep.cells, self.sweep.keys, self.trained, self.compared)

    @cached_property
    def importance(self) -> dict[str, Importance]:
        """How much of a metric each key explains: of the one on the training set, and of the ranked one.

        A metric that is the same everywhere is left out.
        """
        found = {}
        for metric in (f"train/{self.sweep.score}", self.sweep.select_by):
            cells = [cell for cell in self.sweep.done if metric in cell.counted]
            if shares := importance(cells, self.sweep.keys, metric):
                found[metric] = shares
        return found

    def marker(self, run: Run) -> dict[str, Any]:
        """What the record of a run says of itself: its configuration, digests and provenance."""
        path = self.reader.file(run, MARKER, self.scratch / "marker")
        content: dict[str, Any] = json.loads(path.read_text("utf-8"))
        return content

    def rerun_command(self, run: Run) -> str:
        """The command that trains a run again."""
        experiment = "" if self.reader.experiment == "nnlab" else f" --experiment {self.reader.experiment}"
        return f"nnlab rerun {run.id[:8]}{experiment}"
