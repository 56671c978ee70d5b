"""Stored runtime options: SQL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from starbeam.db.models import AdminVar
from starbeam.options import OPTION_ROWS, Option, read_values


async def values(session: AsyncSession, declared: Mapping[str, Option]) -> dict[str, Any]:
    """The options as they are in this transaction."""
    return read_values(declared, await session.execute(OPTION_ROWS))


async def store(session: AsyncSession, name: str, text: str) -> None:
    """Keep the value of an option: in its row, which is added when missing."""
    rows = await session.execute(select(AdminVar.varId, AdminVar.name).where(AdminVar.name == name))
    if found := [row.varId for row in rows if row.name == name]:
        change = update(AdminVar).where(AdminVar.varId.in_(found)).values(value=text)
        await session.execute(change.execution_options(synchronize_session=False))
    else:
        await session.execute(insert(AdminVar).values(name=name, value=text))
