"""The documents name files, functions, commands and keys that exist; the picture of packages is of today.

tests/system/test_examples.py runs what they show.
"""

import ast
import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from documents import commands, exists, functions, keys, links, name_of, written, wrong_in_command

from nnlab.config.paths import EXPERIMENTS, ROOT
from nnlab.config.schema import KEYS, SECTIONS, is_key

DOCUMENTS = [
    *ROOT.glob("*.md"),
    *(path for path in (ROOT / "docs").rglob("*.md") if "claims" not in path.parts),
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


EVERY_DOCUMENT = pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)


@EVERY_DOCUMENT
def test_a_document_names_files_that_exist(document: Path) -> None:
    text = document.read_text("utf-8")
    missing = {name for name in PATH.findall(text) if not (ROOT / name).is_file()}
    assert not missing - written(text)


@EVERY_DOCUMENT
def test_a_documents_links_lead_somewhere(document: Path) -> None:
    assert not [
        path for path in links(document.read_text("utf-8")) if not (document.parent / path).exists()
    ]


@EVERY_DOCUMENT
def test_a_documents_links_have_a_text(document: Path) -> None:
    assert "[](" not in document.read_text("utf-8"), (
        "Sphinx would fill it in, but a host of repositories does not"
    )


@EVERY_DOCUMENT
def test_a_document_shows_commands_options_and_keys_that_exist(document: Path) -> None:
    if document.name == "CHANGELOG.md":
        return  # it also names what is gone
    text = document.read_text("utf-8")
    wrong = {" ".join(words): wrong_in_command(words, text) for words in commands(text)}
    assert not {command: words for command, words in wrong.items() if words}
    assert not [key for key in keys(text) if not is_key(key)]
    assert not [name for name in functions(text) if not exists(name)]


@pytest.mark.parametrize(
    ("command", "wrong"),
    [
        ("nnlab trian model=deep", ["nnlab", "trian"]),
        ("nnlab train --quick model=deep", ["--quick"]),
        ("nnlab train modle.depth=3 model=deep", ["modle.depth=3"]),
        ("nnlab data chek a.h5", ["nnlab", "data"]),
        ("nnlab experiments zero_inti zero_init", ["zero_inti"]),
        ("make sweeps ARGS=a FOO=b", ["sweeps", "FOO=b"]),
        ("nnlab sweep +course=week4 seed=1,2 hydra/launcher=basic", []),
        ("nnlab rerun RUN --tolerance 1e-9 data.train=a.h5", []),
    ],
)
def test_what_does_not_exist_in_a_command_is_found(command: str, wrong: list[str]) -> None:
    assert wrong_in_command(command.split()) == wrong


def test_the_readme_is_short() -> None:
    lines = (ROOT / "README.md").read_text("utf-8").splitlines()
    assert len(lines) <= 120
    assert max(map(len, lines)) <= 120


def test_the_readmes_speed_is_the_measured_one() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    page = (ROOT / "experiments" / "speed" / "README.md").read_text("utf-8")
    (measured,) = re.findall(r"^## \w+ kernels\n.*?(?=^## |\Z)", page, re.M | re.S)  # of no kind `-set`
    (share,), ((seconds, minutes),) = (
        re.findall(pattern, readme)
        for pattern in (r"\b1/(\d+) of", r"(\d+) seconds instead of (\d+) minutes")
    )
    peers = re.findall(
        r"^\| deep net: (?:.*NumPy|PyTorch|torch.*|JAX|scikit-learn) \|.*\| 1/(\d+) \|", measured, re.M
    )
    assert len(peers) == 6 and int(share) == min(map(int, peers))
    (row,) = re.findall(r"^\| 256 deep nets: .*torch.*\| (\d+\.\d) s \| (\d+) min ", measured, re.M)
    assert (round(float(row[0])), row[1]) == (int(seconds), minutes)


def test_the_reference_has_every_section_of_the_configuration() -> None:
    page = (ROOT / "docs" / "reference" / "configuration.md").read_text("utf-8")
    assert re.findall(r"^```\{config-keys\} (\w+)$", page, re.MULTILINE) == [*SECTIONS]


@pytest.mark.parametrize(("path", "name"), sorted(set(functions_named())))
def test_the_architecture_names_functions_that_exist(path: str, name: str) -> None:
    assert name in names(ROOT / path)


def test_the_architecture_names_many_functions() -> None:
    assert len(set(functions_named())) > 30


def test_the_reference_has_a_row_for_every_key() -> None:
    pytest.importorskip("sphinx", reason="make setup EXTRAS=docs")
    from docs.extensions.config_keys import key_rows

    rows = [row for section in SECTIONS for row in key_rows(section)]
    assert [name.strip("`") for name, *_ in rows] == KEYS
    assert all(len(row) == 4 and all(row) for row in rows), "name, type and range, default, meaning"
    assert ("`optimizer.lr`", "a finite number above 0", "`0.0075`", "learning rate") in rows


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


def test_a_claims_page_has_its_verdict_right_after_the_claim() -> None:
    """Not a word is lost, and the rule comes after what it decided."""
    from docs.extensions.claims import WRITTEN, verdict_first

    for path in sorted(EXPERIMENTS.glob("*/README.md")):
        text = path.read_text("utf-8")
        page = verdict_first(text)
        assert sorted(page.split()) == sorted(WRITTEN.sub("", text).split()), path
        if WRITTEN.search(text):
            heads = re.findall(r"^(?:\*\*(\w+)[^*]*\*\*|!\[)", page, re.MULTILINE)
            place = 1 if heads[0] == "Source" else 0
            assert heads[place] in ("Confirmed", "Refuted", "Inconclusive"), path
            assert heads[place + 1] == "", "its picture"
