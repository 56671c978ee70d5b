"""`/labcontacts`, `/shippings`, `/dewars` and `/containers`."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from litestar import Router, get, patch, post
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody
from msgspec import Struct
from sqlalchemy import Select

from starbeam.access import authenticated
from starbeam.db.lists import Listing
from starbeam.db.reader import Reader
from starbeam.db.shape import Shape
from starbeam.paging import Page, Paged
from starbeam.params import ProposalName, path_id, query_id
from starbeam.refusals import Missing
from starbeam_ispyb.names import proposal_value
from starbeam_shipping import changes, containers, dewars, labcontacts, schemas, shippings
from starbeam_shipping.changes import Change
from starbeam_shipping.queries import containers as container_queries
from starbeam_shipping.queries import dewars as dewar_queries
from starbeam_shipping.queries import labcontacts as labcontact_queries
from starbeam_shipping.queries import shippings as shipping_queries

S = TypeVar("S", bound=Struct)
Key = Annotated[int, path_id()]

CREATING = {400: "The database refuses it", 404: "What it belongs to was not found"}
UPDATING = {400: "The database refuses it", 404: "It, or what it shall belong to, was not found"}


async def _page(
    reader: Reader, listing: Listing[S], page: Page, proposal: str | None, **values: Any
) -> Paged[S]:
    """A page of what the caller sees, of a proposal if one is named. 2 statements."""
    return await reader.page(listing, page, **values, **(proposal_value(proposal) if proposal else {}))


async def _one(reader: Reader, one: tuple[Shape[S], Select[Any]], key: int, missing: str) -> S:
    """The row `key`. Raises Missing with the sentence `missing` where the caller sees none."""
    found = await reader.one(*one, key=key)
    if found is None:
        raise Missing(missing)
    return found


@get("/labcontacts", tags=["Lab Contacts"], access=authenticated)
async def get_lab_contacts(
    reader: NamedDependency[Reader], page: NamedDependency[Page], proposal: ProposalName = None
) -> Paged[schemas.LabContact]:
    """Get a list of lab contacts"""
    return await _page(reader, labcontact_queries.listing(reader.scope, bool(proposal)), page, proposal)


@post("/labcontacts", tags=["Lab Contacts"], access=authenticated, errors=CREATING)
async def create_lab_contact(
    data: JSONBody[schemas.LabContactCreate], change: NamedDependency[Change]
) -> schemas.LabContact:
    """Create a lab contact

    Its person and laboratory are new ones.
    """
    return await labcontacts.add(change, data)


@get(
    "/labcontacts/{labContactId:str}",
    tags=["Lab Contacts"],
    access=authenticated,
    errors={404: labcontacts.MISSING},
)
async def get_lab_contact(reader: NamedDependency[Reader], labContactId: Key) -> schemas.LabContact:
    """Get a lab contact"""
    return await _one(reader, labcontact_queries.one(reader.scope), labContactId, labcontacts.MISSING)


@patch("/labcontacts/{labContactId:str}", tags=["Lab Contacts"], access=authenticated, errors=UPDATING)
async def update_lab_contact(
    data: JSONBody[schemas.LabContactCreateOptional], change: NamedDependency[Change], labContactId: Key
) -> schemas.LabContact:
    """Update a lab contact

    What is not sent keeps its value. The person and the laboratory are shared with whatever else names them.
    """
    return await labcontacts.update(change, labContactId, data)


@get("/shippings", tags=["Shipping"], access=authenticated)
async def get_shippings(
    reader: NamedDependency[Reader], page: NamedDependency[Page], proposal: ProposalName = None
) -> Paged[schemas.Shipping]:
    """Get a list of shipments"""
    return await _page(reader, shipping_queries.listing(reader.scope, bool(proposal)), page, proposal)


@post("/shippings", tags=["Shipping"], access=authenticated, errors=CREATING)
async def create_shipping(
    data: JSONBody[schemas.ShippingCreate], change: NamedDependency[Change]
) -> schemas.Shipping:
    """Create a shipment"""
    return await shippings.add(change, data)


@get("/shippings/{shippingId:str}", tags=["Shipping"], access=authenticated, errors={404: shippings.MISSING})
async def get_shipping(reader: NamedDependency[Reader], shippingId: Key) -> schemas.Shipping:
    """Get a shipment"""
    return await _one(reader, shipping_queries.one(reader.scope), shippingId, shippings.MISSING)


@patch("/shippings/{shippingId:str}", tags=["Shipping"], access=authenticated, errors=UPDATING)
async def update_shipping(
    data: JSONBody[schemas.ShippingCreateOptional], change: NamedDependency[Change], shippingId: Key
) -> schemas.Shipping:
    """Update a shipment

    What is not sent keeps its value.
    """
    return await shippings.update(change, shippingId, data)


@get("/dewars", tags=["Dewars"], access=authenticated)
async def get_dewars(
    reader: NamedDependency[Reader],
    page: NamedDependency[Page],
    shippingId: Annotated[int | None, query_id("Shipping id to filter by")] = None,
    proposal: ProposalName = None,
) -> Paged[schemas.Dewar]:
    """Get a list of dewars"""
    listing = dewar_queries.listing(reader.scope, shippingId is not None, bool(proposal))
    return await _page(reader, listing, page, proposal, shipping_id=shippingId)


@post("/dewars", tags=["Dewars"], access=authenticated, errors=CREATING)
async def create_dewar(data: JSONBody[schemas.DewarCreate], change: NamedDependency[Change]) -> schemas.Dewar:
    """Create a dewar"""
    return await dewars.add(change, data)


@get("/dewars/{dewarId:str}", tags=["Dewars"], access=authenticated, errors={404: dewars.MISSING})
async def get_dewar(reader: NamedDependency[Reader], dewarId: Key) -> schemas.Dewar:
    """Get a dewar"""
    return await _one(reader, dewar_queries.one(reader.scope), dewarId, dewars.MISSING)


@patch("/dewars/{dewarId:str}", tags=["Dewars"], access=authenticated, errors=UPDATING)
async def update_dewar(
    data: JSONBody[schemas.DewarCreateOptional], change: NamedDependency[Change], dewarId: Key
) -> schemas.Dewar:
    """Update a dewar

    What is not sent keeps its value.
    """
    return await dewars.update(change, dewarId, data)


@get("/containers", tags=["Containers"], access=authenticated)
async def get_containers(
    reader: NamedDependency[Reader], page: NamedDependency[Page], proposal: ProposalName = None
) -> Paged[schemas.Container]:
    """Get a list of containers"""
    return await _page(reader, container_queries.listing(reader.scope, bool(proposal)), page, proposal)


@post("/containers", tags=["Containers"], access=authenticated, errors=CREATING)
async def create_container(
    data: JSONBody[schemas.ContainerCreate], change: NamedDependency[Change]
) -> schemas.Container:
    """Create a container"""
    return await containers.add(change, data)


@get(
    "/containers/{containerId:str}",
    tags=["Containers"],
    access=authenticated,
    errors={404: containers.MISSING},
)
async def get_container(reader: NamedDependency[Reader], containerId: Key) -> schemas.Container:
    """Get a container"""
    return await _one(reader, container_queries.one(reader.scope), containerId, containers.MISSING)


@patch("/containers/{containerId:str}", tags=["Containers"], access=authenticated, errors=UPDATING)
async def update_container(
    data: JSONBody[schemas.ContainerCreateOptional], change: NamedDependency[Change], containerId: Key
) -> schemas.Container:
    """Update a container

    What is not sent keeps its value; another dewar moves it there.
    """
    return await containers.update(change, containerId, data)


_HANDLERS = [
    get_lab_contacts,
    create_lab_contact,
    get_lab_contact,
    update_lab_contact,
    get_shippings,
    create_shipping,
    get_shipping,
    update_shipping,
    get_dewars,
    create_dewar,
    get_dewar,
    update_dewar,
    get_containers,
    create_container,
    get_container,
    update_container,
]


def router() -> Router:
    """The operations."""
    return Router("/", route_handlers=_HANDLERS, dependencies={"change": Provide(changes.begin)})
