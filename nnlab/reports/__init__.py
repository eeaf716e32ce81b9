"""Pages of HTML: the report on a sweep, one module per panel, and the comparison; the map as a picture.

The modules load plotly and SciPy, so they are imported only when a page is made.
"""

__all__ = [
    "map_picture",
    "one_figure",
    "page_path",
    "run_comparison",
    "sweep_report",
]
