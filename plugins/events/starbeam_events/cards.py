"""Events as cards: which kind of thing one is, and what keeps pointing at it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

import msgspec

from starbeam_events.schemas import DataCollection, Event
from starbeam_events.spectra import Plot
from starbeam_ispyb.running import is_open, runs, seconds

TITLES = {
    "dc": "Data collection",
    "characterisation": "Characterisation",
    "grid": "Grid scan",
    "em": "EM movies",
    "robot": "Robot action",
    "es": "Energy scan",
    "xrf": "XRF spectrum",
}


class Card(msgspec.Struct):
    """An event as pages show it."""

    event: Event
    kind: str
    """The event's type; of data collections more exactly: a name in `TITLES`."""
    title: str
    key: str
    """Its place on a page. The id of a group's event changes while the group grows: the group's does not."""
    href: str
    """Below the site's root; without a page of its own only its place on this one."""
    plot: Plot | None = None
    """Of an energy scan or a fluorescence spectrum."""
    elements: dict[str, float] = {}
    """Whose lines a fluorescence spectrum has, with their energies in keV."""
    pictures: dict[str, str] = {}
    """The addresses of pictures by their names."""
    runs: float | None = None
    """For how many seconds a data collection has been going on, while it does."""
    lasts: float | None = None
    """The seconds that it should take."""
    endless: bool = False
    """A data collection that goes on no more, though nobody noted its end or a status."""


def cards(events: Sequence[Event], now: datetime) -> list[Card]:
    """Events in their order."""
    return [_card(event, now) for event in events]


def by_day(events: Sequence[Event], now: datetime) -> list[tuple[Any, list[Card]]]:
    """Days with their events, in order; what has no time has no day."""
    days = groupby(events, lambda event: event.startTime and event.startTime.date())
    return [(day, cards(list(some), now)) for day, some in days]


def kinds(cards: Sequence[Card]) -> dict[int, str]:
    """What each data collection is shown as."""
    return {card.event.id: card.kind for card in cards if card.event.type == "dc"}


def _card(event: Event, now: datetime) -> Card:
    kind = _kind(event)
    key, href = _place(event)
    card = Card(event, kind, TITLES.get(kind, event.type), key, href)
    if isinstance(event.Item, DataCollection) and event.startTime:
        item = event.Item
        card.lasts = seconds(item.numberOfImages, item.exposureTime)
        if runs(event.startTime, event.endTime, item.runStatus, card.lasts, now):
            card.runs = max(0.0, (now - event.startTime).total_seconds())
        card.endless = card.runs is None and is_open(event.endTime, item.runStatus)
    return card


def _place(event: Event) -> tuple[str, str]:
    if event.type != "dc":
        key = f"{event.type}-{event.id}"
        return key, f"#{key}"
    group = event.Item.DataCollectionGroup.dataCollectionGroupId
    href = f"/groups/{group}" if event.count > 1 else f"/collections/{event.id}"
    return f"g-{group}", href


def _kind(event: Event) -> str:
    item = event.Item
    if not isinstance(item, DataCollection):
        return event.type
    said = (item.DataCollectionGroup.experimentType or "").lower()
    if item.GridInfo:
        return "grid"
    if said.startswith("charac"):
        return "characterisation"
    return "em" if item.voltage or said.startswith("em") else "dc"
