"""Tickets that hold, and tickets that do not."""

from __future__ import annotations

import time

import pytest
from starbeam_ticket.backend import UNKNOWN, signature

pytestmark = pytest.mark.anyio

SECRET = "c1d9a8e3" * 4
ISSUER = "https://office.example.org/ticket"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def withdrawn(tmp_path):
    """The file of withdrawn tickets."""
    file = tmp_path / "withdrawn"
    file.touch()
    return file


@pytest.fixture
async def app(make_app, withdrawn):
    office = {"use": "ticket", "secret": SECRET, "issuer": ISSUER, "withdrawn": str(withdrawn)}
    app = await make_app("ticket", **{"auth.backends": {"office": office}})
    await app.database.person("abcd")
    return app


def ticket(login: str = "abcd", seconds: int = 60, secret: str = SECRET) -> str:
    expires = int(time.time()) + seconds
    return f"{login}.{expires}.{signature(secret, login, expires)}"


async def log_in(app, token: str | None) -> tuple[int, dict]:
    answer = await app.client.post("/auth/login", json={"plugin": "office", "token": token})
    return answer.status_code, answer.json()


async def test_clients_are_told_where_to_get_a_ticket(app) -> None:
    answer = await app.client.get("/auth/config")
    assert answer.json() == {"plugins": [{"name": "office", "config": {"issuer": ISSUER}}]}


async def test_a_good_ticket_lets_in(app) -> None:
    status, body = await log_in(app, ticket())
    assert (status, body["login"]) == (201, "abcd")


async def test_other_tickets_do_not(app) -> None:
    good = ticket()
    bad = [
        ticket(seconds=-1),
        ticket(secret="another" * 5),
        ticket("nobody"),
        good.replace("abcd", "efgh"),
        good[:-1],
        good.replace(".", "", 1),
        "abcd",
        "",
        None,
    ]
    assert [(await log_in(app, one))[0] for one in bad] == [401] * len(bad)


async def test_a_withdrawn_ticket_does_not(app, withdrawn) -> None:
    token = ticket()
    backend = app.starbeam.registry.backends["office"]
    withdrawn.write_text(f"{token}\n")
    await backend.read_withdrawn()
    assert (await log_in(app, token))[0] == 401
    withdrawn.unlink()
    await backend.read_withdrawn()
    assert await log_in(app, token) == (503, {"detail": UNKNOWN})
    assert await backend.check() == UNKNOWN
