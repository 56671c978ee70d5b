"""The containers that samples are in, and those in a sample changer: SQL."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Select, bindparam, select

from starbeam.api.database import Reader, Scope, Shape, statement
from starbeam_ispyb.models import BLSession, Container, Dewar
from starbeam_samples.queries.sample_filters import IN_CHANGER


class Mounted(msgspec.Struct):
    """A container in a sample changer."""

    containerId: int
    code: str | None
    containerType: str | None
    sampleChangerLocation: str

    @property
    def place(self) -> tuple[int, str]:
        """Positions in their order: numbers as numbers, before names."""
        said = self.sampleChangerLocation.strip()
        return (int(said) if said.isdecimal() else 2**31, said)


_MOUNTED = Shape(Mounted, Container)


@statement
def _type(scope: Scope) -> Select[Any]:
    wanted = Container.containerId == bindparam("container_id")
    return select(Container.containerType).where(wanted, scope.sees(Container))


async def container_type(reader: Reader, container_id: int | None) -> str | None:
    """The type of a container that the caller sees. 1 statement."""
    found: str | None = await reader.scalar(_type(), container_id=container_id)
    return found


@statement
def _mounted(scope: Scope) -> Select[Any]:
    rows = select(*_MOUNTED.columns(scope)).join(Dewar, Dewar.dewarId == Container.dewarId)
    return rows.where(*IN_CHANGER, scope.sees(Container))


async def mounted(reader: Reader, beamline: str) -> list[Mounted]:
    """What is in the sample changer of a beamline, of what the caller sees. 1 statement."""
    found = [_MOUNTED.make(row) for row in await reader.rows(_mounted(), beamLineName=beamline)]
    return sorted(found, key=lambda one: one.place)


@statement
def _running(scope: Scope) -> Select[Any]:
    session = BLSession
    runs = session.startDate <= bindparam("now"), session.endDate >= bindparam("now")
    here = session.beamLineName == bindparam("beamLineName")
    return select(session.sessionId).where(here, *runs, scope.sees(session))


async def running(reader: Reader, beamline: str) -> list[int]:
    """The sessions that run there, of those that the caller sees. 1 statement."""
    return [key for (key,) in await reader.rows(_running(), beamLineName=beamline, now=reader.now)]
