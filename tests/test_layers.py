"""The layers: nothing imports upward; tracking and the served model know MLflow, the outer files Hydra.

A module imports only modules of a lower layer than its own. A new module gets its place in LAYERS.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import nnlab

PACKAGE = Path(nnlab.__file__).parent

# lowest first; modules of one layer do not know of each other
LAYERS = [
    {"errors", "operations", "initializers", "metrics", "folds", "solver"},
    {"activations", "first_layer", "optimizers"},
    {"losses", "mean_field"},
    {"forward"},
    {"network"},
    {"training", "diagnostics", "ranges"},
    # above the numeric modules: data, configuration, records
    {
        "data.stored",
        "data.coats",
        "data.download",
        "provenance",
        "claim",
        "threads",
        "statistics",
        "figures",
        "page",
        "archive",
        "reaper",
        "interrupts",
    },
    {"data.border", "plots", "panels"},
    {"data.hdf5"},
    {
        "data.figure",
        "data.toy",
        "data.holdout",
        "data.trial",
        "config",
        "record",
        "store",
        "served",
        "results",
    },
    {"data.bodies", "data.scenes"},
    {"data.cats", "data.others"},
    {"data.painted"},
    {"evaluation", "sizes", "identity", "kernel"},
    {"run", "curves", "model", "images", "reader", "views"},
    {"plan", "gradcheck", "mlmodel", "experiment"},
    {"summary", "comparison", "grid", "rerun"},
    {"labels"},
    {"content"},
    {"tracking", "answers"},
    {"lookup", "contrast", "tables", "verification", "checkout"},
    {"report"},
    {"publisher"},
    {"sweep"},
    {"cli_data", "cli_errors"},
    {"cli_verify"},
    {"cli_rerun", "cli_predict", "cli_report", "cli_experiments", "cli_ui"},
    {"cli"},
    {"__main__"},
]
LAYER = {name: height for height, names in enumerate(LAYERS) for name in names}
NUMERIC = {
    "operations", "activations", "initializers", "optimizers", "metrics", "first_layer", "losses",
    "network", "forward", "training", "diagnostics", "folds",
}  # fmt: skip
STANDARD = {"collections", "concurrent", "dataclasses", "functools", "itertools", "math", "typing"}
KNOW_MLFLOW = {"tracking", "served"}
KNOW_HYDRA = {"config", "grid", "experiment", "sweep", "cli", "cli_errors"}

MODULES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts): path
    for path in sorted(PACKAGE.rglob("*.py"))
    if path.name != "__init__.py"
}


def imports(path: Path) -> Iterator[str]:
    """The full name of everything that a file imports, wherever in the file it does."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute here"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def packages(path: Path) -> set[str]:
    """The top-level packages that a file imports."""
    return {name.split(".")[0] for name in imports(path)}


def siblings(path: Path) -> set[str]:
    """The modules of nnlab that a file imports."""
    found = set()
    for name in imports(path):
        parts = name.split(".")[1:] if name.startswith("nnlab.") else []
        found |= {".".join(parts[:n]) for n in range(1, len(parts) + 1) if ".".join(parts[:n]) in MODULES}
    return found


def test_every_module_has_its_layer() -> None:
    assert set(MODULES) == set(LAYER)


@pytest.mark.parametrize("module", MODULES)
def test_nothing_imports_upward(module: str) -> None:
    height = LAYER.get(module, len(LAYERS))
    upward = {name for name in siblings(MODULES[module]) if LAYER.get(name, height) >= height}
    assert not upward, f"nnlab/{module} imports {upward}"


@pytest.mark.parametrize("module", sorted(NUMERIC))
def test_numeric_modules_know_numpy_and_each_other_alone(module: str) -> None:
    assert siblings(MODULES[module]) <= NUMERIC
    assert packages(MODULES[module]) <= {"nnlab", "numpy"} | STANDARD


def test_the_numeric_modules_are_those_of_the_code_digest() -> None:
    """A record's fingerprint covers exactly the code that can change its numbers."""
    from nnlab.records.record import NUMERIC_MODULES

    assert set(NUMERIC_MODULES) == NUMERIC


def test_only_tracking_and_the_served_model_import_mlflow() -> None:
    assert {name for name, path in MODULES.items() if "mlflow" in packages(path)} == KNOW_MLFLOW


def test_only_the_outer_files_import_hydra() -> None:
    assert {name for name, path in MODULES.items() if "hydra" in packages(path)} <= KNOW_HYDRA


def test_workers_never_load_mlflow() -> None:
    """Neither the command line nor a worker pays for MLflow before the first publication."""
    import subprocess
    import sys

    code = "import sys, nnlab.cli; assert not {'mlflow', 'sqlalchemy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_checks_see_what_they_should(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text(
        "def f():\n    import mlflow.entities\n    from nnlab.data import hdf5\nfrom nnlab import cli\n"
    )
    assert packages(path) == {"mlflow", "nnlab"}
    assert siblings(path) == {"data.hdf5", "cli"}
