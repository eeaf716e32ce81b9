"""The frame of a claim: the folder of an experiment, the runs of its sweep, the verdict, the index."""

from nnlab.experiments.claim import Claim, find
from nnlab.experiments.comparison import (
    Interval,
    Tuned,
    all_of,
    any_of,
    difference,
    is_gain,
    is_more,
    median_interval,
    reaches,
    right,
    steps_to,
    tuned,
)
from nnlab.experiments.index import write_index
from nnlab.experiments.layers import layers
from nnlab.experiments.pictures import paint
from nnlab.experiments.race import Race, race, seconds
from nnlab.experiments.run_claim import run_claim
from nnlab.experiments.settle import WIDER_GRID, gains_settled_by, races_settled_by
from nnlab.experiments.trained_run import Run, grouped
from nnlab.experiments.verdict import Verdict, verdict_of

__all__ = [
    "WIDER_GRID",
    "Claim",
    "Interval",
    "Race",
    "Run",
    "Tuned",
    "Verdict",
    "all_of",
    "any_of",
    "difference",
    "figures",
    "find",
    "gains_settled_by",
    "grouped",
    "is_gain",
    "is_more",
    "layers",
    "median_interval",
    "paint",
    "race",
    "races_settled_by",
    "reaches",
    "right",
    "run_claim",
    "seconds",
    "steps_to",
    "tuned",
    "verdict_of",
    "write_index",
]
