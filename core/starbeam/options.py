"""Options that administrators change while the server runs.

They are rows of `AdminVar`: `name` and the value as JSON text. `starbeam.auth.snapshot` reads them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta


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
        if not self.name.isidentifier():
            raise TypeError(f"{self.name!r} is no name for an option: letters, digits and _")
        try:
            msgspec.json.schema(self.type)
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
    """Log nothing: `LiveOptions` reads the same rows, and logs what is wrong with them."""


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


def read_values(
    declared: Mapping[str, Option], rows: Iterable[Any], complain: Complain = _say_nothing
) -> dict[str, Any]:
    """The values of all declared options, of these rows: a name, and the text of its value."""
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
    """The options as this worker last read them."""

    def __init__(self, declared: Mapping[str, Option]) -> None:
        self.declared = declared
        self.values = Options((name, option.default) for name, option in declared.items())
        """As last read."""
        self._complaints: set[tuple[str, str]] = set()

    def __getitem__(self, name: str) -> Any:
        """The present value of an option."""
        return self.values[name]

    def take(self, rows: Iterable[Any]) -> None:
        """Hold from now on what these rows say: a name, and the text of its value."""
        self.values = Options(read_values(self.declared, rows, self._complain))

    def _complain(self, option: str, error: str) -> None:
        """Log what is wrong with an option, once and not at every reading."""
        import structlog  # only now: commands import this module, too

        if (option, error) not in self._complaints:
            self._complaints.add((option, error))
            structlog.get_logger("starbeam.options").warning(
                "option has a bad value", option=option, error=error
            )
