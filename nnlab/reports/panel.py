"""What a panel of the page on a sweep is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from nnlab.reports.figures.base import Choices
from nnlab.reports.sweep_results import SweepResults


def nothing(results: SweepResults) -> dict[str, Any]:
    """Of a panel without a figure, or without words of its own."""
    return {}


def always(results: SweepResults) -> bool:
    """Of a panel that every page has."""
    return True


@dataclass(frozen=True)
class Panel:
    """A heading with figures, a table or a text below it.

    ``html`` is a Jinja template. It can use what ``content`` returns, the ``sweep``, and ``figures``,
    which ``draw`` returns. ``{{ figure(id, figures) }}`` is where the figures stand, below a menu if
    there are several choices.
    """

    id: str  # the page's address of the panel is #s-<id>
    link: str  # its name in the navigation
    heading: str
    html: str
    content: Callable[[SweepResults], Mapping[str, Any]] = nothing
    draw: Callable[[SweepResults], Choices] = nothing
    applies: Callable[[SweepResults], bool] = always
