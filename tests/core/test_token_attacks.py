"""Attacks on the API's own tokens: forged, bent and replayed ones, each refused with the exact text.

What is wrong with a token is never told; only an expiry is, and only of a token that this server signed.
"""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import time
from collections.abc import Callable
from typing import Any, cast
from urllib.parse import unquote

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from starbeam.auth.tokens import LEEWAY
from starbeam_testing.app import TestApp
from starbeam_testing.fixtures import SECRET, MakeApp
from support.answers import EXPIRED, INVALID_TOKEN, NO_TOKEN, WRONG_ONCE, Said, invalid, said
from support.forging import segment, sign_hmac
from support.oidc import rsa_key
from support.probe import WITH_PROBE

pytestmark = pytest.mark.anyio

ROOT = "/ispyb/api/v1"
KEY = SECRET.encode()
HS256 = {"alg": "HS256", "typ": "JWT"}
NOW = int(time.time())
CLAIMS = {"login": "abcd", "personId": 1, "permissions": ["all_proposals"], "iat": NOW, "exp": NOW + 18_000}
GOOD = sign_hmac(HS256, CLAIMS, KEY)
HEADER, BODY, SIGNATURE = GOOD.split(".")
ADMIN = segment({**CLAIMS, "personId": 2, "login": "admin"})
RSA, CURVE = rsa_key(), ec.generate_private_key(ec.SECP256R1())
RSA_PEM = RSA.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)


def with_claims(**changed: Any) -> str:
    """A token that the server's own key signed, with changed claims; `...` leaves one out."""
    claims = {name: value for name, value in {**CLAIMS, **changed}.items() if value is not ...}
    return sign_hmac(HS256, claims, KEY)


def with_body(body: str | bytes) -> str:
    """A token that the server's own key signed, over this text."""
    return sign_hmac(HS256, body.encode() if isinstance(body, str) else body, KEY)


def with_header(key: bytes = KEY, **header: Any) -> str:
    """A token with this header, signed as HS256 would."""
    return sign_hmac(header, CLAIMS, key)


def unsigned(**header: Any) -> str:
    """A token without a signature."""
    return f"{segment(header)}.{BODY}."


def text_with(old: str, new: str) -> str:
    """A token whose claims are bent as text, for what no JSON writer makes."""
    text = json.dumps(CLAIMS)
    assert old in text
    return with_body(text.replace(old, new))


