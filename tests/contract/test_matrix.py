"""Everybody at every route: what a caller may not see might as well not be there.

Each caller asks for everything of two databases: the small world, and the same without every row that the
caller may not see, as SQL of the tests' own finds them (`support.oracle`). All answers must be the same:
rows, totals, counters, nested objects, files, pictures, pages, and the words of refusals.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select, true

from contract.conftest import PLUGINS, SETTINGS
from plugins.tokens.conftest import machine, script
from starbeam.db.lists import Listing
from starbeam.registry import pages_of
from starbeam.visibility import Allow
from starbeam_ispyb.models import DataCollectionFileAttachment, Dewar
from starbeam_testing.app import TestApp, TestDatabase
from starbeam_testing.fixtures import MakeApp
from support import oracle, world
from support.expected import routes
from support.oracle import Sight
from support.pages import Visitor
from support.probe import FILES, embargo
from support.world import ADMINISTERING, PEOPLE, PERMISSIONS

if TYPE_CHECKING:
    from contract.conftest import MakeWhole, Whole

pytestmark = pytest.mark.anyio

IDS = (1, 2, 3)
"""Keys of the small world, in which what hangs on session n has the key n."""
OWN = {"/tokens", "/tokens/own", "/tokens/refresh", "/tokens/own/refresh", "/tokens/current"}
"""What tells of log-ins and tokens: when they were used, and how often."""


PORTAL = "/webservices/userportalsync"
"""Whoever may, writes every proposal there, and reads none."""


@dataclass(frozen=True)
class Caller:
    """Somebody, or a token."""

    login: str
    permissions: tuple[str, ...] = ()
    token: tuple[str, tuple[tuple[str, Any], ...]] = ("", ())
    """A machine's or a script's, and what it is limited to."""

    @property
    def sight(self) -> Sight:
        """What decides which rows are seen."""
        person, said = PEOPLE.get(self.login, 0), dict(self.token[1])
        own = Sight(person, self.permissions, proposals=tuple(said.get("proposals", ["*"])))
        if self.token[0] == "machine":
            return replace(own, person=0, permissions=(), beamlines=tuple(said["beamLines"]))
        return own


def _people() -> dict[str, Caller]:
    found = {login: Caller(login, PERMISSIONS[login]) for login in PEOPLE if login != "regular"}
    for permission in (*ADMINISTERING, "manage_persons", "far_staff"):
        found[f"stranger with {permission}"] = Caller("stranger", (permission,))
    narrowed = ("script", (("proposals", ["mx*"]),))
    found["administrator's token of mx*"] = replace(found["administrator"], token=narrowed)
    found["member's token of another proposal"] = replace(
        found["proposal_member"], token=("script", (("proposals", ["sa1"]),))
    )
    found["machine of id02"] = Caller("administrator", token=("machine", (("beamLines", ["id02"]),)))
    both = (("beamLines", ["*"]), ("proposals", ["bl*"]))
    found["machine of bl*"] = Caller("administrator", token=("machine", both))
    return found


PEOPLE_TRIED = _people()
SHARE = 6
"""Every sixth address is tried every day, as one caller."""


@dataclass
class Two:
    """The whole system, the same without what a caller may not see, and the caller."""

    whole: Whole
    less: TestApp
    headers: dict[str, str]


MakePair = Callable[..., Awaitable[Two]]


@pytest.fixture
async def without(tmp_path: Path) -> AsyncIterator[TestDatabase]:
    """What becomes the database without what a caller may not see."""
    made = TestDatabase(f"sqlite+aiosqlite:///{tmp_path / 'without.db'}")
    yield made
    await made.engine.dispose()


@pytest.fixture
def make_pair(make_whole: MakeWhole, make_app: MakeApp, tmp_path: Path, without: TestDatabase) -> MakePair:
    """Start the whole system, and a second one without what a caller may not see."""
    return partial(pair, make_whole, make_app, tmp_path / "files", without)


async def pair(
    make_whole: MakeWhole,
    make_app: MakeApp,
    folder: Path,
    less: TestDatabase,
    caller: Caller,
    **settings: Any,
) -> Two:
    whole = await make_whole(**settings)
    for permission in {*caller.permissions} - {*PERMISSIONS[caller.login]}:
        await whole.app.database.grant(PEOPLE[caller.login], permission)
    headers = await entered(whole.app, caller)
    await copy(whole.app.database, less)
    await oracle.without(less, caller.sight)
    where = {"files.roots": [str(folder)], "files.path_map": str(folder)}
    given = {**SETTINGS, **where, **settings, "database.url": less.url}
    app = replace(await make_app(*PLUGINS, **given), database=less)
    app.starbeam.ending.set()
    await world.enter(app)
    return Two(whole, app, headers)


async def copy(db: TestDatabase, to: TestDatabase) -> None:
    """Make a file the same database as another one."""
    async with db.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.exec_driver_sql(f"VACUUM INTO '{to.engine.url.database}'")


async def entered(app: TestApp, caller: Caller) -> dict[str, str]:
    """The caller's headers."""
    await world.enter(app)
    headers = app.token(caller.login, PEOPLE[caller.login], *caller.permissions)
    kind, said = caller.token
    if kind:
        return await (machine if kind == "machine" else script)(app, headers, **dict(said))
    return headers


