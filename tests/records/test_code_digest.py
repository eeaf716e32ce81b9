"""The code digest: a change of a number changes it, nothing else does. Tried on copies of the package."""

import io
import shutil
import tokenize
from collections.abc import Callable
from pathlib import Path

import pytest

from nnlab.records.code_digest import PACKAGE, ROOT, code_digest, numeric_modules
from nnlab.records.source import logical_lines


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of the program."""
    return shutil.copytree(PACKAGE, tmp_path / "nnlab", ignore=shutil.ignore_patterns("__pycache__"))


def changed(package: Path, name: str, change: Callable[[str], str]) -> bool:
    """Does the digest change with a module?"""
    before = code_digest.__wrapped__(package)
    path = package / f"{name}.py"
    source = path.read_text("utf-8")
    path.write_text(change(source), "utf-8")
    assert path.read_text("utf-8") != source
    return code_digest.__wrapped__(package) != before


def replaced(old: str, new: str) -> Callable[[str], str]:
    def change(source: str) -> str:
        assert old in source
        return source.replace(old, new, 1)

    return change


def names(package: Path) -> set[str]:
    """The numeric modules, without the package's own name."""
    return {name.removeprefix("nnlab.") for name in numeric_modules(package)}


# -- which modules ---------------------------------------------------------------------------------


def test_the_numeric_modules_are_those_that_training_runs() -> None:
    found = names(PACKAGE)
    trained = {"cells.train_cell", "cells.build", "cells.cache", "cells.evaluation"}
    data = {"data.dataset", "data.folds", "data.holdout"}
    math = {"nn.activations", "nn.initializers", "nn.losses", "nn.optimizers", "nn.first_layer"}
    assert trained | data | math | {"nn.network", "nn.training", "nn.inference", "threads"} <= found


def test_what_surrounds_a_training_does_not_count() -> None:
    """Schema, records, tracking, reports, the command line, pictures: none of them changes a number."""
    found = names(PACKAGE)
    assert {name.partition(".")[0] for name in found} <= {
        "cells",
        "config",
        "data",
        "nn",
        "threads",
        "errors",
    }
    assert {name for name in found if name.startswith("config.")} == {"config.layers"}
    assert not found & {"cells.pictures", "cells.plan", "cells.run_cell", "cells.cell", "data.hdf5"}


# -- what does not count ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("nn/losses", lambda source: source.replace("\n\n\n", "\n\n\n# a comment\n\n\n", 1)),
        ("nn/losses", lambda source: '"""Another docstring."""' + source[source.index('"""', 3) + 3 :]),
        ("nn/losses", lambda source: source.replace("\n\n\n", "\n\n\n\n", 1)),
        ("nn/losses", lambda source: source.replace(" = ", "  =  ")),
        ("cells/evaluation", replaced("import time\n", "")),
        ("config/compose", lambda source: source + "\nANOTHER_OPTION = 1\n"),
        ("reports/facts", lambda source: source + "\nANOTHER = 1\n"),
        ("cells/run_cell", replaced("PROGRESS_AFTER = 5.0", "PROGRESS_AFTER = 6.0")),
        ("data/hdf5", lambda source: source + "\nANOTHER = 1\n"),
    ],
)
def test_what_changes_no_number_does_not_count(
    package: Path, name: str, change: Callable[[str], str]
) -> None:
    if name == "cells/evaluation":  # the same imports in another order

        def change(source: str) -> str:
            return replaced("import numpy as np\n", "import numpy as np\nimport time\n")(
                source.replace("import time\n", "", 1)
            )

    assert not changed(package, name, change)


def test_a_new_module_that_no_training_imports_does_not_count(package: Path) -> None:
    before = code_digest.__wrapped__(package)
    (package / "nn" / "new.py").write_text("A = 1\n")
    assert code_digest.__wrapped__(package) == before


def test_what_only_a_type_checker_imports_does_not_count(package: Path) -> None:
    path = package / "nn" / "losses.py"
    path.write_text(path.read_text() + "\nfrom typing import TYPE_CHECKING\n")
    before = code_digest.__wrapped__(package)
    path.write_text(path.read_text() + "\nif TYPE_CHECKING:\n    from nnlab.config.compose import Config\n")
    assert code_digest.__wrapped__(package) == before


# -- what counts -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(numeric_modules(PACKAGE)))
def test_another_constant_in_any_numeric_module_counts(package: Path, name: str) -> None:
    path = name.removeprefix("nnlab.").replace(".", "/")
    assert changed(package, path, lambda source: f"{source}\nANOTHER_CONSTANT = 1\n")


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("nn/metrics", "np.mean(error**2)", "np.mean(error**4)"),  # the formula of rmse
        ("cells/build", "W.astype(cfg.trainer.dtype, copy=False)", "W.astype('float64', copy=False)"),
        ("cells/cache", "split.rows(dtype)", "split.rows('float64')"),
        ("cells/cache", "if folds is not None", "if folds is None"),
        ("data/dataset", "self.y.T.astype(dtype)", "-self.y.T.astype(dtype)"),
        ("cells/workload", "3 * k * sum", "2 * k * sum"),
    ],
)
def test_a_changed_formula_counts(package: Path, name: str, old: str, new: str) -> None:
    assert changed(package, name, replaced(old, new))


