"""Lists as CSV (RFC 4180): all rows that match, read and sent a part at a time.

Every operation that answers a `Paged` answers `Accept: text/csv` too, and every page that shows one answers
`?format=csv`: the handler itself is called again for each part.
"""

from __future__ import annotations

import csv
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial, wraps
from inspect import Parameter, signature
from io import StringIO
from typing import TYPE_CHECKING, Any, get_args, get_origin

import msgspec
from litestar import Request, Response
from litestar.datastructures.headers import Accept
from litestar.response import Stream
from litestar.serialization import encode_json
from litestar.types import Empty
from msgspec import inspect

from starbeam.fields import kinds
from starbeam.pages import Drawn, Show
from starbeam.paging import Page, Paged
from starbeam.refusals import Missing

if TYPE_CHECKING:
    from litestar.handlers import HTTPRouteHandler

Handler = Callable[..., Awaitable[Any]]
Column = tuple[str, ...]
"""The names that lead to a value: `("Dewar", "code")`."""

PART = 500
"""Rows that are read at once."""
MEDIA_TYPE = "text/csv; charset=utf-8; header=present"
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_NUMBER = re.compile(r"-?\d+(\.\d+)?(e[+-]?\d+)?", re.IGNORECASE)


def offer(handlers: Iterable[HTTPRouteHandler]) -> None:
    """Let those that answer a list, or show one, answer CSV as well. Before they are registered."""
    for handler in handlers:
        if handler.http_methods == {"GET"}:
            found = handler.parsed_fn_signature
            row = _row_of(found.return_type.annotation)
            if _is_struct(row) or {"page", "show"} <= found.parameters.keys():
                handler(_offering(handler.fn, row, _name(handler)))
                handler._parsed_fn_signature = Empty  # there is one more parameter now


def _row_of(answer: Any) -> Any:
    """What a list holds, if an operation answers one."""
    if get_origin(answer) is Response:
        (answer,) = get_args(answer)
    return get_args(answer)[0] if get_origin(answer) is Paged else None


def _is_struct(row: Any) -> bool:
    return isinstance(row, type) and issubclass(row, msgspec.Struct)


def _name(handler: HTTPRouteHandler) -> str:
    words = min(handler.paths).strip("/").split("/")
    return "-".join(word for word in words if not word.startswith("{"))


def _offering(handler: Handler, row: Any, name: str) -> Handler:
    """The handler, which asks for the request too."""
    own = signature(handler)
    takes_request = "request" in own.parameters

    @wraps(handler)
    async def answer(request: Request[Any, Any, Any], **given: Any) -> Any:
        if takes_request:
            given["request"] = request
        if not _is_asked(request, "show" in given):
            return await handler(**given)
        limit = given["page"].limit if "page" in given and "limit" in request.query_params else None
        return await _answer(handler, given, row, name, limit)

    if not takes_request:
        answer.__annotations__ = {**handler.__annotations__, "request": Request[Any, Any, Any]}
        asking = Parameter("request", Parameter.KEYWORD_ONLY)
        vars(answer)["__signature__"] = own.replace(parameters=[*own.parameters.values(), asking])
    return answer


def _is_asked(request: Request[Any, Any, Any], of_page: bool) -> bool:
    """Whether CSV is asked for; where JSON would do as well, it is not."""
    if of_page:
        return request.query_params.get("format") == "csv"
    wanted = request.headers.get("accept", "").lower()
    return "text/" in wanted and Accept(wanted).best_match(["application/json", "text/csv"]) == "text/csv"


async def _answer(
    handler: Handler, given: Mapping[str, Any], row: Any, name: str, limit: int | None
) -> Stream:
    """The first part is read here, so that what is wrong with the request is answered as ever."""
    parts = _parts(handler, given, limit)
    first = await anext(parts)
    if first.row and (row is None or issubclass(first.row, row)):
        row = first.row  # which a plugin may extend
    columns = list(_columns(row)) if row else []
    headers = {
        "Content-Disposition": f'attachment; filename="{name}.csv"',
        "Content-Type": MEDIA_TYPE,  # Litestar takes that of the handler for the argument
        "X-Content-Type-Options": "nosniff",
    } | ({} if "show" in given else {"Vary": "Accept"})
    return Stream(_lines(columns, first.results, parts), headers=headers)


