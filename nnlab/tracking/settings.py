"""The settings under which nnlab calls MLflow; the program that called nnlab gets its own back."""

import logging
import os
import threading
import warnings
from contextlib import suppress
from typing import Self, cast

# A server that does not answer must not delay a command for long: there are two tries of 5 s. MLflow sends
# no usage data.
ENVIRONMENT = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "5",
    "MLFLOW_HTTP_RESPECT_RETRY_AFTER_HEADER": "false",  # a server may demand a long wait
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",  # two lines for each run of a server
    "GIT_PYTHON_REFRESH": "quiet",
}
NO_BAR = "IProgress not found"  # a warning of tqdm in a notebook; MLflow imports it and shows no bar here
LEVELS = {"mlflow": logging.CRITICAL, "alembic": logging.ERROR}  # their own messages are not shown


class Settings:
    """A block in which they hold; blocks may overlap, within a thread and between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._blocks = 0
        self._added: list[str] = []  # variables; what the user set stays
        self._levels: dict[str, int] = {}  # of the loggers before

    def __enter__(self) -> Self:
        with self._lock:
            if self._blocks == 0:
                self._added = [name for name in ENVIRONMENT if name not in os.environ]
                os.environ.update({name: ENVIRONMENT[name] for name in self._added})
                warnings.filterwarnings("ignore", NO_BAR)
                self._filter = warnings.filters[0]
                import mlflow  # noqa: F401  it reads the variables, and sets the levels

                self._levels = {name: logging.getLogger(name).level for name in LEVELS}
                for name, level in LEVELS.items():
                    logging.getLogger(name).setLevel(level)
            self._blocks += 1
        return self

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._blocks -= 1
            if self._blocks == 0:
                for name in self._added:
                    os.environ.pop(name, None)
                for name, level in self._levels.items():
                    logging.getLogger(name).setLevel(level)
                with suppress(ValueError):  # the program may have cleared them
                    cast(list[object], warnings.filters).remove(self._filter)


mlflow_settings = Settings()
