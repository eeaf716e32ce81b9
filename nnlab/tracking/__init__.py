"""MLflow: publishes records, reads tracked runs back, and finds the store.

Importing this package does not import MLflow, which takes 3 to 5 seconds.
"""

from nnlab.tracking.background import publishing
from nnlab.tracking.find_run import find_record, recorded
from nnlab.tracking.parents import open_parent
from nnlab.tracking.publisher import Publication, Publisher
from nnlab.tracking.reader import Reader
from nnlab.tracking.runs import Run, Sweep, shown
from nnlab.tracking.store import Store, Unavailable, connected
from nnlab.tracking.tracker import Tracker

__all__ = [
    "Publication",
    "Publisher",
    "Reader",
    "Run",
    "Store",
    "Sweep",
    "Tracker",
    "Unavailable",
    "connected",
    "find_record",
    "location",
    "open_parent",
    "publishing",
    "recorded",
    "shown",
]
