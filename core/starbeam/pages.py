"""Web pages: what a plugin gives of them, and what the plugin that serves them builds of all.

A handler of a page is a Litestar handler like any other: it says who may call it, reads lists, and returns
what `show` makes of a template:

    @get("/proposals", access=authenticated)
    async def list_proposals(reader: …, page: …, show: NamedDependency[Show]) -> Response[str]:
        return show("proposals/list.html", page=await reader.page(PROPOSALS, page, filters))

Addresses are those below `Site.root`, not those of the API, and pages are no part of the API document.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from starbeam.refusals import Missing

if TYPE_CHECKING:
    from litestar import Request, Response
    from litestar.di import Provide
    from litestar.types import ControllerRouterHandler, Guard

    from starbeam.db.reader import Reader
    from starbeam.files import Files


@dataclass(frozen=True)
class Place:
    """An entry of the bar at the top of every page."""

    title: str
    href: str
    """Below the site's root: `/proposals`."""
    order: int
    """Entries stand in this order; those of bundled plugins are hundreds."""
    needs: frozenset[str] = frozenset()
    """Only who holds one of these permissions sees it; empty: everybody does."""
    tables: Sequence[type[Any]] = ()
    """Mapped classes: a database without one of their tables has nothing to show there."""


@dataclass(frozen=True)
class Tab:
    """A further page about a thing that has an address."""

    of: Literal["proposal", "session"]
    title: str
    href: str
    """With the proposal's name or the session's id for `{key}`: `/sessions/{key}/results`."""
    order: int
    rare: bool = False
    """Few have it, and a part of the first page leads there: it stands among the tabs only on pages that are
    rare, too."""


@dataclass(frozen=True)
class Part:
    """A part of a page that another plugin has the rest of, read and drawn with it."""

    of: Literal[
        "start",
        "proposal",
        "session",
        "container",
        "sample",
        "protein",
        "workflow",
        "group",
        "head of proposal",
        "head of session",
        "figures of session",
        "wall of session",
        "report of session",
    ]
    """A head stands above every page about the thing: the plugin whose the thing is gives it. Figures are a
    `<div>` each, of a name (`<dt>`) and a value (`<dd>`). A wall is a screen that hangs at the beamline, a
    report a page that is made for paper."""
    template: str
    """`<plugin>/<name>.html`; gets what `load` returned."""
    load: Callable[[Reader, Asked], Awaitable[Mapping[str, Any] | None]]
    """Nothing, and the part is not there."""
    order: int
    narrow: bool = False
    """In the narrow column beside the others."""
    whole: bool = False
    """Above both columns."""


@dataclass(frozen=True)
class Asked:
    """Which page is asked for."""

    key: int | str | None
    """The id of the thing, or the proposal's name."""
    query: Mapping[str, str]
    """The parameters in its address."""
    files: Files
    show: Show
    """Draws what other plugins add to what the part shows."""
    thing: Any = None
    """What the page is about, as the API answers it, where the page has it."""
    kinds: Mapping[int, str] = field(default_factory=dict)
    """By data collection, what its card shows it as (`grid`, `characterisation`, …), as far as that is known:
    what only some kinds have need not be read for others."""


Spot = Literal["name", "outcome", "progress", "pictures", "frame", "plot", "below", "page", "report"]
"""Where something stands on the card of a data collection: after its name, at the right of the first line,
there while it runs, beside its facts, or below them; `frame`: among the pictures, where none of the first
image was stored; `page`: only on the page that a data collection has of
its own; `report`: below its facts on paper."""


@dataclass(frozen=True)
class OfCollections:
    """What a plugin adds to each data collection that a page shows."""

    templates: Mapping[Spot, str]
    """`<plugin>/<name>.html`, which get the data collection's `id` and what `load` returned of it."""
    load: Callable[[Reader, Asked, Sequence[int]], Awaitable[Mapping[int, Mapping[str, Any]]]]
    """Reads for all data collections of the page at once, by their ids. One that is left out gets nothing."""
    order: int
    alone: bool = False
    """Where it has something, nothing of a later order stands at the same spot."""


