"""Which fields of the served API document's schemas have a value in an answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]

_REF = "#/components/schemas/"
_ALWAYS_THERE = {"skip"}
"""Fields that rightly are 0."""


def answer_schema(operation: Json) -> Json | None:
    """The schema of what an operation answers when all is well, if that is JSON."""
    for status, response in operation["responses"].items():
        if status.startswith("2"):
            found: Json | None = response.get("content", {}).get("application/json", {}).get("schema")
            return found
    return None


def fields(document: Json, schema: Json) -> set[str]:
    """Every field below a schema, as `Component.field`."""
    found: set[str] = set()
    waiting = list(_components(schema))
    while waiting:
        name = waiting.pop()
        properties = _component(document, name).get("properties", {})
        new = {f"{name}.{field}" for field in properties if field not in _ALWAYS_THERE} - found
        found |= new
        if new:
            waiting += [below for sub in properties.values() for below in _components(sub)]
    return found


def filled(document: Json, schema: Json, value: Any) -> set[str]:
    """The fields that have a value, other than 0, false and what is empty."""
    if isinstance(value, list):
        return {field for one in value for field in filled(document, schema.get("items", {}), one)}
    values = schema.get("additionalProperties")
    if isinstance(value, dict) and isinstance(values, dict):
        return {field for one in value.values() for field in filled(document, values, one)}
    found: set[str] = set()
    if isinstance(value, dict):
        for name in _components(schema):
            properties = _component(document, name).get("properties", {})
            if set(value) <= set(properties):
                for field, content in value.items():
                    found |= {f"{name}.{field}"} if content else set()
                    found |= filled(document, properties[field], content)
    return found


def _component(document: Json, name: str) -> Json:
    found: Json = document["components"]["schemas"][name]
    return found


def _components(schema: Json) -> Iterator[str]:
    """Names of the components that a schema is, may be, or is a list of."""
    if "$ref" in schema:
        yield schema["$ref"].removeprefix(_REF)
    for key in ("oneOf", "anyOf", "allOf"):
        for choice in schema.get(key, []):
            yield from _components(choice)
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield from _components(schema[key])