async def _parts(handler: Handler, given: Mapping[str, Any], limit: int | None) -> AsyncIterator[Paged[Any]]:
    """All rows. Only the first part is read by the request's own reader, which closes with the handler; each
    other has one for itself, so that no connection waits for a slow client."""
    reader, page = given.get("reader"), given.get("page", Page())
    end = None if limit is None else page.skip + limit

    async def read(page: Page, reader: Any) -> Paged[Any]:
        own = {"reader": reader, "page": page, "show": _Taking()}
        answer = await handler(**{name: own.get(name, value) for name, value in given.items()})
        found: Paged[Any] = answer.content if isinstance(answer, Response) else answer
        return found

    asked = Page(page.skip, _size(page.skip, end))
    found = await read(asked, reader)
    while asked.limit:
        yield found
        skip = asked.skip + asked.limit
        if not found.results or (len(found.results) < asked.limit and skip >= found.total):
            return
        asked = Page(skip, _size(skip, end))
        if asked.limit:
            found = await (reader.apart(partial(read, asked)) if reader else read(asked, None))


def _size(skip: int, end: int | None) -> int:
    return PART if end is None else min(PART, end - skip)


class _Taking(Show):
    """Takes the list that a page would show, and draws nothing."""

    def __call__(self, template: str, /, *, status_code: int = 200, **values: Any) -> Response[Any]:
        if not isinstance(values.get("page"), Paged):
            raise Missing("Not Found")
        return Response(values["page"])

    async def parts(
        self, of: str, reader: Any, key: int | str | None = None, thing: object = None
    ) -> list[Drawn]:
        return []

    async def head(self, of: str, reader: Any, key: int | str) -> str:
        return ""

    async def of_collections(self, reader: Any, ids: Sequence[int], spots: Any, kinds: Any = None) -> Any:
        return {id: {} for id in ids}

    async def of_sessions(self, reader: Any, ids: Sequence[int]) -> Any:
        return {id: {} for id in ids}


async def _lines(
    columns: Sequence[Column], first: Sequence[Any], others: AsyncIterator[Paged[Any]]
) -> AsyncIterator[bytes]:
    """The names of the columns, and the rows. A page that lists nothing of its own making does not know
    its columns."""
    if columns:
        yield _text([[".".join(column) for column in columns], *_cells(first, columns)])
    async for part in others:
        yield _text(_cells(part.results, columns))


def _columns(kind: Any, within: tuple[Any, ...] = ()) -> Iterator[Column]:
    """The fields of a Struct in order, those of a Struct in it in its place."""
    for field in inspect.type_info(kind).fields:  # type: ignore[attr-defined]
        inner = [one for one in kinds(field.type) if not isinstance(one, inspect.NoneType)]
        if len(inner) == 1 and isinstance(inner[0], inspect.StructType) and inner[0].cls not in within:
            deeper = _columns(inner[0].cls, (*within, kind))
            yield from ((field.encode_name, *names) for names in deeper)
        else:
            yield (field.encode_name,)


def _cells(rows: Sequence[Any], columns: Sequence[Column]) -> Iterator[list[str]]:
    """The values as JSON has them."""
    for row in msgspec.json.decode(encode_json(rows)):
        yield [_cell(_value(row, column)) for column in columns]


def _value(row: Any, column: Column) -> Any:
    for name in column:
        row = None if row is None else row.get(name)
    return row


def _cell(value: Any) -> str:
    """A value as text, which no spreadsheet takes for a formula."""
    text = _plain(value)
    return f"'{text}" if text.startswith(_FORMULA) and not _NUMBER.fullmatch(text) else text


def _plain(value: Any) -> str:
    match value:
        case None:
            return ""
        case str():
            return value
        case list():
            return "; ".join(map(_plain, value))
        case _:
            return msgspec.json.encode(value).decode()


def _text(rows: Iterable[Sequence[str]]) -> bytes:
    text = StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()
