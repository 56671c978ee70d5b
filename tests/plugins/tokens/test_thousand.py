"""A thousand requests with tokens that are not good for them, of all kinds together: none gets in."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import jwt
import pytest

from plugins.auth_keycloak.test_login import forgeries
from plugins.tokens.conftest import PLUGINS, SETTINGS, Headers, bearer, machine, script
from plugins.tokens.test_attacks import bent, operations, token_of
from plugins.tokens.test_issuers import OF_PEOPLE, claims_of, issuer, of_client, of_person
from plugins.tokens.test_issuers import REFUSED as NOT_TAKEN
from starbeam_testing.app import TestApp
from starbeam_testing.fixtures import SECRET, MakeApp
from starbeam_tokens import spelling
from starbeam_tokens.refresh import StoredRefresh
from starbeam_tokens.settings import TokensSettings
from support import world
from support.oidc import Realm
from support.world import PEOPLE, PERMISSIONS
from support.world.tokens import unwritten

pytestmark = pytest.mark.anyio

REFUSED = {401, 403, 429}
"""429: addresses that fail too often are refused unheard."""
OTHER_SECRET = "f3b1c94e7a6d5820" * 3
OPEN = {"/user/current", "/tokens/current"}
"""What every token opens: who it is."""
NARROW = ("/labcontacts", "/shippings", "/dewars", "/containers")
"""What a token for shipping opens."""


class Attack(NamedTuple):
    """A request, with what makes it one."""

    kind: str
    method: str
    path: str
    headers: Headers
    body: Any = None


class Good(NamedTuple):
    """What is good for something, or was."""

    machine: str
    script: str
    dead: list[str]
    refresh: str
    ended: list[str]


class OfMachine(Realm):
    """A provider that gives tokens to the client `mxcube` for itself."""

    def claims(self, **changed: Any) -> dict[str, Any]:
        """As it gives them to people, but for what is another."""
        return super().claims(**{**claims_of("mxcube"), **changed})


@pytest.fixture
def realm() -> Iterator[Realm]:
    realm = OfMachine()
    yield realm
    realm.close()


@pytest.fixture
async def app(make_app: MakeApp, tmp_path: Any, realm: Realm) -> TestApp:
    """The app, behind a proxy that says who the client is: each guesses from an address of its own."""
    settings = {**SETTINGS, "server.trusted_proxies": ["127.0.0.1"], **issuer(realm, persons=False)}
    found = await make_app(*PLUGINS, **settings, **{"plugin.tokens.allow_http": True})
    await world.build(found.database, tmp_path, "ispyb", "proposals", "samples", "admin")
    await world.enter(found)
    return found


async def good_ones(app: TestApp, boss: Headers) -> Good:
    """Tokens that work, and some that did: revoked, replaced, of who is gone, of log-ins that ended."""
    staff, gone = app.token("staff", PEOPLE["staff"]), app.token("gone", await app.database.person("gone"))
    revoked, replaced = await machine(app, boss, name="revoked"), await machine(app, boss, name="replaced")
    of_gone = await script(app, gone, scopes=["read", "ship"])
    for row in (await app.client.get("/tokens", headers=boss)).json()["results"]:
        if row["name"] == "revoked":
            await app.client.delete(f"/tokens/{row['tokenId']}", headers=boss)
        if row["name"] == "replaced":
            path = f"/tokens/{row['tokenId']}/rotate"
            await app.client.post(path, headers=boss, json={"graceHours": 0})
    refresh, over, of_nobody = [await log_in(app, login) for login in ("staff", "staff", "gone")]
    await app.client.post("/auth/logout", json={"refreshToken": over})
    await app.database.sql("DELETE FROM Person WHERE login = 'gone'")
    ships = await script(app, staff, scopes=["ship"])
    every = ["read", "record", "process", "samples", "ship", "em"]
    good = await machine(app, boss, scopes=every)
    await app.starbeam.plugins.manager.get_plugin("tokens")._made.held.reload()
    dead = [token_of(one) for one in (revoked, replaced, of_gone)]
    return Good(token_of(good), token_of(ships), dead, refresh, [over, of_nobody])


async def log_in(app: TestApp, login: str) -> str:
    """The refresh token of a log-in."""
    body = {"plugin": "dummy", "login": login, "password": "x"}
    answer = await app.client.post("/auth/login", json=body)
    refresh: str = answer.json()["refreshToken"]
    return refresh


def attacks(app: TestApp, good: Good, realm: Realm, chance: random.Random) -> Iterator[Attack]:
    """All of them."""
    known = [one.split(" ") for one in operations(app)]
    reads = [path for method, path in known if method == "GET"]
    for token in sorted({*bent(good.machine, chance), *bent(good.script, chance)}):
        if token not in (good.machine, good.script):
            yield Attack("bent", "GET", plain(chance.choice(reads)), bearer(token))
    for token in good.dead:
        yield from (Attack("dead", method, plain(path), bearer(token), {}) for method, path in known)
    for token in foreign(good):
        for method, path in chance.sample(known, 20):
            yield Attack("of another server", method, plain(path), bearer(token), {})
    yield from elsewhere(known, good)
    yield from of_log_ins(reads, good, chance)
    yield from of_a_provider(reads, realm, chance)


def elsewhere(known: list[list[str]], good: Good) -> Iterator[Attack]:
    """Tokens that are good for something else."""
    for method, path in known:
        if path.startswith(("/admin", "/options", "/user/sign")) or path in {"/tokens", "/tokens/own"}:
            for token in (good.machine, good.script):
                yield Attack("on people's routes", method, plain(path), bearer(token), {})
        if not path.startswith(NARROW) and path not in OPEN:
            yield Attack("narrowed, elsewhere", method, plain(path), bearer(good.script), {})


def of_log_ins(reads: list[str], good: Good, chance: random.Random) -> Iterator[Attack]:
    """Refresh tokens that are none, and good ones as tokens of the API."""
    bent_ones = {*bent_refresh(good.refresh, chance)} - {good.refresh}
    for token in (*sorted(bent_ones), *good.ended, good.machine, good.script, *foreign(good)):
        yield Attack("refresh", "POST", "/auth/refresh", {}, {"refreshToken": token})
    for token in (good.refresh, *good.ended, *sorted(bent_ones)[:50]):
        for path in chance.sample(reads, 5):
            yield Attack("refresh token as token", "GET", plain(path), bearer(token))


def of_a_provider(reads: list[str], realm: Realm, chance: random.Random) -> Iterator[Attack]:
    """What a provider did not sign, signed for others, or signed for a person who sends it as a machine."""
    sent = [token for name, token in forgeries(realm).items() if token.isascii() and "blank" not in name]
    for headers in (
        *map(bearer, sent),
        *(of_client(realm, **changed) for changed in NOT_TAKEN.values()),
        *(
            of_person(realm, **{"azp": "mxcube", "client_id": ..., **changed})
            for changed in OF_PEOPLE.values()
        ),
    ):
        for path in chance.sample(reads, 3):
            yield Attack("of a provider", "GET", plain(path), headers)


def plain(path: str) -> str:
    """A path with the key 1."""
    return "".join("1" if "{" in part else part for part in path.replace("/", " / ").split(" "))


def foreign(good: Good) -> list[str]:
    """What a server with another key makes: of this one's ids, too."""
    now = int(time.time())
    claims = {
        "login": "administrator",
        "personId": PEOPLE["administrator"],
        "permissions": PERMISSIONS["administrator"],
        "iat": now,
        "exp": now + 10_000,
    }
    family = good.refresh.split("_")[1]
    other = StoredRefresh(OTHER_SECRET, TokensSettings(), unwritten)
    return [
        jwt.encode(claims, OTHER_SECRET, "HS256"),
        jwt.encode({**claims, "aud": "refresh", "use": "refresh"}, SECRET, "HS256"),
        spelling.new_token(spelling.MACHINE, good.machine.split("_")[1]),
        spelling.new_token(spelling.PERSON, good.script.split("_")[1]),
        *(other.token(family, counter) for counter in range(4)),
    ]


