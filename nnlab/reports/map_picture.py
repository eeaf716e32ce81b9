"""The map of trainability as a picture for documents: PNG, SVG or PDF, drawn by matplotlib."""

from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from nnlab.config import home
from nnlab.errors import UserError
from nnlab.reports import sweep_report
from nnlab.reports.figures.axes import names, places_axis
from nnlab.reports.figures.colours import SCALE, ink_on
from nnlab.reports.figures.heatmap import LINE
from nnlab.reports.figures.square import STATES, Square, by_place, square
from nnlab.reports.panels.trainability import axes, limits, maps
from nnlab.tracking import Reader, Sweep, connected

SIGNS = {"stuck": "_", "diverged": "x", "failed": "^"}  # matplotlib's markers
FORMATS = (".png", ".svg", ".pdf")
PANEL = (4.6, 4.0)  # inches


def make(sweep: str | None, experiment: str, path: Path) -> Path:
    """Draw the map of a sweep, by default of the latest one, into a file; returns its path."""
    with connected(home(), experiment, reading=True) as store:
        write(sweep_report.find(Reader(store), sweep), path)
    return path.resolve()


def write(sweep: Sweep, path: Path) -> None:
    """Draw the map into a file; UserError if the sweep has no map, or the file's format is not known."""
    if path.suffix.lower() not in FORMATS:
        raise UserError(f"{path}: the name of a picture ends with {', '.join(FORMATS)}")
    if axes(sweep).x is None:
        raise UserError(
            f"{sweep.parent.name} ({sweep.id}): varies no key but seed and fold, so it has no map"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    picture(sweep).savefig(
        path, dpi=150, metadata={"Date": None} if path.suffix.lower() == ".svg" else None
    )


def picture(sweep: Sweep) -> Figure:
    """One heatmap for each activation, the signs of what did not train, and the line of the theory."""
    x, y, _ = axes(sweep)
    across, along = names(sweep, x or ""), names(sweep, y) if y else [""]
    scale = SCALE.lower() + ("_r" if sweep.regression else "")  # a bright square is a good one
    drawn, metric = maps(sweep, sweep.cells), f"train/{sweep.score}"
    figure = Figure(figsize=(PANEL[0] * len(drawn) + 1.0, PANEL[1] if y else 1.8), layout="constrained")
    places = figure.subplots(1, len(drawn), squeeze=False, sharey=True)[0]
    for i, (place, one) in enumerate(zip(places, drawn, strict=True)):
        found = by_place(sweep, one.cells, (x or "", y))
        squares = {where: square(cells, metric) for where, cells in found.items()}
        image = _colours(place, squares, (len(along), len(across)), limits(sweep), scale)
        _signs(place, squares, max(len(across), len(along)))
        if one.line:
            place.plot(one.line.x, one.line.y, color="white", lw=4)
            place.plot(one.line.x, one.line.y, color=LINE, lw=2, label=one.line.name)
        place.set(title=one.title, xlabel=x, ylabel=(y or "") if i == 0 else "")
        for set_ticks, labels in ((place.set_xticks, across), (place.set_yticks, along)):
            axis = places_axis(labels, 8)
            set_ticks(axis["tickvals"], axis["ticktext"])
        place.set(xlim=(-0.5, len(across) - 0.5), ylim=(-0.5, len(along) - 0.5))
    figure.colorbar(image, ax=list(places), label=metric.replace("/", " "), pad=0.01)
    handles = {
        label: handle
        for place in places
        for handle, label in zip(*place.get_legend_handles_labels(), strict=True)
    }
    if handles:
        figure.legend(
            handles.values(), handles.keys(), loc="outside lower center", ncols=4, facecolor="white"
        )
    return figure


def _colours(
    place: Any,
    squares: dict[tuple[int, int], Square],
    shape: tuple[int, int],
    ends: tuple[float, float],
    scale: str,
) -> Any:
    """The means, and the colours of the states over them; returns the image of the means."""
    means, states = np.full(shape, np.nan), np.full(shape, np.nan)
    for (i, j), one in squares.items():
        if one.state:
            states[j, i] = list(STATES).index(one.state)
        else:
            means[j, i] = one.value
    image = place.imshow(means, origin="lower", aspect="auto", cmap=scale, vmin=ends[0], vmax=ends[1])
    steps = ListedColormap([look.colour for look in STATES.values()])
    place.imshow(states, origin="lower", aspect="auto", cmap=steps, vmin=-0.5, vmax=len(STATES) - 0.5)
    return image


def _signs(place: Any, squares: dict[tuple[int, int], Square], most: int) -> None:
    """The sign of each state on its squares."""
    found: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for where, one in squares.items():
        if one.state:
            found[one.state].append(where)
    size = max(1.5, min(8.0, 90.0 / most))
    for state, squares_of in found.items():
        place.plot(
            *zip(*squares_of, strict=True), linestyle="none", marker=SIGNS[state], markersize=size,
            label=state, markeredgewidth=size / 6, color=ink_on(STATES[state].colour),
        )  # fmt: skip
