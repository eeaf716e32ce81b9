"""What a single run was made with."""

from typing import Any

from nnlab.reports.panel import Panel
from nnlab.reports.sweep_results import SweepResults
from nnlab.tracking import shown

HTML = """
<div class="scroll"><table>
<tr><th>key</th><th>value</th></tr>
{% for key, value in rows %}<tr><td>{{ key }}</td><td>{{ value }}</td></tr>
{% endfor %}
</table></div>
"""


def content(results: SweepResults) -> dict[str, Any]:
    """Every key of the configuration, in its order."""
    (run,) = results.sweep.cells
    return {"rows": [(key, shown(value)) for key, value in run.params.items()]}


def single(results: SweepResults) -> bool:
    """Is the page on one run?"""
    return len(results.sweep.cells) == 1


PANEL = Panel("keys", "Configuration", "Its configuration", HTML, content, applies=single, folded=True)
