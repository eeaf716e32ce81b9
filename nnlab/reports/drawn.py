"""Panels become HTML and figures: what the pages of a sweep, a run and a comparison have in common."""

from collections.abc import Sequence

from markupsafe import Markup

from nnlab.reports.figures.base import Choices
from nnlab.reports.html import fragment
from nnlab.reports.panel import Panel
from nnlab.reports.sweep_results import SweepResults

Bodies = list[tuple[Panel, Markup]]


def drawn(panels: Sequence[Panel], results: SweepResults) -> tuple[Bodies, dict[str, Choices]]:
    """The panels that apply with their HTML, and the figures by the panels' ids."""
    applying = [panel for panel in panels if panel.applies(results)]
    figures = {panel.id: panel.draw(results) for panel in applying}
    bodies = [
        fragment(
            panel.html,
            id=panel.id,
            sweep=results.sweep,
            figures=figures[panel.id],
            **panel.content(results),
        )
        for panel in applying
    ]
    return list(zip(applying, bodies, strict=True)), figures
