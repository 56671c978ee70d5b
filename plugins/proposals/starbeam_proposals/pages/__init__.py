"""The pages of proposals, sessions and people."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from starbeam.api import Missing, authenticated
from starbeam.api.database import Reader
from starbeam.api.http import asked
from starbeam.api.lists import Page, everything, query
from starbeam.api.web import Asked, Finder, Pages, Part, Place, Show, Tab, edit_pages
from starbeam_proposals.calendar import Month, by_day, read_month, weeks
from starbeam_proposals.forms import SESSION
from starbeam_proposals.pages import names
from starbeam_proposals.pages.beamlines import list_beamlines, show_beamline, tiles
from starbeam_proposals.pages.report import people, show_report
from starbeam_proposals.queries import calendar, own, persons, proposals
from starbeam_proposals.queries.groups import places
from starbeam_proposals.queries.persons import PersonFilters
from starbeam_proposals.queries.proposals import PROPOSALS, ProposalFilters
from starbeam_proposals.queries.sessions import SESSIONS, TITLED, SessionFilters
from starbeam_proposals.queries.visits import (
    SESSIONS_OF_PROTEIN,
    VISITS,
    ProteinSessionFilters,
    VisitFilters,
)

FEW = Page(limit=5)
FOUND = Page(limit=10)
BeamLine = Annotated[str | None, query("Of this beamline only")]


@get("/proposals", access=authenticated, dependencies=asked(ProposalFilters))
async def list_proposals(
    reader: NamedDependency[Reader],
    page: NamedDependency[Page],
    filters: NamedDependency[ProposalFilters],
    show: NamedDependency[Show],
) -> Response[Any]:
    """All that the person may see, the newest first."""
    return show("proposals/proposals.html", page=await reader.page(PROPOSALS, page, filters))


@get("/proposals/{name:str}", access=authenticated)
async def show_proposal(
    reader: NamedDependency[Reader],
    page: NamedDependency[Page],
    show: NamedDependency[Show],
    name: FromPath[str],
    collected: Annotated[bool, query("Only sessions in which something was collected")] = False,
) -> Response[Any]:
    """A proposal with its sessions."""
    proposal = await proposals.one(reader, name)
    found = await reader.page(VISITS, page, VisitFilters(proposal=proposal.proposal, collected=collected))
    drawn = await show.parts("proposal", reader, proposal.proposal)
    return show("proposals/proposal.html", proposal=proposal, page=found, drawn=drawn)


@get("/proposals/{name:str}/people", access=authenticated)
async def show_people_of_proposal(
    reader: NamedDependency[Reader],
    page: NamedDependency[Page],
    show: NamedDependency[Show],
    name: FromPath[str],
) -> Response[Any]:
    """Who takes part in a proposal."""
    proposal = await proposals.one(reader, name)
    found = await persons.page(reader, page, PersonFilters(proposal=proposal.proposal))
    return show("proposals/people.html", proposal=proposal, session=None, page=found)


@get("/sessions", access=authenticated, dependencies=asked(SessionFilters))
async def list_sessions(
    reader: NamedDependency[Reader],
    page: NamedDependency[Page],
    filters: NamedDependency[SessionFilters],
    show: NamedDependency[Show],
) -> Response[Any]:
    """All that the person may see, the latest first."""
    return show("proposals/sessions.html", page=await reader.page(SESSIONS, page, filters))


@get("/sessions/{key:str}", access=authenticated)
async def show_session(
    request: names.Asker, reader: NamedDependency[Reader], show: NamedDependency[Show], key: FromPath[str]
) -> Response[Any]:
    """A session: its facts, and what plugins know of it. By its name one is led to it."""
    if not key.isdecimal():
        return await names.to_session(request, reader, key)
    session = await reader.get(TITLED, int(key))
    figures = await show.parts("figures of session", reader, session.sessionId, session)
    drawn = await show.parts("session", reader, session.sessionId, session)
    return show("proposals/session.html", session=session, figures=figures, drawn=drawn)


@get("/sessions/{key:int}/people", access=authenticated)
async def show_people_of_session(
    reader: NamedDependency[Reader],
    page: NamedDependency[Page],
    show: NamedDependency[Show],
    key: FromPath[int],
) -> Response[Any]:
    """Who takes part in a session."""
    session = await reader.get(SESSIONS, key)
    found = await persons.page(reader, page, PersonFilters(sessionId=key))
    return show("proposals/people.html", proposal=None, session=session, page=found)


@get("/calendar", access=authenticated)
async def show_this_month(
    reader: NamedDependency[Reader],
    page: NamedDependency[Page],
    show: NamedDependency[Show],
    beamLineName: BeamLine = None,
) -> Response[Any]:
    """The month that it is, with its sessions."""
    return await _calendar(reader, page, show, Month(reader.now.year, reader.now.month), beamLineName)


@get("/calendar/{month:str}", access=authenticated)
async def show_month(
    reader: NamedDependency[Reader],
    page: NamedDependency[Page],
    show: NamedDependency[Show],
    month: FromPath[str],
    beamLineName: BeamLine = None,
) -> Response[Any]:
    """A month with its sessions."""
    shown = read_month(month)
    if shown is None:
        raise Missing("Not Found")
    return await _calendar(reader, page, show, shown, beamLineName)


async def _calendar(
    reader: Reader, page: Page, show: Show, month: Month, beamline: str | None
) -> Response[Any]:
    """A month, of one beamline or all. What is on others is read too: one can go there."""
    found = await calendar.between(reader, *month.bounds)
    key, groups = await places(reader, [beamline, *(visit.beamLineName for visit in found)])
    names = sorted({visit.beamLineName for visit in found if visit.beamLineName})
    if beamline:
        found = [visit for visit in found if key(visit.beamLineName) == key(beamline)]
    return show(
        "proposals/calendar.html",
        page=everything([] if page.skip else found),
        month=month,
        weeks=weeks(month, found),
        days=by_day(month, found),
        beamline=beamline,
        beamlines=names,
        groups=groups,
        group_names=[group.groupName for group in reader.options.beamline_groups],
    )


async def _my_sessions(reader: Reader, asked: Asked) -> Mapping[str, Any] | None:
    """The sessions that the person takes part in. For who looks after beamlines and takes part in none, their
    tiles suffice."""
    found = await own.sessions(reader)
    staff = reader.who.kind.sees_everything or reader.who.beamlines
    return {"sessions": found} if found or not staff else None


async def _my_proposals(reader: Reader, asked: Asked) -> Mapping[str, Any]:
    mine = ProposalFilters(proposalFilter="Current User")
    return {"page": await reader.page(PROPOSALS, FEW, mine)}


async def _sessions_of_protein(reader: Reader, asked: Asked) -> Mapping[str, Any] | None:
    """Nothing where no data were collected of it."""
    mine = ProteinSessionFilters(proteinId=int(asked.key or 0))
    found = await reader.page(SESSIONS_OF_PROTEIN, Page(), mine)
    return {"page": found} if found.results else None


async def _proposal(reader: Reader, asked: Asked) -> Mapping[str, Any]:
    return {"proposal": await proposals.one(reader, str(asked.key))}


async def _session(reader: Reader, asked: Asked) -> Mapping[str, Any]:
    return {"session": await reader.get(SESSIONS, int(asked.key or 0))}


async def _find(reader: Reader, text: str) -> Mapping[str, Any] | None:
    page = await reader.page(PROPOSALS, FOUND, ProposalFilters(search=text))
    return {"page": page} if page.results else None


def pages() -> Pages:
    """The pages, and their places in others."""
    return Pages(
        [
            list_proposals,
            show_proposal,
            show_people_of_proposal,
            list_sessions,
            show_session,
            show_people_of_session,
            show_report,
            *edit_pages(SESSION),
            show_this_month,
            show_month,
            list_beamlines,
            show_beamline,
            names.show_sessions_of_proposal,
            names.show_session_of_proposal,
        ],
        Path(__file__).parent.with_name("templates"),
        places=[
            Place("Sessions", "/sessions", 100),
            Place("Proposals", "/proposals", 200),
            Place("Calendar", "/calendar", 500),
        ],
        tabs=[
            Tab("proposal", "Sessions", "/proposals/{key}", 100),
            Tab("proposal", "People", "/proposals/{key}/people", 900),
            Tab("session", "Overview", "/sessions/{key}", 100),
            Tab("session", "People", "/sessions/{key}/people", 900),
            Tab("session", "Report", "/sessions/{key}/report", 950),
        ],
        parts=[
            Part("start", "proposals/start_tiles.html", tiles, 100, whole=True),
            Part("start", "proposals/my_sessions.html", _my_sessions, 200),
            Part("start", "proposals/my_proposals.html", _my_proposals, 300, narrow=True),
            Part("protein", "proposals/sessions_of_protein.html", _sessions_of_protein, 200),
            Part("head of proposal", "proposals/head_of_proposal.html", _proposal, 100),
            Part("head of session", "proposals/head_of_session.html", _session, 100),
            Part("report of session", "proposals/report_people.html", people, 100),
        ],
        finders=[Finder("proposals/found.html", _find, 100, names.exactly)],
    )
