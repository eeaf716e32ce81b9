"""What nets answered on the test images, and the images that most of them got wrong."""

import base64
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from nnlab.cells.load import dataset
from nnlab.cells.recorded_config import configuration
from nnlab.config.compose import compose
from nnlab.config.schema import Config
from nnlab.data.dataset import Dataset
from nnlab.errors import UserError
from nnlab.nn.metrics import classes
from nnlab.records import record
from nnlab.reports import significance as statistics
from nnlab.tracking.runs import Run

NAMED = ("painted", "catvnoncat")  # sets that are found by their name
MOST_CONFUSED = 16


@dataclass(frozen=True)
class Answers:
    """One net's answers on its test set."""

    A: NDArray[np.floating]  # (n_L, m)
    y: NDArray[np.int64]  # (m,)

    @property
    def classes(self) -> NDArray[np.int64]:
        """What it said (m,); -1 is no number."""
        return classes(self.A)

    @property
    def right(self) -> NDArray[np.bool_]:
        """Which it got right (m,)."""
        return np.equal(self.classes, self.y)

    @property
    def p_true(self) -> NDArray[np.floating]:
        """The probability it gave to the true class (m,)."""
        if len(self.A) == 1:
            p: NDArray[np.floating] = np.where(self.y == 1, self.A[0], 1.0 - self.A[0])
            return p
        chosen: NDArray[np.floating] = self.A[self.y, np.arange(len(self.y))]
        return chosen

    def interval(self) -> tuple[float, float]:
        """The exact 95% interval of its accuracy."""
        return statistics.interval(int(self.right.sum()), len(self.y))


def of(predictions: Mapping[str, NDArray[Any]]) -> Answers:
    """The answers in the arrays of predictions.npz."""
    return Answers(predictions["test"], predictions["y_test"])


def local_config(run: Run, home: Path) -> Config:
    """A configuration whose data this machine has: the run's own record's, or the named set's.

    A path that a run names is not one to read, unless this home wrote it. UserError without either.
    """
    folder = record.folder(home, run.tags.get("nnlab.fingerprint", "-"))
    if record.exists(folder):
        return configuration(record.read(folder), trust_paths=True, overrides=[])
    name = run.params.get("data.name")
    if name not in NAMED:
        raise UserError(f"data={name}: the runs name files of another machine")
    return compose([f"data={name}"])


def images(run: Run, cfg: Config) -> Dataset:
    """The data of ``cfg``, which must be the very ones of the run; UserError says why they are not."""
    data = dataset(cfg)
    if data.digest != run.tags.get("nnlab.data_digest"):
        raise UserError(f"data={cfg.data.name}: the data here are not those of the runs (other digest)")
    if data.test.x.ndim != 4 or data.test.x.shape[3] != 3:
        raise UserError(f"data={cfg.data.name}: the examples are not colour images")
    return data


def confused(nets: Sequence[Answers], data: Dataset | None) -> list[dict[str, Any]]:
    """The test images that most of these nets got wrong, worst first; with ``data`` as pictures."""
    wrong = np.sum([~net.right for net in nets], axis=0)  # (m,)
    p_true = np.mean([net.p_true for net in nets], axis=0)  # (m,)
    worst = [int(i) for i in np.lexsort((p_true, -wrong)) if wrong[i]][:MOST_CONFUSED]
    names = data.classes if data else None
    y = nets[0].y
    rows = []
    for i in worst:
        said = Counter(int(net.classes[i]) for net in nets if not net.right[i]).most_common(1)[0][0]
        rows.append(
            {
                "index": i,
                "true": _name(int(y[i]), names),
                "said": _name(said, names),
                "wrong": int(wrong[i]),
                "nets": len(nets),
                "p_true": float(p_true[i]),
                "picture": _picture(data.test.x[i : i + 1][0]) if data else None,
            }
        )
    return rows


def _name(label: int, names: Sequence[str] | None) -> str:
    if label < 0:
        return "no number"
    return names[label] if names else f"class {label}"


def _picture(image: NDArray[np.uint8]) -> str:
    """An image (height, width, 3) as a data address of a PNG."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
