"""nnlab: sweeps over plain deep nets, trained exactly, with permanent records."""

from nnlab.lazy import attribute as __getattr__  # noqa: F401
from nnlab.lazy import attributes as __dir__  # noqa: F401

__all__ = [
    "Failed",
    "Rerun",
    "Run",
    "Sweep",
    "SweepRerun",
    "UserError",
    "load",
    "nn",
    "rerun",
    "runs",
    "sweep",
    "train",
]