def addresses(whole: Whole) -> Iterator[str]:
    """What is asked: every address that the routes that read are tried at, their paths with each key, and
    their filters with each key."""
    for name, route in routes().items():
        method, path = name.split(" ")
        if method != "GET" or path in OWN:
            continue
        yield from (one for one in (route.path or path, *route.also))
        query = (route.path or path).partition("?")[2]
        if "{" in path.replace("{token}", ""):
            yield from (f"{keyed(path, number)}?{query}" for number in IDS)
            continue
        for parameter in (whole.operation(name) or {}).get("parameters", []):
            if parameter["in"] == "query" and re.fullmatch(r"(?!person|run)\w+Id", parameter["name"]):
                yield from (f"{path}?{query}&{parameter['name']}={number}" for number in IDS)
        yield f"{path}?{query}&limit=1"


def keyed(path: str, number: int) -> str:
    """A path with a number for each of its parameters."""
    return re.sub(r"{(?!token)[^}]*}", str(number), path)


PAUSE = re.compile(rb"retry: \d+\n")
"""When to come back to a stream that has ended: anybody at another moment."""


async def told(app: TestApp, headers: dict[str, str], address: str) -> tuple[int, bytes]:
    """What is answered."""
    token = headers["Authorization"].removeprefix("Bearer ")
    sent = {} if "{token}" in address else headers
    answer = await app.client.get(address.replace("{token}", token), headers=sent)
    return answer.status_code, PAUSE.sub(b"", answer.content)


async def leaks(two: Two, wanted: str = "", every: int = 1) -> dict[str, Any]:
    """The addresses that tell of what the caller may not see, with both answers."""
    found = {}
    for address in [one for one in dict.fromkeys(addresses(two.whole)) if wanted in one][::every]:
        shown, alone = [await told(app, two.headers, address) for app in (two.whole.app, two.less)]
        if shown != alone:
            found[address] = shown, alone
    return found


async def test_what_a_member_may_not_see_might_as_well_not_be_there(make_pair: MakePair) -> None:
    assert await leaks(await make_pair(PEOPLE_TRIED["session_member"]), every=SHARE) == {}


@pytest.mark.long
@pytest.mark.parametrize("caller", PEOPLE_TRIED.values(), ids=PEOPLE_TRIED)
async def test_what_a_caller_may_not_see_might_as_well_not_be_there(
    make_pair: MakePair, caller: Caller
) -> None:
    """At every address, on every page, and by every write: last, since what is written has the next free
    numbers."""
    two = await make_pair(caller)
    assert len({*addresses(two.whole)}) > 500
    assert await leaks(two) == {}
    if not caller.token[0]:
        assert await pages(two, caller) == {}
    assert await written(two) == {}


# Writes


