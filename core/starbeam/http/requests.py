"""What happens to every request: its id, its line in the log, and booleans as people write them."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

import structlog
from litestar._kwargs.extractors import create_query_default_dict
from litestar._parsers import parse_query_string
from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.routes import HTTPRoute

from starbeam import calls, logs
from starbeam.conversion import FALSE, TRUE
from starbeam.observing import Answered
from starbeam.refusals import Invalid
from starbeam.registry import CORE

if TYPE_CHECKING:
    from litestar import Litestar, Request
    from litestar.types import ASGIApp, Message, Receive, Scope, Send

    from starbeam.http.addresses import ClientAddress
    from starbeam.http.metrics import Metrics
    from starbeam.observing import Observer

log = logs.get("starbeam.access")

_LONG = 2_000
"""Characters of a path or query that are many."""
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_BOOLEANS = {**dict.fromkeys(TRUE, "true"), **dict.fromkeys(FALSE, "false")}
_WHOLE = re.compile(r"\s*[+-]?\d{1,20}\s*", re.ASCII)


class RequestLog:
    """Wraps the whole app: gives a request its id, answers it as `X-Request-ID`, keeps the answer out of
    caches that several people share, and writes one line when it is over. Its scheme is the client's.

    The line has the client's address, and the template of the route: never the path or query, which may hold
    a token. Like every line of the request, it has the plugin and the person too, which the guard adds when
    it knows them.
    """

    def __init__(
        self,
        app: ASGIApp,
        addresses: ClientAddress,
        metrics: Metrics | None,
        observers: Sequence[Observer] = (),
    ) -> None:
        self._app = app
        self._addresses = addresses
        self._metrics = metrics
        self._observers = observers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request and log it."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope["state"]["request_id"] = request_id
        scope["scheme"] = self._addresses.scheme_of(scope)
        scope["state"]["path"] = scope["path"]  # as it was sent; the router drops slashes from its own
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        calls.begin(calls.Call(request_id, self._addresses.of(scope), scope["method"]))
        began, status = time.perf_counter(), 500
        if self._metrics:
            self._metrics.begin()
        ended = [observer.request(scope["headers"]) for observer in self._observers]

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableScopeHeaders.from_message(message)
                headers["X-Request-ID"] = request_id
                headers.setdefault("Cache-Control", "private")  # a one-time link shows no proxy that it is
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            _forget_long(scope)
            seconds, about = time.perf_counter() - began, _about(scope)
            log.info(
                "request",
                status=status,
                milliseconds=round(seconds * 1000, 1),
                address=self._addresses.of(scope),
                **about,
            )
            for tell in reversed(ended):
                tell(Answered(request_id, **about, plugin=_plugin_of(scope), status=status, seconds=seconds))
            if self._metrics:
                self._metrics.end(_plugin_of(scope), **about, status=status, seconds=seconds)


def _forget_long(scope: Scope) -> None:
    """Litestar keeps the last 1,024 paths and queries, however long: it forgets all after a long one."""
    if len(scope["state"]["path"]) + len(scope["query_string"]) > _LONG:
        scope["litestar_app"].asgi_router.handle_routing.cache_clear()
        parse_query_string.cache_clear()
        create_query_default_dict.cache_clear()


def _request_id(scope: Scope) -> str:
    """The client's own id where it is a plain word, else a new one."""
    sent = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"").decode("latin-1")
    return sent if _REQUEST_ID.fullmatch(sent) else uuid.uuid4().hex


def _about(scope: Scope) -> dict[str, str]:
    return {"method": str(scope.get("method")), "route": scope.get("path_template") or "unknown"}


def _plugin_of(scope: Scope) -> str:
    """Whose the route is; core tells what is not served."""
    handler = scope.get("route_handler")
    return str(handler.opt.get("plugin", CORE)) if handler else CORE


async def read_words(request: Request[Any, Any, Any]) -> None:
    """Let words as `yes` and `off`, in any case, stand for the booleans in a query, and read whole numbers
    with blanks, signs and leading zeros, as in bodies.

    Raises Invalid for `null` where no text is wanted: a filter that holds nothing would count as not given.
    """
    query = request.scope["query_string"]
    if not query:
        return
    parameters = _parameters(request.route_handler)
    sent = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    for name, value in sent:
        if value.lower() == "null" and name in parameters.known - parameters.texts:
            raise Invalid("Expected a value, got `null`", ["query", name])
    read = [(name, _read(parameters, name, value)) for name, value in sent]
    if read != sent:
        request.scope["query_string"] = urlencode(read).encode()


def _read(parameters: _Parameters, name: str, value: str) -> str:
    """The value as Litestar reads it."""
    if name in parameters.booleans:
        return _BOOLEANS.get(value.lower(), value)
    return str(int(value)) if name in parameters.numbers and _WHOLE.fullmatch(value) else value


class _Parameters(NamedTuple):
    """Names of the query parameters of a handler and of what it is given."""

    booleans: frozenset[str]
    numbers: frozenset[str]
    texts: frozenset[str]
    known: frozenset[str]


def _parameters(handler: Any) -> _Parameters:
    """Found once for each handler."""
    if "parameters" not in handler.opt:
        signatures = [handler, *handler.resolve_dependencies().values()]
        types = {
            name: {field.annotation, *field.args}
            for one in signatures
            for name, field in one.parsed_fn_signature.parameters.items()
        }
        handler.opt["parameters"] = _Parameters(
            frozenset(name for name, some in types.items() if bool in some),
            frozenset(name for name, some in types.items() if int in some and str not in some),
            frozenset(name for name, some in types.items() if some & {str, list[str]}),
            frozenset(types),
        )
    found: _Parameters = handler.opt["parameters"]
    return found


def one_by_one(app: Litestar) -> None:
    """Let what handlers are given be worked out one after the other: Litestar starts a task for each, which
    costs more than nearly all of that work."""
    for route in app.routes:
        for _, model in getattr(route, "route_handler_map", {}).values():
            batches = (sorted(batch, key=lambda one: one.key) for batch in model.dependency_batches)
            model.dependency_batches = [{one} for batch in batches for one in batch]


def all_methods(app: Litestar) -> None:
    """Let OPTIONS name every method of its path: Litestar keeps the answer that it made when it knew the
    first of them."""
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                if handler.handler_name == "options_handler":
                    handler._fn = route.create_options_handler(route.path).fn
