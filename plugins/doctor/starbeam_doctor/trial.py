"""Calling an operation, with everything that it asks for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence, Set
from contextlib import nullcontext
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, get_args, get_origin

import msgspec
from litestar import Request
from msgspec import NODEFAULT, Struct

from starbeam.api import Principal, Refusal
from starbeam.api.database import Patch, Reader, Scope, Sheet, Writer, noted
from starbeam.api.lists import Page
from starbeam_doctor.madeup import NOW, TEXT, World, fields, value

if TYPE_CHECKING:
    from litestar.di import Provide
    from litestar.utils.signature import ParsedSignature

    from starbeam.api.tools import Operation, Starbeam
    from starbeam_doctor.stage import Stage


class Trial:
    """An operation, called with a stage for a database."""

    def __init__(self, app: Starbeam, operation: Operation, stage: Stage) -> None:
        self.operation = operation
        self.optional: set[str] = set()
        """Names of parameters that may be left out, once it was called."""
        self.answers = False
        """Whether any of its calls came to an end."""
        self._app, self._stage = app, stage
        self._provided = operation.handler.resolve_dependencies()
        set_ = {one.name: value(one.type, TEXT) for one in app.registry.options.values()}
        self._options = type(app.options.values)(set_)

    async def run(
        self,
        scope: Scope,
        who: Principal,
        world: World = "full",
        given: Set[str] = frozenset(),
        text: str = TEXT,
    ) -> Exception | None:
        """Call it, with these of the optional parameters and this in all texts. What it raised, if anything:
        what it asked of the database until then was noted."""
        self._stage.enter(world)
        self._given, self._text = given, text
        # Who is beamline staff, options say: so theirs are set, and others have the defaults.
        about = scope, who, NOW, self._options if who.beamlines else self._app.options.values
        self._ours = {
            "reader": Reader(self._stage, *about),  # type: ignore[arg-type]
            "write": _Write(self._stage, self._app.registry.listeners, *about),
            "database": self._stage,
            "page": Page(0, 1),
            "request": self._request(who),
        }
        handler = self.operation.handler
        try:
            if isawaitable(answer := handler.fn(**await self._arguments(handler.parsed_fn_signature))):
                await answer
        except Refusal as refusal:
            self.answers = True
            return refusal
        except Exception as error:
            return error
        self.answers = True
        return None

    async def _arguments(self, signature: ParsedSignature) -> dict[str, Any]:
        return {
            name: await self._argument(name, one.annotation, one.default if one.has_default else NODEFAULT)
            for name, one in signature.parameters.items()
        }

    async def _argument(self, name: str, kind: Any, default: Any) -> Any:
        if name in self._ours:
            return self._ours[name]
        if name in self._provided:
            return await self._dependency(self._provided[name])
        return self._parameter(name, kind, default)

    async def _dependency(self, provide: Provide) -> Any:
        made = provide.dependency
        if isinstance(made, type) and issubclass(made, Struct):  # filters
            return made(**{name: self._parameter(name, *rest) for name, *rest in fields(made)})
        return await provide(**await self._arguments(provide.parsed_fn_signature))

    def _parameter(self, name: str, kind: Any, default: Any) -> Any:
        if default is not NODEFAULT:
            self.optional.add(name)
            if name not in self._given:
                return default
        made = value(_inner(kind), self._text)
        if get_origin(kind) is Sheet:
            return Sheet(type(made), [msgspec.to_builtins(made)])
        return Patch(type(made), msgspec.to_builtins(made)) if get_origin(kind) is Patch else made

    def _request(self, who: Principal) -> Request[Any, Any, Any]:
        data = self.operation.handler.parsed_fn_signature.parameters.get("data")
        body = msgspec.json.encode(value(_inner(data.annotation), self._text)) if data else b""

        async def receive() -> Any:
            return {"type": "http.request", "body": body, "more_body": False}

        scope: Any = {
            "type": "http",
            "method": self.operation.method,
            "path": self.operation.path,
            "query_string": b"",
            "headers": [],
            "litestar_app": self._app.asgi,
            "route_handler": self.operation.handler,
            "state": {"path": self.operation.path},
            "user": who,
        }
        return Request(scope, receive)


def _inner(kind: Any) -> Any:
    """What a body holds."""
    return get_args(kind)[0] if get_origin(kind) in (Patch, Sheet) else kind


class _Write:
    """Does work without committing it: nobody is told of it."""

    def __init__(self, stage: Stage, listeners: Sequence[Any], *about: Any) -> None:
        self._stage, self._listeners, self._about = stage, listeners, about

    async def __call__(self, work: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any) -> Any:
        return await self.alone(None, work, *args, **kwargs)

    async def alone(
        self, name: str | None, work: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any
    ) -> Any:
        async with self._stage.transaction() as session:
            writer = Writer(session, *self._about)
            with noted(session, writer.written) if self._listeners else nullcontext():
                result = await work(writer, *args, **kwargs)
                await session.flush()
            for listen in self._listeners:
                await listen(writer)
            return result
