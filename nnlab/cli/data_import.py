"""The command line's `nnlab data import`."""

from collections import Counter
from pathlib import Path
from typing import Any

import click
import numpy as np

from nnlab.cli.overrides import override
from nnlab.cli.path import GivenPath
from nnlab.data import importing
from nnlab.errors import UserError, printable
from nnlab.sweeps.console import say
from nnlab.sweeps.progress_bar import progress_bar

ENDINGS = (".h5", ".hdf5")


class Shape(click.ParamType[tuple[int, ...]]):
    """Whole numbers with commas: 64,64,3."""

    name = "NUMBERS"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The numbers as a tuple."""
        try:
            shape = tuple(map(int, value.split(",")))
        except ValueError:
            shape = ()
        if not shape or min(shape) < 1:
            self.fail(f"{value} is not a shape; give numbers such as 64,64,3", param, ctx)
        return shape


@click.command("import")
@click.argument("sources", metavar="SOURCE...", nargs=-1, required=True, type=GivenPath())
@click.argument("out", metavar="OUT", type=GivenPath())
@click.option(
    "--test-share",
    default=0.2,
    show_default=True,
    type=click.FloatRange(0, 1, True, True),
    help="share of the examples for the test set, if the source has one set alone",
)
@click.option(
    "--seed",
    default=1,
    show_default=True,
    type=click.IntRange(0, 2**32 - 1),
    help="which examples these are",
)
@click.option(
    "--size",
    type=click.IntRange(1, 4096),
    help="pixels of a side; picture files become 64 x 64 without it, arrays keep their size",
)
@click.option("--order", help="names of the classes in the order of their labels: non-cat,cat")
@click.option("--x", help="name of the array of examples")
@click.option("--y", help="name of the array of labels")
@click.option("--test-x", help="name of the array of test examples")
@click.option("--test-y", help="name of the array of test labels")
@click.option("--classes", help="name of the array with the classes' names")
@click.option(
    "--axes", help="axes of the examples by letter: mhwc, mchw, ...; of a MATLAB file as MATLAB shows them"
)
@click.option("--shape", type=Shape(), help="shape of one picture, if each is a row of numbers: 64,64,3")
@click.option("--targets", is_flag=True, help="labels are real targets of a regression")
@click.option("--memory-mb", default=2048, show_default=True, type=click.IntRange(1))
@click.option("--overwrite", is_flag=True, help="replace OUT if it is there")
def data_import(sources: tuple[Path, ...], out: Path, overwrite: bool, **given: Any) -> None:
    """Make one HDF5 file for nnlab, OUT, of pictures in folders or of arrays in files.

    SOURCE is a folder with a folder of pictures for each class (pets/cat, pets/dog), or with such folders
    in train and test. Or it is an NPZ, NPY, HDF5 or MATLAB 7.3 file with examples and labels; several files
    are read together. Arrays are found by names such as X_train, images, labels; options name others.

    Labels may be numbers, texts, true and false, -1 and 1, or one-hot. Pixels may be 0 to 1, and axes in
    another order. Rows of numbers are kept as features. If there is one set alone, it is divided. A line
    names each thing that is changed or doubtful. Sources are only read, and need not be trusted.

    \b
    nnlab data import pets pets.h5
    nnlab data import train.npz test.npz digits.h5 --x pixels --y digit
    nnlab data import svhn.mat svhn.h5 --seed 3 --test-share 0.1
    """
    _check_out(sources, out, overwrite)
    for source in sources:
        if not source.exists():
            raise UserError(f"{source}: there is no such file or folder; check the path")
    with progress_bar("{task.completed} pictures", disable=not any(map(Path.is_dir, sources))) as bar:
        task = bar.add_task("", total=None)
        imported = importing.read(
            sources, _options(given), lambda done, total: bar.update(task, completed=done, total=total)
        )
    importing.write(imported, out)
    say(_described(imported, out))
    say(_command(imported, out))


def _check_out(sources: tuple[Path, ...], out: Path, overwrite: bool) -> None:
    if out.is_dir() or out.suffix.lower() not in ENDINGS:
        raise UserError(f"{out}: the last argument is the file to write, such as {out.stem or 'set'}.h5")
    if out.exists() and any(source.exists() and source.samefile(out) for source in sources):
        raise UserError(f"{out}: is a source too; name another file to write")
    if out.exists() and not overwrite:
        raise UserError(f"{out}: is there already; name another file, or replace it with --overwrite")


def _options(given: dict[str, Any]) -> importing.Options:
    names = {slot: given.pop(flag.strip("-").replace("-", "_")) for slot, flag in importing.OPTIONS.items()}
    order = tuple(given.pop("order").split(",")) if given["order"] else given.pop("order") or ()
    return importing.Options(
        names={slot: name for slot, name in names.items() if name}, order=order, **given
    )


def _described(imported: importing.Imported, out: Path) -> str:
    lines = [f"{printable(str(out))}:"]
    for split, x in imported.x.items():
        lines.append(f"  {split}  {x.shape} {x.dtype}{_counts(imported, imported.y[split])}")
    return "\n".join([*lines, *(f"  {note}" for note in imported.notes or ["nothing was changed"])])


def _counts(imported: importing.Imported, y: np.ndarray) -> str:
    """How many examples each of the first classes has, or what the targets are."""
    if not imported.classes:
        return f", targets {y.shape}"
    counts = Counter(y.tolist())
    named = [f"{name} {counts[label]}" for label, name in enumerate(imported.classes[:10])]
    return f": {', '.join(named)}" + (", ..." if len(imported.classes) > 10 else "")


def _command(imported: importing.Imported, out: Path) -> str:
    """The command that trains with the file."""
    more = " model.output=identity model.loss=squared_error"
    if imported.classes:
        more = " model.output=softmax" if len(imported.classes) > 2 else ""
    return f"nnlab train data=hdf5 {override('data.file', out)}{more}"
