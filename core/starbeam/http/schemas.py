"""What the API document says of Structs: msgspec's description, in the form that clients build forms from.

Litestar's own description sorts the fields, and leaves out what `Meta(extra_json_schema=…)` says: a `unit`,
an `enum` to choose from, and the marks of `starbeam.fields`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import msgspec
from litestar.plugins import OpenAPISchemaPlugin
from litestar.typing import FieldDefinition
from msgspec import inspect

from starbeam.fields import kinds
from starbeam.paging import LARGEST
from starbeam.patch import Patch
from starbeam.sheets import Sheet

if TYPE_CHECKING:
    from litestar._openapi.schema_generation import SchemaCreator

Json = dict[str, Any]

REF = "#/components/schemas/"
_NULL = {"type": "null"}
_DESCRIBED = (msgspec.Struct, Patch, Sheet)
_PAGED = re.compile(r"^Paged_(?:.*\.)?(\w+?)_?$")
_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")


class StructPlugin(OpenAPISchemaPlugin):
    """Lets Litestar name the Structs of an app, which `components` describes."""

    def __init__(self) -> None:
        self.found: list[Any] = []

    def is_plugin_supported_field(self, field_definition: FieldDefinition) -> bool:
        """Whether it is a Struct, or a body of some."""
        return not field_definition.is_union and field_definition.is_subclass_of(_DESCRIBED)

    def to_openapi_schema(self, field_definition: FieldDefinition, schema_creator: SchemaCreator) -> Any:
        """A component without properties."""
        if field_definition.is_subclass_of(Patch):
            return schema_creator.for_field_definition(body(field_definition))
        if field_definition.is_subclass_of(Sheet):
            rows = FieldDefinition.from_annotation(list[body(field_definition).annotation])  # type: ignore[misc]
            return schema_creator.for_field_definition(rows)
        self.found.append(field_definition.annotation)
        return schema_creator.create_component_schema(field_definition, required=[], property_fields={})


def body(field: FieldDefinition) -> FieldDefinition:
    """What a body is made of: of a `Patch` what it may change, of a `Sheet` its rows."""
    return field.inner_types[0] if field.is_subclass_of((Patch, Sheet)) else field


def components(structs: list[Any], bodies: list[Any]) -> Json:
    """The components of Structs and of all in them. `bodies` are those that clients send: each field of them
    without a default must be there, null or not."""
    found = msgspec.json.schema_components(structs, ref_template=REF + "{name}")[1]
    sent = msgspec.json.schema_components(bodies, ref_template=REF + "{name}")[1]
    nullable, times = set(_nullable(found)), _times(inspect.multi_type_info(structs))
    for name, schema in found.items():
        if REF + name in nullable:
            schema["type"] = ["object", "null"]
        for field in times.get(name, ()):
            held = schema["properties"][field]
            held.get("items", held)["format"] = "date-time"
    return {component_name(name): component(schema, sent=name in sent) for name, schema in found.items()}


def component(schema: Json, *, sent: bool = False) -> Json:
    """One component: a title for each property, and which of them are always there."""
    if "properties" not in schema:
        return schema
    known = {
        name: {"title": title(name), **walk(one, lambda inner: plain(inner, sent=sent))}
        for name, one in schema["properties"].items()
    }
    certain = set(schema.get("required", ()))
    if not sent:
        certain -= {name for name, one in schema["properties"].items() if _NULL in one.get("anyOf", ())}
    required = [name for name, one in known.items() if one.pop("required", name in certain)]
    found = {**schema, "properties": known, "required": required}
    return found if required else {key: value for key, value in found.items() if key != "required"}


def component_name(name: str) -> str:
    """`Paginated_Sample_` for a page of samples, and no module's path in any name."""
    if page := _PAGED.match(name):
        return f"Paginated_{page[1]}_"
    return name.rsplit(".", 1)[-1]


def walk(value: Any, change: Callable[[Json], Json]) -> Any:
    """The same data with every object changed, from the inside out."""
    if isinstance(value, dict):
        return change({key: walk(inner, change) for key, inner in value.items()})
    if isinstance(value, list):
        return [walk(inner, change) for inner in value]
    return value


def _nullable(schemas: Any) -> Iterator[str]:
    """References to what may be null instead."""
    if isinstance(schemas, dict):
        choices = schemas.get("anyOf", ())
        if _NULL in choices:
            yield from (one["$ref"] for one in choices if "$ref" in one)
        schemas = schemas.values()
    if not isinstance(schemas, str | int | float | None):
        for one in schemas:
            yield from _nullable(one)


def _times(waiting: Iterable[inspect.Type]) -> dict[str, list[str]]:
    """Fields that hold times, by component: msgspec calls only those with an offset `date-time`."""
    found: dict[str, list[str]] = {}
    seen, stack = set[int](), list(waiting)
    while stack:
        for one in kinds(stack.pop()):
            if isinstance(one, inspect.ListType):
                stack.append(one.item_type)
            elif isinstance(one, inspect.DictType):
                stack.append(one.value_type)
            elif isinstance(one, inspect.StructType) and id(one) not in seen:
                seen.add(id(one))
                stack += [field.type for field in one.fields]
                found[one.cls.__name__] = [field.encode_name for field in one.fields if _is_time(field.type)]
    return found


def _is_time(kind: inspect.Type) -> bool:
    """Whether it is a time, or a list of times."""
    return any(
        isinstance(one, inspect.DateTimeType)
        or (isinstance(one, inspect.ListType) and _is_time(one.item_type))
        for one in kinds(kind)
    )


def plain(schema: Json, *, sent: bool = False) -> Json:
    """One schema in the plainest form that forms and generators read: `type: [T, "null"]`; a reference beside
    which only a title stands, while its component says that it may be null.

    An enumeration holds no null: in an answer null stands beside it, in what clients send it is left out.
    """
    given = schema.get("anyOf") or schema.get("oneOf") or ()
    choices = [one for one in given if one != _NULL]
    if len(choices) == 1 and (sent or "enum" not in choices[0]):
        kind = choices[0].get("type")
        said = {key: value for key, value in schema.items() if key not in ("anyOf", "oneOf")}
        schema = {**choices[0], **said, **({"type": [kind, "null"]} if isinstance(kind, str) else {})}
    if isinstance(schema.get("$ref"), str):
        name = component_name(schema["$ref"].removeprefix(REF))
        return {**{key: schema[key] for key in ("title", "required") if key in schema}, "$ref": REF + name}
    if "enum" in schema and "type" not in schema:
        schema["type"] = "string" if isinstance(schema["enum"][0], str) else "integer"
    if schema.get("default", 0) is None:
        del schema["default"]
    return _without_guards(schema)


def _without_guards(schema: Json) -> Json:
    """Without bounds that only keep numbers inside of what databases hold."""
    for bound in _BOUNDS:
        value = schema.get(bound)
        if isinstance(value, int | float) and abs(value) >= LARGEST:
            del schema[bound]
        elif isinstance(value, float) and value.is_integer():
            schema[bound] = int(value)
    return schema


def title(name: str) -> str:
    """`Bl Sample Id` for `blSampleId`."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|_", " ", name).split()
    return " ".join(word[0].upper() + word[1:] for word in words)
