"""What clients that send too much, too slowly or nothing cost the others."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

MEGABYTE = 1_000_000
PROBE = "/health/live"
LONGEST_WAIT = 2.0
"""Seconds that others may wait: a busy machine's, not the server's."""


class Target:
    """The server that is tried."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.address = (parts.hostname or "127.0.0.1", parts.port or 80)

    def connect(self) -> socket.socket:
        """A connection that nothing was said on."""
        return socket.create_connection(self.address, 30)

    @contextmanager
    def others(self) -> Iterator[list[float]]:
        """How long each request of another client takes, in seconds, while this lasts."""
        waits: list[float] = []
        over = threading.Event()

        def ask() -> None:
            while not over.is_set():
                began = time.perf_counter()
                client = http.client.HTTPConnection(*self.address, timeout=300)
                try:
                    client.request("GET", PROBE)
                    client.getresponse().read()
                except OSError:
                    waits.append(float("inf"))
                finally:
                    client.close()
                waits.append(time.perf_counter() - began)
                time.sleep(0.02)

        thread = threading.Thread(target=ask)
        thread.start()
        try:
            yield waits
        finally:
            over.set()
            thread.join()


def large(target: Target, parts: Iterator[bytes]) -> str:
    """Send these parts as fast as they are taken, and return the status line."""
    with target.connect() as client:
        client.settimeout(20)
        try:
            for part in parts:
                client.sendall(part)
        except OSError:
            pass  # the server has closed: its answer may be there
        return status(client)


def status(client: socket.socket) -> str:
    """The status that a client reads, `closed` or `reset`."""
    try:
        line = client.recv(4096)
    except TimeoutError:
        return "open"
    except OSError:
        return "reset"
    return line.split(b"\r\n")[0].decode().removeprefix("HTTP/1.1 ") or "closed"


def one_header(size: int) -> Iterator[bytes]:
    """A request whose one header has this many bytes."""
    yield b"GET /health/live HTTP/1.1\r\nHost: x\r\nX: "
    yield from _filled(size)
    yield b"\r\n\r\n"


def long_path(size: int) -> Iterator[bytes]:
    """A request whose path has this many bytes."""
    yield b"GET /"
    yield from _filled(size)
    yield b" HTTP/1.1\r\nHost: x\r\n\r\n"


def small_headers(size: int) -> Iterator[bytes]:
    """A request with this many bytes of small headers."""
    yield b"GET /health/live HTTP/1.1\r\nHost: x\r\n"
    yield from _repeated(b"a: b\r\n", size)
    yield b"\r\n"


def trailers(size: int) -> Iterator[bytes]:
    """A body followed by one trailer of this many bytes."""
    yield b"POST /health/live HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX: "
    yield from _filled(size)
    yield b"\r\n\r\n"


def requests_at_once(size: int) -> Iterator[bytes]:
    """Requests sent without waiting for answers."""
    yield from _repeated(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n", size)


def _filled(size: int) -> Iterator[bytes]:
    yield from _repeated(b"a", size)


def _repeated(what: bytes, size: int) -> Iterator[bytes]:
    block = what * (MEGABYTE // len(what))
    for _ in range(size // len(block) + 1):
        yield block


def unfinished(target: Target, beginning: bytes, number: int, patience: float) -> str:
    """Connections that send a beginning only: what becomes of them, and when the last is closed."""
    clients = [target.connect() for _ in range(number)]
    began = time.perf_counter()
    for client in clients:
        client.sendall(beginning)
    said = Counter[str]()
    for client in clients:
        client.settimeout(max(0.01, patience - (time.perf_counter() - began)))
        said[status(client)] += 1
        client.close()
    answers = ", ".join(f"{count} {what}" for what, count in said.items())
    return f"{answers} after {time.perf_counter() - began:.0f} s"


def tried(url: str, patience: float) -> Iterator[tuple[str, str, bool]]:
    """Each kind, what it was answered and the longest that another client waited meanwhile, and whether that
    is good. Connections are waited for `patience` seconds to be closed."""
    target = Target(url)
    half_body = b"POST /ispyb/api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc"
    kinds: dict[str, Callable[[], str]] = {
        "one header of 48 MB": lambda: large(target, one_header(48 * MEGABYTE)),
        "a path of 48 MB": lambda: large(target, long_path(48 * MEGABYTE)),
        "100 MB of small headers": lambda: large(target, small_headers(100 * MEGABYTE)),
        "a trailer of 48 MB": lambda: large(target, trailers(48 * MEGABYTE)),
        "4 MB of requests at once": lambda: large(target, requests_at_once(4 * MEGABYTE)),
        "200 connections, nothing sent": lambda: unfinished(target, b"", 200, patience),
        "200 connections, half a head": lambda: unfinished(target, b"GET / HTTP/1.1\r\nHo", 200, patience),
        "200 connections, half a body": lambda: unfinished(target, half_body, 200, patience),
    }
    for name, kind in kinds.items():
        with target.others() as waits:
            said = kind()
        longest = max(waits)
        yield name, f"{said}, others waited {longest:.2f} s", longest < LONGEST_WAIT and "open" not in said
