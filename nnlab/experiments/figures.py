"""The look of the experiments' pictures: one width, one set of colours, one way to save."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter
from numpy.typing import NDArray
from PIL import Image

from nnlab.experiments.race import Race

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


def plain_ticks(*axes: Axis) -> None:
    """Let logarithmic axes name 1, 2, 5, 10 and so on as plain numbers."""
    for axis in axes:
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axis.set_major_formatter("{x:g}")
        axis.set_minor_formatter(NullFormatter())


def name_at(ax: Axes, x: float, y: float, name: str, colour: str, **options: Any) -> None:
    """Write a name beside the point (x, y) in its colour, in the place of a legend."""
    place: dict[str, Any] = {"xytext": (4, 0), "va": "center"} | options
    ax.annotate(name, (x, y), textcoords="offset points", color=colour, fontsize=8, **place)


def strips(
    ax: Axes, rows: Mapping[str, tuple[Sequence[float], str]], most: float = np.inf, **options: Any
) -> None:
    """For each name a row of dots, one a seed, with its median as a bar: name -> (values, colour).

    A seed at ``most``, where the training ended, is an empty dot: it takes more than that.
    """
    for place, (values, colour) in enumerate(rows.values()):
        spread = place + 0.12 * (np.arange(len(values)) % 3 - 1)
        there = np.array(values) < most
        ax.plot(np.array(values)[there], spread[there], "o", color=colour, alpha=0.45, ms=4)
        ax.plot(np.array(values)[~there], spread[~there], "o", color=colour, mfc="none", ms=5)
        ax.plot([np.median(values)] * 2, [place - 0.32, place + 0.32], color=colour, lw=2.5)
    ax.set_yticks(range(len(rows)), list(rows))
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.grid(axis="y", visible=False)
    ax.set(**options)
    if any(max(values) >= most for values, _ in rows.values()):
        ax.set_xlabel(f"{ax.get_xlabel()}\n(empty dot: not within {most:g})")


def bars(ax: Axes, rows: Mapping[str, tuple[Sequence[float], str]], none: float, **options: Any) -> None:
    """For each name a value with its interval, and a line where there is no effect.

    The rows are name -> ((value, low, high), colour).
    """
    ax.axvline(none, color="black", lw=0.8)
    for place, ((value, low, high), colour) in enumerate(rows.values()):
        ax.errorbar(value, place, xerr=[[value - low], [high - value]], fmt="o", color=colour, capsize=4)
    ax.set_yticks(range(len(rows)), list(rows))
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.grid(axis="y", visible=False)
    ax.set(**options)


def cost_curves(ax: Axes, ways: Mapping[str, tuple[Sequence[NDArray[Any]], str]], target: float) -> None:
    """The lowest cost so far of each seed by step, and a line at the target.

    The names stand at the left above the target, where no cost has fallen yet.
    """
    for place, (name, (curves, colour)) in enumerate(reversed([*ways.items()])):
        for costs in curves:
            ax.plot(np.minimum.accumulate(costs), color=colour, lw=0.8, alpha=0.6)
        height = target + 0.02 + 0.055 * place
        ax.text(0.04, height, name, transform=ax.get_yaxis_transform(), color=colour, weight="bold")
    ax.axhline(target, color="black", lw=0.8, ls=":")
    ax.set(xlabel="step", ylabel="lowest training cost so far", xscale="log", ylim=(-0.02, None))


def race_panels(title: str, found: Race, colours: Mapping[str, str], target: float) -> Figure:
    """Left: the lowest cost so far of each seed by step. Right: the steps of each seed to the target."""
    figure, (left, right) = panels(title, 2)
    curves = {name: ([run.costs for run in side.runs], colours[name]) for name, side in found.sides.items()}
    cost_curves(left, curves, target)
    left.set(title="Each at its best rate; a line is a seed")
    strips(
        right,
        {
            f"{name}\n{side.told}": (side.values.tolist(), colours[name])
            for name, side in found.sides.items()
        },
        most=next(iter(found.sides.values())).runs[0]["trainer.iterations"],
        xlabel=f"steps to a cost of {target:g}",
        title="Dot: a seed; bar: the median",
        xlim=(0, None),
    )
    return figure
