"""nnlab's entries in Hydra's ConfigStore: they are there only while nnlab composes.

That store is one for the whole process. A program that uses Hydra itself has its own entries in it, perhaps
under the same names.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hydra.core.config_store import ConfigStore
from hydra.core.plugins import Plugins

_ENTRIES: dict[tuple[str | None, str], dict[str, Any]] = {}  # by group and name


def add(name: str, node: Any, group: str | None = None, package: str | None = None) -> None:
    """Make a config known to nnlab, as an option of a group or of none."""
    _ENTRIES[group, name] = {"name": name, "node": node, "group": group, "package": package}


def names(group: str) -> list[str]:
    """The options that were added to a group."""
    return [name for of, name in _ENTRIES if of == group]


@contextmanager
def entered() -> Iterator[None]:
    """The entries are in Hydra's store; after the block it is as it was."""
    Plugins.instance()  # a plugin adds entries for all when it is first loaded
    store = ConfigStore.instance()
    others, store.repo = store.repo, _copied(store.repo)
    try:
        for entry in _ENTRIES.values():
            store.store(**entry, provider="nnlab")
        yield
    finally:
        store.repo = others


def _copied(folder: dict[str, Any]) -> dict[str, Any]:
    return {name: _copied(one) if isinstance(one, dict) else one for name, one in folder.items()}
