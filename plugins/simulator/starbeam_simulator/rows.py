"""Rows of a simulation: written, remembered, and removed again when a later step fails."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, cast

from sqlalchemy import CursorResult, delete, exists, insert, inspect, update
from sqlalchemy.ext.asyncio import AsyncSession

from starbeam.api.database import Schema, Write
from starbeam_ispyb.models import BLSample, Container, Crystal, DataCollectionGroup, Dewar, Protein, Shipping

KEPT_BY: Mapping[type[Any], tuple[Any, ...]] = {
    Shipping: (Dewar.shippingId,),
    Dewar: (Container.dewarId,),
    Container: (BLSample.containerId,),
    Protein: (Crystal.proteinId,),
    Crystal: (BLSample.crystalId,),
    BLSample: (DataCollectionGroup.blSampleId,),
}
"""Parents that others may have found and used since: they stay while a row refers to them by this column."""


class Rows:
    """The rows that one simulation makes, in any number of transactions."""

    def __init__(self, write: Write, schema: Schema) -> None:
        self.write = write
        self.schema = schema
        self.made: list[tuple[type[Any], int]] = []
        """Models and keys, in the order in which the rows were made."""

    @asynccontextmanager
    async def transaction(self, alone: str | None = None) -> AsyncIterator[AsyncSession]:
        """A transaction; when it is rolled back its rows are forgotten. Those that are `alone` by
        one name wait for each other."""
        before = len(self.made)
        try:
            async with self.write.opened(alone) as writer:
                yield writer.session
        except BaseException:
            del self.made[before:]
            raise

    async def add(self, session: AsyncSession, model: type[Any], **values: Any) -> int:
        """Insert a row, given by attribute names, and return its key. Columns that the database lacks are
        left out; a table must be there."""
        query = insert(inspect(model).local_table).values(self.columns(model, values))
        result = cast("CursorResult[Any]", await session.execute(query))
        (key,) = result.inserted_primary_key or (0,)
        self.made.append((model, key))
        return key

    async def change(self, session: AsyncSession, model: type[Any], key: int, **values: Any) -> None:
        """Set columns of a row."""
        (primary,) = inspect(model).primary_key
        table = inspect(model).local_table
        await session.execute(update(table).where(primary == key).values(self.columns(model, values)))

    def columns(self, model: type[Any], values: Mapping[str, Any]) -> dict[str, Any]:
        """The values by column, for the columns that the database has."""
        return {column: values[name] for name, column in self.schema.columns_of(model, values).items()}

    async def remove(self) -> None:
        """Delete every row that was made, the last first; parents only while nobody else uses them."""
        if not self.made:
            return
        async with self.write.opened() as writer:
            for model, key in reversed(self.made):
                (primary,) = inspect(model).primary_key
                used = [exists().where(column == key) for column in KEPT_BY.get(model, ())]
                query = delete(inspect(model).local_table).where(primary == key, *(~one for one in used))
                await writer.session.execute(query)
        self.made.clear()
