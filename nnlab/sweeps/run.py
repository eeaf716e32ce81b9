"""A sweep from its overrides: compose, plan the cells, have them trained."""

from collections.abc import Sequence

from nnlab.cells.plan import Plan
from nnlab.config import EngineConfig
from nnlab.config.compose import composed
from nnlab.sweeps.compositions import own_grid
from nnlab.sweeps.console import Say, say, warn
from nnlab.sweeps.driver import run_plan
from nnlab.sweeps.engine_keys import chosen
from nnlab.sweeps.experiment_data import draw_data
from nnlab.sweeps.grid import default_grid, from_default, plan_cells, read_grid, single
from nnlab.sweeps.search import Search, search_of


def run(overrides: Sequence[str], say: Say = say) -> Plan:
    """Run the sweep of these overrides, as `nnlab sweep` does; returns its plan.

    ``say`` gets what is printed to stdout. CellsFailed, which has the plan, when a cell failed.
    """
    config = composed(single(overrides))
    draw_data(config.hydra.runtime.choices.get("experiment"))
    search = search_of(config, overrides)
    if search is not None:
        return _run_search(search, chosen(config, search.base), say)
    grid = read_grid(overrides, own_grid(config), default_grid(config))
    if taken := from_default(grid, overrides):
        say(f"no key was given several values, so the default grid (sweep.grid) is trained: {taken}")
    plan = plan_cells(grid)
    engine = chosen(config, plan.cells[0].config)
    return run_plan(plan, engine, plan.cells[0].config.sweep.force, say)


def _run_search(search: Search, engine: EngineConfig, say: Say) -> Plan:
    plan = search.plan()
    warn(search.remarks(engine))
    say(search.what())
    return run_plan(plan, engine, search.base.sweep.force, say, search)
