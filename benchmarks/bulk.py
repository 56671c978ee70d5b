"""Adds rows by the hundred thousand to any database: proposals, sessions, robot actions, data collections.

`python -m benchmarks.bulk ROWS --config FILE` tells how many a second.

Of 1000 rows two are sessions of one proposal, which hold 400 groups with a data collection each; the rest are
robot actions.
"""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import click
from sqlalchemy import func, inspect, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from starbeam.api.commands import build, config_option
from starbeam.app import Starbeam
from starbeam.cli.progress import steps
from starbeam.db.models import Person
from starbeam.demo import Row
from starbeam_ispyb.models import BLSession, DataCollection, DataCollectionGroup, Proposal, RobotAction

CODE = "bulk"
"""The code of the proposals that are made."""
CHUNK = 1000
"""How many rows one INSERT brings; SQLite takes 32766 values."""
UNIT = 1000
"""Rows of one proposal, all its own included."""
SESSIONS, GROUPS = 2, 400
"""How many of them are of these kinds."""
STEP = timedelta(minutes=3)
"""From a group to the next."""
TYPES = ("OSC", "Mesh", "Characterization", "SAD")


async def fill(starbeam: Starbeam, count: int, seed: str) -> tuple[int, float]:
    """Add `count` rows in one transaction; how many were added, and the seconds that it took."""
    await starbeam.database.ready()
    chance, now = random.Random(seed), starbeam.clock.now().replace(microsecond=0)
    units = math.ceil(count / UNIT)
    began, made = time.perf_counter(), 0
    async with starbeam.database.transaction() as session, _hastened(session):
        first = {model: await _highest(session, model) + 1 for model in _MODELS}
        person = (await session.execute(select(func.min(Person.personId)))).scalar()
        if person is None:
            person = await _add_person(session)
        rows = _Rows(chance, now, units, person, first)
        with steps("adding rows", math.ceil(count / CHUNK)) as tell:
            for model in _MODELS:
                source = islice(rows.of(model), count - made)
                while chunk := list(islice(source, CHUNK)):
                    tell(f"{made + len(chunk)} of {count}")
                    await _insert(session, model, chunk)
                    made += len(chunk)
    return made, time.perf_counter() - began


_MODELS: tuple[type[Any], ...] = (Proposal, BLSession, DataCollectionGroup, DataCollection, RobotAction)
"""In the order in which rows refer to each other."""


@asynccontextmanager
async def _hastened(session: AsyncSession) -> AsyncIterator[None]:
    """Let the database not check what is known to be right: parents, and values of enumerations."""
    sqlite = session.get_bind().dialect.name == "sqlite"
    await session.execute(text("PRAGMA ignore_check_constraints = ON" if sqlite else _MARIADB.format(0)))
    try:
        yield
    finally:
        await session.execute(text("PRAGMA ignore_check_constraints = OFF" if sqlite else _MARIADB.format(1)))


_MARIADB = "SET foreign_key_checks = {0}, unique_checks = {0}"


async def _insert(session: AsyncSession, model: type[Any], rows: list[Row]) -> None:
    """One statement for all rows, straight to the driver: a row then costs what the database makes of it."""
    connection = await session.connection()
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    row = f"({', '.join([mark] * len(rows[0]))})"
    sql = f"INSERT INTO {model.__tablename__} ({', '.join(rows[0])}) VALUES "
    await connection.exec_driver_sql(
        sql + ", ".join([row] * len(rows)), tuple(value for row in rows for value in row.values())
    )


async def _highest(session: AsyncSession, model: type[Any]) -> int:
    (key,) = inspect(model).primary_key
    return (await session.execute(select(func.max(key)))).scalar() or 0


async def _add_person(session: AsyncSession) -> int:
    person = Person(login=CODE, familyName="Bulk")
    session.add(person)
    await session.flush()
    return person.personId


class _Rows:
    """Rows by column, of `units` proposals; times as the databases write them."""

    def __init__(
        self,
        chance: random.Random,
        now: datetime,
        units: int,
        person: int,
        first: dict[type[Any], int],
    ) -> None:
        self.chance, self.now, self.units, self.person, self.first = chance, now, units, person, first
        self.sessions, self.groups = units * SESSIONS, units * GROUPS
        self.began = now - STEP * self.groups
        """When the first group began."""

    def of(self, model: type[Any]) -> Iterator[Row]:
        """The rows of a model, the oldest first."""
        made = {
            Proposal: self._proposals,
            BLSession: self._sessions,
            DataCollectionGroup: self._groups,
            DataCollection: self._collections,
            RobotAction: self._robot_actions,
        }
        return made[model]()

    def _proposals(self) -> Iterator[Row]:
        for number in range(self.units):
            key = self.first[Proposal] + number
            yield {
                "proposalId": key,
                "personId": self.person,
                "title": f"Bulk data {key}",
                "proposalCode": CODE,
                "proposalNumber": str(key),
            }

    def _sessions(self) -> Iterator[Row]:
        spans = GROUPS // SESSIONS * STEP
        for number in range(self.sessions):
            yield {
                "sessionId": self.first[BLSession] + number,
                "proposalId": self.first[Proposal] + number // SESSIONS,
                "visit_number": 1 + number % SESSIONS,
                "beamLineName": f"BL{number % 20:02d}",
                "startDate": str(self.began + number * spans),
                "endDate": str(self.began + (number + 1) * spans),
                "scheduled": 1,
            }

    def _groups(self) -> Iterator[Row]:
        for number in range(self.groups):
            start = self.began + number * STEP
            yield {
                "dataCollectionGroupId": self.first[DataCollectionGroup] + number,
                "sessionId": self.first[BLSession] + number * SESSIONS // GROUPS,
                "experimentType": TYPES[number % len(TYPES)],
                "startTime": str(start),
                "endTime": str(start + STEP / 2),
            }

    def _collections(self) -> Iterator[Row]:
        for number in range(self.groups):
            start = self.began + number * STEP
            key = self.first[DataCollection] + number
            yield {
                "dataCollectionId": key,
                "dataCollectionGroupId": self.first[DataCollectionGroup] + number,
                "dataCollectionNumber": 1,
                "startTime": str(start),
                "endTime": str(start + STEP / 2),
                "runStatus": "Data collection successful" if self.chance.random() < 0.95 else "aborted",
                "numberOfImages": 3600,
                "wavelength": 0.9763,
                "exposureTime": 0.02,
                "resolution": round(self.chance.uniform(1.1, 3.2), 2),
                "imageDirectory": f"/data/bulk/{key:08d}",
                "fileTemplate": "bulk_master.h5",
            }

    def _robot_actions(self) -> Iterator[Row]:
        actions = self.units * (UNIT - 1 - SESSIONS - 2 * GROUPS)
        for number in range(actions):
            group = number * self.groups // actions
            start = self.began + group * STEP - timedelta(seconds=80)
            yield {
                "robotActionId": self.first[RobotAction] + number,
                "blsessionId": self.first[BLSession] + group * SESSIONS // GROUPS,
                "actionType": "LOAD",
                "startTimestamp": str(start),
                "endTimestamp": str(start + timedelta(seconds=40)),
                "status": "SUCCESS",
            }


@click.command()
@click.argument("rows", type=click.IntRange(1))
@config_option
@click.option("--seed", default="bulk", show_default=True)
def main(rows: int, config: Path | None, seed: str) -> None:
    """Add ROWS rows to the configured database."""
    made, seconds = asyncio.run(fill(build(config), rows, seed))
    click.echo(f"{made} rows in {seconds:.1f} s: {made / seconds:.0f} a second")


if __name__ == "__main__":
    main()
