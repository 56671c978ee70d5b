"""Logging in and out with a browser, and what its cookie is good for."""

from __future__ import annotations

import gzip
import re
import time

import jwt
import pytest

from starbeam.api import Unavailable
from starbeam.api.database import Reader
from starbeam.db.models import Person
from starbeam_testing.app import TestApp
from starbeam_testing.fixtures import SECRET, MakeApp
from starbeam_web import assets
from starbeam_web.cookie import LONGEST_DAY, NAME, LogInCookie
from support.pages import OPEN, ORIGIN, Visitor, text_of
from support.probe import WITH_PROBE

pytestmark = pytest.mark.anyio


@pytest.fixture
async def app(make_app: MakeApp) -> TestApp:
    app = await make_app("auth_dummy", "ispyb", "proposals", "web", **OPEN)
    await app.database.person("abcd")
    return app


@pytest.fixture
async def visitor(app: TestApp) -> Visitor:
    return Visitor(app)


async def test_a_person_logs_in_looks_and_logs_out(visitor: Visitor) -> None:
    asked = await visitor.open("/sessions?previous=true")
    assert (asked.status_code, asked.headers["Location"]) == (302, "/login?next=/sessions%3Fprevious%3Dtrue")
    done = await visitor.send(
        "/login",
        asked.headers["Location"],
        backend="dummy",
        login="abcd",
        password="x",
        next="/sessions?previous=true",
    )
    assert (done.status_code, done.headers["Location"]) == (303, "/sessions?previous=true")
    shown = await visitor.open("/sessions?previous=true")
    assert shown.status_code == 200
    assert "abcd" in text_of(shown.text)
    left = await visitor.send("/logout", "/sessions")
    assert (left.status_code, left.headers["Location"]) == (303, "/login")
    assert (await visitor.open("/sessions")).status_code == 302


async def test_what_the_cookie_looks_like(visitor: Visitor) -> None:
    plain = await visitor.log_in("abcd")
    assert plain.headers["Set-Cookie"].startswith(f"{NAME}=")
    for flag in ("HttpOnly", "SameSite=lax", "Path=/", "Max-Age=3600"):
        assert flag in plain.headers["Set-Cookie"]
    assert "Secure" not in plain.headers["Set-Cookie"]
    visitor.client.headers["X-Forwarded-Proto"] = "https"
    assert (
        "Secure" not in (await visitor.log_in("abcd")).headers["Set-Cookie"]
    )  # said by nobody in particular


async def test_the_cookie_is_secure_where_a_trusted_proxy_says_so(make_app: MakeApp) -> None:
    visitor = Visitor(
        await make_app("auth_dummy", "ispyb", "web", **OPEN, **{"server.trusted_proxies": ["127.0.0.1"]})
    )
    visitor.client.headers["X-Forwarded-Proto"] = "https"
    await visitor.app.database.person("abcd")
    assert "; Secure" in (await visitor.log_in("abcd")).headers["Set-Cookie"]


@pytest.mark.parametrize(
    "elsewhere",
    [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "evil",
        "/%2Fevil.example",
        "/%5Cevil.example",
        "/a\\..\\b",
        "/\t/evil.example",
        "/%09/evil.example",
        "/\u2028x",
        "javascript:alert(1)",
        "",
    ],
)
async def test_a_log_in_leads_to_no_other_server(visitor: Visitor, elsewhere: str) -> None:
    done = await visitor.log_in("abcd", next=elsewhere)
    assert (done.status_code, done.headers["Location"]) == (303, "/")


async def test_a_wrong_log_in_says_no_more_than_that(make_app: MakeApp) -> None:
    app = await make_app("probe", "ispyb", "web", **WITH_PROBE)
    await app.database.person("abcd")
    visitor = Visitor(app)
    wrong = await visitor.send("/login", "/login", backend="probe", login="abcd", password="wrong")
    assert wrong.status_code == 401
    assert "That did not work. Name or password is wrong." in text_of(wrong.text)
    assert 'value="abcd"' in wrong.text
    assert "wrong" not in [one for one in wrong.text.split('"') if one == "wrong"]
    unknown = await visitor.send("/login", "/login", backend="probe", login="stranger", password="x")
    assert "this database does not know it" in text_of(unknown.text)
    for _ in range(12):
        last = await visitor.send("/login", "/login", backend="probe", login="abcd", password="wrong")
    assert last.status_code == 429
    assert int(last.headers["Retry-After"]) > 0
    assert f"try again in {last.headers['Retry-After']} seconds" in text_of(last.text)


