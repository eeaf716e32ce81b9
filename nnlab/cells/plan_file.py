"""The cells of a plan as its file has them: the first one, and what differs in each.

Plans of earlier versions have the whole configuration of each cell.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any

from nnlab.cells.cell import Cell
from nnlab.config import Config, as_dict, copied, from_dict


def packed(cells: Sequence[Cell]) -> dict[str, Any]:
    """Cells as plain values: the first, and of each the fields and ``section.key`` in which it differs."""
    common = vars(cells[0]) | {"config": as_dict(cells[0].config)}
    return {"common": common, "cells": [_differing(cell, common) for cell in cells]}


def unpacked(values: dict[str, Any]) -> list[Cell]:
    """The cells of what ``packed`` made; KeyError, TypeError, ValueError or UserError if it is not."""
    if "common" not in values:
        return [Cell(**cell | {"config": from_dict(cell["config"])}) for cell in values["cells"]]
    first = Cell(**values["common"] | {"config": from_dict(values["common"]["config"])})
    return [
        dataclasses.replace(first, **cell | {"config": _config(first.config, cell["config"])})
        for cell in values["cells"]
    ]


def _differing(cell: Cell, common: dict[str, Any]) -> dict[str, Any]:
    fields = {name: value for name, value in vars(cell).items() if value != common[name]}
    return fields | {"config": _own(as_dict(cell.config), common["config"])}


def _own(config: dict[str, Any], common: dict[str, Any]) -> dict[str, Any]:
    own: dict[str, Any] = {}
    for name, section in config.items():
        if section == common[name]:
            continue
        if isinstance(section, dict):
            shared = common[name]
            own |= {f"{name}.{key}": value for key, value in section.items() if value != shared[key]}
        else:
            own[name] = section
    return own


def _config(common: Config, own: dict[str, Any]) -> Config:
    config = copied(common)
    for path, value in own.items():
        name, _, key = path.partition(".")
        target, attribute = (getattr(config, name), key) if key else (config, name)
        if attribute not in vars(target):
            raise KeyError(path)
        setattr(target, attribute, value)
    return config
