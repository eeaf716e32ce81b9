"""The sweeps of the claims, for three steps."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness import living_in

from nnlab.cells.plan import Plan
from nnlab.cells.run_cell import run_cell
from nnlab.config.compose import composed
from nnlab.config.paths import EXPERIMENTS
from nnlab.data.painted import generator as painted
from nnlab.experiments import find, paint
from nnlab.records.lock import cell_lock
from nnlab.sweeps.compositions import Grid, own_grid
from nnlab.sweeps.experiment_data import draw_data, load_code
from nnlab.sweeps.grid import plan_cells, read_grid


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One home for all tests, so that data are drawn once; with the course's files if they are there."""
    folder = tmp_path_factory.mktemp("sweeps") / "home"
    given = {key: os.environ[key] for key in ("NNLAB_DATA",) if key in os.environ}
    with living_in(folder, **given):
        yield folder


PAINTED = ("linear_collapse", "regularization", "unrolling", "why_relu", "learned_features")
SMALLER = (
    "adam_and_rmsprop",
    "deeper_not_always",
    "minibatches",
    "more_data_bigger_nets",
    "scale_of_inputs",
)


def paint_few(name: str, folder: Path) -> None:
    """Write 12 pictures of each split for a claim that paints thousands: enough for three steps."""
    if name in PAINTED:
        folder.mkdir(parents=True)
        for split in ("train", "test"):
            painted.write(folder / f"{split}.h5", split, 12, seed=0)
    if name in SMALLER:
        folder.mkdir(parents=True)
        paint(folder, {"train": 12, "test": 12}, side=16)
    if name == "more_data_bigger_nets":
        for file in load_code(EXPERIMENTS / name, "data").TRAIN:
            shutil.copy(folder / "train.h5", folder / f"{file}.h5")


def thin_plan(name: str, *arguments: str) -> tuple[Plan, Grid]:
    """The plan of ``nnlab sweep experiment=name ...`` with the first and last value of each key."""
    given = [f"experiment={name}", *arguments]
    grid = read_grid(given, own_grid(composed(given)), {})
    ends = {key: list(dict.fromkeys((of[0], of[-1]))) for key, of in grid.swept.items()}
    draw_data(name)
    return plan_cells(Grid(grid.shared, ends, grid.params)), grid


ALL = [*(each.name for each in find() if each.has_sweep), "trainability_map"]
LARGE = {
    "adam_and_rmsprop", "cross_entropy", "deeper_not_always", "depth_vs_width", "learned_features",
    "linear_collapse", "minibatches", "more_data_bigger_nets", "regularization", "scale_of_inputs",
    "training_finds_it", "unrolling",
}  # fmt: skip


@pytest.mark.parametrize("name", [pytest.param(n, marks=[pytest.mark.slow] * (n in LARGE)) for n in ALL])
def test_three_steps_of_the_sweep(home: Path, name: str) -> None:
    if "catvnoncat" in (EXPERIMENTS / name / "sweep.yaml").read_text() and "NNLAB_DATA" not in os.environ:
        pytest.skip("needs the course's files")
    paint_few(name, home / "data" / name)
    plan, grid = thin_plan(name, "trainer.iterations=3")
    assert len(grid.swept) >= 1
    records = []
    for cell in (plan.cells[0], plan.cells[-1]):  # the last may be meant to diverge
        with cell_lock(cell.folder(home)):
            records.append(run_cell(cell, home))
    assert records[0].status == "finished"
    assert len(records[0].arrays("history")["train/cost"]) == 3


def test_the_command_line_wins_over_an_experiment(home: Path) -> None:
    plan, _ = thin_plan(
        "zero_init", "model.width=2", "seed=7", "trainer.iterations=1", "model.activation=relu"
    )
    configs = [cell.config for cell in plan.cells]
    assert [c.init.scheme for c in configs] == ["zeros", "normal"]
    assert {(c.model.width, c.model.depth, c.seed, c.optimizer.lr) for c in configs} == {(2, 2, 7, 0.001)}
