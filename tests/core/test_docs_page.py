"""The API page: complete without the internet."""

from __future__ import annotations

import re
from importlib.metadata import version

import pytest

from starbeam.http import docs
from starbeam_testing.fixtures import MakeApp

pytestmark = pytest.mark.anyio
DUMMY = {"auth.backends.dummy.use": "auth_dummy", "auth.backends.dummy.test_system": True}


async def test_everything_that_the_page_names_is_served_from_here(make_app: MakeApp) -> None:
    app = await make_app("ispyb")
    page = await app.client.get("http://testserver.local/docs")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "//" not in page.text.replace("<!doctype html>", ""), "no address of another server"
    assets = re.findall(r'(?:src|href)="(/[^"]+)"', page.text)
    assert len(assets) == 4
    for address in assets:
        answer = await app.client.get(f"http://testserver.local{address}")
        assert answer.status_code == 200, address
        assert "sourceMappingURL" not in answer.text[-200:]
        assert not re.search(r"@import|url\(\s*['\"]?http", answer.text), address
    (document,) = re.findall(r'data-document="([^"]+)"', page.text)
    answer = await app.client.get(f"http://testserver.local{document}")
    assert answer.json()["openapi"].startswith("3.1")


async def test_only_this_server_may_be_asked(make_app: MakeApp) -> None:
    app = await make_app("ispyb")
    policy = (await app.client.get("http://testserver.local/docs")).headers["content-security-policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == rules["connect-src"] == "'self'"
    assert rules["frame-ancestors"] == "'none'"


async def test_assets_are_kept_by_browsers_and_not_sent_twice(make_app: MakeApp) -> None:
    app = await make_app("ispyb")
    address = "http://testserver.local/docs/assets/swagger-ui-bundle.js"
    first = await app.client.get(address)
    assert first.headers["content-type"].startswith("text/javascript")
    assert "immutable" in first.headers["cache-control"]
    again = await app.client.get(address, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]


async def test_other_files_are_not_served(make_app: MakeApp) -> None:
    app = await make_app("ispyb")
    for name in ("page.html", "nothing.js", "..%2fdocs.py", "README.md"):
        assert (await app.client.get(f"http://testserver.local/docs/assets/{name}")).status_code == 404


async def test_a_test_system_says_so(make_app: MakeApp) -> None:
    app = await make_app("auth_dummy", "ispyb", **DUMMY)
    assert docs.BANNER in (await app.client.get("http://testserver.local/docs")).text
    assert docs.BANNER in (await app.client.get("http://testserver.local/docs/openapi.json")).text
    app = await make_app("ispyb")
    assert docs.BANNER not in (await app.client.get("http://testserver.local/docs")).text


async def test_a_server_without_web_pages_says_what_it_is(make_app: MakeApp) -> None:
    app = await make_app("auth_dummy", "ispyb", **DUMMY)
    page = await app.client.get("http://testserver.local/")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert f"<h1>Starbeam {version('starbeam-core')}</h1>" in page.text
    assert docs.BANNER in page.text
    addresses = re.findall(r'href="(/[^"]+)"', page.text)
    assert len(addresses) == 4
    for address in addresses:
        assert (await app.client.get(f"http://testserver.local{address}")).status_code == 200, address
