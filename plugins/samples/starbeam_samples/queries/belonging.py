"""What samples and proteins hang on, and what stands in their way: SQL for those who write some."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, bindparam, or_, select

from starbeam.api.database import Scope, statement
from starbeam_ispyb.models import BLSample, Container, Crystal, Dewar, Proposal, Protein, Shipping

CELL = ("cell_a", "cell_b", "cell_c", "cell_alpha", "cell_beta", "cell_gamma")
FORM = (*CELL, "diffractionPlanId", "name", "spaceGroup", "morphology", "color", "size_X", "size_Y", "size_Z")
KEPT = ("proteinId", *FORM, "comments", "abundance", "theoreticalDensity", "packingFraction")
"""What a copy of a crystal form has of the first."""

OBSTACLE = {"obstacle": True}
"""Marks a statement that looks for what stands in the way of a new row, so that `starbeam doctor` tries what
happens where nothing does."""

# What is locked is read as it is now. So it is the first that a transaction asks for, and all that it reads
# then is as whoever had the lock left it.


@statement
def lock_proposal(scope: Scope) -> Select[int]:
    """Nobody else adds to the proposal `key`, or renames in it, until this transaction ends."""
    return select(Proposal.proposalId).where(Proposal.proposalId == bindparam("key")).with_for_update()


@statement
def lock_by_protein(scope: Scope) -> Select[int]:
    """The same of the proposal that has the protein `key`."""
    locked = select(Proposal.proposalId).join(Protein, Protein.proposalId == Proposal.proposalId)
    return locked.where(Protein.proteinId == bindparam("key")).with_for_update()


@statement
def lock_by_sample(scope: Scope) -> Select[int]:
    """The same of the proposal that has sent the sample `key`."""
    locked = _sent().join(BLSample, BLSample.containerId == Container.containerId)
    return locked.where(BLSample.blSampleId == bindparam("key")).with_for_update()


@statement
def lock_by_container(scope: Scope) -> Select[int]:
    """The same of the proposal that has sent the container `key`."""
    return _sent().where(Container.containerId == bindparam("key")).with_for_update()


def _sent() -> Select[int]:
    sent = select(Proposal.proposalId).join(Shipping, Shipping.proposalId == Proposal.proposalId)
    return sent.join(Dewar, Dewar.shippingId == Shipping.shippingId).join(
        Container, Container.dewarId == Dewar.dewarId
    )


@statement
def container(scope: Scope) -> Select[int, str | None, int | None, str | None]:
    """The container `key`, if the caller sees it: its proposal, type, capacity and name."""
    found = select(Shipping.proposalId, Container.containerType, Container.capacity, Container.code)
    found = found.join(Dewar, Dewar.dewarId == Container.dewarId)
    found = found.join(Shipping, Shipping.shippingId == Dewar.shippingId)
    return found.where(Container.containerId == bindparam("key"), scope.sees(Container))


@statement
def protein(scope: Scope) -> Select[int]:
    """The protein `key` of the proposal `proposal_id`, if the caller sees it."""
    mine = Protein.proteinId == bindparam("key"), Protein.proposalId == bindparam("proposal_id")
    return select(Protein.proteinId).where(*mine, scope.sees(Protein))


@statement
def proteins(scope: Scope) -> Select[int, str | None]:
    """The proteins of the proposal `proposal_id` with one of these `acronyms` or `ids`: key and acronym."""
    wanted = or_(
        Protein.acronym.in_(bindparam("acronyms", expanding=True)),
        Protein.proteinId.in_(bindparam("ids", expanding=True)),
    )
    mine = Protein.proposalId == bindparam("proposal_id")
    return select(Protein.proteinId, Protein.acronym).where(mine, wanted, scope.sees(Protein))


@statement
def called(scope: Scope) -> Select[int]:
    """The proteins of the proposal `proposal_id` that have this `acronym`, whoever sees them."""
    mine = Protein.proposalId == bindparam("proposal_id"), Protein.acronym == bindparam("acronym")
    return select(Protein.proteinId).where(*mine).execution_options(**OBSTACLE)


@statement
def crystal(scope: Scope) -> Select[Any]:
    """The crystal form `key` of the proposal `proposal_id`, if the caller sees it: what a copy has of it."""
    columns = [scope.column(getattr(Crystal, name)) for name in KEPT]
    found = select(*columns).join(Protein, Protein.proteinId == Crystal.proteinId)
    mine = Crystal.crystalId == bindparam("key"), Protein.proposalId == bindparam("proposal_id")
    return found.where(*mine, scope.sees(Crystal))


@statement
def of_crystal(scope: Scope) -> Select[int]:
    """The samples of the crystal form `key`."""
    return select(BLSample.blSampleId).where(BLSample.crystalId == bindparam("key"))


@statement
def held(scope: Scope) -> Select[Any]:
    """The samples in the container `key`: key, position, name, and what else a row of a sheet may say."""
    cell = (getattr(Crystal, name) for name in CELL)
    sample = BLSample.blSampleId, BLSample.location, BLSample.name, BLSample.comments, BLSample.crystalId
    found = select(*sample, Crystal.proteinId, *cell).outerjoin(
        Crystal, Crystal.crystalId == BLSample.crystalId
    )
    found = found.where(BLSample.containerId == bindparam("key")).order_by(BLSample.blSampleId)
    return found.execution_options(**OBSTACLE)


@statement
def named(scope: Scope) -> Select[int, int, str | None]:
    """The samples of these `proteins` that have one of these `names`: key, protein, name."""
    found = select(BLSample.blSampleId, Crystal.proteinId, BLSample.name)
    found = found.join(Crystal, Crystal.crystalId == BLSample.crystalId)
    found = found.where(
        Crystal.proteinId.in_(bindparam("proteins", expanding=True)),
        BLSample.name.in_(bindparam("names", expanding=True)),
    )
    return found.execution_options(**OBSTACLE)


@statement
def sheet(scope: Scope) -> Select[str | None, str | None, str | None, str | None]:
    """The samples in the container `key` as a sheet shows them."""
    found = select(BLSample.location, BLSample.name, BLSample.comments, Protein.acronym)
    found = found.outerjoin(Crystal, Crystal.crystalId == BLSample.crystalId)
    found = found.outerjoin(Protein, Protein.proteinId == Crystal.proteinId)
    return found.where(BLSample.containerId == bindparam("key")).order_by(BLSample.blSampleId)
