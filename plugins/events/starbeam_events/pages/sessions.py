"""What other pages say of a session's events: tiles, screens on the wall, and the figures of its head."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from starbeam.api.database import Cache, Reader
from starbeam.api.lists import Page
from starbeam.api.web import Asked, OfSessions, Part, Spot, TileSpot
from starbeam_events.cards import TITLES, cards, kinds
from starbeam_events.evidence import add_evidence
from starbeam_events.queries import Stream
from starbeam_events.sources import EventFilters
from starbeam_events.sources.activity import collected, newest
from starbeam_events.sources.figures import figures

TEMPLATES = Path(__file__).parent.with_name("templates")
WALL = Page(limit=6)
ON_PAPER = Page(limit=200)
"""How many data collections the report of a session shows: the last ones."""
ON_CARDS: tuple[Spot, ...] = ("name", "outcome", "progress", "pictures", "plot", "below")
TILE: Mapping[TileSpot, str] = {"state": "events/tile_state.html", "activity": "events/tile_activity.html"}


class Sessions:
    """Reads it from a stream; figures are kept for some seconds, for each person."""

    def __init__(self, stream: Stream, age: float) -> None:
        self._stream = stream
        self._collections = Stream([one for one in stream.sources if one.type == "dc"], age)
        self._kept: Cache[Any] = Cache(age)

    def parts(self) -> list[Part]:
        """On the pages of a session."""
        return [
            Part("figures of session", "events/figures.html", self.figures, 100),
            Part("wall of session", "events/wall.html", self.wall, 500),
            Part("report of session", "events/report.html", self.report, 300),
        ]

    def tiles(self) -> OfSessions:
        """On the tiles of beamlines."""
        return OfSessions(TILE, self.activities, 100)

    async def activities(
        self, reader: Reader, asked: Asked, ids: Sequence[int]
    ) -> Mapping[int, Mapping[str, Any]]:
        """What each session is at. 2 statements."""
        last = await newest(reader, self._stream.sources, ids)
        since, counts = await collected(reader, ids)
        shared = {"since": since, "titles": TITLES}
        return {id: {"newest": last.get(id), "counts": counts[id], **shared} for id in ids}

    async def wall(self, reader: Reader, asked: Asked) -> Mapping[str, Any]:
        """The newest event in full, and the five before it."""
        filters = EventFilters(sessionId=int(asked.key or 0))
        found = (await self._stream.page(reader, asked.files, WALL, filters, counted=False)).page.results
        collections = [event.id for event in found[:1] if event.type == "dc"]
        shown = cards(found, reader.now)
        await add_evidence(asked.files, shown[:1])
        more = await asked.show.of_collections(reader, collections, ON_CARDS, kinds(shown[:1]))
        return {"cards": shown, "more": more}

    async def report(self, reader: Reader, asked: Asked) -> Mapping[str, Any]:
        """Each data collection, the first one first."""
        filters = EventFilters(sessionId=int(asked.key or 0), group=False)
        page = (await self._collections.page(reader, asked.files, ON_PAPER, filters)).page
        shown = cards([*reversed(page.results)], reader.now)
        spots: list[Spot] = ["name", "outcome", "pictures", "plot", "report"]
        ids = [card.event.id for card in shown]
        more = await asked.show.of_collections(reader, ids, spots, kinds(shown))
        below = {id: {**drawn, "below": drawn.get("report", "")} for id, drawn in more.items()}
        return {"cards": shown, "total": page.total, "more": below}

    async def figures(self, reader: Reader, asked: Asked) -> Mapping[str, Any]:
        """How many data collections and samples, how much of the beam time that is gone was used, and what
        happened last. 2 statements."""
        key, session = int(asked.key or 0), asked.thing
        shown = await self._kept.get((reader.who, key), partial(self._figures, reader, key))
        runs = session is None or (session.endDate or reader.now) >= reader.now
        return {**shown, "runs": runs, "gone": _gone(session, reader)}

    async def _figures(self, reader: Reader, key: int) -> Mapping[str, Any]:
        last = await newest(reader, self._stream.sources, [key])
        return {"figures": await figures(reader, key), "newest": last.get(key)}


def _gone(session: Any, reader: Reader) -> float:
    """How many seconds of a session are over."""
    if session is None or session.startDate is None:
        return 0
    end = min(session.endDate or reader.now, reader.now)
    gone: timedelta = end - session.startDate
    return max(gone.total_seconds(), 0)
