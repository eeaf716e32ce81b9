"""The conventional harness: a Hydra multirun; each job trains one cell and logs each step to MLflow.

    python -m experiments.speed.conventional --multirun seed=1,2 trainer=numpy problems=FOLDER \
        store=sqlite:///mlflow.db log=FILE

A job reads its images and first weights from FOLDER/SEED.npz, so that it does not have to compose a
configuration of nnlab inside its own. ``measure`` writes these files and starts the harness, for some cells
of the sweep and fewer steps, and scales the times up.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory
from typing import Any

import hydra
import numpy as np
from omegaconf import DictConfig

from experiments.speed.cells import CELLS, environment
from experiments.speed.work import ITERATIONS, Problem, problem
from experiments.speed.workers import ONE_THREAD, cores

TRAINERS = ("numpy", "torch")


@hydra.main(version_base="1.3", config_path=str(Path(__file__).parent / "conf"), config_name="conventional")
def job(cfg: DictConfig) -> None:
    """Train one cell."""
    import mlflow

    from experiments.speed.frameworks import Torch
    from experiments.speed.peers import Plain

    mlflow.set_tracking_uri(cfg.store)
    mlflow.set_experiment("conventional")
    trainer = (Torch if cfg.trainer == "torch" else Plain)(_load(Path(cfg.problems, f"{cfg.seed}.npz")))
    trainer.start()
    next(trainer.steps())  # libraries that load at the first step load once per process
    trainer.start()
    begin = time.perf_counter()
    with mlflow.start_run():
        mlflow.log_params({"net": "deep", "trainer": cfg.trainer, "seed": cfg.seed})
        setup = time.perf_counter() - begin
        for step, cost in zip(range(cfg.iterations), trainer.steps(), strict=False):
            mlflow.log_metric("train/cost", cost, step=step)
        steps = time.perf_counter() - begin - setup
    setup = time.perf_counter() - begin - steps
    with Path(cfg.log).open("a") as log:
        log.write(json.dumps({"seed": cfg.seed, "setup": setup, "steps": steps}) + "\n")


def _save(path: Path, made: Problem) -> None:
    arrays: dict[str, Any] = {f"W{l}": W for l, W in enumerate(made.weights, start=1)}
    arrays |= {"images": made.images, "Y": made.Y, "lr": made.lr}
    np.savez(path, allow_pickle=False, **arrays)


def _load(path: Path) -> Problem:
    with np.load(path) as arrays:
        weights = [arrays[f"W{l}"] for l in range(1, len(arrays.files) - 2)]
        return Problem(arrays["images"], arrays["Y"], weights, float(arrays["lr"]))


def measure(quick: bool) -> dict[str, Any]:
    """For each trainer: the seconds of a job, and the seconds of the whole sweep on all cores."""
    iterations, jobs = (40 if quick else 200), max(2, len(cores()))
    found: dict[str, Any] = {"iterations": iterations, "jobs": jobs}
    for trainer in TRAINERS:
        ended = _multirun(trainer, iterations, jobs)
        if isinstance(ended, str):
            found[trainer] = {"failure": ended}
            continue
        cells = [job["setup"] + job["steps"] * ITERATIONS / iterations for job in ended]
        found[trainer] = {"cells": cells, "cell": mean(cells), "sweep": mean(cells) * CELLS / len(cores())}
    return found


def _multirun(trainer: str, iterations: int, jobs: int) -> list[dict[str, float]] | str:
    """The seconds of each job and of its steps, one job per core at a time; or why it failed."""
    with TemporaryDirectory() as folder:
        log = Path(folder, "seconds.jsonl")
        home = Path(os.environ.get("NNLAB_HOME") or Path.cwd())  # the folder with the painted set
        run = environment(home) | ONE_THREAD | {"PYTHONPATH": str(Path(__file__).parents[2])}
        run |= {
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "GIT_PYTHON_REFRESH": "quiet",
            "PYTHONWARNINGS": "ignore",
        }
        store = f"sqlite:///{folder}/mlflow.db"
        subprocess.run(  # make the tables first, so that the jobs do not all make them at once
            [sys.executable, "-c", "import sys, mlflow; mlflow.set_tracking_uri(sys.argv[1]); "
             "mlflow.create_experiment('conventional', sys.argv[2])", store, Path(folder).as_uri()],
            env=run, check=True, capture_output=True,
        )  # fmt: skip
        for seed in range(1, jobs + 1):
            _save(Path(folder, f"{seed}.npz"), problem("deep", seed))
        seeds = ",".join(str(seed) for seed in range(1, jobs + 1))
        overrides = [f"seed={seeds}", f"trainer={trainer}", f"iterations={iterations}"]
        overrides += [
            f"problems={folder}",
            f"store={store}",
            f"log={log}",
            f"hydra.launcher.n_jobs={len(cores())}",
        ]
        done = subprocess.run(
            [sys.executable, "-m", "experiments.speed.conventional", "--multirun", *overrides],
            env=run, cwd=folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode or not log.is_file():
            reason = (done.stderr.strip() or "no job ended").splitlines()[-1]
            missing = "No module named 'torch'" in done.stderr
            return "not installed (torch)" if missing else reason
        return [json.loads(line) for line in log.read_text().splitlines()]


if __name__ == "__main__":
    job()
