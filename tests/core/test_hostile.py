"""Bytes that somebody sends to do harm: a refusal in JSON, or a closed connection, and the server goes on."""

from __future__ import annotations

import gzip
import json
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from support.commands import PATIENCE, Running, Site
from support.tried import tried

API = b"/ispyb/api/v1"
SECONDS = 0.3
"""How long an answer is waited for, where the server may still want more."""
EVIL = b"evil.example"
ALIVE = b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    site = Site(tmp_path_factory.mktemp("site"), plugins=["auth_dummy", "ispyb", "proposals", "web"])
    site.make_database()
    with site.serving("serve", "--config", str(site.config)) as running:
        yield running
        assert running.end() == 0
        assert [line for line in running.events() if line["level"] == "error"] == []
        assert "Traceback" not in running.err


def exchange(server: Running, pieces: Iterable[bytes], seconds: float = SECONDS) -> bytes:
    """What is answered to these pieces, until the server closes or says nothing for so long."""
    said = b""
    with socket.create_connection(("127.0.0.1", server.port), PATIENCE) as client, suppress(OSError):
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            client.sendall(piece)
        client.settimeout(seconds)
        while part := client.recv(65_536):
            said += part
    return said


def sound(server: Running, said: bytes) -> None:
    """It is no answer, or one that is no fault of the server, and others are served."""
    if said:
        head, _, body = said.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 ")
        status = int(head.split()[1])
        assert status < 500 or status == 501, said[:300]
        if status >= 400 and b"application/json" in head and body:
            assert b'"detail"' in body
    assert exchange(server, [ALIVE], PATIENCE).endswith(b'{"status":"ok"}')


METHODS = st.sampled_from(
    [b"GET", b"POST", b"HEAD", b"OPTIONS", b"PUT", b"DELETE", b"PATCH", b"TRACE", b"get", b"X"]
)
PLACES = [
    b"/",
    b"/docs",
    b"/health/live",
    b"/log-in",
    API + b"/proposals",
    API + b"/auth/login",
    API + b"/sessions/1",
]
TARGETS = st.one_of(
    st.sampled_from(
        [*PLACES, b"*", b"//" + EVIL, b"http://" + EVIL + b"/", b"/%00", b"/%2e%2e/%2e%2e/etc/passwd"]
    ),
    st.sampled_from(
        [b"/docs/..%2f..%2fetc/passwd", b"/docs/%c0%ae%c0%ae/", b"/%ff%fe", b"/\xe9", b"/" + b"a/" * 900]
    ),
    st.tuples(st.sampled_from(PLACES), st.binary(max_size=20)).map(lambda two: two[0] + b"?" + two[1]),
)
NAMES = st.sampled_from(
    [
        *(b"Host", b"Authorization", b"Content-Length", b"Transfer-Encoding", b"Content-Type", b"Range"),
        *(b"Accept-Encoding", b"Accept-Language", b"X-Forwarded-For", b"X-Forwarded-Host", b"Cookie"),
        *(b"X-Request-ID", b"Origin", b"If-None-Match", b"Idempotency-Key", b"Expect", b"Upgrade"),
        *(b"Connection", b"Content-Encoding"),
    ]
)
WORDS = st.one_of(
    st.binary(max_size=30),
    st.sampled_from(
        [b"", b"0", b"-1", b"9" * 30, b"chunked", b"gzip", b"close", b"100-continue", b"websocket", b"*"]
    ),
    st.sampled_from(
        [b"Bearer ", b"Bearer \xff", b"Bearer a.b.c", b"a\rb", b"a\nb", b"a\r\n b", b"a\r\nX-Evil: 1"]
    ),
    st.sampled_from([EVIL, EVIL + b":1", b"a@" + EVIL, b"[::1", b"x" * 9000, b"bytes=0-" + b",0-" * 2000]),
)
BODIES = st.one_of(
    st.binary(max_size=60),
    st.sampled_from(
        [b"[" * 50_000, b'{"a":' * 20_000, b"9" * 6000, b'{"login": "a", "login": "b"}', b"\xff\xfe{", b"nul"]
    ),
    st.sampled_from(
        [gzip.compress(b"0" * 1_000_000), b'{"plugin": "dummy", "login": "\\ud800", "password": "x"}']
    ),
    st.sampled_from(
        [b"5\r\nhello\r\n0\r\n\r\n", b"-1\r\n", b"fffffffffffffffff\r\n", b"GET / HTTP/1.1\r\n\r\n"]
    ),
)


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    """A request that is wrong in some places."""
    headers = draw(st.lists(st.tuples(NAMES, WORDS), max_size=5))
    lines = [draw(METHODS) + b" " + draw(TARGETS) + b" HTTP/1.1", b"Host: x"]
    lines += [name + b": " + words for name, words in headers]
    body = draw(st.just(b"") | BODIES)
    if draw(st.booleans()):
        lines += [b"Connection: close", b"Content-Type: application/json", b"Content-Length: %d" % len(body)]
    return b"\r\n".join([*lines, b"", body])


