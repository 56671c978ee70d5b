"""The way to the directory: TLS, servers that are down, and servers that hang."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx
import pytest
from structlog.testing import capture_logs

from starbeam_auth_ldap.backend import THREADS
from starbeam_auth_ldap.directory import AWAY
from starbeam_testing.app import TestApp
from support.answers import NOT_VERIFIED, Said, refused, said
from support.processes import free_port
from support.slapd import PEOPLE, SERVICE_DN, Slapd, make_certificates

pytestmark = pytest.mark.anyio

LdapApp = Callable[..., Awaitable[TestApp]]


@pytest.fixture
def down() -> str:
    """The address of a server that is down."""
    return f"ldap://127.0.0.1:{free_port()}"


class Silent:
    """A server that accepts connections and says nothing, until it hangs up."""

    def __init__(self) -> None:
        self.port = 0
        self.asked = 0
        self.hangs_up = asyncio.Event()

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Keep a client waiting."""
        self.asked += 1
        await self.hangs_up.wait()
        writer.close()


@pytest.fixture
async def silent() -> AsyncIterator[Silent]:
    server = Silent()
    async with await asyncio.start_server(server.meet, "127.0.0.1", 0) as listening:
        server.port = listening.sockets[0].getsockname()[1]
        yield server
        server.hangs_up.set()


@pytest.fixture
async def hanging_up() -> AsyncIterator[str]:
    """The address of a server that hangs up at the first word."""

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        yield f"ldap://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def log_in(app: TestApp, login: str = "odd", password: str = "right") -> Said:
    await app.database.person(login)
    body = {"plugin": "ldap", "login": login, "password": password}
    return said(await app.client.post("/auth/login", json=body))


async def gets_in(app: TestApp) -> bool:
    status, body = await log_in(app)
    assert status == 201 or (status, body) == refused(503, AWAY)
    return status == 201


@pytest.mark.fix(169)
async def test_ldaps_and_start_tls_check_the_certificate(
    ldap_app: LdapApp, slapd: Slapd, tmp_path: Path
) -> None:
    make_certificates(tmp_path)
    strangers = str(tmp_path / "ca.pem")
    for uri in (slapd.tls_uri, slapd.uri):
        assert await gets_in(await ldap_app(uri=uri))
        assert not await gets_in(await ldap_app(uri=uri, ca_file=strangers))
        assert not await gets_in(await ldap_app(uri=uri, ca_file=""))
        assert not await gets_in(await ldap_app(uri=uri.replace("127.0.0.1", "localhost")))


@pytest.mark.fix(169)
async def test_nothing_is_sent_before_tls(ldap_app: LdapApp, slapd: Slapd) -> None:
    start = len(slapd.log)
    assert not await gets_in(await ldap_app(uri=slapd.uri, ca_file=""))
    assert "STARTTLS" in slapd.log[start:]
    assert "BIND dn" not in slapd.log[start:]
    assert await gets_in(await ldap_app(uri=slapd.uri, start_tls=False, ca_file=""))
    assert "bind_ssf=0 ssf=0" in slapd.log[start:]


@pytest.mark.fix(34)
async def test_the_next_server_is_asked(ldap_app: LdapApp, slapd: Slapd, down: str, hanging_up: str) -> None:
    app = await ldap_app(uri=f"{down} {hanging_up} {slapd.tls_uri}")
    with capture_logs() as lines:
        assert await gets_in(app)
        assert await log_in(app, password="wrong") == NOT_VERIFIED
    failed = [line["server"] for line in lines if line["event"] == "directory does not answer"]
    assert failed == [down[7:], hanging_up[7:]], "the second log-in starts with the server that answered"


@pytest.mark.fix(34)
async def test_a_refusal_is_final(ldap_app: LdapApp, slapd: Slapd) -> None:
    app = await ldap_app(uri=f"{slapd.uri} {slapd.tls_uri}")
    start = slapd.log.count("ACCEPT")
    assert await log_in(app, password="wrong") == NOT_VERIFIED
    assert slapd.log.count("ACCEPT") == start + 1


