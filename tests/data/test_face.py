"""What ``import nnlab.data`` gives and what it does not load."""

import subprocess
import sys

import nnlab.data


def test_importing_the_package_loads_no_heavy_library() -> None:
    heavy = {"PIL", "pooch", "requests", "joblib", "psutil"}
    code = f"import sys, nnlab.data; print(*{heavy} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == ""


def test_every_listed_name_can_be_imported() -> None:
    names = ", ".join(nnlab.data.__all__)
    code = f"from nnlab.data import {names}; from nnlab.data.painted import generator, paint_default"
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)
