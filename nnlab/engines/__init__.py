"""Where the cells of a sweep are trained: an engine takes batches of cells and tells what becomes of them.

A new engine is one file here, with a ``start``, and one file in ``conf/engine/``.
"""

from nnlab.engines.engine import Engine, start
from nnlab.engines.events import Batch, Checkpoint, Costs, Event, Failure, Lost, NoData, Trained

__all__ = [
    "Batch",
    "Checkpoint",
    "Costs",
    "Engine",
    "Event",
    "Failure",
    "Lost",
    "NoData",
    "Trained",
    "start",
]
