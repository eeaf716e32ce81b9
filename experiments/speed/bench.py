"""`make bench`: measure every part, write the table, the verdict and the picture.

make bench                            all parts, about a quarter of an hour
make bench ARGS="--only loop"         one part again; the other parts stay as they were measured
make bench ARGS="--quick"             all parts, small, to see that they work; into a temporary folder
make bench ARGS="--table"             measure nothing; write the table anew from the last measurements
"""

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from experiments.speed import (
    cells,
    conventional,
    loop,
    machine,
    scale,
    stacked,
    streaming,
    summary,
)
from nnlab.experiments import write_index

HERE = Path(__file__).parent
PARTS: dict[str, Callable[[bool], Any]] = {
    "loop": loop.measure,
    "float32": loop.float32,
    "diagnostics": loop.diagnostics,
    "stacked": stacked.measure,
    "cells": cells.measure,
    "conventional": conventional.measure,
    "scale": scale.measure,
    "streaming": streaming.measure,
}


def main() -> None:
    """Measure the parts that the arguments name; write each part as soon as it is measured."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__.splitlines()[0])
    parser.add_argument("--only", action="append", choices=PARTS, metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--quick", action="store_true", help="small, into a temporary folder")
    parser.add_argument("--table", action="store_true", help="measure nothing, write the table anew")
    given = parser.parse_args()
    folder = Path(mkdtemp(prefix="nnlab-speed-")) if given.quick else HERE
    measurements = summary.read(folder)
    if not given.table:
        _measure(measurements, given.only or list(PARTS), given.quick, folder)
    summary.write(measurements, folder)
    if not given.quick:
        write_index()
    summary.show(measurements)
    print(f"written to {folder}")


def _measure(measurements: dict[str, Any], names: list[str], quick: bool, folder: Path) -> None:
    here = machine.describe()
    if measurements["machine"] != here:  # times of two machines cannot be compared
        measurements |= {"machine": here, "load": {}, "parts": {}}
    for name in names:
        print(f"{name} ...", flush=True)
        begin, load = time.time(), os.getloadavg()[0]
        measurements["parts"][name] = PARTS[name](quick)
        measurements["load"][name] = load
        summary.write(measurements, folder)
        print(f"{name} measured in {time.time() - begin:.0f} s", flush=True)


if __name__ == "__main__":
    main()
