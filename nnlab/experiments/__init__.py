"""The frame of a claim: the folder of an experiment, the runs of its sweep, the verdict, the index."""

from nnlab.experiments.claim import Claim, find
from nnlab.experiments.index import write_index
from nnlab.experiments.run_claim import run_claim
from nnlab.experiments.trained_run import Run, grouped
from nnlab.experiments.verdict import Verdict, verdict_of

__all__ = [
    "Claim",
    "Run",
    "Verdict",
    "figures",
    "find",
    "grouped",
    "run_claim",
    "verdict_of",
    "write_index",
]
