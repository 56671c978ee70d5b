"""Running the app: one process or several workers on one socket, until a signal ends them in order."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NoReturn

from prometheus_client.multiprocess import mark_process_dead
from uvicorn import Config, Server
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from starbeam import logs
from starbeam.http.metrics import FOLDER

if TYPE_CHECKING:
    from litestar import Litestar

    from starbeam.settings import Loaded

BACKLOG = 2048
"""Connections that wait to be accepted."""
FINISH_SECONDS = 60
"""How long requests in flight may take after a signal to end."""


def bind(host: str, port: int) -> socket.socket:
    """The socket to serve on; it refuses connections until the server runs. OSError if the port is taken."""
    family, kind, number, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    bound = socket.socket(family, kind, number)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except OSError:
        bound.close()
        raise
    return bound


def url_of(bound: socket.socket) -> str:
    """The address under which this machine reaches a bound socket."""
    host, port = bound.getsockname()[:2]
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    return f"http://[{reachable}]:{port}" if ":" in reachable else f"http://{reachable}:{port}"


def end_on_signals() -> None:
    """End with status 0 on SIGTERM and SIGINT.

    While uvicorn runs it catches them itself, lets requests in flight finish, and raises them again.
    """

    def leave(number: int, frame: object) -> NoReturn:
        raise SystemExit(0)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, leave)


def run(app: Litestar, bound: socket.socket, started: Callable[[], Awaitable[None]]) -> None:
    """Serve in this process. `started` is awaited as soon as requests are answered."""
    _Server(_config(app), started).run([bound])


def run_workers(loaded: Loaded, bound: socket.socket, started: Callable[[], None]) -> int:
    """Serve in worker processes, each with an app of its own, and replace those that die. The exit status.

    `started` is called as soon as connections are accepted; the first answers follow when a worker is up.
    """
    config = _config(partial(_worker_app, loaded), factory=True, workers=loaded.settings.server.workers)
    bound.listen(BACKLOG)
    supervisor = _Supervisor(config, [bound], started)
    with _shared_figures(bool(loaded.settings.server.metrics_from)):
        supervisor.run()
    return int(any(worker.exitcode == STARTUP_FAILURE for worker in supervisor.processes))


@contextmanager
def _shared_figures(wanted: bool) -> Iterator[None]:
    """A folder in which the workers keep their figures, so that any can tell those of all."""
    if not wanted or os.environ.get(FOLDER):
        yield
        return
    with TemporaryDirectory(prefix="starbeam-metrics-") as folder:
        os.environ[FOLDER] = folder
        try:
            yield
        finally:
            del os.environ[FOLDER]


def _config(app: Any, **more: Any) -> Config:
    return Config(
        app,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=FINISH_SECONDS,
        **more,
    )


def _worker_app(loaded: Loaded) -> Litestar:
    from starbeam.app import create_app

    logs.configure()
    return create_app(loaded)


class _Server(Server):
    """A server that tells when it answers."""

    def __init__(self, config: Config, started: Callable[[], Awaitable[None]]) -> None:
        super().__init__(config)
        self._tell = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        await self._tell()


class _Supervisor(Multiprocess):
    """A supervisor that tells when its workers are on their way."""

    def __init__(self, config: Config, sockets: list[socket.socket], started: Callable[[], None]) -> None:
        super().__init__(config, sockets)
        self._tell = started

    def init_processes(self) -> None:
        super().init_processes()
        self._tell()

    def keep_subprocess_alive(self) -> None:
        """What a worker that died was doing counts no more."""
        before = {process.pid for process in self.processes}
        super().keep_subprocess_alive()
        if folder := os.environ.get(FOLDER):
            for pid in before - {process.pid for process in self.processes}:
                mark_process_dead(pid, folder)  # type: ignore[no-untyped-call]
