"""The JSON web token: tokens of the server that this API comes from work here and the other way round, and
nothing else does."""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest

from starbeam_testing.app import TestApp
from starbeam_testing.fixtures import SECRET, MakeApp
from support.answers import EXPIRED, INVALID_TOKEN, NO_TOKEN, said
from support.probe import WITH_PROBE

pytestmark = pytest.mark.anyio

Claims = dict[str, Any]


@pytest.fixture
async def app(make_app: MakeApp) -> TestApp:
    app = await make_app("probe", **WITH_PROBE)
    await app.database.person("abcd", givenName="Ada")
    return app


def claims(**changed: Any) -> Claims:
    """What the old server puts into a token, with changes; `...` leaves a claim out."""
    now = int(time.time())
    usual = {"login": "abcd", "personId": 1, "permissions": [], "iat": now, "exp": now + 18000}
    return {name: value for name, value in {**usual, **changed}.items() if value is not ...}


def signed(key: str = SECRET, algorithm: str = "HS256", headers: Any = None, **changed: Any) -> str:
    return jwt.encode(claims(**changed), key, algorithm=algorithm, headers=headers)


def forged(header: dict[str, Any], key: str = SECRET, body: bytes | None = None) -> str:
    """A token put together by hand, with an HMAC-SHA-256 over whatever it says."""
    parts = [json.dumps(header).encode(), body or json.dumps(claims()).encode()]
    text = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    signature = base64.urlsafe_b64encode(hmac.digest(key.encode(), text, "sha256")).rstrip(b"=")
    return (text + b"." + signature).decode()


async def current(app: TestApp, authorization: str | bytes | None) -> tuple[int, Any]:
    headers = {} if authorization is None else {"Authorization": authorization}
    return said(await app.client.get("/user/current", headers=headers))


ADA = {
    "givenName": "Ada",
    "familyName": "Abcd",
    "login": "abcd",
    "personId": 1,
    "Permissions": [],
    "beamLineGroups": [],
    "beamLines": [],
}


async def test_a_token_of_the_old_server_works_here(app: TestApp) -> None:
    assert await current(app, "Bearer " + signed()) == (200, ADA)


async def test_our_token_is_one_of_the_old_server(app: TestApp) -> None:
    await app.database.grant(1, "probe")
    began = int(time.time())
    answer = await app.client.post("/auth/login", json={"plugin": "probe", "login": "abcd", "password": "x"})
    found = jwt.decode(answer.json()["token"], SECRET, algorithms=["HS256"])
    issued = found.pop("iat")
    assert began <= issued <= time.time()
    assert found == {"login": "abcd", "personId": 1, "permissions": ["probe"], "exp": issued + 300 * 60}
    assert jwt.get_unverified_header(answer.json()["token"]) == {"alg": "HS256", "typ": "JWT"}


async def test_lifetime_and_algorithm_are_settings(make_app: MakeApp) -> None:
    app = await make_app(
        "probe",
        **WITH_PROBE,
        **{"auth.token_lifetime": 7, "auth.algorithm": "HS512", "auth.secret_key": SECRET * 2},
    )
    await app.database.person("abcd", givenName="Ada")
    token = app.token("abcd", 1)["Authorization"].removeprefix("Bearer ")
    found = jwt.decode(token, SECRET * 2, algorithms=["HS512"])
    assert found["exp"] - found["iat"] == 7 * 60
    assert await current(app, "Bearer " + signed(SECRET * 2, "HS512")) == (200, ADA)
    assert await current(app, "Bearer " + signed(SECRET * 2, "HS256")) == INVALID_TOKEN


@pytest.mark.fix(11)
async def test_the_scheme_is_matched_in_any_case(app: TestApp) -> None:
    schemes = ["Bearer", "bearer", "BEARER", "bEaReR", "Bearer ", " Bearer"]
    found = {scheme: await current(app, f"{scheme} {signed()}") for scheme in schemes}
    assert found == dict.fromkeys(schemes, (200, ADA))


async def test_no_token(app: TestApp) -> None:
    headers = [None, "", "Bearer", "Bearer ", "Basic YTpi", "Bearerx y", "Token abc"]
    found = {header: await current(app, header) for header in headers}
    assert found == dict.fromkeys(headers, NO_TOKEN)


@pytest.mark.fix(12)
async def test_claims_that_lack_or_have_a_wrong_type(app: TestApp) -> None:
    header = {"alg": "HS256", "typ": "JWT"}
    wrong: list[Claims] = [
        {"login": ...},
        {"login": None},
        {"login": 5},
        {"personId": ...},
        {"personId": None},
        {"personId": True},
        {"personId": "1"},
        {"personId": 1.5},
        {"personId": 1.0},
        {"personId": 10**20},
        {"permissions": ...},
        {"permissions": None},
        {"permissions": "all_proposals"},
        {"permissions": {"all_proposals": 1}},
        {"permissions": [1]},
        {"permissions": ["a", None]},
        {"exp": ...},
        {"exp": None},
        {"exp": "soon"},
        {"exp": [1]},
        {"iat": "soon"},
        {"iat": int(time.time()) + 3600},
        {"iat": int(time.time()) + 35},
        {"nbf": int(time.time()) + 3600},
        {"nbf": int(time.time()) + 35},
        {"aud": "somebody else"},
    ]
    tokens = {str(changed): forged(header, body=json.dumps(claims(**changed)).encode()) for changed in wrong}
    found = {name: await current(app, "Bearer " + token) for name, token in tokens.items()}
    assert found == dict.fromkeys(found, INVALID_TOKEN)


