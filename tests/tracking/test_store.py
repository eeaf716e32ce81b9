"""The opened store: MLflow loads only when it is needed, and its errors become one line."""

import subprocess
import sys
from pathlib import Path

import pytest
from harness import empty_store, living_in, load_mlflow

from nnlab.errors import Failed, UserError
from nnlab.tracking import Unavailable, connected

load_mlflow()


def test_the_face_of_the_package_does_not_load_mlflow() -> None:
    code = "import sys, nnlab.tracking; print(sorted({'mlflow', 'sqlalchemy'} & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert loaded.stdout.strip() == "[]"


def test_a_store_that_is_away_is_one_line_without_its_password(tmp_path: Path) -> None:
    away = {
        "MLFLOW_TRACKING_URI": "http://me:hunter2@127.0.0.1:9",
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    }
    with living_in(tmp_path / "home", **away) as home, pytest.raises(Unavailable) as caught:  # noqa: SIM117
        with connected(home, "nnlab"):
            pass
    said = str(caught.value)
    assert said.startswith("MLflow: ") and "\n" not in said and "hunter2" not in said
    assert isinstance(caught.value, Failed), "the command ends with 1"


def test_other_errors_pass(tmp_path: Path) -> None:
    with living_in(empty_store(tmp_path / "home")) as home, pytest.raises(UserError, match="mine"):  # noqa: SIM117
        with connected(home, "nnlab"):
            raise UserError("mine")
