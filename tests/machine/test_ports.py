"""Ports: taken ones are told with their reason, free ones are free."""

import errno
import socket

import pytest

from machine.ports import free_port, reachable, refused


@pytest.fixture
def listening() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_port_that_is_listened_on_is_refused(listening: int) -> None:
    assert refused(listening) == errno.EADDRINUSE
    assert refused(listening, "localhost") == errno.EADDRINUSE


def test_an_address_of_another_machine_is_refused() -> None:
    assert refused(0, "192.0.2.1") == errno.EADDRNOTAVAIL
    assert refused(0, "nowhere.invalid") == errno.EADDRNOTAVAIL


def test_another_port_is_found_for_one_that_is_taken(listening: int) -> None:
    found = free_port(listening)
    assert found != listening
    assert refused(found) is None
    assert free_port(found) == found


@pytest.mark.parametrize(
    ("host", "from_here"),
    [("0.0.0.0", "127.0.0.1"), ("::", "[::1]"), ("::1", "[::1]"), ("10.0.0.5", "10.0.0.5"), ("localhost", "localhost")],
)
def test_what_listens_everywhere_is_reached_by_loopback(host: str, from_here: str) -> None:
    assert reachable(host) == from_here
