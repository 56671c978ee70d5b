"""Bodies as clients write them: numbers stand for texts, 0 and 1 for false and true, and these for 0 and 1.

Texts that stand for numbers and booleans are converted by Litestar.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import AsyncGenerator
from functools import cache
from typing import Any

from litestar import Request
from litestar.exceptions import HTTPException, InternalServerException, SerializationException
from msgspec import inspect


class ClientLeft(HTTPException):
    """The client went away while it sent its request: nobody reads the answer. The log shows the status."""

    status_code = 499


class JsonRequest(Request[Any, Any, Any]):
    """A request whose body is JSON, whatever its content type says."""

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """The body as it comes. Raises `ClientLeft`."""
        try:
            async for part in super().stream():
                yield part
        except InternalServerException as error:
            if not self.is_connected:  # it was read already: a mistake of ours
                raise
            raise ClientLeft("The client left.") from error

    async def body(self) -> bytes:
        """The body without a byte order mark."""
        return (await super().body()).removeprefix(BOM_UTF8)

    async def json(self) -> Any:
        """The body as data that fits what the handler takes. Raises SerializationException for what is no
        JSON, is nested too deeply, or is no text."""
        try:
            sent = await super().json()
            wanted = self.route_handler.parsed_data_field
            return sent if wanted is None else fitted(sent, _described(wanted.annotation))
        except (RecursionError, UnicodeDecodeError) as error:
            raise SerializationException(str(error)) from error


_described = cache(inspect.type_info)


def fitted(sent: Any, kind: inspect.Type) -> Any:
    """The same data, where they are of another type than wanted and mean a value of it."""
    if isinstance(sent, dict):
        return _fitted_object(sent, kind)
    if isinstance(sent, list):
        items = next((one.item_type for one in kinds(kind) if isinstance(one, inspect.ListType)), None)
        return sent if items is None else [fitted(one, items) for one in sent]
    if isinstance(sent, bool | int | float):
        return _fitted_number(sent, {type(one) for one in kinds(kind)})
    return sent


def _fitted_object(sent: dict[str, Any], kind: inspect.Type) -> dict[str, Any]:
    for one in kinds(kind):
        if isinstance(one, inspect.StructType):
            types = {field.encode_name: field.type for field in one.fields}
            return {
                name: fitted(value, types[name]) if name in types else value for name, value in sent.items()
            }
        if isinstance(one, inspect.DictType):
            return {name: fitted(value, one.value_type) for name, value in sent.items()}
    return sent


def _fitted_number(sent: bool | float, wanted: set[type[inspect.Type]]) -> Any:
    if isinstance(sent, bool):
        takes_it = inspect.BoolType in wanted
        return int(sent) if not takes_it and wanted & {inspect.IntType, inspect.FloatType} else sent
    if wanted & {inspect.IntType, inspect.FloatType, inspect.AnyType}:
        return sent
    if inspect.BoolType in wanted and sent in (0, 1):
        return bool(sent)
    return str(sent) if wanted & {inspect.StrType, inspect.LiteralType, inspect.EnumType} else sent


def kinds(kind: inspect.Type) -> tuple[inspect.Type, ...]:
    """What a type may be, without what is said of it."""
    if isinstance(kind, inspect.Metadata):
        return kinds(kind.type)
    if isinstance(kind, inspect.UnionType):
        return tuple(one for inner in kind.types for one in kinds(inner))
    return (kind,)
