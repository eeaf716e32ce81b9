"""Hydra's side of a sweep: overrides in, a plan out, a launcher for its workers."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.plugins import Plugins
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf

from nnlab.cells.plan import Plan
from nnlab.config.experiments import register
from nnlab.config.paths import CONF
from nnlab.sweeps.driver import run_plan
from nnlab.sweeps.experiment_data import draw_data
from nnlab.sweeps.grid import plan_cells, read_grid
from nnlab.sweeps.worker import work
from nnlab.threads import cores


def run(overrides: Sequence[str]) -> Plan:
    """Run a sweep from within Python, as `nnlab sweep` would with these overrides; returns its plan."""
    register()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        hydra = GlobalHydra.instance().hydra
        assert hydra is not None
        plan: Plan = hydra.multirun("config", _job, list(overrides), with_log_configuration=False)
    return plan


def _job(composed: DictConfig) -> None:
    work(Path(composed.sweep.plan))


class GridSweeper(Sweeper):
    """Hydra's side of the sweep: it hands over the arguments and the launcher."""

    def __init__(self, params: dict[str, str] | None = None) -> None:
        self.params = dict(params or {})

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Keep what Hydra gives, and get the launcher that the config names."""
        self.context, self.composed = hydra_context, config
        self.jobs_of = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> Plan:
        """Plan, train, publish, sum up; returns the plan."""
        draw_data(self.composed.hydra.runtime.choices.get("experiment"))
        default = OmegaConf.to_container(self.composed.sweep.grid)
        assert isinstance(default, dict)
        grid_of = {str(key): str(values) for key, values in default.items()}
        grid = read_grid(arguments, self.params, grid_of, self.context.config_loader)
        plan = plan_cells(self.context, self.composed.hydra.job.config_name, grid)
        sweep = plan.cells[0].config.sweep
        run_plan(plan, self.jobs_of, sweep.jobs or self._workers(), sweep.force)
        return plan

    def _workers(self) -> int:
        """As many jobs as the launcher has workers; one where it runs them in turn."""
        workers: Any = self.composed.hydra.launcher.get("n_jobs", 1)
        return cores() if workers == -1 else int(workers)
