"""The origin of the code: told by the project's own repository, or unknown with a reason."""

import shutil
from pathlib import Path

import pytest
import threadpoolctl
from harness import done, empty_store, nnlab, small_set
from repository import git

from nnlab.config import ROOT
from nnlab.records import record
from nnlab.records.provenance import blas_of, checkout, environment, gather


def copied(folder: Path) -> Path:
    """A copy of this program, in no repository."""
    for part in ("nnlab", "conf"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", ".gitattributes", ".gitignore"):
        shutil.copy(ROOT / name, folder)
    return folder


def committed(folder: Path) -> Path:
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "all")
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """This program in a repository of its own."""
    return committed(copied(tmp_path / "project"))


@pytest.fixture
def inner(tmp_path: Path) -> Path:
    """This program, ignored by the repository that it lies in, which has private changes."""
    outer = tmp_path / "outer"
    outer.mkdir()
    (outer / "diary.txt").write_text("one\n")
    (outer / ".gitignore").write_text("project/\n")
    committed(outer)
    (outer / "diary.txt").write_text("private\n")
    return copied(outer / "project")


def add_module(project: Path, factor: str = "1.0", where: str = "nnlab/nn/slopes.py") -> None:
    """A new module that numeric code imports."""
    (project / where).write_text(f"FACTOR = {factor}\n")
    activations = project / "nnlab/nn/activations.py"
    module = where.removesuffix(".py").replace("/", ".")
    activations.write_text(f"{activations.read_text()}\nfrom {module} import FACTOR\n")


# -- a repository of its own -----------------------------------------------------------------------


def test_a_commit_without_changes(project: Path) -> None:
    assert checkout(project) == (git(project, "rev-parse", "HEAD"), False, "", [], b"")


def test_changes_are_in_the_diff(project: Path) -> None:
    losses = project / "nnlab/nn/losses.py"
    losses.write_text(losses.read_text() + "# another line\n")
    (project / "notes.txt").write_text("my own\n")  # no module of the program
    code = checkout(project)
    assert code.commit and code.dirty and code.untracked == []
    assert b"+# another line" in code.diff and b"my own" not in code.diff


@pytest.mark.parametrize("where", ["nnlab/nn/slopes.py", "slopes.py"])
@pytest.mark.parametrize("ignored", [False, True])
def test_the_diff_holds_the_modules_that_git_does_not_know(
    project: Path, tmp_path: Path, where: str, ignored: bool
) -> None:
    """In the package or beside it, and whether git ignores the file or not."""
    add_module(project, where=where)
    if ignored:
        (project / ".git/info/exclude").write_text("slopes.py\n")
    code = checkout(project)
    assert code.dirty and code.untracked == [where]
    elsewhere = tmp_path / "elsewhere"
    git(tmp_path, "clone", "--quiet", str(project), str(elsewhere))
    (tmp_path / "dirty.diff").write_bytes(code.diff)
    git(elsewhere, "apply", str(tmp_path / "dirty.diff"))
    for name in (where, "nnlab/nn/activations.py"):
        assert (elsewhere / name).read_bytes() == (project / name).read_bytes()


def test_line_ends_of_another_system_are_no_change(project: Path, tmp_path: Path) -> None:
    """A clone by a git that writes CRLF has the files as they are committed."""
    clone = tmp_path / "clone"
    git(tmp_path, "-c", "core.autocrlf=true", "clone", "--quiet", str(project), str(clone))
    git(clone, "config", "core.autocrlf", "false")
    for path in clone.glob("nnlab/*.py"):
        path.touch()  # git has to look into them
    assert b"\r\n" not in (clone / "nnlab/errors.py").read_bytes()
    assert checkout(clone).dirty is False


# -- somebody else's repository, or none -----------------------------------------------------------


def test_a_repository_around_the_project_is_not_asked(inner: Path) -> None:
    code = checkout(inner)
    assert (code.commit, code.dirty, code.diff) == (None, None, b"")
    assert "lies inside another repository" in code.reason


