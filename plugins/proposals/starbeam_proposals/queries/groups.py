"""Beamline groups as the options hold them. The database says which names are of one beamline."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import partial

from starbeam.api.database import Rows, keys_of
from starbeam_ispyb.models import BLSession

Key = Callable[[str | None], Hashable]
"""What the database compares of a beamline's name."""


async def key_of(reader: Rows, names: Iterable[str | None]) -> Key:
    """For these names and those in groups. A statement where a name is new."""
    groups = reader.options.beamline_groups
    lines = (line.beamLineName for group in groups for line in group.beamLines)
    keys = await keys_of(reader, {BLSession.beamLineName: [*lines, *names]}, few=True)
    return partial(keys.of, BLSession.beamLineName)


async def ui_groups(reader: Rows, used: Sequence[Iterable[str | None]]) -> list[list[str]]:
    """For each of these sets of beamlines the `uiGroup` of each group that has one of them, each once."""
    groups = reader.options.beamline_groups
    if not groups:
        return [[] for _ in used]
    wanted = [frozenset(names) for names in used]
    different = {*wanted}  # many sessions are on few beamlines
    key = await key_of(reader, {name for names in different for name in names})
    lines = [(group.uiGroup, {key(line.beamLineName) for line in group.beamLines}) for group in groups]
    found: dict[frozenset[str | None], list[str]] = {}
    for names in different:
        keys = {key(name) for name in names if name}
        found[names] = list(dict.fromkeys(name for name, its in lines if its & keys))
    return [list(found[names]) for names in wanted]


async def places(reader: Rows, names: Iterable[str | None]) -> tuple[Key, dict[str | None, int | None]]:
    """The key that names compare by, and for each of these the place of the first group that has it. A
    statement where a name is new."""
    wanted = dict.fromkeys(names)
    key = await key_of(reader, wanted)
    groups = [
        {key(line.beamLineName) for line in group.beamLines} for group in reader.options.beamline_groups
    ]
    found = {
        name: next((place for place, lines in enumerate(groups) if key(name) in lines), None)
        for name in wanted
    }
    return key, found


def beamlines_of(reader: Rows, name: str | None) -> list[str]:
    """The beamlines of the group of this name; none without such a group."""
    groups = reader.options.beamline_groups
    return [line.beamLineName for group in groups if group.groupName == name for line in group.beamLines]
