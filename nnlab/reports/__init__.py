"""Pages of HTML: the report on a sweep, with one module per panel, and the comparison of runs.

The modules load plotly and SciPy, so they are imported only when a page is made.
"""

__all__ = [
    "run_comparison",
    "sweep_report",
]
