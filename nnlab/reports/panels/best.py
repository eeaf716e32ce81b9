"""The best configurations: intervals and seeds as a plot, which are tied; the tests as a table."""

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from nnlab.cells.findings import Compared, beats_constant, best_sentence, significance, spoken
from nnlab.cells.ranking import is_error
from nnlab.records import counted
from nnlab.reports.figures import base
from nnlab.reports.figures.base import Choices
from nnlab.reports.figures.colours import PALETTE
from nnlab.reports.panel import Panel
from nnlab.reports.sweep_results import SweepResults
from nnlab.tracking import Run

HTML = """
{% if rows %}
<p>{{ sentence|replace(" %", "\u00a0%") }}</p>
{{ figure(id, figures, alt="the best configurations with their intervals and runs") }}
<details><summary>numbers, tests, and how to run them again</summary>
<div class="scroll"><table>
<tr><th></th><th>configuration</th>
{% if repeated %}<th class="n">runs</th>{% endif %}
<th class="n">{{ sweep.select_by }}<br>mean</th>
{% if repeated %}
<th class="n">range<br>of runs</th><th class="n">the best's lead,<br>95 % over runs</th>
{% endif %}
{% if classes %}<th class="n">right<br>on test</th><th class="n">95 %<br>interval</th>{% endif %}
<th class="n">train<br>{{ sweep.score }}</th>
{% if classes %}<th class="n">alone right:<br>best, this</th><th class="n">p</th>{% endif %}
<th class="name">cannot be told<br>from the best</th>
<th>run again</th></tr>
{% for row in rows %}
<tr{% if row.tied %} class="tied"{% endif %}>
<td class="n">{{ loop.index }}</td><td class="name">{{ row.name }}</td>
{% if repeated %}<td class="n">{{ row.runs }}</td>{% endif %}
<td class="n">{{ row.mean }}</td>
{% if repeated %}<td class="n">{{ row.range }}</td><td class="n">{{ row.lead }}</td>{% endif %}
{% if classes %}<td class="n">{{ row.right }}</td><td class="n">{{ row.interval }}</td>{% endif %}
<td class="n">{{ row.train }}</td>
{% if classes %}<td class="n">{{ row.alone }}</td><td class="n">{{ row.p }}</td>{% endif %}
<td>{{ row.verdict }}</td>
<td><code>{{ row.again }}</code></td></tr>
{% endfor %}
</table></div>
<ul class="soft">
{% if tested or repeated %}<li>A tie: it cannot be told from the best.</li>{% endif %}
{% if classes %}
<li>A bar is the exact 95 % interval (Clopper and Pearson) of the middle run by {{ sweep.select_by }}: of
this net for new images. More seeds do not make it narrower, since all seeds have the same test images.</li>
<li>p is McNemar's, exact, on the same {{ n_test }} images: of the images that only one of the two middle
runs got right, did one get more than chance gives it? It is adjusted for the {{ tested }} comparisons
(Holm). With so many, two nets can be told apart only if they disagree on at least {{ discordant }}
images.</li>
{% else %}
<li>Rmse is the root of the mean squared error, in the unit of the targets; lower is better.</li>
{% endif %}
{% if repeated %}
<li>The best's lead is the 95 % interval of the mean difference over the same seeds and folds (Student's t).
If it holds 0, the lead may be luck, and the two cannot be told apart
{%- if classes %}, whatever p is{% endif %}.</li>
{% else %}
<li>Each configuration was trained once, so the noise of seeds is unknown.</li>
{% endif %}
<li>The best was chosen for its result on
{{ "these same test examples, which favours it" if on_test else "other examples than the test set" }}.
Two nets that cannot be told apart need not be equal.</li>
{% if diverged %}
<li>A diverged run counts in mean and range as a constant answer, and is never the middle run.</li>
{% endif %}
{% if untested %}<li>The other {{ untested }} configurations were not compared.</li>{% endif %}
</ul>
</details>
{% else %}
<p>No cell has finished.</p>
{% endif %}
"""


def content(results: SweepResults) -> dict[str, Any]:
    """The rows, and the numbers in the text below them."""
    sweep, compared = results.sweep, results.compared
    tested = sum(one.test is not None for one in compared)
    predictions = compared[0].predictions if compared else None
    return {
        "rows": [_row(results, one) for one in compared],
        "sentence": best_sentence(results.trained, compared, sweep.cells),
        "repeated": any(len(one.configuration.runs) > 1 for one in compared),
        "n_test": len(predictions.y) if predictions else 0,
        "tested": tested,
        "untested": len(results.trained) - len(compared),
        "diverged": any(one.configuration.diverged for one in compared),
        "discordant": significance.fewest_discordant(tested),
        "classes": not sweep.regression,
        "on_test": sweep.select_by.startswith("test/"),
    }


def _row(results: SweepResults, one: Compared[Run]) -> dict[str, Any]:
    """A configuration's metrics, and what the tests say."""
    configuration, predictions, test = one.configuration, one.predictions, one.test
    metric = configuration.select_by
    values = configuration.values(metric)
    return {
        "name": configuration.name,
        "runs": len(configuration.runs),
        "mean": one.mean(metric),
        "range": _interval(min(values), max(values), metric) if len(values) > 1 else "",
        "lead": _interval(*one.lead, metric) if one.lead else "",
        "train": one.mean(f"train/{results.sweep.score}"),
        "right": predictions.right_text if predictions else "",
        "interval": predictions.interval_text if predictions else "",
        "alone": f"{test.a_alone}, {test.b_alone}" if test else "",
        "p": f"{test.adjusted:.2g}" if test else "",
        "verdict": _verdict(results, one),
        "tied": one.tied,
        "again": results.rerun_command(configuration.middle),
    }


