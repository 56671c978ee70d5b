"""Proteins: SQL."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Select, bindparam, func, join, or_, select

from starbeam.db.functions import containing, contains
from starbeam.db.reader import Listing, Reader, Scope, statement
from starbeam.db.shape import Shape
from starbeam.paging import Page, Paged
from starbeam_ispyb.models import BLSample, Crystal, Proposal, Protein
from starbeam_ispyb.names import is_proposal, proposal_value
from starbeam_samples import schemas
from starbeam_samples.models import ComponentType, Protein_has_PDB
from starbeam_samples.queries.common import Collected, directed
from starbeam_samples.schemas import Order, ProteinOrder


class Filters(msgspec.Struct, frozen=True):
    """What `/proteins` is asked for."""

    proteinId: int | None = None
    proposal: str | None = None
    search: str | None = None


_ID: Any = bindparam("protein_id")
_PDBS = (
    select(func.count()).select_from(Protein_has_PDB).where(Protein_has_PDB.proteinid == Protein.proteinId)
)


def _crystals(scope: Scope) -> ColumnElement[int]:
    seen = scope.given(Protein).sees(Crystal)
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
_ORDERS = {
    ProteinOrder.PROTEIN_ID: [],
    ProteinOrder.ACRONYM: [Protein.acronym],
    ProteinOrder.NAME: [Protein.name],
}


def _search(pattern: Any) -> ColumnElement[bool]:
    return or_(contains(Protein.name, pattern), contains(Protein.acronym, pattern))


_CONDITIONS: dict[str, ColumnElement[bool]] = {
    "proteinId": Protein.proteinId == _ID,
    "proposal": Protein.proposalId.in_(select(Proposal.proposalId).where(is_proposal())),
    "search": _search(bindparam("pattern")),
}
"""Each filter as a condition on a protein, by its name in `Filters`."""


@statement
def _page(
    scope: Scope, given: frozenset[str], order_by: ProteinOrder, order: Order
) -> Listing[schemas.Protein]:
    where = [scope.sees(Protein), *(_CONDITIONS[name] for name in sorted(given))]
    by = directed(order, *_ORDERS[order_by], Protein.proteinId)
    return Listing(scope, _SHAPE, Protein, where=where, order_by=by, joins=_JOINS)


@statement
def _one(scope: Scope) -> Select[Any]:
    return (
        select(*_SHAPE.columns(scope))
        .select_from(_JOINS)
        .where(Protein.proteinId == _ID, scope.sees(Protein))
    )


async def page(
    reader: Reader, page: Page, filters: Filters, order_by: ProteinOrder, order: Order
) -> Paged[schemas.Protein]:
    """A page of the proteins that the caller sees. 2 statements."""
    given = frozenset(name for name in _CONDITIONS if getattr(filters, name) is not None)
    return await reader.page(
        _page(reader.scope, given, order_by, order),
        page,
        protein_id=filters.proteinId,
        pattern=containing(filters.search or ""),
        **(proposal_value(filters.proposal) if filters.proposal else {}),
    )


async def one(reader: Reader, protein_id: int) -> schemas.Protein | None:
    """One protein, if the caller sees it."""
    return await reader.one(_SHAPE, _one(reader.scope), protein_id=protein_id)
