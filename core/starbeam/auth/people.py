"""What each person may do, as this worker last read it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from starbeam.access import Principal

if TYPE_CHECKING:
    from starbeam.options import LiveOptions


class People:
    """The permissions of all people. `Snapshot` reads them, together with the options."""

    def __init__(self, options: LiveOptions) -> None:
        self._options = options
        self._permissions: dict[int, frozenset[str]] = {}

    def permissions_of(self, person_id: int) -> frozenset[str]:
        """What a person may do."""
        return self._permissions.get(person_id, frozenset())

    def principal(self, person_id: int, login: str, permissions: Iterable[str] | None = None) -> Principal:
        """The person as a caller, with the given permissions or, without them, those last read."""
        held = self.permissions_of(person_id) if permissions is None else frozenset(permissions)
        groups = [group for group in self._options.values.beamline_groups if group.permission in held]
        beamlines = dict.fromkeys(line.beamLineName for group in groups for line in group.beamLines)
        return Principal(person_id, login, held, tuple(beamlines), tuple(group.groupName for group in groups))

    def take(self, rows: Iterable[Any]) -> None:
        """Hold from now on what these rows say: a person's id, and a permission."""
        held: dict[int, set[str]] = {}
        for person_id, permission in rows:
            held.setdefault(person_id, set()).add(permission)
        self._permissions = {person_id: frozenset(names) for person_id, names in held.items()}
