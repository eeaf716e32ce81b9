"""A sweep as Python gets it: its runs, a table of them, the map, the report."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from nnlab import tracking
from nnlab.cells.ranking import cost_beside, sort_key
from nnlab.errors import UserError
from nnlab.records.record import Record
from nnlab.results.explained import explained
from nnlab.results.run import Run

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go


class Sweep:
    """The nets of a grid, as `nnlab.sweep` and `nnlab.load` return them.

    >>> import nnlab
    >>> sweep = nnlab.sweep("model.depth=1,2", "seed=1,2", "trainer.iterations=20")
    >>> len(sweep.runs), sweep.best.status
    (4, 'finished')
    >>> sweep.frame()["model.depth"].tolist()
    [1, 1, 2, 2]
    """

    def __init__(
        self, sweep: tracking.Sweep, experiment: str, record_of: Callable[[tracking.Run], Record]
    ) -> None:
        self._sweep, self._experiment, self._record_of = sweep, experiment, record_of

    @property
    def id(self) -> str:
        """Its id, made from its cells: the same sweep again has the same one."""
        return self._sweep.id

    @property
    def name(self) -> str:
        """The name of its parent run in MLflow: the keys that vary, such as `depth × seed`."""
        return self._sweep.parent.name

    @property
    def runs(self) -> list[Run]:
        """All its runs, in the order of the grid; failed ones too, which have no record."""
        return [self._run(cell) for cell in self._sweep.cells]

    @property
    @explained
    def best(self) -> Run:
        """The best finished run of the best configuration, by the mean over seeds and folds.

        It is ranked by held-out examples if there are some, else by the test set, and so its score is a
        selected one. UserError if no net finished.
        """
        metric = self._sweep.select_by
        cost = cost_beside(metric)
        for configuration in self._sweep.ranked:
            finished = [r for r in configuration.runs if r.status == "finished" and metric in r.metrics]
            if finished:
                return self._run(
                    min(finished, key=lambda r: (sort_key(metric, r.metrics[metric]), r.metrics[cost]))
                )
        raise UserError(f"sweep {self.id}: no net finished; its frame() has the state of each")

    def frame(self) -> "pd.DataFrame":
        """A row for each run, by its id: name, status, state, the keys that vary, and all metrics.

        Numbers are numbers: a missing one is NaN. A list such as model.hidden is a tuple. If a net failed,
        the column ``error`` says why.
        """
        from nnlab.results.frame import frame  # loads pandas

        return frame(self._sweep.cells, self._sweep.keys)

    @explained
    def map(self) -> "go.Figure":
        """Where nets learn, get stuck or diverge over the keys that vary: the map of the report.

        UserError if no key varies but the seed.
        """
        from nnlab.reports import one_figure  # loads plotly

        return one_figure.sweep_map(self._sweep)

    @explained
    def report(self, output: str | Path | None = None) -> Path:
        """Write the page on this sweep, as `nnlab report` does, and return its path.

        ``output`` is the file to write; by default it stands under `reports/` in NNLAB_HOME. The page is
        made from MLflow: UserError if the sweep is not published, Failed if MLflow cannot be reached.
        """
        from nnlab.reports import sweep_report  # loads plotly

        return sweep_report.make(self.id, self._experiment, output)

    def _run(self, cell: tracking.Run) -> Run:
        return Run(cell, lambda: self._record_of(cell))

    def __repr__(self) -> str:
        from nnlab.results.display import sweep_text

        return sweep_text(self._sweep)

    def _repr_html_(self) -> str:
        from nnlab.results.display import sweep_html

        return sweep_html(self._sweep)