POST = b"POST /ispyb/api/v1/auth/login HTTP/1.1\r\nHost: x\r\n"
TWO_LENGTHS = POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"
LENGTH_AND_CHUNKS = POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1"


@tried(60)
@given(requests())
@example(TWO_LENGTHS)
@example(LENGTH_AND_CHUNKS)
@example(b"GET / HTTP/1.1\r\nHost: x\r\nCookie: session=\xff\xfe; a=b; a=c\r\nConnection: close\r\n\r\n")
def test_requests_that_are_wrong(server: Running, sent: bytes) -> None:
    sound(server, exchange(server, [sent]))


LOG_IN = {"plugin": "dummy", "login": "abcd", "password": "x"}
TEXTS = st.text(max_size=40) | st.sampled_from(
    ["\0", "a" * 5000, "\uff07", "'; --", "*)(uid=*", "%s%n", "\u202e"]
)


@tried(12)
@given(st.dictionaries(st.sampled_from([*LOG_IN, "token"]), TEXTS | st.integers() | st.none()))
def test_names_of_people(server: Running, changed: dict[str, object]) -> None:
    """Nobody of the database, whatever they are called."""
    body = json.dumps({**LOG_IN, **changed}).encode()
    head = b"POST %s/auth/login HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" % API
    head += b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
    said = exchange(server, [head + body], PATIENCE)
    assert int(said.split()[1]) in (401, 422, 429), said
    sound(server, said)


@tried(8)
@given(st.lists(st.integers(1, 400), max_size=8), st.sampled_from(["GET", "POST"]))
def test_a_request_in_pieces_is_the_same_request(server: Running, cuts: list[int], method: str) -> None:
    body = b'{"validity": "/proposals"}' if method == "POST" else b""
    path = API + (b"/user/sign" if method == "POST" else b"/proposals?limit=1")
    head = (
        f"{method} {path.decode()} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Request-ID: {'a' * 32}\r\n"
    )
    sent = head.encode() + b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    places = sorted({0, *(cut for cut in cuts if cut < len(sent)), len(sent)})
    pieces = [sent[start:end] for start, end in pairwise(places)]
    whole, slow = (exchange(server, how, PATIENCE) for how in ([sent], slowly(pieces)))
    assert whole.split(b"\r\n\r\n")[1] == slow.split(b"\r\n\r\n")[1] == b'{"detail":"No token provided."}'


def slowly(pieces: list[bytes]) -> Iterator[bytes]:
    """Pieces that do not come together."""
    for piece in pieces:
        yield piece
        time.sleep(0.002)


HOSTS = [EVIL + b":443", b"a@" + EVIL + b"/x"]


@pytest.mark.parametrize("name", [b"Host", b"Host: x\r\nX-Forwarded-Host", b"Host: x\r\nOrigin"], ids=repr)
def test_no_answer_names_a_host_that_the_client_made_up(server: Running, name: bytes) -> None:
    for place in [*PLACES, API + b"/openapi.json", b"/sessions"]:
        for host in HOSTS:
            lines = [b"GET %s HTTP/1.1" % place, b"%s: %s" % (name, host), b"Connection: close"]
            said = exchange(server, [b"\r\n".join([*lines, b"", b""])], PATIENCE)
            assert said, (place, host)
            assert EVIL not in said, said[:500]
    sound(server, said)
