"""Sweeps: from overrides to a plan, its workers, and its output.

Its modules load on demand: a worker needs neither Hydra nor the tracking store.
"""

__all__ = [
    "console",
    "experiment_data",
    "grid",
    "launchers",
    "report",
    "run",
    "worker",
]
