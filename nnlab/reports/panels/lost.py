"""The cells that did not learn, and why."""

from collections.abc import Mapping
from typing import Any

from nnlab.nn import Array
from nnlab.reports.figures.learning_curves import finite
from nnlab.reports.panel import Panel
from nnlab.reports.sweep_results import SweepResults
from nnlab.tracking import Run

STATES = ("failed", "killed", "running", "diverged", "stuck")  # in the order of the table
MOST = 40  # rows

HTML = """
{% if rows %}
<div class="scroll"><table>
<tr><th>run</th><th>state</th><th>why</th><th>run again</th></tr>
{% for row in rows %}
<tr><td class="name">{{ row.name }}</td><td>{{ row.state }}</td><td>{{ row.why }}</td>
<td>{% if row.again %}<code>{{ row.again }}</code>{% else %}by the sweep's command{% endif %}</td></tr>
{% endfor %}
</table></div>
{% if more %}<p class="soft">And {{ more }} more, which MLflow has.</p>{% endif %}
{% else %}
<p>Nothing failed, diverged or got stuck.</p>
{% endif %}
"""


def content(results: SweepResults) -> dict[str, Any]:
    """A row for each cell that did not learn, at most MOST, and how many are left out."""
    lost = [run for run in results.sweep.cells if run.state in STATES]
    lost.sort(key=lambda run: (STATES.index(run.state), run.name))
    shown = lost[:MOST]
    costs = results.costs([run for run in shown if run.state == "diverged"])
    rows = [
        {
            "name": run.name,
            "state": run.state,
            "why": why(run, costs) or "interrupted before its end",
            "again": results.rerun_command(run) if run.done else "",
        }
        for run in shown
    ]
    return {"rows": rows, "more": len(lost) - len(shown)}


def why(run: Run, costs: Mapping[str, Array]) -> str:
    """The error, where the cost stopped being a number, or what a stuck net reached."""
    if run.state == "diverged":
        known = finite(costs[run.id])
        ends = f"; it went from {known[0]:.3g} to {known[-1]:.3g}" if len(known) else ""
        return f"the cost is not a number from step {len(known)} on{ends}"
    if run.state == "stuck":
        metric = "rmse" if "train/rmse" in run.metrics else "accuracy"
        reached = f"training {metric} {run.metrics[f'train/{metric}']:.3f}"
        gradient = run.metrics.get("layer_1/gradient_norm")
        if gradient is None:
            return reached
        return f"{reached}; the first layer's gradient norm at the end is {gradient:.2g}"
    return run.error


PANEL = Panel("failed", "What failed", "What failed, and why", HTML, content, folded=True)
