"""What a panel of the page on a sweep is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from nnlab.reports.figures.base import Choices
from nnlab.reports.sweep_results import SweepResults


def nothing(results: SweepResults) -> dict[str, Any]:
    """The default of a panel without figures, or whose template needs no content."""
    return {}


def always(results: SweepResults) -> bool:
    """The default: every page has the panel."""
    return True


def several(results: SweepResults) -> bool:
    """The page is on more than one run: a single point says nothing."""
    return len(results.sweep.cells) > 1


@dataclass(frozen=True)
class Panel:
    """A heading with figures, a table or a text below it.

    ``html`` is a Jinja template. It can use what ``content`` returns, the ``sweep``, and ``figures``,
    which ``draw`` returns. ``{{ figure(id, figures) }}`` is where the figure stands, below a menu if
    there are several choices. A folded panel is closed in a narrow window until the reader opens it.
    """

    id: str  # the page's address of the panel is #s-<id>
    link: str  # its name in the navigation
    heading: str
    html: str
    content: Callable[[SweepResults], Mapping[str, Any]] = nothing
    draw: Callable[[SweepResults], Choices] = nothing
    applies: Callable[[SweepResults], bool] = always
    folded: bool = False