EXP = f'"exp": {CLAIMS["exp"]}'
NO_SIGNATURE = {
    f"algorithm {name!r}{' with a signature' * signed}": unsigned(alg=name) + SIGNATURE * signed
    for name in ("none", "None", "NONE", "nOnE", " none", "none\x00", "", None, 0, False, [], {}, ["none"])
    for signed in (False, True)
}
OTHER_ALGORITHMS = {
    "RS256 by a key of their own": jwt.encode(CLAIMS, RSA, "RS256"),
    "ES256 by a key of their own": jwt.encode(CLAIMS, CURVE, "ES256"),
    "RS256 in the header, our HMAC": with_header(alg="RS256"),
    "HS256 in the header, their RSA": f"{HEADER}.{BODY}.{jwt.encode(CLAIMS, RSA, 'RS256').split('.')[2]}",
    "HS256 keyed with a public key": sign_hmac(HS256, CLAIMS, RSA_PEM),
    "HS384 with our key": sign_hmac({"alg": "HS384"}, CLAIMS, KEY, "sha384"),
    "HS512 with our key": sign_hmac({"alg": "HS512"}, CLAIMS, KEY, "sha512"),
    "HS512 in the header, HS256 below": with_header(alg="HS512"),
    "HS256 in the header, HS512 below": sign_hmac(HS256, CLAIMS, KEY, "sha512"),
    "hs256 in small letters": with_header(alg="hs256"),
    "HS256 with a blank": with_header(alg="HS256 "),
    "a part of its name": with_header(alg="S256"),
    "two algorithms": with_header(alg="HS256,none"),
    "a list of algorithms": with_header(alg=["HS256"]),
    "no algorithm": with_header(typ="JWT"),
    "the algorithm twice, none last": sign_hmac(b'{"alg":"HS256","alg":"none"}', CLAIMS, KEY),
}
OTHER_KEYS = {
    "an empty key": sign_hmac(HS256, CLAIMS, b""),
    "a key of zeros": sign_hmac(HS256, CLAIMS, b"\0" * 32),
    "the key in capitals": sign_hmac(HS256, CLAIMS, SECRET.upper().encode()),
    "the key with a line end": sign_hmac(HS256, CLAIMS, KEY + b"\n"),
    "the key as bytes of its hexadecimal": sign_hmac(HS256, CLAIMS, bytes.fromhex(SECRET)),
    "key id of an empty file": with_header(b"", alg="HS256", kid="/dev/null"),
    "key id up the folders": with_header(b"", alg="HS256", kid="../../../../dev/null"),
    "key id as SQL": with_header(b"x", alg="HS256", kid="' UNION SELECT 'x"),
    "key id as an address": with_header(b"x", alg="HS256", kid="http://127.0.0.1:1/key"),
    "key id as a command": with_header(b"x", alg="HS256", kid="|cat /etc/passwd"),
    "key id of a wrong type": with_header(alg="HS256", kid={"a": 1}),
    "their own key set": with_header(b"x", alg="HS256", jku="http://127.0.0.1:1/jwks.json"),
    "their own key": with_header(b"x", alg="HS256", jwk={"kty": "oct", "k": segment(b"x")}),
    "their own certificate": jwt.encode(
        CLAIMS, RSA, "RS256", headers={"x5c": [base64.b64encode(RSA_PEM).decode()]}
    ),
    "their own certificate's address": with_header(b"x", alg="HS256", x5u="http://127.0.0.1:1/cert.pem"),
}
BENT = {
    "no signature": f"{HEADER}.{BODY}.",
    "no signature and no dot": f"{HEADER}.{BODY}",
    "another body": f"{HEADER}.{ADMIN}.{SIGNATURE}",
    "another header": f"{segment({'alg': 'HS256', 'typ': 'jwt'})}.{BODY}.{SIGNATURE}",
    "truncated by one": GOOD[:-1],
    "truncated by half": GOOD[: len(GOOD) // 2],
    "a signature cut to its first bytes": f"{HEADER}.{BODY}.{SIGNATURE[:8]}",
    "one letter more": GOOD + "A",
    "the signature twice": GOOD + SIGNATURE,
    "four parts": f"{GOOD}.{SIGNATURE}",
    "encrypted (five parts)": ".".join(
        segment(part) for part in ({"alg": "dir", "enc": "A256GCM"}, *[b"x" * 12] * 4)
    ),
    "five parts, signed": f"{HEADER}.{BODY}.{BODY}.{BODY}.{SIGNATURE}",
    "padded": f"{HEADER}.{BODY}.{SIGNATURE}=",
    "padded twice": f"{HEADER}.{BODY}.{SIGNATURE}==",
    "a padded body": f"{HEADER}.{BODY}=.{SIGNATURE}",
    "other spare bits": f"{HEADER}.{BODY}.{SIGNATURE[:-1]}{'B' if SIGNATURE[-1] != 'B' else 'C'}",
    "standard base64": f"{HEADER}.{BODY}.{SIGNATURE[:-2]}+/",
    "a blank inside": GOOD.replace(".", " .", 1),
    "a tab inside": f"{HEADER}.\t{BODY}.{SIGNATURE}",
    "percent-encoded dots": GOOD.replace(".", "%2E"),
    "in quotes": f'"{GOOD}"',
    "two tokens": f"{GOOD},{GOOD}",
    "two tokens apart": f"{GOOD} {GOOD}",
    "letters of another alphabet": GOOD.replace("e", "е", 1),  # noqa: RUF001
    "digits of another script": f"{HEADER}.{BODY}.{SIGNATURE[:-1]}٣",
    "oversized": with_claims(note="x" * 9_000),
    "oversized junk": "a" * 50_000,
    "dots": "." * 4_000,
    "one word": "abcd",
    "a number": "0",
    "null": "null",
    "the claims in the open": json.dumps(CLAIMS),
    "a JSON serialisation": json.dumps({"payload": BODY, "protected": HEADER, "signature": SIGNATURE}),
}
ODD_HEADERS = {
    "an extension that must be understood": with_header(alg="HS256", crit=["exp"], exp=1),
    "an empty list of extensions": with_header(alg="HS256", crit=[]),
    "extensions of a wrong type": with_header(alg="HS256", crit="exp"),
    "an unencoded body": sign_hmac({"alg": "HS256", "b64": False, "crit": ["b64"]}, CLAIMS, KEY),
    "an unencoded body, not said to be critical": with_header(alg="HS256", b64=False),
    "a detached body": f"{segment({'alg': 'HS256', 'b64': False, 'crit': ['b64']})}..{SIGNATURE}",
    "a header that is a list": sign_hmac(["HS256"], CLAIMS, KEY),
    "a header that is null": sign_hmac(None, CLAIMS, KEY),
    "a header that is no JSON": sign_hmac(b"{alg:HS256}", CLAIMS, KEY),
    "an empty header": f".{BODY}.{SIGNATURE}",
    "a header nested deeply": sign_hmac(b'{"alg":' + b"[" * 2_500, CLAIMS, KEY),
    "a token in a token": with_body(GOOD),
    "a token in a token, as JSON": with_body(json.dumps(GOOD)),
    "a compressed body": with_body(gzip.compress(json.dumps(CLAIMS).encode())),
}
ODD_CLAIMS = {
    "no login": with_claims(login=...),
    "no personId": with_claims(personId=...),
    "no permissions": with_claims(permissions=...),
    "no expiry": with_claims(exp=...),
    "no claims": with_body("{}"),
    "nothing": with_body(""),
    "a list": with_body("[]"),
    "a text": with_body('"abcd"'),
    "nested deeply": with_body("[" * 5_000),
    "login null": with_claims(login=None),
    "login a number": with_claims(login=1),
    "login a list": with_claims(login=["abcd"]),
    "login an object": with_claims(login={"$ne": ""}),
    "personId as text": with_claims(personId="1"),
    "personId null": with_claims(personId=None),
    "personId true": with_claims(personId=True),
    "personId a list": with_claims(personId=[1]),
    "personId with a fraction": with_claims(personId=1.5),
    "personId negative": with_claims(personId=-1),
    "personId beyond 64 bits": with_claims(personId=2**64 + 1),
    "personId of a thousand digits": text_with('"personId": 1', '"personId": ' + "9" * 1_000),
    "personId of 5000 digits": text_with('"personId": 1', '"personId": ' + "9" * 5_000),
    "personId in hexadecimal": text_with('"personId": 1', '"personId": 0x1'),
    "permissions a text": with_claims(permissions="all_proposals"),
    "permissions an object": with_claims(permissions={"all_proposals": True}),
    "permissions with a number": with_claims(permissions=[1]),
    "permissions nested": with_claims(permissions=[["all_proposals"]]),
    "the login twice": text_with('"login": "abcd"', '"login": "abcd", "login": "admin"'),
    "the person twice": text_with('"personId": 1', '"personId": 2, "personId": 1'),
    "the expiry twice": text_with(EXP, f'"exp": 1, {EXP}'),
    "a claim in other letters": text_with('"personId"', '"personid"'),
    "half a surrogate": text_with('"abcd"', '"ab\\ud800"'),
    "no UTF-8": with_body(json.dumps(CLAIMS).encode().replace(b"abcd", b"ab\xff")),
    "UTF-16": with_body(json.dumps(CLAIMS).encode("utf-16")),
    "issued in the future": with_claims(iat=NOW + 3_600),
    "issued: a word": with_claims(iat="today"),
    "issued as text": with_claims(iat=str(NOW)),
    "valid in the future": with_claims(nbf=NOW + 3_600),
    "valid from a word": with_claims(nbf="today"),
    "expiry as text": with_claims(exp=str(NOW + 3_600)),
    "expiry a word": with_claims(exp="never"),
    "expiry null": with_claims(exp=None),
    "expiry true": with_claims(exp=True),
    "expiry a list": with_claims(exp=[NOW + 3_600]),
    "expiry an object": with_claims(exp={"$date": NOW + 3_600}),
    "expiry NaN": text_with(EXP, '"exp": NaN'),
    "expiry infinite": text_with(EXP, '"exp": Infinity'),
    "expiry too large for a float": text_with(EXP, '"exp": 1e999'),
    "expiry of 5000 digits": text_with(EXP, '"exp": ' + "9" * 5_000),
    "a comment": with_body(json.dumps(CLAIMS) + "//"),
    "more after the end": with_body(json.dumps(CLAIMS) + "{}"),
    "for another audience": with_claims(aud="another service"),
}
CORPUS = {
    f"{kind}: {name}": token
    for kind, tokens in {
        "unsigned": NO_SIGNATURE,
        "algorithm": OTHER_ALGORITHMS,
        "key": OTHER_KEYS,
        "bent": BENT,
        "header": ODD_HEADERS,
        "claims": ODD_CLAIMS,
    }.items()
    for name, token in tokens.items()
}


@pytest.fixture
async def app(make_app: MakeApp) -> TestApp:
    app = await make_app("probe", **WITH_PROBE)
    await app.database.person("abcd", "probe")
    await app.database.person("admin", "probe")
    await app.refresh()
    return app


async def by_header(app: TestApp, token: str) -> Said:
    return said(await app.client.get("/user/current", headers={"Authorization": f"Bearer {token}".encode()}))


async def by_query(app: TestApp, token: str) -> Said:
    return said(await app.client.get("/probe/by-query", params={"token": token}))


async def test_the_token_that_all_are_made_of_is_good(app: TestApp) -> None:
    status, body = await by_header(app, GOOD)
    assert (status, body["login"]) == (200, "abcd")
    assert await by_query(app, GOOD) == (200, "abcd")


@pytest.mark.fix(12)
@pytest.mark.fix(13)
@pytest.mark.parametrize("send", [by_header, by_query])
async def test_no_attack_passes(app: TestApp, send: Callable[[TestApp, str], Any]) -> None:
    assert len(CORPUS) > 150
    found = {name: await send(app, token) for name, token in CORPUS.items()}
    assert [(name, answer) for name, answer in found.items() if answer != INVALID_TOKEN] == []


async def test_claims_are_not_believed_about_permissions(app: TestApp) -> None:
    """Whatever list the token has."""
    await app.database.person("efgh")
    await app.refresh()
    token = with_claims(login="efgh", personId=3, permissions=["probe", "all_proposals", "manage_groups"])
    status, body = await by_header(app, token)
    assert (status, body["Permissions"]) == (200, [])


async def test_expired_by_a_second_more_than_clocks_differ(app: TestApp) -> None:
    expired = with_claims(iat=NOW - 100, exp=int(time.time()) - int(LEEWAY) - 1)
    assert await by_header(app, expired) == EXPIRED
    assert await by_query(app, expired) == EXPIRED
    for exp in (0, -1, -(10**15), 1.5, int(time.time()) - int(LEEWAY)):
        assert await by_header(app, with_claims(exp=exp)) == EXPIRED


async def test_a_forged_token_is_not_told_that_it_expired(app: TestApp) -> None:
    assert await by_header(app, sign_hmac(HS256, {**CLAIMS, "exp": 1}, b"another key")) == INVALID_TOKEN


# One-time tokens

PATH = "/probe/names/a"


async def signed(app: TestApp, path: str = PATH) -> str:
    headers = {"Authorization": f"Bearer {GOOD}"}
    answer = await app.client.post("/user/sign", headers=headers, json={"validity": ROOT + path})
    assert answer.status_code == 200, answer.text
    token: str = answer.json()["token"]
    return token


async def once(app: TestApp, token: str, target: str = ROOT + PATH, method: str = "GET") -> Said:
    """What the use of a one-time token is answered with."""
    return said(await send_exactly(app, token, target, method))


async def send_exactly(app: TestApp, token: str, target: str, method: str) -> httpx.Response:
    """Send a path as it is, which no client does that tidies paths up."""
    path, _, query = f"{target}{'&' if '?' in target else '?'}onetime={token}".partition("?")
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(b"host", b"testserver.local")],
        "client": ("127.0.0.1", 1),
        "server": ("testserver.local", 80),
    }
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await app.starbeam.asgi(cast(Any, scope), cast(Any, receive), cast(Any, send))
    body = b"".join(message.get("body", b"") for message in sent)
    return httpx.Response(sent[0]["status"], headers=sent[0]["headers"], content=body)


