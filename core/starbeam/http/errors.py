"""Errors: every one is answered as ``{"detail": …}``.

`detail` is a sentence, or for 422 a list of `{loc, msg, type}`. Nothing of the inside is shown: no SQL, no
paths, no traceback.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from litestar import Response
from litestar.exceptions import HTTPException, SerializationException, ValidationException
from msgspec import Meta

from starbeam import logs
from starbeam.conversion import invalid, names
from starbeam.db.trouble import ABOUT_VALUES, Outage, Trouble, column_refused, first_line, trouble
from starbeam.fields import OPTIONAL
from starbeam.refusals import (
    Conflict,
    Faults,
    Forbidden,
    Invalid,
    Missing,
    NotHeld,
    Refusal,
    Refused,
    TooMany,
    Unauthenticated,
    Unavailable,
)
from starbeam.repeats import STATE

if TYPE_CHECKING:
    from litestar import Request
    from sqlalchemy.exc import DBAPIError

    from starbeam.pages import Site

log = logs.get("starbeam.errors")

_RETRY = {"Retry-After": "5"}
"""What a 503 says: some seconds later it may be over."""
AWAY = "The database is not available. Please try again in a few seconds."
TOO_LONG = "The database took too long to answer. Please narrow the request or try again."
INCOMPLETE = (
    "The database lacks tables that this server needs. Its administrator finds them with `starbeam db check`."
)
ABSENT = "This database has no table or column for it."
REFUSED = "The database refused this for now. Please try again; the server's log says why."
LOCKED = "Somebody else is changing the same at this moment. Please try again."
UNDECIDED = (
    "The database did not say whether it stored this. Please look whether it is there before you send it"
    " again."
)
DENIED = (
    "The server's account may not do this in the database. Its administrator finds what is missing with "
    "`starbeam doctor --db`."
)
_SENTENCES = {
    Trouble.AWAY: AWAY,
    Trouble.SLOW: TOO_LONG,
    Trouble.CHANGED: REFUSED,
    Trouble.LOCKED: LOCKED,
    Trouble.REFUSED: REFUSED,
    Trouble.INCOMPLETE: INCOMPLETE,
    Trouble.UNDECIDED: UNDECIDED,
}


class ValidationError(msgspec.Struct, frozen=True):
    """What is wrong with one part of a request."""

    loc: Annotated[
        list[str | int], Meta(title="Location", description="`query`, `path` or `body`, then the names")
    ]
    msg: Annotated[str, Meta(title="Message")]
    type: Annotated[str, Meta(title="Error Type")]


class HTTPValidationError(msgspec.Struct, frozen=True):
    """The answer to a request that is not valid."""

    detail: Annotated[list[ValidationError], Meta(title="Detail"), OPTIONAL]


class Error(msgspec.Struct, frozen=True):
    """The answer to a request that cannot be served."""

    detail: Annotated[str, Meta(title="Detail", description="A sentence that says why")]
    message: Annotated[
        str | msgspec.UnsetType, Meta(title="Message", description="The same, of HDF5 files: for h5web")
    ] = msgspec.UNSET


_STATUS: dict[type[Refusal], int] = {
    Invalid: 422,
    Missing: 404,
    Forbidden: 403,
    Unauthenticated: 401,
    Refused: 400,
    Conflict: 409,
    NotHeld: 501,
    Unavailable: 503,
    TooMany: 429,
}


def status_of(kind: type[Refusal]) -> int:
    """The status that a refusal is answered with."""
    return next(_STATUS[one] for one in kind.__mro__ if one in _STATUS)


def refusal(error: Refusal) -> Response[Any]:
    """A refusal of core or of a plugin as an answer."""
    detail: object = error.sentence
    if isinstance(error, Invalid) and (faults := [one for one in faults_of(error) if one.loc]):
        detail = [ValidationError(one.loc, one.sentence, one.kind) for one in faults]
    return _response(status_of(type(error)), detail, _retry(error))


def faults_of(error: Invalid) -> list[Invalid]:
    """All that is not valid."""
    return error.each if isinstance(error, Faults) else [error]


def _retry(error: Refusal) -> dict[str, str] | None:
    """When to come back, where that helps."""
    if isinstance(error, TooMany):
        return {"Retry-After": str(error.wait)}
    return _RETRY if isinstance(error, Unavailable) else None


def answer(
    request: Request[Any, Any, Any], error: Exception, outage: Outage, site: Site | None = None
) -> Response[Any]:
    """Any exception of a handler, a guard or the router as an answer: a page, where the site shows one."""
    answered = _answer(request, error, outage)
    return site.explain(request, answered) if site else answered


def _answer(request: Request[Any, Any, Any], error: Exception, outage: Outage) -> Response[Any]:
    while isinstance(error, ExceptionGroup):  # of dependencies that end together: the first says why
        error = error.exceptions[0]
    if isinstance(error, ValidationException):
        return _response(422, _validation_errors(error, request))
    if isinstance(error, Refusal):
        return refusal(error)
    if isinstance(error, HTTPException) and error.status_code != 500:
        return _http_error(error)
    if kind := trouble(error):
        if kind is Trouble.UNDECIDED:
            request.scope["state"].pop(STATE, None)  # its key stays: what may be stored is not stored twice
        return _unavailable(kind, error, outage)
    if isinstance(error, ABOUT_VALUES):
        return _not_taken(error)
    log.exception("unexpected error", exc_info=error)
    return _response(
        500, f"Internal server error. The administrator finds it as request {_request_id(request)}."
    )


def _unavailable(kind: Trouble, error: Exception, outage: Outage) -> Response[Any]:
    """That the database is away is one line for all requests; what it does not do is a line for each."""
    if kind in (Trouble.AWAY, Trouble.INCOMPLETE):
        outage.note(error)
    else:
        log.warning(kind.value, error=first_line(error))
    if kind is Trouble.DENIED:
        return _response(403, DENIED)
    if kind is Trouble.ABSENT:
        return _response(501, ABSENT)
    return _response(503, _SENTENCES[kind], _RETRY)


def _not_taken(error: DBAPIError) -> Response[Any]:
    column = column_refused(error)
    log.warning("database does not take a value", column=column, error=type(error.orig).__name__)
    return _response(400, f"The database does not take this value{f' of {column}' if column else ''}")


def _http_error(error: HTTPException) -> Response[Any]:
    if isinstance(error.__cause__, SerializationException):
        return _response(422, [ValidationError(["body"], "JSON decode error", "json_invalid")])
    return _response(error.status_code, error.detail, dict(error.headers or {}))


def _response(status: int, detail: object, headers: dict[str, str] | None = None) -> Response[Any]:
    return Response({"detail": detail}, status_code=status, headers=headers, media_type="application/json")


def _request_id(request: Request[Any, Any, Any]) -> str:
    return str(request.scope.get("state", {}).get("request_id", "unknown"))


_MISSING_PARAMETER = re.compile(r"Missing required (?P<source>\w+) parameter '(?P<name>[^']+)'")


def _validation_errors(error: ValidationException, request: Request[Any, Any, Any]) -> list[ValidationError]:
    extra = error.extra if isinstance(error.extra, list) else []
    found = [_validation_error(item, request) for item in extra if isinstance(item, dict)]
    if missing := _MISSING_PARAMETER.match(error.detail):
        found = [ValidationError([missing["source"], missing["name"]], "Field required", "missing")]
    return found or [ValidationError([], str(error.detail), "value_error")]


def _validation_error(item: dict[str, Any], request: Request[Any, Any, Any]) -> ValidationError:
    key, message = str(item.get("key", "")), str(item.get("message", ""))
    source = _source(key, getattr(item.get("source"), "value", "body"), request)
    if source != "body":
        return ValidationError([source, key], message, "value_error")
    if message == "'data'":
        return ValidationError(["body"], "Field required", "missing")
    wrong = invalid(message, ["body", *names("" if key == "data" else key)])  # Litestar calls the body so
    return ValidationError(wrong.loc, wrong.sentence, wrong.kind)


def _source(key: str, said: str, request: Request[Any, Any, Any]) -> str:
    """Where a value stood. Litestar says `query` of a parameter of the path where the query has something of
    that name too, and `body` of every parameter whose name begins with `data`."""
    if said != "body" or key.startswith("data"):
        for source, given in (("path", request.path_params), ("query", request.query_params)):
            if key in given:
                return source
    return said
