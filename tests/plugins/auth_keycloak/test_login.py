"""Logging in with tokens of an identity provider, all the way through `POST /auth/login`."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from structlog.testing import capture_logs

from starbeam.auth import oidc
from starbeam.auth.ratelimit import PER_ADDRESS
from starbeam.db.models import AdminVar
from starbeam.settings import InvalidValue, load
from starbeam_auth_keycloak.settings import KeycloakSettings, check_inside_url
from starbeam_testing.app import TestApp
from starbeam_testing.fixtures import SECRET, MakeApp
from support.answers import NOT_VERIFIED, Said, refused, said
from support.forging import segment, sign_hmac
from support.oidc import CLIENT, Provider, Realm, rsa_key

pytestmark = pytest.mark.anyio

UNKNOWN_PERSON = refused(401, "User does not exist in database.")
NO_ANSWER = refused(503, "The identity provider does not answer. Please try again later.")
USELESS = refused(
    503, "The identity provider gives an answer that cannot be used. The administrator finds it in the log."
)
HOSTS = itertools.cycle(range(250))


@pytest.fixture(scope="module")
def genuine() -> Iterator[Provider]:
    """A provider that these tests do not disturb."""
    provider = Provider(
        preferred_username="abcd", given_name="Ada", family_name="Lovelace", email="ada@example.org"
    )
    provider.start()
    yield provider
    provider.stop()


@pytest.fixture
def realm() -> Iterator[Realm]:
    realm = Realm()
    yield realm
    realm.close()


@pytest.fixture
async def app(make_app: MakeApp, realm: Realm) -> TestApp:
    """An app that trusts the realm, with one person."""
    behind_proxy = {"server.trusted_proxies": ["127.0.0.1"]}
    app = await make_app("auth_keycloak", **realm.settings(), **behind_proxy)
    await app.database.person("abcd")
    return app


async def log_in(app: TestApp, token: Any, plugin: str = "keycloak") -> Said:
    """Each time from another address, so that the limit on failures does not answer for the backend."""
    headers = {"X-Forwarded-For": f"10.0.0.{next(HOSTS)}"}
    return said(
        await app.client.post("/auth/login", json={"plugin": plugin, "token": token}, headers=headers)
    )


async def who(app: TestApp, token: str, plugin: str = "keycloak") -> str:
    """The login that a token gives."""
    status, body = await log_in(app, token, plugin)
    assert status == 201, body
    login: str = jwt.decode(body["token"], SECRET, algorithms=["HS256"])["login"]
    return login


def by_issuer(provider: Provider, **more: Any) -> dict[str, Any]:
    table = {"issuer": provider.issuer, "client_id": CLIENT, **more}
    return {f"plugin.auth_keycloak.{name}": value for name, value in table.items()}


# A real provider


async def test_a_person_logs_in_at_a_provider(make_app: MakeApp, genuine: Provider) -> None:
    app = await make_app("auth_keycloak", **by_issuer(genuine))
    await app.database.person("abcd", "all_proposals")
    status, body = await log_in(app, genuine.log_in()["id_token"])
    assert (status, body["login"], body["permissions"]) == (201, "abcd", ["all_proposals"])
    headers = {"Authorization": f"Bearer {body['token']}"}
    assert (await app.client.get("/user/current", headers=headers)).json()["login"] == "abcd"


async def test_the_providers_token_is_none_of_this_api(make_app: MakeApp, genuine: Provider) -> None:
    app = await make_app("auth_keycloak", **by_issuer(genuine))
    await app.database.person("abcd")
    headers = {"Authorization": f"Bearer {genuine.log_in()['id_token']}"}
    assert said(await app.client.get("/user/current", headers=headers)) == refused(401, "Invalid token")


@pytest.mark.fix(170)
async def test_a_token_that_the_provider_made_for_another_client(
    make_app: MakeApp, genuine: Provider
) -> None:
    app = await make_app("auth_keycloak", **by_issuer(genuine))
    await app.database.person("abcd")
    assert await log_in(app, genuine.log_in("another-client")["id_token"]) == NOT_VERIFIED


async def test_an_opaque_token_is_refused(make_app: MakeApp, genuine: Provider) -> None:
    """Nothing tells which client it was made for."""
    for mode in ("token", "userinfo"):
        app = await make_app("auth_keycloak", **by_issuer(genuine, mode=mode))
        assert await log_in(app, genuine.log_in()["access_token"]) == NOT_VERIFIED


async def test_an_expired_token_of_a_provider(make_app: MakeApp) -> None:
    provider = Provider(preferred_username="abcd")
    provider.start("--token-max-age", "-60")
    try:
        app = await make_app("auth_keycloak", **by_issuer(provider))
        await app.database.person("abcd")
        assert await log_in(app, provider.log_in()["id_token"]) == NOT_VERIFIED
    finally:
        provider.stop()


async def test_a_provider_that_stops_and_starts_again(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Known keys go on counting while it is away; after its restart it has new ones."""
    provider = Provider(preferred_username="abcd")
    provider.start()
    try:
        app = await make_app("auth_keycloak", **by_issuer(provider))
        await app.database.person("abcd")
        old = provider.log_in()["id_token"]
        assert await who(app, old) == "abcd"
        provider.stop()
        assert await who(app, old) == "abcd"
        monkeypatch.setattr(oidc, "KEYS_SECONDS", 0.0)
        assert await log_in(app, old) == NO_ANSWER
        provider.start()
        assert await who(app, provider.log_in()["id_token"]) == "abcd"
        assert await log_in(app, old) == NOT_VERIFIED
    finally:
        provider.stop()


