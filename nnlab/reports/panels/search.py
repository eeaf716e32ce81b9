"""How a search went: the best so far, its rungs, its Pareto front, or the borders that it found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from statistics import fmean
from typing import Any

import plotly.graph_objects as go

from nnlab.cells.borders import Row, rows
from nnlab.cells.front import as_text, front
from nnlab.cells.halving import percent
from nnlab.cells.ranking import NUISANCE, rank
from nnlab.cells.trials import Search
from nnlab.config import OBJECTIVES
from nnlab.reports.figures import base
from nnlab.reports.figures.base import Choices
from nnlab.reports.figures.colours import PALETTE
from nnlab.reports.panel import Panel
from nnlab.reports.sweep_results import SweepResults
from nnlab.tracking import shown

ITERATIONS = "trainer.iterations"
MARKS = {
    "learnt": (PALETTE[0], "circle"),
    "stuck": (PALETTE[4], "x"),
    "diverged": (PALETTE[1], "triangle-up"),
}

HTML = """
{% if borders %}
<p>Values of <code>{{ along }}</code>, one row for each combination of the other keys. Between neighbours
that end in unlike ways the search looked closer, so points are dense where a border is. Each mark is what
most seeds did; hollow ones are where they differ.</p>
{{ figure(id, figures, alt="the values that were tried, row by row, and how the nets ended") }}
<table><tr><th>row</th><th>borders</th><th>cells</th><th>not one clear step</th></tr>
{% for row in borders %}
<tr><td class="name">{{ row.name or "all" }}</td><td>{% for border in row.borders %}{{ border.text() }}<br>
{% else %}none{% endfor %}</td><td>{{ row.cells }}</td><td>{{ row.unclear }}</td></tr>
{% endfor %}</table>
{% else %}
<p>{{ trials }} trials of <code>search={{ name }}</code>.
{%- if front %} {{ front | length }} of them are the Pareto front: no other one beats them in
{{ "both" if objectives | length == 2 else "all" }} objectives.
{%- else %} They stand in the order in which they were asked for; the line is the best {{ objectives[0] }}
so far.{% endif %}
{%- if diverged %} {{ diverged }} cells diverged; they count as a constant answer.{% endif %}</p>
{{ figure(id, figures, "show", alt) }}
{% if front %}
<details><summary>the trials of the front</summary>
<table><tr><th>trial</th><th>run</th>{% for name in objectives %}<th>{{ name }}</th>{% endfor %}</tr>
{% for number, name, values in front %}<tr><td>{{ number }}</td><td class="name">{{ name }}</td>
{%- for value in values %}<td>{{ value }}</td>{% endfor %}</tr>
{% endfor %}</table></details>
{% endif %}
{% if rungs %}
<p>Successive halving: the best of each rung went on to the next one, from their records. All rungs took
{{ saved }} % of the steps that all trials to the end would take.</p>
<table><tr><th>steps</th><th>trials</th><th>best {{ objectives[0] }}</th></tr>
{% for steps, count, best in rungs %}<tr><td>{{ steps }}</td><td>{{ count }}</td><td>{{ best }}</td></tr>
{% endfor %}</table>
{% endif %}
{% endif %}
"""


@dataclass(frozen=True)
class Told:
    """A trial with the values of its objectives."""

    number: int
    name: str
    values: tuple[float, ...]


def content(results: SweepResults) -> Mapping[str, Any]:
    """What the template tells."""
    search = results.search
    assert search is not None
    about = search.about["search"]
    if about["name"] == "refine":
        return {"borders": _rows(results, about["along"]), "along": about["along"]}
    rungs, saved = _rungs(results, about)
    told = _told(results, search)
    several = len(about["objectives"]) > 1
    return {
        "front": _rows_of(_on_front(told, about["objectives"])) if several and told else [],
        "alt": "the trials by both objectives" if several else "the trials and the best so far",
        "borders": None,
        "name": about["name"],
        "objectives": about["objectives"],
        "trials": len(told),
        "diverged": sum(run.state == "diverged" for run in results.sweep.cells),
        "rungs": rungs,
        "saved": saved,
    }


def draw(results: SweepResults) -> Choices:
    """The best so far, and the front of two objectives; or the rows of a refined search."""
    search = results.search
    assert search is not None
    about = search.about["search"]
    if about["name"] == "refine":
        return {"": _map(_rows(results, about["along"]), about["along"], search)}
    told = _told(results, search)
    if not told:
        return {}
    objectives = about["objectives"]
    choices = {"both objectives": _front(told, objectives)} if len(objectives) > 1 else {}
    return choices | {f"best {objectives[0]} so far": _best_so_far(told, objectives[0])}


def _told(results: SweepResults, search: Search) -> list[Told]:
    """The trials whose cells are all done."""
    runs = {run.tags.get("nnlab.fingerprint", run.id): run for run in results.sweep.cells}
    objectives = search.about["search"]["objectives"]
    found = []
    for trial in search.trials:
        cells = [runs[name] for name in trial.cells if name in runs]
        values = [[run.counted[o] for run in cells if o in run.counted] for o in objectives]
        if cells and all(len(each) == len(trial.cells) for each in values):
            found.append(Told(trial.number, cells[0].name, tuple(map(fmean, values))))
    return found


def _best_so_far(told: Sequence[Told], objective: str) -> go.Figure:
    numbers, values = [one.number for one in told], [one.values[0] for one in told]
    best = list(accumulate(values, max if OBJECTIVES[objective] else min))
    marks = {
        "type": "scatter", "mode": "markers", "x": numbers, "y": values, "name": "a trial",
        "text": [one.name for one in told], "marker": {"color": PALETTE[5], "size": 8},
        "hovertemplate": "trial %{x}: %{y:.4g}<br>%{text}<extra></extra>",
    }  # fmt: skip
    line = {
        "type": "scatter", "mode": "lines", "x": numbers, "y": best, "name": "best so far",
        "line": {"color": PALETTE[0], "width": 2.5, "shape": "hv"}, "hoverinfo": "skip",
    }  # fmt: skip
    return base.figure([marks, line], 340, {"title": {"text": "trial"}}, {"title": {"text": objective}})


def _front(told: Sequence[Told], objectives: Sequence[str]) -> go.Figure:
    """The trials by two objectives; those that none beats in both are joined by a line."""
    joined = _on_front([replace(one, values=one.values[:2]) for one in told], objectives[:2])
    joined.sort(key=lambda one: one.values[1])
    log = objectives[1].startswith(("size/", "time/"))
    parts = []
    for group, name, colour, mode in (
        (told, "a trial", PALETTE[5], "markers"), (joined, "Pareto front", PALETTE[1], "lines+markers"),
    ):  # fmt: skip
        parts.append({
            "type": "scatter", "mode": mode, "name": name, "x": [one.values[1] for one in group],
            "y": [one.values[0] for one in group],
            "text": [f"trial {one.number}: {one.name}" for one in group],
            "marker": {"color": colour, "size": 8}, "line": {"color": colour, "shape": "hv"},
            "hovertemplate": "%{text}<br>%{x:.4g}, %{y:.4g}<extra></extra>",
        })  # fmt: skip
    x: base.Axis = {"title": {"text": objectives[1]}}
    if log:
        x = {**x, **base.log_axis([one.values[1] for one in told], "~s")}
    return base.figure(parts, 360, x, {"title": {"text": objectives[0]}})


def _rows_of(told: Sequence[Told]) -> list[tuple[int, str, list[str]]]:
    return [(one.number, one.name, [as_text(value) for value in one.values]) for one in told]


def _on_front(told: Sequence[Told], objectives: Sequence[str]) -> list[Told]:
    return [told[i] for i in front([one.values for one in told], [OBJECTIVES[o] for o in objectives])]


def _rungs(results: SweepResults, about: Mapping[str, Any]) -> tuple[list[tuple[int, int, str]], int]:
    """Steps, trials and best value of each rung; and the share of all steps that they took, in percent."""
    if not about.get("rungs"):
        return [], 0
    objective = about["objectives"][0]
    best, found = max if OBJECTIVES[objective] else min, []
    for steps in about["rungs"]:
        runs = [run for run in results.sweep.cells if run.params.get(ITERATIONS) == steps]
        trials = rank(runs, results.sweep.select_by)
        values = [trial.mean(objective) for trial in trials if trial.values(objective)]
        found.append((steps, len(trials), f"{best(values):.4g}" if values else ""))
    return found, percent(about["rungs"], [count for _, count, _ in found])


# -- borders ---------------------------------------------------------------------------------------


def _rows(results: SweepResults, along: str) -> list[Row]:
    keys = [key for key in results.sweep.keys if key not in (along, *NUISANCE)]
    return rows(
        (
            " ".join(f"{key}={shown(run.params.get(key))}" for key in keys),
            float(run.params[along]),
            run.state,
        )
        for run in results.sweep.cells
    )


def _map(found: Sequence[Row], along: str, search: Search) -> go.Figure:
    traces = []
    names = [row.name or along for row in found]
    for state, (colour, symbol) in MARKS.items():
        points = [(point, name) for row, name in zip(found, names, strict=True) for point in row.points]
        mine = [(point, name) for point, name in points if point.state == state]
        traces.append({
            "type": "scatter", "mode": "markers", "name": state, "x": [point.value for point, _ in mine],
            "y": [name for _, name in mine],
            "marker": {
                "color": colour, "size": 9, "line": {"width": 1.5, "color": colour},
                "symbol": [symbol + ("" if point.unanimous else "-open") for point, _ in mine],
            },
            "hovertemplate": f"{along} %{{x:.4g}}: {state}<br>%{{y}}<extra></extra>",
        })  # fmt: skip
    x: base.Axis = {"title": {"text": along}}
    if search.about["space"]["dimensions"][along]["log"]:
        x = {**x, **base.log_axis([point.value for row in found for point in row.points])}
    y = {"type": "category", "categoryarray": names[::-1], "categoryorder": "array"}
    return base.figure(traces, 140 + 26 * len(found), x, y)


def applies(results: SweepResults) -> bool:
    """Only a search has it."""
    return results.search is not None


PANEL = Panel("search", "Search", "How the search went", HTML, content, draw, applies)