def _interval(low: float, high: float, metric: str) -> str:
    digits = ".4g" if is_error(metric) else ".3f"
    return f"{low:{digits}} to {high:{digits}}"


def _verdict(results: SweepResults, one: Compared[Run]) -> str:
    if one is results.compared[0]:
        return "the best"
    if one.tied is None:
        return "not tested" if beats_constant(one.configuration) else "worse than a constant answer"
    return "yes" if one.tied else "no, it can"


def draw(results: SweepResults) -> Choices:
    """The best configurations with their intervals and runs."""
    return {"": intervals_figure(results.compared, results.sweep.score)} if results.compared else {}


def intervals_figure(compared: Sequence[Compared[Run]], score: str) -> go.Figure:
    """A line per configuration, the best on top: the interval of its middle run, and a sign for each run.

    The colour and the sign say whether it can be told from the best. ``score`` is `accuracy` or `rmse`.
    """
    metric, others = f"test/{score}", compared[1:]
    groups = (
        ("the best", PALETTE[2], "diamond", compared[:1]),
        ("tied with it", PALETTE[0], "circle", [one for one in others if one.tied]),
        ("worse", PALETTE[1], "square", [one for one in others if one.tied is False]),
        ("not tested", PALETTE[7], "circle", [one for one in others if one.tied is None]),
    )
    traces = [
        trace
        for name, colour, symbol, members in groups
        if members
        for trace in _group(members, metric, name, {"color": colour, "symbol": symbol, "size": 10})
    ]
    names = [one.configuration.name for one in reversed(compared)]
    y = {"type": "category", "categoryorder": "array", "categoryarray": names}
    y |= {"tickvals": names, "ticktext": names}
    constant = counted("diverged", compared[0].configuration.middle.metrics).get(metric)
    if constant is not None:
        line = {"color": PALETTE[7], "dash": "dash", "width": 1.5}
        ends = {"x": [constant, constant], "y": [names[0], names[-1]]}
        traces.append(
            {"type": "scatter", "mode": "lines", "name": "a constant answer", "line": line} | ends
        )
    x = {"title": spoken(metric), "range": _range(traces, constant if is_error(metric) else None)}
    legend = {"xref": "container", "x": 0, "y": 1, "yref": "container", "yanchor": "top"}
    top = {"l": 70, "r": 24, "t": 60, "b": 60}
    return base.figure(traces, 150 + 24 * len(compared), x, y, margin=top, legend={**base.LEGEND, **legend})


def _range(traces: Sequence[Mapping[str, Any]], constant: float | None) -> list[float]:
    """The ends of the axis; of errors, which have no bound, just beyond a ``constant`` answer's."""
    if constant is not None:
        return [0.0, 1.2 * constant]
    found = [x for trace in traces for x in trace["x"] if x is not None]
    for trace in traces:
        error = trace.get("error_x") or {"array": (), "arrayminus": ()}
        found += [x + up for x, up in zip(trace["x"], error["array"], strict=False)]
        found += [x - down for x, down in zip(trace["x"], error["arrayminus"], strict=False)]
    margin = 0.04 * ((max(found) - min(found)) or 1.0)
    return [min(found) - margin, max(found) + margin]


def _group(
    members: Sequence[Compared[Run]], metric: str, name: str, marker: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The middle runs of some configurations with their intervals, and all runs as smaller signs."""
    reached = [(one, one.configuration.middle.counted.get(metric)) for one in members]
    known = [(one, x) for one, x in reached if x is not None]
    ends = [one.predictions.interval if one.predictions else (x, x) for one, x in known]
    points = [(run, one.configuration.name) for one in members for run in one.configuration.runs]
    shared = {"type": "scatter", "mode": "markers", "legendgroup": name}
    error = {
        "type": "data", "symmetric": False, "thickness": 2, "width": 4,
        "array": [high - x for (_, x), (_, high) in zip(known, ends, strict=True)],
        "arrayminus": [x - low for (_, x), (low, _) in zip(known, ends, strict=True)],
    }  # fmt: skip
    middles = {
        "x": [x for _, x in known], "y": [one.configuration.name for one, _ in known],
        "error_x": error if members[0].predictions else {},
        "name": name, "marker": marker, "hovertemplate": "%{y}<br>middle run %{x:.4g}<extra></extra>",
    }  # fmt: skip
    runs = {
        "x": [run.counted.get(metric) for run, _ in points], "y": [place for _, place in points],
        "text": [run.name for run, _ in points], "name": f"runs: {name}", "showlegend": False,
        "marker": {**marker, "symbol": f"{marker['symbol']}-open", "size": 8, "line": {"width": 1.6}},
        "hovertemplate": "%{text}: %{x:.4g}<extra></extra>",
    }  # fmt: skip
    return [shared | middles, *([shared | runs] if len(points) > len(members) else [])]


PANEL = Panel("best", "Best", "The best configurations", HTML, content, draw)
