"""The test images that most of the best nets got wrong."""

import base64
import io
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from nnlab.cells import configuration, dataset, located
from nnlab.cells.findings import Predictions
from nnlab.config import NAMED, Config
from nnlab.config.compose import compose
from nnlab.data import Dataset
from nnlab.errors import UserError
from nnlab.records import record
from nnlab.reports.panel import Panel
from nnlab.reports.sweep_results import SweepResults
from nnlab.tracking import Run

MOST = 16  # images

HTML = """
{% if wrong %}
<p>The test images that most of the {{ wrong[0].nets }} best nets got wrong, with the mean probability that
these nets gave to the true class. The nets are those runs of the table above that learnt.</p>
{% if no_pictures %}<p class="warn">No pictures: {{ no_pictures }}.</p>{% endif %}
<div class="pictures">
{% for image in wrong %}
<figure>
{% if image.picture %}<img src="{{ image.picture }}" alt="test image {{ image.index }}">{% endif %}
<figcaption><b>{{ image.true }}</b>, #{{ image.index }}<br>
{{ image.wrong }} of {{ image.nets }} said {{ image.said }}<br>
p(truth) {{ "%.2f"|format(image.p_true) }}</figcaption>
</figure>
{% endfor %}
</div>
{% elif finished %}
<p>The best nets got every test image right.</p>
{% else %}
<p>No cell has finished.</p>
{% endif %}
"""


def content(results: SweepResults) -> dict[str, Any]:
    """The images, with pictures if the data are on this machine, or why there are none."""
    learnt = [
        (one.configuration.middle, one.predictions)
        for one in results.compared
        if one.configuration.middle.state in ("learnt", "finished") and one.predictions
    ]
    if not learnt:
        return {"wrong": [], "no_pictures": "", "finished": bool(results.compared)}
    first = learnt[0][0]
    digest = first.tags.get("nnlab.data_digest")
    nets = [net for run, net in learnt if run.tags.get("nnlab.data_digest") == digest]
    data, reason = None, ""
    try:
        data = _images(first, results.config or _local_config(first, results.home))
    except UserError as error:
        reason = str(error)
    return {"wrong": most_confused(nets, data), "no_pictures": reason, "finished": True}


def _local_config(run: Run, home: Path) -> Config:
    """A configuration whose data this machine has: that of the run's record, or of its named data set.

    The paths that a run names are not read, unless its record is in this home. UserError if there is
    neither record nor named data set.
    """
    folder = record.folder(home, run.tags.get("nnlab.fingerprint", "-"))
    if record.exists(folder):
        rec = record.read(folder)
        return configuration(rec, trust_paths=True, overrides=located(rec, True, []))
    name = run.params.get("data.name")
    if name not in NAMED:
        raise UserError(f"data={name}: the runs name files of another machine")
    return compose([f"data={name}"])


def _images(run: Run, cfg: Config) -> Dataset:
    """The data set of ``cfg``; UserError if it is not the one of the run, or has no colour images."""
    data = dataset(cfg)
    if data.digest != run.tags.get("nnlab.data_digest"):
        raise UserError(f"data={cfg.data.name}: the data here are not those of the runs (other digest)")
    if data.test.x.ndim != 4 or data.test.x.shape[3] != 3:
        raise UserError(f"data={cfg.data.name}: the examples are not colour images")
    return data


def most_confused(nets: Sequence[Predictions], data: Dataset | None) -> list[dict[str, Any]]:
    """The test images that most of these nets got wrong, worst first; with ``data`` as pictures."""
    wrong = np.sum([~net.right for net in nets], axis=0)  # (m,)
    p_true = np.mean([net.p_true for net in nets], axis=0)  # (m,)
    worst = [int(i) for i in np.lexsort((p_true, -wrong)) if wrong[i]][:MOST]
    names = data.classes if data else None
    said = [Counter(int(n.classes[i]) for n in nets if not n.right[i]).most_common(1)[0][0] for i in worst]
    return [
        {
            "index": i,
            "true": _name(int(nets[0].y[i]), names),
            "said": _name(answer, names),
            "wrong": int(wrong[i]),
            "nets": len(nets),
            "p_true": float(p_true[i]),
            "picture": _picture(data.test.x[i : i + 1][0]) if data else None,
        }
        for i, answer in zip(worst, said, strict=True)
    ]


def _name(label: int, names: Sequence[str] | None) -> str:
    if label < 0:
        return "not a number"
    return names[label] if names else f"class {label}"


def _picture(image: NDArray[np.uint8]) -> str:
    """An image (height, width, 3) as the data address of a PNG."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def classifies(results: SweepResults) -> bool:
    """Only classes can be confused."""
    return not results.sweep.regression


PANEL = Panel(
    "wrong", "Most confused", "The most confused images", HTML, content, applies=classifies, folded=True
)