# What a token must have


async def test_an_access_token_of_a_realm(app: TestApp, realm: Realm) -> None:
    assert await who(app, realm.token()) == "abcd"


async def test_only_the_login_is_needed(make_app: MakeApp, realm: Realm) -> None:
    app = await make_app("auth_keycloak", **realm.settings())
    await create_missing_people(app)
    wrong = {"given_name": 5, "family_name": ["x"], "email": {"a": 1}}
    assert await who(app, realm.token(**wrong)) == "abcd"
    missing = dict.fromkeys(wrong, ...)
    assert await who(app, realm.token(preferred_username="efgh", **missing)) == "efgh"
    rows = await app.database.sql(
        "SELECT login, givenName, familyName, emailAddress FROM Person ORDER BY login"
    )
    assert [tuple(row) for row in rows] == [("abcd", None, None, None), ("efgh", None, None, None)]


ACCEPTED: list[dict[str, Any]] = [
    {"aud": CLIENT, "azp": ...},
    {"aud": ["account", CLIENT], "azp": "another-client"},
    {"aud": ..., "azp": CLIENT},
    {"headers": {"typ": "at+jwt"}},
    {"headers": {"typ": "application/at+jwt"}},
    {"headers": {"typ": None}},
    {"iat": ..., "sub": ..., "jti": ...},
    {"roles": ["r" * 10] * 800},
]


async def test_a_token_for_this_client(app: TestApp, realm: Realm) -> None:
    assert [await who(app, realm.token(**claims)) for claims in ACCEPTED] == ["abcd"] * len(ACCEPTED)


async def test_clocks_may_differ_a_little(app: TestApp, realm: Realm) -> None:
    now = int(time.time())
    assert await who(app, realm.token(exp=now - 12)) == "abcd"
    assert await who(app, realm.token(iat=now + 12, nbf=now + 12)) == "abcd"
    assert await log_in(app, realm.token(exp=now - 31)) == NOT_VERIFIED
    assert await log_in(app, realm.token(nbf=now + 60)) == NOT_VERIFIED


async def test_how_much_clocks_may_differ_is_a_setting(make_app: MakeApp, realm: Realm) -> None:
    now = int(time.time())
    for leeway, ahead, expected in ((120, 100, 201), (120, 150, 401), (0, 30, 401)):
        app = await make_app("auth_keycloak", **realm.settings(leeway=leeway))
        await app.database.sql("DELETE FROM Person")
        await app.database.person("abcd")
        for claims in ({"iat": now + ahead}, {"nbf": now + ahead}, {"exp": now - ahead}):
            assert (await log_in(app, realm.token(**claims)))[0] == expected, (leeway, claims)


