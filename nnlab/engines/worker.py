"""What a worker does, wherever it runs: it trains the cells of a batch and sends what becomes of them.

It writes no record: the driver does.
"""

import os
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import SimpleQueue

from nnlab.cells import Cell, costs_so_far, packed_record, reason
from nnlab.engines.events import Batch, Checkpoint, Costs, Event, Failure, NoData, OnTheWay, Trained
from nnlab.engines.worker_data import data_of
from nnlab.errors import Failed
from nnlab.nn import Callback
from nnlab.records import code_digest


def work(batch: Batch, send: Callable[[Event], None], *callbacks: Callback) -> None:
    """Train the cells of a batch, one after the other; ``callbacks`` look at each training on the way."""
    for cell in batch.cells:
        send(_outcome(cell, batch, send, callbacks))


def work_elsewhere(batch: Batch, send: Callable[[Event], None], *callbacks: Callback) -> None:
    """As ``work``, without the driver's home; data that were sent are kept in a temporary one."""
    os.environ["NNLAB_HOME"] = str(Path(tempfile.gettempdir()) / f"nnlab-worker-{os.getuid()}")
    work(batch, send, *callbacks)


def stream(batch: Batch) -> Iterator[Event]:
    """The events of a batch that is trained elsewhere, as they come: it is trained in a thread."""
    events: SimpleQueue[Event] = SimpleQueue()
    threading.Thread(target=work_elsewhere, args=(batch, events.put), daemon=True).start()
    left = len(batch.cells)
    while left:
        event = events.get()
        left -= not isinstance(event, OnTheWay)
        yield event


def _outcome(
    cell: Cell, batch: Batch, send: Callable[[Event], None], callbacks: tuple[Callback, ...]
) -> Trained | Failure | NoData:
    """Train a cell; its costs so far are sent on the way."""
    name, started = cell.fingerprint, time.time()
    sender = costs_so_far(started, lambda costs: send(Costs(name, started, costs)))
    try:
        if code_digest() != batch.code_digest:
            raise Failed(
                f"the worker has other code ({code_digest()[:12]}) than the driver "
                f"({batch.code_digest[:12]}); install the same nnlab on both"
            )
        data = data_of(cell, batch.data)
        if data is None:
            return NoData(name)
        beginning = batch.beginnings.get(name)
        contents = packed_record(
            cell, data, [sender, *callbacks], beginning, lambda content: send(Checkpoint(name, content))
        )
        return Trained(name, contents)
    except Exception as error:
        return Failure(name, reason(error), traceback.format_exc(), started, time.time())