BAD_TOKENS: dict[str, Callable[[], str]] = {
    "another key": lambda: signed("another-key-that-is-also-long-enough"),
    "no signature": lambda: signed().rpartition(".")[0] + ".",
    "a changed body": lambda: ".".join(
        [signed().split(".")[0], signed(personId=2).split(".")[1], signed().split(".")[2]]
    ),
    "algorithm none": lambda: jwt.encode(claims(), "", algorithm="none"),
    "algorithm None": lambda: forged({"alg": "None"}),
    "no algorithm": lambda: forged({"typ": "JWT"}),
    "algorithm H": lambda: forged({"alg": "H"}),
    "algorithm S256": lambda: forged({"alg": "S256"}),
    "algorithm as a list": lambda: forged({"alg": ["HS256"]}),
    "another HMAC": lambda: signed(SECRET * 2, "HS512"),
    "RS256 over the same bytes": lambda: forged({"alg": "RS256"}),
    "critical extension": lambda: forged({"alg": "HS256", "crit": ["exp2"], "exp2": 1}),
    "key id of a wrong type": lambda: forged({"alg": "HS256", "kid": 5}),
    "body is a list": lambda: forged({"alg": "HS256"}, body=b"[1]"),
    "body is no JSON": lambda: forged({"alg": "HS256"}, body=b"hello"),
    "body is no UTF-8": lambda: forged({"alg": "HS256"}, body=b"\xff\xfe"),
    "body is nested deeply": lambda: forged({"alg": "HS256"}, body=b"[" * 5000),
    "one part": lambda: "abc",
    "dots": lambda: "...",
    "four parts": lambda: signed() + ".x",
    "a blank inside": lambda: signed().replace(".", " .", 1),
    "oversized": lambda: signed(note="x" * 9000),
}


@pytest.mark.fix(13)
async def test_a_token_that_this_key_and_algorithm_did_not_sign(app: TestApp) -> None:
    found = {name: await current(app, "Bearer " + make()) for name, make in BAD_TOKENS.items()}
    assert found == dict.fromkeys(BAD_TOKENS, INVALID_TOKEN)


async def test_a_token_that_is_not_ascii(app: TestApp) -> None:
    headers = ["Bearer tökén".encode(), "Bearer tökén".encode("latin-1"), b"Bearer \xff"]
    assert [await current(app, header) for header in headers] == [INVALID_TOKEN] * 3


async def test_a_key_id_of_the_clients_choice_changes_nothing(app: TestApp) -> None:
    token = signed(headers={"kid": "../../etc/passwd", "jku": "https://example.org/keys"})
    assert await current(app, "Bearer " + token) == (200, ADA)


async def test_expired(app: TestApp) -> None:
    now = int(time.time())
    assert await current(app, "Bearer " + signed(exp=now - 35)) == EXPIRED
    assert await current(app, "Bearer " + signed(exp=now + 60)) == (200, ADA)
    assert (
        await current(app, "Bearer " + signed("another-key-that-is-also-long-enough", exp=now - 35))
        == INVALID_TOKEN
    )


async def test_a_token_of_a_server_whose_clock_is_another(app: TestApp) -> None:
    """Half a minute is no matter, either way."""
    now = time.time()
    for behind in (0.4, 5, 25):
        assert await current(app, "Bearer " + signed(iat=now - 300, exp=now - behind)) == (200, ADA)
    for ahead in (0.4, 5, 25):
        assert await current(app, "Bearer " + signed(iat=now + ahead, exp=now + ahead + 300)) == (200, ADA)
        assert await current(app, "Bearer " + signed(nbf=now + ahead)) == (200, ADA)


@pytest.mark.fix(94)
async def test_a_token_of_a_person_without_a_row(app: TestApp) -> None:
    assert await current(app, "Bearer " + signed(login="gone", personId=5)) == INVALID_TOKEN


async def test_the_token_elsewhere(app: TestApp) -> None:
    """Handlers may take it from the path or the query, and then from nowhere else."""
    header = {"Authorization": "Bearer " + signed()}
    get = app.client.get
    assert said(await get(f"/probe/by-path/{signed()}/who")) == (200, "abcd")
    assert said(await get("/probe/by-path/nonsense/who", headers=header)) == INVALID_TOKEN
    assert said(await get("/probe/by-query", params={"token": signed()})) == (200, "abcd")
    assert said(await get("/probe/by-query", params={"token": "x"}, headers=header)) == INVALID_TOKEN
    missing = {"loc": ["query", "token"], "msg": "Field required", "type": "missing"}
    assert said(await get("/probe/by-query", headers=header)) == (422, {"detail": [missing]})
