"""Connections to MariaDB as statements need them, whatever the server's own defaults are.

Whatever keeps one from opening comes as `CannotConnect`: a server that is not there, an account that it
refuses, and what only the driver or TLS know of.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from asyncmy.connection import Connection as DriverConnection
from asyncmy.constants import FIELD_TYPE
from asyncmy.constants.CR import CR_CONN_HOST_ERROR, CR_SERVER_LOST
from asyncmy.converters import conversions
from asyncmy.errors import MySQLError, OperationalError
from sqlalchemy import event
from sqlalchemy.exc import DataError, IntegrityError, InvalidatePoolError

from starbeam.db import trouble
from starbeam.db.trouble import CONNECT_SECONDS, is_lost

if TYPE_CHECKING:
    from sqlalchemy import URL
    from sqlalchemy.engine import ExceptionContext
    from sqlalchemy.ext.asyncio import AsyncEngine

    from starbeam.settings import Database as Settings

_SESSION = (
    "sql_big_selects=1",
    "sql_select_limit=18446744073709551615",
    "sql_safe_updates=0",
    "group_concat_max_len=1048576",
    "foreign_key_checks=1",
)
"""What answers and writes rely on, and a server's defaults may say otherwise."""
LOCK_SECONDS = 1
"""How long a write waits for a row that another holds, before it begins again (`starbeam.db.writer`)."""
TABLE_OPTIONS: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_default_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_general_ci",
}
"""How tables are made: their texts hold every letter."""
_OF_VALUES = ("22", "23")
"""Classes of SQLSTATE: exceptions of data, violated constraints."""


def _or_null(convert: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A date that is none, such as `0000-00-00`, is NULL: the driver gives its text."""

    def converted(text: Any) -> Any:
        found = convert(text)
        return None if isinstance(found, str) else found

    return converted


_DATES = (FIELD_TYPE.DATE, FIELD_TYPE.DATETIME, FIELD_TYPE.TIMESTAMP)
_CONVERSIONS = {**conversions, **{kind: _or_null(conversions[kind]) for kind in _DATES}}
"""How values go to the database and come from it."""


class CannotConnect(OperationalError, trouble.CannotConnect):
    """A connection cannot be opened, as an error of the driver."""


class Connection(DriverConnection):
    """The driver's connection, which does not wait for long for a sign of life."""

    left = False
    """Whether its server is no longer used, while others are (`starbeam.db.hosts`)."""

    async def ping(self, reconnect: bool = False) -> None:
        """Ask whether the server is there. Raises the driver's OperationalError when it is not."""
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await super().ping(reconnect)
        except TimeoutError as error:
            raise OperationalError(CR_SERVER_LOST, f"no answer in {CONNECT_SECONDS} s") from error


async def open_one(ca: str, **arguments: Any) -> Connection:
    """A new connection. Raises CannotConnect for whatever keeps it from opening."""
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            if ca:
                arguments["ssl"] = ssl.create_default_context(cafile=ca)
            connection = Connection(**arguments)  # type: ignore[no-untyped-call]
            await connection.connect()
            return connection
    except MySQLError as error:
        raise CannotConnect(*error.args) from error
    except TimeoutError as error:
        raise CannotConnect(CR_CONN_HOST_ERROR, f"no answer in {CONNECT_SECONDS} s") from error
    except Exception as error:  # the driver raises many kinds, RuntimeError among them
        raise CannotConnect(CR_CONN_HOST_ERROR, f"{type(error).__name__}: {error}") from error


def connect_args(url: URL, settings: Settings, *, read_only: bool) -> dict[str, Any]:
    """What `create_async_engine` passes to the driver.

    Writes are REPEATABLE READ: the one level that every format of the binary log takes.
    """
    mode = "tx_read_only=1" if read_only else "tx_isolation='REPEATABLE-READ'"
    session = [f"max_statement_time={settings.statement_timeout:g}", mode, *_SESSION]
    if not read_only:
        session.append(f"innodb_lock_wait_timeout={LOCK_SECONDS}")
    arguments: dict[str, Any] = {
        "async_creator_fn": partial(open_one, settings.ssl_ca),
        "conv": _CONVERSIONS,
        "init_command": "SET SESSION " + ", ".join(session),
        "password": str(url.password or "").encode(errors="surrogateescape"),  # a text would go as Latin-1
    }
    if not read_only:  # reads have their own limit, around each statement
        arguments["read_timeout"] = settings.statement_timeout + CONNECT_SECONDS
    return arguments


def prepare(engine: AsyncEngine) -> None:
    """Let an engine replace connections that the server closed, and tell errors about values as DataError."""
    event.listen(engine.sync_engine, "checkout", _refuse_closed)
    event.listen(engine.sync_engine, "handle_error", _gone)
    event.listen(engine.sync_engine, "handle_error", _error_about_values)


def _refuse_closed(connection: Any, _record: Any, _fairy: Any) -> None:
    """When one connection was cut, so were the others: all of the pool are opened anew. The same when another
    server is used."""
    if connection.driver_connection._stream_broken or connection.driver_connection.left:
        raise InvalidatePoolError("the server closed the connection")


def _gone(context: ExceptionContext) -> None:
    """SQLAlchemy knows not all that ends a connection."""
    if is_lost(context.original_exception):
        context.is_disconnect = True


def _error_about_values(context: ExceptionContext) -> BaseException | None:
    """By SQLSTATE: the driver knows few of the numbers."""
    error = context.original_exception
    state = str(getattr(error, "sqlstate", ""))
    if isinstance(context.sqlalchemy_exception, IntegrityError) or not state.startswith(_OF_VALUES):
        return None
    return DataError(context.statement, context.parameters, error)
