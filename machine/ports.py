"""Ports: whether one can be had, why not, and another that is free."""

import errno
import socket
from ipaddress import ip_address


def refused(port: int, host: str = "127.0.0.1") -> int | None:
    """The errno with which the system refuses to let us listen there; None where we may."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror:
        return errno.EADDRNOTAVAIL
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            return error.errno
    return None


def free_port(preferred: int) -> int:
    """The preferred port of the loopback interface (0: any), or one that the system says is free."""
    if preferred and refused(preferred) is None:
        return preferred
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def reachable(host: str) -> str:
    """The host under which this machine reaches what listens on `host`, fit for an address: 127.0.0.1 for 0.0.0.0."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if address.is_unspecified:
        return "127.0.0.1" if address.version == 4 else "[::1]"
    return f"[{address}]" if address.version == 6 else str(address)
