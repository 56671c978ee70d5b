"""Directories that say anything at all: nobody gets in by it, and nobody waits or meets a 500."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from starbeam_auth_ldap.directory import AWAY
from starbeam_testing.app import TestApp
from starbeam_testing.fixtures import MakeApp
from support.answers import NOT_VERIFIED, refused, said
from support.slapd import PEOPLE, SERVICE_DN
from support.tried import tried

pytestmark = pytest.mark.anyio

HOSTS = itertools.count()
SECONDS = 2


class Liar:
    """A server that answers each request with the next of these words, and hangs up after the last."""

    def __init__(self) -> None:
        self.port = 0
        self.words: list[bytes] = []

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer a client."""
        with suppress(OSError, RuntimeError):  # it may hang up
            for words in self.words:
                with suppress(TimeoutError):  # a client that waits for the rest asks nothing more
                    await asyncio.wait_for(reader.read(4096), 0.05)
                writer.write(words)
        writer.close()


@pytest.fixture
async def liar() -> AsyncIterator[Liar]:
    server = Liar()
    async with await asyncio.start_server(server.meet, "127.0.0.1", 0) as listening:
        server.port = listening.sockets[0].getsockname()[1]
        yield server


@pytest.fixture(params=["named", "searched"])
async def app(make_app: MakeApp, liar: Liar, request: pytest.FixtureRequest) -> TestApp:
    """An app that asks it."""
    named: dict[str, Any] = {"user_dn": f"uid={{login}},{PEOPLE}"}
    searched = {"base": PEOPLE, "service_dn": SERVICE_DN, "service_password": "x"}
    given = {"uri": f"ldap://127.0.0.1:{liar.port}", "start_tls": False, "ca_file": "", "timeout": SECONDS}
    how = {"use": "auth_ldap", **given, **(named if request.param == "named" else searched)}
    section = {f"auth.backends.ldap.{key}": value for key, value in how.items()}
    return await make_app("auth_ldap", **section, **{"server.trusted_proxies": ["127.0.0.1"]})


def message(number: int, kind: int, content: bytes) -> bytes:
    """A message of LDAP: its number, and one operation."""
    return tlv(0x30, tlv(2, bytes([number])) + tlv(kind, content))


def tlv(kind: int, content: bytes) -> bytes:
    """A value in BER, shorter than 64 KiB."""
    size = len(content)
    return bytes([kind, size] if size < 128 else [kind, 0x82, *size.to_bytes(2, "big")]) + content


def result(code: int) -> bytes:
    """What an operation ends with."""
    return tlv(10, bytes([code])) + tlv(4, b"") + tlv(4, b"said so")


BOUND, ENTRY, FOUND = 0x61, 0x64, 0x65
NUMBERS = st.integers(0, 127)
MESSAGES = st.builds(
    message,
    NUMBERS,
    st.sampled_from([BOUND, ENTRY, FOUND, 0x78, 0x73]) | st.integers(0, 255),
    NUMBERS.map(result) | st.binary(max_size=40),
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A message with another byte somewhere, or cut short."""
    words = bytearray(draw(MESSAGES))
    place = draw(st.integers(0, len(words) - 1))
    words[place] = draw(st.integers(0, 255))
    return bytes(words[: draw(st.integers(0, len(words)))])


WORDS = st.lists(st.binary(max_size=60) | MESSAGES | damaged(), min_size=1, max_size=4)


async def answered(app: TestApp) -> tuple[int, object]:
    """What a log-in is answered; each comes from another address, so that no limit answers instead."""
    number = next(HOSTS)
    host = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    body = {"plugin": "ldap", "login": f"abcd{number}", "password": "right"}
    began = time.monotonic()
    answer = await app.client.post("/auth/login", json=body, headers={"X-Forwarded-For": host})
    assert time.monotonic() - began < 4 * SECONDS + 5  # the machine may be busy
    return said(answer)


@tried(20)
@given(words=WORDS)
@example(words=[b"\x30\x84\x7f\xff\xff\xff"])  # two gigabytes to come
@example(words=[b"\x30\x80" * 20])  # lengths that are told later
@example(words=[b"HTTP/1.1 400 Bad Request\r\n\r\n"])
@example(words=[message(1, BOUND, result(0)), message(2, ENTRY, b"")])
async def test_a_directory_that_says_anything(app: TestApp, liar: Liar, words: list[bytes]) -> None:
    liar.words = words
    assert await answered(app) in (NOT_VERIFIED, refused(503, AWAY))
