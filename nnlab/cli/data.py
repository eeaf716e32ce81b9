"""The command line's `nnlab data`: make, import, fetch and check image sets."""

from functools import partial
from itertools import product
from pathlib import Path

import click
import numpy as np
from rich.progress import Progress, TaskID

from nnlab import cells
from nnlab.cells import dataset
from nnlab.cli.configured import OVERRIDES
from nnlab.cli.data_import import data_import
from nnlab.cli.overrides import override, overrides_of
from nnlab.cli.path import GivenPath
from nnlab.config import data_files, home
from nnlab.config.compose import compose
from nnlab.data import Split, hdf5, remarks, sandbox
from nnlab.data.hdf5 import SplitName
from nnlab.errors import UserError
from nnlab.sweeps.console import say, warn
from nnlab.sweeps.progress_bar import progress_bar


@click.group()
def data() -> None:
    """Make, import, fetch and check image sets."""


data.add_command(data_import)


@data.command("check")
@click.argument("files", nargs=-1, required=True, type=GivenPath())
@click.option("--memory-mb", default=2048, show_default=True, type=click.IntRange(1),
              help="larger sets are streamed")  # fmt: skip
def data_check(files: tuple[Path, ...], memory_mb: int) -> None:
    """Describe every set of HDF5 files, or say what is wrong: nnlab data check my_train.h5 my_test.h5.

    It also says what is doubtful, such as examples that stand in a training and in a test set.
    """
    problems = sandbox.examine([(path, None) for path in files], memory_mb)
    found: dict[SplitName, list[Split]] = {"train": [], "test": []}
    for place, path in enumerate(files):
        if problems[place] is None:
            try:
                sets = hdf5.read_all(path, memory_mb)
            except UserError as error:  # its two sets do not fit together
                problems[place] = str(error)
                continue
            for name, split in sets.items():
                say(_describe(split, name))
                found[name].append(split)
    for train, test in product(found["train"], found["test"]):
        if train.x.shape[1:] == test.x.shape[1:]:
            warn(remarks.of_pair(train, test))
    if wrong := list(filter(None, problems)):
        raise UserError("\n".join(wrong))


def _describe(split: Split, name: SplitName) -> str:
    low, high = min(part.min() for part in split.parts()), max(part.max() for part in split.parts())
    how = ", to be streamed by minibatches" if split.streamed else ""
    lines = [
        f"{split.path}: {len(split.y)} examples{how}",
        f"  {f'{name}_set_x':12} {split.x.shape} {split.x.dtype}, {low} to {high}",
        f"  {f'{name}_set_y':12} {split.y.shape}{_targets(split)}",
        f"  digest       {split.digest}",
        *(f"  note         {text.removeprefix(f'{split.path}: ')}" for text in remarks.of_set(split, name)),
    ]
    return "\n".join(lines)


def _targets(split: Split) -> str:
    """How many examples each class has, or the range of the targets."""
    if split.regression:
        return f" {split.y.dtype} targets, {split.y.min()} to {split.y.max()}"
    counts = np.bincount(split.y, minlength=len(split.classes))
    return ", " + ", ".join(f"{name} {n}" for name, n in zip(split.classes, counts, strict=True))


@data.command("paint")
@click.argument("folder", type=GivenPath(file_okay=False))
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
        f"nnlab train data=hdf5 {override('data.train', paths['train'])} "
        f"{override('data.test', paths['test'])}"
    )


def _show(bar: Progress, task: TaskID, done: int) -> None:
    bar.update(task, completed=done)


@data.command("fetch", context_settings=OVERRIDES)
@click.pass_context
def data_fetch(context: click.Context) -> None:
    """Download the course's files: nnlab data fetch [data.url=...]."""
    given = overrides_of(context)
    cfg = compose(["data=catvnoncat", *given])
    if not cfg.data.url or not cfg.data.sha256:
        raise UserError("data.url: nothing to fetch from; give data.url and data.sha256")
    folder = home() / "data" / "catvnoncat"
    there = [*map(Path, data_files(cfg.data))]
    if not given and there[0].parent != folder and all(path.is_file() for path in there):
        say(f"{there[0].parent} has them already (NNLAB_DATA)")
        return
    from nnlab.data import download  # brings a web client

    for path in download.fetch(cfg.data.url, cfg.data.sha256, folder):
        say(f"{path}: sha256 as published")


@data.command("ready", context_settings=OVERRIDES)
@click.pass_context
def data_ready(context: click.Context) -> None:
    """See that a configuration's data are there, painting the default set: nnlab data ready."""
    cfg = compose(overrides_of(context))
    ready = dataset(cfg)
    warn(cells.remarks(cfg))
    say(f"{cfg.data.name}: {ready.m} training and {len(ready.test.y)} test examples")
