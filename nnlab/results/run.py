"""A run as Python gets it: its numbers as arrays, its net, its curve."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nnlab import tracking
from nnlab.cells import weights
from nnlab.errors import UserError
from nnlab.records.record import Record
from nnlab.results.explained import explained

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

    from nnlab.results.predictions import Images


class Run:
    """A trained net, as `nnlab.train` and `nnlab.load` return it.

    >>> import nnlab
    >>> run = nnlab.train("model=logistic", "trainer.iterations=20")
    >>> run.status, 0.0 <= run.metrics["test/accuracy"] <= 1.0
    ('finished', True)
    >>> run.config["trainer.iterations"], run.costs.shape, run.weights["W1"].shape
    (20, (20,), (1, 12288))
    """

    def __init__(self, run: tracking.Run, record: Callable[[], Record]) -> None:
        """``record`` gets the record of the run; it is called when an array is first asked for."""
        self._run, self._fetch = run, record

    @property
    def id(self) -> str:
        """What names it: 16 letters of its fingerprint.

        Of a run that is only in MLflow its id there, of a record that is not among this home's its folder.
        """
        return self._run.id

    @property
    def name(self) -> str:
        """Its name in MLflow, such as `relu 4x20 s0.1 #3`."""
        return self._run.name

    @property
    def status(self) -> str:
        """`finished`, `diverged`, or `failed` for a net that has no record."""
        return self._run.status

    @property
    def state(self) -> str:
        """Like ``status``, but of a finished net `learnt` or `stuck` (no better than a constant answer)."""
        return self._run.state

    @property
    def config(self) -> Mapping[str, Any]:
        """The configuration by the keys of the command line: ``run.config["model.depth"]``."""
        return dict(self._run.params)

    @property
    def metrics(self) -> Mapping[str, float]:
        """The numbers at the end, such as ``run.metrics["test/accuracy"]``; a diverged net has no score."""
        return dict(self._run.metrics)

    @property
    @explained
    def costs(self) -> NDArray[np.float64]:
        """J before the update of each step (steps,); fewer steps if the training diverged.

        UserError if the run has no record, as a failed one.
        """
        costs: NDArray[np.float64] = self._record.arrays("history")["train/cost"]
        return costs

    @property
    @explained
    def weights(self) -> Mapping[str, NDArray[np.floating[Any]]]:
        """`W1` (n_1, n_0), `b1` (n_1, 1), ..., `WL`, `bL` after the last step, read at each call.

        UserError if the record keeps none, or keeps W1 as coefficients over data that are gone.
        """
        return weights(self._record)

    @explained
    def predict(self, images: "Images") -> "pd.DataFrame":
        """What the net sees: a row for each image, with its ``class`` and that class's ``probability``.

        ``images`` are an array as in the data set, (k, height, width, 3) uint8 or features (k, n_0), or
        image files of any size, or folders of them. Of a regression the columns are the outputs, from 1.

        UserError if they do not fit the net, or if a file is no image.

        >>> import nnlab, numpy as np
        >>> run = nnlab.train("model=logistic", "trainer.iterations=20")
        >>> run.predict(np.zeros((2, 64, 64, 3), np.uint8)).columns.tolist()
        ['class', 'probability']
        """
        from nnlab.results.predictions import predicted  # loads pandas

        return predicted(self._record, images)

    @explained
    def plot(self) -> "go.Figure":
        """The training cost against the step, as in the report."""
        from nnlab.reports import one_figure  # loads plotly

        return one_figure.learning_curve(self.name, self.costs, self.status == "diverged")

    @cached_property
    def _record(self) -> Record:
        if not self._run.done:
            reason = self._run.error or self.status
            raise UserError(f"{self.name}: it has no record ({reason}); the same sweep again trains it")
        return self._fetch()

    def __repr__(self) -> str:
        from nnlab.results.display import run_text

        return run_text(self._run)

    def _repr_html_(self) -> str:
        from nnlab.results.display import run_html

        return run_html(self._run)
