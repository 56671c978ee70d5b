"""The forms of lab contacts, shipments, dewars and containers."""

from __future__ import annotations

from typing import Any

from starbeam.api.database import Reader
from starbeam.api.lists import Page
from starbeam.api.models import Laboratory, Person
from starbeam.api.web import About, Choices, FormOf, key_of
from starbeam_ispyb.models import Container, Dewar, LabContact, Shipping
from starbeam_ispyb.names import proposal_value
from starbeam_ispyb.queries import name_of_proposal, proposal_named
from starbeam_shipping import schemas
from starbeam_shipping.changes import containers, dewars, labcontacts, shippings
from starbeam_shipping.queries.containers import CONTAINERS
from starbeam_shipping.queries.dewars import DEWARS
from starbeam_shipping.queries.labcontacts import LAB_CONTACTS, LabContactFilters
from starbeam_shipping.queries.shippings import SHIPPINGS

TYPES: Choices = [(one, one) for one in ("Unipuck", "SPINEpuck", "Puck", "Plate96")]
"""Of containers: those that are drawn, and the one that others know."""
EVERY = Page(limit=10_000)
"""More than a proposal has."""


async def _contacts(reader: Reader, proposal_id: int) -> dict[str, Choices]:
    """The lab contacts of a proposal, for both directions."""
    found = await reader.page(LAB_CONTACTS, EVERY, LabContactFilters(proposalId=proposal_id))
    cards = [(f"{one.labContactId}", one.cardName) for one in found.results]
    return {"sendingLabContactId": cards, "returnLabContactId": cards}


def _of_proposal(name: str, what: str) -> list[tuple[str, str]]:
    return [(name, f"/proposals/{name}"), (what, f"/proposals/{name}/shipments")]


async def _new_shipment(reader: Reader, parent: str) -> About:
    key, name = await reader.first(proposal_named(), "Not Found", **proposal_value(parent))
    places = _of_proposal(name, "Shipments")
    return About(places, {"proposalId": key}, await _contacts(reader, key))


async def _shipment(reader: Reader, row: schemas.Shipping) -> About:
    places = [("Shipments", "/shipments"), (row.shippingName or "shipment", f"/shipments/{row.shippingId}")]
    return About(places, {"proposalId": row.proposalId}, await _contacts(reader, row.proposalId))


async def _new_contact(reader: Reader, parent: str) -> About:
    key, name = await reader.first(proposal_named(), "Not Found", **proposal_value(parent))
    return About([(name, f"/proposals/{name}"), ("Contacts", "/contacts")], {"proposalId": key})


async def _contact(reader: Reader, row: schemas.LabContact) -> About:
    name = await reader.scalar(name_of_proposal(), key=row.proposalId)
    places = [(name, f"/proposals/{name}")] if name else []
    return About([*places, (row.cardName or "contact", f"/contacts/{row.labContactId}")])


async def _new_dewar(reader: Reader, parent: str) -> About:
    row = await reader.get(SHIPPINGS, key_of(parent))
    places = [("Shipments", "/shipments"), (row.shippingName or "shipment", f"/shipments/{row.shippingId}")]
    return About(places, {"shippingId": row.shippingId})


async def _dewar(reader: Reader, row: schemas.Dewar) -> About:
    shipment = row.Shipping.shippingName or "shipment", f"/shipments/{row.shippingId}"
    return About([shipment, (row.code or "dewar", f"/dewars/{row.dewarId}")])


async def _new_container(reader: Reader, parent: str) -> About:
    row = await reader.get(DEWARS, key_of(parent))
    places = (await _dewar(reader, row)).places
    return About(places, {"dewarId": row.dewarId}, {"containerType": TYPES})


async def _container(reader: Reader, row: schemas.Container) -> About:
    dewar = row.Dewar.code or "dewar", f"/dewars/{row.dewarId}"
    places = [dewar, (row.code or "container", f"/containers/{row.containerId}")]
    return About(places, choices={"containerType": TYPES})


def _code(row: Any) -> str:
    return row.code or "without a name"


CONTACT = FormOf(
    title="lab contact",
    under="/proposals/{parent:str}/contacts",
    path="/contacts",
    rows=LAB_CONTACTS,
    key="labContactId",
    create=schemas.LabContactCreate,
    change=schemas.LabContactCreateOptional,
    add=labcontacts.add,
    update=labcontacts.update,
    models={"": LabContact, "Person": Person, "Person.Laboratory": Laboratory},
    named_by=("proposalId", "cardName"),
    of_parent=_new_contact,
    of_row=_contact,
    called=lambda row: row.cardName or "lab contact",
    long=frozenset({"Person.Laboratory.address"}),
    left_out=frozenset({"Person.Laboratory.laboratoryExtPk"}),
)
FORMS = [
    FormOf(
        title="shipment",
        under="/proposals/{parent:str}/shipments",
        path="/shipments",
        rows=SHIPPINGS,
        key="shippingId",
        create=schemas.ShippingCreate,
        change=schemas.ShippingCreateOptional,
        add=shippings.add,
        update=shippings.update,
        models={"": Shipping},
        named_by=("proposalId", "shippingName"),
        of_parent=_new_shipment,
        of_row=_shipment,
        called=lambda row: row.shippingName or "shipment",
        makes={"sendingLabContactId": CONTACT, "returnLabContactId": CONTACT},
    ),
    CONTACT,
    FormOf(
        title="dewar",
        under="/shipments/{parent:str}/dewars",
        path="/dewars",
        rows=DEWARS,
        key="dewarId",
        create=schemas.DewarCreate,
        change=schemas.DewarCreateOptional,
        add=dewars.add,
        update=dewars.update,
        models={"": Dewar},
        named_by=("shippingId", "code"),
        of_parent=_new_dewar,
        of_row=_dewar,
        called=_code,
    ),
    FormOf(
        title="container",
        under="/dewars/{parent:str}/containers",
        path="/containers",
        rows=CONTAINERS,
        key="containerId",
        create=schemas.ContainerCreate,
        change=schemas.ContainerCreateOptional,
        add=containers.add,
        update=containers.update,
        models={"": Container},
        named_by=("dewarId", "code"),
        of_parent=_new_container,
        of_row=_container,
        called=_code,
        left_out=frozenset({"dewarId"}),
    ),
]
"""What people type of shipments."""