OTHER_PATHS = [
    "/probe/names/b",
    "/probe/names/a/",
    "/probe/names/A",
    "/probe/names/a%00",
    "/probe/names/a%20",
    "/probe/names/%2561",
    "/probe/names//a",
    "//probe/names/a",
    "/probe//names/a",
    "/./probe/names/a",
    "/probe/names/./a",
    "/probe/names/b/../a",
    "/probe/names/..%2fnames%2fa",
    "/probe/../probe/names/a",
    "/probe/names/a/.",
    "/probe/names/a/..",
    "/probe/names/a;x=1",
    "/probe/names/a%3Fonetime",
    "/probe/names/a%23",
    "/user/current",
    "/probe/who?validity=/probe/names/a",
]


@pytest.mark.parametrize("path", OTHER_PATHS)
async def test_a_one_time_token_opens_no_other_path(app: TestApp, path: str) -> None:
    """However it is written: refused, or no path of this API at all. And it still opens its own."""
    token = await signed(app)
    answer = await once(app, token, ROOT + path)
    assert answer == WRONG_ONCE or answer[0] == 404, answer
    assert await once(app, token) == (200, "a")


async def test_a_one_time_token_of_a_path_written_oddly_opens_nothing_else(app: TestApp) -> None:
    for path in (
        "/probe/names/../names/a",
        "//probe/names/a",
        "/probe/names/a/",
        "/PROBE/names/a",
        "",
        "/",
        "/%",
    ):
        token = await signed(app, path)
        assert (path, await once(app, token)) == (path, WRONG_ONCE)


