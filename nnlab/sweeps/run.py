"""A sweep from its overrides: compose, plan the cells, have them trained."""

from collections.abc import Sequence

from omegaconf import DictConfig, OmegaConf

from nnlab.cells.plan import Plan
from nnlab.config.compose import composed
from nnlab.sweeps.driver import run_plan
from nnlab.sweeps.experiment_data import draw_data
from nnlab.sweeps.grid import plan_cells, read_grid, single
from nnlab.sweeps.launchers import chosen


def run(overrides: Sequence[str]) -> Plan:
    """Run the sweep of these overrides, as `nnlab sweep` does; returns its plan."""
    config = composed(single(overrides))
    launcher = chosen(config)
    draw_data(config.hydra.runtime.choices.get("experiment"))
    plan = plan_cells(read_grid(overrides, experiment_grid(config), default_grid(config)))
    run_plan(plan, launcher, plan.cells[0].config.sweep.force)
    return plan


def experiment_grid(config: DictConfig) -> dict[str, str]:
    """The grid of an experiment; it is in the place of the grid of Hydra's sweeper."""
    return _texts(config.hydra.sweeper.params)


def default_grid(config: DictConfig) -> dict[str, str]:
    """The grid of a sweep if neither the overrides nor an experiment have one."""
    return _texts(config.sweep.grid)


def _texts(grid: DictConfig | None) -> dict[str, str]:
    values = {} if grid is None else OmegaConf.to_container(grid)
    assert isinstance(values, dict)
    return {str(key): str(value) for key, value in values.items()}