def test_a_line_that_moves_out_of_a_block_counts(package: Path) -> None:
    path = package / "nn" / "losses.py"
    path.write_text(path.read_text() + "\nfor i in range(3):\n    a = i\n    b = i\n")
    before = code_digest.__wrapped__(package)
    path.write_text(path.read_text().replace("    a = i\n    b = i\n", "    a = i\nb = i\n"))
    assert code_digest.__wrapped__(package) != before


IMPORTS = [
    "from nnlab.nn.new import A",
    "from nnlab.nn import new",
    "from nnlab.nn.new import *",
    "import nnlab.nn.new",
    "from . import new",
    "from .new import A",
    "def late() -> None:\n    from nnlab.nn.new import A",
    "from nnlab.nn import (\n    new,\n)",
    "if True: from nnlab.nn.new import A",
    "B = 1; from nnlab.nn.new import A",
    "def late() -> None: from .new import A; print(A)",
    "try:\n    from nnlab.nn.absent import A\nexcept ImportError:\n    from nnlab.nn.new import A",
]


@pytest.mark.parametrize("statement", IMPORTS)
def test_a_new_module_that_numeric_code_imports_counts(package: Path, statement: str) -> None:
    """However it is imported, and whether git knows the file or not."""
    (package / "nn" / "new.py").write_text("A = 1\n")
    path = package / "nn" / "losses.py"
    path.write_text(f"{path.read_text()}\n{statement}\n")
    assert "nn.new" in names(package)
    assert changed(package, "nn/new", replaced("1", "2"))


def test_a_statement_behind_an_import_counts(package: Path) -> None:
    path = package / "nn" / "losses.py"
    path.write_text(f"{path.read_text()}\nimport os; HALF = 0.5\n")
    assert changed(package, "nn/losses", replaced("HALF = 0.5", "HALF = 0.6"))


def test_a_folder_without_a_face_is_a_package_too(package: Path) -> None:
    (package / "extra").mkdir()
    (package / "extra" / "new.py").write_text("A = 1\n")
    path = package / "nn" / "losses.py"
    path.write_text(f"{path.read_text()}\nfrom nnlab.extra import new\n")
    assert changed(package, "extra/new", replaced("1", "2"))


@pytest.mark.parametrize(("face", "found"), [("__init__", "nnlab"), ("cells/__init__", "cells")])
def test_code_in_the_face_of_a_package_on_the_way_counts(package: Path, face: str, found: str) -> None:
    """Python runs it before a module of the package. What the face imports beside that does not count."""
    before = names(package)
    code = "import numpy as np\nfrom nnlab.reports import facts\n\nnp.seterr(under='raise')\n"
    assert changed(package, face, lambda source: source + code)
    assert names(package) - before == {found}


def test_a_face_hands_a_name_on_without_the_rest_of_its_package(package: Path) -> None:
    (package / "extra").mkdir()
    face = package / "extra" / "__init__.py"
    face.write_text(
        '"""A face."""\n\nfrom nnlab.extra.used import A\nfrom nnlab.extra.other import B as C\n\n'
        '__all__ = [\n    "A",\n    "C",\n]\n'
    )
    (package / "extra" / "used.py").write_text("A = 1\n")
    (package / "extra" / "other.py").write_text("from nnlab.config.compose import Config\nB = 1\n")
    path = package / "nn" / "losses.py"
    path.write_text(f"{path.read_text()}\nfrom nnlab.extra import A\n")
    found = names(package)
    assert "extra.used" in found and not found & {"extra", "extra.other", "config.compose"}
    face.write_text(face.read_text() + "\nA = A + 1\n")
    assert "extra" in names(package), "a face with code of its own counts"


# -- the tokens ------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_the_logical_lines_are_those_of_python(path: Path) -> None:
    source = path.read_text("utf-8")
    found = [(line.level, line.tokens[0][0]) for line in logical_lines(source)]
    expected, level, first = [], 0, None
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type in (tokenize.INDENT, tokenize.DEDENT):
            level += 1 if token.type == tokenize.INDENT else -1
        elif token.type == tokenize.NEWLINE:
            expected.append((level, first))
            first = None
        elif token.type not in (tokenize.NL, tokenize.COMMENT, tokenize.ENDMARKER):
            first = first or token.string[0]
    assert found == expected


def test_the_module_that_trains_is_there() -> None:
    assert (PACKAGE / f"{ROOT.replace('.', '/')}.py").is_file()
