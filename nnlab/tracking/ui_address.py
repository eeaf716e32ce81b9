"""Where `nnlab ui` listens: its address, whether it is free, and who may open it."""

import errno
import ipaddress
import socket
from typing import NamedTuple

import psutil

from nnlab.errors import UserError

LOOPBACK = "127.0.0.1"
# for an address of another machine, IPv6 where there is none, a local address of IPv6 without its zone
NOT_HERE = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EINVAL)


class UIAddress(NamedTuple):
    """A host of this machine, by name or number, and a port."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """The address for a browser on this machine; a host that stands for all has the loopback's."""
        number = self._number()
        if number.is_unspecified:
            return self._url(LOOPBACK if number.version == 4 else "::1")
        return self._url(self.host)

    @property
    def is_loopback(self) -> bool:
        """Do only programs of this machine reach it?"""
        return self._number().is_loopback

    def check(self) -> None:
        """UserError if the host is not of this machine, or if another program uses the port.

        A link to that port would open the other program.
        """
        family = socket.AF_INET6 if self._number().version == 6 else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server does
            try:
                probe.bind((str(self._number()), self.port))
            except PermissionError as error:
                raise UserError(
                    f"--port {self.port}: {error.strerror}; give one of 1024 or above"
                ) from None
            except OSError as error:
                if error.errno in NOT_HERE:
                    raise self._not_here() from None
                other = self.port + 1 if self.port < 65535 else 5001
                raise UserError(
                    f"--port {self.port}: {error.strerror}; give another one, such as --port {other}"
                ) from None

    @property
    def urls(self) -> list[str]:
        """All addresses under which a browser may open it: MLflow refuses requests from others."""
        if not self._number().is_unspecified:
            return [self._url(self.host)]
        own = [one.address for found in psutil.net_if_addrs().values() for one in found]
        names = [socket.gethostname(), *filter(_is_reachable, own)]
        return [self._url(name) for name in dict.fromkeys(names)]

    def _url(self, host: str) -> str:
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    def _number(self) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
        """The host as a number; UserError if there is no such host."""
        try:
            (*_, (number, *_)), *_ = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
            return ipaddress.ip_address(number)
        except (OSError, ValueError, UnicodeError):
            raise self._not_here() from None

    def _not_here(self) -> UserError:
        return UserError(
            f"--host {self.host}: is no address of this machine; give 127.0.0.1 for this machine alone, "
            "or 0.0.0.0 for all networks that it is in"
        )


def _is_reachable(text: str) -> bool:
    """Is it an IPv4 or IPv6 address that other machines may know? A hardware's address is none."""
    try:
        return not ("%" in text or ipaddress.ip_address(text).is_loopback)
    except ValueError:
        return False