async def written(two: Two) -> dict[str, Any]:
    """The writes that tell of what the caller may not see, and the rows of it that they changed. What is
    made has the next free number, whoever has those before."""
    hidden = await rows(two.whole.app.database) - await rows(two.less.database)
    found: dict[str, Any] = {}
    for name, route in routes().items():
        method, path = name.split(" ")
        if method == "GET" or path.startswith(("/tokens", "/auth", "/user", PORTAL)):
            continue
        for number in IDS:
            sent = {"url": keyed(path, number), "json": renumbered(route.body, number)}
            both = [
                await app.client.request(method, headers=two.headers, **sent)
                for app in (two.whole.app, two.less)
            ]
            shown, alone = [(answer.status_code, answer.text) for answer in both]
            if shown != alone and not all(answer.is_success for answer in both):
                found[f"{name} {number}"] = shown, alone
    if changed := hidden - await rows(two.whole.app.database):
        found["changed"] = changed
    return found


def renumbered(body: Any, number: int) -> Any:
    """A body that names rows of this number."""
    if isinstance(body, dict):
        named = {key for key, value in body.items() if re.fullmatch(r"\w*Id", key) and isinstance(value, int)}
        return {key: number if key in named else renumbered(value, number) for key, value in body.items()}
    return [renumbered(one, number) for one in body] if isinstance(body, list) else body


async def rows(db: TestDatabase) -> set[tuple[str, str]]:
    """All rows that hang on sessions and proposals, with their tables."""
    return {(name, str(row)) for name in oracle.OWNED for row in await db.sql(f"SELECT * FROM `{name}`")}


# Pages


async def pages(two: Two, caller: Caller) -> dict[str, Any]:
    """The pages that tell of what the caller may not see."""
    looking = []
    for app in (two.whole.app, two.less):
        visitor = Visitor(app)
        assert (await visitor.log_in(caller.login)).status_code == 303
        looking.append(visitor)
    found = {}
    asgi = two.whole.app.starbeam.asgi
    paths = {one.path for one in pages_of(asgi) if one.method == "GET" and "token" not in one.path}
    for path in sorted({keyed(path, number) for path in paths for number in IDS} - {"/log-out"}):
        shown, alone = [await looked_at(visitor, path) for visitor in looking]
        if shown != alone:
            found[path] = shown, alone
    return found


OTHER = re.compile(r'(name="(csrf|after[^"]*)" value|data-owner)="[^"]*"|request [0-9a-f]{32}')
"""What is another at each request, and the highest key of a table, after which a form's row is new."""


async def looked_at(visitor: Visitor, path: str) -> tuple[int, str]:
    """A page."""
    answer = await visitor.open(path)
    return answer.status_code, OTHER.sub("", answer.text)


# What must be found


async def test_planted_leaks_are_found(make_pair: MakePair, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a row, of a total, and of a file."""
    monkeypatch.setattr(embargo, "RULES", [Allow(Dewar, lambda scope, dewar: true())])
    listed = Listing.__init__

    def counting_all(self: Any, scope: Any, shape: Any, entity: Any, **said: Any) -> None:
        listed(self, scope, shape, entity, **said)
        self.total = select(func.count()).select_from(entity)

    async def path(reader: Any, attachment_id: int) -> Any:
        wanted = DataCollectionFileAttachment.dataCollectionFileAttachmentId == attachment_id
        return await reader.scalar(select(DataCollectionFileAttachment.fileFullPath).where(wanted))

    monkeypatch.setattr(Listing, "__init__", counting_all)
    monkeypatch.setattr("starbeam_datacollections.queries.attachments.path", path)
    extra = {"plugins.enabled": [*PLUGINS, "embargo"], "plugins.files": FILES}
    two = await make_pair(PEOPLE_TRIED["session_member"], **extra)
    assert "/dewars/3?" in await leaks(two, "/dewars")
    assert "/proteins?&limit=1" in await leaks(two, "/proteins")
    assert "/datacollections/attachments/2?" in await leaks(two, "/datacollections/attachments/")
