"""What the panels of a page are made of: the runs of a sweep, and arrays of their records."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from nnlab.config import Config
from nnlab.nn import Array
from nnlab.records.record import MARKER
from nnlab.reports import significance
from nnlab.reports.paired_tests import Compared, compare_with_best
from nnlab.reports.predictions import Predictions
from nnlab.tracking import Reader, Run, Sweep, location

COMPARED = 20  # configurations in the table of the best ones


@dataclass
class SweepResults:
    """A sweep as its tracking store has it. Each array is fetched once, when a panel first asks for it."""

    sweep: Sweep
    reader: Reader
    home: Path  # the folder in which the data of the sweep are searched
    config: Config | None  # of one of its cells, if this machine trained them
    scratch: Path  # a folder for downloads
    _costs: dict[str, Array] = field(default_factory=dict)

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
    def compared(self) -> list[Compared]:
        """The best configurations, each tested against the best one if the nets predict classes."""
        best = self.sweep.ranked[:COMPARED]
        asked = [] if self.sweep.regression else [configuration.middle for configuration in best]
        fetched = self.reader.arrays(asked, "predictions", self.scratch)
        predictions = {run_id: Predictions.of_record(arrays) for run_id, arrays in fetched.items()}
        return compare_with_best(best, predictions)

    @cached_property
    def importance(self) -> dict[str, significance.Shares]:
        """For the ranked metric and the one on the training set: how much of it each key explains."""
        shares: dict[str, significance.Shares] = {}
        for metric in (self.sweep.select_by, f"train/{self.sweep.score}"):
            cells = [cell for cell in self.sweep.done if metric in cell.metrics]
            rows, values = [cell.params for cell in cells], [cell.metrics[metric] for cell in cells]
            shares[metric] = significance.importance(rows, self.sweep.keys, values)
        return shares

    def marker(self, run: Run) -> dict[str, Any]:
        """What the record of a run says of itself: its configuration, digests and provenance."""
        path = self.reader.download(run, MARKER, self.scratch / "marker")
        content: dict[str, Any] = json.loads(path.read_text("utf-8"))
        return content

    def rerun_command(self, run: Run) -> str:
        """The command that trains a run again."""
        experiment = "" if self.reader.experiment == "nnlab" else f" --experiment {self.reader.experiment}"
        return f"nnlab rerun {run.id[:8]}{experiment}"