REFUSED: dict[str, dict[str, Any]] = {
    "audience another client": {"aud": "another-client", "azp": "another-client"},
    "audiences other clients": {"aud": ["account", "another-client"], "azp": ...},
    "audience of nobody": {"aud": ..., "azp": ...},
    "audience part of the name": {"aud": CLIENT[:-1], "azp": CLIENT + "x"},
    "audience name in another case": {"aud": CLIENT.upper(), "azp": ...},
    "audience an object": {"aud": {CLIENT: True}, "azp": [CLIENT]},
    "issuer another realm": {"iss": "http://127.0.0.1/realms/another"},
    "issuer missing": {"iss": ...},
    "issuer null": {"iss": None},
    "issuer a list": {"iss": ["a"]},
    "expiry long ago": {"exp": 1_000_000_000},
    "expiry missing": {"exp": ...},
    "expiry null": {"exp": None},
    "expiry a word": {"exp": "never"},
    "not yet issued": {"iat": 9_999_999_999},
    "login missing": {"preferred_username": ...},
    "login empty": {"preferred_username": ""},
    "login blank": {"preferred_username": "  "},
    "login null": {"preferred_username": None},
    "login a number": {"preferred_username": 1},
    "login a list": {"preferred_username": ["abcd"]},
    "login too long": {"preferred_username": "a" * 46},
    "a logout token": {"headers": {"typ": "logout+jwt"}},
    "a logout token by its claim": {"events": {"http://schemas.openid.net/event/backchannel-logout": {}}},
    "type of a wrong kind": {"headers": {"typ": 5}},
    "an extension that must be understood": {"headers": {"crit": ["cup"], "cup": 1}},
    "oversized": {"note": "x" * 20_000},
}


@pytest.mark.fix(170)
async def test_a_token_that_the_realm_signed_and_yet_does_not_do(app: TestApp, realm: Realm) -> None:
    found = {name: await log_in(app, realm.token(**changed)) for name, changed in REFUSED.items()}
    assert found == dict.fromkeys(REFUSED, NOT_VERIFIED)


REASONS: dict[str, dict[str, Any]] = {
    "the token does not hold: it has expired": {"exp": 1_000_000_000},
    "the token does not hold: wrong signature": {"key": rsa_key()},
    "the token does not hold: wrong issuer": {"iss": "https://login.example.org"},
    "the token does not hold: The token is not yet valid (iat)": {"iat": 9_999_999_999},
    'the token does not hold: Token is missing the "exp" claim': {"exp": ...},
    "the token is for ['a', 'b'], given to 'mxcube': another client": {"aud": ["a", "b"], "azp": "mxcube"},
    "the token is signed with 'HS256'": {"algorithm": "HS256", "key": "k" * 32},
    "the provider has no key 'third'": {"kid": "third", "key": rsa_key()},
    "the token is too long": {"note": "x" * 11_000},
    "the claim preferred_username holds no login": {"preferred_username": " "},
    "the password or token is too long": {"note": "x" * 20_000},
}


async def test_the_log_says_why(app: TestApp, realm: Realm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oidc, "LONGEST", 10_000)
    with capture_logs() as logs:
        found = [await log_in(app, realm.token(**changed)) for changed in REASONS.values()]
    assert found == [NOT_VERIFIED] * len(REASONS)
    assert [line["reason"] for line in logs if line["event"] == "log-in refused"] == list(REASONS)


async def test_several_clients(make_app: MakeApp, realm: Realm) -> None:
    """The web page's, and others that log in by the same name; each as audience or as party."""
    app = await make_app("auth_keycloak", **realm.settings(client_id=[CLIENT, "mxcube"]))
    await app.database.person("abcd")
    for client in (CLIENT, "mxcube"):
        assert await who(app, realm.token(aud=..., azp=client)) == "abcd"
        assert await who(app, realm.token(aud=["account", client], azp=...)) == "abcd"
    for another in ("mxcube2", "account", "", None):
        assert await log_in(app, realm.token(aud=another, azp=another)) == NOT_VERIFIED
    (backend,) = (await app.client.get("/auth/config")).json()["plugins"]
    assert backend["config"]["KEYCLOAK_CLIENT_ID"] == CLIENT


