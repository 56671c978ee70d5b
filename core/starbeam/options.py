"""Options that administrators change while the server runs.

They are rows of `AdminVar`: `name` and the value as JSON text. Every worker reads them again every few
seconds, together with who holds which permission (`Snapshot`), so that a request asks memory and not the
database.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import structlog
from msgspec import Meta
from sqlalchemy import select

from starbeam.access import Principal
from starbeam.db.models import AdminVar, Permission, UserGroup_has_Permission, UserGroup_has_Person

if TYPE_CHECKING:
    from starbeam.db.engine import Database

log = structlog.get_logger("starbeam.options")

REFRESH_SECONDS = 5.0


class BeamLineGroupBeamLine(msgspec.Struct, frozen=True):
    """A beamline of a beamline group."""

    beamLineName: Annotated[str, Meta(title="Beamline Name")]
    archived: Annotated[bool, Meta(title="Archived", description="Hide it on the landing page")] = False
    sampleChangerType: Annotated[str | None, Meta(title="Sample Changer Type")] = None
    sampleChangerCapacity: Annotated[int | None, Meta(title="Sample Changer Capacity")] = None


class BeamLineGroup(msgspec.Struct, frozen=True):
    """Beamlines that belong together: whoever holds `permission` sees everything on them."""

    groupName: Annotated[str, Meta(title="Group Name", description="Name of this group")]
    uiGroup: Annotated[str, Meta(title="UI Group", description="Display type to use in the UI")]
    permission: Annotated[str, Meta(title="Permission", description="Permission needed to see all of it")]
    beamLines: Annotated[list[BeamLineGroupBeamLine], Meta(title="Beamlines")] = []


class Option(msgspec.Struct, frozen=True):
    """A runtime option: its name in `AdminVar`, its type, and the value that holds while there is no row."""

    name: str
    type: Any
    default: Any
    title: str
    description: str
    ui: bool = False
    """Shown to everybody who is logged in."""

    def __post_init__(self) -> None:
        try:
            msgspec.convert(self.default, self.type)
        except (msgspec.ValidationError, TypeError) as error:
            raise TypeError(
                f"the default of the option {self.name} does not fit its type: {error}"
            ) from error


CORE = (
    Option("motd", str, "", "Message of the Day", "Displayed at the top of the UI", ui=True),
    Option(
        "beamLineGroups",
        list[BeamLineGroup],
        [],
        "Beamline Groups",
        "Beamlines that belong together, and the permission to see all of them",
        ui=True,
    ),
    Option("query_debug", bool, False, "Query Debugging", "Log every SQL statement with its time"),
    Option(
        "create_person_on_missing",
        bool,
        False,
        "Create Missing Login",
        "Create a Person at the first log-in when the database has none of that login",
    ),
)


Complain = Callable[[str, str], None]
"""Told of an option's name and what is wrong with its value."""


def _say_nothing(option: str, error: str) -> None:
    """For readers beside `LiveOptions`, which complains for all."""


def read_value(option: Option, text: str | None, complain: Complain = _say_nothing) -> Any:
    """The value of an `AdminVar` row: JSON, or the text itself where it is not JSON; the default where it
    does not fit."""
    try:
        value: Any = msgspec.json.decode(text or "")
    except msgspec.DecodeError:
        value = text
    try:
        return msgspec.convert(value, option.type)
    except msgspec.ValidationError as error:
        complain(option.name, str(error))
        return option.default


OPTION_ROWS = select(AdminVar.name, AdminVar.value).order_by(AdminVar.varId)
"""The rows that options may be stored in."""


def read_values(
    declared: Mapping[str, Option], rows: Iterable[Any], complain: Complain = _say_nothing
) -> dict[str, Any]:
    """The values of all declared options, of `OPTION_ROWS`."""
    texts = {name: value for name, value in rows if name in declared}
    return {
        name: read_value(option, texts[name], complain) if name in texts else option.default
        for name, option in declared.items()
    }


class Options(dict[str, Any]):
    """The values of all options at one moment, by name."""

    @property
    def beamline_groups(self) -> list[BeamLineGroup]:
        """The option `beamLineGroups`."""
        groups: list[BeamLineGroup] = self["beamLineGroups"]
        return groups


class LiveOptions:
    """The options and permissions as this worker last read them."""

    def __init__(self, declared: Mapping[str, Option], database: Database) -> None:
        self.declared = declared
        self._database = database
        self.values = Options((name, option.default) for name, option in declared.items())
        """As last read."""
        self._permissions: dict[int, frozenset[str]] = {}
        self._complaints: set[tuple[str, str]] = set()
        self._loaded = False
        self._loading = asyncio.Lock()

    def __getitem__(self, name: str) -> Any:
        """The present value of an option."""
        return self.values[name]

    def permissions_of(self, person_id: int) -> frozenset[str]:
        """What a person may do, as last read."""
        return self._permissions.get(person_id, frozenset())

    def principal(self, person_id: int, login: str, permissions: Iterable[str] | None = None) -> Principal:
        """The person as a caller, with the given permissions or, without them, those last read."""
        held = self.permissions_of(person_id) if permissions is None else frozenset(permissions)
        groups = [group for group in self.values.beamline_groups if group.permission in held]
        beamlines = dict.fromkeys(line.beamLineName for group in groups for line in group.beamLines)
        return Principal(person_id, login, held, tuple(beamlines), tuple(group.groupName for group in groups))

    async def ensure_loaded(self) -> None:
        """Read them once before the first request that needs them. Raises what the database raises."""
        if not self._loaded:
            async with self._loading:
                if not self._loaded:
                    await self._load()

    async def reload(self) -> None:
        """Read options and permissions now: as they are at this moment or later."""
        async with self._loading:
            await self._load()

    async def _load(self) -> None:
        await self._database.ready()
        async with self._database.read() as connection:
            rows = await connection.execute(OPTION_ROWS)
            values = read_values(self.declared, rows, self._complain)
            pairs = (await connection.execute(_PERMISSIONS)).all()
        self.values = Options(values)
        held: dict[int, set[str]] = {}
        for person_id, permission in pairs:
            held.setdefault(person_id, set()).add(permission)
        self._permissions = {person_id: frozenset(names) for person_id, names in held.items()}
        self._database.log_statements = self.values["query_debug"]
        self._loaded = True
        self._database.outage.over()

    def _complain(self, option: str, error: str) -> None:
        """Log what is wrong with an option, once and not at every reading."""
        if (option, error) not in self._complaints:
            self._complaints.add((option, error))
            log.warning("option has a bad value", option=option, error=error)

    async def refresh_once(self) -> None:
        """Read them if they never were; without the database the defaults hold."""
        if not self._loaded:
            await self.refresh()

    async def refresh(self) -> None:
        """Read them again; while the database is away the last ones stay."""
        try:
            await self.reload()
        except Exception as error:  # whatever fails here must not end the background task
            self._database.outage.note(error)


_PERMISSIONS = (
    select(UserGroup_has_Person.personId, Permission.type)
    .join(UserGroup_has_Permission, UserGroup_has_Permission.userGroupId == UserGroup_has_Person.userGroupId)
    .join(Permission, Permission.permissionId == UserGroup_has_Permission.permissionId)
    .distinct()
)
