"""Proteins: SQL."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

from sqlalchemy import ColumnElement, Select, bindparam, func, join, select

from starbeam.api.database import Counts, Rows, Scope, Shape, counted, statement
from starbeam.api.lists import (
    SORTING,
    Direction,
    Filters,
    List,
    Order,
    ProposalId,
    ProposalName,
    Search,
    Where,
    sorted_by,
    text_in,
)
from starbeam_ispyb.models import BLSample, Crystal, Protein
from starbeam_ispyb.names import of_proposal
from starbeam_samples import schemas
from starbeam_samples.models import ComponentType, Protein_has_PDB
from starbeam_samples.queries.common import Collected, ProteinId
from starbeam_samples.schemas import ProteinOrder


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
    count = count.where(Crystal.proteinId == Protein.proteinId, scope.sees(BLSample))
    # in this order: without statistics MariaDB begins with all samples, for each protein
    return count.prefix_with("STRAIGHT_JOIN", dialect="mysql").scalar_subquery()


@statement
def _collected(scope: Scope) -> Select[int, int]:
    """Proteins with data collections on their samples, and how many."""
    collected = Collected(scope)
    walk = (
        select(Crystal.proteinId, func.count())
        .join(BLSample, BLSample.crystalId == Crystal.crystalId)
        .join(collected.group, collected.group.blSampleId == BLSample.blSampleId)
        .join(collected.collection, collected.of_group)
        .where(Crystal.proteinId.in_(bindparam("proteins", expanding=True)), *collected.visible)
        .group_by(Crystal.proteinId)
    )
    # in this order: what the caller may see can be far more than what was collected on these
    return walk.prefix_with("STRAIGHT_JOIN", dialect="mysql")


async def _count(reader: Rows, proteins: Sequence[int]) -> Mapping[int, Counts]:
    return {key: (number,) for key, number in await reader.rows(_collected(), proteins=proteins)}


async def _complete(reader: Rows, proteins: Sequence[schemas.Protein]) -> None:
    """Fill in how many data collections there are. 1 statement, none where all numbers are kept."""
    numbers = await counted(reader, _count, [protein.proteinId for protein in proteins])
    for protein in proteins:
        (protein.metadata.datacollections,) = numbers.get(protein.proteinId, (0,))


_SHAPE = Shape(
    schemas.Protein,
    Protein,
    ComponentType=Shape(schemas.ComponentType, ComponentType, when=ComponentType.componentTypeId),
    metadata=Shape(
        schemas.ProteinMetaData,
        pdbs=_PDBS.scalar_subquery(),
        crystals=_crystals,
        samples=_samples,
        later={"datacollections"},
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
    complete=_complete,
    missing="Protein not found",
)
"""3 statements a page."""
