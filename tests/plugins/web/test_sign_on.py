"""Logging in on the page of an OpenID Connect provider, with a browser."""

from __future__ import annotations

import hashlib
import time
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import jwt
import pytest
from structlog.testing import capture_logs

from starbeam.auth.ratelimit import PER_ADDRESS
from starbeam_testing.app import TestApp
from starbeam_testing.fixtures import MakeApp
from starbeam_web.cookie import NAME
from starbeam_web.sign_on import LONGEST
from support.oidc import CLIENT, Provider, Realm
from support.pages import OPEN, ORIGIN, Visitor, text_of

pytestmark = pytest.mark.anyio

NOT_TAKEN = "What the log-in service answered does not hold. Please try again."
STRANGE = "This log-in took too long, or was begun in another browser. Please try again."
NO_ANSWER = "The identity provider does not answer. Please try again later."


@pytest.fixture(scope="module")
def genuine() -> Iterator[Provider]:
    provider = Provider(preferred_username="abcd", given_name="Ada", family_name="Lovelace")
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
    return await with_person(make_app, realm.settings())


async def with_person(make_app: MakeApp, settings: dict[str, Any]) -> TestApp:
    app = await make_app("auth_keycloak", "ispyb", "proposals", "web", **settings)
    await app.database.person("abcd")
    return app


def by_issuer(provider: Provider, **more: Any) -> dict[str, Any]:
    """Its clients must have a secret; any will do."""
    table = {
        "use": "auth_keycloak",
        "issuer": provider.issuer,
        "client_id": CLIENT,
        "client_secret": "any",
        **more,
    }
    return {f"auth.backends.sso.{name}": value for name, value in table.items()}


async def begin(visitor: Visitor, backend: str = "keycloak", next: str = "") -> dict[str, str]:
    """What a browser takes to the provider."""
    sent = await visitor.client.get(f"/login/{backend}", params={"next": next})
    assert sent.status_code == 302, sent.text
    return dict(parse_qsl(urlsplit(sent.headers["Location"]).query))


async def come_back(visitor: Visitor, taken: dict[str, str], **changed: str) -> httpx.Response:
    """Back from the realm, with its code."""
    query = {"code": "c0de", "state": taken["state"], **changed}
    return await visitor.client.get(urlsplit(taken["redirect_uri"]).path, params=query)


# A real provider


@pytest.mark.parametrize("mode", ["token", "userinfo"])
async def test_a_person_logs_in_at_a_provider(make_app: MakeApp, genuine: Provider, mode: str) -> None:
    """Its access tokens are opaque: userinfo asks with one, all the same."""
    app = await with_person(make_app, by_issuer(genuine, mode=mode))
    visitor = Visitor(app)
    asked = await visitor.open("/sessions?previous=true")
    page = (await visitor.open(asked.headers["Location"])).text
    assert 'href="/login/sso?next=/sessions%3Fprevious%3Dtrue"' in page
    left = await visitor.open("/login/sso?next=/sessions%3Fprevious%3Dtrue")
    assert left.status_code == 302
    assert left.headers["Location"].startswith(f"{genuine.issuer}/oauth2/authorize?")
    back = genuine.sign_on(left.headers["Location"])
    assert back.startswith(f"{ORIGIN}/login/sso/back?")
    done = await visitor.open(back)
    assert (done.status_code, done.headers["Location"]) == (303, "/sessions?previous=true")
    assert "abcd" in text_of((await visitor.open("/sessions")).text)
    again = await visitor.open(back)
    assert again.status_code == 401
    assert NOT_TAKEN in text_of(again.text)


async def test_a_person_who_changes_their_mind(make_app: MakeApp, genuine: Provider) -> None:
    visitor = Visitor(await with_person(make_app, by_issuer(genuine)))
    left = await visitor.open("/login/sso?next=/sessions")
    back = await visitor.open(genuine.sign_on(left.headers["Location"], action="deny"))
    assert back.status_code == 401
    assert "That did not work. The log-in was not finished there." in text_of(back.text)
    assert NAME not in visitor.client.cookies


async def test_a_person_whom_the_database_does_not_know(make_app: MakeApp, genuine: Provider) -> None:
    visitor = Visitor(await make_app("auth_keycloak", "ispyb", "web", **by_issuer(genuine)))
    left = await visitor.open("/login/sso")
    back = await visitor.open(genuine.sign_on(left.headers["Location"]))
    assert back.status_code == 401
    assert "Your account exists, but this database does not know it. Ask the user office." in text_of(
        back.text
    )
    assert NAME not in visitor.client.cookies


