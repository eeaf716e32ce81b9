"""All cells of a sweep trained again under a progress bar, and the outcome on its parent run."""

from collections.abc import Sequence

from nnlab.reruns import Outcome, SweepRerun, Verification, tag, verifying
from nnlab.sweeps.console import complain, warn
from nnlab.sweeps.progress_bar import progress_bar


def rerun_sweep(text: str, overrides: Sequence[str], tolerance: float, experiment: str) -> SweepRerun:
    """Train all cells of a sweep again and compare them; ``text`` names it as in ``verifying``.

    Reruns that differ stay in the folder ``apart``.
    """
    with verifying(text, overrides, tolerance, experiment) as verification:
        outcomes = _watch(verification)
    apart = verification.apart
    if apart.is_dir() and not any(apart.iterdir()):
        apart.rmdir()
    again = SweepRerun(verification.sweep, tuple(outcomes), apart)
    if not verification.published:
        warn(["the outcome is not written into MLflow (tracking=none)"])
    elif problem := tag(verification, bool(again)):
        complain(f"{problem}; the sweep is not tagged")
    return again


def _watch(verification: Verification) -> list[Outcome]:
    """Collect the outcomes under a progress bar; cells that differ come first."""
    collected: list[Outcome] = []
    with progress_bar("{task.completed}/{task.total} {task.fields[differ]} differ") as bar:
        task = bar.add_task("cells", total=verification.cells, differ=0)
        for outcome in verification.outcomes:
            collected.append(outcome)
            differ = sum(not outcome.identical for outcome in collected)
            bar.update(task, completed=len(collected), differ=differ)
    return sorted(collected, key=lambda outcome: (outcome.identical, outcome.name))
