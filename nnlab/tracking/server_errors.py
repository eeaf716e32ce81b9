"""The errors of a server that is away or keeps a client out, in one line with the remedy."""

import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

FORBIDDEN = 403
CERTIFICATE = "MLFLOW_TRACKING_SERVER_CERT_PATH"


def explained(error: BaseException, server: str) -> str | None:
    """What is wrong and what to do, if it is an error of this kind; ``server`` is its address."""
    chain = [error]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) is not None:
        chain.append(cause)
    for one in chain:
        if isinstance(one, ssl.SSLCertVerificationError):
            return (
                f"the certificate of {server} cannot be verified ({one.verify_message}); set "
                f"{CERTIFICATE} to the file of the certificate that signed it"
            )
    if path := os.environ.get(CERTIFICATE):
        if "invalid path" in str(error) and not Path(path).exists():
            return f"{CERTIFICATE}: there is no file {path}"
        if any(isinstance(one, ssl.SSLError) and "NO_CERTIFICATE" in str(one) for one in chain):
            return f"{CERTIFICATE}: {path} holds no certificate"
    if _status(error) == 401:
        return _unknown_user(server)
    if _status(error) == FORBIDDEN and "Permission denied" in str(error):
        return (
            f"{server} does not let this user write here; ask for the permission EDIT, or take "
            "an experiment of your own: tracking.experiment=NAME"
        )
    if any(type(one).__name__ == "MaxRetryError" for one in chain):  # urllib3's: it gave up after its tries
        return f"no server answers at {server} ({getattr(chain[-1], 'strerror', None) or chain[-1]})"
    return None


def _unknown_user(server: str) -> str:
    from mlflow.utils.credentials import read_mlflow_creds

    given = read_mlflow_creds()  # of variables, or of MLflow's own file
    if os.environ.get("MLFLOW_TRACKING_TOKEN"):
        return f"{server} does not accept the token; check MLFLOW_TRACKING_TOKEN"
    names = "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"
    if (given.username and given.password) or urlsplit(os.environ.get("MLFLOW_TRACKING_URI", "")).password:
        return f"{server} does not accept this user and password; check {names}"
    return f"{server} asks for a user and a password; set {names}"


def _status(error: BaseException) -> int | None:
    """The HTTP status that a server answered with: of MLflow's error, or of one of requests."""
    if (of_mlflow := getattr(error, "get_http_status_code", None)) is not None:
        return int(of_mlflow())
    found = getattr(getattr(error, "response", None), "status_code", None)
    return None if found is None else int(found)


@contextmanager
def if_allowed() -> Iterator[None]:
    """Leave out a call in the block that this user has no permission for."""
    from mlflow.exceptions import MlflowException

    try:
        yield
    except MlflowException as error:
        if _status(error) != FORBIDDEN:
            raise
