"""Running the app: one process or several workers on one socket, until a signal ends them in order."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NoReturn

import structlog
from msgspec.structs import asdict
from uvicorn import Config, Server

from starbeam import garbage, logs, streams
from starbeam.auth import ratelimit
from starbeam.faults import StartupError
from starbeam.http.connection import Connection
from starbeam.http.metrics import FOLDER
from starbeam.workers import Work, Workers

if TYPE_CHECKING:
    from litestar import Litestar

    from starbeam.settings import Loaded
    from starbeam.settings import Server as ServerSettings

log = structlog.get_logger("starbeam.server")

Started = Callable[[], Awaitable[None]]

BACKLOG = 2048
"""Connections that wait to be accepted."""
CANNOT_START = 2
"""The exit status of what does not start, since a plugin or the configuration fails."""
FINISH_SECONDS = 60
"""How long requests in flight may take after a signal to end."""
OTHER_FILES = 1024
"""Files that a process has open beside its connections to clients: those to databases, files, pipes."""


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


class ToldToEnd(KeyboardInterrupt):
    """Raised by a signal, wherever the program is: no plugin's mistake, and asyncio lets it through."""


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """End with status 0 on SIGTERM and SIGINT.

    While uvicorn runs it catches them itself, lets requests in flight finish, and raises them again.
    """

    def leave(number: int, frame: object) -> NoReturn:
        raise ToldToEnd

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, leave)
    try:
        yield
    except ToldToEnd:
        sys.exit(0)


def run(app: Litestar, bound: socket.socket, settings: ServerSettings, started: Started) -> None:
    """Serve in this process. `started` is awaited as soon as requests are answered."""
    _allow_files(settings.max_connections)
    garbage.spare_what_is_there()
    _Server(_config(app, settings), app, started).run([bound])


def run_workers(
    loaded: Loaded, bound: socket.socket, started: Callable[[], None], again: Callable[[], Loaded]
) -> int:
    """Serve in worker processes, each with an app of its own, and replace those that die. The exit status.

    `started` is called as soon as the first of them answers, `again` for the settings of those that replace
    all.
    """
    server = loaded.settings.server

    def work_again() -> Work:
        return partial(_work, again())

    with _shared_figures(bool(server.metrics_from)), ratelimit.shared():
        return Workers(server.workers, partial(_work, loaded), bound, started, work_again).run()


def _work(loaded: Loaded, bound: socket.socket, started: Callable[[], None]) -> None:
    with ended_by_signals(), streams.behind():
        logs.configure()
        try:
            _work_on(loaded, bound, started)
        except StartupError as error:
            for fault in error.faults:
                log.error("cannot start", **asdict(fault))
            sys.exit(CANNOT_START)


def _work_on(loaded: Loaded, bound: socket.socket, started: Callable[[], None]) -> None:
    with garbage.ignored():
        from starbeam.app import create_app

        app = create_app(loaded)

    async def tell() -> None:
        started()

    run(app, bound, loaded.settings.server, tell)


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


def _allow_files(connections: int) -> None:
    """Let this process have as many files open as its connections need: often it may have 1024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + OTHER_FILES
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _config(app: Litestar, settings: ServerSettings) -> Config:
    protocol: Any = partial(Connection, max_connections=settings.max_connections)
    return Config(
        app,
        loop="uvloop",
        http=protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=FINISH_SECONDS,
    )


class _Server(Server):
    """A server that tells when it answers, and begins and ends what runs beside the requests: what fails in
    that is raised here, where uvicorn would log a traceback."""

    def __init__(self, config: Config, app: Litestar, started: Started) -> None:
        super().__init__(config)
        self._beside = app.lifespan()
        self._ending: asyncio.Event = app.state.ending
        self._tell = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await self._beside.__aenter__()
        except ExceptionGroup as group:  # Litestar's way to put it
            raise group.exceptions[0] from None
        await super().startup(sockets)
        await self._tell()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._ending.set()
        loop = asyncio.get_running_loop()
        for one in self._last(sockets or []):
            await loop.connect_accepted_socket(self._connection, one)
        await super().shutdown(sockets)
        await self._beside.__aexit__(None, None, None)

    def _last(self, sockets: list[socket.socket]) -> list[socket.socket]:
        """Listen no more. Clients that have connected already are served: who had sent something would not
        know whether it was done."""
        found = []
        for bound in sockets:
            bound.setblocking(False)
            with suppress(OSError):  # no more of them
                while True:
                    found.append(bound.accept()[0])
        for server in self.servers:
            server.close()
        for bound in sockets:
            bound.close()
        return found

    def _connection(self) -> asyncio.Protocol:
        about: Any = {"config": self.config, "server_state": self.server_state, "app_state": {}}
        made: asyncio.Protocol = self.config.http_protocol_class(**about)
        return made
