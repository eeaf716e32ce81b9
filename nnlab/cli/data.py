"""The command line's `nnlab data`: make, fetch and check image sets."""

import re
import shlex
from functools import partial
from pathlib import Path

import click
import numpy as np
from rich.progress import Progress, TaskID

from nnlab.cells import dataset
from nnlab.cli.overrides import OVERRIDES, overrides_of
from nnlab.config import home
from nnlab.config.compose import compose
from nnlab.config.overrides import quoted
from nnlab.data import Split, hdf5, sandbox
from nnlab.data.hdf5 import SplitName
from nnlab.errors import UserError
from nnlab.sweeps.console import progress_bar, say


@click.group()
def data() -> None:
    """Make, fetch and check image sets."""


@data.command("check")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--memory-mb", default=2048, show_default=True, type=click.IntRange(1),
              help="larger sets are streamed")  # fmt: skip
def data_check(files: tuple[Path, ...], memory_mb: int) -> None:
    """Describe HDF5 files, or say what is wrong with them: nnlab data check my_train.h5."""
    problems = sandbox.examine(files, memory_mb)
    for path, problem in zip(files, problems, strict=True):
        if problem is None:
            say(_describe(hdf5.read(path, memory_mb)))
    if wrong := list(filter(None, problems)):
        raise UserError("\n".join(wrong))


def _describe(split: Split) -> str:
    low, high = min(part.min() for part in split.parts()), max(part.max() for part in split.parts())
    how = ", to be streamed by minibatches" if split.streamed else ""
    lines = [
        f"{split.path}: {len(split.y)} examples{how}",
        f"  x        {split.x.shape} {split.x.dtype}, {low} to {high}",
        f"  y        {split.y.shape}{_targets(split)}",
        f"  digest   {split.digest}",
    ]
    return "\n".join(lines)


def _targets(split: Split) -> str:
    """How many examples each class has, or the range of the targets."""
    if split.regression:
        return f" {split.y.dtype} targets, {split.y.min()} to {split.y.max()}"
    counts = np.bincount(split.y, minlength=len(split.classes))
    return ", " + ", ".join(f"{name} {n}" for name, n in zip(split.classes, counts, strict=True))


@data.command("paint")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--train", "m_train", default=209, show_default=True, type=click.IntRange(1))
@click.option("--test", "m_test", default=50, show_default=True, type=click.IntRange(1))
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0, 2**32 - 1))
def data_paint(folder: Path, m_train: int, m_test: int, seed: int) -> None:
    """Paint a set of any size: nnlab data paint my_cats --train 5000 --test 1000."""
    from nnlab.data.painted import generator  # loads PIL; few commands paint

    folder.mkdir(parents=True, exist_ok=True)
    counts: dict[SplitName, int] = {"train": m_train, "test": m_test}
    paths = {split: folder / f"{split}_painted.h5" for split in counts}
    if there := [path for path in paths.values() if path.exists()]:
        raise UserError(f"{there[0]}: is there already; remove it, or name another folder")
    with progress_bar("{task.description} {task.percentage:.0f}%") as bar:
        for split, count in counts.items():
            task = bar.add_task(split, total=count)
            generator.write(paths[split], split, count, seed, partial(_show, bar, task))
    say(
        f"nnlab train data=hdf5 {_override('data.train', paths['train'])} "
        f"{_override('data.test', paths['test'])}"
    )


def _override(key: str, path: Path) -> str:
    """An override for the shell, with quotes only if the path needs them."""
    plain = re.fullmatch(r"[\w./-]+", str(path), re.ASCII)
    return shlex.quote(f"{key}={path if plain else quoted(str(path))}")


def _show(bar: Progress, task: TaskID, done: int) -> None:
    bar.update(task, completed=done)


@data.command("fetch", context_settings=OVERRIDES)
@click.pass_context
def data_fetch(context: click.Context) -> None:
    """Download the course's files: nnlab data fetch [data.url=...]."""
    cfg = compose(["data=catvnoncat", *overrides_of(context)])
    if not cfg.data.url or not cfg.data.sha256:
        raise UserError("data.url: nothing to fetch from; give data.url and data.sha256")
    folder = home() / "data" / "catvnoncat"
    from nnlab.data import download  # brings a web client

    for path in download.fetch(cfg.data.url, cfg.data.sha256, folder):
        say(f"{path}: sha256 as published")


@data.command("ready", context_settings=OVERRIDES)
@click.pass_context
def data_ready(context: click.Context) -> None:
    """See that a configuration's data are there, painting the default set: nnlab data ready."""
    cfg = compose(overrides_of(context))
    ready = dataset(cfg)
    say(f"{cfg.data.name}: {ready.m} training and {len(ready.test.y)} test examples")
