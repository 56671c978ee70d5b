"""What samples may be called, and where they may be: one rule for one sample and for a whole container."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from starbeam.api import Invalid
from starbeam.api.database import Writer, keys_of
from starbeam_ispyb.models import BLSample
from starbeam_samples.layouts import positions_of
from starbeam_samples.queries import belonging

_NAME = re.compile(r"[A-Za-z0-9_-]+")
NO_CONTAINER = "Container not found"


@dataclass(frozen=True)
class Entry:
    """What of a sample shall be otherwise; what is None stays as it is."""

    protein_id: int
    """Of which it is, or shall be."""
    key: int | None = None
    """None for one that is added."""
    name: str | None = None
    location: int | None = None
    place: tuple[str | int, ...] = ("body",)
    """Where it stands in what was sent."""


def check_letters(name: str, place: Sequence[str | int]) -> None:
    """Raises Invalid for a name that cannot be part of files' names."""
    if not _NAME.fullmatch(name):
        raise Invalid("Names are made of letters, digits, - and _", place)


async def faults_of(writer: Writer, container_id: int | None, entries: Sequence[Entry]) -> list[Invalid]:
    """What is wrong with the names and positions of samples in a container."""
    return [
        *await _taken_names(writer, [one for one in entries if one.name is not None]),
        *await _wrong_positions(writer, container_id, [one for one in entries if one.location is not None]),
    ]


async def _taken_names(writer: Writer, entries: Sequence[Entry]) -> list[Invalid]:
    """Names that another sample of the protein has, or gets."""
    names = [one.name for one in entries if one.name is not None]
    proteins = {one.protein_id for one in entries}
    others = await writer.rows(belonging.named(), proteins=sorted(proteins), names=names) if names else []
    keys = await keys_of(writer, {BLSample.name: [*names, *(name for _, _, name in others)]})
    renamed = {one.key for one in entries}
    taken = {
        (protein_id, keys.of(BLSample.name, name)) for key, protein_id, name in others if key not in renamed
    }
    found = []
    for one in entries:
        name = one.protein_id, keys.of(BLSample.name, one.name)
        if name in taken:
            found.append(
                Invalid(f"Another sample of this protein is called {one.name}", [*one.place, "name"])
            )
        taken.add(name)
    return found


async def _wrong_positions(
    writer: Writer, container_id: int | None, entries: Sequence[Entry]
) -> list[Invalid]:
    """Positions that the container has not, or that another sample holds or gets."""
    if not entries:
        return []
    container = await writer.first(belonging.container(), NO_CONTAINER, key=container_id)
    rows = await writer.rows(belonging.held(), key=container_id)
    moved = {one.key for one in entries}
    held = {row.location: row.name or "a sample" for row in rows if row.blSampleId not in moved}
    last = positions_of(container.containerType, container.capacity)
    found = []
    for one in entries:
        place = [*one.place, "location"]
        if last and (one.location or 0) > last:
            found.append(Invalid(f"This container has {last} positions", place))
        elif (name := held.get(str(one.location))) is not None:
            found.append(Invalid(f"Position {one.location} holds {name}", place))
        held[str(one.location)] = one.name or "another sample"
    return found
