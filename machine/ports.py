"""Ports on the loopback interface: whether one is taken, and another that is free."""

import socket


def taken(port: int, host: str = "127.0.0.1") -> bool:
    """Whether something listens on the port, or may not be bound there."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False


def free_port(preferred: int) -> int:
    """The preferred port (0: any), or one that the system says is free."""
    if preferred and not taken(preferred):
        return preferred
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
