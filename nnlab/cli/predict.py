"""The command line's `nnlab predict`."""

from datetime import datetime
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray
from rich.table import Table
from rich.text import Text

from nnlab.cells import ask, image_inputs, net_of, outputs
from nnlab.cells import pictures as plots
from nnlab.cli.path import GivenPath
from nnlab.config import home
from nnlab.errors import UserError, printable
from nnlab.files import writable
from nnlab.nn import Answer, Net
from nnlab.records.record import Record
from nnlab.sweeps.console import OUT, complain, say
from nnlab.tracking import recorded


@click.command("predict")
@click.argument("run")
@click.argument("files", metavar="IMAGE...", nargs=-1, required=True, type=GivenPath())
@click.option("--experiment", default="nnlab", show_default=True, help="where to look for the run")
def predict(run: str, files: tuple[Path, ...], experiment: str) -> None:
    """Ask a trained net what it sees in image files of any size.

    RUN is a record's folder, the beginning of its fingerprint, or an MLflow run: its id, the id's
    beginning, or its name. IMAGE is a PNG, JPEG, WebP, BMP, GIF, TIFF, AVIF or HEIC file, or a folder: then
    all images in it and in its folders are asked about; other files, hidden ones and links are passed over.

    The whole image is resampled to the net's size; transparent parts become white. If a file is not an
    image, an error names it (exit code 2). The other files are answered.

    \b
    nnlab predict runs/8050851c29dc0b77 cat.jpg
    nnlab predict "relu 4x20 s0.1 #3" photos
    """
    with recorded(run, home(), experiment) as (rec, _):
        net = net_of(rec)
        seen, wrong, remarks = image_inputs.read_images(rec, files)
        for remark in remarks:
            say(remark)
        said = _said(rec, net, np.stack(list(seen.values()))) if seen else []
    if seen:
        OUT.print(f"run {rec.fingerprint[:16]}, which {_worth(rec)}")
        OUT.print(_table(rec, list(seen), said))
        if writable(home() / "predictions"):
            say(f"what the net saw: {_show(rec, list(seen.values()), said)}")
        else:
            complain(f"{home()}: cannot be written; there is no picture of what the net saw")
    if wrong:
        raise UserError("\n".join(wrong))


def _worth(rec: Record) -> str:
    """How well the run does on its test set, for the printed line."""
    if rec.status == "diverged":
        return "diverged: it has no accuracy, and its answers mean nothing"
    if rec.regression:
        return f"has an rmse of {rec.metrics.get('test/rmse', float('nan')):.4g} on its test images"
    share = rec.metrics.get("test/accuracy", float("nan"))
    return f"is right on {100 * share:.4g} % of its test images"


def _said(rec: Record, net: Net, x: NDArray[np.uint8]) -> list[list[str]]:
    """The net's answers for images (k, height, width, channels): name and probability, or outputs."""
    if rec.regression:
        return [[f"{a:.4f}" for a in column] for column in outputs(rec, net, x).T]
    return [[_name(answer), f"{answer.probability:.4f}"] for answer in ask(rec, net, x)]


def _table(rec: Record, files: list[Path], said: list[list[str]]) -> Table:
    what = "output" if rec.config["model"]["output"] == "identity" else "probability"
    table = Table()
    table.add_column("image", overflow="fold")
    if not rec.regression:
        table.add_column("class")
    for _ in said[0] if rec.regression else [what]:
        table.add_column(what, justify="right")
    for path, texts in zip(files, said, strict=True):
        table.add_row(Text(printable(str(path))), *map(Text, texts))
    return table


def _show(rec: Record, seen: list[NDArray[np.uint8]], said: list[list[str]]) -> Path:
    """Draw the images as the net got them, each above its answer; returns the picture's path."""
    labels = [" ".join(texts) for texts in said]
    folder = home() / "predictions"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{datetime.now():%Y%m%d-%H%M%S-%f}-{rec.fingerprint[:8]}.png"
    plots.labelled(seen, labels).save(path)
    return path


def _name(answer: Answer) -> str:
    return "no number" if answer.name is None else printable(answer.name)