async def test_a_provider_that_is_away(make_app: MakeApp) -> None:
    provider = Provider(preferred_username="abcd")
    visitor = Visitor(await with_person(make_app, by_issuer(provider)))
    away = await visitor.open("/login/sso?next=/sessions")
    assert away.status_code == 503
    assert f"That did not work. {NO_ANSWER}" in text_of(away.text)
    assert 'href="/login/sso?next=/sessions"' in away.text
    provider.start()
    left = await visitor.open("/login/sso?next=/sessions")
    back = provider.sign_on(left.headers["Location"])
    provider.stop()
    gone = await visitor.open(back)
    assert gone.status_code == 503
    assert NO_ANSWER in text_of(gone.text)


# What is sent


async def test_what_the_provider_is_told(app: TestApp, realm: Realm) -> None:
    visitor = Visitor(app)
    taken = await begin(visitor)
    assert {name: taken[name] for name in ("response_type", "scope", "client_id", "redirect_uri")} == {
        "response_type": "code",
        "scope": "openid profile email",
        "client_id": CLIENT,
        "redirect_uri": f"{ORIGIN}/login/keycloak/back",
    }
    realm.given = {"id_token": realm.token(aud=CLIENT, nonce=taken["nonce"])}
    assert (await come_back(visitor, taken)).status_code == 303
    ((authorization, form),) = realm.forms
    assert authorization is None
    digest = hashlib.sha256(form.pop("code_verifier").encode()).digest()
    assert taken["code_challenge_method"] == "S256"
    assert taken["code_challenge"] == urlsafe_b64encode(digest).decode().rstrip("=")
    assert form == {
        "grant_type": "authorization_code",
        "code": "c0de",
        "client_id": CLIENT,
        "redirect_uri": taken["redirect_uri"],
    }


async def test_every_log_in_has_secrets_of_its_own(app: TestApp) -> None:
    visitor = Visitor(app)
    first, second = await begin(visitor), await begin(visitor)
    for name in ("state", "nonce", "code_challenge"):
        assert first[name] != second[name]


async def test_several_log_ins_of_one_browser_go_on(app: TestApp, realm: Realm) -> None:
    """As with several tabs: the one that was begun first ends last."""
    visitor = Visitor(app)
    first, second = await begin(visitor, next="/proposals"), await begin(visitor, next="/sessions")
    for taken, page in ((second, "/sessions"), (first, "/proposals")):
        realm.given = {"id_token": realm.token(nonce=taken["nonce"])}
        assert (await come_back(visitor, taken)).headers["Location"] == page


async def test_a_client_with_a_secret(make_app: MakeApp, realm: Realm) -> None:
    visitor = Visitor(await with_person(make_app, realm.settings(client_secret="hush: 1")))
    taken = await begin(visitor)
    realm.given = {"id_token": realm.token(nonce=taken["nonce"])}
    assert (await come_back(visitor, taken)).status_code == 303
    authorization = realm.forms[0][0] or ""
    assert b64decode(authorization.removeprefix("Basic ")).decode() == f"{CLIENT}:hush%3A+1"
    assert "hush" not in (await visitor.app.client.get("/auth/config")).text


async def test_the_address_to_come_back_to(make_app: MakeApp, realm: Realm) -> None:
    app = await with_person(
        make_app,
        {**realm.settings("staff"), "plugin.web.root": "/ui", "server.trusted_proxies": ["127.0.0.1"]},
    )
    visitor = Visitor(app)
    visitor.client.headers.update({"X-Forwarded-Proto": "https", "Host": "ispyb.example.org"})
    left = await visitor.open("/ui/login/staff")
    query = dict(parse_qsl(urlsplit(left.headers["Location"]).query))
    assert query["redirect_uri"] == "https://ispyb.example.org/ui/login/staff/back"
    assert "; Secure" in left.headers["Set-Cookie"]


async def test_browsers_are_sent_to_where_they_find_the_provider(make_app: MakeApp, realm: Realm) -> None:
    """Not where this server does, though its answers may name that."""
    settings = realm.settings(server_url="https://sso.example.org", inside_url=realm.server_url)
    left = await Visitor(await with_person(make_app, settings)).open("/login/keycloak")
    page = "https://sso.example.org/realms/facility/protocol/openid-connect/auth?response_type=code&"
    assert left.headers["Location"].startswith(page)


# What comes back


@pytest.mark.parametrize("nonce", ["another", "", ...])
async def test_a_token_that_was_made_for_another_log_in(app: TestApp, realm: Realm, nonce: Any) -> None:
    visitor = Visitor(app)
    taken = await begin(visitor)
    realm.given = {"id_token": realm.token(nonce=nonce)}
    with capture_logs() as lines:
        back = await come_back(visitor, taken)
    assert (back.status_code, NOT_TAKEN in text_of(back.text)) == (401, True)
    assert any("nonce" in line.get("reason", "") for line in lines)
    assert NAME not in visitor.client.cookies


