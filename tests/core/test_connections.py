"""What a client may send, how long it may take, and how many there may be: raw bytes to real servers."""

from __future__ import annotations

import asyncio
import json
import socket
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from uvicorn import Config
from uvicorn.server import ServerState

from starbeam.http import connection
from starbeam.http.connection import Connection
from starbeam.server import _Server, bind
from support.commands import PATIENCE, Running, Site
from support.waiting import until

API = "/ispyb/api/v1"
HEAD = 65_536
"""The longest head, in bytes."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    site = Site(tmp_path_factory.mktemp("site"))
    site.make_database()
    with site.serving("serve", "--config", str(site.config)) as running:
        yield running


def connect(server: Running) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", server.port), PATIENCE)
    client.settimeout(PATIENCE)
    return client


def everything(client: socket.socket) -> bytes:
    """What the server says until it closes."""
    said = b""
    while part := client.recv(65_536):
        said += part
    return said


def exchange(server: Running, *parts: bytes) -> tuple[int, Any]:
    """Status and JSON of the answer to these bytes. A server that has heard enough takes no more."""
    with connect(server) as client:
        with suppress(OSError):
            for part in parts:
                client.sendall(part)
        return parsed(everything(client))


def parsed(said: bytes) -> tuple[int, Any]:
    """Status and JSON of an answer; 0 for none."""
    if not said:
        return 0, None
    head, _, body = said.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)


def get(*headers: bytes, path: bytes = b"/health/live") -> bytes:
    lines = [b"GET %s HTTP/1.1" % path, b"Host: x", b"Connection: close", *headers]
    return b"\r\n".join([*lines, b"", b""])


def of_length(size: int) -> bytes:
    """A request whose head has this many bytes."""
    return get(b"X: " + b"a" * (size - len(get(b"X: "))))


TOO_LONG = (431, {"detail": "The head of a request may have 65536 bytes."})


def test_a_head_of_the_greatest_length_is_served(server: Running) -> None:
    assert len(of_length(HEAD)) == HEAD
    assert exchange(server, of_length(HEAD)) == (200, {"status": "ok"})


CHUNKED = b"POST %s/auth/login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" % API.encode()
TOO_MUCH = {
    "one byte more": [of_length(HEAD + 1)],
    "a long header": [b"GET / HTTP/1.1\r\nX: ", *[b"a" * 1_000_000] * 50],
    "a long path": [b"GET /", *[b"a" * 1_000_000] * 50],
    "a long method": [*[b"A" * 1_000_000] * 50],
    "a long name of a header": [b"GET / HTTP/1.1\r\n", *[b"a" * 1_000_000] * 50],
    "small headers": [b"GET / HTTP/1.1\r\n", *[b"a: b\r\n" * 100_000] * 50],
    "blank lines": [*[b"\r\n" * 100_000] * 50],
    "a long trailer": [CHUNKED, b"1\r\na\r\n0\r\nX: ", *[b"a" * 1_000_000] * 50],
    "small trailers": [CHUNKED, b"1\r\na\r\n0\r\n", *[b"a: b\r\n" * 100_000] * 50],
    "a long extension of a chunk": [CHUNKED, b"1;", *[b"a" * 1_000_000] * 50],
}


@pytest.mark.parametrize("parts", TOO_MUCH.values(), ids=TOO_MUCH)
def test_what_has_no_end_is_refused(server: Running, parts: list[bytes]) -> None:
    status, answer = exchange(server, *parts)
    assert (status, answer) == TOO_LONG or (status == 400 and isinstance(answer["detail"], str))
    assert exchange(server, get()) == (200, {"status": "ok"})


def test_a_body_is_no_head(server: Running) -> None:
    body = b'{"plugin": "dummy", "login": "abcd", "password": "%s"}' % (b"x" * 300_000)
    head = b"POST %s/auth/login HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" % API.encode()
    sized = head + b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
    status, _ = exchange(server, sized + body)
    assert status != 431
    chunked = head + b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    pieces = b"".join(b"1\r\n%c\r\n" % byte for byte in body)
    assert exchange(server, chunked + pieces + b"0\r\n\r\n")[0] == status


def lines_so_far(server: Running) -> int:
    """How many lines the log has, once that of the last request is there."""
    mark = uuid.uuid4().hex
    exchange(server, get(b"X-Request-ID: " + mark.encode()))
    server.wait_for(lambda: any(line.get("request_id") == mark for line in server.events()))
    return len(server.events())


NONSENSE = [b"NONSENSE\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc", b"GET / HTTP/9.9\r\n\r\n"]


@pytest.mark.parametrize("sent", NONSENSE, ids=repr)
def test_nonsense_is_one_line(server: Running, sent: bytes) -> None:
    before = lines_so_far(server)
    assert exchange(server, sent) == (400, {"detail": "This is not HTTP."})
    server.wait_for(lambda: server.events()[before:])
    (line,) = server.events()[before:]
    assert (line["event"], line["level"], line["status"]) == ("refused", "info", 400)


def test_requests_that_are_sent_at_once_are_bounded(server: Running) -> None:
    one = get().replace(b"Connection: close\r\n", b"")
    with connect(server) as client:
        client.sendall(one * 50 + get())
        assert everything(client).count(b"HTTP/1.1 200") == 51
    with connect(server) as client:
        client.sendall(one * 1000)
        with suppress(ConnectionResetError):
            assert everything(client).count(b"HTTP/1.1 200") < 1000
    assert exchange(server, get()) == (200, {"status": "ok"})


LOGIN = b'{"plugin": "dummy", "login": "abcd", "password": "abcd"}'
BEFORE_BODY = (
    b"POST %s/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    b"Connection: close\r\nContent-Length: %d\r\n\r\n" % (API.encode(), len(LOGIN))
)
LATE = (408, {"detail": "The request took too long to arrive."})


@pytest.mark.long
def test_who_sends_nothing_more_is_closed_and_who_goes_on_is_served(server: Running) -> None:
    """All at once, since each takes the 15 seconds that are allowed."""
    clients = [connect(server) for _ in range(60)]
    silent, half_heads, half_bodies = clients[:20], clients[20:40], clients[40:]
    for client in half_heads:
        client.sendall(b"GET / HTTP/1.1\r\nHo")
    for client in half_bodies:
        client.sendall(BEFORE_BODY + LOGIN[:10])
    with ThreadPoolExecutor(2) as threads:
        head = threads.submit(slowly, server, b"GET / HTTP/1.1\r\nX: ", b"a" * PATIENCE)
        body = threads.submit(slowly, server, BEFORE_BODY + LOGIN[:-20], LOGIN[-20:])
        assert exchange(server, get()) == (200, {"status": "ok"})
        assert {parsed(everything(client))[0] for client in silent} == {0}
        assert {str(parsed(everything(client))) for client in half_heads} == {str(LATE)}
        assert {str(parsed(everything(client))) for client in half_bodies} == {str(LATE)}
        assert head.result() == LATE
        assert body.result()[0] == 401  # there is no such person
    for client in clients:
        client.close()


def slowly(server: Running, beginning: bytes, rest: bytes) -> tuple[int, Any]:
    """The answer to who sends a byte each second."""
    with connect(server) as client:
        client.sendall(beginning)
        with suppress(OSError):
            for byte in rest:
                time.sleep(1)
                client.sendall(bytes([byte]))
        return parsed(everything(client))


def test_who_leaves_while_sending_is_one_line(server: Running) -> None:
    def lines() -> list[dict[str, object]]:
        return [line for line in server.events()[before:] if line.get("request_id") == "leaver"]

    before = lines_so_far(server)
    with connect(server) as client:
        client.sendall(BEFORE_BODY.replace(b"Host: x", b"Host: x\r\nX-Request-ID: leaver") + LOGIN[:10])
    server.wait_for(lines)
    assert exchange(server, get()) == (200, {"status": "ok"})
    assert [(line["event"], line["level"], line["status"]) for line in lines()] == [("request", "info", 499)]
    assert "Traceback" not in server.err


def test_the_greatest_number_of_connections(tmp_path: Path) -> None:
    site = Site(tmp_path, more="[server]\nmax_connections = 3\n")
    site.make_database()
    with site.serving("serve", "--config", str(site.config)) as server:
        others = [connect(server) for _ in range(3)]
        with connect(server) as client:
            said = everything(client)
        assert parsed(said)[0] == 503
        assert b"\r\nretry-after: 5\r\n" in said
        others.pop().close()
        server.wait_for(lambda: exchange(server, get())[0] == 200)
        for client in others:
            client.close()
        assert server.end() == 0


@pytest.mark.anyio
@pytest.mark.parametrize("number", [1, 10**9], ids=["at its end", "in the midst"])
async def test_who_takes_nothing_of_an_answer_is_closed(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    monkeypatch.setattr(connection, "TAKE_SECONDS", 0.5)
    lost = asyncio.Event()

    class Watched(Connection):
        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            lost.set()

    async def generous(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(number):
            await send({"type": "http.response.body", "body": b"x" * 50_000_000, "more_body": True})
            if lost.is_set():
                return
        await send({"type": "http.response.body", "body": b""})

    config, state = Config(generous, ws="none", log_config=None), ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Watched(config, state, {}, max_connections=1), "127.0.0.1", 0)
    with socket.create_connection(server.sockets[0].getsockname()) as client:
        client.sendall(get())
        await asyncio.wait_for(lost.wait(), PATIENCE)
    server.close()


@pytest.mark.anyio
async def test_a_connection_at_rest_is_good_for_one_request_more_when_the_server_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A proxy may just have chosen it."""

    async def short(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})

    config, state = Config(short, ws="none", log_config=None), ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Connection(config, state, {}, max_connections=9), "127.0.0.1", 0
    )
    asked = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    clients = [await asyncio.open_connection(*server.sockets[0].getsockname()) for _ in range(3)]
    (reads, writes), (resting, _), (reads_late, writes_late) = clients
    for one, other in clients:
        other.write(asked)
        assert b"connection: close" not in await one.readuntil(b"ok")
    monkeypatch.setattr(connection, "LINGER_SECONDS", PATIENCE)
    kept = list(state.connections)
    for one in kept:
        one.shutdown()
    writes.write(asked)
    last = await reads.read()
    assert last.startswith(b"HTTP/1.1 200")
    assert b"connection: close" in last
    writes_late.write(asked[:10])  # the head has begun to come
    await until(lambda: any(one._unserved for one in kept))
    for one in kept:
        one._leave()
    assert await resting.read() == b""
    writes_late.write(asked[10:])
    assert (await reads_late.read()).startswith(b"HTTP/1.1 200")
    for _, other in clients:
        other.close()
        await other.wait_closed()
    server.close()


def test_who_has_connected_is_served_though_the_server_ends() -> None:
    """Those that the kernel has taken and Python has not."""
    bound = bind("127.0.0.1", 0)
    bound.listen()
    port = bound.getsockname()[1]
    with socket.create_connection(("127.0.0.1", port)), socket.create_connection(("127.0.0.1", port)):
        ending = object.__new__(_Server)
        ending.servers = []
        found = ending._last([bound])
        assert len(found) == 2
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))
        for one in found:
            one.close()
