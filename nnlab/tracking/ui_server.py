"""MLflow's server as `nnlab ui` starts and asks it, without an import of MLflow, which takes seconds."""

import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import requests

from nnlab.tracking import location, ui_links
from nnlab.tracking.ui_address import UIAddress

API = "api/2.0/mlflow"
SOON = 5.0  # seconds that the server may take for an answer
QUIET = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}


def command(address: UIAddress, uri: str, home: Path) -> list[str]:
    """The command that serves a store. Without names of its own MLflow answers the loopback alone."""
    urls = [address.url, f"http://localhost:{address.port}", *address.urls]
    allowed = [] if address.is_loopback else [
        "--allowed-hosts", ",".join(url.partition("//")[2] for url in urls),
        "--cors-allowed-origins", ",".join(urls),
    ]  # fmt: skip
    return [
        sys.executable, "-m", "mlflow", "server", "--host", address.host, "--port", str(address.port),
        "--workers", "1", "--backend-store-uri", uri,
        "--default-artifact-root", location.artifacts(home), *allowed,
    ]  # fmt: skip


def is_up(pid: int, address: UIAddress) -> bool:
    """Does this process answer, and not another one that has taken the port?"""
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        for one in (process, *process.children(recursive=True)):
            ports = {
                use.laddr.port for use in one.net_connections("tcp") if use.status == psutil.CONN_LISTEN
            }
            if address.port in ports:
                return answers(address)
    return False


def answers(address: UIAddress) -> bool:
    """Does the server answer?"""
    try:
        with _session() as session:
            return session.get(f"{address.url}/health", timeout=SOON).ok
    except requests.RequestException:
        return False


def latest_sweep(address: UIAddress) -> str | None:
    """The page with the charts of the latest sweep; None if there is no sweep, or no answer."""
    try:
        with _session() as session:
            found = _ask(session, address, "experiments/search", max_results=1000).get("experiments", [])
            runs = _ask(
                session, address, "runs/search",
                experiment_ids=[experiment["experiment_id"] for experiment in found],
                filter="tags.`nnlab.kind` = 'sweep'", order_by=["attributes.start_time DESC"],
                max_results=1,
            ).get("runs", [])  # fmt: skip
    except requests.RequestException:
        return None
    for run in runs:
        tags = {tag["key"]: tag["value"] for tag in run["data"]["tags"]}
        return ui_links.pages(address.url, run["info"]["experiment_id"], tags["nnlab.sweep"])[0]
    return None


def _session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False  # a proxy does not know this machine's own addresses
    return session


def _ask(session: requests.Session, address: UIAddress, what: str, **query: Any) -> dict[str, Any]:
    reply = session.post(f"{address.url}/{API}/{what}", json=query, timeout=SOON)
    reply.raise_for_status()
    return dict(reply.json())
