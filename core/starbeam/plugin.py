"""What a plugin is: a class with a name, settings and hooks.

A plugin is the class that an entry point of the group ``starbeam.plugins`` names. It holds no logic: it is
the table of contents of its package. Every method decorated with `hookimpl` is one of the hooks of
`starbeam.hookspecs`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

import msgspec
import pluggy

from starbeam.settings import Section

if TYPE_CHECKING:
    import asyncio

    from prometheus_client import CollectorRegistry

    from starbeam.auth.snapshot import Snapshot
    from starbeam.clock import Clock
    from starbeam.db.engine import Database
    from starbeam.db.reader import Reads
    from starbeam.db.writer import Writes
    from starbeam.explanation import Explanation
    from starbeam.options import LiveOptions
    from starbeam.permissions import Permission
    from starbeam.settings import Settings
    from starbeam.shared import Shared
    from starbeam.store import Store

PROJECT = "starbeam"
GROUP = "starbeam.plugins"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class NoSettings(Section, frozen=True):
    """The settings of a plugin that has none."""


S = TypeVar("S", bound=msgspec.Struct)


class Plugin(Generic[S]):
    """Base class of every plugin.

    The loader calls `cls(settings)` once for each app; a plugin keeps no state outside of its instance.
    """

    name: ClassVar[str]
    """Its entry point's name, its folder's, and its section's in the configuration."""
    title: ClassVar[str]
    """A few words for people, shown by ``starbeam plugins list``."""
    requires: ClassVar[tuple[str, ...]] = ()
    """Plugins that must be enabled too; their hooks run first."""
    after: ClassVar[tuple[str, ...]] = ()
    """Plugins whose hooks run first when they are enabled."""
    Settings: ClassVar[type[msgspec.Struct]] = NoSettings
    """What ``[plugin.<name>]`` may hold: a frozen Struct that forbids unknown fields."""
    hookspecs: ClassVar[ModuleType | type[Any] | None] = None
    """A module or class of hooks that this plugin defines for others to implement, with
    ``optionalhook=True``."""
    backend_name: ClassVar[str | None] = None
    """For a plugin of log-in backends: the name of its backend when the configuration has no
    ``[auth.backends.<name>]`` that uses it. `Settings` then describes one backend, and `settings` is the
    first one's; None when settings that have no default are given nowhere, and so there is no backend."""

    def __init__(self, settings: S) -> None:
        self.settings = settings


@dataclass(frozen=True)
class Context:
    """What the hooks of one plugin are given while the app is built."""

    plugin: str
    """The name of the plugin that is asked."""
    settings: Settings
    """The settings of the whole server."""
    database: Database
    """The database; not connected yet while hooks run."""
    snapshot: Snapshot
    """The runtime options and people's permissions as last read: whoever changes any calls `changed`."""
    clock: Clock
    """The facility's local time."""
    writes: Writes
    """From who writes to what runs their changes: for work that no request asks for. Not while hooks run."""
    reads: Reads
    """The same for what reads."""
    ending: asyncio.Event
    """Set when the server is told to end: answers that go on and on end then."""
    own: Store
    """Where this plugin's own tables are: in the ISPyB database, or in the second one that it names
    (`register_database`)."""
    explain: Callable[[str, str], Awaitable[tuple[str, Explanation]]]
    """From a login and a path of the API to the login as it is stored and why that person sees what the path
    is about, or does not. Not while hooks run."""
    permissions: Mapping[str, Permission]
    """All that plugins declare, by name."""
    figures: CollectorRegistry | None
    """Where figures of `/metrics` are registered; None where nobody may read any."""
    collect: Callable[[str], Iterable[tuple[str, list[Any]]]]
    """Each plugin's name and results of a hook that this plugin defines (`Plugin.hookspecs`), in the order in
    which plugins require each other."""
    shared: Shared
    """What servers on all hosts share, where `[shared] url` names it."""
    backends: Mapping[str, Any] = field(default_factory=dict)
    """For a plugin of log-in backends: its backends' names and settings, in the order of the
    configuration."""

    @property
    def options(self) -> LiveOptions:
        """The runtime options, as they are at the moment of asking."""
        return self.snapshot.options

    @property
    def api_root(self) -> str:
        """The prefix of all operations, for links in answers."""
        return self.settings.server.api_root
