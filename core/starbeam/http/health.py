"""`/health/live` and `/health/ready`, outside of the API root, public."""

from __future__ import annotations

import asyncio
from functools import cached_property
from importlib.metadata import version
from typing import TYPE_CHECKING

import msgspec
from litestar import Response, Router, get, head
from litestar.di import NamedDependency

from starbeam import logs
from starbeam.access import public
from starbeam.checks import Check
from starbeam.db.engine import Database
from starbeam.db.trouble import trouble
from starbeam.http.dependencies import always

if TYPE_CHECKING:
    from starbeam.db.schema import Schema
    from starbeam.http.metrics import Metrics
    from starbeam.registry import Registry

log = logs.get("starbeam.health")

DATABASE = "database"
PATIENCE_SECONDS = 5


class Live(msgspec.Struct, frozen=True):
    """The process answers."""

    status: str


class Ready(msgspec.Struct, frozen=True):
    """Whether requests can be served; `checks` has a sentence for each check, `ok` where all is well."""

    status: str
    checks: dict[str, str]
    test_system: bool


class Running(msgspec.Struct, frozen=True):
    """A plugin that is on."""

    name: str
    title: str
    package: str
    """With its version."""
    lacks: list[str]
    """Its tables and columns that the database has not: `Table` or `Table.column`."""


class Health:
    """How the server and what it depends on do."""

    def __init__(
        self, registry: Registry, database: Database, metrics: Metrics | None, is_test_system: bool
    ) -> None:
        self.is_test_system = is_test_system
        self._registry = registry
        self._database = database
        self._metrics = metrics

    async def ask(self) -> Ready:
        """Run every check."""
        asked = [Check(DATABASE, self._ask_database), *self._registry.checks]
        answers = await asyncio.gather(*(_run(check, self._database) for check in asked))
        said = {check.name: sentence or "ok" for check, sentence in zip(asked, answers, strict=True)}
        if note := self._database.schema_note():
            said["schema"] = note
        if (servers := self._database.servers) and (out := servers.out()):
            said["servers"] = f"{len(out)} of {len(servers.all())} left out"  # all may read this: no names
        good = not any(sentence for check, sentence in zip(asked, answers, strict=True) if check.essential)
        return Ready("ok" if good else "failing", said, self.is_test_system)

    async def _ask_database(self) -> str | None:
        await self._database.ready()
        async with self._database.read() as connection:
            await connection.exec_driver_sql("SELECT 1")
        return None

    async def figures(self) -> dict[str, float] | None:
        """What goes up and down, by its name in `/metrics`; None where nobody may read figures."""
        return await asyncio.to_thread(self._metrics.now) if self._metrics else None

    def plugins(self, schema: Schema) -> list[Running]:
        """Core and the plugins that are on, in the order in which they require each other."""
        running = [
            Running(
                plugin.name,
                plugin.title,
                self._packages[plugin.name],
                schema.absent(self._registry.models_of(plugin.name)),
            )
            for plugin in self._registry.plugins.enabled.values()
        ]
        return [Running("core", "Log-in and people", self._packages["core"], []), *running]

    @cached_property
    def _packages(self) -> dict[str, str]:
        """Of core and each plugin, with their versions: those of what runs, read once from files."""
        known = self._registry.plugins
        found = {name: known.distribution(name) for name in known.enabled}
        return {"core": f"starbeam-core {version('starbeam-core')}", **found}


@get("/health/live", access=public, tags=["Health"], sync_to_thread=False)
def live() -> Live:
    """The process answers. Asks no database."""
    return Live("ok")


@get("/health/ready", access=public, tags=["Health"], errors={503: "An essential check fails"})
async def ready(health: NamedDependency[Health]) -> Response[Ready]:
    """The database answers and every essential check passes; else 503."""
    answer = await health.ask()
    return Response(answer, status_code=200 if answer.status == "ok" else 503)


@head("/health/live", access=public, include_in_schema=False, sync_to_thread=False)
def probe_live() -> None:
    """The same without a body, as many probes ask."""


@head("/health/ready", access=public, include_in_schema=False)
async def probe_ready(health: NamedDependency[Health]) -> Response[None]:
    """The same without a body."""
    answer = await ready.fn(health)
    return Response(None, status_code=answer.status_code)


async def _run(check: Check, database: Database) -> str | None:
    """What is wrong, in a sentence."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await check.run()
    except Exception as error:  # a check that breaks is a check that fails
        if check.name == DATABASE and trouble(error):
            database.outage.note(error)
        else:
            log.warning("check failed", check=check.name, error=type(error).__name__)
        return "does not answer"


def router(health: Health) -> Router:
    """The operations."""
    handlers = [live, ready, probe_live, probe_ready]
    return Router("/", route_handlers=handlers, dependencies=always(health=health))
