"""The report's figures: plain values in, plotly out, in colours that the colour-blind can tell apart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.colors import sample_colorscale

# Okabe and Ito's palette, without black and yellow, which are too dark and too light for lines
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#6F4E37", "#7F7F7F")
SCALE = "Viridis"
INK, GRID = "#1f2933", "#e4e7eb"
# what a square or mark looks like where there is no accuracy to show
STATES = {"diverged": ("#4a4f57", "✕"), "stuck": ("#d5d8dc", "stuck"), "failed": ("#f3c9b5", "failed")}
MOST_TEXT = 80  # squares of a heatmap up to which each carries its value


def colours(values: Sequence[Any]) -> list[str]:
    """One colour for each value of a key: along a scale for numbers in order, else of the palette."""
    numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)
    if len(values) > len(PALETTE) or (numbers and len(values) > 2):
        return list(sample_colorscale(SCALE, np.linspace(0.0, 0.9, len(values)).tolist(), colortype="rgb"))
    return list(PALETTE[: len(values)])


def _figure(traces: Sequence[Any], height: int, **layout: Any) -> go.Figure:
    base = {
        "template": "none",
        "height": height,
        "font": {
            "family": "system-ui, -apple-system, Segoe UI, Roboto, sans-serif",
            "size": 15,
            "color": INK,
        },
        "margin": {"l": 70, "r": 40, "t": 20, "b": 60},
        "modebar": {"orientation": "v", "bgcolor": "rgba(0,0,0,0)"},
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "itemsizing": "constant"},
        "hoverlabel": {"font": {"size": 14}},
    }
    figure = go.Figure(list(traces), {**base, **layout})
    figure.update_xaxes(gridcolor=GRID, zeroline=False, automargin=True)
    figure.update_yaxes(gridcolor=GRID, zeroline=False, automargin=True)
    return figure


# -- maps ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Square:
    """What a place of a map shows: the mean of its trained nets, or what became of them all."""

    value: float | None
    state: str | None  # a state of STATES if all its nets are in it
    note: str  # a mark under the value, where only some are
    hover: str


def grid(
    squares: Mapping[tuple[str, str], Square],
    x: Sequence[str],
    y: Sequence[str],
    labels: tuple[str, str],
    limits: tuple[float, float],
    height: int = 330,
) -> go.Figure:
    """A heatmap over two keys; what diverged, stuck or failed has a colour and a word of its own."""
    places = [[squares.get((a, b)) for a in x] for b in y]
    codes = {state: i for i, state in enumerate(STATES)}
    template = "%{text}" if len(x) * len(y) <= MOST_TEXT else None
    common: dict[str, Any] = {
        "x": list(x), "y": list(y), "xgap": 2, "ygap": 2, "hoverinfo": "text",
        "hovertext": [[s.hover if s else "not in the sweep" for s in row] for row in places],
        "texttemplate": template, "textfont": {"size": 13},
    }  # fmt: skip
    values = go.Heatmap(
        z=[[s.value if s and s.state is None else None for s in row] for row in places],
        text=[[_value_text(s) if s and s.state is None else "" for s in row] for row in places],
        colorscale=SCALE, zmin=limits[0], zmax=limits[1],
        colorbar={"thickness": 12, "outlinewidth": 0, "tickfont": {"size": 13}}, **common,
    )  # fmt: skip
    states = go.Heatmap(
        z=[[codes[s.state] if s and s.state else None for s in row] for row in places],
        text=[[STATES[s.state][1] if s and s.state else "" for s in row] for row in places],
        colorscale=_steps([colour for colour, _ in STATES.values()]), zmin=-0.5, zmax=len(STATES) - 0.5,
        showscale=False, **common,
    )  # fmt: skip
    figure = _figure([values, states], height)
    figure.update_xaxes(title=labels[0], type="category", showgrid=False)
    figure.update_yaxes(title=labels[1], type="category", showgrid=False)
    return figure


def _value_text(square: Square) -> str:
    value = square.value or 0.0
    text = f"{value:.2f}" if value >= 0.1 else f"{value:.2g}"
    return text + (f"<br>{square.note}" if square.note else "")


def _steps(palette: Sequence[str]) -> list[tuple[float, str]]:
    n = len(palette)
    return [(place, colour) for i, colour in enumerate(palette) for place in (i / n, (i + 1) / n)]


# -- curves ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Curve:
    """The training cost of a configuration: the middle of its seeds, and their range."""

    name: str
    steps: NDArray[np.float32]  # (k,)
    middle: NDArray[np.float32]  # (k,)
    low: NDArray[np.float32]
    high: NDArray[np.float32]
    diverged: bool


def curves(groups: Sequence[tuple[str, str, Sequence[Curve]]], height: int = 480) -> go.Figure:
    """Lines with bands, for each group (name, colour, its curves); a cross ends what diverged."""
    traces: list[Any] = []
    for name, colour, members in groups:
        banded = [c for c in members if (c.high > c.low).any()]
        if banded:
            outline = [np.concatenate([c.steps, c.steps[::-1]]) for c in banded]
            edge = [np.concatenate([c.high, c.low[::-1]]) for c in banded]
            traces.append(
                go.Scatter(
                    x=_joined(outline), y=_joined(edge), fill="toself", fillcolor=_faint(colour),
                    line={"width": 0}, mode="lines", hoverinfo="skip", showlegend=False, legendgroup=name,
                )
            )  # fmt: skip
        text = [label for c in members for label in [c.name] * len(c.steps) + [""]]
        traces.append(
            go.Scatter(
                x=_joined([c.steps for c in members]), y=_joined([c.middle for c in members]),
                mode="lines", name=name, legendgroup=name,
                line={"color": colour, "width": 2 if len(members) == 1 else 1.3},
                text=text if len(members) > 1 else None,
                hovertemplate="%{text} step %{x}: %{y:.4g}<extra></extra>" if len(members) > 1
                else f"{name} step %{{x}}: %{{y:.4g}}<extra></extra>",
            )
        )  # fmt: skip
    ends = [c for _, _, members in groups for c in members if c.diverged]
    framed = [c for _, _, members in groups for c in members if not c.diverged] or ends
    axis = _log_axis([v for c in framed for v in (*c.low, *c.high)])
    if ends:  # at the upper edge where the curve leaves the frame
        top = 10 ** axis["range"][1]
        traces.append(
            go.Scatter(
                x=[c.steps[-1] if len(c.steps) else 0 for c in ends],
                y=[min([*c.middle[-1:].tolist(), top]) for c in ends],
                mode="markers", name="diverged", cliponaxis=False,
                text=[c.name for c in ends],
                hovertemplate="%{text} diverged after step %{x}<extra></extra>",
                marker={"symbol": "x", "size": 10, "color": INK},
            )
        )  # fmt: skip
    figure = _figure(traces, height)
    figure.update_xaxes(title="step")
    figure.update_yaxes(title="training cost J", **axis)
    return figure


def _log_axis(values: Sequence[float], tickformat: str = "~g") -> dict[str, Any]:
    """A logarithmic axis around these values, with a label a decade, or more where there are few."""
    known = [float(v) for v in values if v > 0.0]
    low, high = (np.log10(min(known)), np.log10(max(known))) if known else (0.0, 1.0)
    rim = 0.05 * max(high - low, 0.5)
    decades = int(high - low)
    dtick = ("D1", "D2")[decades] if decades < 2 else 1 + decades // 8
    return {"type": "log", "range": [low - rim, high + rim], "dtick": dtick, "tickformat": tickformat}


def _joined(parts: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """The parts as one array, with a gap (NaN) after each."""
    gap = np.array([np.nan], np.float32)
    return np.concatenate([piece for part in parts for piece in (part, gap)])


def _faint(colour: str) -> str:
    rgb = (
        colour[4:-1]
        if colour.startswith("rgb")
        else ",".join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5))
    )
    return f"rgba({rgb},0.18)"


# -- all cells at once -----------------------------------------------------------------------------


def parallel(
    keys: Mapping[str, tuple[list[str], list[int]]],
    figures: Mapping[str, Sequence[float]],
    colour: Sequence[float],
    limits: tuple[float, float],
) -> go.Figure:
    """Parallel coordinates: per key its values' names and each cell's place among them, then numbers."""
    dimensions: list[dict[str, Any]] = [
        {"label": key, "values": places, "tickvals": list(range(len(names))), "ticktext": names}
        for key, (names, places) in keys.items()
    ]
    dimensions += [{"label": label, "values": list(values)} for label, values in figures.items()]
    line = {"color": list(colour), "colorscale": SCALE, "cmin": limits[0], "cmax": limits[1]}
    trace = go.Parcoords(
        dimensions=dimensions, line=line, labelfont={"size": 15}, tickfont={"size": 13},
        rangefont={"size": 1, "color": "#fff"},  # the ends' values, which the ticks say already
        unselected={"line": {"opacity": 0.05}},
    )  # fmt: skip
    return _figure([trace], 430, margin={"l": 80, "r": 80, "t": 60, "b": 30})


def importance(shares: Mapping[str, tuple[float, float]]) -> go.Figure:
    """Each key's share of the variance, alone and with its interactions, largest on top."""
    keys = sorted(shares, key=lambda key: shares[key][1])
    bars = [
        go.Bar(
            y=keys, x=[100 * shares[key][i] for key in keys], name=name, orientation="h",
            marker={"color": colour}, hovertemplate="%{y}: %{x:.1f} %<extra></extra>",
            texttemplate="%{x:.0f} %", textposition="outside", cliponaxis=False,
        )
        for i, name, colour in ((1, "with its interactions", "#9fc5dd"), (0, "alone", PALETTE[0]))
    ]  # fmt: skip
    figure = _figure(bars, 140 + 60 * len(keys), barmode="group", bargap=0.3)
    figure.update_xaxes(title="share of the variance, %", rangemode="tozero")
    return figure