@pytest.mark.parametrize("path", ["/login", "/logout", "/preferences"])
async def test_a_form_from_elsewhere_is_refused(app: TestApp, visitor: Visitor, path: str) -> None:
    await visitor.log_in("abcd")
    for token in ({}, {"csrf": ""}, {"csrf": "é"}, {"csrf": "0" * 64}):
        sent = await visitor.client.post(path, data={"backend": "dummy", "login": "abcd", **token})
        assert sent.status_code == 403
        assert "comes from elsewhere" in text_of(sent.text)
    other = Visitor(app)
    foreign = text_of((await other.open("/login")).text) and other.client.cookies
    assert foreign
    assert (await visitor.open("/sessions")).status_code == 200


async def test_the_token_of_a_form_is_of_one_person(visitor: Visitor) -> None:
    """What the log-in page showed is of no use once somebody has logged in."""
    before = (await visitor.open("/login")).text.split('name="csrf" value="')[1].split('"')[0]
    await visitor.log_in("abcd")
    assert (await visitor.client.post("/logout", data={"csrf": before})).status_code == 403


def cookie_of(app: TestApp, **claims: object) -> str:
    key = LogInCookie(SECRET, 60, app.starbeam.snapshot)._key
    now = int(time.time())
    said = {"login": "abcd", "person": 1, "since": now, "exp": now + 60, "aud": "starbeam-web", **claims}
    return jwt.encode(said, key, algorithm="HS256")


async def test_only_our_cookie_that_holds_is_taken(app: TestApp) -> None:
    now, token = int(time.time()), app.token("abcd", 1)["Authorization"].removeprefix("Bearer ")
    wrong = {
        "expired": cookie_of(app, exp=now - 60),
        "too old": cookie_of(app, since=now - LONGEST_DAY - 1),
        "for others": cookie_of(app, aud="elsewhere"),
        "a token": token,
        "forged": jwt.encode({"login": "abcd"}, "0" * 32, algorithm="HS256"),
        "unsigned": jwt.encode({"login": "abcd", "person": 1}, "", algorithm="none"),
        "no person": cookie_of(app, person="1"),
        "nothing": "x",
    }
    for name, value in wrong.items():
        visitor = Visitor(app)
        visitor.client.cookies.set(NAME, value)
        assert (await visitor.open("/sessions")).status_code == 302, name
    visitor = Visitor(app)
    visitor.client.cookies.set(NAME, cookie_of(app))
    assert (await visitor.open("/sessions")).status_code == 200


async def test_the_cookie_is_no_token(app: TestApp) -> None:
    said = await app.client.get("/sessions", headers={"Authorization": f"Bearer {cookie_of(app)}"})
    assert said.status_code == 401


async def test_use_lets_a_log_in_hold_longer(app: TestApp) -> None:
    visitor = Visitor(app)
    visitor.client.cookies.set(NAME, cookie_of(app, exp=int(time.time()) + 600))
    shown = await visitor.open("/sessions")
    (renewed,) = [one for one in shown.headers.get_list("Set-Cookie") if one.startswith(NAME)]
    claims = jwt.decode(renewed.split("=")[1].split(";")[0], options={"verify_signature": False})
    assert claims["exp"] > time.time() + 3000
    visitor.client.cookies.clear()
    visitor.client.cookies.set(NAME, cookie_of(app, exp=int(time.time()) + 3590))
    again = await visitor.open("/sessions")
    assert [one for one in again.headers.get_list("Set-Cookie") if one.startswith(NAME)] == []


async def test_permissions_are_those_of_now(app: TestApp, visitor: Visitor) -> None:
    await visitor.log_in("abcd")
    await app.database.person("abcd", "all_proposals")
    await app.refresh()
    assert "You hold all_proposals." in text_of((await visitor.open("/sessions")).text)


async def test_headers_of_pages(visitor: Visitor) -> None:
    for path in ("/login", "/sessions", "/nothing"):
        await visitor.log_in("abcd")
        headers = (await visitor.open(path)).headers
        policy = dict(
            part.strip().partition(" ")[::2] for part in headers["Content-Security-Policy"].split(";")
        )
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
        assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Cache-Control"] == "private, no-cache"


