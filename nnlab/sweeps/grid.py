"""The grid: from override texts to the cells of a sweep."""

import itertools
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import prod
from pathlib import Path

from hydra.core.override_parser.types import Glob, Override
from omegaconf import DictConfig

from nnlab.cells import Cell
from nnlab.cells import plan as plans
from nnlab.cells.plan import Plan
from nnlab.config import KEYS
from nnlab.config.compose import composed, find_experiments
from nnlab.config.overrides import check_key, is_group, option_folders, options, parsed
from nnlab.errors import UserError
from nnlab.sweeps.compositions import Compositions, Grid, OtherGrid, as_texts, own_grid

LARGEST = 100_000  # cells of a sweep


def single(overrides: Sequence[str]) -> list[str]:
    """The overrides that give one value, which all cells share."""
    return [text for text in overrides if not parsed(text).is_sweep_override()]


def read_grid(overrides: Sequence[str], params: dict[str, str], default: dict[str, str]) -> Grid:
    """Sort overrides into shared and swept ones.

    ``params`` is the grid of an experiment. An override replaces the values of its key. The ``default``
    grid is used only if neither ``params`` nor the overrides sweep a key; overrides replace its values too.
    """
    given = [parsed(text) for text in overrides]
    grid = params or ({} if any(o.is_sweep_override() for o in given) else default)
    named = {o.key_or_group for o in given}
    extra = [parsed(f"{key}={values}") for key, values in grid.items() if key not in named]
    find_experiments(overrides)
    folders = option_folders(overrides)
    shared, swept = [], {}
    for override in [*extra, *given]:
        if override.is_sweep_override():
            swept[override.get_key_element()] = _texts(override, folders)
        elif override.input_line is not None:
            swept.pop(override.get_key_element(), None)  # the last override of a key wins
            shared.append(override.input_line)
    if (size := prod(map(len, swept.values()))) > LARGEST:
        raise UserError(
            f"{', '.join(swept)}: {size} cells are more than {LARGEST}; sweep over fewer values"
        )
    return Grid(shared, swept, params)


def from_default(grid: Grid, overrides: Sequence[str]) -> str:
    """What a grid took from the default one, as overrides; nothing if the overrides say it themselves."""
    if grid.params or any(parsed(text).is_sweep_override() for text in overrides):
        return ""
    return " ".join(f"{key}={','.join(values)}" for key, values in grid.swept.items())


def _texts(override: Override, folders: Sequence[Path]) -> list[str]:
    """The values of a swept key."""
    key = override.key_or_group
    check_key(override, folders)
    if key.startswith(("tracking", "engine", "sweep.", "search", "records", "hydra.", "hydra/")):
        raise UserError(f"{key}: holds for the whole sweep; give one value")
    if not override.is_discrete_sweep():
        raise UserError(
            f"{key}: an interval has no finite list of values; give choices such as 0.1,1,10 or "
            "range(1,5), or let a search choose: search=random search.trials=20"
        )
    pattern = override.value()
    texts = (
        pattern.filter(options(key, folders))
        if isinstance(pattern, Glob)
        else list(override.sweep_string_iterator())
    )
    if not texts:
        raise UserError(f"{key}: there is no value to sweep over; give choices such as 1,2 or range(1,5)")
    return texts


def plan_cells(grid: Grid) -> Plan:
    """The plan of every combination of the grid."""
    compositions, cells = Compositions(grid), list[Cell]()
    try:
        for values in itertools.product(*grid.swept.values()):
            cells += compositions.cells(dict(zip(grid.swept, values, strict=True)))
    except OtherGrid:
        raise _several_grids(grid) from None
    return planned(cells, grid.swept)


def planned(cells: Sequence[Cell], swept: Iterable[str], plan_id: str | None = None) -> Plan:
    """The plan of these cells. A swept key may matter to none, as the activation of logistic regression.

    A search, which has a ``plan_id``, keeps all its keys: they vary when it has grown.
    """
    folds = {cell.config.data.fold for cell in cells}
    keys = dict.fromkeys([*(key.lstrip("+") for key in swept), *["data.fold"] * (len(folds) > 1)])
    plan = plans.make("sweep", cells, list(keys), plan_id)
    if plan_id is not None:
        return plan
    return replace(plan, keys=tuple(key for key in plan.keys if key not in KEYS or key in plan.varied))


def default_grid(config: DictConfig) -> dict[str, str]:
    """The grid of a sweep if neither the overrides nor an experiment have one."""
    return as_texts(config.sweep.grid)


def _several_grids(grid: Grid) -> UserError:
    """The error for swept options that have a grid of their own, with the commands to give instead."""
    folders = option_folders(grid.shared)
    key = next(
        key
        for key, names in grid.swept.items()
        if is_group(parsed(f"{key}=x").key_or_group, folders)
        and [own_grid(composed([*grid.shared, f"{key}={name}"])) for name in names]
        != [grid.params] * len(names)
    )
    rest = [f"{other}={','.join(values)}" for other, values in grid.swept.items() if other != key]
    commands = [["nnlab", "sweep", *grid.shared, *rest, f"{key}={name}"] for name in grid.swept[key]]
    return UserError(
        f"{key}: {', '.join(grid.swept[key])} bring grids of their own, and a sweep has one grid; "
        f"give one after the other:\n{' ; '.join(map(shlex.join, commands))}"
    )
