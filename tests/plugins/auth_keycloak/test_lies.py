"""Identity providers that say anything at all: nobody gets in by it, and nobody meets a 500."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from starbeam_testing.app import TestApp
from starbeam_testing.fixtures import MakeApp
from support.answers import NOT_VERIFIED, said
from support.oidc import Claims, Realm
from support.tried import tried

pytestmark = pytest.mark.anyio

HOSTS = itertools.count()
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=9), below, max_size=3),
    max_leaves=8,
)
NO_JSON = st.binary(max_size=40) | st.sampled_from([b"[" * 100_000, b"9" * 5000, b"\xff\xfe", b"<html>"])
DOCUMENT = ("issuer", "jwks_uri", "userinfo_endpoint", "authorization_endpoint", "token_endpoint")
KEY = ("kty", "kid", "use", "alg", "n", "e", "x5c", "key_ops")


def changed(names: tuple[str, ...]) -> st.SearchStrategy[Claims]:
    """Other values for some of these."""
    return st.dictionaries(st.sampled_from(names), ANYTHING, min_size=1)


class Lying(Realm):
    """A realm that answers with these words, where there are any: for `certs`, `userinfo` and the like."""

    def __init__(self) -> None:
        super().__init__()
        self.words: dict[str, Any] = {}
        self.key: Claims = {}

    def answer(self, path: str, authorization: str | None) -> tuple[int, Any]:
        """Status and body for a path."""
        status, body = super().answer(path, authorization)
        return status, self.words.get(path.rpartition("/")[2], body)

    def _public(self, kid: str | None) -> Claims:
        return super()._public(kid) | self.key


@pytest.fixture
def lying() -> Iterator[Lying]:
    realm = Lying()
    yield realm
    realm.close()


async def answered(make_app: MakeApp, realm: Lying) -> tuple[int, object]:
    """What an app that has not asked this realm before answers a token that is right."""
    app: TestApp = await make_app(
        "auth_keycloak",
        **realm.settings(mode="userinfo", timeout=3.0),
        **{"server.trusted_proxies": ["127.0.0.1"]},
    )
    await app.database.person("abcd")
    headers = {"X-Forwarded-For": f"10.0.0.{next(HOSTS) % 250}"}
    body = {"plugin": "keycloak", "token": realm.token()}
    return said(await app.client.post("/auth/login", json=body, headers=headers))


@tried(8)
@given(
    words=st.dictionaries(
        st.sampled_from(["openid-configuration", "certs", "userinfo"]), ANYTHING | NO_JSON, min_size=1
    ),
    document=st.just({}) | changed(DOCUMENT),
    key=st.just({}) | changed(KEY),
)
@example(words={}, document={}, key={"n": "AQAB", "e": "AQAB"})
@example(words={"userinfo": {"sub": "0002", "preferred_username": "abcd"}}, document={}, key={})
async def test_a_provider_that_says_anything(
    make_app: MakeApp, lying: Lying, words: dict[str, Any], document: Claims, key: Claims
) -> None:
    lying.words, lying.discovery, lying.key = words, document, key
    status, body = await answered(make_app, lying)
    assert status in (401, 503), body
    assert (status, body) == NOT_VERIFIED or isinstance(body["detail"], str), json.dumps(body)
