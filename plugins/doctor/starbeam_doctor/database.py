"""The database: can it be reached, what does it lack, and what does that cost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from starbeam.api.database import Schema, Trouble, first_line, reflect, trouble
from starbeam_ddl.indexes import lacking as lacking_indexes
from starbeam_doctor import Finding, error, grants, ok, warning
from starbeam_doctor.stage import Use
from starbeam_doctor.usage import uses_of

if TYPE_CHECKING:
    from starbeam.api.tools import Operation, Starbeam

OLDEST = (10, 3)
"""The oldest MariaDB that is known to work."""
CLOCK_SECONDS = 60
"""How far the database's clock may be from the facility's."""
SHOWN = 6
"""How many routes, or privileges, a line names."""


async def examine(app: Starbeam) -> list[Finding]:
    """Everything about the database. Raises nothing while it is away: that is a finding too."""
    try:
        async with app.database.read() as connection:
            return await _examine(app, connection)
    except Exception as failed:
        kind = trouble(failed)
        if kind is None:
            raise
        says = "refuses" if kind in (Trouble.DENIED, Trouble.REFUSED) else "does not answer"
        return [error("database", f"{says}: {first_line(failed)}", "see database.url")]
    finally:
        await app.database.close()


async def _examine(app: Starbeam, connection: AsyncConnection) -> list[Finding]:
    schema = await reflect(connection)
    found = [ok("database", f"answers: {await _version(connection)}")]
    if not schema.tables:
        return [
            *found,
            error("tables", "there are none", "starbeam db create makes them; or see database.url"),
        ]
    found += await _several(app)
    is_server = connection.dialect.name != "sqlite"
    needs_uses = is_server or schema.absent(app.registry.models.values())
    uses = await uses_of(app, schema) if needs_uses else {}
    if is_server:
        found += [*await _server(app, connection), await _grants(app, connection, schema, uses)]
    found += _drift(app, schema, uses)
    if unknown := [f"{one.method} {one.path}" for one, use in uses.values() if not use.is_known]:
        says = f"cannot be tried without a database: {_some(unknown)}"
        found.append(warning("operations", says, "what they lack or may not write is not said"))
    found += await _pending(app, connection)
    indexes = await connection.run_sync(lacking_indexes, app.registry.indexes, schema)
    if indexes:
        found.append(
            warning("indexes", f"{len(indexes)} would make lists faster", "starbeam db indexes prints them")
        )
    return found


async def _several(app: Starbeam) -> list[Finding]:
    """The servers of a database that has more than one."""
    if (servers := app.database.servers) is None:
        return []
    await servers.hosts.look()
    await servers.replicas.check()
    return [
        warning(f"server {name}", why, "nothing reads from it or writes to it meanwhile")
        if why
        else ok(f"server {name}", "can be used")
        for name, why in servers.all().items()
    ]


async def _version(connection: AsyncConnection) -> str:
    if connection.dialect.name == "sqlite":
        return f"SQLite {await connection.scalar(text('SELECT sqlite_version()'))}"
    return str(await connection.scalar(text("SELECT VERSION()")))


async def _server(app: Starbeam, connection: AsyncConnection) -> list[Finding]:
    """Version, clock and number of connections of a MariaDB server."""
    row = (await connection.execute(text("SELECT VERSION(), NOW(), @@max_connections"))).one()
    version, now, most = row
    found = []
    parts = tuple(int(part) for part in str(version).split("-")[0].split(".")[:2])
    if parts < OLDEST or "mariadb" not in str(version).lower():
        known = ".".join(map(str, OLDEST))
        found.append(warning("database", f"{version} is not known to work", f"MariaDB {known} or newer is"))
    apart = abs((now - app.clock.now()).total_seconds())
    if apart > CLOCK_SECONDS:
        found.append(
            warning("clock", f"the database's is {apart:.0f} s from the facility's", "see server.timezone")
        )
    settings = app.settings
    wanted = settings.server.workers * 2 * (settings.database.pool_size + settings.database.max_overflow)
    if wanted > most:
        says = f"the workers may open {wanted} (reads and writes), the server takes {most}"
        found.append(warning("connections", says, "lower database.pool_size and max_overflow"))
    return [*found, *await _writes_refused(connection)]


async def _writes_refused(connection: AsyncConnection) -> list[Finding]:
    """What the server's own settings do to writes."""
    variables = text("SELECT @@read_only, @@log_bin, @@binlog_format")
    read_only, logged, binlog = (await connection.execute(variables)).one()
    found = []
    if read_only:
        says = "the server only reads (read_only): whatever writes answers 503"
        found.append(warning("writes", says, "name a server that takes writes in database.url"))
    if logged and binlog == "STATEMENT":
        says = "the binary log is statement-based: it refuses READ COMMITTED, and replicas may come to differ"
        found.append(warning("binary log", says, "SET GLOBAL binlog_format = 'MIXED'"))
    return found


