"""Helpers: small data sets, nnlab as a process, cells trained in this process, the MLflow store."""

import os
import re
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import checked_sets
import h5py
import numpy as np
from warm import WarmParent

from nnlab.cells.cell import Cell, resolve
from nnlab.cells.run_cell import run_cell
from nnlab.config.compose import compose
from nnlab.records import record
from nnlab.records.lock import cell_lock


def points(m: int, n: int = 2, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """m points in n dimensions, labelled by the sign of their sum: a net learns them in a few steps."""
    x = np.random.RandomState(seed).randn(m, n)
    return x, (x.sum(axis=1) > 0).astype(np.int64)


def write_h5(path: Path, split: str = "train", **arrays: Any) -> Path:
    """A file of the layout; ``x``, ``y`` and ``classes`` replace the good arrays, None leaves one out."""
    x, y = points(30)
    content = {"x": x, "y": y, "classes": np.array([b"below", b"above"])} | arrays
    names = {"x": f"{split}_set_x", "y": f"{split}_set_y", "classes": "list_classes"}
    with h5py.File(path, "w") as file:
        for short, array in content.items():
            if array is not None:
                file[names[short]] = array
    return path


def small_set(folder: Path, m_train: int = 30, m_test: int = 12, n: int = 2) -> list[str]:
    """Write train.h5 and test.h5 into ``folder``; returns the overrides that name them."""
    folder.mkdir(parents=True, exist_ok=True)
    overrides = ["data=hdf5"]
    for seed, (split, m) in enumerate((("train", m_train), ("test", m_test))):
        x, y = points(m, n, seed)
        checked_sets.good(write_h5(folder / f"{split}.h5", split, x=x, y=y))
        overrides.append(f"data.{split}={folder}/{split}.h5")
    checked_sets.note_here(overrides)
    return overrides


# -- processes -------------------------------------------------------------------------------------

AT_FIRST = dict(os.environ)
SET_BY_IMPORTS = ("_MLFLOW_", "GIT_PYTHON_REFRESH", "KMP_INIT_AT_FORK")  # in this process
OTHERS = ("MLFLOW_", "HYDRA_", "NNLAB_HOME", *SET_BY_IMPORTS)


def environment(home: Path, **env: str) -> dict[str, str]:
    """This process's environment without the variables of MLflow and Hydra, and with NNLAB_HOME=home."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(OTHERS)}
    return kept | {"NNLAB_HOME": str(home)} | env


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "nnlab", *map(str, arguments)]


def working_folder(home: Path) -> Path:
    """The current folder of the processes: beside ``home`` and empty, so that a test sees stray files."""
    folder = home.parent / f"{home.name}-cwd"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@cache
def warm_parent() -> WarmParent:
    """The one of this process; it has the environment with which the tests began."""
    with patch.dict(os.environ, AT_FIRST, clear=True):
        return WarmParent(environment(Path.cwd()))


def nnlab(
    *arguments: str, home: Path, cwd: Path | None = None, timeout: float = 120, **env: str
) -> subprocess.CompletedProcess[str]:
    """Run nnlab to its end, in a temporary current folder; see `fresh`."""
    whole = environment(home, **env)
    checked_sets.note(home, arguments)
    if not warm_parent().can_run(whole):
        return fresh(*arguments, home=home, cwd=cwd, timeout=timeout, **env)
    return warm_parent().run([*map(str, arguments)], whole, cwd or working_folder(home), timeout)


def fresh(
    *arguments: str, home: Path, cwd: Path | None = None, timeout: float = 120, **env: str
) -> subprocess.CompletedProcess[str]:
    """As `nnlab`, but with a start of its own, which takes seconds: for tests of the start."""
    return subprocess.run(
        command(*arguments), env=environment(home, **env), cwd=cwd or working_folder(home),
        timeout=timeout, capture_output=True, text=True, check=False,
    )  # fmt: skip


def start(*arguments: str, home: Path, **env: str) -> "subprocess.Popen[str]":
    """Start nnlab and return at once."""
    return subprocess.Popen(
        command(*arguments),
        env=environment(home, **env),
        cwd=working_folder(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def done(process: subprocess.CompletedProcess[str]) -> subprocess.CompletedProcess[str]:
    """Check that the process ended with 0, without a traceback or warning, and return it."""
    assert process.returncode == 0, process.stdout + process.stderr
    assert "Traceback" not in process.stderr and "Warning" not in process.stderr, process.stderr
    return process


def lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]


def counts(text: str) -> dict[str, int]:
    """How many cells ended how, as the end of a sweep says; learnt and stuck ones are finished."""
    *_, told = re.findall(r"^\d+ cells?: (\d.*?); sweep ", text, re.MULTILINE)
    found: Counter[str] = Counter()
    for number, state in re.findall(r"(\d+) (\w+)", told):
        found["finished" if state in ("learnt", "stuck") else state] += int(number)
    return dict(found)


def assert_refused(process: subprocess.CompletedProcess[str], *words: str) -> None:
    """Exit code 2, and one or two lines on stderr that hold these words."""
    assert process.returncode == 2, process.stdout + process.stderr
    assert "Traceback" not in process.stderr, process.stderr
    assert 1 <= len(lines(process.stderr)) <= 2, process.stderr
    assert all(word in process.stderr for word in words), process.stderr


def wait_for(condition: Callable[[], Any], seconds: float = 60) -> Any:
    """Wait until the condition returns something true, and return that."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError(f"not within {seconds} s")


# -- cells in this process -------------------------------------------------------------------------


@contextmanager
def living_in(home: Path, **env: str) -> Iterator[Path]:
    """Within the block NNLAB_HOME is ``home``, and MLflow has no variables but those of ``env``."""
    home.mkdir(parents=True, exist_ok=True)
    with patch.dict(os.environ, environment(home, **env), clear=True):
        yield home


def cell(*overrides: str) -> Cell:
    """The resolved cell of these overrides."""
    checked_sets.note_here(overrides)
    return resolve(compose(list(overrides)))


def trained(home: Path, *overrides: str) -> tuple[Cell, record.Record]:
    """Train a cell in this process and return it with its record."""
    made = cell(*overrides)
    with cell_lock(made.folder(home)) as mine:
        assert mine
        return made, run_cell(made, home)


# -- the MLflow store ------------------------------------------------------------------------------


@cache
def load_mlflow() -> None:
    """Import MLflow and build the classes of its tables; its own deprecation warnings are ignored."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        from nnlab.tracking.settings import mlflow_settings

        mlflow_settings.__enter__()  # until the tests end
        from mlflow.store.tracking.dbmodels import models
        from sqlalchemy.orm import configure_mappers

        assert models
        configure_mappers()


@cache
def _migrated() -> bytes:
    load_mlflow()
    from mlflow import MlflowClient

    with tempfile.TemporaryDirectory() as folder:
        MlflowClient(f"sqlite:///{folder}/mlflow.db").search_experiments()
        return Path(folder, "mlflow.db").read_bytes()


def empty_store(home: Path, name: str = "mlflow.db") -> Path:
    """Put an empty MLflow store into ``home``: a copy, since to make one takes seconds."""
    home.mkdir(parents=True, exist_ok=True)
    (home / name).write_bytes(_migrated())
    return home


def client(home: Path, uri: str | None = None) -> Any:
    """A client of the store in ``home``, or of another one."""
    load_mlflow()
    from mlflow import MlflowClient

    return MlflowClient(uri or f"sqlite:///{home}/mlflow.db")


def runs(home: Path, condition: str = "", uri: str | None = None, experiment: str = "nnlab") -> list[Any]:
    """The runs of an experiment for which MLflow's filter holds."""
    store = client(home, uri)
    found = store.get_experiment_by_name(experiment)
    return [] if found is None else list(store.search_runs([found.experiment_id], condition))


def histories(home: Path, run: Any, uri: str | None = None) -> dict[str, list[tuple[int, float, int]]]:
    """Every metric of a run as (step, value, timestamp), in the order of the steps."""
    store = client(home, uri)
    return {
        key: sorted((p.step, p.value, p.timestamp) for p in store.get_metric_history(run.info.run_id, key))
        for key in run.data.metrics
    }


def markers(home: Path) -> Mapping[str, int]:
    """When each record of ``home`` was finished: its marker's modification time."""
    return {p.parent.name: p.stat().st_mtime_ns for p in (home / "runs").glob(f"*/{record.MARKER}")}
