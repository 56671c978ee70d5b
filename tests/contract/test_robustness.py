"""Whatever is sent, the server answers; it never fails."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from contract.conftest import PLUGINS, SETTINGS
from starbeam.app import Starbeam
from starbeam.http import openapi
from starbeam.settings import load
from support.expected import routes

if TYPE_CHECKING:
    from contract.conftest import Whole

pytestmark = pytest.mark.anyio

LARGE = 2**63
_WORDS = """0 -1 1e309 nan null true % \\ ' " 😀 é ٣ mx23 MX23 mx23-1 mx23-99999999999 2026-02-30 0000-00-00
    ../../etc/passwd"""
ODD = st.sampled_from(["", " ", "\0", str(LARGE), "9" * 40, *_WORDS.split()])
"""Values that programs have stumbled over, and some that exist."""
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-LARGE, 2 * LARGE)
    | st.floats(allow_nan=False, allow_infinity=False)
    | ODD,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=5), below, max_size=3),
    max_leaves=6,
)


def values(schema: dict[str, Any]) -> st.SearchStrategy[str]:
    """Values of a parameter: some that its schema allows, and others."""
    if "enum" in schema:
        return st.sampled_from([str(value) for value in schema["enum"]]) | ODD
    if "pattern" in schema:
        return st.from_regex(schema["pattern"], fullmatch=True) | ODD
    kinds = {
        "integer": st.integers(-3, 3).map(str) | st.integers(-LARGE, LARGE - 1).map(str),
        "number": st.floats().map(str),
        "boolean": st.sampled_from(["true", "false", "on", "NO"]),
    }
    return kinds.get(schema.get("type", ""), st.text(st.characters(codec="utf-8"), max_size=12)) | ODD


def body(components: dict[str, Any], operation: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Bodies: the fields that the operation knows with any value, or anything at all."""
    content = operation["requestBody"]["content"]["application/json"]["schema"]
    known = components.get(content.get("$ref", "").rsplit("/", 1)[-1], content).get("properties", {})
    return st.fixed_dictionaries({}, optional=dict.fromkeys(known, JSON)) | JSON


@cache
def document() -> dict[str, Any]:
    """The API document, without a database."""
    given = {**SETTINGS, "plugins.enabled": PLUGINS}
    return openapi.document(Starbeam(load(None, {}, given), needs_secret=False).asgi)


@st.composite
def requests(draw: st.DrawFn) -> dict[str, Any]:
    """A request to some operation of the document, with its path as the document has it."""
    paths = document()["paths"]
    operations = [(path, method) for path, item in sorted(paths.items()) for method in item]
    path, method = draw(st.sampled_from(operations))
    operation, query = paths[path][method], {}
    for parameter in operation.get("parameters", []):
        value = values(parameter["schema"])
        if parameter["in"] == "path":
            path = path.replace("{" + parameter["name"] + "}", quote(draw(value), safe="") or "0")
        elif parameter["in"] == "query" and draw(st.booleans()):
            query[parameter["name"]] = draw(value)
    made: dict[str, Any] = {"method": method, "url": path, "params": query}
    if "requestBody" in operation:
        made["json"] = draw(body(document()["components"]["schemas"], operation))
    return made


@pytest.mark.on("sqlite-union", "mariadb-diamond")
@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(sent=requests(), caller=st.sampled_from(["administrator", "session_member", "staff"]))
async def test_no_request_makes_the_server_fail(whole: Whole, sent: dict[str, Any], caller: str) -> None:
    url = whole.app.client.base_url.join(sent["url"])
    response = await whole.app.client.request(**{**sent, "url": url}, headers=whole.headers[caller])
    assert response.status_code < 500 or response.status_code == 501, response.text
    if response.status_code >= 400:
        assert set(response.json()) - {"message"} == {"detail"}


async def test_whatever_parameter_is_wrong_its_place_is_told(whole: Whole) -> None:
    """Of every operation, each whole number of its path and its query."""
    tried, wrong = 0, {}
    for name, route in routes().items():
        for parameter in (whole.operation(name) or {}).get("parameters", []):
            if parameter["schema"].get("type") == "integer":
                place = [parameter["in"], parameter["name"]]
                address = with_a_wrong(place, name.split(" ")[1], route.path)
                answer = await whole.call(name, address, "administrator", route.body)
                tried += 1
                if place not in places(answer):
                    wrong[name, *place] = answer.text
    assert tried > 150
    assert wrong == {}


def with_a_wrong(place: list[str], template: str, path: str) -> str:
    """An address of a route in which one parameter is no number."""
    sent, _, query = (path or template).partition("?")
    if place[0] == "path":
        sent = re.sub("{(?!token)[^}]*}", "1", template.replace(f"{{{place[1]}}}", "x"))
    else:
        query += f"&{place[1]}=x"
    return f"{sent}?{query}"


def places(answer: httpx.Response) -> list[Any]:
    """Where the faults of a request are."""
    detail = answer.json().get("detail") if answer.status_code == 422 else None
    return [one["loc"] for one in detail] if isinstance(detail, list) else []
