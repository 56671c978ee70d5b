"""Access tokens of identity providers, sent with every request: whose are taken, and which are not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from plugins.auth_keycloak.test_login import forgeries
from plugins.tokens.conftest import PLUGINS, SETTINGS, Headers, bearer
from plugins.tokens.test_machines import CLOSED, ids
from starbeam.auth import oidc
from starbeam.auth.backends import NotVerified
from starbeam_testing.app import TestApp
from starbeam_testing.fixtures import MakeApp
from starbeam_tokens import behalf
from starbeam_tokens.issuers import IssuingProvider
from support import world
from support.answers import INVALID_TOKEN, Said, refused, said
from support.forging import segment
from support.oidc import CLIENT, Provider, Realm, rsa_key

pytestmark = pytest.mark.anyio

SESSIONS = "/sessions", "sessionId"
NO_ANSWER = refused(503, "The identity provider does not answer. Please try again later.")
UNKNOWN = refused(401, "User does not exist in database.")
MACHINE = {"scopes": ["read", "record"], "beamlines": ["id02", "id03"]}
OURS = "starbeam"
"""This API's name at the provider."""


@pytest.fixture
def realm() -> Iterator[Realm]:
    realm = Realm()
    yield realm
    realm.close()


def issuer(realm: Realm, **more: Any) -> dict[str, Any]:
    """Settings that take the realm's tokens of `mxcube`, and of people."""
    table = {
        "issuer": realm.issuer,
        "audiences": [OURS, "account"],
        "clients": {"mxcube": MACHINE, CLIENT: MACHINE},
        "persons": True,
        **more,
    }
    return {"plugin.tokens.issuers": {"soleil": table}}


async def taking(make_app: MakeApp, folder: Path, settings: dict[str, Any], *plugins: str) -> TestApp:
    """The app on the small world, which takes tokens of issuers."""
    app = await make_app(*PLUGINS, *plugins, **SETTINGS, **settings)
    await world.build(app.database, folder, "ispyb", "proposals", "samples", "admin")
    await world.enter(app)
    return app


@pytest.fixture
async def app(make_app: MakeApp, realm: Realm) -> TestApp:
    """An app with one person, which takes the realm's tokens."""
    return await small(make_app, issuer(realm))


async def small(make_app: MakeApp, settings: dict[str, Any]) -> TestApp:
    """An app with one person."""
    found = await make_app("ispyb", "proposals", "auth_dummy", "tokens", **SETTINGS, **settings)
    await found.database.person("session_member")
    return found


def claims_of(client: str) -> dict[str, Any]:
    """What is particular to what Keycloak gives a client for itself."""
    return {
        "azp": client,
        "client_id": client,
        "clientHost": "10.3.0.1",
        "sub": "8f0c-of-the-account",
        "preferred_username": f"service-account-{client.lower()}",
        "aud": [OURS, "account"],
        **dict.fromkeys(("given_name", "family_name", "email"), ...),
    }


def of_client(realm: Realm, client: str = "mxcube", **changed: Any) -> Headers:
    """What Keycloak gives a client for itself."""
    return bearer(realm.token(**{**claims_of(client), **changed}))


def of_person(realm: Realm, login: Any = "session_member", **changed: Any) -> Headers:
    """What Keycloak gives a page for who logged in."""
    return bearer(realm.token(**{"preferred_username": login, "aud": [OURS], **changed}))


async def asked(app: TestApp, headers: Headers | bytes, path: str = "/user/current") -> Said:
    """An answer to what may be no text."""
    sent: Any = headers if isinstance(headers, dict) else [(b"authorization", b"Bearer " + headers)]
    return said(await app.client.get(path, headers=sent))


# Machines


async def test_a_client_is_its_machine(make_app: MakeApp, tmp_path: Path, realm: Realm) -> None:
    app = await taking(make_app, tmp_path, issuer(realm))
    headers = of_client(realm)
    about = {
        "name": "soleil:mxcube",
        "scopes": ["read", "record"],
        "beamLines": ["id02", "id03"],
        "proposals": [],
        "expires": None,
    }
    assert await asked(app, headers, "/tokens/current") == (200, about)
    assert (await asked(app, headers))[1]["login"] == "token:soleil:mxcube"
    assert await ids(app, headers, *SESSIONS) == [2, 3]
    for session, status in ((1, 404), (2, 200)):
        body = {"comments": "new"}
        answer = await app.client.patch(f"/sessions/{session}", headers=headers, json=body)
        assert answer.status_code == status, answer.text
    for method, path in (("POST", "/shippings"), ("GET", "/admin/groups"), ("GET", "/tokens")):
        assert said(await app.client.request(method, path, headers=headers, json={})) == CLOSED


