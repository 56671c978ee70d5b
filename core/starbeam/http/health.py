"""`/health/live` and `/health/ready`, outside of the API root, public."""

from __future__ import annotations

import asyncio

import msgspec
import structlog
from litestar import Response, get
from litestar.di import NamedDependency

from starbeam.access import public
from starbeam.checks import Check
from starbeam.db.trouble import trouble
from starbeam.runtime import Runtime

log = structlog.get_logger("starbeam.health")

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


@get("/health/ready", access=public, tags=["Health"], errors={503: "A check fails"})
async def ready(runtime: NamedDependency[Runtime]) -> Response[Ready]:
    """The database answers and every plugin's checks pass; else 503."""

    async def database() -> str | None:
        await runtime.database.ready()
        async with runtime.database.read() as connection:
            await connection.exec_driver_sql("SELECT 1")
        return None

    checks = [Check("database", database), *runtime.checks]
    said = dict(
        zip(
            (check.name for check in checks),
            await asyncio.gather(*(_run(check, runtime) for check in checks)),
            strict=True,
        )
    )
    good = all(sentence == "ok" for sentence in said.values())
    answer = Ready("ok" if good else "failing", said, runtime.is_test_system)
    return Response(answer, status_code=200 if good else 503)


async def _run(check: Check, runtime: Runtime) -> str:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await check.run() or "ok"
    except Exception as error:  # a check that breaks is a check that fails
        if trouble(error):
            runtime.database.outage.note(error)
        else:
            log.warning("check failed", check=check.name, error=type(error).__name__)
        return "does not answer"


handlers = [live, ready]
