"""The pages of shipments, dewars, containers and lab contacts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from starbeam.api import Missing, authenticated
from starbeam.api.database import Reader
from starbeam.api.http import always, asked
from starbeam.api.lists import Page
from starbeam.api.web import Asked, Finder, Pages, Part, Place, Show, Tab, form_pages
from starbeam_ispyb.queries import name_of_proposal
from starbeam_shipping.code128 import bars
from starbeam_shipping.forms import FORMS
from starbeam_shipping.queries.containers import (
    CONTAINERS,
    CONTENTS,
    ContainerFilters,
    ContentFilters,
    coded,
    shipment_of,
)
from starbeam_shipping.queries.dewars import DEWARS, DewarFilters
from starbeam_shipping.queries.labcontacts import LAB_CONTACTS, LabContactFilters
from starbeam_shipping.queries.labels import sessions_of
from starbeam_shipping.queries.progress import STEPS, of_dewars, of_shipments
from starbeam_shipping.queries.shippings import SHIPMENTS, SHIPPINGS, ShipmentFilters, ShippingFilters
from starbeam_shipping.schemas import DewarShipping, LabContact, Shipping
from starbeam_shipping.settings import ShippingSettings

FEW = Page(limit=5)
FOUND = Page(limit=10)
WITHIN = Page(limit=100)
"""More dewars than a shipment has, and containers than a dewar."""


@get("/shipments", access=authenticated, dependencies=asked(ShippingFilters))
async def list_shipments(
    reader: NamedDependency[Reader],
    page: NamedDependency[Page],
    filters: NamedDependency[ShippingFilters],
    show: NamedDependency[Show],
) -> Response[Any]:
    """All that the person may see, the newest first."""
    return show("shipping/shipments.html", head="", **await _shipments(reader, page, filters))


@get("/proposals/{name:str}/shipments", access=authenticated)
async def list_shipments_of_proposal(
    reader: NamedDependency[Reader],
    page: NamedDependency[Page],
    show: NamedDependency[Show],
    name: FromPath[str],
) -> Response[Any]:
    """The shipments of a proposal."""
    head = await show.head("proposal", reader, name)
    found = await _shipments(reader, page, ShippingFilters(proposal=name))
    return show("shipping/shipments.html", head=head, **found)


@get("/shipments/{key:int}", access=authenticated)
async def show_shipment(
    reader: NamedDependency[Reader], show: NamedDependency[Show], key: FromPath[int]
) -> Response[Any]:
    """A shipment: who sends it, what is in it, how far it is."""
    shipment = await reader.get(SHIPMENTS, key)
    dewars = await reader.page(DEWARS, WITHIN, DewarFilters(shippingId=key))
    return show(
        "shipping/shipment.html",
        shipment=shipment,
        progress=(await of_shipments(reader, [key]))[key],
        steps=STEPS,
        dewars=dewars,
        of_dewars=await of_dewars(reader, [one.dewarId for one in dewars.results]),
        containers=await reader.page(CONTENTS, WITHIN, ContentFilters(shippingId=key)),
        **await _contacts(reader, shipment),
    )


async def show_labels(
    reader: NamedDependency[Reader],
    show: NamedDependency[Show],
    settings: NamedDependency[ShippingSettings],
    key: FromPath[int],
) -> Response[Any]:
    """A label for each dewar and direction, to be printed."""
    shipment = await reader.get(SHIPPINGS, key)
    dewars = (await reader.page(DEWARS, WITHIN, DewarFilters(shippingId=key))).results
    containers = await reader.page(CONTENTS, WITHIN, ContentFilters(shippingId=key))
    codes: dict[int, list[str]] = {one.dewarId: [] for one in dewars}
    for one in containers.results:
        codes[one.dewarId].append(one.code or "without a name")
    return show(
        "shipping/labels.html",
        shipment=shipment,
        proposal=(await of_shipments(reader, [key]))[key].proposal,
        dewars=dewars,
        codes=codes,
        sessions=await sessions_of(reader, [one.dewarId for one in dewars]),
        **await _contacts(reader, shipment),
        settings=settings,
        bars=bars,
    )


async def _contacts(reader: Reader, shipment: Shipping) -> dict[str, Any]:
    """Who sends a shipment and gets it back, as far as the caller sees them. 2 statements."""
    return {
        "sender": await _contact(reader, shipment.sendingLabContactId),
        "receiver": await _contact(reader, shipment.returnLabContactId),
    }


async def _contact(reader: Reader, key: int | None) -> LabContact | None:
    try:
        return None if key is None else await reader.get(LAB_CONTACTS, key)
    except Missing:
        return None


@get("/dewars/{key:int}", access=authenticated)
async def show_dewar(
    reader: NamedDependency[Reader], show: NamedDependency[Show], key: FromPath[int]
) -> Response[Any]:
    """A dewar and its containers."""
    dewar = await reader.get(DEWARS, key)
    progress = await of_dewars(reader, [key])
    containers = await reader.page(CONTENTS, WITHIN, ContentFilters(dewarId=key))
    return show(
        "shipping/dewar.html",
        dewar=dewar,
        progress=progress[key],
        containers=containers,
        proposal=await _proposal(reader, dewar.Shipping),
    )


@get("/containers/{key:int}", access=authenticated)
async def show_container(
    reader: NamedDependency[Reader], show: NamedDependency[Show], key: FromPath[int]
) -> Response[Any]:
    """A container, and what plugins know of what it holds."""
    container = await reader.get(CONTAINERS, key)
    drawn = await show.parts("container", reader, key, container)
    return show(
        "shipping/container.html",
        container=container,
        drawn=drawn,
        proposal=await _proposal(reader, container.Dewar.Shipping),
        shipment=await reader.scalar(shipment_of(), key=container.dewarId),
    )


async def _proposal(reader: Reader, shipment: DewarShipping) -> str | None:
    """The name of the proposal whose shipment it is, if the caller sees it."""
    name: str | None = await reader.scalar(name_of_proposal(), key=shipment.proposalId)
    return name


@get("/contacts", access=authenticated, dependencies=asked(LabContactFilters))
async def list_contacts(
    reader: NamedDependency[Reader],
    page: NamedDependency[Page],
    filters: NamedDependency[LabContactFilters],
    show: NamedDependency[Show],
) -> Response[Any]:
    """All that the person may see."""
    return show("shipping/contacts.html", page=await reader.page(LAB_CONTACTS, page, filters))


@get("/contacts/{key:int}", access=authenticated)
async def show_contact(
    reader: NamedDependency[Reader], show: NamedDependency[Show], key: FromPath[int]
) -> Response[Any]:
    """An address card."""
    return show("shipping/contact.html", contact=await reader.get(LAB_CONTACTS, key))


async def _shipments(reader: Reader, page: Page, filters: ShippingFilters) -> dict[str, Any]:
    """Shipments, and how far they are: 3 statements."""
    found = await reader.page(SHIPMENTS, page, filters)
    return {"page": found, "progress": await of_shipments(reader, [one.shippingId for one in found.results])}


async def _on_their_way(reader: Reader, asked: Asked) -> Mapping[str, Any] | None:
    """Nothing where no shipment is under way."""
    found = await _shipments(reader, FEW, ShipmentFilters(moving=True))
    return found if found["page"].results else None


async def _find_containers(reader: Reader, text: str) -> Mapping[str, Any] | None:
    found = await reader.page(CONTAINERS, FOUND, ContainerFilters(search=text))
    return {"page": found} if found.results else None


async def _exactly(reader: Reader, text: str) -> str | None:
    found = await coded(reader, text)
    return None if found is None else f"/containers/{found}"


def pages(settings: ShippingSettings) -> Pages:
    """The pages, and their places in others."""
    return Pages(
        [
            list_shipments,
            list_shipments_of_proposal,
            show_shipment,
            show_dewar,
            show_container,
            get("/shipments/{key:int}/labels", access=authenticated, dependencies=always(settings=settings))(
                show_labels
            ),
            list_contacts,
            show_contact,
            *(handler for form in FORMS for handler in form_pages(form)),
        ],
        Path(__file__).with_name("templates"),
        places=[Place("Shipments", "/shipments", 400)],
        tabs=[Tab("proposal", "Shipments", "/proposals/{key}/shipments", 300)],
        finders=[Finder("shipping/found_containers.html", _find_containers, 400, _exactly)],
        parts=[Part("start", "shipping/on_their_way.html", _on_their_way, 400, narrow=True)],
    )
