"""A fake server in a thread, for tests with a browser."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar

import uvicorn
from fastapi import FastAPI


class Fake(Protocol):
    """`origin` is where it is; `cut` ends its streams."""

    origin: str

    def app(self) -> FastAPI: ...

    def cut(self) -> None: ...


Faked = TypeVar("Faked", bound=Fake)


@contextmanager
def running(fake: Faked) -> Iterator[Faked]:
    """On a free port of this machine, for as long as the `with` lasts."""
    server = uvicorn.Server(uvicorn.Config(fake.app(), port=0, log_level="warning", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    fake.origin = f"http://127.0.0.1:{port}"
    yield fake
    fake.cut()
    server.should_exit = True
    thread.join(5)
