"""The options that an activation or an optimizer owns, as keys of its section."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

from nnlab.nn import Option

T = TypeVar("T")


class Owner(Protocol):
    """An activation or an optimizer: it owns the options that only it reads."""

    @property
    def options(self) -> Mapping[str, Option]:
        """By name."""


def options_of(table: Mapping[str, Owner]) -> dict[str, Option]:
    """All options of a table; the first owner of a name says what it is."""
    found: dict[str, Option] = {}
    for owner in table.values():
        found |= {name: option for name, option in owner.options.items() if name not in found}
    return found


def entry(meaning: str, default: Any = dataclasses.MISSING) -> Any:
    """A key of the schema with its line in `--help`."""
    return dataclasses.field(default=default, metadata={"meaning": meaning})


def with_options(table: Mapping[str, Owner]) -> Callable[[type[T]], type[T]]:
    """A class decorator: adds one float field for each option of the table.

    ValueError for an option with the name of a key that the section has for all, such as ``decay``.
    """

    def add(schema: type[T]) -> type[T]:
        taken = schema.__annotations__.keys() & options_of(table).keys()
        if taken:
            raise ValueError(
                f"{schema.__name__} has {', '.join(sorted(taken))} already; name the option anew"
            )
        fields = [
            (name, float, entry(f"{option.meaning} ({_owners(table, name)})", option.default))
            for name, option in options_of(table).items()
        ]
        made: type[T] = dataclasses.make_dataclass(schema.__name__, fields, bases=(schema,))
        made.__module__, made.__doc__ = schema.__module__, schema.__doc__
        return made

    return add


def _owners(table: Mapping[str, Owner], option: str) -> str:
    return ", ".join(name for name, owner in table.items() if option in owner.options)
