"""The colours of all figures, chosen so that colour-blind readers can tell them apart."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from plotly.colors import sample_colorscale

# Okabe and Ito's palette; their black and yellow are left out, too dark and too light for lines
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#6F4E37", "#7F7F7F")
SCALE = "Viridis"
INK, GRID = "#1f2933", "#e4e7eb"


def colours(values: Sequence[Any]) -> list[str]:
    """One colour for each value of a key: along SCALE for ordered numbers, else out of PALETTE."""
    numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)
    if len(values) > len(PALETTE) or (numbers and len(values) > 2):
        return list(sample_colorscale(SCALE, np.linspace(0.0, 0.9, len(values)).tolist(), colortype="rgb"))
    return list(PALETTE[: len(values)])


def transparent(colour: str) -> str:
    """The same colour, mostly transparent; ``colour`` is `#rrggbb` or `rgb(r, g, b)`."""
    if colour.startswith("rgb"):
        parts = colour[4:-1]
    else:
        parts = ",".join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5))
    return f"rgba({parts},0.18)"