@pytest.mark.parametrize("text", ['["ispyb-ui", "mxcube"]', '[ "ispyb-ui","mxcube" ]'])
def test_several_clients_of_the_environment(text: str) -> None:
    section = "STARBEAM_AUTH__BACKENDS__KEYCLOAK__"
    variables = {"USE": "auth_keycloak", "ISSUER": "https://login.example.org", "CLIENT_ID": text}
    loaded = load(None, {section + name: value for name, value in variables.items()})
    assert loaded.backend_settings("keycloak", KeycloakSettings).clients == ["ispyb-ui", "mxcube"]


# The provider's inside address


@pytest.fixture
def public(realm: Realm) -> str:
    """The address that browsers use: nobody answers there."""
    return "https://login.example.invalid"


@pytest.mark.parametrize("names", ["public", "inside"])
@pytest.mark.parametrize("mode", ["token", "userinfo"])
async def test_a_provider_with_an_inside_address(
    make_app: MakeApp, realm: Realm, public: str, names: str, mode: str
) -> None:
    """Whichever of its addresses its discovery document names."""
    inside, issuer = realm.server_url, f"{public}/realms/facility"
    settings = {"server_url": public, "inside_url": inside, "mode": mode}
    app = await make_app("auth_keycloak", **realm.settings(**settings))
    await app.database.person("abcd")
    realm.userinfo = {"sub": "0001", "preferred_username": "abcd"}
    if names == "public":
        endpoints = f"{issuer}/protocol/openid-connect"
        realm.discovery = {
            "issuer": issuer,
            "jwks_uri": f"{endpoints}/certs",
            "userinfo_endpoint": f"{endpoints}/userinfo",
        }
    assert await who(app, realm.token(iss=issuer)) == "abcd"
    assert await log_in(app, realm.token()) == NOT_VERIFIED, "tokens name the address of browsers"
    (backend,) = (await app.client.get("/auth/config")).json()["plugins"]
    assert backend["config"]["KEYCLOAK_SERVER_URL"] == public


async def test_the_inside_address_of_an_issuer(make_app: MakeApp, realm: Realm, public: str) -> None:
    settings = {"issuer": f"{public}/", "inside_url": realm.issuer, "client_id": CLIENT}
    realm.discovery = {"issuer": f"{public}/"}
    app = await make_app(
        "auth_keycloak", **{f"plugin.auth_keycloak.{name}": value for name, value in settings.items()}
    )
    await app.database.person("abcd")
    assert await who(app, realm.token(iss=f"{public}/")) == "abcd"


def test_which_addresses_are_asked_inside() -> None:
    settings = KeycloakSettings(CLIENT, "https://sso.org/auth", "r", inside_url="http://keycloak:8080/")
    asked = {
        "https://sso.org/auth/realms/r/certs": "http://keycloak:8080/realms/r/certs",
        "https://sso.org/auth": "http://keycloak:8080",
        "https://sso.org/authority/certs": "https://sso.org/authority/certs",
        "https://keys.org/certs": "https://keys.org/certs",
    }
    assert {url: settings.inside(url) for url in asked} == asked


@pytest.mark.parametrize("url", ["ftp://keycloak", "keycloak:8080", "http://", "http://a/?b", "http://u@a"])
def test_an_inside_address_that_is_none(url: str) -> None:
    with pytest.raises(InvalidValue):
        check_inside_url(url)


async def test_without_a_token(app: TestApp) -> None:
    for body in ({}, {"token": None}, {"token": ""}, {"login": "abcd", "password": "x"}):
        answer = await app.client.post("/auth/login", json={"plugin": "keycloak", **body})
        assert said(answer) == NOT_VERIFIED


# Signatures