@dataclass(frozen=True)
class Marks:
    """One point for each cell of a group, all of one colour or each of its own."""

    name: str
    colour: str | Sequence[str]
    x: Sequence[float]
    y: Sequence[float]
    text: Sequence[str]


def scatter(
    groups: Sequence[Marks], labels: tuple[str, str], logarithmic: bool, tickformat: str = "~g"
) -> go.Figure:
    """A point for each cell; where the axes are not logarithmic a line marks where both are equal."""
    traces = [
        go.Scatter(
            x=list(g.x), y=list(g.y), mode="markers", name=g.name, text=list(g.text),
            marker={"color": g.colour, "size": 9, "opacity": 0.65, "line": {"width": 0.5, "color": "#fff"}},
            hovertemplate="%{text}<br>%{x:.4g}, %{y:.4g}<extra></extra>",
        )
        for g in groups
    ]  # fmt: skip
    figure = _figure(traces, 460)
    if logarithmic:
        figure.update_xaxes(**_log_axis([v for g in groups for v in g.x], tickformat))
        figure.update_yaxes(**_log_axis([v for g in groups for v in g.y]))
    else:
        values = [v for g in groups for v in (*g.x, *g.y)]
        low, high = min(values, default=0.0), max(values, default=1.0)
        line = {"color": "#9aa5b1", "dash": "dash"}
        figure.add_shape(type="line", x0=low, y0=low, x1=high, y1=high, line=line, layer="below")
    figure.update_xaxes(title=labels[0])
    figure.update_yaxes(title=labels[1])
    return figure
