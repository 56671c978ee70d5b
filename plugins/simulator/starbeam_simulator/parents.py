"""What a data collection hangs on: found by name within the proposal, or created."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from starbeam_ispyb.models import (
    BLSample,
    BLSession,
    BLSubSample,
    Container,
    Crystal,
    Dewar,
    Position,
    Proposal,
    Protein,
    Shipping,
)
from starbeam_ispyb.names import is_session, session_value
from starbeam_simulator.configuration import Component, Configuration, Sample, SubSample
from starbeam_simulator.errors import SimulationError
from starbeam_simulator.models import ContainerHistory
from starbeam_simulator.rows import Rows


@dataclass(frozen=True)
class Visit:
    """The session that is simulated."""

    name: str
    sessionId: int
    beamLineName: str | None
    proposalId: int
    proposal: str
    """The proposal's name."""


async def find_session(session: AsyncSession, configuration: Configuration, beamline: str) -> Visit:
    """The session that is simulated on a beamline. Raises `SimulationError` when there is none."""
    name = configuration.simulation.sessions[beamline]
    query = (
        select(
            BLSession.sessionId,
            BLSession.beamLineName,
            Proposal.proposalId,
            Proposal.proposalCode,
            Proposal.proposalNumber,
        )
        .join(Proposal, Proposal.proposalId == BLSession.proposalId)
        .where(is_session())
        .order_by(BLSession.sessionId)
        .limit(1)
    )
    row = (await session.execute(query, session_value(name))).first()
    if row is None:
        raise SimulationError(
            f"{configuration.place('sessions', beamline)}the database has no session {name}",
            "`sessions` names existing sessions.",
        )
    return Visit(name, row.sessionId, row.beamLineName, row.proposalId, row.proposalCode + row.proposalNumber)


@dataclass(frozen=True)
class Parents:
    """Finds or creates what hangs on one proposal, at one time."""

    session: AsyncSession
    rows: Rows
    visit: Visit
    now: datetime

    async def sample(self, sample: Sample, component: Component) -> int:
        """The sample of this name within the proposal; a new one lies in the container of simulations."""
        known = (
            select(BLSample.blSampleId)
            .join(Crystal, Crystal.crystalId == BLSample.crystalId)
            .join(Protein, Protein.proteinId == Crystal.proteinId)
            .where(Protein.proposalId == self.visit.proposalId, BLSample.name == sample.name)
            .order_by(BLSample.blSampleId)
        )
        if (found := await self._first(known)) is not None:
            return found
        protein = await self._protein(component)
        crystal = await self._add(Crystal, proteinId=protein)
        container = await self._container()
        return await self._add(
            BLSample,
            name=sample.name,
            crystalId=crystal,
            containerId=container,
            location=str(await self._highest_location(container) + 1),
        )

    async def _protein(self, component: Component) -> int:
        return await self._find_or_add(
            Protein,
            {"proposalId": self.visit.proposalId, "acronym": component.acronym},
            name=component.name or component.acronym,
            sequence=component.sequence,
            density=component.density,
            molecularMass=component.molecularMass,
            description="Simulated component",
        )

    async def _container(self) -> int:
        shipping = await self._find_or_add(
            Shipping,
            {"proposalId": self.visit.proposalId, "shippingName": "Simulation_Shipment"},
            creationDate=self.now,
        )
        dewar = await self._find_or_add(
            Dewar, {"shippingId": shipping, "code": "Simulation_Dewar"}, dewarStatus="processing"
        )
        named = {"dewarId": dewar, "code": "Simulation_Container"}
        if (found := await self._find(Container, named)) is not None:
            return found
        container = await self._add(
            Container,
            **named,
            containerType="Box",
            capacity=25,
            bltimeStamp=self.now,
            containerStatus="at facility",
        )
        await self._add(
            ContainerHistory,
            containerId=container,
            status="at facility",
            location="1",
            beamlineName=self.visit.beamLineName,
        )
        return container

    async def _highest_location(self, container: int) -> int:
        found = await self.session.execute(select(BLSample.location).where(BLSample.containerId == container))
        texts = (text or "" for text in found.scalars())
        return max((int(text) for text in texts if text.isdecimal()), default=0)

    async def subsample(self, sample: int, subsample: SubSample) -> int:
        """A new subsample, with a position for each pair of coordinates that is given."""
        return await self._add(
            BLSubSample,
            blSampleId=sample,
            positionId=await self._position(subsample.x, subsample.y),
            position2Id=await self._position(subsample.x2, subsample.y2),
            type=subsample.type,
            comments="Simulated sample",
        )

    async def _position(self, x: float | None, y: float | None) -> int | None:
        return None if x is None or y is None else await self._add(Position, posX=x, posY=y)

    async def _find_or_add(self, model: type[Any], named: dict[str, Any], **values: Any) -> int:
        found = await self._find(model, named)
        return await self._add(model, **named, **values) if found is None else found

    async def _find(self, model: type[Any], named: dict[str, Any]) -> int | None:
        """The key of the first row that has these values."""
        (key,) = model.__table__.primary_key
        conditions = [getattr(model, name) == value for name, value in named.items()]
        return await self._first(select(key).where(*conditions).order_by(key))

    async def _first(self, query: Select[Any]) -> int | None:
        found: int | None = (await self.session.execute(query.limit(1))).scalar()
        return found

    async def _add(self, model: type[Any], **values: Any) -> int:
        return await self.rows.add(self.session, model, **values)
