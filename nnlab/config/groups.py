"""The config groups and the names of their options, as far as they are known without Hydra."""

from collections.abc import Sequence
from pathlib import Path

from nnlab.config.paths import CONF, EXPERIMENTS
from nnlab.nn import INITIALIZERS, OPTIMIZERS

LAUNCHER = "hydra/launcher"
LAUNCHERS = ("joblib", "basic")
DATA_SETS = tuple(sorted(path.stem for path in (CONF / "data").glob("*.yaml")))
ENGINES = tuple(sorted(path.stem for path in (CONF / "engine").glob("*.yaml")))
SEARCHES = tuple(sorted(path.stem for path in (CONF / "search").glob("*.yaml")))
MEANINGS = {
    "data": "which images",
    "model": "which net",
    "init": "how the weights are drawn, with the usual scale",
    "optimizer": "which update rule, with a rate that suits it",
    "trainer": "2500 steps, or 500 for a first look",
    "tracking": "records in MLflow, or records alone until `nnlab sync`",
    "experiment": "a claim of the notes, with its grid",
    "engine": "where the cells of a sweep are trained: processes on all cores, or this process",
    "search": "how the cells of a sweep are chosen: all combinations, or a search among them",
    LAUNCHER: "the old name of the group engine: local, or inline",
}


def names(group: str, folders: Sequence[Path] = ()) -> list[str]:
    """The options of a group: nnlab's own, and those in these folders of the user."""
    if group == LAUNCHER:
        return list(LAUNCHERS)
    if group == "experiment":
        return sorted(path.parent.name for path in EXPERIMENTS.glob("*/sweep.yaml"))
    files = {path.stem for folder in (CONF, *folders) for path in (folder / group).glob("*.yaml")}
    tables: dict[str, list[str]] = {"init": list(INITIALIZERS), "optimizer": list(OPTIMIZERS)}
    return sorted(files.union(tables.get(group, [])))
