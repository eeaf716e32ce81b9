"""The table of the best configurations, each tested against the best one."""

from typing import Any

from nnlab.cells.ranking import is_error
from nnlab.reports import significance
from nnlab.reports.paired_tests import Compared
from nnlab.reports.panel import Panel
from nnlab.reports.sweep_results import SweepResults

HTML = """
{% if rows %}
<div class="scroll"><table>
<tr><th></th><th>configuration</th>
{% if repeated %}<th class="n">runs</th>{% endif %}
<th class="n">{{ sweep.select_by }}<br>mean</th>
{% if repeated %}<th class="n">range<br>of runs</th>{% endif %}
{% if classes %}<th class="n">right<br>on test</th><th class="n">95 %<br>interval</th>{% endif %}
<th class="n">train<br>{{ sweep.score }}</th>
{% if classes %}
<th class="n">alone right:<br>best, this</th><th class="n">p</th>
<th class="name">cannot be told<br>from the best</th>
{% endif %}
<th>run again</th></tr>
{% for row in rows %}
<tr{% if row.tied %} class="tied"{% endif %}>
<td class="n">{{ loop.index }}</td><td class="name">{{ row.name }}</td>
{% if repeated %}<td class="n">{{ row.runs }}</td>{% endif %}
<td class="n">{{ row.mean }}</td>
{% if repeated %}<td class="n">{{ row.range }}</td>{% endif %}
{% if classes %}<td class="n">{{ row.right }}</td><td class="n">{{ row.interval }}</td>{% endif %}
<td class="n">{{ row.train }}</td>
{% if classes %}
<td class="n">{{ row.alone }}</td><td class="n">{{ row.p }}</td><td>{{ row.verdict }}</td>
{% endif %}
<td><code>{{ row.again }}</code></td></tr>
{% endfor %}
</table></div>
{% if classes %}
<p class="soft">Intervals are exact (Clopper and Pearson). They are for one trained net and new images; more
seeds do not make them narrower, since all seeds have the same test images. A configuration's middle run by
{{ sweep.select_by }} stands for it. The last test is McNemar's, exact, on the same {{ n_test }} images: of
the images that only one of the two nets got right, did one net get more than chance gives it? p is adjusted
for the {{ tested }} comparisons (Holm); with this number of comparisons, two nets can be told apart only if
they disagree on at least {{ discordant }} images.
{% if on_test %}
The best was chosen for its result on these same images, which favours it.
{% else %}
The best was chosen for its result on other images than these.
{% endif %}
Two nets that cannot be told apart need not be equal.
{% if untested %}The other {{ untested }} configurations were not tested.{% endif %}</p>
{% else %}
<p class="soft">Rmse is the root of the mean squared error, in the unit of the targets; lower is better. A
configuration with a diverged run counts as infinite and stands last. Rmse are not tested against each
other: judge them by the range of their runs.</p>
{% endif %}
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
        "repeated": any(len(one.configuration.runs) > 1 for one in compared),
        "n_test": len(predictions.y) if predictions else 0,
        "tested": tested,
        "untested": len(sweep.ranked) - len(compared),
        "discordant": significance.fewest_discordant(tested),
        "classes": not sweep.regression,
        "on_test": sweep.select_by.startswith("test/"),
    }


def _row(results: SweepResults, one: Compared) -> dict[str, Any]:
    """A configuration's metrics, and what the test says."""
    configuration, predictions, test = one.configuration, one.predictions, one.test
    metric = configuration.select_by
    values, digits = configuration.values(metric), ".4g" if is_error(metric) else ".3f"
    return {
        "name": configuration.name,
        "runs": len(configuration.runs),
        "mean": one.mean(metric),
        "range": f"{min(values):{digits}}–{max(values):{digits}}" if len(values) > 1 else "",
        "train": one.mean(f"train/{results.sweep.score}"),
        "right": predictions.right_text if predictions else "",
        "interval": predictions.interval_text if predictions else "",
        "alone": f"{test.a_alone}, {test.b_alone}" if test else "",
        "p": f"{test.adjusted:.2g}" if test else "",
        "verdict": _verdict(results, one),
        "tied": one.tied,
        "again": results.rerun_command(configuration.middle),
    }


def _verdict(results: SweepResults, one: Compared) -> str:
    if one is results.compared[0]:
        return "the best"
    if one.test is None:
        return "other test images"
    return "yes" if one.tied else "no, it can"


PANEL = Panel("best", "Best", "The best configurations", HTML, content)
