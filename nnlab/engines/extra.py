"""Packages that only one engine needs: each belongs to an extra of its name."""

from importlib import import_module
from typing import Any

from nnlab.errors import UserError


def imported(module: str, engine: str) -> Any:
    """The module; UserError names the extra if it is not installed."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise UserError(
            f"engine={engine}: needs the package {error.name}; pip install 'nnlab[{engine}]'"
        ) from None
