"""A plugin to test core with: handlers that take every kind of input and fail in every way, and a log-in
backend that answers as it is told."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.types import ControllerRouterHandler
from msgspec import Meta
from sqlalchemy import bindparam, literal_column, select, text

from starbeam.access import Principal, authenticated, needs, public
from starbeam.api import Context, Plugin, hookimpl
from starbeam.auth.backends import AuthBackend, BackendUnavailable, Credentials, Identity, NotVerified
from starbeam.checks import Check
from starbeam.db.functions import containing, contains
from starbeam.db.lists import Listing
from starbeam.db.models import Person
from starbeam.db.reader import Reader
from starbeam.db.scope import Scope, statement
from starbeam.db.shape import Shape
from starbeam.db.writer import Write, Writer
from starbeam.options import Option
from starbeam.paging import Page, Paged
from starbeam.params import ProposalName, Search, SessionName, path_id, query_id
from starbeam.permissions import Permission
from starbeam.settings import Section
from support.probe import documented

FILES = [str(Path(__file__).with_name("entrypoints.toml"))]
"""The value of `plugins.files` that lets an app find this plugin."""
WITH_PROBE: dict[str, Any] = {"plugins.files": FILES}
"""Settings for ``make_app("probe", **WITH_PROBE)``."""

INSIDE = "SELECT secret FROM vault -- /srv/starbeam/vault.py"
"""What a failing handler says, and no answer may show."""


class ProbeSettings(Section, frozen=True):
    """Settings of the plugin, and of each of its log-in backends."""

    realm: str = ""
    client_secret: str = "hush"
    healthy: bool = True


class ProbeBackend(AuthBackend):
    """Knows a person for each login but these few."""

    def __init__(self, name: str, realm: str) -> None:
        super().__init__(name)
        self._realm = realm

    @property
    def public_config(self) -> Mapping[str, Any]:
        """The realm."""
        return {"REALM": self._realm}

    async def authenticate(self, credentials: Credentials) -> Identity | None:
        """The login that was sent, or that the token names."""
        login = credentials.login or (credentials.token or "").removeprefix("of:")
        if login == "broken":
            raise RuntimeError(INSIDE)
        if login == "away":
            raise BackendUnavailable("The directory does not answer.")
        if login == "unnamed":
            return Identity(login="   ")
        if login == "long":
            return Identity(login="x" * 46)
        if credentials.password == "wrong":
            raise NotVerified("wrong password")
        if not login:
            return None
        await asyncio.sleep(0)
        return Identity(login, givenName="Ada", familyName="Byron", emailAddress="ada@example.org", siteId=7)


class Inner(msgspec.Struct, frozen=True):
    """A part of a body."""

    size: Annotated[int, Meta(ge=0, le=100)]
    label: Annotated[str, Meta(max_length=10)] = ""


class Outer(msgspec.Struct, frozen=True):
    """A body."""

    name: Annotated[str, Meta(title="The Name", extra_json_schema={"unit": "letters"})]
    parts: list[Inner] = []
    one: Inner | None = None


class Taken(msgspec.Struct, frozen=True):
    """The parameters as the handler got them."""

    number: int | None
    flag: bool
    maybe: bool | None
    text: str | None
    word: str
    day: date | None
    colour: Literal["red", "green"] | None
    proposal: str | None
    session: str | None


class Someone(msgspec.Struct, frozen=True):
    """A person, with a column that one flavour of the schema lacks."""

    personId: int
    login: str | None
    passwd: str | None


@get("/probe/taken", access=authenticated, sync_to_thread=False)
def probe_taken(
    number: Annotated[int | None, query_id()] = None,
    flag: Annotated[bool, QueryParameter()] = False,
    maybe: Annotated[bool | None, QueryParameter()] = None,
    text: Search = None,
    word: Annotated[str, QueryParameter(max_length=5)] = "",
    day: Annotated[date | None, QueryParameter()] = None,
    colour: Annotated[Literal["red", "green"] | None, QueryParameter()] = None,
    proposal: ProposalName = None,
    session: SessionName = None,
) -> Taken:
    """What was sent"""
    return Taken(number, flag, maybe, text, word, day, colour, proposal, session)


@get("/probe/needed", access=authenticated, sync_to_thread=False)
def probe_needed(number: Annotated[int, query_id()]) -> int:
    """A parameter that must be sent"""
    return number


@get("/probe/items/{itemId:str}", access=authenticated, sync_to_thread=False, errors={404: "Item not found"})
def probe_item(itemId: Annotated[int, path_id()]) -> int:
    """The number in the path"""
    return itemId


@get("/probe/names/{name:str}", access=authenticated, sync_to_thread=False)
def probe_name(name: FromPath[str]) -> str:
    """The text in the path"""
    return name


@get("/probe/pages", access=authenticated, sync_to_thread=False)
def probe_page(page: NamedDependency[Page]) -> Page:
    """The page that was asked for"""
    return page


@post("/probe/bodies", access=authenticated, sync_to_thread=False)
def probe_post(data: JSONBody[Outer]) -> Outer:
    """The body that was sent"""
    return data


@patch("/probe/bodies", access=authenticated, sync_to_thread=False)
def probe_patch(data: JSONBody[Outer]) -> Outer:
    """The body that was sent"""
    return data


@delete("/probe/bodies", access=authenticated, sync_to_thread=False)
def probe_delete() -> None:
    """Nothing"""


@get("/probe/fails", access=public, sync_to_thread=False)
def probe_fails() -> None:
    """An error of the program"""
    raise RuntimeError(INSIDE)


@get("/probe/sql-fails", access=authenticated)
async def probe_sql_fails(reader: NamedDependency[Reader]) -> None:
    """An error of the program in its SQL"""
    await reader.rows(text("SELECT secret FROM vault"))


@get("/probe/held", access=needs("probe"), sync_to_thread=False)
def probe_held(number: Annotated[int, query_id()] = 0) -> int:
    """Something for those who hold a permission"""
    return number


@post("/probe/held", access=needs("probe"), sync_to_thread=False)
def probe_held_post(data: JSONBody[Outer]) -> Outer:
    """Something for those who hold a permission"""
    return data


@get("/probe/switched", access=public, switch="probe_on", sync_to_thread=False)
def probe_switched() -> str:
    """What an option switches off"""
    return "on"


@get("/probe/switched/held", access=needs("probe"), switch="probe_on", sync_to_thread=False)
def probe_switched_held() -> str:
    """What an option switches off, for those who hold a permission"""
    return "on"


@get("/probe/by-path/{token:str}/who", access=authenticated.by("path"), sync_to_thread=False)
def probe_by_path(request: Request[Principal, Any, Any], token: FromPath[str]) -> str:
    """Who calls, by the token in the path"""
    return request.user.login


@get("/probe/by-query", access=authenticated.by("query"), sync_to_thread=False)
def probe_by_query(request: Request[Principal, Any, Any]) -> str:
    """Who calls, by the token in the query"""
    return request.user.login


@get("/probe/who", access=authenticated, sync_to_thread=False)
def probe_who(who: NamedDependency[Principal]) -> dict[str, list[str]]:
    """What the caller may do"""
    return {"permissions": sorted(who.permissions), "beamLines": list(who.beamlines)}


@get("/probe/sleeps", access=authenticated)
async def probe_sleeps(reader: NamedDependency[Reader]) -> None:
    """A statement that takes longer than the database allows"""
    await reader.rows(text("SELECT SLEEP(20) FROM Person"))


SOMEONE = Shape(Someone, Person)


@statement
def people_listing(scope: Scope, searching: bool, by_password: bool) -> Listing[Someone]:
    where = [Person.login.is_not(None)]
    if searching:
        where.append(contains(Person.login, bindparam("search")))
    if by_password:
        where.append(scope.column(Person.passwd) == bindparam("passwd"))
    return Listing(scope, SOMEONE, Person, where=where, order_by=[Person.personId])


@post("/probe/people", access=authenticated)
async def probe_add(
    data: JSONBody[Outer],
    write: NamedDependency[Write],
    fails: Annotated[bool, QueryParameter()] = False,
) -> None:
    """A person of this login; with `fails`, and then an error"""

    async def add(writer: Writer) -> None:
        await writer.create(Person, {"login": data.name})
        if fails:
            raise RuntimeError(INSIDE)

    await write(add)


@get("/probe/people", access=authenticated)
async def probe_people(
    reader: NamedDependency[Reader],
    page: NamedDependency[Page],
    search: Search = None,
    passwd: Annotated[str | None, QueryParameter()] = None,
) -> Paged[Someone]:
    """Persons with a login"""
    listing = people_listing(search is not None, passwd is not None)
    values = {"search": containing(search)} if search is not None else {}
    if passwd is not None:
        values["passwd"] = passwd
    return await reader.page(listing, page, **values)


@get("/probe/connection", access=authenticated)
async def probe_connection(reader: NamedDependency[Reader]) -> int:
    """The number of the request's connection to MariaDB"""
    number: int = await reader.scalar(select(literal_column("CONNECTION_ID()")))
    return number


