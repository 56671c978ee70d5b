"""A served API document against the facts of one: what a client of it needs and does not find."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
Components = Mapping[str, Json]

_LIMITS = ("maximum", "pattern", "minLength", "maxLength", "unit")
_NAMED = {"SampleStatus"}
"""Enumerations that clients read by name."""
_DEPTH = 8


@dataclass
class Flat:
    """All that a schema may be, as one."""

    types: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    properties: dict[str, Json] = field(default_factory=dict)
    required: set[str] = field(default_factory=set)
    enum: set[Any] = field(default_factory=set)
    limits: Json = field(default_factory=dict)
    items: Json | None = None


def flat(components: Components, schema: Json) -> Flat:
    """A schema with its references and choices put together."""
    found = Flat()
    waiting = [schema]
    while waiting:
        one = waiting.pop()
        if "$ref" in one:
            name = one["$ref"].rsplit("/", 1)[-1]
            found.names.add(name)
            waiting.append(components[name])
        for choices in ("allOf", "anyOf", "oneOf"):
            waiting += one.get(choices, [])
        _add(found, one)
    if found.properties and not found.types:
        found.types = {"object"}
    return found


def _add(found: Flat, schema: Json) -> None:
    kinds = schema.get("type", [])
    found.types |= {kinds} if isinstance(kinds, str) else set(kinds)
    found.properties |= schema.get("properties", {})
    found.required |= set(schema.get("required", []))
    found.enum |= set(schema.get("enum", [])) - {None}
    found.limits |= {key: schema[key] for key in _LIMITS if key in schema}
    if "exclusiveMinimum" in schema or "minimum" in schema:
        found.limits["from"] = schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1)
    found.items = schema.get("items", found.items)


@dataclass(frozen=True)
class Comparison:
    """What is served, held against what is wanted."""

    wanted: Components
    served: Components

    def operation(self, wanted: Json, served: Json) -> Iterator[str]:
        """What one operation lacks."""
        there = {(one["in"], one["name"]): one for one in served.get("parameters", [])}
        for parameter in wanted["parameters"]:
            place = f"{parameter['in']} {parameter['name']}"
            if (one := there.get((parameter["in"], parameter["name"]))) is None:
                yield f"{place} is missing"
                continue
            if parameter["required"] != bool(one.get("required")):
                yield f"{place}: required is not {parameter['required']}"
            default = parameter["schema"].get("default")
            if default is not None and default != one["schema"].get("default"):
                yield f"{place}: default is not {default}"
            yield from self.schema(parameter["schema"], one["schema"], place, sent=True)
        if wanted["tag"] not in served.get("tags", []):
            yield f"the tag {wanted['tag']} is missing"
        if "body" in wanted:
            yield from self.schema(wanted["body"], _json(served.get("requestBody")), "body", sent=True)
        for status, answer in wanted["responses"].items():
            if status not in served["responses"]:
                yield f"{status} is missing"
            elif answer:
                yield from self.schema(answer, _json(served["responses"][status]), status)

    def schema(
        self, wanted: Json, served: Json, place: str, *, sent: bool = False, depth: int = 0
    ) -> Iterator[str]:
        """What one schema lacks; `sent` by a client, it may demand no more than is wanted."""
        if depth > _DEPTH:
            return
        one, other = flat(self.wanted, wanted), flat(self.served, served)
        yield from _differences(one, other, place, sent)
        for name, below in one.properties.items():
            if name in other.properties:
                inner = other.properties[name]
                yield from self.schema(below, inner, f"{place}.{name}", sent=sent, depth=depth + 1)
        if one.items and other.items:
            yield from self.schema(one.items, other.items, f"{place}[]", sent=sent, depth=depth + 1)


def _differences(wanted: Flat, served: Flat, place: str, sent: bool) -> Iterator[str]:
    """What two flat schemas differ in, but for what is below them."""
    kinds = served.types | ({"number"} if "integer" in served.types else set())
    if missing := wanted.types - kinds:
        yield f"{place} cannot be {', '.join(sorted(missing))}"
    if lacking := set(wanted.properties) - set(served.properties):
        yield f"{place} has no {', '.join(sorted(lacking))}"
    if sent and wanted.properties and wanted.required != served.required:
        yield f"{place} requires {sorted(served.required)} and not {sorted(wanted.required)}"
    if wanted.enum - served.enum:
        yield f"{place} may not be {sorted(wanted.enum - served.enum)}"
    for key, value in wanted.limits.items():
        if served.limits.get(key) != value:
            yield f"{place}: {key} is {served.limits.get(key)} and not {value}"
    named = {name for name in wanted.names if "." not in name and (wanted.properties or name in _NAMED)}
    if named - served.names:
        yield f"{place} is not called {', '.join(sorted(named))}"
    if wanted.items and not served.items:
        yield f"{place}: its items have no schema"


def _json(part: Json | None) -> Json:
    """The schema of a body or answer in JSON."""
    found: Json = (part or {}).get("content", {}).get("application/json", {}).get("schema", {})
    return found