async def test_a_token_is_good_in_its_header_only(app: TestApp, realm: Realm) -> None:
    token = of_person(realm)["Authorization"].removeprefix("Bearer ")
    for scheme in ("Basic", "Token", "access_token", "DPoP"):
        assert (await asked(app, {"Authorization": f"{scheme} {token}"}))[0] == 401
    for query in ("token", "onetime", "access_token"):
        assert (await app.client.get("/sessions", params={query: token})).status_code in (401, 422)


async def test_what_names_a_client(app: TestApp, realm: Realm) -> None:
    """Keycloak's accounts of old and new, and clients that are the subject themselves."""
    bare = {"preferred_username": ..., "sub": "mxcube"}
    for changed in (
        {"client_id": ..., "clientId": "mxcube"},
        {**bare, "client_id": ...},
        {**bare, "azp": ...},
        {**bare, "typ": ..., "headers": {"typ": "at+jwt"}},
        {"aud": OURS, "client_id": CLIENT, "azp": CLIENT, "preferred_username": f"service-account-{CLIENT}"},
    ):
        assert (await asked(app, of_client(realm, **changed)))[0] == 200, changed


async def test_a_machine_has_the_limits_of_all_machines(
    make_app: MakeApp, tmp_path: Path, realm: Realm
) -> None:
    """Its proposals and networks, its end, the person for whom it works, TLS, the record and the figures."""
    clients = {
        "mxcube": {**MACHINE, "beamlines": ["*"], "proposals": ["mx*"]},
        "far": {**MACHINE, "networks": ["10.3.0.0/16"]},
        "ended": {**MACHINE, "expires": world.NOW},
    }
    more = {"plugin.tokens.require_human": ["record"], "server.metrics_from": ["127.0.0.1"]}
    app = await taking(make_app, tmp_path, {**issuer(realm, clients=clients), **more}, "audit")
    headers = of_client(realm)
    assert await ids(app, headers, *SESSIONS) == [1, 2]
    assert (await asked(app, of_client(realm, "far")))[0] == 403
    assert await asked(app, of_client(realm, "ended")) == INVALID_TOKEN
    body = {"comments": "new"}
    assert (await app.client.patch("/sessions/1", headers=headers, json=body)).status_code == 403
    for login, status in (("stranger", 404), ("nobody", 403), ("session_member", 200)):
        named = {**headers, "Starbeam-For": login}
        assert (await app.client.patch("/sessions/1", headers=named, json=body)).status_code == status, login
    boss = await app.as_user("boss", "view_audit")
    (row,) = (await app.client.get("/admin/audit?table=BLSession", headers=boss)).json()["results"]
    assert [row[name] for name in ("login", "token", "behalf")] == [
        "token:soleil:mxcube",
        "soleil:mxcube",
        "session_member",
    ]
    told = (await app.client.get("http://testserver.local/metrics")).text
    total = "starbeam_token_requests_total"
    assert sorted(line for line in told.splitlines() if line.startswith(f"{total}{{")) == [
        f'{total}{{outcome="refused",token="(unknown)"}} 1.0',
        f'{total}{{outcome="refused",token="soleil:far"}} 1.0',
        f'{total}{{outcome="refused",token="soleil:mxcube"}} 1.0',
        f'{total}{{outcome="taken",token="soleil:mxcube"}} 4.0',
    ]
    transport = httpx.ASGITransport(app=app.starbeam.asgi, client=("10.1.1.1", 50123))
    async with httpx.AsyncClient(transport=transport, base_url=app.client.base_url) as client:
        for sent in (headers, of_person(realm)):
            answer = await client.get("/sessions", headers=sent)
            assert said(answer) == refused(403, "Tokens are taken over TLS only")


# People


