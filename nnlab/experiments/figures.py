"""The look of the experiments' pictures: one width, one set of colours, one way to save."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

# the colours of Okabe & Ito (2008), which colour-blind readers can tell apart
BLUE, ORANGE, GREEN, RED, PURPLE, SKY, GREY = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#7f7f7f",
)  # fmt: skip
COLOURS = (BLUE, ORANGE, GREEN, RED, PURPLE, SKY, GREY)
STYLE: Any = {
    "axes.grid": True,
    "axes.prop_cycle": cycler(color=COLOURS),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "figure.titlesize": 11.5,
    "font.size": 9,
    "grid.alpha": 0.25,
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "lines.markersize": 4.5,
}
DPI = 110

matplotlib.rcParams.update(STYLE)


def panels(
    title: str, columns: int = 1, rows: int = 1, height: float = 3.4, **options: Any
) -> tuple[Figure, Sequence[Axes]]:
    """A figure 8.4 inches wide and its axes, row by row; ``height`` is that of a row, in inches."""
    figure = Figure(figsize=(8.4, height * rows + 0.4), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False, **options)
    figure.suptitle(title, x=0.01, ha="left")
    return figure, list(axes.flat)


def save(figure: Figure, path: Path) -> None:
    """Write a PNG of 256 colours; the same picture gives the same bytes."""
    drawn = BytesIO()
    figure.savefig(drawn, dpi=DPI)
    picture = Image.open(drawn).convert("RGB")
    picture.quantize(256, dither=Image.Dither.NONE).save(path, "PNG", optimize=True)
