"""The panels of the page on a sweep: one module each, which defines PANEL."""

import importlib
import pkgutil

from nnlab.reports.panel import Panel

ORDER = (
    "search",
    "trainability",
    "why",
    "best",
    "curves",
    "two_keys",
    "importance",
    "spread",
    "price",
    "confused",
    "lost",
    "cells",
    "configuration",
)


def all_panels() -> list[Panel]:
    """The panels in the order of the page. Modules that ORDER does not name come last, by name."""
    found = {module.name for module in pkgutil.iter_modules(__path__)}
    names = [*ORDER, *sorted(found.difference(ORDER))]
    return [importlib.import_module(f"{__name__}.{name}").PANEL for name in names]
