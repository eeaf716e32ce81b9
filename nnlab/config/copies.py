"""Copies of a configuration, of two levels and no more: a section, and plain values or lists in it.

`dataclasses.asdict` and `copy.deepcopy` are general, and take thirty times as long. A plan of 10,000 cells
needs some 100,000 copies.
"""

from typing import Any, TypeVar

Config = TypeVar("Config")  # of ``schema``, which asks this module


def copied(cfg: Config) -> Config:
    """A configuration that shares no section or list with ``cfg``."""
    return type(cfg)(**{name: _copied(section) for name, section in vars(cfg).items()})


def as_dict(cfg: Config) -> dict[str, Any]:
    """A configuration as nested dicts, as `dataclasses.asdict` makes them."""
    return {name: plain(section) for name, section in vars(cfg).items()}


def plain(section: Any) -> Any:
    """A section as a dict; a value of the top level as it is."""
    return _values(section) if hasattr(section, "__dataclass_fields__") else section


def _copied(section: Any) -> Any:
    if not hasattr(section, "__dataclass_fields__"):
        return section
    new = object.__new__(type(section))
    vars(new).update(_values(section))
    return new


def _values(section: Any) -> dict[str, Any]:
    values: dict[str, Any] = vars(section).copy()
    for key, value in values.items():
        if type(value) is list or type(value) is dict:
            values[key] = value.copy()
    return values
