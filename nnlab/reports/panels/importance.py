"""How much of the variance of the results each key explains, beside the noise of the seeds."""

from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go

from nnlab.cells.findings import INTERACTIONS, NOISE, Importance, significance, spoken
from nnlab.reports.figures import base
from nnlab.reports.figures.base import Choices
from nnlab.reports.figures.colours import PALETTE
from nnlab.reports.panel import Panel
from nnlab.reports.sweep_results import SweepResults

GREY, PALE = PALETTE[7], "#9fc5dd"
LABEL = 0.1  # of the axis: the width of a percentage
HTML = """
{% if figures %}
<p>{{ first.sentence()|replace(" %", "\u00a0%") }}</p>
{{ figure(id, figures, label="of the variance of", alt="how much each key explains, and the noise") }}
{% if not first.balanced %}
<p><strong>The grid is partial</strong>: {{ first.configurations }} of {{ first.combinations }} combinations
have a result{% if first.configurations == first.combinations %}, some more often than others{% endif %}.
The shares still add up to 100 %, but they depend on what is missing.</p>
{% endif %}
{% if first.noise is none %}
<p>No configuration was trained more than once. So <strong>the noise is unknown</strong>, and a small
share may be chance: <code>seed=1,2,3</code> shows it.</p>
{% endif %}
{% if chosen %}
<p><strong>{{ chosen }} chose these values by the results before</strong>, so good regions have more of
them. The shares hold for these trials, not for the whole space; <code>search=random</code> gives fair
ones.</p>
{% endif %}
<details><summary>how the shares are computed</summary>
<ul class="soft">
<li>The shares add up to 100 %.</li>
<li>A key: what it adds to the R² of a model in which each key acts alone, averaged over all orders of
adding the keys (Lindeman, Merenda and Gold; the Shapley value of R²).</li>
<li>Interactions: what the values of several keys do together, beyond this model.</li>
<li>Noise: the variance within equal configurations; the dashed line has its height. A bar is pale where
noise alone would often make so large a share (F test, p of 0.05 or more).</li>
<li>All this holds for the values of this grid. Another range of values gives other shares.</li>
<li>A diverged net counts as a constant answer
({{ "the mean of the targets" if sweep.regression else "the most common class" }}); a failed one is left
out.</li>
</ul>
</details>
{% else %}
<p>Only seeds and folds vary, or all results are equal: there is nothing to explain.</p>
{% endif %}
"""


def content(results: SweepResults) -> Mapping[str, Any]:
    """The shares of the metric that is shown first."""
    about = results.search.about["search"] if results.search is not None else {}
    biased = about.get("name") in ("tpe", "nsga2", "refine") or about.get("rungs")
    chosen = f"search={about['name']}" if biased else ""
    return {"first": next(iter(results.importance.values()), None), "chosen": chosen}


def draw(results: SweepResults) -> Choices:
    """A bar for each share, first for the metric on the training set, then for the ranked one."""
    return {spoken(metric): shares_figure(found) for metric, found in results.importance.items()}


def shares_figure(found: Importance) -> go.Figure:
    """A bar for each key, the largest on top, then interactions and noise; a line at the noise."""
    bars = [(key, key, _colour(share.p)) for key, share in found.keys.items()]
    together = "interactions" if found.noise is not None else "interactions<br>and noise"
    if len(found.keys) > 1:
        bars.append((INTERACTIONS, together, _colour(found.interactions.p)))
    if found.noise is not None:
        bars.append((NOISE, found.noise_name, GREY))
    parts, names, colours = zip(*reversed(bars), strict=True)
    percents = [100 * found.parts[part] for part in parts]
    line, end = 100 * (found.noise or 0.0), 1.15 * max(percents)
    bar = {
        "type": "bar", "y": names, "x": percents, "orientation": "h", "marker": {"color": colours},
        "name": "share, %", "hovertemplate": "%{y}: %{x:.1f} %<extra></extra>",
    }  # fmt: skip
    labels = {
        "type": "scatter", "mode": "text", "y": names,
        "text": [f" {found.percent(part)}" for part in parts],
        "x": [line if x < line < x + LABEL * end else x for x in percents],  # not below the line
        "textposition": "middle right", "cliponaxis": False, "hoverinfo": "skip",
    }  # fmt: skip
    title = {"text": f"share of the variance of<br>the {spoken(found.metric)}, %", "font": {"size": 13}}
    x = {"title": title, "range": [0, end]}
    rows = 120 + 42 * len(bars)
    figure = base.figure([bar, labels], rows, x, {"type": "category"}, bargap=0.3, showlegend=False)
    if found.noise:
        figure.add_vline(line, line={"color": GREY, "dash": "dash", "width": 1.5})
    return figure


def _colour(p: float | None) -> str:
    """Full where a share is beyond the noise, or the noise is unknown."""
    return PALETTE[0] if p is None or p < significance.ALPHA else PALE


PANEL = Panel("weight", "Importance", "Which key matters", HTML, content, draw)
