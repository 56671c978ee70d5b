"""Statistics of a session, of a proposal, and of a run on a beamline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from starbeam.api import authenticated
from starbeam.api.database import Reader
from starbeam.api.files import Files
from starbeam.api.lists import Page, Paged, query
from starbeam.api.web import Pages, Place, Show, Tab
from starbeam_stats import breakdown, counts, schemas, times
from starbeam_stats.lanes import Happened, lanes, whole, window
from starbeam_stats.models import v_run
from starbeam_stats.queries import runs, sessions
from starbeam_stats.queries.extent import Extent, Session, SessionOrRun, Wanted, extent
from starbeam_stats.sections import Read, Section, read

Hours = Annotated[int | None, QueryParameter(description="How many hours are drawn", ge=1, le=10_000)]
Until = Annotated[datetime | None, query("Up to when")]
Alone = Annotated[str | None, query("Only this section")]
SOON = timedelta(minutes=20)
"""How long before its start and after its end things happen in a session."""


@get("/sessions/{key:int}/statistics", access=authenticated)
async def show_session(
    reader: NamedDependency[Reader],
    files: NamedDependency[Files],
    page: NamedDependency[Page],
    show: NamedDependency[Show],
    key: FromPath[int],
    hours: Hours = None,
    until: Until = None,
    section: Alone = None,
) -> Response[Any]:
    """Where the time of a session went."""
    head = await show.head("session", reader, key)
    meant = await extent(reader, SessionOrRun(sessionId=key))
    title = meant.session.name if meant.session else ""
    live = until is None and meant.session is not None and _goes_on(meant.session, reader.now)
    shown = {"head": head, "title": title, "session": key, "live": live}
    return await _show(reader, page, show, meant, _all(meant, files, section), hours, until, **shown)


@get("/proposals/{name:str}/statistics", access=authenticated)
async def show_proposal(
    reader: NamedDependency[Reader],
    page: NamedDependency[Page],
    show: NamedDependency[Show],
    name: FromPath[str],
    section: Alone = None,
) -> Response[Any]:
    """Where the time of a proposal's sessions went."""
    head = await show.head("proposal", reader, name)
    meant = await extent(reader, Wanted(proposal=name))
    how = _chosen({"times": partial(_times, meant), "hourlies": partial(_hourlies, meant)}, section)
    return await _show(
        reader, page, show, meant, how, None, None, head=head, title=name, session=None, live=False
    )


@get("/statistics", access=authenticated)
async def list_runs(
    reader: NamedDependency[Reader],
    page: NamedDependency[Page],
    show: NamedDependency[Show],
    beamLineName: Annotated[str | None, query("The beamline that is looked at")] = None,
) -> Response[Any]:
    """The runs, each with the statistics of a beamline."""
    beamlines = await runs.beamlines(reader)
    chosen = beamLineName or next(iter(beamlines), None)
    found = await runs.page(reader, page)
    used = await runs.used(reader, chosen)
    shown: dict[str, Any] = {
        "beamlines": beamlines,
        "chosen": chosen,
        "used": used,
        "held": runs.held(reader),
    }
    return show("stats/runs.html", page=found, **shown)


@get("/statistics/{run:str}/{beamline:str}", access=authenticated)
async def show_run(
    reader: NamedDependency[Reader],
    files: NamedDependency[Files],
    page: NamedDependency[Page],
    show: NamedDependency[Show],
    run: FromPath[str],
    beamline: FromPath[str],
    hours: Hours = None,
    until: Until = None,
    section: Alone = None,
) -> Response[Any]:
    """Where the time of a run on a beamline went."""
    meant = await extent(reader, SessionOrRun(runId=run, beamLineName=beamline))
    title = f"{meant.run.run if meant.run else run} on {beamline}"
    shown = {"head": "", "title": title, "session": None, "live": False}
    return await _show(reader, page, show, meant, _all(meant, files, section), hours, until, **shown)


def _goes_on(session: Session, now: datetime) -> bool:
    """Whether something may still happen in it."""
    start, end = session.startDate, session.endDate
    return start is not None and end is not None and start - SOON <= now <= end + SOON


def _all(meant: Extent, files: Files, alone: str | None) -> dict[str, Read]:
    """How each section of a session or run is read."""

    async def history(reader: Reader) -> Any:
        return await breakdown.with_keys(reader, meant)

    async def energies(reader: Reader) -> Any:
        return await counts.energies(reader, meant)

    async def errors(reader: Reader) -> Any:
        return await counts.errors(reader, files, meant)

    how: dict[str, Read] = {
        "history": history,
        "times": partial(_times, meant),
        "hourlies": partial(_hourlies, meant),
        "energies": energies,
        "errors": errors,
    }
    return _chosen(how, alone)


def _chosen(how: dict[str, Read], alone: str | None) -> dict[str, Read]:
    return {alone: how[alone]} if alone in how else how


async def _times(meant: Extent, reader: Reader) -> schemas.Times:
    return await times.times(reader, meant)


async def _hourlies(meant: Extent, reader: Reader) -> schemas.Hourlies:
    return await counts.hourlies(reader, meant)


async def _show(
    reader: Reader,
    page: Page,
    show: Show,
    meant: Extent,
    how: Mapping[str, Read],
    hours: int | None,
    until: datetime | None,
    **shown: Any,
) -> Response[Any]:
    """The sections; the history is drawn for some hours, and listed in pages. Without one, what is listed is
    where the time of each session went."""
    found = await read(reader, how)
    told, keys = found["history"].found if _has(found, "history") else (None, [])
    rows = _rows(told, keys) if told else []
    spent = found["times"].found.sessions if _has(found, "times") else []
    about = meant.session or meant.run
    all_of_it = whole(rows, about.startDate, about.endDate) if about else None
    end = until and until.replace(tzinfo=None)  # all times are the facility's
    drawn = window(all_of_it, hours, end) if all_of_it else None
    return show(
        "stats/statistics.html",
        page=_page(rows if told else spent, page),
        overview=told.overview if told else None,
        sections=found,
        names=await sessions.names(reader, meant) if len(spent) > 1 else {},
        alone=len(how) == 1,
        whole=all_of_it,
        window=drawn,
        lanes=lanes(rows, drawn) if drawn else [],
        hours=hours,
        **shown,
    )


def _has(found: Mapping[str, Section], name: str) -> bool:
    return name in found and found[name].found is not None


def _page(rows: Sequence[Any], page: Page) -> Paged[Any]:
    return Paged(len(rows), list(rows[page.skip : page.skip + page.limit]), page.skip, page.limit)


def _rows(told: schemas.Breakdown, keys: Sequence[int]) -> list[Happened]:
    """The history, its data collections with their parameters: these come first, in the order of both."""
    names = ["dataCollectionId", *(one.title for one in told.plottables.series)]
    values = zip(keys, *(one.data for one in told.plottables.series), strict=True)
    known = [dict(zip(names, some, strict=True)) for some in values]
    known += [{}] * (len(told.history) - len(known))
    return [
        Happened(**msgspec.structs.asdict(one), **more) for one, more in zip(told.history, known, strict=True)
    ]


def pages() -> Pages:
    """The pages, and their tabs."""
    return Pages(
        [show_session, show_proposal, list_runs, show_run],
        Path(__file__).with_name("templates"),
        places=[Place("Statistics", "/statistics", 600, tables=[v_run])],
        tabs=[
            Tab("session", "Statistics", "/sessions/{key}/statistics", 800),
            Tab("proposal", "Statistics", "/proposals/{key}/statistics", 800),
        ],
    )
