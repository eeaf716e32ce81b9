"""50,000 images streamed from their HDF5 file by minibatches: resident memory, and time of a step."""

import re
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from experiments.speed.cells import environment
from experiments.speed.painting import painted_set
from experiments.speed.scale import BATCH, MEMORY_MB, PAINTED, QUICK
from experiments.speed.work import NETS
from nnlab.records import record

STEPS = 500


def measure(quick: bool) -> dict[str, Any]:
    """The same minibatch training twice: streamed, with the default `data.memory_mb`, and in memory."""
    images = max(QUICK) if quick else PAINTED
    limits = {"streamed": 256 if quick else MEMORY_MB, "in memory": 8192}
    files = painted_set(images)
    runs = {name: _train(files, limit) for name, limit in limits.items()}
    return {
        "images": images,
        "file MB": files[0].stat().st_size / 1e6,
        "steps": STEPS,
        "peak MB": {name: run["peaks"] for name, run in runs.items()},
        "ms": {name: 1e3 * run["seconds"] / STEPS for name, run in runs.items()},
        "same bits": bool(np.array_equal(runs["streamed"]["costs"], runs["in memory"]["costs"])),
    }


def _train(files: tuple[Path, Path], memory_mb: int) -> dict[str, Any]:
    """Run `nnlab train` in its own process: its peaks of memory, the seconds of its loop, its costs."""
    with TemporaryDirectory() as folder:
        home = Path(folder)
        command = [
            *(sys.executable, "-m", "nnlab", "train"),
            *(
                "data=hdf5",
                f"data.train={files[0]}",
                f"data.test={files[1]}",
                f"data.memory_mb={memory_mb}",
            ),
            *(f"optimizer.batch_size={BATCH}", "trainer.solver=primal", f"trainer.iterations={STEPS}"),
            *NETS["deep"],
        ]
        with (home / "log").open("w") as out:
            process = subprocess.Popen(command, env=environment(home), stdout=out, stderr=subprocess.STDOUT)
            peaks = _watch(process, home)
        if process.returncode:
            raise RuntimeError((home / "log").read_text()[-2000:])
        (marker,) = home.glob(f"runs/*/{record.MARKER}")
        done = record.read(marker.parent)
        return {
            "peaks": peaks,
            "seconds": done.metrics["time/train_s"],
            "costs": done.arrays("history")["train/cost"],
        }


def _watch(process: "subprocess.Popen[bytes]", home: Path) -> dict[str, float]:
    """The peak of resident memory in MB: until the record is there, and to the end, with MLflow."""
    peaks = {"record": 0.0, "end": 0.0}
    status = Path(f"/proc/{process.pid}/status")
    while process.poll() is None:
        if found := re.search(r"VmHWM:\s+(\d+) kB", status.read_text()):
            peaks["end"] = int(found[1]) * 1024 / 1e6
            if not list(home.glob(f"runs/*/{record.MARKER}")):
                peaks["record"] = peaks["end"]
        time.sleep(0.02)
    return peaks
