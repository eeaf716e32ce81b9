"""Figures of the pages, one at a time, as Python returns them."""

import plotly.graph_objects as go

from nnlab.errors import UserError
from nnlab.nn import Array
from nnlab.reports.figures.colours import PALETTE
from nnlab.reports.figures.learning_curves import Line, curve, learning_curves
from nnlab.reports.panels.trainability import axes, trainability_map
from nnlab.tracking import Sweep

POINTS = 1000  # of a curve


def sweep_map(sweep: Sweep) -> go.Figure:
    """Where a sweep's nets learn, get stuck or diverge; UserError if no key varies but seed and fold."""
    if axes(sweep).x is None:
        raise UserError(
            f"sweep {sweep.id}: no key varies but seed and fold, so there is no map; "
            "sweep over a key, such as init.scale=0.1,1,10"
        )
    return trainability_map(sweep)


def learning_curve(name: str, costs: Array, diverged: bool) -> go.Figure:
    """The training costs (steps,) of a run against the step."""
    return learning_curves([Line(name, PALETTE[0], curve(name, [costs], diverged, POINTS))])
