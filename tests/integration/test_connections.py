"""Databases as facilities run them: accounts that are refused or may only read, servers with other defaults,
connections that are cut. Nobody gets a 500, and what can be answered is."""

from __future__ import annotations

import asyncio
import base64
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError
from structlog.testing import capture_logs

from starbeam.app import Starbeam
from starbeam.db import mariadb as connecting
from starbeam.settings import Database as Settings
from starbeam.settings import load
from starbeam_doctor import Finding, database
from starbeam_ispyb.models import Dewar, Proposal, ProposalHasPerson, Shipping
from starbeam_testing.app import TestApp, TestDatabase
from starbeam_testing.fixtures import SECRET, MakeApp
from support import mariadb
from support.answers import Said, refused, said
from support.commands import Site
from support.portal import PATH as SYNC
from support.portal import document

pytestmark = pytest.mark.anyio

PLUGINS = ("auth_dummy", "ispyb", "proposals", "shipping", "admin", "userportal")
BACKENDS = {"auth.backends": {"dummy": {"use": "auth_dummy", "test_system": True}}}
PERMISSIONS = ("manage_options", "manage_groups", "manage_perms", "uportal_sync", "all_proposals")
AWAY = refused(503, "The database is not available. Please try again in a few seconds.")
REFUSED = refused(503, "The database refused this for now. Please try again; the server's log says why.")
DENIED = refused(
    403,
    "The server's account may not do this in the database. Its administrator finds what is missing with"
    " `starbeam doctor --db`.",
)
CONTACT = {
    "proposalId": 1,
    "cardName": "card",
    "Person": {"givenName": "G", "familyName": "F", "emailAddress": "g@example.org"},
}
WRITES: tuple[tuple[str, str, Any, int], ...] = (
    ("POST", "/user/sign", {"validity": "/proposals"}, 200),
    ("PATCH", "/options", {"motd": "maintenance"}, 200),
    ("POST", "/admin/groups", {"name": "readers"}, 200),
    ("POST", "/admin/permissions", {"type": "see"}, 200),
    ("POST", "/labcontacts", CONTACT, 201),
    ("PATCH", "/dewars/1", {"code": "D2"}, 200),
    ("POST", SYNC, document(proposalNumber="20"), 200),
)
"""Each way in which the server writes, and what it answers."""


@pytest.fixture(scope="module")
def plain_server() -> Iterator[mariadb.Server]:
    """A server of this module's own: its accounts and connections are changed."""
    started = mariadb.start()
    yield started
    started.stop()


@pytest.fixture
def options() -> list[str]:
    """With which options a test's server runs; without any it is the module's."""
    return []


@pytest.fixture
def server(options: list[str], plain_server: mariadb.Server) -> Iterator[mariadb.Server]:
    if not options:
        yield plain_server
        return
    started = mariadb.start(*options)
    yield started
    started.stop()


@pytest.fixture
async def database_url(server: mariadb.Server) -> str:
    return await server.fresh_database("union")


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[TestDatabase]:
    """A proposal with a dewar, and `ada` who may do everything."""
    made = TestDatabase(database_url)
    await made.person("ada", *PERMISSIONS)
    await made.add(Proposal, proposalId=1, personId=1, proposalCode="mx", proposalNumber="1")
    await made.add(ProposalHasPerson, proposalId=1, personId=1)
    await made.add(Shipping, shippingId=1, proposalId=1, shippingName="S")
    await made.add(Dewar, dewarId=1, shippingId=1, code="D")
    yield made
    await made.engine.dispose()


def as_account(url: str, account: str, password: str = "") -> str:
    return url.replace("root@", f"{account}:{quote(password, safe='')}@")


async def account(db: TestDatabase, name: str, identified: str, grant: str = "ALL PRIVILEGES") -> str:
    """An account of the database: its address."""
    await db.sql(f"CREATE OR REPLACE USER '{name}'@'127.0.0.1' {identified}")
    await db.sql(f"GRANT {grant} ON `union`.* TO '{name}'@'127.0.0.1'")
    return as_account(db.url, name)


async def start(make_app: MakeApp, url: str, **settings: Any) -> tuple[TestApp, dict[str, str]]:
    app = await make_app(*PLUGINS, **BACKENDS, **{"database.url": url}, **settings)
    return app, app.token("ada", 1)