TileSpot = Literal["state", "activity"]
"""Where something stands on the tile of a session that runs: in its head, or below."""


@dataclass(frozen=True)
class OfSessions:
    """What a plugin adds to each session that runs, where it stands on the tile of a beamline."""

    templates: Mapping[TileSpot, str]
    """`<plugin>/<name>.html`, which get the session's `id` and what `load` returned of it."""
    load: Callable[[Reader, Asked, Sequence[int]], Awaitable[Mapping[int, Mapping[str, Any]]]]
    """Reads for all sessions of the page at once, by their ids. One that is left out gets nothing."""
    order: int


@dataclass(frozen=True)
class Finder:
    """A list of what the search field finds."""

    template: str
    """Gets what `find` returned, and the text as `q`."""
    find: Callable[[Reader, str], Awaitable[Mapping[str, Any] | None]]
    """None where nothing is found."""
    order: int
    exact: Callable[[Reader, str], Awaitable[str | None]] | None = None
    """The address of what is called exactly so, if there is one: the search goes there at once."""


@dataclass(frozen=True)
class Pages:
    """The web pages of a plugin."""

    handlers: Sequence[ControllerRouterHandler]
    """Litestar handlers, GET but for forms."""
    templates: Path
    """A folder of Jinja templates, found as `<plugin>/<name>.html`."""
    places: Sequence[Place] = ()
    tabs: Sequence[Tab] = ()
    parts: Sequence[Part] = ()
    finders: Sequence[Finder] = ()
    of_collections: Sequence[OfCollections] = ()
    of_sessions: Sequence[OfSessions] = ()


class Show(ABC):
    """Draws pages for who asks: `show` in handlers of pages."""

    @abstractmethod
    def __call__(self, template: str, /, *, status_code: int = 200, **values: Any) -> Response[Any]:
        """The page of this template; `values` are its variables. 304 where the browser has it already."""

    @abstractmethod
    async def parts(
        self, of: str, reader: Reader, key: int | str | None = None, thing: object = None
    ) -> list[Drawn]:
        """What plugins add to a page, in order."""

    async def head(self, of: Literal["proposal", "session"], reader: Reader, key: int | str) -> str:
        """The head of a page about it, as HTML. Raises `Missing` where the caller sees none."""
        drawn = await self.parts(f"head of {of}", reader, key)
        if not drawn:
            raise Missing("Not Found")
        return drawn[0].html

    @abstractmethod
    async def of_collections(
        self,
        reader: Reader,
        ids: Sequence[int],
        spots: Collection[Spot],
        kinds: Mapping[int, str] | None = None,
    ) -> Mapping[int, Mapping[Spot, str]]:
        """What plugins add to data collections at these spots, as HTML; nothing at a spot is left out.
        `kinds` as in `Asked`."""

    @abstractmethod
    async def of_sessions(self, reader: Reader, ids: Sequence[int]) -> Mapping[int, Mapping[TileSpot, str]]:
        """What plugins add to sessions that run, as HTML."""


@dataclass(frozen=True)
class Drawn:
    """A part as HTML."""

    html: str
    narrow: bool
    whole: bool


@dataclass(frozen=True)
class Site:
    """What stands at the server's root, beside the API."""

    root: str
    pages: Mapping[str, Pages]
    """By the plugin whose they are."""
    explain: Callable[[Request[Any, Any, Any], Response[Any]], Response[Any]]
    """What a request is answered instead of the JSON of an error: a page, for browsers that ask for one."""
    guards: Sequence[Guard] = ()
    """What is checked of every request for a page, once the access that it declares has been."""
    dependencies: Mapping[str, Provide] = field(default_factory=dict)
    """What handlers of pages may ask for, beside what all may."""