async def test_a_token_of_another_client_or_nobodys(app: TestApp, realm: Realm) -> None:
    visitor = Visitor(app)
    taken = await begin(visitor)
    for changed in ({"azp": "other", "aud": "other"}, {"iss": "https://evil.example"}, {"exp": 1}):
        realm.given = {"id_token": realm.token(nonce=taken["nonce"], **changed)}
        back = await come_back(visitor, taken)
        assert (back.status_code, NOT_TAKEN in text_of(back.text)) == (401, True)


async def test_only_the_browser_that_left_may_come_back(app: TestApp, realm: Realm) -> None:
    """Else somebody could log a victim's browser in as themselves."""
    visitor, victim = Visitor(app), Visitor(app)
    taken = await begin(visitor)
    realm.given = {"id_token": realm.token(nonce=taken["nonce"])}
    await begin(victim)
    for browser in (victim, Visitor(app)):
        back = await come_back(browser, taken)
        assert (back.status_code, STRANGE in text_of(back.text)) == (401, True)
    assert realm.forms == []


async def test_a_state_that_is_not_ours_or_too_old(
    make_app: MakeApp, realm: Realm, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = await with_person(make_app, {**realm.settings(), **realm.settings("other")})
    visitor = Visitor(app)
    taken = await begin(visitor)
    realm.given = {"id_token": realm.token(nonce=taken["nonce"])}
    forged = jwt.encode({"id": "x", "backend": "keycloak", "next": "", "exp": time.time() + 60}, "0" * 32)
    unsigned = jwt.encode({"id": "x", "backend": "keycloak", "next": "", "exp": time.time() + 60}, "", "none")
    for state in ("", "x", taken["state"][:-2], forged, unsigned, (await begin(visitor, "other"))["state"]):
        back = await come_back(visitor, taken, state=state)
        assert (back.status_code, STRANGE in text_of(back.text)) == (401, True)
    now = time.time()
    monkeypatch.setattr("starbeam_web.sign_on.time.time", lambda: now - LONGEST - 5)
    old = await begin(visitor)
    monkeypatch.undo()
    assert STRANGE in text_of((await come_back(visitor, old)).text)
    assert realm.forms == []


@pytest.mark.parametrize("elsewhere", ["//evil.example", "/\\evil.example", "https://evil.example", "/%09/x"])
async def test_a_log_in_leads_to_no_other_server(app: TestApp, realm: Realm, elsewhere: str) -> None:
    visitor = Visitor(app)
    taken = await begin(visitor, next=elsewhere)
    realm.given = {"id_token": realm.token(nonce=taken["nonce"])}
    assert (await come_back(visitor, taken)).headers["Location"] == "/"


async def test_a_provider_that_answers_with_nonsense(app: TestApp, realm: Realm) -> None:
    visitor = Visitor(app)
    taken = await begin(visitor)
    realm.given = {"error": "unsupported"}
    back = await come_back(visitor, taken)
    assert back.status_code == 503
    assert "gives an answer that cannot be used" in text_of(back.text)


async def test_too_many_tries(app: TestApp, realm: Realm) -> None:
    visitor = Visitor(app)
    taken = await begin(visitor)
    realm.given = {"id_token": "x"}
    for _ in range(PER_ADDRESS):
        assert (await come_back(visitor, taken)).status_code == 401
    last = await come_back(visitor, taken)
    assert last.status_code == 429
    assert f"Please try again in {last.headers['Retry-After']} seconds." in text_of(last.text)


async def test_what_the_page_offers(make_app: MakeApp, realm: Realm) -> None:
    """The provider's button first, whatever the order; names and passwords where a backend takes them."""
    app = await make_app("auth_dummy", "auth_keycloak", "ispyb", "web", **OPEN, **realm.settings())
    page = (await Visitor(app).open("/login")).text
    button = '<a class="btn main" href="/login/keycloak">Log in with keycloak (single sign-on)</a>'
    assert page.count('class="btn main"') == 1
    assert page.index(button) < page.index('value="dummy"')
    assert 'name="backend" value="keycloak"' not in page


async def test_a_backend_without_a_page_of_its_own(make_app: MakeApp, realm: Realm) -> None:
    app = await make_app("auth_dummy", "auth_keycloak", "ispyb", "web", **OPEN, **realm.settings())
    client = Visitor(app).client
    for backend in ("dummy", "nobody"):
        for path in (f"/login/{backend}", f"/login/{backend}/back?code=x"):
            assert (await client.get(path, headers={"Accept": "*/*"})).status_code in (401, 404)
