"""What Python gets back: a run and a sweep as objects, with arrays, tables and figures.

Their modules load pandas and plotly only when a table or a figure is asked for.
"""

from nnlab.results.explained import explained
from nnlab.results.find import load, recorded_run, recorded_sweep, runs
from nnlab.results.run import Run
from nnlab.results.sweep import Sweep

__all__ = [
    "Run",
    "Sweep",
    "explained",
    "load",
    "recorded_run",
    "recorded_sweep",
    "runs",
]
