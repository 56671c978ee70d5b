"""What files say of robot actions, energy scans and spectra: plots and pictures of their cards."""

from __future__ import annotations

from collections.abc import Sequence

from starbeam.api.files import Files
from starbeam_events.cards import Card
from starbeam_events.sources.pictures import PICTURES
from starbeam_events.spectra import curve, elements, plot

_FOLDERS = {"robot": "robot", "es": "energy-scans", "xrf": "spectra"}


async def add_evidence(files: Files, cards: Sequence[Card]) -> None:
    """Fill in plots, and the names of the pictures whose files are there."""
    for card in cards:
        if card.kind in ("es", "xrf"):
            await _add_plot(files, card)
    named = [(card, name, path) for card in cards for name, path in _pictures(card)]
    there = await files.exist([path for _, _, path in named])
    for (card, name, _), exists in zip(named, there, strict=True):
        if exists:
            card.pictures[name] = f"/{_FOLDERS[card.kind]}/{card.event.id}/{name}"


async def _add_plot(files: Files, card: Card) -> None:
    item = card.event.Item
    found = await curve(files, item.scanFileFullPath)
    if card.kind == "es":
        card.plot = plot(found, {"peak": item.peakEnergy, "inflection": item.inflectionEnergy})
    else:
        card.elements = elements(found, item.energy)
        card.plot = plot(found, card.elements)


def _pictures(card: Card) -> list[tuple[str, str | None]]:
    folder = _FOLDERS.get(card.kind)
    names = PICTURES[folder][1] if folder and card.plot is None else {}
    return [(name, getattr(card.event.Item, column)) for name, column in names.items()]
