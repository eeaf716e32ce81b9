"""The Python face: what `import nnlab` gives; it takes what the command line takes.

They take what the command line takes, in the same words, and write the same records: a net that
`nnlab sweep` trained is not trained again by ``nnlab.sweep``. Doubts and problems are printed to stderr, as
by the commands.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from nnlab import reruns, results
from nnlab.config import given
from nnlab.config.typed_overrides import typed_overrides
from nnlab.errors import UserError
from nnlab.records import provenance
from nnlab.reruns import Rerun, SweepRerun
from nnlab.results import Run, Sweep, explained, recorded_run, recorded_sweep
from nnlab.sweeps.console import complain, keep_quiet, warn
from nnlab.sweeps.driver import CellsFailed
from nnlab.sweeps.rerun_sweep import rerun_sweep
from nnlab.sweeps.run import run
from nnlab.sweeps.train_one import train_one

if TYPE_CHECKING:
    import pandas as pd


@explained
def train(*overrides: str, config_dir: str | Path | None = None, config_name: str | None = None) -> Run:
    """Train one net, as `nnlab train` does, and publish it; a finished one is not trained again.

    Each override gives one key its value: "model=deep", "seed=1". ``config_dir`` is a folder of your own
    config groups, ``config_name`` the config to begin with.

    UserError if a key, a value or the data are wrong; Failed if the training fails.

    >>> import nnlab
    >>> run = nnlab.train("model.depth=3", "model.width=8", "trainer.iterations=20", "seed=2")
    >>> run.status, run.costs.shape, run.config["seed"]
    ('finished', (20,), 2)
    """
    return recorded_run(train_one(_typed(overrides, "train", config_dir, config_name), keep_quiet))


@explained
def sweep(*overrides: str, config_dir: str | Path | None = None, config_name: str | None = None) -> Sweep:
    """Train a grid of nets, as `nnlab sweep` does, and publish them; finished ones are not trained again.

    A key with several values is swept: "model.depth=1,2,4", "seed=range(1,4)". Without any, the grid of
    ``sweep.grid`` is trained. ``config_dir`` and ``config_name`` are as for ``train``.

    An interrupt closes the sweep as killed and keeps the finished nets; the same call goes on from them. A
    net that fails is said, and stands as `failed` in the table; the others are trained.

    UserError if a key, a value or the data are wrong; Failed if no net can be trained.

    >>> import nnlab
    >>> sweep = nnlab.sweep("model.depth=1,2", "init.scale=0.1,1", "trainer.iterations=20")
    >>> sweep.frame()[["model.depth", "init.scale", "train/accuracy"]].dtypes.astype(str).tolist()
    ['int64', 'float64', 'float64']
    >>> sweep.map().layout.xaxis.title.text
    'init.scale'
    """
    try:
        plan = run(_typed(overrides, "sweep", config_dir, config_name), keep_quiet)
    except CellsFailed as failed:
        complain(str(failed))
        plan = failed.plan
    return recorded_sweep(plan)


@explained
def load(name: str | Path, *, experiment: str = "nnlab") -> Run | Sweep:
    """A recorded run or sweep.

    ``name`` is a record's folder, the beginning of its fingerprint or of a sweep's id, or what MLflow calls
    it in this ``experiment``: a run's id, the id's beginning, or its name. "latest" is the last sweep or
    training of this home. What is only in MLflow is fetched when it is needed.

    UserError if there is none, or more than one; Failed if MLflow is needed and cannot be reached.

    >>> import nnlab
    >>> run = nnlab.train("model=logistic", "trainer.iterations=20")
    >>> nnlab.load(run.id).metrics == nnlab.load("latest").metrics
    True
    """
    return results.load(str(name), experiment)


@explained
def runs(*, experiment: str = "nnlab") -> "pd.DataFrame":
    """All runs that MLflow has in this ``experiment``, the last first: a row for each, by its id.

    The columns are name, status, state, sweep and start, the whole configuration and all metrics, with
    numbers as numbers. A line says if records of this home are not published.

    Failed if MLflow cannot be reached.

    >>> import nnlab
    >>> run = nnlab.train("model=logistic", "trainer.iterations=20")
    >>> table = nnlab.runs()
    >>> table[table["name"] == run.name]["trainer.iterations"].max()
    np.int64(20)
    """
    table, remark = results.runs(experiment)
    warn([remark] if remark else [])
    return table


@explained
def rerun(
    name: str | Path | Run | None = None,
    *overrides: str,
    sweep: str | Sweep | None = None,
    tolerance: float = 0.0,
    at_commit: bool = False,
    trust_diff: bool = False,
    experiment: str = "nnlab",
) -> Rerun | SweepRerun:
    """Train a recorded run, or all of a ``sweep``, again; compare every cost, weight and test probability.

    ``name`` is a run or what names it, as for ``load``. The result is true if both are the same bit for
    bit, or within ``tolerance``; else its text says what differs and why. ``overrides`` say where the data
    are now, or what to change. With ``at_commit`` the program of the recorded commit trains one run;
    ``trust_diff`` lets it apply the uncommitted changes of a run from elsewhere.

    UserError if the run or its data are not found; Failed if MLflow is needed and cannot be reached.

    >>> import nnlab
    >>> again = nnlab.rerun(nnlab.train("model=logistic", "trainer.iterations=20"))
    >>> bool(again), again
    (True, Rerun(identical, bit for bit: 20 costs, all weights, all test probabilities))
    """
    if not at_commit:
        warn(provenance.remarks())
    if isinstance(name, Sweep) or isinstance(sweep, Run):
        raise UserError("rerun: give a run as the first argument, and a sweep as sweep=...")
    if sweep is not None:
        if name is not None or at_commit:
            raise UserError("rerun: give a run or a sweep, not both; at_commit repeats one run")
        text = sweep.id if isinstance(sweep, Sweep) else sweep
        return rerun_sweep(text, _typed(overrides, "rerun"), tolerance, experiment)
    if name is None:
        raise UserError("rerun: nothing to rerun; give a run, or sweep=...")
    again = reruns.rerun(
        name.id if isinstance(name, Run) else str(name), _typed(overrides, "rerun"),
        tolerance=tolerance, at_commit=at_commit, trust_diff=trust_diff, experiment=experiment,
    )  # fmt: skip
    if again.cell.config.tracking.publish:
        run_id, problem = reruns.publish(again)
        if run_id is None:
            complain(f"{problem}; this rerun is not published")
    return again


def _typed(
    overrides: tuple[str, ...],
    command: str,
    config_dir: str | Path | None = None,
    config_name: str | None = None,
) -> list[str]:
    """The overrides as the command of this name takes them."""
    for name, value in (("config_dir", config_dir), ("config_name", config_name)):
        if not isinstance(value, str | Path | None):
            raise UserError(f"{name}: {value!r} is no text; give a name, or leave it out")
    folder = None if config_dir is None else given(config_dir)
    if folder is not None and not folder.is_dir():
        raise UserError(
            f"config_dir: there is no folder {folder}; name the one that has your config groups"
        )
    return typed_overrides(overrides, f"nnlab {command}", folder, config_name)
