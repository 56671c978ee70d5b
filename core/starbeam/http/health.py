"""`/health/live` and `/health/ready`, outside of the API root, public."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec
from litestar import Response, Router, get, head
from litestar.di import NamedDependency

from starbeam import logs
from starbeam.access import public
from starbeam.checks import Check
from starbeam.db.engine import Database
from starbeam.db.trouble import trouble
from starbeam.http.dependencies import always

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


@get("/health/live", access=public, tags=["Health"], sync_to_thread=False)
def live() -> Live:
    """The process answers. Asks no database."""
    return Live("ok")


@get("/health/ready", access=public, tags=["Health"], errors={503: "An essential check fails"})
async def ready(
    database: NamedDependency[Database],
    checks: NamedDependency[Sequence[Check]],
    is_test_system: NamedDependency[bool],
) -> Response[Ready]:
    """The database answers and every essential check passes; else 503."""

    async def ask_database() -> str | None:
        await database.ready()
        async with database.read() as connection:
            await connection.exec_driver_sql("SELECT 1")
        return None

    asked = [Check(DATABASE, ask_database), *checks]
    answers = await asyncio.gather(*(_run(check, database) for check in asked))
    said = {check.name: sentence or "ok" for check, sentence in zip(asked, answers, strict=True)}
    if note := database.schema_note():
        said["schema"] = note
    good = not any(sentence for check, sentence in zip(asked, answers, strict=True) if check.essential)
    answer = Ready("ok" if good else "failing", said, is_test_system)
    return Response(answer, status_code=200 if good else 503)


@head("/health/live", access=public, include_in_schema=False, sync_to_thread=False)
def probe_live() -> None:
    """The same without a body, as many probes ask."""


@head("/health/ready", access=public, include_in_schema=False)
async def probe_ready(
    database: NamedDependency[Database],
    checks: NamedDependency[Sequence[Check]],
    is_test_system: NamedDependency[bool],
) -> Response[None]:
    """The same without a body."""
    answer = await ready.fn(database, checks, is_test_system)
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


def router(checks: Sequence[Check], is_test_system: bool) -> Router:
    """The operations."""
    values = always(checks=checks, is_test_system=is_test_system)
    return Router("/", route_handlers=[live, ready, probe_live, probe_ready], dependencies=values)
