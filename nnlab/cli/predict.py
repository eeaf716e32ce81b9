"""The command line's `nnlab predict`."""

from datetime import datetime
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray
from rich.table import Table
from rich.text import Text

from nnlab.cells import ask, net_of, outputs
from nnlab.cells import pictures as plots
from nnlab.config import home
from nnlab.data import image_file as images
from nnlab.errors import UserError, printable
from nnlab.nn import Answer, Net
from nnlab.records.record import Record
from nnlab.sweeps.console import OUT, say
from nnlab.tracking import recorded


@click.command("predict")
@click.argument("run")
@click.argument("files", metavar="IMAGE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--experiment", default="nnlab", show_default=True, help="where to look for the run")
def predict(run: str, files: tuple[Path, ...], experiment: str) -> None:
    """Ask a trained net what it sees in image files of any size.

    RUN is a record's folder, the beginning of its fingerprint, or an MLflow run: its id, the id's
    beginning, or its name. The whole image is resampled to the net's size; transparent parts
    become white. If a file is not an image, an error names it (exit code 2). The other files are answered.

    \b
    nnlab predict runs/8050851c29dc0b77 cat.jpg
    nnlab predict "relu 4x20 s0.1 #3" photos/*.png
    """
    with recorded(run, home(), experiment) as (rec, _):
        net = net_of(rec)
        seen, wrong = _read_all(files, _image_shape(rec))
        said = _said(rec, net, np.stack(list(seen.values()))) if seen else []
    if seen:
        OUT.print(f"run {rec.fingerprint[:16]}, which {_worth(rec)}")
        OUT.print(_table(rec, list(seen), said))
        say(f"what the net saw: {_show(rec, list(seen.values()), said)}")
    if wrong:
        raise UserError("\n".join(wrong))


def _image_shape(rec: Record) -> tuple[int, ...]:
    """(height, width, channels) of the images that the net takes."""
    if len(rec.shape) != 3 or rec.shape[2] not in images.MODES:
        numbers = " x ".join(map(str, rec.shape))
        raise UserError(
            f"run {rec.fingerprint[:16]}: was trained on examples of {numbers} numbers, which no image "
            "file holds; name a run that was trained on images"
        )
    return tuple(rec.shape)


def _read_all(
    files: tuple[Path, ...], shape: tuple[int, ...]
) -> tuple[dict[Path, NDArray[np.uint8]], list[str]]:
    """The images by file, and what is wrong with the other files."""
    seen, wrong = {}, []
    for path in dict.fromkeys(files):
        try:
            seen[path] = images.read(path, shape)
        except UserError as error:
            wrong.append(printable(str(error)))
    return seen, wrong


def _worth(rec: Record) -> str:
    """How well the run does on its test set, for the printed line."""
    if rec.regression:
        return f"has an rmse of {rec.metrics.get('test/rmse', float('nan')):.4g} on its test images"
    return f"is right on {rec.metrics.get('test/accuracy', float('nan')):.4g} of its test images"


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
