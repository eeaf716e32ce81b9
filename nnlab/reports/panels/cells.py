"""The table of all cells, with the commands that train them again."""

from typing import Any

from nnlab.reports.panel import Panel
from nnlab.reports.sweep_results import SweepResults
from nnlab.tracking import Run, shown

MOST = 250  # rows; a page of 6 MB has room for them

HTML = """
<p><code>nnlab rerun</code> trains a run again from its record and compares every cost, weight and output
bit for bit. A cell that failed has no record: the command of the sweep tries it again.
{% if server %}Set <code>MLFLOW_TRACKING_URI={{ server }}</code> first.{% endif %}</p>
<details><summary>{{ "the first " if more else "all " }}{{ rows|length }} cells</summary>
<div class="scroll"><table>
<tr><th>run</th><th>state</th>
{% for key in sweep.keys %}<th>{{ key }}</th>{% endfor %}
{% for metric in metrics %}<th class="n">{{ metric|replace("/", " ") }}</th>{% endfor %}
<th>run again</th></tr>
{% for row in rows %}
<tr><td class="name">{{ row.name }}</td><td>{{ row.state }}</td>
{% for value in row.swept %}<td>{{ value }}</td>{% endfor %}
{% for value in row.metrics %}<td class="n">{{ value }}</td>{% endfor %}
<td><code>{{ row.again }}</code></td></tr>
{% endfor %}
</table></div>
{% if more %}<p class="soft">And {{ more }} more, which MLflow has.</p>{% endif %}</details>
{% if made_with %}<p class="soft">{{ made_with }}</p>{% endif %}
"""


def content(results: SweepResults) -> dict[str, Any]:
    """Each cell with its swept values and metrics, and what the best run was made with."""
    sweep = results.sweep
    names = (sweep.select_by, f"test/{sweep.score}", f"train/{sweep.score}", "train/cost")
    metrics = list(dict.fromkeys(names))
    rows = [
        {
            "name": run.name,
            "state": run.state,
            "swept": [shown(run.params.get(key)) for key in sweep.keys],
            "metrics": [f"{run.metrics[key]:.4g}" if key in run.metrics else "" for key in metrics],
            "again": results.rerun_command(run) if run.done else "",
        }
        for run in sorted(sweep.cells, key=lambda run: run.name)[:MOST]
    ]
    made_with = _made_with(results, sweep.ranked[0].middle) if sweep.ranked else ""
    return {
        "rows": rows,
        "metrics": metrics,
        "server": results.server,
        "made_with": made_with,
        "more": len(sweep.cells) - len(rows),
    }


def _made_with(results: SweepResults, best: Run) -> str:
    """Commit, versions and machine of the best run, from its record's marker."""
    marker = results.marker(best)
    made = marker["provenance"]
    commit = f"commit {made['commit'][:12]}" if made["commit"] else "unknown commit"
    changed = " with uncommitted changes" if made["dirty"] else ""
    versions = ", ".join(f"{name} {version}" for name, version in made["versions"].items())
    return (
        f"The best run: {commit}{changed}; {versions}; {made['cpu']}, {made['system']}; "
        f"data {marker['data_digest'][:12]}, numeric code {marker['code_digest'][:12]}."
    )


PANEL = Panel("again", "Rerun", "Run any of them again", HTML, content, folded=True)
