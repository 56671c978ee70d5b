"""A thousand requests with tokens that are good for nothing, and with good ones where they are not."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from plugins.tokens.conftest import PLUGINS, SETTINGS, Headers, bearer, machine, script
from starbeam_testing.app import Statements, TestApp
from starbeam_testing.fixtures import AsUser, MakeApp
from starbeam_tokens import spelling
from support.answers import INVALID_TOKEN, refused, said
from support.world import NOW, PEOPLE, PERMISSIONS

pytestmark = pytest.mark.anyio

LETTERS = "abcXYZ019_-"
READ = "/sessions"


def token_of(headers: Headers) -> str:
    """The token in a header."""
    return headers["Authorization"].removeprefix("Bearer ")


def bent(good: str, chance: random.Random) -> Iterator[str]:
    """Tokens that are nearly this one: cut, lengthened, with a letter changed or two swapped, each as it is
    and with letters that check the rest, of another id, with a secret that was guessed."""
    token_id = good.split("_")[1]
    for at in range(1, len(good)):
        yield good[:at]
        other = chance.choice([letter for letter in LETTERS if letter != good[at]])
        changed = good[:at] + other + good[at + 1 :]
        yield changed
        if 15 <= at < len(good) - 6:
            yield spelling.checked(changed[:-6])
            yield spelling.checked(good[:at] + good[at + 1 : -6])
            yield spelling.checked(good[:at] + other + good[at:-6])
            yield from (spelling.checked(good[:at] + one + good[at + 1 : -6]) for one in "bZ5_-")
            yield spelling.checked(good[:at] + good[at:-6][::-1])
        if good[at] != good[at - 1]:
            yield good[: at - 1] + good[at] + good[at - 1] + good[at + 1 :]
    for prefix in (spelling.MACHINE, spelling.PERSON, spelling.REFRESH):
        for _ in range(60):
            yield spelling.new_token(prefix, spelling.new_id())
            yield spelling.new_token(prefix, token_id)
    yield from (good.upper(), good.swapcase(), good + "A", "A" + good, good * 2, good.replace("_", "-"))
    yield from (good.replace("sbm_", ""), good.replace("sbm_", "sbp_"), good.replace("sbm_", "sbr_"))
    yield from (f"{good}.{good}.{good}", "sbm_", "sbm_" + "A" * 9000, good[:-6] + "000000", "sbm_" + token_id)


async def test_nearly_a_token_is_none(app: TestApp, boss: Headers) -> None:
    """More than eight hundred, refused with one sentence; few of them reach the database."""
    good = token_of(await machine(app, boss))
    sent = sorted({*bent(good, random.Random(7))} - {good})
    assert len(sent) > 800
    with Statements(app) as statements:
        found = [said(await app.client.get(READ, headers=bearer(token))) for token in sent]
    let_in = [token for token, answer in zip(sent, found, strict=True) if answer != INVALID_TOKEN]
    assert let_in == []
    assert len(statements) < 200
    assert (await app.client.get(READ, headers=bearer(good))).status_code == 200


async def test_a_token_is_good_in_its_header_only(app: TestApp, boss: Headers) -> None:
    good = token_of(await machine(app, boss))
    for name, value in (
        *(("Authorization", f"{scheme} {good}") for scheme in ("Basic", "Token", "access_token", "")),
        *(("Cookie", f"{name}={good}") for name in ("starbeam_session", "token", "access_token")),
        *(("X-API-Key", good), ("X-Auth-Token", good), ("Token", good)),
    ):
        assert (await app.client.get(READ, headers={name: value})).status_code == 401, name
    for query in ("token", "onetime", "access_token", "api_key"):
        assert (await app.client.get(READ, params={query: good})).status_code == 401, query


async def test_a_token_is_taken_over_tls_only(make_app: MakeApp, as_user: AsUser) -> None:
    """A proxy of ours says whether it is TLS; what others write counts for nothing."""
    app = await make_app(*PLUGINS, **SETTINGS, **{"server.trusted_proxies": ["10.9.0.0/16"]})
    good = await machine(app, await as_user(app, "boss", "manage_tokens"))
    plain = refused(403, "Tokens are taken over TLS only")
    for host, forwarded, wanted in (
        ("127.0.0.1", {}, 200),
        ("10.1.1.1", {}, plain),
        ("10.1.1.1", {"X-Forwarded-Proto": "https"}, plain),
        ("10.1.1.1", {"X-Forwarded-For": "127.0.0.1"}, plain),
        ("10.9.0.1", {"X-Forwarded-For": "10.1.1.1", "X-Forwarded-Proto": "http"}, plain),
        ("10.9.0.1", {"X-Forwarded-For": "10.1.1.1", "X-Forwarded-Proto": "https"}, 200),
    ):
        transport = httpx.ASGITransport(app=app.starbeam.asgi, client=(host, 50123))
        async with httpx.AsyncClient(transport=transport, base_url=app.client.base_url) as client:
            answer = await client.get(READ, headers={**good, **forwarded})
        found = answer.status_code if wanted == 200 else said(answer)
        assert found == wanted, (host, forwarded)


def dead(app: TestApp) -> list[tuple[dict[str, Any], str]]:
    """What is changed of a token, or of its person, so that it is dead."""
    hour = timedelta(hours=1)
    return [
        ({"expires": NOW - hour}, ""),
        ({"expires": NOW}, ""),
        ({"notBefore": NOW + hour}, ""),
        ({"revokedAt": NOW}, ""),
        ({"secretHash": "0" * 64}, ""),
        ({"personId": 999_999}, ""),
        ({}, "DELETE FROM StarbeamToken"),
        ({}, "UPDATE StarbeamToken SET formerHash = secretHash, secretHash = 'x'"),
    ]


async def test_a_token_that_ended_is_none(app: TestApp, boss: Headers) -> None:
    """In each way, whichever token it was; `held` reads them as another worker would."""
    held = app.starbeam.plugins.manager.get_plugin("tokens")._made.held
    for number, (columns, statement) in enumerate(dead(app)):
        headers = await machine(app, boss, name=f"token{number}")
        assert (await app.client.get(READ, headers=headers)).status_code == 200
        for name, value in columns.items():
            await app.database.sql(f"UPDATE StarbeamToken SET {name} = :value", value=value)
        if statement:
            await app.database.sql(statement)
        await held.reload()
        assert said(await app.client.get(READ, headers=headers)) == INVALID_TOKEN, (columns, statement)


async def test_no_token_opens_what_is_for_people(app: TestApp, boss: Headers) -> None:
    """Every operation of this app with every kind of token: those that write, and those that manage."""
    administrator = app.token("administrator", PEOPLE["administrator"], *PERMISSIONS["administrator"])
    every = ["read", "record", "process", "samples", "ship", "em"]
    tokens = {
        "machine": await machine(app, boss, scopes=every),
        "reader": await machine(app, boss, name="reader"),
        "script": await script(app, administrator, scopes=every),
        "narrow": await script(app, administrator, name="narrow", scopes=["ship"], proposals=["bl7"]),
    }
    opened = {}
    for operation in operations(app):
        method, path = operation.split(" ")
        for name, headers in tokens.items():
            answer = await app.client.request(method, path.replace("{", "").replace("}", ""), headers=headers)
            if answer.status_code != 403:
                opened.setdefault(operation, set()).add(name)
    ships, others = {"machine", "script", "narrow"}, {"machine", "script"}
    writes = {operation: who for operation, who in opened.items() if not operation.startswith("GET")}
    assert writes == {
        f"{method} /{what}": ships
        for what in ("labcontacts", "shippings", "dewars", "containers")
        for method, what in (("POST", what), ("PATCH", f"{what}/{{{KEYS[what]}}}"))
    } | {
        "PATCH /sessions/{sessionId}": others,
        "POST /containers/{containerId}/samples": others,
        "POST /samples": others,
        "PATCH /samples/{blSampleId}": others,
        "POST /proteins": others,
        "PATCH /proteins/{proteinId}": others,
    }
    managing = ("/options", "/admin", "/tokens", "/auth", "/user/sign")
    reads = {operation.removeprefix("GET ") for operation in opened.keys() - writes.keys()}
    assert {path for path in reads if path.startswith(managing)} == {"/tokens/current"}
    narrow = {operation for operation, who in opened.items() if "narrow" in who}
    elsewhere = ("/labcontacts", "/shippings", "/dewars", "/containers", "/user/current", "/tokens/current")
    assert [one for one in narrow if not one.split(" ")[1].startswith(elsewhere)] == []


KEYS = {
    "labcontacts": "labContactId",
    "shippings": "shippingId",
    "dewars": "dewarId",
    "containers": "containerId",
}


def operations(app: TestApp) -> list[str]:
    """All operations that are not public, by method and path."""
    from starbeam.registry import operations_of

    root = app.starbeam.settings.server.api_root
    return [
        f"{one.method} {one.path.removeprefix(root)}"
        for one in operations_of(app.starbeam.asgi)
        if one.path.startswith(root + "/") and not one.handler.opt["access"].public
    ]


async def test_a_token_of_another_server_is_none(app: TestApp, boss: Headers) -> None:
    """With a good id and good letters that check it: the secret decides."""
    await machine(app, boss)
    (row,) = (await app.client.get("/tokens", headers=boss)).json()["results"]
    for _ in range(20):
        foreign = spelling.new_token(spelling.MACHINE, row["tokenId"])
        assert said(await app.client.get(READ, headers=bearer(foreign))) == INVALID_TOKEN


async def test_tokens_are_hidden_in_whatever_is_logged() -> None:
    from starbeam.settings.secrets import mask_text

    for prefix in (spelling.MACHINE, spelling.PERSON, spelling.REFRESH):
        token = spelling.new_token(prefix, spelling.new_id())
        assert mask_text(f"GET /x {token} failed") == "GET /x ******** failed"
