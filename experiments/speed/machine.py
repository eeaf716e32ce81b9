"""The machine and the versions on which the benchmark ran."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_info

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
        "blas": _blas(),
        "versions": {name: found for name in PACKAGES if (found := _version(name))},
    }


def _processor() -> str:
    """The processor's name and family; on a virtual machine the name alone may say too little."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    fields = [line.split(":", 1) for line in lines if ":" in line]
    found = {name.strip(): value.strip() for name, value in fields}
    name = found.get("model name", platform.processor())
    return f"{name} (family {found.get('cpu family', '?')}, model {found.get('model', '?')})"


def _blas() -> str:
    np.zeros((2, 2)) @ np.zeros((2, 2))
    found = [each for each in threadpool_info() if each["user_api"] == "blas"]
    return ", ".join(f"{b['internal_api']} {b['version']} for {b.get('architecture', '?')}" for b in found)


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
