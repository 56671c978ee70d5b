"""The API document: valid, in the form that clients build forms from, and of what is served now."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis

from starbeam.access import Access
from starbeam.db.models import AdminVar
from starbeam.registry import handlers_of
from starbeam_auth_dummy.backend import DummyBackend
from starbeam_testing.app import TestApp
from starbeam_testing.fixtures import MakeApp
from support.answers import NO_TOKEN, NOT_FOUND, said
from support.probe import WITH_PROBE

pytestmark = pytest.mark.anyio

Json = dict[str, Any]
ROOT = "/ispyb/api/v1"


@pytest.fixture
async def app(make_app: MakeApp) -> TestApp:
    return await make_app("ispyb", "proposals", "probe", **WITH_PROBE)


@pytest.fixture
async def document(app: TestApp) -> Json:
    return await document_of(app)


async def document_of(app: TestApp) -> Json:
    answer = await app.client.get("/openapi.json")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    found: Json = answer.json()
    return found


def operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def objects(value: Any) -> Iterator[Json]:
    """Every object inside of a document."""
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from objects(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from objects(inner)


async def test_it_is_valid(document: Json) -> None:
    assert document["openapi"].startswith("3.1")
    schemathesis.openapi.from_dict(document).validate()


async def test_every_reference_leads_somewhere(document: Json) -> None:
    names = {one["$ref"] for one in objects(document) if isinstance(one.get("$ref"), str)}
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert names <= known


async def test_components_have_plain_names(document: Json) -> None:
    names = set(document["components"]["schemas"])
    assert {"AuthConfig", "PluginConfig", "Login", "TokenResponse", "CurrentUser", "OneTimeToken"} <= names
    assert {"HTTPValidationError", "ValidationError", "Proposal", "Paginated_Proposal_"} <= names
    assert [
        name for name in names if not re.fullmatch(r"[A-Za-z]\w*", name) or "starbeam" in name.lower()
    ] == []
    assert "starbeam_" not in str(document["components"])


async def test_every_property_has_a_title(document: Json) -> None:
    untitled = [
        f"{name}.{field}"
        for name, schema in document["components"]["schemas"].items()
        for field, found in schema.get("properties", {}).items()
        if not found.get("title")
    ]
    assert untitled == []


async def test_what_may_be_null_says_so_in_its_type(document: Json) -> None:
    schemas = document["components"]["schemas"]
    assert schemas["Login"]["properties"]["login"] == {"type": ["string", "null"], "title": "Login"}
    assert schemas["CurrentUser"]["properties"]["givenName"]["type"] == ["string", "null"]
    nullable = [one["anyOf"] for one in objects(schemas) if {"type": "null"} in one.get("anyOf", [])]
    assert [choices for choices in nullable if "enum" not in choices[0]] == []
    assert [one for one in objects(document) if None in one.get("enum", [])] == []
    assert schemas["Outer"]["properties"]["name"] == {
        "type": "string",
        "title": "The Name",
        "unit": "letters",
    }
    assert schemas["Outer"]["required"] == ["name"]


async def test_objects_that_may_be_null_are_plain_references(document: Json) -> None:
    """Forms read nothing but a title beside a reference; its component says that it may be null."""
    schemas = document["components"]["schemas"]
    assert schemas["Outer"]["properties"]["one"] == {"$ref": "#/components/schemas/Inner", "title": "One"}
    assert schemas["Inner"]["type"] == ["object", "null"]
    assert schemas["Shown"]["properties"]["inner"] == {"$ref": "#/components/schemas/Shade", "title": "Inner"}
    assert schemas["Shade"]["type"] == "object"


async def test_fields_that_clients_find_in_every_answer(document: Json) -> None:
    """Those that are never null and those that are marked, in the order of declaration."""
    shown = document["components"]["schemas"]["Shown"]
    assert list(shown["properties"]) == ["size", "inner", "maybe", "known", "unsure", "day", "days", "colour"]
    assert shown["required"] == ["size", "inner", "known", "days"]
    assert shown["properties"]["maybe"] == {"title": "Maybe", "type": ["integer", "null"]}
    assert shown["properties"]["day"] == {
        "title": "Day",
        "type": ["string", "null"],
        "format": "date-time",
    }
    assert shown["properties"]["days"]["items"] == {"type": "string", "format": "date-time"}
    assert shown["properties"]["colour"] == {
        "title": "Colour",
        "anyOf": [{"enum": ["green", "red"], "type": "string"}, {"type": "null"}],
    }


async def test_pictures_files_and_sentences(document: Json) -> None:
    paths = document["paths"]
    binary = {"schema": {"type": "string", "format": "binary"}}
    picture = paths[f"{ROOT}/probe/{{place}}/{{number}}/picture"]["get"]
    assert picture["responses"]["200"]["content"] == {"image/*": binary}
    assert paths[f"{ROOT}/probe/file"]["get"]["responses"]["200"]["content"] == {
        "application/octet-stream": binary
    }
    reference = "#/components/schemas/"
    assert picture["responses"]["422"] == {
        "description": "Not a place",
        "content": {
            "application/json": {
                "schema": {
                    "anyOf": [{"$ref": reference + "HTTPValidationError"}, {"$ref": reference + "Error"}]
                }
            }
        },
    }


async def test_every_path_parameter_is_declared(document: Json) -> None:
    """Also one that the handler does not take, while a dependency that it does not ask for does."""
    picture = document["paths"][f"{ROOT}/probe/{{place}}/{{number}}/picture"]["get"]
    declared = {
        one["name"]: (one["in"], one["required"], one["schema"]["type"]) for one in picture["parameters"]
    }
    assert list(declared) == ["place", "number"]
    assert declared == {"number": ("path", True, "integer"), "place": ("path", True, "string")}


async def test_every_operation_says_what_it_demands(app: TestApp, document: Json) -> None:
    opts: dict[tuple[str, str], dict[str, Any]] = {
        (path, method.lower()): handler.opt
        for path, handler in handlers_of(app.starbeam.asgi)
        for method in handler.http_methods
    }
    bearer = [{"HTTPBearer": []}]
    for path, method, operation in operations(document):
        access: Access = opts[path, method]["access"]
        by_header = not access.public and access.token_in == "header"
        assert operation.get("security") == (bearer if by_header else None), path
        assert ("401" in operation["responses"]) == (not access.public or path.endswith("/login")), path
        assert ("403" in operation["responses"]) == bool(access.permission), path
        refused = 400 in opts[path, method].get("errors", {}) or "requestBody" in operation
        assert ("400" in operation["responses"]) == refused, path
        if option := opts[path, method].get("switch"):
            said_off = operation["responses"]["404"]["description"]
            assert said_off == f"The option {option} switches it off"
        takes = bool(operation.get("parameters")) or "requestBody" in operation
        assert ("422" in operation["responses"]) == takes, path
    assert document["components"]["securitySchemes"] == {
        "HTTPBearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    }
    one = document["paths"][f"{ROOT}/probe/items/{{itemId}}"]["get"]["responses"]
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    assert one["404"] == {"description": "Item not found", "content": error}
    assert one["422"]["content"] == {
        "application/json": {"schema": {"$ref": "#/components/schemas/HTTPValidationError"}}
    }


async def test_operations_are_told_apart(document: Json) -> None:
    ids = Counter(operation["operationId"] for _, _, operation in operations(document))
    assert {name for name, count in ids.items() if count > 1} == set()
    assert all(
        operation.get("summary") or operation.get("description") for _, _, operation in operations(document)
    )


async def test_parameters(document: Json) -> None:
    """Plain types with their bounds; what is not sent is not null; a one-time token is not shown."""
    found = document["paths"][f"{ROOT}/probe/taken"]["get"]["parameters"]
    schemas = {one["name"]: one["schema"] for one in found}
    assert {one["in"] for one in found} == {"query"}
    assert {one["name"]: one.get("required", False) for one in found} == dict.fromkeys(schemas, False)
    assert schemas["number"]["type"] == "integer"
    assert schemas["maybe"]["type"] == "boolean"
    assert schemas["colour"]["enum"] == ["red", "green"]
    assert (schemas["proposal"]["type"], schemas["proposal"]["pattern"]) == ("string", r"^(\w|-)+\d+$")
    pages = document["paths"][f"{ROOT}/probe/pages"]["get"]["parameters"]
    limit = next(one["schema"] for one in pages if one["name"] == "limit")
    assert (limit["type"], limit["default"], limit["exclusiveMinimum"]) == ("integer", 25, 0)
    assert "maximum" not in limit
    parameters = [one for _, _, operation in operations(document) for one in operation.get("parameters", [])]
    assert {one["in"] for one in parameters} == {"query", "path"}
    assert "onetime" not in {one["name"] for one in parameters}
    item = document["paths"][f"{ROOT}/probe/items/{{itemId}}"]["get"]["parameters"]
    assert [(one["name"], one["in"], one["required"], one["schema"]["type"]) for one in item] == [
        ("itemId", "path", True, "integer")
    ]


async def test_a_page_names_what_it_holds(document: Json) -> None:
    page = document["components"]["schemas"]["Paginated_Proposal_"]
    assert sorted(page["required"]) == ["limit", "results", "skip", "total"]
    assert page["properties"]["results"]["items"] == {"$ref": "#/components/schemas/Proposal"}
    answer = document["paths"][f"{ROOT}/proposals"]["get"]["responses"]["200"]["content"]
    assert answer == {"application/json": {"schema": {"$ref": "#/components/schemas/Paginated_Proposal_"}}}


@pytest.mark.fix(36)
async def test_it_leaves_out_what_an_option_switches_off(app: TestApp, document: Json) -> None:
    switched = {f"{ROOT}/probe/switched", f"{ROOT}/probe/switched/held"}
    assert switched <= set(document["paths"])
    await app.database.add(AdminVar, name="probe_on", value="false")
    await app.refresh()
    assert set((await document_of(app))["paths"]) == set(document["paths"]) - switched
    assert said(await app.client.get("/probe/switched")) == NOT_FOUND
    await app.database.sql("DELETE FROM AdminVar")
    await app.refresh()
    assert await document_of(app) == document


async def test_two_apps_share_nothing(make_app: MakeApp) -> None:
    """In one process, one after the other and interleaved."""
    probe = await make_app("probe", **WITH_PROBE)
    other = await make_app("ispyb", "proposals", **{"server.api_root": "/other"})
    first, second = set((await document_of(probe))["paths"]), set((await document_of(other))["paths"])
    assert f"{ROOT}/probe/taken" in first
    assert "/other/proposals" in second
    assert first & second == {"/health/live", "/health/ready"}
    assert said(await probe.client.get("/proposals")) == NOT_FOUND
    assert said(await other.client.get("/probe/taken")) == NOT_FOUND
    assert said(await other.client.get("/proposals")) == NO_TOKEN
    assert "Taken" not in (await document_of(other))["components"]["schemas"]
    assert (probe.starbeam.registry.permissions.keys() - other.starbeam.registry.permissions.keys()) == {
        "probe"
    }
    assert probe.starbeam.database is not other.starbeam.database


async def test_the_log_in_is_shown_with_the_backends_that_there_are(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, Any] = {}
    for name in ("staff", "visitors"):
        given |= {f"auth.backends.{name}.use": "auth_dummy", f"auth.backends.{name}.test_system": True}
    app = await make_app("auth_dummy", **given)
    body = (await document_of(app))["paths"][f"{ROOT}/auth/login"]["post"]["requestBody"]
    found = body["content"]["application/json"]["examples"]
    assert found == {
        name: {"value": {"plugin": name, "login": "abcd", "password": "…"}} for name in ("staff", "visitors")
    }
    assert (await app.client.post("/auth/login", json=found["staff"]["value"])).status_code == 401  # nobody
    monkeypatch.setattr(DummyBackend, "by_password", False)
    tokens = await document_of(await make_app("auth_dummy", **given))
    body = tokens["paths"][f"{ROOT}/auth/login"]["post"]["requestBody"]
    shown = body["content"]["application/json"]["examples"]["staff"]
    assert shown == {"value": {"plugin": "staff", "token": "…"}}
