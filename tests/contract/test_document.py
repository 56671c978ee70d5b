"""The served API document has every operation, parameter and field that clients know."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from starbeam.http import schemas
from support.document import Comparison
from support.workspace import manifest

if TYPE_CHECKING:
    from contract.conftest import Whole

pytestmark = pytest.mark.anyio

FACTS: dict[str, Any] = json.loads(Path(__file__).with_name("operations.json").read_text(encoding="utf-8"))
"""`operations` by method and path, each with the plugin that serves it, and `components`."""


def test_every_operation_belongs_to_a_plugin() -> None:
    assert {one["plugin"] for one in FACTS["operations"].values()} <= {"core", *manifest()}


async def test_operations_are_as_clients_know_them(whole: Whole) -> None:
    comparison = Comparison(FACTS["components"], whole.document["components"]["schemas"])
    wrong = {}
    for name, known in FACTS["operations"].items():
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
    short = [schemas.component_name(name).lower() for name in long]  # generators make files of them
    assert sorted(short) == sorted(set(short))
