"""Paths as users give them: `~` is the home folder, in each variable and in each override."""

import os
import pwd
from pathlib import Path

import pytest
from harness import living_in

from nnlab.config import home
from nnlab.config.compose import compose
from nnlab.config.overrides import with_home_folder
from nnlab.config.paths import absolute, given, named_data
from nnlab.errors import UserError


@pytest.fixture(autouse=True)
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's home folder, and a current folder beside it."""
    folder, current = tmp_path / "me, myself", tmp_path / "current"
    folder.mkdir()
    current.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.chdir(current)
    return folder


def test_a_tilde_is_the_home_folder_and_other_paths_stay(mine: Path) -> None:
    assert given("~") == mine and given("~/a b/x.h5") == mine / "a b/x.h5"
    assert given("a/~/x") == Path("a/~/x") and given("/a") == Path("/a")
    user = pwd.getpwuid(os.getuid())
    assert given(f"~{user.pw_name}/x") == Path(user.pw_dir, "x")
    assert absolute("x.h5") == Path.cwd() / "x.h5" and absolute("~/x.h5") == mine / "x.h5"


def test_a_file_may_have_a_name_that_begins_with_a_tilde() -> None:
    Path("~draft.png").touch()
    assert given("~draft.png") == Path("~draft.png")
    assert given("./~") == Path("./~")
    with pytest.raises(
        UserError, match=r"~nobody-here/x: there is no home folder ~nobody-here; \./~nobody"
    ):
        given("~nobody-here/x")


def test_the_variables(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NNLAB_HOME", "~/lab")
    monkeypatch.setenv("NNLAB_DATA", "~/sets")
    (mine / "sets").mkdir()
    (mine / "sets" / "mine.h5").touch()
    assert home() == mine / "lab"
    assert named_data("mine.h5") == str(mine / "sets" / "mine.h5")
    assert named_data("other.h5") == str(mine / "lab" / "data" / "other.h5")


@pytest.mark.parametrize(
    ("override", "read"),
    [
        ("data.train=~/x.h5", "data.train='{}/x.h5'"),
        ("data.train=~", "data.train='{}'"),
        ("data.train=~/a b.h5, ~/b.h5", "data.train='{}/a b.h5', '{}/b.h5'"),
        ("data.train=choice(~/a.h5,'~/b.h5')", "data.train=choice('{}/a.h5','~/b.h5')"),
        ("hydra.searchpath=[~/conf]", "hydra.searchpath=['{}/conf']"),
        ("data.train='a,~/b'", "data.train='a,~/b'"),
        ("data.train=a~b/~/c", "data.train=a~b/~/c"),
        ("~model.hidden", "~model.hidden"),
    ],
)
def test_a_tilde_in_an_override(override: str, read: str, mine: Path) -> None:
    assert with_home_folder(override) == read.format(*[mine] * 2)


def test_the_paths_of_the_data_are_absolute(mine: Path, tmp_path: Path) -> None:
    with living_in(tmp_path / "home"):
        overrides = ["data=hdf5", with_home_folder("data.train=~/train.h5"), "data.test='~/test.h5'"]
        data = compose(overrides).data
    assert (data.train, data.test) == (str(mine / "train.h5"), str(mine / "test.h5"))
