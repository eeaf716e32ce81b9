"""Which records a store has, in all its experiments."""

from pathlib import Path

from nnlab.tracking.runs import DONE
from nnlab.tracking.store import connected


def published(home: Path) -> set[str]:
    """The fingerprints of all records that the store has, also of runs that the user has deleted.

    Unavailable if the store cannot be reached.
    """
    with connected(home, "nnlab") as store:
        found = [run.data.tags for run in store.search("tags.`nnlab.kind` = 'cell'", deleted=True)]
    done = [tags for tags in found if tags.get("nnlab.status") in DONE]
    return {tags["nnlab.fingerprint"] for tags in done if "nnlab.fingerprint" in tags}