async def test_people_are_who_they_are_at_log_in(make_app: MakeApp, tmp_path: Path, realm: Realm) -> None:
    """With the permissions of now; nobody is made."""
    app = await taking(make_app, tmp_path, issuer(realm))
    member = of_person(realm, "Session_Member")
    assert (await asked(app, member))[1]["login"] == "session_member"
    assert await ids(app, member, *SESSIONS) == [1]
    assert (await asked(app, of_person(realm, "administrator"), "/admin/groups"))[0] == 200
    assert (await asked(app, member, "/admin/groups"))[0] == 403
    assert (await asked(app, member, "/tokens/current"))[0] == 404
    ((before,),) = await app.database.sql("SELECT COUNT(*) FROM Person")
    for login in ("nobody", "x" * 5_000, "漢字", "service-account-mxcube"):
        assert await asked(app, of_person(realm, login)) == UNKNOWN, login
    for login in ("", "  ", None, 1, ["session_member"], "session_member\ud800"):
        assert await asked(app, of_person(realm, login)) == INVALID_TOKEN, login
    assert list(await app.database.sql("SELECT COUNT(*) FROM Person")) == [(before,)]


async def test_who_is_gone_is_refused(
    make_app: MakeApp, realm: Realm, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within five seconds, which are less here."""
    assert behalf.AGE == 5
    monkeypatch.setattr(behalf, "AGE", 0.1)
    app = await small(make_app, issuer(realm))
    assert (await asked(app, of_person(realm), "/sessions"))[0] == 200
    await app.database.sql("DELETE FROM Person")
    async with asyncio.timeout(60):
        while (await asked(app, of_person(realm), "/sessions"))[0] == 200:  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.05)
    assert await asked(app, of_person(realm), "/sessions") == UNKNOWN


async def test_people_and_machines_are_taken_where_settings_say(make_app: MakeApp, realm: Realm) -> None:
    machines = await small(make_app, issuer(realm, persons=False, clients={"mxcube": MACHINE}))
    assert (await asked(machines, of_client(realm)))[0] == 200
    for headers in (of_person(realm), of_person(realm, azp="mxcube"), of_client(realm, CLIENT)):
        assert await asked(machines, headers) == INVALID_TOKEN
    people = await small(make_app, issuer(realm, clients={}))
    assert (await asked(people, of_person(realm)))[0] == 200
    assert (await asked(people, of_client(realm)))[0] == 401


# What is refused


NOW = int(time.time())  # clocks may differ by 30 seconds
OF_PEOPLE: dict[str, dict[str, Any]] = {
    "a person's, through a listed client": {},
    "a person's who took the name of an account": {"preferred_username": "service-account-mxcube"},
    "a person's, and the client is another": {
        "preferred_username": "service-account-mxcube",
        "client_id": "other",
    },
    "a person's whose name is the client's": {"preferred_username": "mxcube"},
}
REFUSED: dict[str, dict[str, Any]] = {
    "another audience": {"aud": "other"},
    "no audience": {"aud": ...},
    "the audience is the client": {"aud": "mxcube"},
    "part of the audience": {"aud": [OURS[:-1], OURS + "x", OURS.upper()]},
    "an object as audience": {"aud": {OURS: True}},
    "expired": {"exp": NOW - 31},
    "no end": {"exp": ...},
    "not yet": {"nbf": NOW + 3_600},
    "issued tomorrow": {"iat": NOW + 86_400},
    "another issuer": {"iss": "https://login.example.org"},
    "an issuer of nearly that name": {"iss": "/"},
    "no issuer": {"iss": ...},
    "an identity token": {"typ": "ID"},
    "a refresh token": {"typ": "Refresh"},
    "an identity token of others": {"at_hash": "x"},
    "typ a number": {"typ": 5},
    "bound to a certificate": {"cnf": {"x5t#S256": "abc"}},
    "bound to a key": {"cnf": {"jkt": "abc"}, "typ": "DPoP"},
    "bound to nothing": {"cnf": None},
    "for logging out": {"events": {}},
    "header of a logout token": {"headers": {"typ": "logout+jwt"}},
    "header of a DPoP proof": {"headers": {"typ": "dpop+jwt"}},
    "a header that must be understood": {"headers": {"crit": ["cup"], "cup": 1}},
    "two clients": {"azp": "mxcube", "client_id": CLIENT, "sub": "mxcube"},
    "a client that is a list": {"azp": ["mxcube"], "client_id": ["mxcube"]},
    "an unlisted client": {"azp": "other", "client_id": "other"},
    "no client": {"azp": ..., "client_id": ...},
    "oversized": {"note": "x" * 20_000},
}


async def test_what_the_realm_signed_and_yet_does_not_do(make_app: MakeApp, realm: Realm) -> None:
    """Each for a machine, and for a person where it is not about clients."""
    app = await small(make_app, issuer(realm, persons=False))
    found = {name: await asked(app, of_client(realm, **changed)) for name, changed in REFUSED.items()}
    found |= {
        name: await asked(app, of_person(realm, **{"azp": "mxcube", **changed}))
        for name, changed in OF_PEOPLE.items()
    }
    assert found == dict.fromkeys((*REFUSED, *OF_PEOPLE), INVALID_TOKEN)
    people = await small(make_app, issuer(realm))
    others = {name: changed for name, changed in REFUSED.items() if "client" not in name}
    found = {name: await asked(people, of_person(realm, **changed)) for name, changed in others.items()}
    assert found == dict.fromkeys(others, INVALID_TOKEN)
    now = int(time.time())
    for changed in ({}, {"exp": now - 15}, {"nbf": now + 15, "iat": now + 15}):
        for headers in (of_client(realm, **changed), of_person(realm, **changed)):
            assert (await asked(people, headers))[0] == 200, changed


async def test_what_the_realm_did_not_sign(app: TestApp, realm: Realm) -> None:
    """Refused alike, and nobody but the realm is asked for keys; the log says why, and shows no token."""
    await app.database.person("abcd")
    good = realm.token()
    assert (await asked(app, bearer(good)))[0] == 200
    deep = b"[" * 9_000
    forged = {
        **forgeries(realm),
        "a payload nested deeply": f"{segment(b'{}')}.{segment(deep)}.{good.split('.')[2]}",
    }
    del forged["a blank in front"]  # a header is read without
    with capture_logs() as logs:
        found = {name: await asked(app, token.encode()) for name, token in forged.items()}
    assert found == dict.fromkeys(forged, INVALID_TOKEN)
    assert {*realm.calls} == {"openid-configuration", "certs"}
    reasons = [line["reason"] for line in logs if line["event"] == "token refused"]
    assert "the token is signed with 'none'" in reasons
    assert good.split(".")[2][:20] not in str(logs)


async def test_another_issuer_with_a_key_of_that_name(make_app: MakeApp, realm: Realm) -> None:
    """Whether or not it is known here, its key is its own."""
    other = Realm("other")
    both = {**issuer(realm)["plugin.tokens.issuers"]}
    both["other"] = {**both["soleil"], "issuer": other.issuer, "persons": False}
    try:
        app = await small(make_app, {"plugin.tokens.issuers": both})
        assert (await asked(app, of_client(other), "/tokens/current"))[1]["name"] == "other:mxcube"
        assert await asked(app, of_client(other, iss=realm.issuer)) == INVALID_TOKEN
        assert await asked(app, of_client(realm, iss=other.issuer)) == INVALID_TOKEN
        assert await asked(app, of_person(other)) == INVALID_TOKEN
    finally:
        other.close()


async def test_tokens_of_an_issuer_that_is_not_named_are_none(make_app: MakeApp, realm: Realm) -> None:
    app = await small(make_app, {})
    for headers in (of_client(realm), of_person(realm)):
        assert await asked(app, headers) == INVALID_TOKEN
    assert realm.calls == []


@pytest.mark.long
async def test_a_real_providers_identity_token_is_no_access_token(make_app: MakeApp) -> None:
    provider = Provider(preferred_username="abcd")
    provider.start()
    try:
        table = {"issuer": provider.issuer, "audiences": [CLIENT], "persons": True}
        app = await small(make_app, {"plugin.tokens.issuers.mock": table})
        await app.database.person("abcd")
        given = provider.log_in()
        with capture_logs() as logs:
            for name in ("id_token", "access_token"):
                assert (await asked(app, given[name].encode()))[0] == 401
        reasons = [line["reason"] for line in logs if line["event"] == "token refused"]
        assert reasons == ["the token is no access token: typ 'Bearer'"]
    finally:
        provider.stop()


# The provider's keys


async def test_a_new_key_is_found_and_unknown_ones_are_looked_for_once_a_minute(
    app: TestApp, realm: Realm, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await asked(app, of_client(realm)))[0] == 200
    thief = rsa_key()
    flood = [of_client(realm, key=thief, kid=f"key{number}") for number in range(20)]
    assert {(await asked(app, headers))[0] for headers in flood} == {401}
    assert realm.calls == ["openid-configuration", "certs"]
    realm.keys = {"second": rsa_key()}
    assert await asked(app, of_client(realm, kid="second")) == INVALID_TOKEN
    assert IssuingProvider.refetch == 60
    monkeypatch.setattr(IssuingProvider, "refetch", 0.0)
    assert (await asked(app, of_client(realm, kid="second")))[0] == 200
    assert await asked(app, of_client(realm, key=thief, kid="first")) == INVALID_TOKEN


async def test_a_token_that_was_good_ends_with_its_time_and_its_key(realm: Realm) -> None:
    """Though it is remembered that its key signed it."""
    provider = oidc.Provider(realm.issuer)
    ends, late = realm.token(exp=int(time.time()) - 10), realm.token()
    for token in (ends, late, ends, late):
        await oidc.verified(token, provider, leeway=30)
    with pytest.raises(NotVerified, match="it has expired"):
        await oidc.verified(ends, provider, leeway=0)
    realm.keys = {"second": rsa_key()}
    provider.refetch = 0.0
    await oidc.verified(realm.token("second"), provider, leeway=30)
    for token in (ends, late):
        with pytest.raises(NotVerified, match="the provider has no key 'first'"):
            await oidc.verified(token, provider, leeway=30)


async def test_a_provider_that_is_away_and_comes_back(
    app: TestApp, realm: Realm, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503, told once; known keys go on, and it heals."""
    realm.status = 500
    with capture_logs() as logs:
        for _ in range(3):
            assert await health(app) == NO_ANSWER[1]["detail"]
            answer = await app.client.get("/sessions", headers=of_client(realm))
            assert said(answer) == NO_ANSWER
            assert answer.headers["retry-after"] == "5"
        realm.status = 200
        assert (await asked(app, of_client(realm)))[0] == 200
        assert await health(app) == "ok"
        realm.status = 500
        realm.keys["second"] = rsa_key()
        monkeypatch.setattr(IssuingProvider, "refetch", 0.0)
        assert await asked(app, of_client(realm, kid="second")) == NO_ANSWER
        monkeypatch.setattr(IssuingProvider, "refetch", 60.0)
        assert await asked(app, of_client(realm, kid="second")) == NO_ANSWER
        assert (await asked(app, of_client(realm)))[0] == 200
        calls = len(realm.calls)
        assert await asked(app, of_client(realm, kid="third", key=realm.keys["second"])) == NO_ANSWER
        assert len(realm.calls) == calls
    told = [line["event"] for line in logs if line["event"].startswith("identity provider")]
    assert told == ["identity provider fails", "identity provider works again", "identity provider fails"]
    monkeypatch.setattr(oidc, "KEYS_SECONDS", 0.0)
    realm.close()
    assert await asked(app, of_client(realm)) == NO_ANSWER
    assert (await asked(app, await app.as_user("staff")))[0] == 200


async def health(app: TestApp) -> str:
    """What the server's health says of the realm."""
    answer = await app.client.get("http://testserver.local/health/ready")
    found: str = answer.json()["checks"]["tokens.issuer_soleil"]
    return found


async def test_keys_may_be_named(make_app: MakeApp, realm: Realm) -> None:
    """Then no discovery document is asked for; and algorithms may be fewer."""
    keys = f"{realm.issuer}/protocol/openid-connect/certs"
    app = await small(make_app, issuer(realm, jwks_uri=keys, algorithms=["PS256"]))
    assert (await asked(app, of_client(realm, algorithm="PS256")))[0] == 200
    assert await asked(app, of_client(realm)) == INVALID_TOKEN
    assert realm.calls == ["certs"]
