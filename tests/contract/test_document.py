"""The served API document has every operation, parameter and field that clients know."""

from __future__ import annotations

import json
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from starbeam.http import openapi
from support.document import Comparison
from support.workspace import GROUP, manifest

if TYPE_CHECKING:
    from contract.conftest import Whole

pytestmark = pytest.mark.anyio

FACTS: dict[str, Any] = json.loads(Path(__file__).with_name("operations.json").read_text(encoding="utf-8"))
"""`operations` by method and path, each with the plugin that serves it, and `components`."""
PENDING = {
    name
    for name in manifest()
    if not hasattr(next(iter(entry_points(group=GROUP, name=name))).load(), "register_routes")
} - {"auth_dummy", "auth_keycloak", "auth_ldap", "ispyb"}
"""Plugins that serve nothing yet."""
OPTIONS_OF = {"legacy", "userportal"}
"""Plugins whose options `/options` shows."""
WAIT_FOR = {"GET /options": OPTIONS_OF, "PATCH /options": OPTIONS_OF}
"""Plugins that an operation needs beside its own."""
NEAR = {
    name: one
    for name, one in FACTS["operations"].items()
    if not {one["plugin"], *WAIT_FOR.get(name, ())} & PENDING
}
"""The operations that are served."""


def test_the_other_plugins_exist() -> None:
    assert {one["plugin"] for one in NEAR.values()} <= {"core", *manifest()}


async def test_operations_are_as_clients_know_them(whole: Whole) -> None:
    comparison = Comparison(FACTS["components"], whole.document["components"]["schemas"])
    wrong = {}
    for name, known in NEAR.items():
        served = whole.operation(name)
        missing = ["it is not served"] if served is None else list(comparison.operation(known, served))
        if missing:
            wrong[name] = missing
    assert wrong == {}


async def test_every_property_has_a_title(whole: Whole) -> None:
    untitled = {
        f"{name}.{field}"
        for name, component in whole.document["components"]["schemas"].items()
        for field, schema in component.get("properties", {}).items()
        if "title" not in schema
    }
    assert untitled == set()


async def test_no_two_components_share_a_name(whole: Whole) -> None:
    long = list(whole.app.starbeam.asgi.openapi_schema.to_schema()["components"]["schemas"])
    short = [openapi._component_name(name) for name in long]
    assert sorted(short) == sorted(set(short))
