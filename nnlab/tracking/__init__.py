"""MLflow: publishes records, reads tracked runs back, and finds the store.

Importing this package does not import MLflow, which takes 3 to 5 seconds.
"""

from nnlab.cells.findings import shown
from nnlab.tracking.background import publishing
from nnlab.tracking.find_run import find_record, recorded
from nnlab.tracking.parents import open_parent
from nnlab.tracking.publication import Publication, on_deleted, on_waiting
from nnlab.tracking.published import published
from nnlab.tracking.publisher import Publisher
from nnlab.tracking.reader import Reader
from nnlab.tracking.records_alone import publisher_of
from nnlab.tracking.runs import NotFound, Run, Sweep
from nnlab.tracking.store import Store, Unavailable, connected, reaching
from nnlab.tracking.tracker import Tracker
from nnlab.tracking.ui_address import UIAddress

__all__ = [
    "NotFound",
    "Publication",
    "Publisher",
    "Reader",
    "Run",
    "Store",
    "Sweep",
    "Tracker",
    "UIAddress",
    "Unavailable",
    "connected",
    "find_record",
    "from_records",
    "location",
    "moved_home",
    "on_deleted",
    "on_waiting",
    "open_parent",
    "published",
    "publisher_of",
    "publishing",
    "reaching",
    "recorded",
    "shown",
    "ui_links",
    "ui_server",
    "write_ahead",
]
