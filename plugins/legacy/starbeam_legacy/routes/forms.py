"""One operation, two forms: with the token in the header, and with the token in the path (or query)."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeAlias

from litestar import get
from litestar.di import NamedDependency, Provide
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from starbeam.api import authenticated
from starbeam.api.database import Reader
from starbeam_legacy import access

SWITCH = "enable_legacy_routes"
"""The option that switches all legacy operations."""
BY_TOKEN = "Legacy with token in path ⚠️ only for compatibility ⚠️"
"""The tag of the second form."""

Function: TypeAlias = Callable[..., Any]


async def _proposal_key(reader: NamedDependency[Reader], proposal_id: FromPath[str]) -> int | None:
    return await access.proposal_key(reader, proposal_id)


async def _session_key(reader: NamedDependency[Reader], session_id: FromPath[str]) -> int | None:
    return await access.session_key(reader, session_id)


async def _both_keys(
    reader: NamedDependency[Reader], proposal_id: FromPath[str], session_id: FromPath[str]
) -> tuple[int | None, int | None]:
    """One after the other: a request has one connection, and two dependencies would ask at once."""
    proposal = await access.proposal_key(reader, proposal_id)
    return proposal, await access.session_key(reader, session_id)


def both(
    header: str,
    by_token: str,
    *,
    tag: str,
    media_type: str | None = None,
    errors: dict[int, str] | None = None,
) -> Callable[[Function], list[HTTPRouteHandler]]:
    """Make the two handlers of an operation, at these paths below `/legacy`.

    Path parameters are written `{name}`; a second path without `{token}` has it as a query parameter. A
    handler that asks for `proposal_key`, `session_key` or `proposal_and_session` gets the keys of what its
    `proposal_id` and `session_id` name, once the caller may see it.
    """
    options: dict[str, Any] = {
        "switch": SWITCH,
        "media_type": media_type,
        "dependencies": {
            "proposal_key": Provide(_proposal_key),
            "session_key": Provide(_session_key),
            "proposal_and_session": Provide(_both_keys),
        },
        "errors": {403: "The caller may not see this", **(errors or {})},
    }
    by = authenticated.by("path" if "{token}" in by_token else "query")

    def handlers(function: Function) -> list[HTTPRouteHandler]:
        return [
            get(_typed(header), tags=[tag], access=authenticated, **options)(function),
            get(_typed(by_token), tags=[BY_TOKEN], access=by, **options)(_twin(function)),
        ]

    return handlers


def _typed(path: str) -> str:
    """The path as Litestar writes it."""
    return "/legacy" + re.sub(r"{(\w+)}", r"{\1:str}", path)


def _twin(function: Function) -> Function:
    """The same function under another name, which becomes the operation's id."""

    @wraps(function)
    async def twin(**given: Any) -> Any:
        return await function(**given)

    twin.__name__ = f"{function.__name__}_by_token"
    return twin
