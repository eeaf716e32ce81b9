"""A configuration becomes a trained net and its record; plans of cells, their ranking and summary."""

from nnlab.cells.build import Start, build_network
from nnlab.cells.cell import Cell, explain_solver, resolve
from nnlab.cells.choose_solver import choose_solver
from nnlab.cells.evaluation import Evaluation
from nnlab.cells.load import dataset
from nnlab.cells.plan import Plan
from nnlab.cells.recorded_config import as_overrides, configuration
from nnlab.cells.run_cell import attempt, progress_writer, run_cell
from nnlab.cells.trained_net import ask, net_of, outputs

__all__ = [
    "Cell",
    "Evaluation",
    "Plan",
    "Start",
    "as_overrides",
    "ask",
    "attempt",
    "build_network",
    "choose_solver",
    "configuration",
    "dataset",
    "explain_solver",
    "gradcheck",
    "net_of",
    "outputs",
    "pictures",
    "plan",
    "progress_writer",
    "ranking",
    "resolve",
    "run_cell",
    "summary",
    "train_cell",
]
