"""A recorded configuration trained again, by this program or by that of its commit, and compared."""

from nnlab.reruns.compare import Difference, compare, verdict
from nnlab.reruns.replay import replay, replay_at_commit
from nnlab.reruns.rerun import Rerun, publish, rerun
from nnlab.reruns.verify import Outcome, SweepRerun, Verification, tag, verifying

__all__ = [
    "Difference",
    "Outcome",
    "Rerun",
    "SweepRerun",
    "Verification",
    "checkout",
    "compare",
    "publish",
    "replay",
    "replay_at_commit",
    "rerun",
    "tag",
    "verdict",
    "verifying",
]
