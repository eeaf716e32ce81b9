"""Sweeps: from overrides to a plan, its workers, and its output.

Its modules load on demand: a worker needs neither Hydra nor the tracking store.
"""

__all__ = [
    "console",
    "driver",
    "engine_keys",
    "experiment_data",
    "grid",
    "progress_bar",
    "report",
    "rerun_sweep",
    "run",
    "train_one",
]
