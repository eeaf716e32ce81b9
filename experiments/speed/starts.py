"""The start of a command: seconds from Enter to its help, to a sweep's first line, to its first cell."""

import subprocess
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from experiments.speed.cells import command, environment
from nnlab.records import record


def measure(quick: bool) -> dict[str, list[float]]:
    """The seconds of some starts each, in a home that knows the data: its first start is not counted."""
    with TemporaryDirectory() as folder:
        runs = [_start(Path(folder), 4 * number) for number in range(3 if quick else 9)][1:]
    return {name: [run[name] for run in runs] for name in runs[0]}


def _start(home: Path, seed: int) -> dict[str, float]:
    """One start of each kind; the sweep has the seeds from ``seed`` on, which are new."""
    begin = time.perf_counter()
    subprocess.run(
        [*command("sweep")[:3], "--help"], env=environment(home), check=True, capture_output=True
    )
    seconds = {"help": time.perf_counter() - begin}
    entered, began = time.time(), time.perf_counter()
    words = command("sweep", f"seed=range({seed},{seed + 4})")
    with subprocess.Popen(
        words, env=environment(home), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        seconds["line"] = time.perf_counter() - began
        process.stdout.read()
    if process.returncode:
        raise RuntimeError(f"{' '.join(words)} ended with {process.returncode}")
    started = [record.read(path.parent).started for path in home.glob("runs/*/record.json")]
    return seconds | {"cell": min(moment for moment in started if moment > entered) - entered}