@post("/probe/cut", access=authenticated)
async def probe_cut(reader: NamedDependency[Reader], write: NamedDependency[Write]) -> None:
    """Write a person, and have the server cut the connection before the commit."""

    async def add(writer: Writer) -> None:
        await writer.create(Person, {"login": "half"})
        number = await writer.scalar(text("SELECT CONNECTION_ID()"))
        await reader.rows(text(f"KILL {number}"))

    await write(add)


handlers: list[ControllerRouterHandler] = [
    probe_cut,
    probe_taken,
    probe_needed,
    probe_item,
    probe_name,
    probe_page,
    probe_post,
    probe_patch,
    probe_delete,
    probe_fails,
    probe_sql_fails,
    probe_held,
    probe_held_post,
    probe_switched,
    probe_switched_held,
    probe_by_path,
    probe_by_query,
    probe_who,
    probe_sleeps,
    probe_add,
    probe_people,
    probe_connection,
]


class ProbePlugin(Plugin[ProbeSettings]):
    """Everything that core gives a plugin, used once."""

    name = "probe"
    title = "A plugin to test core with"
    Settings = ProbeSettings
    backend_name = "probe"

    @hookimpl
    def register_routes(self, ctx: Context) -> Iterable[ControllerRouterHandler]:
        """The handlers."""
        return [*handlers, *documented.handlers]

    @hookimpl
    def register_permissions(self) -> Iterable[Permission]:
        """What some handlers need."""
        return [Permission("probe", "what the probe shows")]

    @hookimpl
    def register_options(self) -> Iterable[Option]:
        """A switch."""
        return [Option("probe_on", bool, True, "Probe", "Serve what is switched")]

    @hookimpl
    def register_auth_backends(self, ctx: Context) -> Iterable[AuthBackend]:
        """One backend for each section that uses this plugin."""
        return [ProbeBackend(name, settings.realm) for name, settings in ctx.backends.items()]

    @hookimpl
    def register_checks(self, ctx: Context) -> Iterable[Check]:
        """Whether the settings say that all is well."""

        async def look() -> str | None:
            if self.settings.realm == "raises":
                raise RuntimeError(INSIDE)
            if self.settings.realm == "sleeps":
                await asyncio.sleep(60)
            return None if self.settings.healthy else "The probe is unwell."

        return [Check("state", look)]
