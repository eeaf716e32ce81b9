"""Overrides: what a command line changes of the configuration, read and checked before composition."""

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override

from nnlab.config import own_store
from nnlab.config.groups import LAUNCHER, LAUNCHERS
from nnlab.config.paths import CONF, given
from nnlab.config.quoted import quoted
from nnlab.config.schema import GROUPS, SECTIONS, is_key, unknown_key
from nnlab.errors import UserError

SEARCH_PATH, CONFIG_NAME = "hydra.searchpath", "hydra.job.config_name"
N_JOBS = "hydra.launcher.n_jobs"
# in the value of an override: a quoted text, or an unquoted element that begins with ~
TEXT_OR_TILDE = re.compile(r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|(?<![^=,\[(:{\s])~[^,\])}]*""")


def with_home_folder(text: str) -> str:
    """An override with the home folder in the place of each unquoted `~`, which Hydra cannot read there."""
    key, equals, value = text.partition("=")
    return key + equals + TEXT_OR_TILDE.sub(_with_home_folder, value)


def _with_home_folder(found: re.Match[str]) -> str:
    return quoted(str(given(found[0].rstrip()))) if found[0].startswith("~") else found[0]


@lru_cache(10_000)
def parsed(text: str) -> Override:
    """An override as Hydra reads it; shared, so not to be changed."""
    (override,) = OverridesParser.create().parse_overrides([text])
    return override


def option_folder(*folders: Path) -> str:
    """The override that makes Hydra look for config groups in these folders too."""
    return f"{SEARCH_PATH}=[{','.join(quoted(f'file://{folder.absolute()}') for folder in folders)}]"


def begin_with(config_name: str) -> str:
    """The override that names the config to begin with, in the place of ``config``."""
    return f"{CONFIG_NAME}={quoted(config_name.removesuffix('.yaml'))}"


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
    if key.startswith("hydra."):
        if key not in (N_JOBS, SEARCH_PATH, CONFIG_NAME):
            raise unknown_hydra_key(key)
    elif not (key in SECTIONS or is_key(key) or is_group(key, folders)):
        raise unknown_key(key)


def unknown_hydra_key(key: str) -> UserError:
    """The error for a key of Hydra that does nothing in nnlab."""
    return UserError(
        f"{key}: cannot be set here; of Hydra's own keys nnlab takes {LAUNCHER}={'|'.join(LAUNCHERS)}, "
        f"{N_JOBS} (of joblib) and {SEARCH_PATH}"
    )


def _check_group(override: Override, folders: Sequence[Path]) -> None:
    """A config group takes a name, and those that make a cell cannot be left out."""
    key = override.key_or_group
    if override.is_delete():
        if key in GROUPS:
            raise unknown_key(key)
    elif is_group(key, folders) and not isinstance(override.value(), str):
        raise UserError(
            f"{key}: a group takes the name of one of its options; {_remedy(override, folders)}"
        )


def _remedy(override: Override, folders: Sequence[Path]) -> str:
    """What to give in the place of a value that is not a name. Of a list Hydra would take the last name."""
    key, value = override.key_or_group, override.value()
    if isinstance(value, list) and len(value) > 1:
        return f"`nnlab sweep {key}={','.join(map(str, value))}` trains one after the other"
    names = ", ".join(LAUNCHERS if key == LAUNCHER else options(key, folders))
    return f"give one of {names}" if names else "this group has none"


def is_group(key: str, folders: Sequence[Path] = (CONF,)) -> bool:
    """Is this the name of a config group, such as ``model``, and not the key of a value?"""
    return "/" in key or key in GROUPS or bool(options(key, folders))


def options(group: str, folders: Sequence[Path] = (CONF,)) -> list[str]:
    """The names of a group's options: files in the folders, and what nnlab adds itself."""
    files = {path.stem for folder in folders for path in (folder / group).glob("*.yaml")}
    return sorted(files.union(own_store.names(group)))


def option_folders(texts: Sequence[str]) -> list[Path]:
    """The folders with config groups: the project's own, and those that overrides add."""
    added: list[Any] = []
    for text in texts:
        if text.startswith(f"{SEARCH_PATH}="):
            value = parsed(text).value()
            added += value if isinstance(value, list) else []
    return [CONF, *(Path(str(each).removeprefix("file://")) for each in added)]


def primary(texts: Sequence[str]) -> tuple[Path, str, list[str]]:
    """Folder and name of the config to begin with, and the overrides to compose it with.

    Hydra looks for it in one folder only. If that is not the project's own, this one is searched as well.
    """
    named = [str(parsed(text).value()) for text in texts if text.startswith(f"{CONFIG_NAME}=")]
    name, folders = (named or ["config"])[-1], option_folders(texts)
    folder = next((each for each in folders if (each / f"{name}.yaml").is_file()), None)
    if folder is None:
        raise UserError(
            f"--config-name {name}: there is no {name}.yaml in {' or '.join(map(str, folders))}; "
            "--config-dir DIR names its folder"
        )
    if folder == CONF:
        return CONF, name, list(texts)
    others = option_folder(*(each for each in folders if each != folder))
    return folder, name, [others, *(text for text in texts if not text.startswith(f"{SEARCH_PATH}="))]
