"""What is found by its name, and addresses that other systems gave pages."""

from __future__ import annotations

from typing import Any

from litestar import Request, get
from litestar.params import FromPath
from litestar.response import Redirect

from starbeam.api import Missing, authenticated
from starbeam.api.database import Reader
from starbeam_proposals.queries import proposals, sessions

Asker = Request[Any, Any, Any]


async def to_session(request: Asker, reader: Reader, name: str) -> Redirect:
    """To the page of a session, by its name. Raises Missing."""
    found = await sessions.named(reader, name)
    if found is None:
        raise Missing(sessions.SESSIONS.missing)
    return Redirect(f"{_root(request, '/sessions/')}/sessions/{found}", status_code=302)


@get("/proposals/{name:str}/sessions", access=authenticated, sync_to_thread=False)
def show_sessions_of_proposal(request: Asker, name: FromPath[str]) -> Redirect:
    """The page of a proposal lists its sessions."""
    return Redirect(request.url.path.removesuffix("/sessions"), status_code=301)


@get("/proposals/{name:str}/sessions/{key:int}", access=authenticated, sync_to_thread=False)
def show_session_of_proposal(request: Asker, name: FromPath[str], key: FromPath[int]) -> Redirect:
    """As py-ispyb-ui has it."""
    return Redirect(f"{_root(request, '/proposals/')}/sessions/{key}", status_code=301)


async def exactly(reader: Reader, text: str) -> str | None:
    """The address of the session or proposal that is called so."""
    session = await sessions.named(reader, text)
    if session is not None:
        return f"/sessions/{session}"
    try:
        found = await proposals.uncounted(reader, text)
    except Missing:
        return None
    return f"/proposals/{found.proposal}".lower()


def _root(request: Asker, path: str) -> str:
    """Where the site stands, of an address below it."""
    return request.url.path.partition(path)[0]
