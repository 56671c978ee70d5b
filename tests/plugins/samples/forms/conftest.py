"""Somebody who types, in a proposal of their own beside that of others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from starbeam.db.models import Person
from starbeam_ispyb import models as m
from support.pages import OPEN, Visitor

if TYPE_CHECKING:
    from starbeam_testing.fixtures import MakeApp


@pytest.fixture
async def visitor(make_app: MakeApp) -> Visitor:
    """A member of mx1; mx2 has a lab contact, a protein and a container, which have key 2."""
    app = await make_app("auth_dummy", "ispyb", "proposals", "samples", "shipping", "web", **OPEN)
    db = app.database
    member = await db.person("member")
    for key in (1, 2):
        of = {"proposalCode": "mx", "proposalNumber": f"{key}", "personId": member}
        await db.add(m.Proposal, proposalId=key, **of)
    await db.add(m.ProposalHasPerson, proposalId=1, personId=member)
    await db.add(Person, personId=52, givenName="Ada", familyName="Other")
    await db.add(m.LabContact, labContactId=2, proposalId=2, personId=52, cardName="theirs")
    await db.add(m.Shipping, shippingId=2, proposalId=2, shippingName="S2")
    await db.add(m.Dewar, dewarId=2, shippingId=2, code="D2")
    await db.add(m.Container, containerId=2, dewarId=2, code="C2", containerType="Unipuck")
    await db.add(m.Protein, proteinId=2, proposalId=2, acronym="XYZ")
    visitor = Visitor(app)
    await visitor.log_in("member")
    return visitor


@pytest.fixture
async def puck(visitor: Visitor) -> Visitor:
    """The same with a puck of their own, 1, and a protein LYS."""
    db = visitor.app.database
    await db.add(m.Shipping, shippingId=1, proposalId=1, shippingName="S1")
    await db.add(m.Dewar, dewarId=1, shippingId=1, code="D1")
    await db.add(m.Container, containerId=1, dewarId=1, code="C1", containerType="Unipuck")
    await db.add(m.Protein, proteinId=1, proposalId=1, acronym="LYS")
    return visitor
