"""The picture: seconds of the loops, growth with m, and each ratio beside its target."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.speed.row import Row
from nnlab.experiments import figures as panels
from nnlab.experiments.figures import BLUE, GREEN, GREY, ORANGE, RED

TITLES = {"deep": "12288-20-7-5-1", "two_layer": "12288-7-1"}
NEAR = 0.25  # rows below this share of their target are not shown
HIDDEN = ("nnlab with K", "nnlab primal", "floor")
Measured = Mapping[str, Any]


def save(parts: Measured, rows: Sequence[Row], path: Path) -> None:
    """Draw the measurements."""
    figure = Figure(figsize=(10.0, 12.0), layout="constrained")
    points = parts.get("scale", [])
    ratios = (3, 3 if points else 0.1, 6)
    bands: Any = figure.subfigures(3, 1, height_ratios=ratios)  # typed by matplotlib as if one
    deep, two = bands[0].subplots(1, 2)
    growth, targets = bands[1].subplots(), bands[2].subplots()
    nets = parts.get("loop", {}).get("nets", {})
    for axes, net in ((deep, "deep"), (two, "two_layer")):
        _bars(axes, nets.get(net, {}))
        axes.set_title(f"2500 iterations of {TITLES[net]}, seconds")
    if points:
        _growth(growth, points)
    else:
        growth.set_visible(False)
    _targets(targets, rows)
    for axes in (deep, two, growth, targets):
        axes.tick_params(labelsize=8.0)
    panels.save(figure, path)


def _bars(axes: Axes, found: Measured) -> None:
    """The medians of nnlab and the peers, the fastest at the top."""
    seconds = {
        name: median(entry["seconds"])
        for name, entry in found.items()
        if entry.get("seconds") and name not in HIDDEN
    }
    names = sorted(seconds, key=seconds.__getitem__, reverse=True)
    if not names:
        return
    colours = [BLUE if name == "nnlab" else ORANGE if name == "JAX Gram" else GREY for name in names]
    bars = axes.barh(names, [seconds[name] for name in names], color=colours)
    axes.bar_label(bars, fmt="%.3g", padding=3, fontsize=8.5)
    axes.set_xscale("log")
    axes.set_xlim(min(seconds.values()) / 3, max(seconds.values()) * 3)
    if floor := found.get("floor", {}).get("seconds"):
        axes.axvline(median(floor), color=RED, linewidth=1.2)
        axes.text(median(floor), 0.0, " products alone", color="white", fontsize=8, va="center")


def _growth(axes: Axes, points: Sequence[Measured]) -> None:
    """Milliseconds of a step by m; a ring marks the solver that `auto` takes."""
    for batch, dashes in ((None, "-"), (64, "--")):
        for solver, colour in (("gram", BLUE), ("primal", ORANGE)):
            chosen = [p for p in points if (p["batch"], p["l2"]) == (batch, 0.0) and solver in p["ms"]]
            label = (
                f"{'Gram' if solver == 'gram' else 'primal'}, {'batches of 64' if batch else 'full batch'}"
            )
            axes.plot(
                [p["m"] for p in chosen], [p["ms"][solver] for p in chosen],
                dashes, color=colour, marker=".", label=label,
            )  # fmt: skip
            taken = [p for p in chosen if p["auto"] == solver]
            axes.plot(
                [p["m"] for p in taken], [p["ms"][solver] for p in taken],
                "o", color=colour, markerfacecolor="none", markersize=9,
            )  # fmt: skip
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("training images m")
    axes.legend(fontsize=8.5)
    axes.set_title("milliseconds a step of the deep net (ringed: what auto takes)")


def _targets(axes: Axes, rows: Sequence[Row]) -> None:
    """Each measurement divided by its target, if it is above NEAR: left of the line the target is met."""
    shares = {row: row.value / row.target for row in rows if row.value is not None and row.target}
    shown = [row for row, share in shares.items() if share > NEAR][::-1]
    if not shown:
        return
    colours = [GREEN if row.met else RED for row in shown]
    axes.scatter([shares[row] for row in shown], range(len(shown)), color=colours, s=18)
    axes.axvline(1.0, color=GREY, linewidth=1.2)
    axes.set_yticks(range(len(shown)), [row.what for row in shown])
    axes.set_xlim(0.0, max(1.1, *(1.05 * shares[row] for row in shown)))
    axes.set_title("measured / target, where it is above a quarter (green: met)")
