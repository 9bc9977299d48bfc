"""Ports: whether one can be had, why not, and another that is free."""

import errno
import os
import socket
from ipaddress import ip_address

from machine.home import CannotStart


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


def check_public_port(port: int, host: str) -> None:
    """Raises CannotStart where the web app could not listen; 0 is any port."""
    why = refused(port, host) if port else None
    if why is None:
        return
    if why == errno.EADDRINUSE:
        raise CannotStart(
            f"Port {port} is in use by another program. "
            f"Stop that program, or choose another port: GUICHET_PUBLIC_PORT={port + 1} make up"
        )
    if why in (errno.EACCES, errno.EPERM):
        raise CannotStart(
            f"This user may not listen on port {port}. Choose one above 1023: GUICHET_PUBLIC_PORT=8000 make up"
        )
    raise CannotStart(
        f"This machine cannot listen on {host}:{port} ({os.strerror(why)}). "
        "Name one of its own addresses: GUICHET_PUBLIC_HOST=127.0.0.1 make up"
    )


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
