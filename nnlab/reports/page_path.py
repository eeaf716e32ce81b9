"""Where the page of a sweep is. This module loads nothing, so a sweep can ask it without making a page."""

from pathlib import Path


def path_of(home: Path, sweep_id: str) -> Path:
    """Where the report of a sweep is written."""
    return home / "reports" / sweep_id / "report.html"