async def ask(app: TestApp, headers: dict[str, str], writes: bool = True) -> list[httpx.Response]:
    """The answers to a read, a log-in, a one-time token, and to each kind of write."""
    client, credentials = app.client, {"plugin": "dummy", "login": "ada", "password": "x"}
    answers = [
        await client.get("/proposals", headers=headers),
        await client.post("/auth/login", json=credentials),
        await client.get("/user/current", params={"onetime": "abc"}),
    ]
    for method, path, body, _ in WRITES if writes else ():
        answers.append(await client.request(method, path, json=body, headers=headers))
    return answers


async def examine(url: str) -> list[Finding]:
    """What the doctor finds in a database."""
    given = {"database.url": url, "auth.secret_key": SECRET, "plugins.enabled": list(PLUGINS), **BACKENDS}
    return await database.examine(Starbeam(load(None, {}, given)))


def all_are(answers: list[httpx.Response], wanted: Said) -> None:
    assert [said(answer) for answer in answers] == [wanted] * len(answers)


# Nothing answers, or not as it should


async def _closes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def _resets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    linger = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()


async def _speaks_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    writer.close()


async def _is_full(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(_packet(0, b"\xff" + struct.pack("<H", 1040) + b"#08004Too many connections"))
    writer.close()


async def _is_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


def _packet(number: int, payload: bytes) -> bytes:
    return struct.pack("<I", len(payload))[:3] + bytes([number]) + payload


Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
NONCE = bytes(range(32))


async def _answer_to(plugin: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    """What a client answers a server whose account logs in by this plugin, with the packet's head."""
    able = 0xFFFFFFFF & ~0x800 & ~0x20  # no TLS, no compression
    greeting = (
        b"\x0a5.5.5-10.11.19-MariaDB\0" + struct.pack("<I", 7) + b"abcdefgh\0"
        + struct.pack("<H", able & 0xFFFF) + b"\x2d" + struct.pack("<HH", 2, able >> 16)
        + bytes([21]) + bytes(10) + b"ijklmnopqrst\0mysql_native_password\0"
    )  # fmt: skip
    writer.write(_packet(0, greeting))
    await reader.read(4096)
    writer.write(_packet(2, b"\xfe" + plugin + b"\0" + NONCE))
    return await reader.read(4096)


def _wants(plugin: bytes) -> Serve:
    """A server whose account logs in by this plugin, and which leaves then."""

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _answer_to(plugin, reader, writer)
        writer.close()

    return greet


SERVERS = {
    "closes at once": _closes,
    "resets": _resets,
    "is none of a database": _speaks_http,
    "has no connection left": _is_full,
    "says nothing": _is_silent,
    "wants ed25519": _wants(b"client_ed25519"),
    "wants parsec": _wants(b"parsec"),
    "wants a dialog": _wants(b"dialog"),
}


@asynccontextmanager
async def listening(serve: Any) -> AsyncIterator[int]:
    """The port of a server that treats everybody so."""
    served: set[Any] = set()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.add(asyncio.current_task())
        with suppress(OSError, asyncio.CancelledError):
            await serve(reader, writer)
        writer.close()
        with suppress(OSError, asyncio.CancelledError):
            await writer.wait_closed()

    running = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield running.sockets[0].getsockname()[1]
    finally:
        running.close()
        for task in served:
            task.cancel()
        await asyncio.gather(*served, return_exceptions=True)


SECRET_AS_KEY = "ZIgUREUg5PVgQ6LskhXmO+eZLS0nC8be6HPjYWR4YJY="
"""What MariaDB keeps of the password `secret` for ed25519, by its documentation."""
DONE = b"\0\0\0\2\0\0\0"


async def _lets_in_by_ed25519(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head, signature = struct.unpack("4s64s", await _answer_to(b"client_ed25519", reader, writer))
    try:
        Ed25519PublicKey.from_public_bytes(base64.b64decode(SECRET_AS_KEY)).verify(signature, NONCE)
    except InvalidSignature:
        return
    writer.write(_packet(head[3] + 1, DONE))
    while await reader.read(4096):
        writer.write(_packet(1, DONE))


@pytest.mark.parametrize(("password", "right"), [("secret", True), ("Secret", False), ("", False)])
async def test_an_account_that_logs_in_by_ed25519(password: str, right: bool) -> None:
    async with listening(_lets_in_by_ed25519) as port:
        url = make_url(f"mysql+asyncmy://ann:{password}@127.0.0.1:{port}/ispyb")
        arguments = connecting.connect_args(url, Settings(url=str(url)), read_only=True)
        open_connection = partial(arguments.pop("async_creator_fn"), host="127.0.0.1", port=port, user="ann")
        if right:
            connection = await open_connection(**arguments)
            await connection.ping()
            connection.close()
        else:
            with pytest.raises(connecting.CannotConnect):
                await open_connection(**arguments)


@pytest.mark.parametrize("serve", SERVERS.values(), ids=SERVERS)
async def test_a_server_that_takes_no_connection_is_away(
    serve: Any, make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connecting, "CONNECT_SECONDS", 0.2)
    async with listening(serve) as port:
        url = f"mysql+asyncmy://u:hush@127.0.0.1:{port}/ispyb"
        with capture_logs() as logs:
            app, headers = await start(make_app, url)
            answers = await ask(app, headers)
        (found,) = await examine(url)
    all_are(answers, AWAY)
    assert {answer.headers["Retry-After"] for answer in answers} == {"5"}
    assert [line["event"] for line in logs if line["log_level"] == "error"] == ["database is away"]
    assert (found.about, found.level) == ("database", "error")
    assert found.says.startswith("does not answer: ")
    assert "hush" not in f"{logs} {found}"


async def test_certificates_that_cannot_be_read_are_told(
    make_app: MakeApp, db: TestDatabase, tmp_path: Path
) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("no certificate")
    for path in (file, tmp_path / "nowhere.pem"):
        app, headers = await start(make_app, db.url, **{"database.ssl_ca": str(path)})
        all_are(await ask(app, headers), AWAY)


# Accounts


REFUSED_ACCOUNTS = {
    "locked": "IDENTIFIED BY '' ACCOUNT LOCK",
    "expired": "IDENTIFIED BY '' PASSWORD EXPIRE",
    "by the socket": "IDENTIFIED VIA unix_socket",
    "by another password": "IDENTIFIED BY 'other'",
    "who must use TLS": "IDENTIFIED BY '' REQUIRE SSL",
}


@pytest.mark.parametrize("identified", REFUSED_ACCOUNTS.values(), ids=REFUSED_ACCOUNTS)
async def test_an_account_that_is_refused_is_away_until_it_is_not(
    identified: str, make_app: MakeApp, db: TestDatabase
) -> None:
    url = await account(db, "narrow", identified)
    app, headers = await start(make_app, url)
    all_are(await ask(app, headers), AWAY)
    (found,) = await examine(url)
    assert (found.about, found.level) == ("database", "error")
    await account(db, "narrow", "IDENTIFIED BY '' REQUIRE NONE ACCOUNT UNLOCK")
    assert [answer.status_code for answer in await ask(app, headers, writes=False)] == [200, 201, 401]


async def test_an_account_that_is_locked_while_the_server_runs(make_app: MakeApp, db: TestDatabase) -> None:
    app, headers = await start(make_app, await account(db, "narrow", "IDENTIFIED BY ''"))
    assert (await app.client.get("/proposals", headers=headers)).status_code == 200
    await db.sql("ALTER USER 'narrow'@'127.0.0.1' ACCOUNT LOCK")
    await kill(db, "narrow")
    all_are(await ask(app, headers), AWAY)
    await db.sql("ALTER USER 'narrow'@'127.0.0.1' ACCOUNT UNLOCK")
    assert (await app.client.get("/proposals", headers=headers)).status_code == 200


async def test_commands_end_with_a_line_for_an_account_that_is_refused(
    tmp_path: Path, db: TestDatabase
) -> None:
    site = Site(tmp_path, url=await account(db, "narrow", REFUSED_ACCOUNTS["by the socket"]))
    for words in (("doctor", "--db"), ("db", "check"), ("db", "indexes")):
        done = await asyncio.to_thread(site.run, *words, "--config", str(site.config))
        assert "Traceback" not in done.stderr + done.stdout, words
        assert done.returncode == 3, (words, done.stderr)


@pytest.mark.parametrize("password", ["Grün7", "pa€ss", "pásswörd—ż", "p@ss:w/ord?#%1"])
async def test_a_password_of_any_letters(password: str, make_app: MakeApp, db: TestDatabase) -> None:
    await account(db, "narrow", f"IDENTIFIED BY '{password}'")
    app, headers = await start(make_app, as_account(db.url, "narrow", password))
    assert (await app.client.get("/proposals", headers=headers)).status_code == 200
    answer = await app.client.post("/user/sign", json={"validity": "/x"}, headers=headers)
    assert answer.status_code == 200


async def test_an_account_that_may_only_read(make_app: MakeApp, db: TestDatabase) -> None:
    url = await account(db, "narrow", "IDENTIFIED BY ''", "SELECT")
    app, headers = await start(make_app, url)
    with capture_logs() as logs:
        answers = await ask(app, headers)
    assert [answer.status_code for answer in answers[:3]] == [200, 201, 401]
    all_are(answers[3:], DENIED)
    assert not [line for line in logs if "exc_info" in line]
    told = [line["error"] for line in logs if line["event"] == "database account lacks a privilege"]
    assert len(told) == len(WRITES)
    (grants,) = [one for one in await examine(url) if one.about == "grants"]
    assert (grants.level, "lacks INSERT on " in grants.says) == ("error", True)


async def test_an_account_that_may_no_longer_read_a_table(make_app: MakeApp, db: TestDatabase) -> None:
    url = await account(db, "narrow", "IDENTIFIED BY ''", "SELECT")
    app, headers = await start(make_app, url)
    assert (await app.client.get("/dewars/1", headers=headers)).status_code == 200
    await db.sql("REVOKE ALL PRIVILEGES ON `union`.* FROM 'narrow'@'127.0.0.1'")
    for (name,) in await db.sql("SHOW TABLES"):
        if name != "Dewar":
            await db.sql(f"GRANT SELECT ON `union`.`{name}` TO 'narrow'@'127.0.0.1'")
    await kill(db, "narrow")  # a connection keeps what it may do to the database it uses
    all_are([await app.client.get("/dewars/1", headers=headers)], DENIED)
    await db.sql("GRANT SELECT (dewarId) ON `union`.`Dewar` TO 'narrow'@'127.0.0.1'")
    all_are([await app.client.get("/dewars/1", headers=headers)], DENIED)
    assert (await app.client.get("/proposals", headers=headers)).status_code == 200


# Servers


@pytest.mark.parametrize(
    "options", [["--log-bin=bin", "--server-id=7", "--binlog-format=STATEMENT"]], ids=["binlog"]
)
async def test_a_server_that_logs_statements_takes_writes(make_app: MakeApp, db: TestDatabase) -> None:
    app, headers = await start(make_app, db.url)
    answers = await ask(app, headers)
    wanted = [200, 201, 401, *(status for *_, status in WRITES)]
    assert [answer.status_code for answer in answers] == wanted
    (found,) = [one for one in await examine(db.url) if one.about == "binary log"]
    assert found.level == "warning"


async def test_a_server_that_only_reads(make_app: MakeApp, db: TestDatabase, server: mariadb.Server) -> None:
    url = await account(db, "narrow", "IDENTIFIED BY ''")
    await db.sql("SET GLOBAL read_only = 1")
    try:
        app, headers = await start(make_app, url)
        answers = await ask(app, headers)
        found = {one.about: one for one in await examine(url)}
    finally:
        await db.sql("SET GLOBAL read_only = 0")
    assert [answer.status_code for answer in answers[:3]] == [200, 201, 401]
    all_are(answers[3:], REFUSED)
    assert found["writes"].says.startswith("the server only reads")


LIMITS = (
    "SET GLOBAL max_join_size=10, GLOBAL group_concat_max_len=16, GLOBAL sql_select_limit=2, "
    "GLOBAL sql_safe_updates=1, GLOBAL foreign_key_checks=0"
)


@pytest.mark.parametrize("options", [["--loose-own-server"]], ids=["own"])
async def test_a_session_does_not_go_by_the_limits_of_its_server(make_app: MakeApp, db: TestDatabase) -> None:
    await db.sql(LIMITS)
    app, headers = await start(make_app, db.url)
    numbers = [f"{number:04}" for number in range(1000, 1030)]
    async with app.starbeam.database.transaction() as session:
        session.add_all(Proposal(personId=1, proposalCode="mx", proposalNumber=one) for one in numbers)
    answer = await app.client.get("/proposals?limit=100", headers=headers)
    assert (answer.json()["total"], len(answer.json()["results"])) == (31, 31)
    async with app.starbeam.database.read() as connection:
        joined = await connection.exec_driver_sql(
            "SELECT GROUP_CONCAT(proposalNumber ORDER BY proposalNumber) FROM Proposal"
            " WHERE LENGTH(proposalNumber) = 4"
        )
        assert joined.scalar() == ",".join(numbers)
    assert [answer.status_code for answer in (await ask(app, headers))[3:]] == [one for *_, one in WRITES]
    async with app.starbeam.database.transaction() as session:  # no key in the condition
        removed = await (await session.connection()).exec_driver_sql(
            "DELETE FROM Proposal WHERE LENGTH(proposalNumber) = 4"
        )
        assert removed.rowcount == 30


@pytest.mark.parametrize("options", [["--max-connections=10"]], ids=["ten"])
async def test_a_server_without_a_connection_left(make_app: MakeApp, db: TestDatabase) -> None:
    """Clients that each want one, of a server that has ten."""
    app, headers = await start(make_app, db.url)

    async def client() -> list[int]:
        return [(await app.client.get("/proposals", headers=headers)).status_code for _ in range(5)] + [
            (await app.client.patch("/dewars/1", json={"code": "E"}, headers=headers)).status_code
        ]

    statuses = {one for some in await asyncio.gather(*(client() for _ in range(24))) for one in some}
    assert statuses <= {200, 503}
    assert 200 in statuses


# Cuts


async def kill(db: TestDatabase, user: str = "root") -> None:
    """End all connections of an account but this one."""
    query = "SELECT id FROM information_schema.processlist WHERE user = :user AND id <> CONNECTION_ID()"
    for (number,) in await db.sql(query, user=user):
        with suppress(DBAPIError):  # it ended meanwhile
            await db.sql(f"KILL {number}")


class Proxy:
    """Between the server and its database: a firewall that forgets, which neither of them is told."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._forgotten = 0
        self._number = 0

    def forget(self) -> None:
        """Reset every connection that is open now when it is next used."""
        self._forgotten = self._number

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._number += 1
        number = self._number
        there, onward = await asyncio.open_connection("127.0.0.1", self._port)

        async def pass_on(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            while (data := await source.read(65536)) and number > self._forgotten:
                sink.write(data)
            onward.transport.abort()
            writer.transport.abort()

        try:
            await asyncio.gather(pass_on(reader, onward), pass_on(there, writer))
        finally:
            onward.transport.abort()
            with suppress(OSError):
                await onward.wait_closed()


async def fill(app: TestApp, headers: dict[str, str], number: int = 12) -> None:
    """Open that many connections for reads."""
    await asyncio.gather(*(app.client.get("/proposals", headers=headers) for _ in range(number)))


async def test_after_a_cut_every_request_is_answered(make_app: MakeApp, db: TestDatabase) -> None:
    app, headers = await start(make_app, await account(db, "narrow", "IDENTIFIED BY ''"))
    statuses = []
    for _ in range(3):
        await fill(app, headers)
        await kill(db, "narrow")
        statuses += [answer.status_code for answer in await ask(app, headers, writes=False)]
        await fill(app, headers)
        await kill(db, "narrow")
        statuses += [(await app.client.get("/proposals", headers=headers)).status_code for _ in range(6)]
    assert statuses == [200, 201, 401, *[200] * 6] * 3


async def test_after_a_cut_that_nobody_was_told_of(
    make_app: MakeApp, db: TestDatabase, server: mariadb.Server
) -> None:
    proxy = Proxy(server.port)
    async with listening(proxy) as port:
        app, headers = await start(make_app, db.url.replace(str(server.port), str(port)))
        for _ in range(3):
            await fill(app, headers)
            await app.client.patch("/dewars/1", json={"code": "E"}, headers=headers)
            proxy.forget()
            answers = [await app.client.get("/proposals", headers=headers) for _ in range(12)]
            answers.append(await app.client.patch("/dewars/1", json={"code": "F"}, headers=headers))
            assert [answer.status_code for answer in answers] == [200] * 13


async def test_a_write_waits_for_a_paused_server_no_longer_than_it_should(
    make_app: MakeApp, db: TestDatabase, server: mariadb.Server
) -> None:
    """Its pooled connection, and then a new one."""
    app, headers = await start(make_app, db.url, **{"database.statement_timeout": 0.5})
    assert (await app.client.patch("/dewars/1", json={"code": "E"}, headers=headers)).status_code == 200
    server.pause()
    try:
        async with asyncio.timeout(app.starbeam.database.patience + 5):  # the machine may be busy
            all_are([await app.client.patch("/dewars/1", json={"code": "F"}, headers=headers)], AWAY)
    finally:
        server.resume()
    assert (await app.client.patch("/dewars/1", json={"code": "G"}, headers=headers)).status_code == 200
