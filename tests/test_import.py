"""`import nnlab`: its names, what it loads, how long it takes, what type checkers see."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import nnlab
from nnlab import lazy
from nnlab.config.paths import ROOT
from nnlab.records.code_digest import numeric_modules

NAMES = set(lazy.NAMES)
STUB = ROOT / "nnlab" / "__init__.pyi"


def output(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout.strip()


def test_the_names_are_the_same_at_run_time_in_the_list_and_for_type_checkers() -> None:
    told = {
        (alias.name, node.module if alias.name != "nn" else "nnlab.nn")
        for node in ast.parse(STUB.read_text("utf-8")).body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert told == set(lazy.NAMES.items())
    assert set(nnlab.__all__) == set(dir(nnlab)) == NAMES
    assert all(hasattr(nnlab, name) for name in NAMES)
    assert (ROOT / "nnlab" / "py.typed").is_file()


def test_other_names_are_no_attributes() -> None:
    assert not hasattr(nnlab, "swep")
    with pytest.raises(AttributeError, match="module 'nnlab' has no attribute 'swep'"):
        _ = nnlab.swep


def test_the_names_add_nothing_to_the_code_digest() -> None:
    assert not {"nnlab", "nnlab.lazy", "nnlab.api"} & set(numeric_modules(ROOT / "nnlab"))


def test_libraries_come_when_they_are_used() -> None:
    large = "{'mlflow', 'plotly', 'pandas', 'scipy', 'matplotlib', 'hydra', 'numpy'}"
    assert output(f"import sys, nnlab; print({large} & set(sys.modules))") == "set()"
    large = "{'mlflow', 'plotly', 'pandas', 'matplotlib', 'IPython'}"
    assert output(f"import sys, nnlab; nnlab.sweep; print({large} & set(sys.modules))") == "set()"
    assert output("import nnlab; print(nnlab.nn.__name__)") == "nnlab.nn"
    assert output("from nnlab import *; print(sweep.__name__, nn.__name__)") == "sweep nnlab.nn"


CHECKED = """
import nnlab
reveal_type(nnlab.sweep("seed=1,2").best.costs)
reveal_type(nnlab.train("seed=1"))
nnlab.train("seed=1", config_dir=None).frame()
nnlab.swep("seed=1")
"""


@pytest.mark.slow
def test_a_type_checker_sees_the_names_and_the_mistakes(tmp_path: Path) -> None:
    (tmp_path / "user.py").write_text(CHECKED)
    process = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file", str(ROOT / "pyproject.toml"),
         "--follow-imports=silent", str(tmp_path / "user.py")],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    said = process.stdout
    assert 'Revealed type is "numpy.ndarray' in said and 'Revealed type is "nnlab.results.run.Run"' in said
    assert '"Run" has no attribute "frame"' in said and 'Module has no attribute "swep"' in said, said
