"""The machine and the versions on which the benchmark ran."""

import os
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from nnlab.records import provenance

CORETYPE = "OPENBLAS_CORETYPE"
SET = "-set"  # ends the name of kernels that this variable chose
PACKAGES = ("numpy", "scikit-learn", "torch", "jax", "mlflow", "hydra-core")


def describe() -> dict[str, Any]:
    """Processor, memory, kernel, BLAS, versions."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory GB": round(memory / 2**30),
        "kernel": platform.release().split("-")[0],
        "python": platform.python_version(),
        "blas": " ".join(f"{value}" for value in _blas().values()),
        "versions": {name: found for name in PACKAGES if (found := _version(name))},
    }


def _processor() -> str:
    """The processor's name and family; on a virtual machine the name alone may say too little."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    fields = [line.split(":", 1) for line in lines if ":" in line]
    found = {name.strip(): value.strip() for name, value in fields}
    name = found.get("model name", platform.processor())
    return f"{name} (family {found.get('cpu family', '?')}, model {found.get('model', '?')})"


def kernels() -> str:
    """The name of the kernels of NumPy's BLAS, such as Haswell; if it has none, of the processor.

    `Haswell-set` if OPENBLAS_CORETYPE chose others than the processor's own, which peers that bring their
    kernels still use.
    """
    name = str(_blas().get("architecture") or platform.machine())
    if not os.environ.get(CORETYPE):
        return name
    own = {key: value for key, value in os.environ.items() if key != CORETYPE}
    code = "from experiments.speed import machine; print(machine.kernels())"
    said = subprocess.run([sys.executable, "-c", code], env=own, check=True, capture_output=True, text=True)
    return name if said.stdout.strip() == name else f"{name}{SET}"


def _blas() -> dict[str, Any]:
    found: list[dict[str, Any]] = provenance.environment()["blas"]
    return found[0] if found else {}


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