def bent_refresh(good: str, chance: random.Random) -> Iterator[str]:
    """Refresh tokens that are nearly this one: cut, with a letter changed, of another number or log-in."""
    for at in range(1, len(good)):
        other = chance.choice("abcXYZ019_-")
        yield good[:at]
        yield spelling.checked(good[:at] + other + good[at + 1 : -6])
    _, family, _, secret = good.split("_", 3)
    for number in (0, 2, 3, 10**8):
        yield spelling.checked(f"sbr_{family}_{number}_{secret[:-6]}")
    for _ in range(20):
        yield spelling.checked(f"sbr_{spelling.new_id(16)}_1_{secret[:-6]}")


async def in_(app: TestApp, attack: Attack, number: int) -> bool:
    """Whether an attack is answered with anything but a refusal."""
    headers = {**attack.headers, "X-Forwarded-For": f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"}
    answer = await app.client.request(attack.method, attack.path, headers=headers, json=attack.body)
    return answer.status_code not in REFUSED


async def none_gets_in(app: TestApp, boss: Headers, realm: Realm, most_bent: int = 0) -> int:
    """Send them, or only as many of those that are bent; how many there were."""
    good, chance = await good_ones(app, boss), random.Random(28)
    found = list(attacks(app, good, realm, chance))
    assert len({one.kind for one in found}) == 8
    if most_bent:
        few = chance.sample([one for one in found if one.kind == "bent"], most_bent)
        found = [*few, *(one for one in found if one.kind != "bent")]
    let_in = [one for number, one in enumerate(found) if await in_(app, one, number)]
    assert [(one.kind, one.method, one.path) for one in let_in] == []
    for headers in (bearer(good.machine), bearer(good.script), of_client(realm)):
        assert (await app.client.get("/tokens/current", headers=headers)).status_code == 200
    refreshed = await app.client.post("/auth/refresh", json={"refreshToken": good.refresh})
    assert refreshed.status_code == 200
    return len(found)


async def test_none_of_a_thousand_gets_in(app: TestApp, boss: Headers, realm: Realm) -> None:
    assert await none_gets_in(app, boss, realm, 200) > 1_000


@pytest.mark.long
async def test_none_of_all_gets_in(app: TestApp, boss: Headers, realm: Realm) -> None:
    assert await none_gets_in(app, boss, realm) > 2_500
