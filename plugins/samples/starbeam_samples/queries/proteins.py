"""Proteins: SQL."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from sqlalchemy import ColumnElement, bindparam, func, join, select

from starbeam.api.database import Scope, Shape
from starbeam.api.lists import Filters, List, ProposalId, ProposalName, Search, Where, text_in
from starbeam_ispyb.models import BLSample, Crystal, Protein
from starbeam_ispyb.names import of_proposal
from starbeam_samples import schemas
from starbeam_samples.models import ComponentType, Protein_has_PDB
from starbeam_samples.queries.common import SORTING, Collected, Direction, ProteinId, sorted_by
from starbeam_samples.schemas import Order, ProteinOrder


class ProteinFilters(Filters, frozen=True):
    """What `/proteins` is asked for."""

    proteinId: Annotated[ProteinId, Where(Protein.proteinId == bindparam("proteinId"))] = None
    proposal: Annotated[ProposalName, of_proposal(Protein.proposalId)] = None
    proposalId: Annotated[ProposalId, Where(Protein.proposalId == bindparam("proposalId"))] = None
    search: Annotated[Search, text_in(Protein.name, Protein.acronym)] = None
    order_by: Annotated[ProteinOrder | None, SORTING] = None
    order: Direction = None


_PDBS = (
    select(func.count()).select_from(Protein_has_PDB).where(Protein_has_PDB.proteinid == Protein.proteinId)
)


def _crystals(scope: Scope) -> ColumnElement[int]:
    seen = scope.below(Protein).sees(Crystal)
    count = select(func.count()).select_from(Crystal).where(Crystal.proteinId == Protein.proteinId, seen)
    return count.scalar_subquery()


def _samples(scope: Scope) -> ColumnElement[int]:
    count = select(func.count()).select_from(Crystal).join(BLSample, BLSample.crystalId == Crystal.crystalId)
    return count.where(Crystal.proteinId == Protein.proteinId, scope.sees(BLSample)).scalar_subquery()


def _datacollections(scope: Scope) -> ColumnElement[int]:
    collected = Collected(scope)
    of_sample = BLSample.blSampleId == collected.group.blSampleId
    count = collected.select(func.count(), Crystal.proteinId == Protein.proteinId)
    count = count.join(BLSample, of_sample).join(Crystal, Crystal.crystalId == BLSample.crystalId)
    return count.scalar_subquery()


_SHAPE = Shape(
    schemas.Protein,
    Protein,
    ComponentType=Shape(schemas.ComponentType, ComponentType, when=ComponentType.componentTypeId),
    metadata=Shape(
        schemas.ProteinMetaData,
        pdbs=_PDBS.scalar_subquery(),
        crystals=_crystals,
        samples=_samples,
        datacollections=_datacollections,
    ),
)
_JOINS = join(Protein, ComponentType, ComponentType.componentTypeId == Protein.componentTypeId, isouter=True)
_ORDERS: Mapping[ProteinOrder, Callable[[Scope], list[Any]]] = {
    ProteinOrder.ACRONYM: lambda scope: [Protein.acronym],
    ProteinOrder.NAME: lambda scope: [Protein.name],
}

PROTEINS = List(
    _SHAPE,
    Protein,
    ProteinFilters,
    joins=_JOINS,
    order_by=sorted_by(_ORDERS, Protein.proteinId, Order.ASC),
    missing="Protein not found",
)
"""2 statements a page."""
