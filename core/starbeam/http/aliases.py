"""Operations that are served at a second path too, for programs that look for everything below one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from litestar.enums import ScopeType

if TYPE_CHECKING:
    from litestar.types import ASGIApp, Receive, Scope, Send

    from starbeam.aliases import Alias

_PARAMETER = re.compile(r"{[^}]*}")


class Aliased:
    """Wraps the whole app: a request for an alias is one for the operation itself, with its access, its
    place in the log and all else."""

    def __init__(self, app: ASGIApp, aliases: Iterable[Alias], api_root: str) -> None:
        self._app = app
        self._patterns = [(one.method, _pattern(one, api_root), api_root) for one in aliases]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request."""
        if scope["type"] == ScopeType.HTTP and (path := self._path(scope)):
            scope = {**scope, "path": path, "raw_path": path.encode()}
        await self._app(scope, receive, send)

    def _path(self, scope: Any) -> str | None:
        """The operation's own path, if an alias is asked for."""
        for method, pattern, api_root in self._patterns:
            if method == scope["method"] and (found := pattern.fullmatch(scope["path"])):
                return f"{api_root}{found[1]}"
        return None


def _pattern(alias: Alias, api_root: str) -> re.Pattern[str]:
    path = "[^/]+".join(map(re.escape, _PARAMETER.split(alias.path)))
    return re.compile(f"{re.escape(api_root + alias.below)}({path})/?")
