"""A plugin's operations, tried on tables that are filled with anything: what `PluginContract` finds so."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, ClassVar

import httpx
from sqlalchemy import Enum, insert, inspect

from starbeam.api.tools import Operation, operations_of
from starbeam_testing.app import Statements, TestApp, TestDatabase
from starbeam_testing.fixtures import MakeApp

TICK_SECONDS = 0.01
BLOCKED_TICKS = 50
"""A loop that answers nothing for so many ticks of a thread beside it is blocked: on a slow machine that
thread is slow too."""


def rows_for(model: type[Any], keys: Iterable[int]) -> Iterator[dict[str, Any]]:
    """A row for each of these keys, of person 1; what names another row names that of the same key."""
    for key in keys:
        yield {attribute.key: _value(attribute.columns[0], key) for attribute in inspect(model).column_attrs}


def _value(column: Any, key: int) -> Any:
    if column.name == "personId" and not column.primary_key:
        return 1
    if isinstance(column.type, Enum):
        return column.type.enums[0]
    try:
        kind = column.type.python_type
    except NotImplementedError:
        return None
    length = getattr(column.type, "length", None) or 10
    known: dict[type[Any], Any] = {str: f"t{key}"[:length], datetime: datetime(2026, 1, 1), bytes: b"x"}
    return known[kind] if kind in known else kind(key) if issubclass(kind, int | float) else None


async def fill(database: TestDatabase, models: Iterable[type[Any]], keys: Iterable[int]) -> None:
    """Add a row of each model for each key, whether or not its values are what the table asks for."""
    off = {
        "sqlite": ("PRAGMA foreign_keys = OFF", "PRAGMA ignore_check_constraints = ON"),
        "mysql": ("SET foreign_key_checks = 0", "SET check_constraint_checks = 0"),
    }[database.engine.dialect.name]
    async with database.engine.connect() as connection:
        for statement in off:
            await connection.exec_driver_sql(statement)
        for model in models:
            await connection.execute(insert(model), list(rows_for(model, keys)))
        await connection.commit()
        await connection.invalidate()


def shows_rows(answer: Any) -> bool:
    """Whether an answer holds rows: a list or a page that is not empty, or an object of its own."""
    if isinstance(answer, dict) and "total" in answer:
        return bool(answer["total"])
    return bool(answer)


class Watch:
    """Whether the loop was blocked while the context was open."""

    blocked = False


@contextmanager
def watched() -> Iterator[Watch]:
    """Ask the running loop again and again, from a thread beside it."""
    loop, found, over = asyncio.get_running_loop(), Watch(), threading.Event()

    def ask() -> None:
        while not over.is_set():
            answered = threading.Event()
            loop.call_soon_threadsafe(answered.set)
            ticks = 0
            while not answered.wait(TICK_SECONDS) and not over.is_set():
                ticks += 1
            found.blocked = found.blocked or ticks >= BLOCKED_TICKS

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        over.set()
        thread.join()


class Tried:
    """The part of `PluginContract` that calls operations: as the owner of whatever rows the plugin's tables
    hold, and as a stranger."""

    plugin: ClassVar[str]
    settings: ClassVar[Mapping[str, Any]]
    public: ClassVar[frozenset[str]] = frozenset()
    """The ids of its operations that everybody may call, without a log-in."""
    open: ClassVar[frozenset[str]] = frozenset()
    """… and of those that show something to everybody who is logged in."""

    async def test_its_public_operations_are_named(self, make_app: MakeApp) -> None:
        """Nothing is public by mistake."""
        app = await self._running(make_app)
        found = {one.operation_id for one in self._its(app) if one.handler.opt["access"].public}
        assert found == self.public, f"`public` should name {sorted(found)}, if that is what is wanted"

    async def test_it_shows_strangers_nothing(self, make_app: MakeApp) -> None:
        """Its tables hold rows of somebody else, and reads answer with none of them."""
        app = await self._running(make_app)
        await app.as_user("owner")  # person 1, whose all rows are
        await self._fill(app, range(1, 4))
        stranger = await app.as_user("stranger")
        leaks = []
        for one in self._reads(app, {*self.public, *self.open}):
            answer = await _ask(app, one, stranger)
            if answer.status_code == 200 and shows_rows(_body(answer)):
                leaks.append(f"{one.operation_id}: {answer.text[:100]}")
        assert not leaks, f"ask scope.sees, or name it in `open`: {leaks}"

    async def test_its_reads_answer_at_once(self, make_app: MakeApp) -> None:
        """None fails, and none blocks the others."""
        app = await self._running(make_app)
        owner = await self._owner(app)
        await self._fill(app, range(1, 4))
        wrong = []
        for one in self._reads(app):
            with watched() as watch:
                answer = await _ask(app, one, owner)
            if answer.status_code in (500, 502, 504):
                wrong.append(f"{one.operation_id} fails: the log has its exception")
            if watch.blocked:
                wrong.append(f"{one.operation_id} blocks the loop: await, or do it in a thread")
        assert not wrong, wrong

    async def test_its_statements_do_not_grow(self, make_app: MakeApp) -> None:
        """A page of many rows takes as many SQL statements as one of a single row."""
        app = await self._running(make_app)
        owner = await self._owner(app)
        await self._fill(app, [1])
        few = await self._statements(app, owner)
        await self._fill(app, range(2, 22))
        many = await self._statements(app, owner)
        wrong = {name: (few[name], many[name]) for name in few if many[name] > few[name] + 1}
        assert not wrong, f"statements for 1 row and for 21: {wrong}"

    async def _running(self, make_app: MakeApp) -> TestApp:
        app = await make_app(*self._required(), self.plugin, **self.settings)
        app.starbeam.ending.set()  # what answers until the server stops ends at once
        return app

    def _required(self) -> list[str]:
        raise NotImplementedError

    async def _owner(self, app: TestApp) -> dict[str, str]:
        """Whoever may do all."""
        return await app.as_user("owner", *app.starbeam.registry.permissions)

    async def _fill(self, app: TestApp, keys: Iterable[int]) -> None:
        if self._reads(app):
            await fill(app.database, app.starbeam.registry.models_of(self.plugin), keys)

    def _its(self, app: TestApp) -> list[Operation]:
        return [one for one in operations_of(app.starbeam.asgi) if one.plugin == self.plugin]

    def _reads(self, app: TestApp, without: Container[str] = ()) -> list[Operation]:
        found = [one for one in self._its(app) if one.method == "GET"]
        return [one for one in found if one.operation_id not in without]

    async def _statements(self, app: TestApp, headers: dict[str, str]) -> dict[str, int]:
        found = {}
        for one in self._reads(app):
            with Statements(app) as statements:
                await _ask(app, one, headers)
            found[one.operation_id] = len(statements)
        return found


async def _ask(app: TestApp, one: Operation, headers: dict[str, str]) -> httpx.Response:
    token = headers["Authorization"].removeprefix("Bearer ")
    path = re.sub("{[^}]*}", "1", one.path.replace("{token}", token))
    return await app.client.get(f"http://testserver.local{path}", headers=headers)


def _body(answer: httpx.Response) -> Any:
    if answer.headers.get("content-type", "").startswith("text/event-stream"):
        return [line for line in answer.text.splitlines() if line.startswith("data:")]
    try:
        return answer.json()
    except ValueError:
        return answer.text