def public_pem(realm: Realm) -> bytes:
    """The realm's public key, as everybody can write it down."""
    return (
        realm.keys["first"]
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


def forgeries(realm: Realm) -> dict[str, str]:
    """Tokens that the realm's key did not sign."""
    good, thief = realm.token(), rsa_key()
    header, body, signature = good.split(".")
    claims, admin = realm.claims(), segment(realm.claims(preferred_username="admin"))
    hmac = {"alg": "HS256", "kid": "first"}
    ids = ("../../etc/passwd", "http://127.0.0.1:1/key", "' OR '1'='1", "first\x00", "FIRST", "", "first ")
    forged = {f"key id {kid!r}": realm.token(key=thief, kid=kid) for kid in ids}
    own_key = jwt.algorithms.RSAAlgorithm.to_jwk(thief.public_key(), as_dict=True)
    elsewhere = {
        "jku": "http://127.0.0.1:1/keys",
        "x5u": "http://127.0.0.1:1/cert",
        "jwk": own_key,
        "x5c": ["MIIB"],
    }
    return forged | {
        "another key": realm.token(key=thief),
        "another key and no id": realm.token(kid=None, key=thief),
        "another claim": f"{header}.{admin}.{signature}",
        "no signature": f"{header}.{body}.",
        "half a signature": good[:-100],
        "a changed signature": f"{header}.{body}.{'A' * 10}{signature[10:]}",
        "padding": good + "=",
        "algorithm none": f"{segment({'alg': 'none'})}.{body}.",
        "algorithm NoNe": f"{segment({'alg': 'NoNe', 'kid': 'first'})}.{body}.{signature}",
        "algorithm missing": f"{segment({'kid': 'first'})}.{body}.{signature}",
        "algorithm a list": f"{segment({'alg': ['RS256'], 'kid': 'first'})}.{body}.{signature}",
        "another algorithm's name": f"{segment({'alg': 'ES256', 'kid': 'first'})}.{body}.{signature}",
        "HS256 with the public key": sign_hmac(hmac, claims, public_pem(realm)),
        "HS256 with the public key, trimmed": sign_hmac(hmac, claims, public_pem(realm).strip()),
        "HS256 with an empty key": sign_hmac(hmac, claims, b""),
        "keys of its own in the header": realm.token(key=thief, headers=elsewhere),
        "keys of its own and another id": realm.token(key=thief, kid="mine", headers=elsewhere),
        "key id a number": f"{segment({'alg': 'RS256', 'kid': 1})}.{body}.{signature}",
        "key id a list": f"{segment({'alg': 'RS256', 'kid': ['first']})}.{body}.{signature}",
        "no token": "abc",
        "dots": "..",
        "five parts": f"{good}.{body}.{signature}",
        "a header that is no object": f"{segment([1])}.{body}.{signature}",
        "a header nested deeply": f"{segment(b'[' * 9000)}.{body}.{signature}",
        "letters beyond ASCII": good.replace("e", "é", 1),
        "a blank in front": " " + good,
        "a nested token": f"{header}.{segment(good.encode())}.{signature}",
        "huge": "a" * 1_000_000,
    }


async def test_forgeries(app: TestApp, realm: Realm) -> None:
    """Each refused alike, and none makes this server ask anybody but the realm."""
    assert await who(app, realm.token()) == "abcd"
    for name, token in forgeries(realm).items():
        assert (name, await log_in(app, token)) == (name, NOT_VERIFIED)
    assert set(realm.calls) <= {"openid-configuration", "certs"}
    assert await who(app, realm.token()) == "abcd"


async def test_algorithms_of_an_rsa_key(app: TestApp, realm: Realm) -> None:
    for algorithm in ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"):
        assert await who(app, realm.token(algorithm=algorithm)) == "abcd"


async def test_keys_of_other_kinds(app: TestApp, realm: Realm) -> None:
    realm.keys["curve"] = ec.generate_private_key(ec.SECP256R1())
    realm.keys["edwards"] = ed25519.Ed25519PrivateKey.generate()
    assert await who(app, realm.token("curve", "ES256")) == "abcd"
    assert await who(app, realm.token("edwards", "EdDSA")) == "abcd"
    assert await who(app, realm.token()) == "abcd"


@pytest.mark.parametrize(
    "declared", [{"alg": "RS512"}, {"use": "enc"}, {"kty": "oct", "k": "AAAA"}, {"kty": "x"}], ids=str
)
async def test_a_key_that_is_not_for_this(app: TestApp, realm: Realm, declared: dict[str, str]) -> None:
    realm.jwk = declared
    assert await log_in(app, realm.token()) == NOT_VERIFIED


async def test_a_key_that_is_too_short(app: TestApp, realm: Realm) -> None:
    realm.keys["first"] = rsa_key(1024)
    with pytest.warns(jwt.InsecureKeyLengthWarning):
        token = realm.token()
    assert await log_in(app, token) == NOT_VERIFIED


async def test_a_token_without_a_key_id(app: TestApp, realm: Realm) -> None:
    """Good where there is one key; with several, none is guessed."""
    token = realm.token(kid=None, key=realm.keys["first"])
    assert await who(app, token) == "abcd"


async def test_a_token_without_a_key_id_and_several_keys(app: TestApp, realm: Realm) -> None:
    realm.keys["second"] = rsa_key()
    assert await log_in(app, realm.token(kid=None, key=realm.keys["first"])) == NOT_VERIFIED


# The provider's keys


async def test_a_new_key_is_found_and_an_old_one_forgotten(
    app: TestApp, realm: Realm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oidc.Provider, "refetch", 0.0)
    old = realm.token()
    assert await who(app, old) == "abcd"
    realm.keys = {"second": rsa_key()}
    assert await who(app, realm.token("second")) == "abcd"
    assert await log_in(app, old) == NOT_VERIFIED


async def test_unknown_keys_are_looked_for_seldom(app: TestApp, realm: Realm) -> None:
    assert await who(app, realm.token()) == "abcd"
    thief = rsa_key()
    found = [await log_in(app, realm.token(f"key{number}", key=thief)) for number in range(5)]
    assert found == [NOT_VERIFIED] * 5
    assert realm.calls == ["openid-configuration", "certs"]


async def test_log_ins_of_one_moment_share_one_fetch(app: TestApp, realm: Realm) -> None:
    realm.delay = 0.1
    found = await asyncio.gather(*(log_in(app, realm.token()) for _ in range(20)))
    assert {status for status, _ in found} == {201}
    assert realm.calls == ["openid-configuration", "certs"]


@pytest.mark.fix(34)
async def test_a_provider_that_is_down(app: TestApp, realm: Realm) -> None:
    realm.close()
    with capture_logs() as logs:
        answer = await app.client.post("/auth/login", json={"plugin": "keycloak", "token": realm.token()})
    assert said(answer) == NO_ANSWER
    assert answer.headers["retry-after"] == "5"
    assert realm.server_url in str(logs)  # for the administrator only


@pytest.mark.fix(34)
async def test_a_provider_that_is_slow(make_app: MakeApp, realm: Realm) -> None:
    """The answer comes within the time-out, for all who wait, and others are served meanwhile."""
    app = await make_app("auth_keycloak", **realm.settings(timeout=1.0))
    await app.database.person("abcd")
    realm.delay = 60.0
    began = time.monotonic()
    waiting = [asyncio.create_task(log_in(app, realm.token())) for _ in range(10)]
    assert (await app.client.get("/auth/config")).status_code == 200
    assert await asyncio.gather(*waiting) == [NO_ANSWER] * 10
    assert time.monotonic() - began < realm.delay
    realm.delay = 0.0
    async with asyncio.timeout(60):
        while await log_in(app, realm.token()) == NO_ANSWER:  # noqa: ASYNC110 - the try that they shared ends
            await asyncio.sleep(0.05)
    assert await who(app, realm.token()) == "abcd"


@pytest.mark.fix(34)
async def test_a_provider_that_fails(app: TestApp, realm: Realm) -> None:
    for status in (500, 503, 404, 302, 204):
        realm.status = status
        assert await log_in(app, realm.token()) == (NO_ANSWER if status >= 500 else USELESS)
    realm.status = 200
    assert await who(app, realm.token()) == "abcd"


ODD_DOCUMENTS: dict[str, tuple[dict[str, Any], Said]] = {
    "the issuer of somebody else": ({"issuer": "https://login.example.com/realms/facility"}, USELESS),
    "the issuer with a slash": ({"issuer": "http://127.0.0.1/"}, USELESS),
    "no issuer": ({"issuer": None}, USELESS),
    "no keys": ({"jwks_uri": None}, USELESS),
    "keys in a file": ({"jwks_uri": "file:///etc/passwd"}, NO_ANSWER),
    "keys nowhere": ({"jwks_uri": ""}, NO_ANSWER),
    "keys at no address": ({"jwks_uri": "http://["}, NO_ANSWER),
}


async def test_a_discovery_document_that_points_elsewhere(app: TestApp, realm: Realm) -> None:
    for name, (changed, expected) in ODD_DOCUMENTS.items():
        realm.discovery = changed
        assert (name, await log_in(app, realm.token())) == (name, expected)


# userinfo


@pytest.fixture
async def asking(make_app: MakeApp, realm: Realm) -> TestApp:
    """An app that asks the realm's userinfo endpoint."""
    app = await make_app("auth_keycloak", **realm.settings(mode="userinfo"))
    await app.database.person("abcd")
    await app.database.person("efgh")
    realm.userinfo = {"sub": "0001", "preferred_username": "efgh"}
    return app


async def test_userinfo_says_who_it_is(asking: TestApp, realm: Realm) -> None:
    assert await who(asking, realm.token()) == "efgh"
    assert await who(asking, realm.token(sub=...)) == "efgh"
    assert realm.calls == ["openid-configuration", "certs", "userinfo", "userinfo"]


@pytest.mark.fix(170)
async def test_userinfo_is_not_asked_for_tokens_of_other_clients(asking: TestApp, realm: Realm) -> None:
    """The endpoint itself would answer: it serves all clients of the realm."""
    for changed in ({"aud": "other", "azp": "other"}, {"exp": 1}, {"key": rsa_key()}):
        assert await log_in(asking, realm.token(**changed)) == NOT_VERIFIED
    assert "userinfo" not in realm.calls


async def test_userinfo_that_names_nobody_or_somebody_else(asking: TestApp, realm: Realm) -> None:
    for userinfo in ({}, {"sub": "0001"}, {"sub": "0002", "preferred_username": "efgh"}):
        realm.userinfo = userinfo
        assert await log_in(asking, realm.token()) == NOT_VERIFIED


async def test_userinfo_that_refuses(asking: TestApp, realm: Realm) -> None:
    """A token that was withdrawn, or a provider in trouble."""
    assert await who(asking, realm.token()) == "efgh"
    expected = {401: NOT_VERIFIED, 403: NOT_VERIFIED, 400: NOT_VERIFIED, 500: NO_ANSWER, 302: USELESS}
    for status, answer in expected.items():
        realm.status = status
        assert await log_in(asking, realm.token()) == answer


async def test_userinfo_that_cannot_be_read(asking: TestApp, realm: Realm) -> None:
    for body in (b"eyJhbGciOiJSUzI1NiJ9.e30.c2ln", b"[]", b"", b"\xff"):
        realm.userinfo = body
        assert await log_in(asking, realm.token()) == USELESS


async def test_a_provider_without_userinfo(asking: TestApp, realm: Realm) -> None:
    realm.discovery = {"userinfo_endpoint": None}
    assert await log_in(asking, realm.token()) == USELESS


# People


async def create_missing_people(app: TestApp) -> None:
    await app.database.add(AdminVar, name="create_person_on_missing", value="true")
    await app.refresh()


@pytest.mark.four_databases
async def test_a_new_person_is_made_of_the_claims_once(make_app: MakeApp, realm: Realm) -> None:
    app = await make_app("auth_keycloak", **realm.settings())
    assert await log_in(app, realm.token()) == UNKNOWN_PERSON
    await create_missing_people(app)
    found = await asyncio.gather(*(who(app, realm.token()) for _ in range(10)))
    assert found == ["abcd"] * 10
    rows = await app.database.sql("SELECT login, givenName, familyName, emailAddress FROM Person")
    assert [tuple(row) for row in rows] == [("abcd", "Ada", "Lovelace", "ada@example.org")]


async def test_claims_that_their_columns_cannot_hold(make_app: MakeApp, realm: Realm) -> None:
    app = await make_app("auth_keycloak", **realm.settings())
    await create_missing_people(app)
    assert await who(app, realm.token(given_name="A" * 500, family_name="B" * 500, email="c" * 500)) == "abcd"


async def test_another_claim_holds_the_login(make_app: MakeApp, realm: Realm) -> None:
    app = await make_app("auth_keycloak", **realm.settings(login_claim="uid"))
    await app.database.person("efgh")
    assert await who(app, realm.token(uid="efgh")) == "efgh"
    assert await log_in(app, realm.token()) == NOT_VERIFIED


async def test_many_bad_tokens_lock_out_their_address_only(app: TestApp, realm: Realm) -> None:
    """They name no account that could be locked."""

    async def status(token: str, address: str) -> int:
        headers = {"X-Forwarded-For": address}
        body = {"plugin": "keycloak", "token": token}
        return (await app.client.post("/auth/login", json=body, headers=headers)).status_code

    for address in ("192.0.2.1", "192.0.2.2"):
        assert [await status("bad", address) for _ in range(PER_ADDRESS)] == [401] * PER_ADDRESS
        assert await status(realm.token(), address) == 429
    assert await status(realm.token(), "192.0.2.3") == 201


async def test_health_says_whether_log_ins_work(app: TestApp, realm: Realm) -> None:
    async def checks() -> dict[str, str]:
        answer = await app.client.get("http://testserver.local/health/ready")
        found: dict[str, str] = answer.json()["checks"]
        return found

    realm.status = 500
    assert (await checks())["auth_keycloak.keycloak"] == NO_ANSWER[1]["detail"]
    realm.status = 200
    assert (await checks())["auth_keycloak.keycloak"] == "ok"


# Several realms, and what clients are told


async def test_two_realms_do_not_know_each_others_tokens(make_app: MakeApp, realm: Realm) -> None:
    users = Realm("users")
    try:
        app = await make_app("auth_keycloak", **realm.settings("staff"), **users.settings("users"))
        await app.database.person("abcd")
        assert await who(app, realm.token(), "staff") == "abcd"
        assert await who(app, users.token(), "users") == "abcd"
        assert await log_in(app, users.token(), "staff") == NOT_VERIFIED
        assert await log_in(app, realm.token(), "users") == NOT_VERIFIED
        assert await log_in(app, users.token(iss=realm.issuer), "staff") == NOT_VERIFIED
        assert await log_in(app, realm.token(iss=users.issuer), "users") == NOT_VERIFIED
    finally:
        users.close()


@pytest.mark.fix(32)
async def test_what_clients_are_told(make_app: MakeApp) -> None:
    keycloak = {"server_url": "https://keycloak.example.org/", "realm": "facility", "client_id": CLIENT}
    other = {"issuer": "https://login.example.org", "client_id": "starbeam"}
    settings = {
        f"auth.backends.{name}.{key}": value
        for name, table in (("keycloak", keycloak), ("other", other))
        for key, value in {"use": "auth_keycloak", **table}.items()
    }
    app = await make_app("auth_keycloak", **settings)
    shown = {
        "KEYCLOAK_SERVER_URL": "https://keycloak.example.org/",
        "KEYCLOAK_REALM_NAME": "facility",
        "KEYCLOAK_CLIENT_ID": CLIENT,
    }
    assert (await app.client.get("/auth/config")).json() == {
        "plugins": [
            {"name": "keycloak", "config": shown},
            {
                "name": "other",
                "config": {"KEYCLOAK_CLIENT_ID": "starbeam", "OIDC_ISSUER": "https://login.example.org"},
            },
        ]
    }
