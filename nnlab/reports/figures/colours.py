"""The colours of all figures, chosen so that colour-blind readers can tell them apart."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from plotly.colors import get_colorscale, sample_colorscale, unlabel_rgb

# Okabe and Ito's palette; their black and yellow are left out, too dark and too light for lines
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#9A6A3C", "#7F7F7F")
SCALE = "Viridis"
INK, GRID = "#1f2933", "#e4e7eb"  # the page has its own for a dark window
BLACK, WHITE = "#000000", "#ffffff"


def colours(values: Sequence[Any]) -> list[str]:
    """One colour for each value of a key: along SCALE for ordered numbers, else out of PALETTE."""
    numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)
    if len(values) > len(PALETTE) or (numbers and len(values) > 2):
        return sampled(np.linspace(0.15, 0.85, len(values)).tolist())
    return list(PALETTE[: len(values)])


def sampled(shares: Sequence[float]) -> list[str]:
    """The colours of SCALE at these shares of its length, as `rgb(r, g, b)`."""
    return list(sample_colorscale(get_colorscale(SCALE), list(shares), colortype="rgb"))


def transparent(colour: str) -> str:
    """The same colour, mostly transparent; ``colour`` is `#rrggbb` or `rgb(r, g, b)`."""
    return f"rgba({', '.join(f'{part:g}' for part in _parts(colour))}, 0.18)"


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, from 1 to 21 (WCAG 2.2)."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def ink_on(colour: str) -> str:
    """Black or white, whichever is easier to read on a colour; the contrast is at least 4.58."""
    return max(BLACK, WHITE, key=lambda ink: contrast(ink, colour))


def _luminance(colour: str) -> float:
    shares = [part / 255 for part in _parts(colour)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _parts(colour: str) -> tuple[float, float, float]:
    """Red, green and blue, 0 to 255, of `#rrggbb` or `rgb(r, g, b)`."""
    if colour.startswith("rgb"):
        red, green, blue = unlabel_rgb(colour)
        return red, green, blue
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return red, green, blue
