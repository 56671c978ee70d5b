"""The API document: what Litestar finds in the handlers, in the form that clients of this API read.

Clients build forms from `components.schemas` by name, so the names, titles and nullable types are part of
the API.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import msgspec
from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin

from starbeam.access import public
from starbeam.http import docs
from starbeam.http.errors import Error, HTTPValidationError
from starbeam.http.files import FileAnswer
from starbeam.params import LARGEST
from starbeam.registry import handlers_of
from starbeam.runtime import Runtime

if TYPE_CHECKING:
    from litestar import Litestar
    from litestar.handlers import HTTPRouteHandler
    from litestar.typing import FieldDefinition

Json = dict[str, Any]

_REF = "#/components/schemas/"
_PAGED = re.compile(r"^Paged_(?:.*\.)?(\w+?)_?$")
_FILE = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
_METHODS = ("get", "post", "put", "patch", "delete")


@get("/openapi.json", access=public, include_in_schema=False)
async def openapi_document(
    request: Request[Any, Any, Any], runtime: NamedDependency[Runtime]
) -> Response[bytes]:
    """The API document of what is served now."""
    return Response(await encoded(request.app, runtime), media_type="application/json")


handlers = [openapi_document]


async def encoded(app: Litestar, runtime: Runtime) -> bytes:
    """The document as JSON, without the operations that an option switches off at present."""
    await runtime.options.refresh_once()
    off = frozenset(name for name in switches(app) if not runtime.options[name])
    cache: dict[frozenset[str], bytes] = app.state.setdefault("openapi_documents", {})
    if off not in cache:
        cache[off] = msgspec.json.encode(document(app, off), order="sorted")
    return cache[off]


def switches(app: Litestar) -> set[str]:
    """Options that switch operations off."""
    return {handler.opt["switch"] for _, handler in handlers_of(app) if handler.opt.get("switch")}


def document(app: Litestar, off: frozenset[str] = frozenset()) -> Json:
    """The document as plain data, without the operations that the options in `off` switch."""
    found: Json = deepcopy(app.openapi_schema.to_schema())
    schemas: Json = found["components"].setdefault("schemas", {})
    extra = msgspec.json.schema_components([HTTPValidationError, Error], ref_template=_REF + "{name}")[1]
    schemas.update(extra)
    by_route = {
        (path, method.lower()): handler
        for path, handler in handlers_of(app)
        for method in handler.http_methods
    }
    for path, item in list(found["paths"].items()):
        for method in [method for method in _METHODS if method in item]:
            handler = by_route[(path, method)]
            if handler.opt.get("switch") in off:
                del item[method]
            else:
                _operation(item[method], handler)
        if not any(method in item for method in _METHODS):
            del found["paths"][path]
        elif any(by_route[(path, method)].opt.get("slash") for method in _METHODS if method in item):
            found["paths"][path + "/"] = found["paths"].pop(path)
    found["components"]["securitySchemes"] = {
        "HTTPBearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    }
    found["components"]["schemas"] = {_component_name(name): schema for name, schema in schemas.items()}
    found["components"]["schemas"] = {
        name: _component(schema) for name, schema in found["components"]["schemas"].items()
    }
    for where, items in _unions(app).items():
        component, field = where.split(".")
        refs, found_items = msgspec.json.schema_components(items, ref_template=_REF + "{name}")
        found["components"]["schemas"] |= {name: _component(one) for name, one in found_items.items()}
        found["components"]["schemas"][component]["properties"][field] |= {"anyOf": list(refs)}
    for name, fields in _extras(app).items():
        for field, extras in fields.items():
            found["components"]["schemas"][name]["properties"][field] |= extras
    plain: Json = _walk(found, _simplified)
    return plain


def _unions(app: Litestar) -> dict[str, list[type[msgspec.Struct]]]:
    """By `Component.field`: the Structs that it may be, which no annotation can say to msgspec."""
    return {
        where: items
        for _, handler in handlers_of(app)
        for where, items in handler.opt.get("unions", {}).items()
    }


_EXTRAS = ("unit", "enum")
"""What `Meta(extra_json_schema=…)` may say of a property."""


def _extras(app: Litestar) -> dict[str, dict[str, Json]]:
    """What properties say beyond their types, by component: Litestar's own schemas leave it out."""
    fields = [
        field
        for _, handler in handlers_of(app)
        for field in (handler.parsed_return_field, handler.parsed_data_field)
        if field is not None and handler.resolve_include_in_schema()
    ]
    components = msgspec.json.schema_components({one for field in fields for one in _structs(field)})[1]
    return {
        _component_name(name): {
            field: {extra: found[extra] for extra in _EXTRAS if extra in found}
            for field, found in schema.get("properties", {}).items()
        }
        for name, schema in components.items()
    }


def _structs(field: FieldDefinition) -> Iterator[type[msgspec.Struct]]:
    """The Structs that an annotation names, without those inside of them."""
    if isinstance(field.annotation, type) and issubclass(field.annotation, msgspec.Struct):
        yield field.annotation
    for inner in field.inner_types:
        yield from _structs(inner)


