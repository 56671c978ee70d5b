"""What plugins add to the demo's facility."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
from sqlalchemy import insert, inspect
from sqlalchemy.ext.asyncio import AsyncSession

from starbeam.db.schema import Schema, reflect

Row: TypeAlias = dict[str, Any]
"""A row by the attribute names of its model."""

CHUNK = 1000
"""How many rows one INSERT brings."""


@dataclass
class DemoWorld:
    """The demo's facility while it is being made, in a database that had no row. Generators draw from
    `random` only, so that the same seed gives the same rows."""

    session: AsyncSession
    random: random.Random
    now: datetime
    """The present, to the hour: sessions lie around it."""
    files: Path
    """A folder for files that rows name."""
    _schema: Schema | None = None
    _numbers: Counter[str] = field(default_factory=Counter)

    async def add(self, model: type[Any], rows: Iterable[Mapping[str, Any]]) -> list[Row]:
        """Insert rows with the same attributes each, and return them with their keys, counted from 1.

        Columns that this database lacks are left out, and all rows of a table that it lacks.
        """
        made = [self._number(model, row) for row in rows]
        schema = await self._reflected()
        if not made or not schema.has(model):
            return made
        columns = schema.columns_of(model, made[0])
        values = [{column: row[name] for name, column in columns.items()} for row in made]
        for first in range(0, len(values), CHUNK):
            await self.session.execute(insert(inspect(model).local_table), values[first : first + CHUNK])
        return made

    def _number(self, model: type[Any], row: Mapping[str, Any]) -> Row:
        """The row with its key, if the table has a key of one column."""
        key, *more = inspect(model).mapper.primary_key
        if more:
            return {**row}
        self._numbers[model.__name__] += 1
        return {key.key: self._numbers[model.__name__], **row}

    async def _reflected(self) -> Schema:
        if self._schema is None:
            self._schema = await reflect(await self.session.connection())
        return self._schema


class DemoData(msgspec.Struct, frozen=True):
    """A generator: its title for the progress bar, and what makes the rows."""

    title: str
    fill: Callable[[DemoWorld], Awaitable[None]]
