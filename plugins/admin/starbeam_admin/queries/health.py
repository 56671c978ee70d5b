"""What the database says of itself: SQL."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, func, select

from starbeam.api.database import Reader, Scope, statement


@statement
def _version(scope: Scope) -> Select[Any]:
    return select(func.sqlite_version() if scope.schema.dialect == "sqlite" else func.version())


async def version(reader: Reader) -> str:
    """Which database it is: `MariaDB 10.11.6`. 1 statement."""
    said = str(await reader.scalar(_version()))
    if reader.scope.schema.dialect == "sqlite":
        return f"SQLite {said}"
    return f"MariaDB {said.partition('-')[0]}" if "mariadb" in said.lower() else f"MySQL {said}"
