"""The reference of all keys, for `--help` and for completion in a shell; it is made from the schema."""

import dataclasses
from collections.abc import Iterator
from typing import NamedTuple

from nnlab.config.constraints import RANGES
from nnlab.config.schema import SECTIONS, Config

TYPES = {
    "str": "text",
    "str | None": "null or text",
    "bool": "true, false",
    "bool | None": "null, true or false",
    "dict[str, str]": "a table",
    "dict[str, str] | None": "null or a table",
}


class Key(NamedTuple):
    """A key of the configuration."""

    name: str
    meaning: str
    wanted: str  # its type and range in words
    values: tuple[str, ...]  # all of them, if they are few names


def sections() -> Iterator[tuple[str, list[Key]]]:
    """The keys of each section, and those of none, such as the seed, under their own name."""
    for field in dataclasses.fields(Config):
        kind = SECTIONS[field.name]
        if dataclasses.is_dataclass(kind):
            keys = [_key(f"{field.name}.{one.name}", one) for one in dataclasses.fields(kind)]
        else:
            keys = [_key(field.name, field)]
        yield field.name, keys


def _key(name: str, field: "dataclasses.Field[object]") -> Key:
    kind = field.type.__name__ if isinstance(field.type, type) else str(field.type)
    found = RANGES.get(name)
    wanted = TYPES[kind] if found is None else found.wanted
    values = (
        ("true", "false") if field.type in (bool, bool | None) else () if found is None else found.names
    )
    return Key(name, field.metadata["meaning"], wanted.removeprefix("one of "), values)
