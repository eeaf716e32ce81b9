"""Where the data files of a record are now: the recorded digest decides, not the path."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Any

from nnlab.cells.load import dataset
from nnlab.config import FILES, Config, home, quoted
from nnlab.errors import UserError
from nnlab.records.record import Record

TAIL = 3  # the last parts of a recorded path that are looked for in other folders


def located(rec: Record, trust_paths: bool, overrides: Sequence[str]) -> list[str]:
    """``overrides``, and the files with the recorded content where ``overrides`` do not name the files.

    They are looked for at the recorded paths, in NNLAB_DATA and in the home. If there are none, a record of
    this home (``trust_paths``) keeps its own files as they are now. UserError if those are missing, or if
    the record is from elsewhere. A named set is looked up as always.
    """
    recorded, asked = _recorded_files(rec), {text.partition("=")[0] for text in overrides}
    missing = {key: path for key, path in recorded.items() if key not in asked}
    replaced = asked & ({"data", *FILES} if "data.file" in recorded else {"data", "data.file"})
    if not missing or replaced:
        return list(overrides)
    given = tuple(text for text in overrides if text.partition("=")[0] in FILES)
    found = _search(rec.data_digest, missing, given)
    if found is not None:
        return [*overrides, *found]
    if trust_paths and all(Path(path).is_file() for path in missing.values()):
        return list(overrides)
    raise _not_here(missing)


def is_own(rec: Record) -> bool:
    """Was the record made in this home, and not brought here?"""
    return rec.folder.resolve().is_relative_to(home())


def _recorded_files(rec: Record) -> dict[str, str]:
    """The recorded paths by their keys; none for a named set."""
    data = rec.config.get("data")
    if not isinstance(data, Mapping) or data.get("name") != "hdf5":
        return {}
    values = {key: data.get(key.removeprefix("data.")) for key in FILES}
    return {key: value for key, value in values.items() if isinstance(value, str)}


def _search(digest: str, missing: Mapping[str, str], given: tuple[str, ...]) -> list[str] | None:
    """Overrides that name files for the ``missing`` keys which have this digest, with those ``given``."""
    base = _config((*given, *_named(missing)))
    for paths in product(*(dict.fromkeys(map(str, _candidates(path))) for path in missing.values())):
        files = dict(zip(missing, paths, strict=True))
        named: dict[str, Any] = {key.removeprefix("data."): path for key, path in files.items()}
        data = replace(base.data, **named)
        with suppress(UserError):  # not a file of the layout
            if dataset(replace(base, data=data)).digest == digest:
                return _named(files)
    return None


@lru_cache(maxsize=2)  # the cells of a sweep share their data
def _config(files: tuple[str, ...]) -> Config:
    from nnlab.config.compose import compose  # loads Hydra, which a worker does without

    return compose(["data=hdf5", *files])


def _named(files: Mapping[str, str]) -> list[str]:
    return [f"{key}={quoted(path)}" for key, path in files.items()]


def _candidates(recorded: str) -> Iterator[Path]:
    """Files that may be the recorded one: there, or with the end of its path in another folder."""
    parts = [part for part in Path(recorded).parts if part not in ("/", "..")]
    tails = [Path(*parts[-k:]) for k in range(1, min(TAIL, len(parts)) + 1)]
    named = os.environ.get("NNLAB_DATA")
    roots = [*([Path(named)] if named else []), home() / "data", home()]
    for path in [Path(recorded), *(root / tail for root in roots for tail in tails)]:
        if path.is_file():
            yield path.absolute()


def _not_here(missing: Mapping[str, str]) -> UserError:
    keys, paths = " and ".join(sorted(missing)), ", ".join(missing.values())
    remedy = " ".join(f"{key}=FILE" for key in missing)
    return UserError(
        f"{keys}: no file here has the content that the run was trained on (looked for {paths}, also in "
        f"NNLAB_DATA and {home()});\nsay where the files are: nnlab rerun RUN {remedy}"
    )
