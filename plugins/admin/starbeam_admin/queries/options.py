"""Stored runtime options: SQL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from starbeam.api.database import Rows, Writer
from starbeam.api.models import AdminVar
from starbeam.api.settings import Option, read_values
from starbeam.api.tools import OPTIONS


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