async def test_bent_one_time_tokens(app: TestApp) -> None:
    token = await signed(app)
    bent = [
        token[:-1],
        token + "A",
        token[1:],
        token.swapcase(),
        token.lower(),
        token[::-1],
        token * 2,
        "_",
        "-",
        "0",
    ]
    assert [await once(app, wrong) for wrong in bent] == [WRONG_ONCE] * len(bent)
    pattern = invalid(
        ["query", "onetime"], r"String should match pattern '^([\w\-_])+$'", "string_pattern_mismatch"
    )
    odd = [
        "",
        "%25",
        "%00",
        token + "%0a",
        token + "%20",
        token + "=",
        token + ".",
        "%D9%A3",
        "%27%20OR%201=1",
        "*",
    ]
    assert [await once(app, wrong) for wrong in odd] == [pattern] * len(odd)
    assert await once(app, token) == (200, "a")


async def test_a_one_time_token_is_not_used_twice(app: TestApp) -> None:
    token = await signed(app)
    found = await asyncio.gather(*(once(app, token) for _ in range(20)))
    assert sorted(found, key=str) == [(200, "a")] + [WRONG_ONCE] * 19
    assert await once(app, token) == WRONG_ONCE


async def test_a_one_time_token_is_for_reading(app: TestApp) -> None:
    token = await signed(app, "/probe/bodies")
    for method in ("POST", "PATCH", "DELETE"):
        assert await once(app, token, ROOT + "/probe/bodies", method) == NO_TOKEN
    for method in ("PUT", "HEAD"):
        assert (await send_exactly(app, token, ROOT + "/probe/bodies", method)).status_code == 405
    assert len(await app.database.sql("SELECT 1 FROM SW_onceToken")) == 1


async def test_a_one_time_token_signs_no_other(app: TestApp) -> None:
    token = await signed(app, "/user/sign")
    assert await once(app, token, ROOT + "/user/sign", "POST") == NO_TOKEN


async def test_one_kind_of_token_is_not_the_other(app: TestApp) -> None:
    assert await by_header(app, await signed(app)) == INVALID_TOKEN
    answer = await once(app, GOOD)
    assert answer[0] == 422


async def test_a_one_time_token_after_its_time(app: TestApp) -> None:
    token = await signed(app)
    await app.database.sql(
        "UPDATE SW_onceToken SET recordTimeStamp = datetime('now', 'localtime', '-11 seconds')"
    )
    assert await once(app, token) == WRONG_ONCE


async def test_of_several_one_time_tokens_in_a_query_one_counts(app: TestApp) -> None:
    """The first; a good one behind does not help."""
    token = await signed(app)
    assert await once(app, token, f"{ROOT}{PATH}?onetime=abc") == WRONG_ONCE
    assert await once(app, "abc", f"{ROOT}{PATH}?onetime={token}") == (200, "a")
