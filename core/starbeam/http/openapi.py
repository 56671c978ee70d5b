"""The API document: what Litestar finds in the handlers, in the form that clients of this API read.

Clients build forms from `components.schemas` by name, so the names, titles and nullable types are part of
the API.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from copy import deepcopy
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import msgspec
from litestar import Request, Response, Router, get
from litestar.di import NamedDependency
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.plugins import JsonRenderPlugin

from starbeam.access import public
from starbeam.auth.snapshot import Snapshot
from starbeam.http import docs, repeats, schemas
from starbeam.http.dependencies import always
from starbeam.http.errors import Error, HTTPValidationError
from starbeam.http.files import FileAnswer
from starbeam.registry import handlers_of, operations_of

if TYPE_CHECKING:
    from litestar import Litestar
    from litestar.handlers import HTTPRouteHandler

Json = dict[str, Any]

OCTETS = "application/octet-stream"


@get("/openapi.json", access=public, include_in_schema=False)
async def openapi_document(
    request: Request[Any, Any, Any], snapshot: NamedDependency[Snapshot]
) -> Response[bytes]:
    """The API document of what is served now."""
    return Response(await encoded(request.app, snapshot), media_type="application/json")


def router(snapshot: Snapshot) -> Router:
    """The document."""
    return Router("/", route_handlers=[openapi_document], dependencies=always(snapshot=snapshot))


async def encoded(app: Litestar, snapshot: Snapshot) -> bytes:
    """The document as JSON, without the operations that an option switches off at present."""
    await snapshot.refresh_once()
    off = frozenset(name for name in switches(app) if not snapshot.options[name])
    cache: dict[frozenset[str], bytes] = app.state.setdefault("openapi_documents", {})
    if off not in cache:
        cache[off] = msgspec.json.encode(document(app, off))
    return cache[off]


def switches(app: Litestar) -> set[str]:
    """Options that switch operations off."""
    return {handler.opt["switch"] for _, handler in handlers_of(app) if handler.opt.get("switch")}


def declare(handlers: Iterable[HTTPRouteHandler]) -> None:
    """Let handlers say to Litestar what their `access` and `errors` mean, before they are registered."""
    for handler in handlers:
        access, errors = handler.opt["access"], dict(handler.opt.get("errors", {}))
        if not access.public:
            errors.setdefault(401, "No valid token")
            handler.security = [{"HTTPBearer": []}] if access.token_in == "header" else None
        if access.permissions:
            errors.setdefault(403, f"The caller lacks the permission {access}")
        if "data" in handler.parsed_fn_signature.parameters:
            errors.setdefault(400, "The database does not take a value")
        if handler.opt.get("switch"):
            errors.setdefault(404, f"The option {handler.opt['switch']} switches it off")
        answers = {
            status: ResponseSpec(Error, description=said, generate_examples=False)
            for status, said in sorted(errors.items())
        }
        if handler.parsed_fn_signature.return_type.annotation is FileAnswer:
            handler.media_type = kind if (kind := str(handler.media_type)).startswith("image/") else OCTETS
        handler.responses = {**answers, **(handler.responses or {})}


def document(app: Litestar, off: frozenset[str] = frozenset()) -> Json:
    """The document as plain data, without the operations that the options in `off` switch."""
    found: Json = deepcopy(app.openapi_schema.to_schema())
    paths: Json = {}
    repeating: repeats.Repeating | None = app.state.get("repeating")
    for one in operations_of(app):
        method, opt = one.method.lower(), one.handler.opt
        operation = found["paths"].get(one.path, {}).get(method)
        if operation is not None and opt.get("switch") not in off:
            shown = one.path + "/" if opt.get("slash") else one.path
            told = paths.setdefault(shown, {})[method] = _operation(operation, one.handler, one.path)
            if repeating and repeating.takes(one.method, one.path, one.handler):
                told.setdefault("parameters", []).append(deepcopy(repeats.PARAMETER))
    bearer = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    found["paths"] = schemas.walk(paths, schemas.plain)
    found["components"] = {"schemas": _components(app, found), "securitySchemes": {"HTTPBearer": bearer}}
    return found


def _components(app: Litestar, found: Json) -> Json:
    """Enumerations as Litestar describes them, and all Structs."""
    handlers = [handler for _, handler in handlers_of(app) if handler.resolve_include_in_schema()]
    bodies = [schemas.body(one.parsed_data_field).annotation for one in handlers if one.parsed_data_field]
    unions = {where: items for one in handlers for where, items in one.opt.get("unions", {}).items()}
    structs = [*app.plugins.get(schemas.StructPlugin).found, HTTPValidationError, Error]
    structs += [item for items in unions.values() for item in items]
    others = {schemas.component_name(name): one for name, one in found["components"]["schemas"].items()}
    named = {name: schemas.component(one) for name, one in others.items()}
    named |= _extended(app, structs, bodies)
    for where, items in unions.items():
        component, field = where.split(".")
        named[component]["properties"][field]["anyOf"] = [_ref(item.__name__) for item in items]
    return dict(sorted(named.items()))


def _extended(app: Litestar, structs: list[Any], bodies: list[Any]) -> Json:
    """The components of Structs; of those that a plugin extends, what is answered instead."""
    known = schemas.components(structs, bodies)
    instead = {old: new for old, new in app.state["structs"].items() if old.__name__ in known}
    named = {**known, **schemas.components([*structs, *instead.values()], bodies)}
    for old, new in instead.items():
        named[old.__name__] = {**named.pop(new.__name__), "title": old.__name__}
    names = {schemas.REF + new.__name__: schemas.REF + old.__name__ for old, new in instead.items()}

    def renamed(schema: Json) -> Json:
        return {**schema, "$ref": names[ref]} if (ref := schema.get("$ref")) in names else schema

    walked: Json = schemas.walk(named, renamed)
    return walked


def _operation(operation: Json, handler: HTTPRouteHandler, path: str) -> Json:
    """Complete what Litestar says of an operation: parameters, what is answered to wrong ones, and files."""
    parameters = [_parameter(one) for one in operation.get("parameters", [])]
    declared = {one["name"]: one for one in parameters if one["in"] == "path"}
    in_path = [declared.get(name) or _text(name, "path") for name in re.findall(r"{(\w+)}", path)]
    parameters = [*in_path, *(one for one in parameters if one["in"] != "path")]
    if handler.opt["access"].token_in == "query":
        parameters.append(_text("token", "query"))
    if parameters:
        operation["parameters"] = parameters
    if examples := handler.opt.get("examples", {}).get(handler.handler_name):
        for content in operation["requestBody"]["content"].values():
            content["examples"] = examples
    responses: Json = operation["responses"]
    errors = handler.opt.get("errors", {})
    if 400 not in errors and "requestBody" not in operation:  # Litestar says it of every parameter
        responses.pop("400", None)
    if parameters or "requestBody" in operation:
        wrong = [_ref("HTTPValidationError"), *([_ref("Error")] if 422 in errors else [])]
        responses["422"] = {
            "description": errors.get(422, "The request is not valid"),
            "content": {"application/json": {"schema": {"anyOf": wrong} if wrong[1:] else wrong[0]}},
        }
    for answer in responses.values():
        for kind, content in answer.get("content", {}).items():
            if kind.startswith("image/") or kind == OCTETS:
                content["schema"] = {"type": "string", "format": "binary"}
    return operation


def _text(name: str, place: str) -> Json:
    """A parameter that no handler names."""
    schema = {"type": "string", "title": schemas.title(name)}
    return {"name": name, "in": place, "required": True, "schema": schema}


def _ref(component: str) -> Json:
    return {"$ref": schemas.REF + component}


def _parameter(parameter: Json) -> Json:
    """A parameter, which is given or not and never null."""
    schema: Json = parameter["schema"]
    choices = [one for one in schema.get("oneOf", ()) if one != {"type": "null"}]
    if len(choices) == 1:
        del schema["oneOf"]
        schema = {**choices[0], **schema}
    if isinstance(schema.get("type"), list):
        schema["type"] = next(kind for kind in schema["type"] if kind != "null")
    if "enum" in schema:
        schema["enum"] = [value for value in schema["enum"] if value is not None]
    kept = ("name", "in", "required", "description", "examples")
    return {**{key: parameter[key] for key in kept if key in parameter}, "schema": schema}


class _Document(JsonRenderPlugin):
    """The document with all operations, also those that an option switches off; beside the API page."""

    _encoded = b""

    def render(self, request: Request[Any, Any, Any], openapi_schema: Json) -> bytes:
        """The document, made at the first request."""
        self._encoded = self._encoded or msgspec.json.encode(document(request.app))
        return self._encoded


def configuration(api_root: str, is_test_system: bool) -> OpenAPIConfig:
    """How Litestar makes the document: operation ids are the handlers' names, descriptions their
    docstrings."""
    description = "Laboratory database of a synchrotron or electron-microscopy facility."
    if is_test_system:
        description += f" **{docs.BANNER}**"
    return OpenAPIConfig(
        title="Starbeam",
        version=version("starbeam-core"),
        description=description,
        use_handler_docstrings=True,
        operation_id_creator=lambda handler, method, path: handler.handler_name,
        openapi_router=docs.router(),
        render_plugins=[docs.Page(api_root, is_test_system), _Document()],
    )
