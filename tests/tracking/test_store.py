"""The opened store: MLflow loads only when it is needed, and its errors become one line."""

import contextlib
import http.server
import json
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

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
    assert said == "MLflow: no server answers at http://127.0.0.1:9 (Connection refused)"
    assert isinstance(caught.value, Failed), "the command ends with 1"


def test_other_errors_pass(tmp_path: Path) -> None:
    with living_in(empty_store(tmp_path / "home")) as home, pytest.raises(UserError, match="mine"):  # noqa: SIM117
        with connected(home, "nnlab"):
            raise UserError("mine")


class Refusing(http.server.BaseHTTPRequestHandler):
    """A server whose refusal names the cause at its end."""

    def do_POST(self) -> None:
        message = (
            "the request cannot be served\n" + "because of a rule; " * 200 + "\nthe cause: no quota left"
        )
        body = json.dumps({"error_code": "PERMISSION_DENIED", "message": message}).encode()
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(403)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST

    def log_message(self, *arguments: Any) -> None:
        pass


@pytest.mark.slow
def test_a_refusal_is_shown_to_its_end(tmp_path: Path) -> None:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        away = {"MLFLOW_TRACKING_URI": f"http://127.0.0.1:{server.server_address[1]}"}
        with living_in(tmp_path / "home", **away) as home, pytest.raises(Unavailable) as caught:  # noqa: SIM117
            with connected(home, "nnlab"):
                pass
        server.shutdown()
    said = str(caught.value)
    assert "the request cannot be served" in said and said.endswith("the cause: no quota left")
    assert "\n" not in said and len(said) < 1300


def test_a_database_error_is_shown_without_its_statement(tmp_path: Path) -> None:
    with living_in(empty_store(tmp_path / "home")) as home:
        with contextlib.closing(sqlite3.connect(home / "mlflow.db")) as database:
            database.execute("drop table experiment_tags")
        with pytest.raises(Unavailable, match=r"no such table: experiment_tags$"), connected(home, "nnlab"):
            pass
