"""The option `beamLineGroups` as a sheet: a row for each beamline, of which the first of a group names it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from starbeam.api import Faults, Invalid
from starbeam.api.database import Sheet
from starbeam.api.settings import BeamLineGroup
from starbeam.api.web import NEEDED

Row = Mapping[str, str]


class BeamLineRow(Struct):
    """A row of the sheet."""

    groupName: str = ""
    permission: str = ""
    uiGroup: str = ""
    beamLineName: str = ""
    archived: bool = False
    sampleChangerType: str | None = None
    sampleChangerCapacity: int | None = None


COLUMNS = {
    "groupName": "Group",
    "permission": "Permission",
    "uiGroup": "Shown as",
    "beamLineName": "Beamline",
    "archived": "Archived",
    "sampleChangerType": "Sample changer",
    "sampleChangerCapacity": "Its places",
}
OF_GROUP = ("groupName", "permission", "uiGroup")
OF_BEAMLINE = ("beamLineName", "archived", "sampleChangerType", "sampleChangerCapacity")


def rows_of(groups: Sequence[BeamLineGroup]) -> list[Row]:
    """The sheet of these groups, with room for a beamline more in each, and for another group."""
    found: list[Row] = []
    for group in groups:
        first, *others = [_cells(line, OF_BEAMLINE) for line in group.beamLines] or [{}]
        found += [_cells(group, OF_GROUP) | first, *others, {}]
    return [*found, {}, {}]


def _cells(thing: Struct, columns: Sequence[str]) -> dict[str, str]:
    return {name: text for name in columns if (text := _word(getattr(thing, name)))}


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else ""
    return "" if value is None else f"{value}"


def groups_of(rows: Sequence[Row]) -> list[BeamLineGroup]:
    """The groups that a sheet tells. Raises Faults, each with its row and column."""
    given = [{name: text for name, text in row.items() if text} for row in rows]
    read, faults = Sheet(BeamLineRow, given).read()
    groups: list[dict[str, Any]] = []
    for number, row in read.items():
        faults += [Invalid(NEEDED, ["body", number, name]) for name in _lacks(row, bool(groups))]
        if row.groupName:
            groups.append({name: getattr(row, name) for name in OF_GROUP} | {"beamLines": []})
        if row.beamLineName and groups:
            groups[-1]["beamLines"].append({name: getattr(row, name) for name in OF_BEAMLINE})
    if faults:
        raise Faults(faults)
    return msgspec.convert(groups, list[BeamLineGroup])


def _lacks(row: BeamLineRow, has_group: bool) -> list[str]:
    """What a row must tell, too."""
    of_group, of_line = row.permission or row.uiGroup, row.archived or row.sampleChangerType
    needs = {
        "groupName": of_group or not has_group,
        "permission": row.groupName,
        "beamLineName": of_line or row.sampleChangerCapacity is not None,
    }
    return [name for name, needed in needs.items() if needed and not getattr(row, name)]
