"""The documents name files and functions that exist; the picture of the packages is up to date."""

import ast
import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from nnlab.config.paths import ROOT

DOCUMENTS = [
    *ROOT.glob("*.md"),
    *(ROOT / "docs").glob("*.md"),
    *(ROOT / "experiments").glob("**/README.md"),
]
PATH = re.compile(r"(?<![\w/.])(?:nnlab|tests|docs|conf|experiments)/[\w./-]*\.(?:py|md|yaml|png|svg)\b")
NAMED = re.compile(r"`(nnlab/[\w/]+\.py)` ((?:`\w+`(?:, )?)+)")


def names(path: Path) -> set[str]:
    """The functions and classes of a file, also those within classes."""
    kinds = (ast.FunctionDef, ast.ClassDef)
    return {node.name for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, kinds)}


def functions_named() -> Iterator[tuple[str, str]]:
    for path, listed in NAMED.findall((ROOT / "docs" / "architecture.md").read_text("utf-8")):
        for name in re.findall(r"\w+", listed):
            yield path, name


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_document_names_files_that_exist(document: Path) -> None:
    missing = [name for name in PATH.findall(document.read_text("utf-8")) if not (ROOT / name).is_file()]
    assert not missing


@pytest.mark.parametrize(("path", "name"), sorted(set(functions_named())))
def test_the_architecture_names_functions_that_exist(path: str, name: str) -> None:
    assert name in names(ROOT / path)


def test_the_architecture_names_many_functions() -> None:
    assert len(set(functions_named())) > 30


# -- the picture of the packages -------------------------------------------------------------------


@pytest.fixture(scope="module")
def packages() -> ModuleType:
    spec = importlib.util.spec_from_file_location("packages", ROOT / "docs" / "packages.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_picture_shows_the_packages_of_today(packages: ModuleType) -> None:
    written = packages.PICTURE.read_text("utf-8")
    assert written == packages.picture(), "the imports or docstrings have changed: run `make packages`"


def test_a_package_is_drawn_above_all_that_it_imports(packages: ModuleType) -> None:
    edges = {"low": set(), "top": {"middle"}, "middle": {"low"}}
    assert packages.ordered(edges) == ["top", "middle", "low"]


def test_a_circle_of_packages_is_refused(packages: ModuleType) -> None:
    with pytest.raises(ValueError, match=r"in a circle: a, b$"):
        packages.ordered({"a": {"b"}, "b": {"a"}, "c": {"a"}})


def test_the_imports_of_a_package_are_found(packages: ModuleType, tmp_path: Path) -> None:
    for name in ("one", "two", "three"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(f'"""The job of {name}."""\n')
    text = "import nnlab.three\ndef f():\n    from nnlab.two import x\n    from nnlab import errors\n"
    (tmp_path / "one" / "file.py").write_text(text)
    assert packages.graph(tmp_path) == {"one": {"two", "three"}, "two": set(), "three": set()}
    assert packages.job(tmp_path / "one") == "The job of one."
