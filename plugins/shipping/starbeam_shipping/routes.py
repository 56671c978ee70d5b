"""`/labcontacts`, `/shippings`, `/dewars` and `/containers`."""

from __future__ import annotations

from typing import Annotated

from litestar import get, patch, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from starbeam.api import authenticated
from starbeam.api.database import Patch, Reader, Write
from starbeam.api.http import asked
from starbeam.api.lists import Page, Paged, path_id
from starbeam_shipping import schemas
from starbeam_shipping.changes import containers, dewars, labcontacts, shippings
from starbeam_shipping.queries.containers import CONTAINERS, ContainerFilters
from starbeam_shipping.queries.dewars import DEWARS, DewarFilters
from starbeam_shipping.queries.labcontacts import LAB_CONTACTS, LabContactFilters
from starbeam_shipping.queries.shippings import SHIPPINGS, ShippingFilters

Key = Annotated[int, path_id()]
SHIPPING = authenticated.opened("ship")

CREATING = {404: "What it belongs to was not found"}
UPDATING = {404: "It, or what it shall belong to, was not found"}


@get("/labcontacts", tags=["Lab Contacts"], access=SHIPPING, dependencies=asked(LabContactFilters))
async def get_lab_contacts(
    reader: NamedDependency[Reader], page: NamedDependency[Page], filters: NamedDependency[LabContactFilters]
) -> Paged[schemas.LabContact]:
    """Get a list of lab contacts"""
    return await reader.page(LAB_CONTACTS, page, filters)


@post("/labcontacts", tags=["Lab Contacts"], access=SHIPPING, errors=CREATING)
async def create_lab_contact(
    data: JSONBody[schemas.LabContactCreate], write: NamedDependency[Write]
) -> schemas.LabContact:
    """Create a lab contact

    Its person and laboratory are new ones.
    """
    return await write(labcontacts.add, data)


@get(
    "/labcontacts/{labContactId:str}",
    tags=["Lab Contacts"],
    access=SHIPPING,
    errors={404: LAB_CONTACTS.missing},
)
async def get_lab_contact(reader: NamedDependency[Reader], labContactId: Key) -> schemas.LabContact:
    """Get a lab contact"""
    return await reader.get(LAB_CONTACTS, labContactId)


@patch("/labcontacts/{labContactId:str}", tags=["Lab Contacts"], access=SHIPPING, errors=UPDATING)
async def update_lab_contact(
    data: JSONBody[Patch[schemas.LabContactCreateOptional]], write: NamedDependency[Write], labContactId: Key
) -> schemas.LabContact:
    """Update a lab contact

    What is not sent keeps its value. The person and the laboratory are shared with whatever else names them.
    """
    return await write(labcontacts.update, labContactId, data)


@get("/shippings", tags=["Shipping"], access=SHIPPING, dependencies=asked(ShippingFilters))
async def get_shippings(
    reader: NamedDependency[Reader], page: NamedDependency[Page], filters: NamedDependency[ShippingFilters]
) -> Paged[schemas.Shipping]:
    """Get a list of shipments"""
    return await reader.page(SHIPPINGS, page, filters)


@post("/shippings", tags=["Shipping"], access=SHIPPING, errors=CREATING)
async def create_shipping(
    data: JSONBody[schemas.ShippingCreate], write: NamedDependency[Write]
) -> schemas.Shipping:
    """Create a shipment"""
    return await write(shippings.add, data)


@get("/shippings/{shippingId:str}", tags=["Shipping"], access=SHIPPING, errors={404: SHIPPINGS.missing})
async def get_shipping(reader: NamedDependency[Reader], shippingId: Key) -> schemas.Shipping:
    """Get a shipment"""
    return await reader.get(SHIPPINGS, shippingId)


@patch("/shippings/{shippingId:str}", tags=["Shipping"], access=SHIPPING, errors=UPDATING)
async def update_shipping(
    data: JSONBody[Patch[schemas.ShippingCreateOptional]], write: NamedDependency[Write], shippingId: Key
) -> schemas.Shipping:
    """Update a shipment

    What is not sent keeps its value.
    """
    return await write(shippings.update, shippingId, data)


@get("/dewars", tags=["Dewars"], access=SHIPPING, dependencies=asked(DewarFilters))
async def get_dewars(
    reader: NamedDependency[Reader], page: NamedDependency[Page], filters: NamedDependency[DewarFilters]
) -> Paged[schemas.Dewar]:
    """Get a list of dewars"""
    return await reader.page(DEWARS, page, filters)


@post("/dewars", tags=["Dewars"], access=SHIPPING, errors=CREATING)
async def create_dewar(data: JSONBody[schemas.DewarCreate], write: NamedDependency[Write]) -> schemas.Dewar:
    """Create a dewar"""
    return await write(dewars.add, data)


@get("/dewars/{dewarId:str}", tags=["Dewars"], access=SHIPPING, errors={404: DEWARS.missing})
async def get_dewar(reader: NamedDependency[Reader], dewarId: Key) -> schemas.Dewar:
    """Get a dewar"""
    return await reader.get(DEWARS, dewarId)


@patch("/dewars/{dewarId:str}", tags=["Dewars"], access=SHIPPING, errors=UPDATING)
async def update_dewar(
    data: JSONBody[Patch[schemas.DewarCreateOptional]], write: NamedDependency[Write], dewarId: Key
) -> schemas.Dewar:
    """Update a dewar

    What is not sent keeps its value.
    """
    return await write(dewars.update, dewarId, data)


@get("/containers", tags=["Containers"], access=SHIPPING, dependencies=asked(ContainerFilters))
async def get_containers(
    reader: NamedDependency[Reader], page: NamedDependency[Page], filters: NamedDependency[ContainerFilters]
) -> Paged[schemas.Container]:
    """Get a list of containers"""
    return await reader.page(CONTAINERS, page, filters)


@post("/containers", tags=["Containers"], access=SHIPPING, errors=CREATING)
async def create_container(
    data: JSONBody[schemas.ContainerCreate], write: NamedDependency[Write]
) -> schemas.Container:
    """Create a container"""
    return await write(containers.add, data)


@get(
    "/containers/{containerId:str}",
    tags=["Containers"],
    access=SHIPPING,
    errors={404: CONTAINERS.missing},
)
async def get_container(reader: NamedDependency[Reader], containerId: Key) -> schemas.Container:
    """Get a container"""
    return await reader.get(CONTAINERS, containerId)


@patch("/containers/{containerId:str}", tags=["Containers"], access=SHIPPING, errors=UPDATING)
async def update_container(
    data: JSONBody[Patch[schemas.ContainerCreateOptional]], write: NamedDependency[Write], containerId: Key
) -> schemas.Container:
    """Update a container

    What is not sent keeps its value; another dewar moves it there.
    """
    return await write(containers.update, containerId, data)


handlers = [
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
