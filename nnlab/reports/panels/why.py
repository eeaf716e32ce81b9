"""Why nets do not learn: gradients, dead and saturated units, layer by layer."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from typing import Any

import plotly.graph_objects as go

from nnlab.cells.ranking import NUISANCE
from nnlab.reports.figures.axes import ACTIVATION, evenly, names, rounded, values
from nnlab.reports.figures.base import Choices, Trace, log_axis
from nnlab.reports.figures.colours import PALETTE, colours
from nnlab.reports.figures.small_multiples import Part, small_multiples
from nnlab.reports.panel import Panel
from nnlab.reports.sweep_results import SweepResults
from nnlab.tracking import Run, Sweep, shown

VANISHED = 1e-4  # norm of a layer's gradient below which a step of gradient descent changes next to nothing
DEAD, SATURATED = 0.95, 0.9  # shares of a layer's units, and of their outputs
MOST_LINES, MOST_PARTS = 5, 4  # in a plot, and plots in a row
GRADIENT = "gradient_norm"
NOTHING = "none of this"
NOTHING_AT_ALL = "no dead or saturated layer and no vanished gradient"  # where all nets have none of this
UNITS = ("dead", "saturated")
LEAST = 1e-30  # lower norms do not widen the axis
SHARES = {"range": [-0.04, 1.04], "tickformat": ".0%", "dtick": 0.5}

HTML = """
{% if figures %}
<p>{{ sentences|join(" ") }}</p>
{{ figure(id, figures, "nets of", alt) }}
<details><summary>what is drawn</summary>
<p class="soft">At the end of the training, layer by layer from the input (1) to the output: the norm of
dJ/dW of a layer (a norm of 0 stands on the lower edge), and the share of its units that are 0 on every
training image (dead), or of its outputs within 1 % of the ends of the activation's range (saturated).
A line is {{ line }}.
A norm that falls towards layer 1 is a gradient that vanishes on its way back; one that rises explodes.
A net that has learnt has a small gradient too, but in all layers.</p></details>
{% endif %}
"""


def layers(run: Run, what: str) -> list[float]:
    """``what`` of each layer of a run, from layer 1 on; empty if it is not known of all of them."""
    found: list[float] = []
    while (value := run.metrics.get(f"layer_{len(found) + 1}/{what}")) is not None:
        found.append(value)
    return found


def cause(run: Run) -> str:
    """What is seen in the layers of a net that is stuck, the first of these."""
    if any(share >= DEAD for share in layers(run, "dead")):
        return f"a layer whose units are all dead (at least {100 * DEAD:.0f} %)"
    if any(share >= SATURATED for share in layers(run, "saturated")):
        return f"a saturated layer (at least {100 * SATURATED:.0f} % of its outputs)"
    if any(norm < VANISHED for norm in layers(run, GRADIENT)):
        return f"a layer whose gradient has vanished (norm below {VANISHED:g})"
    return NOTHING


def sentences(sweep: Sweep) -> list[str]:
    """What is seen in the layers of the nets that got stuck, and how many diverged."""
    stuck = [run for run in sweep.done if run.state == "stuck"]
    key = line_key(sweep)
    found: dict[str, list[Run]] = defaultdict(list)
    for run in stuck:
        found[cause(run)].append(run)
    said = []
    if stuck:
        said.append(_causes(found, len(stuck), key))
    if lost := [run for run in sweep.done if run.state == "diverged"]:
        many = f"{len(lost)} nets" if len(lost) > 1 else "One net"
        said.append(f"{many} diverged{_mostly(lost, key)}: a step too large, or a gradient that exploded.")
    return said or ["No net got stuck or diverged."]


def _causes(found: Mapping[str, Sequence[Run]], stuck: int, key: str | None) -> str:
    """What the nets that got stuck have, by the words of their causes."""
    nets = f"{stuck} nets" if stuck > 1 else "one net"
    if len(found) == 1:
        ((words, runs),) = found.items()
        words = NOTHING_AT_ALL if words == NOTHING else words
        return f"The {nets} that got stuck {_have(runs)} {words}{_mostly(runs, key)}.".replace(") (", "; ")
    order = sorted(found, key=lambda words: (words == NOTHING, -len(found[words])))
    parts = [
        f"{len(found[words])} {_have(found[words])} {words}{_mostly(found[words], key)}".replace(
            ") (", "; "
        )
        for words in order
    ]
    return f"Of the {nets} that got stuck, {'; '.join(parts)}."


def _have(runs: Sequence[Run]) -> str:
    return "have" if len(runs) > 1 else "has"


def _mostly(runs: Sequence[Run], key: str | None) -> str:
    """At which value of a key most of the runs are, if it is clear."""
    if key is None:
        return ""
    value, n = Counter(shown(run.params.get(key)) for run in runs).most_common(1)[0]
    where = f"{key} {value}"
    return f" (all at {where})" if n == len(runs) else f" ({n} at {where})" if 2 * n > len(runs) else ""


def line_key(sweep: Sweep) -> str | None:
    """The key whose values are the lines: the scale, else the first that is not activation or depth."""
    keys = [key for key in sweep.keys if key not in (*NUISANCE, ACTIVATION, "model.depth")]
    return next((key for key in ("init.scale", *keys) if key in keys), None)


def draw(results: SweepResults) -> Choices:
    """For each depth, the deepest first: gradients, and below them the shares, for each activation."""
    sweep = results.sweep
    by_depth: dict[int, list[Run]] = defaultdict(list)
    for run in sweep.done:
        if norms := layers(run, GRADIENT):
            by_depth[len(norms)].append(run)
    depths = evenly(sorted((depth for depth in by_depth if depth > 1), reverse=True), 5)
    return {f"{depth} layers": _layers(sweep, by_depth[depth]) for depth in depths}


def _layers(sweep: Sweep, runs: Sequence[Run]) -> go.Figure:
    """The figure of the nets of one depth."""
    lines = _lines(sweep, runs)
    groups: dict[str, list[Run]] = defaultdict(list)
    for run in runs:
        groups[shown(run.params.get(ACTIVATION))].append(run)
    order = [name for name in names(sweep, ACTIVATION) if name in groups][:MOST_PARTS]
    deep = max(len(layers(run, GRADIENT)) for run in runs)
    across = {"dtick": -(-deep // 5), "tick0": 1, "tickangle": 0, "range": [0.6, deep + 0.4]}
    gradients = {name: list(_traces(lines, groups[name], GRADIENT)) for name in order}
    norms = [norm for traces in gradients.values() for t in traces for norm in t["y"] if norm > LEAST]
    scale = log_axis(norms, "~e" if norms and max(norms) > 1e3 * min(norms) else "~g")
    for trace in (trace for traces in gradients.values() for trace in traces):
        trace["y"] = [max(norm, 10 ** scale["range"][0]) for norm in trace["y"]]  # 0 stands on the edge
    parts = [Part(f"{name}: gradient", traces, across, scale) for name, traces in gradients.items()]
    for name in order:
        what = next((what for what in UNITS if any(layers(run, what) for run in groups[name])), None)
        if what:
            parts.append(Part(f"{name}: {what}", list(_traces(lines, groups[name], what)), across, SHARES))
    return small_multiples(parts, "layer", "", 170, max(len(order), 2), showlegend=len(lines) > 1)


def _lines(sweep: Sweep, runs: Sequence[Run]) -> dict[str, tuple[str, list[Run]]]:
    """The lines by their names: the colour, and the runs whose median it is; of few runs one for each."""
    if len(sweep.done) <= MOST_LINES:
        drawn = zip(sweep.done, PALETTE, strict=False)
        return {run.name: (colour, [run]) for run, colour in drawn if run in runs}
    key = line_key(sweep)
    if key is None:
        return {"median": (PALETTE[0], list(runs))}
    chosen = evenly(values(sweep, key), MOST_LINES)
    return {
        f"{key} {shown(value)}": (colour, [run for run in runs if run.params.get(key) == value])
        for value, colour in zip(chosen, colours(chosen), strict=True)
    }


def _traces(lines: Mapping[str, tuple[str, list[Run]]], runs: Sequence[Run], what: str) -> Iterator[Trace]:
    """For each line: the median of ``what`` over those of its runs that are among ``runs``, by layer."""
    known = {run.id: profile for run in runs if (profile := layers(run, what))}
    for name, (colour, members) in lines.items():
        found = [known[run.id] for run in members if run.id in known]
        if not found:
            continue
        middle = [rounded(median(column), 3) for column in zip(*found, strict=False)]
        yield {
            "type": "scatter", "x": list(range(1, len(middle) + 1)), "y": middle, "mode": "lines+markers",
            "name": name, "legendgroup": name,
            "line": {"color": colour, "width": 2}, "marker": {"size": 6 if len(middle) < 12 else 3},
            "customdata": middle, "hovertemplate": "layer %{x}: %{customdata:.3g}", "cliponaxis": False,
        }  # fmt: skip


def content(results: SweepResults) -> dict[str, Any]:
    """The sentences, and what a line is."""
    key, few = line_key(results.sweep), len(results.sweep.done) <= MOST_LINES
    median_of = "the median over all runs" + (f" with this value of {key}" if key else "")
    return {
        "sentences": sentences(results.sweep),
        "line": "a run" if few else median_of,
        "alt": "Gradient norms and shares of dead or saturated units, layer by layer",
    }


def known(results: SweepResults) -> bool:
    """Records of earlier versions, and nets that all diverged at once, have no such numbers."""
    return any(len(layers(run, GRADIENT)) > 1 for run in results.sweep.done)


PANEL = Panel("why", "Why", "Why: gradients and units, layer by layer", HTML, content, draw, known)
