"""Overrides: what a command line changes of the configuration, read and checked before composition."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from hydra.core.config_store import ConfigStore
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override

from nnlab.config.paths import CONF
from nnlab.config.schema import GROUPS, SECTIONS, is_key, unknown_key
from nnlab.errors import UserError

SEARCH_PATH = "hydra.searchpath"


def quoted(text: str) -> str:
    """A text as the value of a Hydra override; it may have any characters."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


@lru_cache(10_000)
def parsed(text: str) -> Override:
    """An override as Hydra reads it; shared, so not to be changed."""
    (override,) = OverridesParser.create().parse_overrides([text])
    return override


def option_folder(folder: Path) -> str:
    """The override that makes Hydra look for config groups in ``folder`` too."""
    return f"{SEARCH_PATH}=[{quoted(f'file://{folder.absolute()}')}]"


def check_overrides(texts: Sequence[str]) -> None:
    """Raise a UserError for an override that no composition of one configuration can have."""
    folders = option_folders(texts)
    for override in map(parsed, texts):
        check_key(override, folders)
        if override.is_sweep_override():
            raise UserError(
                f"{override.input_line}: one value is needed here; `nnlab sweep` trains several"
            )
        _check_group(override, folders)


def check_key(override: Override, folders: Sequence[Path] = (CONF,)) -> None:
    """Raise a UserError for a key that neither the schema nor Hydra has."""
    key = override.key_or_group
    if not (key.startswith("hydra.") or key in SECTIONS or is_key(key) or is_group(key, folders)):
        raise unknown_key(key)


def _check_group(override: Override, folders: Sequence[Path]) -> None:
    """A config group takes a name, and those that make a cell cannot be left out."""
    key = override.key_or_group
    if override.is_delete():
        if key in GROUPS:
            raise unknown_key(key)
    elif is_group(key, folders) and not isinstance(override.value(), str | list | dict):
        names = ", ".join(options(key, folders))
        remedy = f"give one of {names}" if names else "this group has none"
        raise UserError(f"{key}: a group takes the name of one of its options; {remedy}")


def is_group(key: str, folders: Sequence[Path] = (CONF,)) -> bool:
    """Is this the name of a config group, such as ``model``, and not the key of a value?"""
    return "/" in key or key in GROUPS or bool(options(key, folders))


def options(group: str, folders: Sequence[Path] = (CONF,)) -> list[str]:
    """The names of a group's options: files in the folders, and what is registered."""
    files = {path.stem for folder in folders for path in (folder / group).glob("*.yaml")}
    try:
        registered = ConfigStore.instance().list(group)
    except OSError:  # nothing is registered in this group
        registered = []
    return sorted(files | {Path(name).stem for name in registered if name.endswith(".yaml")})


def option_folders(texts: Sequence[str]) -> list[Path]:
    """The folders with config groups: the project's own, and those that overrides add."""
    added: list[Any] = []
    for text in texts:
        if text.startswith(f"{SEARCH_PATH}="):
            value = parsed(text).value()
            added += value if isinstance(value, list) else []
    return [CONF, *(Path(str(each).removeprefix("file://")) for each in added)]
