"""`make bench`: measure every part, write the table, the verdict and the picture.

make bench                            all parts, about a quarter of an hour
make bench ARGS="--only loop"         one part again; the other parts stay as they were measured
make bench ARGS="--quick"             all parts, small, to see that they work; into a temporary folder
make bench ARGS="--table"             measure nothing; write the table anew from the last measurements
OPENBLAS_CORETYPE=Haswell make bench  with the kernels of another processor; kept as a kind of its own

The measurements are kept for each kind of BLAS kernels; the table shows all kinds.
"""

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from experiments.speed import (
    adaptive,
    cells,
    conventional,
    loop,
    machine,
    scale,
    stacked,
    starts,
    streaming,
    summary,
    thousands,
)
from nnlab.experiments import write_index
from nnlab.records import provenance

HERE = Path(__file__).parent
PARTS: dict[str, Callable[[bool], Any]] = {
    "loop": loop.measure,
    "float32": loop.float32,
    "adaptive": adaptive.measure,
    "diagnostics": loop.diagnostics,
    "stacked": stacked.measure,
    "starts": starts.measure,
    "cells": cells.measure,
    "conventional": conventional.measure,
    "scale": scale.measure,
    "streaming": streaming.measure,
    "thousands": thousands.measure,
}
TOGETHER = ("cells", "conventional")  # parts that are compared with each other


def main() -> None:
    """Measure the parts that the arguments name, and write them, also if one fails."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__.splitlines()[0])
    parser.add_argument("--only", action="append", choices=PARTS, metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--quick", action="store_true", help="small, into a temporary folder")
    parser.add_argument("--table", action="store_true", help="measure nothing, write the table anew")
    given = parser.parse_args()
    folder = Path(mkdtemp(prefix="nnlab-speed-")) if given.quick else HERE
    kinds, here = summary.read(folder), machine.kernels()
    if not given.table and provenance.checkout().diff:
        print("note: the checkout has changes, which each record of a sweep keeps: commit them first")
    try:
        if not given.table:
            found = kinds.setdefault(here, summary.nothing())
            _measure(found, given.only or list(PARTS), given.quick)
    finally:  # and no earlier: what is written is a change of the checkout, too
        summary.write(kinds, folder)
    if not given.quick:
        write_index()
    if here in kinds:
        summary.show(here, kinds[here]["parts"])
    print(f"written to {folder}")


def _measure(measurements: dict[str, Any], names: list[str], quick: bool) -> None:
    for name in names:
        print(f"{name} ...", flush=True)
        begin, load = time.time(), os.getloadavg()[0]
        measurements["parts"][name] = PARTS[name](quick)
        measurements["load"][name], measurements["machines"][name] = load, machine.describe()
        _drop_other_half(measurements, name)
        print(f"{name} measured in {time.time() - begin:.0f} s", flush=True)


def _drop_other_half(measurements: dict[str, Any], name: str) -> None:
    """Rows of two parts compare their times, which they cannot if they are of two machines."""
    machines = measurements["machines"]
    for other in {*TOGETHER} - {name} if name in TOGETHER else ():
        if other in machines and machines[other] != machines[name]:
            for kept in ("parts", "load", "machines"):
                del measurements[kept][other]


if __name__ == "__main__":
    main()
