"""A configuration becomes a trained net and its record; plans of cells, their ranking and summary."""

from nnlab.cells.build import Start, build_network
from nnlab.cells.cell import Cell, explain_solver, resolve
from nnlab.cells.choose_solver import choose_solver
from nnlab.cells.evaluation import Evaluation
from nnlab.cells.going_on import bases, beginning_of
from nnlab.cells.load import dataset, remarks
from nnlab.cells.plan import Plan
from nnlab.cells.recorded_config import as_overrides, configuration, with_files
from nnlab.cells.recorded_data import is_own, located
from nnlab.cells.run_cell import (
    attempt,
    costs_so_far,
    packed_record,
    progress_writer,
    reason,
    run_cell,
    write_record,
)
from nnlab.cells.trained_net import ask, net_of, outputs
from nnlab.cells.weights import drawn, weights

__all__ = [
    "Cell",
    "Evaluation",
    "Plan",
    "Start",
    "as_overrides",
    "ask",
    "attempt",
    "bases",
    "beginning_of",
    "borders",
    "build_network",
    "choose_solver",
    "configuration",
    "costs_so_far",
    "dataset",
    "drawn",
    "explain_solver",
    "findings",
    "front",
    "gradcheck",
    "halving",
    "image_inputs",
    "is_own",
    "located",
    "net_of",
    "objectives",
    "outputs",
    "packed_record",
    "pictures",
    "plan",
    "progress_writer",
    "prune",
    "ranking",
    "reason",
    "remarks",
    "resolve",
    "run_cell",
    "summary",
    "train_cell",
    "trials",
    "weights",
    "with_files",
    "write_record",
]
