"""Columns as a MariaDB has them, for tests that change one and put it back."""

from __future__ import annotations

from starbeam_testing.app import TestDatabase


async def definition(db: TestDatabase, table: str, column: str) -> str:
    """What `ALTER TABLE … MODIFY column` takes to make a text column as it is now."""
    ((kind, letters, collation, nullable),) = await db.sql(
        "SELECT column_type, character_set_name, collation_name, is_nullable FROM information_schema.columns"
        f" WHERE table_schema = DATABASE() AND table_name = '{table}' AND column_name = '{column}'"
    )
    null = "NULL" if nullable == "YES" else "NOT NULL"
    return f"{kind} CHARACTER SET {letters} COLLATE {collation} {null}"
