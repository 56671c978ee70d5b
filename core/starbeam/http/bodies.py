"""Bodies as clients write them: any content type, any encoding of JSON, values of a neighbouring type."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from typing import Any, get_args, get_origin

from litestar import Request
from litestar.exceptions import HTTPException, InternalServerException, SerializationException
from litestar.serialization import decode_json

from starbeam.conversion import converted, described
from starbeam.patch import Patch
from starbeam.sheets import Sheet


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
        """The body in UTF-8, without a byte order mark; as it was sent where it is no text."""
        sent = await super().body()
        encoding = json.detect_encoding(sent)
        try:
            return sent if encoding == "utf-8" else sent.decode(encoding).encode()
        except UnicodeError:
            return sent

    async def json(self) -> Any:
        """The body as data that fits what the handler takes. Raises SerializationException for what is no
        JSON, is nested too deeply, or is no text; `Invalid` for what is no value of its type. A `Sheet` may
        come as CSV."""
        wanted = self.route_handler.parsed_data_field
        try:
            if wanted and get_origin(wanted.annotation) is Sheet and _is_csv(self):
                return Sheet.of_csv(get_args(wanted.annotation)[0], await super().body())
            sent = await self._data()
            return sent if wanted is None else _taken(sent, wanted.annotation)
        except (RecursionError, UnicodeError) as error:
            raise SerializationException(str(error)) from error

    async def _data(self) -> Any:
        """The body as data. Programs in Python write `NaN` and `Infinity` for what is no number: an operation
        that is declared `lenient` takes them for null."""
        try:
            return await super().json()
        except SerializationException:
            if not self.route_handler.opt.get("lenient"):
                raise
            return decode_json(_without_nan(await self.body()))


def _without_nan(body: bytes) -> bytes:
    """JSON in which null stands for `NaN` and `Infinity`; as it was where it is none even so."""
    try:
        return json.dumps(json.loads(body, parse_constant=lambda _: None)).encode()
    except ValueError:
        return body


def _is_csv(request: JsonRequest) -> bool:
    return request.content_type[0] == "text/csv"


def _taken(sent: Any, annotation: Any) -> Any:
    if get_origin(annotation) is Patch:
        return Patch(get_args(annotation)[0], sent)
    if get_origin(annotation) is Sheet:
        return Sheet(get_args(annotation)[0], sent)
    return converted(sent, described(annotation), ["body"])