async def test_a_page_that_did_not_change_is_not_sent_again(visitor: Visitor) -> None:
    await visitor.log_in("abcd")
    tag = (await visitor.open("/proposals")).headers["ETag"]
    again = await visitor.open("/proposals", **{"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    await visitor.send("/preferences", "/proposals", theme="dark")
    assert (await visitor.open("/proposals", **{"If-None-Match": tag})).status_code == 200


async def test_the_chosen_theme_is_sent_with_the_page(visitor: Visitor) -> None:
    chosen = await visitor.send("/preferences", "/login", theme="dark", next="/login?next=/sessions")
    assert chosen.headers["Location"] == "/login?next=/sessions"
    assert '<html lang="en" data-theme="dark">' in (await visitor.open("/login")).text
    await visitor.send("/preferences", "/login", cards="compact")
    await visitor.send("/preferences", "/login", keys="off", cards="anything")  # which there is not
    assert '<html lang="en" data-theme="dark" data-keys="off">' in (await visitor.open("/login")).text
    await visitor.send("/preferences", "/login", theme="")
    await visitor.send("/preferences", "/login", keys="")
    assert '<html lang="en">' in (await visitor.open("/login")).text


async def test_an_error_page_knows_who_asks(visitor: Visitor) -> None:
    await visitor.log_in("abcd")
    for path in ("/nothing", "/sessions/7"):
        shown = await visitor.open(path)
        assert shown.status_code == 404
        assert "AB abcd" in text_of(shown.text)
        assert "Log out" in text_of(shown.text)


async def test_an_error_page_leads_back_to_the_page_of_ours_that_led_there(visitor: Visitor) -> None:
    await visitor.log_in("abcd")
    came = {f"{ORIGIN}/sessions?skip=25": '<a class="btn" href="/sessions?skip=25">Back</a>'}
    for referer, link in {**came, f"{ORIGIN}/nothing": "", "http://evil.test/sessions": "", "": ""}.items():
        html = (await visitor.open("/nothing", Referer=referer)).text
        assert (link in html, "Back</a>" in html) == (True, bool(link)), referer


async def test_hostile_texts_are_texts(app: TestApp, visitor: Visitor) -> None:
    name = "<script>alert(1)</script>\"'&lt;\u202e😀"
    await app.database.add(Person, login=name[:45], familyName="x")
    await visitor.log_in(name[:45])
    for path in ("/", "/sessions", f"/search?q={name}", "/nothing"):
        shown = (await visitor.open(path)).text
        assert "<script>alert" not in shown
        assert "&lt;script&gt;" in shown or path == "/nothing"


async def test_files_of_pages_are_kept_for_long(visitor: Visitor) -> None:
    page = (await visitor.open("/login")).text
    address = page.split('rel="stylesheet" href="')[1].split('"')[0]
    sent = await visitor.open(address)
    assert (sent.status_code, sent.headers["Content-Type"]) == (200, "text/css; charset=utf-8")
    assert sent.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    for wrong in (
        "/static/0123/starbeam.css",
        address.replace("starbeam.css", "..%2Fcookie.py"),
        "/static/x/frame.html",
    ):
        assert (await visitor.open(wrong)).status_code in (302, 404)


async def test_what_a_browser_loads_at_first_is_small(visitor: Visitor) -> None:
    """25 kB packed on the page of an image, which loads the most; later pages load nothing again."""
    everywhere = re.findall(
        r'(?:href|src)="(/static/[^"]+\.(?:css|js))"', (await visitor.open("/login")).text
    )
    viewer = [assets.path(f"frame-{name}.js") for name in ("geometry", "picture", "contrast", "viewer")]
    packed = {"css": 0, "js": 0}
    for address in {*everywhere, *viewer}:
        sent = await visitor.open(address)
        assert sent.status_code == 200, address
        assert not re.search(r"^\s*(/\*|//)", sent.text, re.MULTILINE), address
        packed[address.rpartition(".")[2]] += len(gzip.compress(sent.content))
    assert 5_000 < packed["css"] < 8_600, packed
    assert 10_000 < packed["js"] < 18_000, packed
    assert sum(packed.values()) < 25_000, packed


async def test_pages_may_stand_below_a_prefix(make_app: MakeApp) -> None:
    app = await make_app("auth_dummy", "ispyb", "proposals", "web", **OPEN, **{"plugin.web.root": "/ui"})
    await app.database.person("abcd")
    visitor = Visitor(app)
    done = await visitor.send("/ui/login", "/ui/login", backend="dummy", login="abcd", password="x")
    assert done.headers["Location"] == "/ui/"
    shown = await visitor.open("/ui/sessions")
    assert shown.status_code == 200
    assert 'href="/ui/proposals"' in shown.text
    assert (await visitor.open("/sessions")).json() == {"detail": "Not Found"}
    assert ORIGIN not in shown.text


async def test_a_page_that_is_away_opens_by_itself_when_it_is_back(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise Unavailable("The database is not available.")

    await visitor.log_in("abcd")
    monkeypatch.setattr(Reader, "page", away)
    shown = await visitor.open("/proposals")
    assert (shown.status_code, shown.headers["Retry-After"]) == (503, "5")
    assert '<meta http-equiv="refresh" content="5">' in shown.text
    assert "This page tries again by itself in 5 seconds." in text_of(shown.text)
    monkeypatch.undo()
    assert (await visitor.open("/proposals")).status_code == 200
