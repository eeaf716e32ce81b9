"""Finding a recorded run: on this disk, or in the tracking store."""

from pathlib import Path

from nnlab.errors import Failed
from nnlab.record import Record
from nnlab.rerun import find_local


def find_record(text: str, home: Path, experiment: str, scratch: Path) -> tuple[Record, str | None]:
    """The record that ``text`` names, and its run's id where it was fetched into ``scratch``.

    ``text`` is a record's folder, the beginning of its fingerprint, or an MLflow run: its id, the
    id's beginning, or its name. UserError where there is none; Failed where the store is away.
    """
    if (found := find_local(text, home)) is not None:
        return found, None
    from nnlab import tracking

    try:
        reader = tracking.Tracker(home, experiment).reader
        run = reader.cell(text)
        return reader.fetch_record(run, scratch / run.id), run.id
    except tracking.Unavailable as error:
        raise Failed(f"MLflow: {str(error).splitlines()[0]}") from None