async def _grants(
    app: Starbeam, connection: AsyncConnection, schema: Schema, uses: dict[str, tuple[Operation, Use]]
) -> Finding:
    account = str(await connection.scalar(text("SELECT CURRENT_USER()")))
    database = str(app.database.url.database)
    held = grants.Held(database)
    held.read(str(line) for (line,) in await connection.execute(text("SHOW GRANTS")))
    tables = [name for name in app.registry.models if name.lower() in schema.tables]
    writes = {table: verbs for table, verbs in _writes(app, uses).items() if table.lower() in schema.tables}
    needed = tuple(grants.statements(account, database, writes))
    if lacks := grants.lacking(held, tables, writes):
        return error("grants", f"{account} lacks {_some(lacks)}", "run the statements below", needed)
    if held.altering:
        says = f"{account} may also {', '.join(held.altering)}, which the server never needs"
        return warning("grants", says, "the statements below are enough", needed)
    return Finding("ok", "grants", f"{account} has all that is needed", "", needed)


def _writes(app: Starbeam, uses: dict[str, tuple[Operation, Use]]) -> dict[str, set[str]]:
    """Which tables are written, and how: by core, and by the operations. With tables of its own, which no
    ISPyB database has, a plugin may do anything: it writes them beside the requests, too."""
    found = {table: set(verbs) for table, verbs in grants.CORE.items()}
    for plugin in app.registry.migrations:
        found |= {one.__tablename__: {*grants.WRITES} for one in app.registry.models_of(plugin)}
    for _, use in uses.values():
        for table, verbs in use.writes.items():
            found.setdefault(table, set()).update(verbs)
    return found


def _drift(app: Starbeam, schema: Schema, uses: dict[str, tuple[Operation, Use]]) -> Iterator[Finding]:
    """By plugin: tables and columns that the database lacks, together where they cost the same routes. What
    no enabled route reads is counted only."""
    complete, unread = True, 0
    for plugin in app.registry.owners_of_tables():
        models = app.registry.models_of(plugin)
        required = schema.missing(models)
        costs: dict[tuple[str, ...], list[str]] = {}
        for name in schema.absent(models):
            complete = False
            routes = tuple(f"{one.method} {one.path}" for one, use in uses.values() if name in use.reads)
            if name in required:
                yield error(f"tables of {plugin}", f"{name} is missing", "the server cannot start without it")
            elif routes:
                costs.setdefault(routes, []).append(name)
            else:
                unread += 1
        for routes, names in costs.items():
            says = f"{_some(names)} {'is' if len(names) == 1 else 'are'} missing"
            yield warning(f"tables of {plugin}", says, f"empty or null in: {_some(list(routes))}")
    if complete:
        yield ok("tables", "the database has everything that the enabled plugins know")
    elif unread:
        yield ok("tables", f"{unread} tables and columns are missing that no enabled route reads")


async def _pending(app: Starbeam, connection: AsyncConnection) -> list[Finding]:
    found = []
    for migrations in app.registry.revisions():
        if lacks := await connection.run_sync(migrations.pending):
            says = f"{migrations.plugin} has {len(lacks)} that were not applied"
            found.append(error("revisions", says, "starbeam db upgrade"))
        elif newer := await connection.run_sync(migrations.newer):
            found.append(warning("revisions", newer, "nothing, after going back to an older version"))
    return found


def _some(items: list[str]) -> str:
    rest = len(items) - SHOWN
    return ", ".join(items[:SHOWN]) + (f" and {rest} more" if rest > 0 else "")