@pytest.mark.fix(34)
async def test_all_servers_down_is_503(ldap_app: LdapApp, down: str, hanging_up: str) -> None:
    app = await ldap_app(uri=f"{down} {hanging_up}")
    assert await log_in(app) == refused(503, AWAY)
    answer = await app.client.post("/auth/login", json={"plugin": "ldap", "login": "odd", "password": "x"})
    assert answer.headers["retry-after"]


def trying(app: TestApp, number: int) -> list[asyncio.Task[httpx.Response]]:
    """So many people who log in at once."""
    bodies = [{"plugin": "ldap", "login": f"odd{one}", "password": "x"} for one in range(number)]
    return [asyncio.create_task(app.client.post("/auth/login", json=body)) for body in bodies]


@pytest.mark.parametrize("scheme", ["ldap", "ldaps"])
async def test_a_silent_server_stops_nothing_else(ldap_app: LdapApp, silent: Silent, scheme: str) -> None:
    app = await ldap_app(uri=f"{scheme}://127.0.0.1:{silent.port}")
    waiting = trying(app, 3 * THREADS)
    while silent.asked < THREADS:  # noqa: ASYNC110 - a test's patience ends with its time-out
        await asyncio.sleep(0.01)
    answer = await app.client.get(httpx.URL("http://testserver.local/health/live"))
    assert answer.status_code == 200
    assert not any(task.done() for task in waiting)
    silent.hangs_up.set()
    assert [said(answer) for answer in await asyncio.gather(*waiting)] == [refused(503, AWAY)] * len(waiting)


async def test_nobody_waits_in_vain_for_a_silent_server(ldap_app: LdapApp, silent: Silent) -> None:
    """After one time-out for the server and one more: who has had no turn until then does not ask it."""
    app = await ldap_app(uri=f"ldap://127.0.0.1:{silent.port}", timeout=1)
    answers = await asyncio.gather(*trying(app, 10 * THREADS))
    assert [said(answer) for answer in answers] == [refused(503, AWAY)] * len(answers)
    assert THREADS <= silent.asked <= 5 * THREADS


async def test_a_silent_server_is_passed_over(ldap_app: LdapApp, slapd: Slapd, silent: Silent) -> None:
    app = await ldap_app(uri=f"ldap://127.0.0.1:{silent.port} {slapd.uri}", timeout=3)
    for _ in range(2):
        assert await gets_in(app)
    assert silent.asked == 1, "it is not asked first again"


async def test_a_wrong_service_account_is_nobodys_fault_but_ours(ldap_app: LdapApp) -> None:
    app = await ldap_app(base=PEOPLE, service_dn=SERVICE_DN, service_password="wrong")
    with capture_logs() as lines:
        assert await log_in(app) == refused(503, AWAY)
    assert "service account" in next(line["error"] for line in lines if "server" in line)


async def test_a_wrong_base_is_nobodys_fault_but_ours(ldap_app: LdapApp, searched: dict[str, str]) -> None:
    app = await ldap_app(**{**searched, "base": "ou=nowhere,dc=example,dc=org"})
    assert await log_in(app) == refused(503, AWAY)


async def test_health_says_whether_a_server_can_be_reached(
    ldap_app: LdapApp, slapd: Slapd, down: str
) -> None:
    """The server itself stays ready: whoever is logged in can go on."""
    for uri, sentence in ((f"{down} {slapd.uri}", "ok"), (down, AWAY)):
        app = await ldap_app(uri=uri)
        answer = await app.client.get(httpx.URL("http://testserver.local/health/ready"))
        assert (answer.status_code, answer.json()["checks"]["auth_ldap.ldap"]) == (200, sentence)
        assert "127.0.0.1" not in answer.text
