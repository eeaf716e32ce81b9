"""The address of the store: a path in it is absolute, and means the same to every command."""

from pathlib import Path

import pytest

from nnlab.errors import UserError
from nnlab.tracking import location


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A current folder and a home folder of the user."""
    for name in ("current", "me"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "current")
    monkeypatch.setenv("HOME", str(tmp_path / "me"))


@pytest.mark.parametrize(
    ("given", "absolute"),
    [
        ("sqlite:///mlflow.db", "sqlite:///{0}/current/mlflow.db"),
        ("sqlite:///sub/x.db?timeout=9", "sqlite:///{0}/current/sub/x.db?timeout=9"),
        ("sqlite+pysqlite:///x.db", "sqlite+pysqlite:///{0}/current/x.db"),
        ("sqlite:///~/x.db", "sqlite:///{0}/me/x.db"),
        ("sqlite:////~/x.db", "sqlite:///{0}/me/x.db"),
        ("sqlite:////a/x.db", "sqlite:////a/x.db"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
        ("mlruns", "{0}/current/mlruns"),
        ("./mlruns", "{0}/current/mlruns"),
        ("~/mlruns", "{0}/me/mlruns"),
        ("/a/mlruns", "/a/mlruns"),
        ("file:mlruns", "file://{0}/current/mlruns"),
        ("file:~/my%20runs", "file://{0}/me/my%20runs"),
        ("file://~/mlruns", "file://{0}/me/mlruns"),
        ("file:///a/mlruns", "file:///a/mlruns"),
        ("http://127.0.0.1:5000", "http://127.0.0.1:5000"),
        ("databricks", "databricks"),
        ("postgresql://me@host/runs", "postgresql://me@host/runs"),
    ],
)
def test_a_path_is_made_absolute(
    given: str, absolute: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", given)
    assert location.uri(tmp_path / "home") == absolute.format(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", location.uri(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    assert location.uri(tmp_path / "home") == absolute.format(tmp_path), "from everywhere"


def test_a_folder_that_an_address_cannot_have_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "50%").mkdir()
    monkeypatch.chdir(tmp_path / "50%")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///mlflow.db")
    with pytest.raises(UserError, match=r"50%/mlflow\.db: an SQLite store cannot be in a folder with"):
        location.uri(tmp_path)