def _operation(operation: Json, handler: HTTPRouteHandler) -> None:
    """Say what the operation demands and which errors it answers."""
    access = handler.opt["access"]
    responses: Json = operation["responses"]
    responses.pop("400", None)
    errors: dict[int, str] = dict(handler.opt.get("errors", {}))
    if not access.public:
        errors.setdefault(401, "No valid token")
        if access.token_in == "header":
            operation["security"] = [{"HTTPBearer": []}]
        elif access.token_in == "query":
            operation.setdefault("parameters", []).append(_token_in_query())
    if access.permission:
        errors.setdefault(403, f"The caller lacks the permission {access.permission}")
    for status, description in sorted(errors.items()):
        responses[str(status)] = {"description": description, "content": _json("Error")}
    if operation.get("parameters") or "requestBody" in operation:
        responses["422"] = {
            "description": "The request is not valid",
            "content": _json("HTTPValidationError"),
        }
    if handler.parsed_fn_signature.return_type.annotation is FileAnswer:
        responses["200"]["content"] = _FILE
    for parameter in operation.get("parameters", []):
        parameter["schema"] = _without_null(parameter["schema"])
        for noise in ("allowEmptyValue", "allowReserved", "deprecated"):
            parameter.pop(noise, None)


def _token_in_query() -> Json:
    """The parameter that the guard reads, which no handler names."""
    schema = {"type": "string", "title": "Token"}
    return {"name": "token", "in": "query", "required": True, "schema": schema}


def _json(component: str) -> Json:
    return {"application/json": {"schema": {"$ref": _REF + component}}}


def _component_name(name: str) -> str:
    """`Paginated_Sample_` for a page of samples, and no module's path in any name."""
    if page := _PAGED.match(name):
        return f"Paginated_{page[1]}_"
    return name.rsplit(".", 1)[-1]


def _component(schema: Json) -> Json:
    """A title on every property."""
    for name, found in schema.get("properties", {}).items():
        found.setdefault("title", _title(name))
    return schema


def _title(name: str) -> str:
    """`Bl Sample Id` for `blSampleId`."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|_", " ", name).split()
    return " ".join(word[0].upper() + word[1:] for word in words)


def _without_null(schema: Json) -> Json:
    """A parameter is given or not; it is never null."""
    plain: Json = _simplified(dict(schema))
    if isinstance(plain.get("type"), list):
        plain["type"] = next(kind for kind in plain["type"] if kind != "null")
    if "enum" in plain:
        plain["enum"] = [value for value in plain["enum"] if value is not None]
    return plain


def _simplified(schema: Json) -> Json:
    """One schema in the plainest form: `type: [T, "null"]`, no bounds that only guard integers, short
    references."""
    if isinstance(schema.get("$ref"), str) and schema["$ref"].startswith(_REF):
        schema["$ref"] = _REF + _component_name(schema["$ref"].removeprefix(_REF))
    choices = schema.get("oneOf") or schema.get("anyOf")
    if isinstance(choices, list):
        rest = [choice for choice in choices if choice != {"type": "null"}]
        if len(rest) == 1 and isinstance(rest[0].get("type"), str):
            nullable = len(rest) < len(choices)
            schema.pop("oneOf", None)
            schema.pop("anyOf", None)
            kind = rest[0]["type"]
            schema.update({**rest[0], **schema, "type": [kind, "null"] if nullable else kind})
            if nullable and "enum" in schema and None not in schema["enum"]:
                schema["enum"] = [*schema["enum"], None]
    for bound in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"):
        value = schema.get(bound)
        if isinstance(value, int | float) and not isinstance(value, bool):
            if abs(value) >= LARGEST:
                del schema[bound]
            elif value == int(value):
                schema[bound] = int(value)
    return schema


def _walk(value: Any, change: Callable[[Json], Json]) -> Any:
    """The same data with every object changed, from the inside out."""
    if isinstance(value, dict):
        return change({key: _walk(inner, change) for key, inner in value.items()})
    if isinstance(value, list):
        return [_walk(inner, change) for inner in value]
    return value


class _Document(JsonRenderPlugin):
    """The document with all operations, also those that an option switches off; beside the API page."""

    _encoded = b""

    def render(self, request: Request[Any, Any, Any], openapi_schema: Json) -> bytes:
        """The document, made at the first request."""
        self._encoded = self._encoded or msgspec.json.encode(document(request.app), order="sorted")
        return self._encoded


def configuration(runtime: Runtime) -> OpenAPIConfig:
    """How Litestar makes the document: operation ids are the handlers' names, descriptions their
    docstrings."""
    description = "Laboratory database of a synchrotron or electron-microscopy facility."
    if runtime.is_test_system:
        description += f" **{docs.BANNER}**"
    return OpenAPIConfig(
        title="Starbeam",
        version=version("starbeam-core"),
        description=description,
        use_handler_docstrings=True,
        operation_id_creator=lambda handler, method, path: handler.handler_name,
        openapi_router=docs.router(),
        render_plugins=[docs.Page(runtime), _Document()],
    )
