"""What is recorded of a write."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import structlog

from starbeam.api.http import current_call
from starbeam_audit import queries

if TYPE_CHECKING:
    from starbeam.api.database import RowWritten, Store, Writer, Written

log = structlog.get_logger("starbeam.audit")
to_log = structlog.get_logger("audit")

LARGEST = 60_000
"""Bytes of what is told of the rows of a write: a row of the record is below 64 kB."""
_LONGEST = (1_000, 100, 10)
"""Characters of a value that are told. Fewer where a row is too large otherwise."""


def told(writer: Writer) -> list[dict[str, Any]]:
    """The rows of the record about what a transaction wrote."""
    call, who = current_call(), writer.who
    about = {
        "writtenAt": writer.now.replace(microsecond=0),
        "login": who.login or call.account,
        "personId": who.person_id,
        "token": who.limits.token if who.limits else None,
        "behalf": who.behalf.login if who.behalf else None,
        "address": call.address,
        "requestId": call.request_id,
        "operation": call.operation[:255],
    }
    return [{**about, **_about(one)} for one in writer.written]


def _about(written: Written) -> dict[str, Any]:
    return {
        "verb": written.verb,
        "tableName": written.table,
        "rowCount": written.count,
        "firstKey": _key(written.first)[:64],
        "lastKey": _key(written.last)[:64],
        "changes": f"[{','.join(_fitting(written))}]",
    }


def _fitting(written: Written) -> Iterator[str]:
    """The rows as JSON, as many as there is room for."""
    room = LARGEST
    for row in written.rows:
        text = _told(row)
        room -= len(text.encode()) + 1
        if room < 0:
            return
        yield text


def _told(row: RowWritten) -> str:
    for longest in _LONGEST:
        about = {"key": _key(row.key), "before": _cut(row.before, longest), "after": _cut(row.after, longest)}
        text = msgspec.json.encode(about)
        if len(text) < LARGEST:
            break
    return text.decode()


def _cut(values: Mapping[str, Any], longest: int) -> dict[str, Any]:
    return {name: _value(value, longest) for name, value in values.items()}


def _value(value: Any, longest: int) -> Any:
    """A value as JSON has it."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    text = value.hex() if isinstance(value, bytes) else str(value)
    return text if len(text) <= longest else f"{text[:longest]}…"


def _key(key: tuple[Any, ...]) -> str:
    return ",".join(str(part) for part in key)


class IntoTable:
    """Records what a transaction wrote: in it, or once it is committed where the record is in another
    database."""

    def __init__(self, tables: Store) -> None:
        self._tables = tables

    async def __call__(self, writer: Writer) -> None:
        """Record what a transaction wrote."""
        if not (rows := told(writer)):
            return
        if writer.beside == self._tables.beside:
            await queries.add(writer.session, rows)
            return

        async def add() -> None:
            try:
                async with self._tables.database.transaction() as session:
                    await queries.add(session, rows)
            except Exception as error:  # it is written, and whoever asked is told so
                about = {key: rows[0][key] for key in ("login", "requestId", "operation")}
                log.error("writes not recorded", error=type(error).__name__, rows=len(rows), **about)

        writer.committed.append(add)


async def always_there() -> None:
    """Nothing: what cannot be recorded is not written, or the log tells of it."""


class IntoFile:
    """Records what a transaction wrote once that is committed: as lines of a file, or of the server's log."""

    def __init__(self, file: str) -> None:
        self._file = Path(file) if file else None
        self.name = file or "the server's log"

    async def __call__(self, writer: Writer) -> None:
        """Record what a transaction wrote."""
        if rows := told(writer):

            async def tell() -> None:
                await asyncio.to_thread(self._tell, rows)

            writer.committed.append(tell)

    def _tell(self, rows: list[dict[str, Any]]) -> None:
        if self._file is None:
            for row in rows:
                to_log.info("written", logger="audit", **row)
            return
        try:
            _append(self._file, rows)
        except OSError as error:
            log.error("writes not recorded", file=self.name, error=str(error), rows=len(rows))

    async def trouble(self) -> str | None:
        """Whether the file can be written."""
        if self._file is None:
            return None
        try:
            await asyncio.to_thread(_append, self._file, [])
        except OSError as error:
            return f"the file of the audit cannot be written: {error.strerror}"
        return None


def _append(file: Path, rows: list[dict[str, Any]]) -> None:
    """Add lines; whole ones, however many workers do so."""
    opened = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        for row in rows:
            os.write(opened, _line(row))
    finally:
        os.close(opened)


def _line(row: dict[str, Any]) -> bytes:
    """A row of the record as JSON, on one line."""
    return msgspec.json.encode({**row, "changes": msgspec.Raw(row["changes"].encode())}) + b"\n"
