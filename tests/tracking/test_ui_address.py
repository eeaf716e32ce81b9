"""Where `nnlab ui` listens: what is refused, what is loopback, which links are printed."""

import socket
from collections.abc import Iterator

import pytest

from nnlab.errors import UserError
from nnlab.tracking import UIAddress


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
            return True
    except OSError:
        return False


LOOPBACKS = ["127.0.0.1", pytest.param("::1", marks=pytest.mark.skipif(not has_ipv6(), reason="no IPv6"))]


@pytest.fixture(params=LOOPBACKS)
def taken(request: pytest.FixtureRequest) -> Iterator[UIAddress]:
    """An address on which another program listens."""
    family = socket.AF_INET6 if ":" in request.param else socket.AF_INET
    with socket.socket(family) as other:
        other.bind((request.param, 0))
        other.listen()
        yield UIAddress(request.param, other.getsockname()[1])


def test_a_busy_port_is_refused_with_another_one_as_the_remedy(taken: UIAddress) -> None:
    with pytest.raises(
        UserError, match=rf"^--port {taken.port}: .*; give another one, such as --port \d+$"
    ):
        taken.check()


@pytest.mark.parametrize("host", ["192.0.2.77", "2001:db8::77", "fe80::1", "no such host", ""])
def test_a_host_that_is_not_of_this_machine_is_refused_with_the_remedy(host: str) -> None:
    with pytest.raises(UserError, match=f"^--host {host}: is no address of this machine; give 127.0.0.1"):
        UIAddress(host, 5000).check()


@pytest.mark.parametrize(
    ("host", "url", "loopback"),
    [
        ("127.0.0.1", "http://127.0.0.1:5001", True),
        ("localhost", "http://localhost:5001", True),
        ("::1", "http://[::1]:5001", True),
        ("0.0.0.0", "http://127.0.0.1:5001", False),
        ("::", "http://[::1]:5001", False),
        ("192.0.2.77", "http://192.0.2.77:5001", False),
    ],
)
def test_the_link_opens_on_this_machine(host: str, url: str, loopback: bool) -> None:
    address = UIAddress(host, 5001)
    assert (address.url, address.is_loopback) == (url, loopback)


def test_all_networks_are_named_by_the_addresses_that_others_may_know() -> None:
    urls = UIAddress("0.0.0.0", 5001).urls
    assert urls[0] == f"http://{socket.gethostname()}:5001"
    assert not any("127.0.0.1" in url or "[::1]" in url for url in urls)
    assert UIAddress("127.0.0.1", 5001).urls == ["http://127.0.0.1:5001"]
