"""Runs as a pandas table in which numbers are numbers."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from nnlab.tracking import Run


def frame(runs: Iterable[Run], keys: Sequence[str] | None = None) -> pd.DataFrame:
    """A row for each run, by its id: name, status, state, the configuration's keys, the metrics.

    ``keys`` are all keys by default. The column ``error`` is there if a run failed.
    """
    rows = [_row(run, keys) for run in runs]
    table = pd.DataFrame(rows) if rows else pd.DataFrame(columns=["id", "name", "status", "state"])
    for key in table.columns[table.isna().all()]:
        table[key] = np.nan  # of None alone pandas would make a column of objects
    return table.set_index("id")


def _row(run: Run, keys: Sequence[str] | None) -> dict[str, Any]:
    said = {"error": run.error} if run.error else {}
    params = run.params if keys is None else {key: run.params.get(key) for key in keys}
    values = {key: tuple(value) if isinstance(value, list) else value for key, value in params.items()}
    return {
        "id": run.id, "name": run.name, "status": run.status, "state": run.state,
        **said, **values, **run.metrics,
    }  # fmt: skip
