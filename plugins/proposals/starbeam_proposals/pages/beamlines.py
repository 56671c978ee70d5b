"""The pages of beamlines, and the tiles of the start page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from starbeam.api import Missing, authenticated
from starbeam.api.database import Reader
from starbeam.api.lists import Page, everything, query
from starbeam.api.web import Asked, Show
from starbeam_proposals.queries import beamlines
from starbeam_proposals.queries.beamlines import Beamline
from starbeam_proposals.queries.calendar import Visit
from starbeam_proposals.queries.groups import key_of

MOST = 12
"""Tiles of the start page."""


@get("/beamlines", access=authenticated)
async def list_beamlines(
    reader: NamedDependency[Reader], page: NamedDependency[Page], show: NamedDependency[Show]
) -> Response[Any]:
    """All beamlines, with what runs or comes next on each."""
    found = await beamlines.of(reader, await beamlines.names(reader))
    shown = everything([] if page.skip else found)
    return show("proposals/beamlines.html", page=shown, **await _on_tiles(reader, show, found))


@get("/beamlines/{name:str}", access=authenticated)
async def show_beamline(
    reader: NamedDependency[Reader],
    show: NamedDependency[Show],
    name: FromPath[str],
    follow: Annotated[bool, query("For a screen on the wall: the newest only")] = False,
) -> Response[Any]:
    """What runs on a beamline, or what comes next there."""
    found = await beamlines.near(reader, name)
    if not found:
        await _check(reader, name)
    now, runs = reader.now, _running(found, reader)
    figures, drawn = [], []
    if runs is not None:
        kind = "wall of session" if follow else "session"
        figures = await show.parts("figures of session", reader, runs.sessionId, runs)
        drawn = await show.parts(kind, reader, runs.sessionId)
    return show(
        "proposals/wall.html" if follow else "proposals/beamline.html",
        name=found[0].beamLineName if found else name,
        session=runs,
        coming=[one for one in found if one is not runs and (one.endDate or one.startDate) >= now],
        last=[one for one in reversed(found) if (one.endDate or one.startDate) < now],
        figures=figures,
        drawn=drawn,
    )


def _running(found: Sequence[Visit], reader: Reader) -> Visit | None:
    """The session that runs; of several the one that began last."""
    runs = (one for one in found if one.startDate <= reader.now <= (one.endDate or one.startDate))
    return max(runs, key=lambda one: one.startDate, default=None)


async def _check(reader: Reader, name: str) -> None:
    """Raises Missing for what is no beamline of any group."""
    groups = [line.beamLineName for group in reader.options.beamline_groups for line in group.beamLines]
    key = await key_of(reader, [name])
    if key(name) not in {key(one) for one in groups}:
        raise Missing("Not Found")


async def tiles(reader: Reader, asked: Asked) -> Mapping[str, Any] | None:
    """The beamlines that somebody looks after, or those on which their own sessions run."""
    names = _looked_after(reader)
    if names:
        found = await beamlines.of(reader, names[:MOST])
    else:
        found = await beamlines.running(reader, MOST)
    if not found:
        return None
    return {"more": len(names) > MOST, **await _on_tiles(reader, asked.show, found)}


def _looked_after(reader: Reader) -> list[str]:
    """Beamlines of the groups that the caller has the permission of, or of all for who sees everything; those
    that the options hide are left out."""
    who = reader.who
    return list(
        dict.fromkeys(
            line.beamLineName
            for group in reader.options.beamline_groups
            for line in group.beamLines
            if not line.archived and (who.kind.sees_everything or group.groupName in who.beamline_groups)
        )
    )


async def _on_tiles(reader: Reader, show: Show, found: Sequence[Beamline]) -> dict[str, Any]:
    """What tiles of these are drawn of."""
    running = [one.session.sessionId for one in found if one.session and one.runs(reader.now)]
    more = await show.of_sessions(reader, running)
    return {"beamlines": found, "running": more}
