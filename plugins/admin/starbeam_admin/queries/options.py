"""Stored runtime options: SQL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from starbeam.auth.queries import OPTIONS
from starbeam.db.models import AdminVar
from starbeam.db.rows import Rows
from starbeam.db.writer import Writer
from starbeam.options import Option, read_values


async def values(reader: Rows, declared: Mapping[str, Option]) -> dict[str, Any]:
    """The options as they are stored. 1 statement."""
    return read_values(declared, await reader.rows(OPTIONS))


async def store(writer: Writer, name: str, text: str) -> None:
    """Keep the value of an option: in its row, which is added when missing."""
    rows = await writer.rows(select(AdminVar.varId, AdminVar.name).where(AdminVar.name == name))
    if found := [row.varId for row in rows if row.name == name]:
        await writer.change(AdminVar, {"value": text}, AdminVar.varId.in_(found))
    else:
        await writer.insert(AdminVar, {"name": name, "value": text})