def test_a_repository_that_does_not_hold_the_program_is_not_asked(tmp_path: Path) -> None:
    project = copied(tmp_path / "project")
    git(project, "init", "--quiet")
    assert "no commit yet" in checkout(project).reason
    other = copied(tmp_path / "other")
    (other / ".gitignore").write_text("nnlab/\n")
    committed(other)
    assert "does not hold nnlab's files" in checkout(other).reason


@pytest.mark.parametrize(
    "variable", ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_CEILING_DIRECTORIES"]
)
def test_git_variables_name_no_other_repository(
    project: Path, inner: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    other = {"GIT_DIR": inner.parent / ".git", "GIT_INDEX_FILE": inner.parent / ".git/index"}
    monkeypatch.setenv(variable, str(other.get(variable, inner.parent)))
    assert checkout(project) == (git(project, "rev-parse", "HEAD"), False, "", [], b"")


@pytest.mark.slow
def test_a_git_that_refuses_says_neither_clean_nor_dirty(project: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(project, broken)
    git(project, "config", "core.repositoryFormatVersion", "99")
    assert checkout(project)[:2] == (None, None) and "version" in checkout(project).reason
    (broken / ".git/index").write_bytes(b"not an index" * 20)
    assert checkout(broken)[:2] == (None, None) and "git says: " in checkout(broken).reason


def test_without_git_the_origin_is_unknown(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert checkout(project)[:2] == (None, None) and "git cannot be run" in checkout(project).reason


# -- the commands ----------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_training_says_why_its_commit_is_unknown(inner: Path, tmp_path: Path) -> None:
    home = empty_store(tmp_path / "home")
    data, program = small_set(tmp_path / "set"), {"PYTHONPATH": str(inner)}
    trained = done(nnlab("train", *data, "trainer.iterations=5", home=home, **program))
    assert "the records will name no commit" in trained.stderr and "another repository" in trained.stderr
    (marker,) = (home / "runs").glob(f"*/{record.MARKER}")
    provenance = record.read(marker.parent).provenance
    assert provenance["commit"] is None and provenance["dirty"] is None and provenance["reason"]
    assert not (marker.parent / "dirty.diff").exists()


@pytest.mark.slow
def test_a_changed_module_that_git_does_not_know_trains_anew(project: Path, tmp_path: Path) -> None:
    home = empty_store(tmp_path / "home")
    data, program = small_set(tmp_path / "set"), {"PYTHONPATH": str(project)}
    add_module(project)
    train = ["train", *data, "trainer.iterations=5"]
    first = done(nnlab(*train, home=home, **program))
    assert "nnlab/nn/slopes.py" in first.stderr
    (made,) = [marker.parent for marker in (home / "runs").glob(f"*/{record.MARKER}")]
    (project / "nnlab/nn/slopes.py").write_text("FACTOR = 3.0\n")
    assert "already recorded" not in done(nnlab(*train, home=home, **program)).stdout
    again = done(nnlab("rerun", str(made), "--at-commit", home=home, **program))
    assert "identical, bit for bit" in again.stdout
    assert "made with code that git did not know: nnlab/nn/slopes.py" in again.stdout


# -- libraries -------------------------------------------------------------------------------------


def test_the_blas_is_the_one_of_numpy_wherever_others_lie_in_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    libraries = threadpoolctl.threadpool_info()
    own = environment()
    others = [
        {
            "user_api": "openmp",
            "internal_api": "openmp",
            "filepath": "/usr/lib/libgomp.so.1",
            "version": None,
        },
        {
            "user_api": "blas",
            "internal_api": "openblas",
            "filepath": "/lib/scipy.libs/b.so",
            "version": "0.3.2",
        },
    ]
    monkeypatch.setattr(threadpoolctl, "threadpool_info", lambda: others + libraries)
    gather.cache_clear()
    assert environment() == own and own["blas"]
    gather.cache_clear()


def test_an_early_record_may_list_further_libraries() -> None:
    numpys = {"internal_api": "openblas", "version": "0.3.31", "architecture": "Haswell"}
    openmp = {"internal_api": "openmp", "version": None, "architecture": None}
    assert blas_of({"blas": [openmp, numpys, numpys | {"version": "0.3.30"}]}) == [numpys]
