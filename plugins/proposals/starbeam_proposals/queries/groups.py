"""Beamline groups as the options hold them."""

from __future__ import annotations

from collections.abc import Iterable

from starbeam.api.settings import BeamLineGroup


def ui_groups(groups: Iterable[BeamLineGroup], beamlines: Iterable[str | None]) -> list[str]:
    """The `uiGroup` of each group that has one of these beamlines, each once."""
    wanted = {name.lower() for name in beamlines if name}
    having = (
        group for group in groups if any(line.beamLineName.lower() in wanted for line in group.beamLines)
    )
    return list(dict.fromkeys(group.uiGroup for group in having))


def beamlines_of(groups: Iterable[BeamLineGroup], name: str | None) -> list[str]:
    """The beamlines of the group of this name, each once in any case; none without such a group."""
    lines = (line for group in groups if group.groupName == name for line in group.beamLines)
    spelled: dict[str, str] = {}
    for line in lines:
        spelled.setdefault(line.beamLineName.lower(), line.beamLineName)
    return list(spelled.values())
