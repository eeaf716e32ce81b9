"""The packages: their order, no circle within one, one public face each, and who may import what."""

import ast
import importlib
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import nnlab

PACKAGE = Path(nnlab.__file__).parent

# an import runs only from a package to a later one of this list
ORDER = [
    "cli",
    "api",
    "experiments",
    "results",
    "sweeps",
    "reruns",
    "reports",
    "tracking",
    "engines",
    "cells",
    "records",
    "config",
    "data",
    "nn",
]
BOTTOM = {"errors", "threads", "signals", "files"}  # modules beside the packages, which import none of them
SINGLE = {"api"}  # modules beside the packages that use them
PYTHON_FACE = {"train", "sweep", "rerun", "load", "runs"}  # no package bears the name of such a function

MLFLOW = {"tracking"}
HYDRA = {"cli", "sweeps", "config.compose", "config.overrides", "config.own_store", "config.explain"}
STANDARD = set(sys.stdlib_module_names)
LONGEST = 250  # lines of a file

MODULES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
    if path != PACKAGE / "__init__.py"
}
FACES = {name for name, path in MODULES.items() if path.name == "__init__.py"}


def package(module: str) -> str:
    """The package that a module belongs to: the first part of its name."""
    return module.split(".")[0]


def imports(path: Path) -> Iterator[tuple[str, str]]:
    """(module, name) of all that a file imports, wherever it does; the name of a whole module is ""."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute here"
            yield from ((node.module or "", alias.name) for alias in node.names)


def roots(path: Path) -> set[str]:
    """The top-level packages that a file imports."""
    return {module.split(".")[0] for module, _ in imports(path)}


def own_imports(path: Path) -> Iterator[tuple[str, str]]:
    """(module, name) of what a file imports of nnlab, without the leading `nnlab.`."""
    for module, name in imports(path):
        if module == "nnlab" and name:
            yield (name, "")
        elif module.startswith("nnlab."):
            yield (module.removeprefix("nnlab."), name)


def siblings(module: str) -> set[str]:
    """The modules of the same package that a module imports."""
    found = set()
    for other, name in own_imports(MODULES[module]):
        inner = f"{other}.{name}"
        target = inner if inner in MODULES else other
        if package(target) == package(module) and target != module:
            found.add(target)
    return found


@cache
def face(name: str) -> frozenset[str]:
    """The names that a package's `__init__` hands on."""
    tree = ast.parse(MODULES[name].read_text("utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return frozenset(ast.literal_eval(node.value))
    return frozenset()


def public(module: str, name: str) -> bool:
    """Is a name in the face of its package, or in a module that the face lists?"""
    if module in FACES:
        return not name or name in face(module)
    parent, _, last = module.rpartition(".")
    return parent in FACES and last in face(parent) and (package(module) == parent or public(parent, last))


def height(module: str) -> int:
    return ORDER.index(package(module)) if package(module) in ORDER else len(ORDER)


def test_every_module_has_its_place() -> None:
    loose = {name for name in MODULES if "." not in name and name not in FACES}
    assert loose == BOTTOM | SINGLE | {"__main__", "lazy"}
    assert {package(name) for name in FACES} == set(ORDER) - SINGLE
    assert not PYTHON_FACE & set(MODULES)


@pytest.mark.parametrize("module", sorted(set(MODULES) - {"__main__"}))
def test_imports_run_downward_and_by_the_face(module: str) -> None:
    for other, name in own_imports(MODULES[module]):
        if package(other) == package(module) or package(other) in BOTTOM:
            continue
        assert height(other) > height(module), f"nnlab/{module} imports upward: {other}"
        assert public(other, name), f"nnlab/{module}: {name or other} is not in the face"


@pytest.mark.parametrize("name", sorted(BOTTOM))
def test_the_modules_at_the_bottom_import_no_package(name: str) -> None:
    assert {package(other) for other, _ in own_imports(MODULES[name])} <= BOTTOM


@pytest.mark.parametrize("name", ORDER)
def test_no_circle_within_a_package(name: str) -> None:
    graph = {module: siblings(module) for module in MODULES if package(module) == name}
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(f"{name}: {' -> '.join(error.args[1])}")
    assert set(order) == set(graph)


@pytest.mark.parametrize("name", sorted(FACES))
def test_a_face_names_what_exists(name: str) -> None:
    module = importlib.import_module(f"nnlab.{name}")
    for public in face(name):
        if f"{name}.{public}" not in MODULES:
            assert hasattr(module, public), f"nnlab/{name} has no {public}"


def test_only_tracking_imports_mlflow() -> None:
    assert {package(name) for name, path in MODULES.items() if "mlflow" in roots(path)} == MLFLOW


def test_only_the_outer_files_import_hydra_and_by_its_public_api() -> None:
    known = {name for name, path in MODULES.items() if "hydra" in roots(path)}
    assert {name for name in known if package(name) not in HYDRA and name not in HYDRA} == set()
    for name in known:
        private = [m for m, _ in imports(MODULES[name]) if m.startswith("hydra") and "._" in m]
        assert not private, f"nnlab/{name} imports {private}"


def test_nn_knows_numpy_alone() -> None:
    """The mean-field theory takes integrals and roots, which SciPy has."""
    for name, path in MODULES.items():
        if package(name) == "nn":
            known = {"numpy", "nnlab"} | STANDARD | ({"scipy"} if name == "nn.mean_field" else set())
            assert roots(path) <= known, f"nnlab/{name}"


@pytest.mark.parametrize("module", MODULES)
def test_a_file_is_short(module: str) -> None:
    assert len(MODULES[module].read_text("utf-8").splitlines()) <= LONGEST


def test_workers_and_the_command_line_do_not_load_mlflow() -> None:
    """MLflow takes seconds to load: only the first publication does."""
    modules = ", ".join(f"nnlab.{name}" for name in [*ORDER, "engines.local"])
    code = f"import sys, {modules}; assert not {{'mlflow', 'sqlalchemy'}} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_worker_does_not_load_hydra() -> None:
    code = "import sys, nnlab.engines.local; assert 'hydra' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_checks_see_what_they_should(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text(
        "def f():\n    import mlflow.entities\n    from nnlab.data import hdf5\nfrom nnlab import errors\n"
    )
    assert roots(path) == {"mlflow", "nnlab"}
    assert set(own_imports(path)) == {("data", "hdf5"), ("errors", "")}
