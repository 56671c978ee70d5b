"""What is sent to the facility: lab contacts, shipments, dewars and containers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import TypeAlias

from starbeam.api.demo import Row
from starbeam_demo.facility import BeamLine, Technique
from starbeam_demo.rows.proposals import technique_of
from starbeam_demo.world import World, grouped
from starbeam_ispyb import models as m

COURIERS = ("DHL", "FedEx", "UPS", "TNT")

CONTAINERS: dict[Technique, tuple[tuple[str, int], ...]] = {
    "mx": (("Unipuck", 16), ("SpinePlus", 10)),
    "spectroscopy": (("Box", 25),),
    "em": (("Grid box", 4),),
}
"""Types and capacities of the containers that each technique uses."""


@dataclass(frozen=True)
class Status:
    """How far a shipment is: the status of the shipment, its dewars and their containers."""

    shipping: str
    dewar: str
    container: str


OPENED = Status("opened", "opened", "opened")
SENT = Status("sent to facility", "sent to facility", "in transit")
PROCESSING = Status("at facility", "processing", "processing")
RETURNED = Status("sent to user", "sent to user", "returned")


SHIPPED = 0.8
"""To how many of the sessions samples are sent; to the others they are carried, and nobody registers them."""
Purpose: TypeAlias = tuple[Row, Row | None]
"""A proposal, and the session that something is sent for."""


async def fill(world: World) -> None:
    """What each proposal sends: contacts, shipments, dewars and containers."""
    world.labcontacts = await world.add(m.LabContact, _contacts(world))
    purposes = list(_purposes(world))
    world.shippings = await world.add(m.Shipping, _shippings(world, purposes))
    world.dewars = await world.add(m.Dewar, _dewars_of_all(world, purposes))
    world.containers = await world.add(m.Container, _containers_of_all(world))


def _contacts(world: World) -> Iterator[Row]:
    """Two cards of each proposal: its proposer's, and that of somebody without a login."""
    persons = {row["personId"]: row for row in world.persons}
    strangers = [row for row in persons.values() if row["login"] is None]
    for proposal in world.proposals:
        cards = [persons[proposal["personId"]], world.random.choice(strangers)]
        yield from _lab_contacts(world.random, proposal, cards)


def _purposes(world: World) -> Iterator[Purpose]:
    """What shipments are for: sessions of each proposal; without any, one that is not planned yet."""
    sessions = grouped(world.sessions, "proposalId")
    for proposal in world.proposals:
        planned = sessions[proposal["proposalId"]]
        if not planned:
            yield proposal, None
        for session in planned:
            if world.is_showcase(session) or world.random.random() < SHIPPED:
                yield proposal, session


def _shippings(world: World, purposes: Iterable[Purpose]) -> Iterator[Row]:
    contacts = grouped(world.labcontacts, "proposalId")
    for proposal, session in purposes:
        cards = contacts[proposal["proposalId"]]
        yield _shipping(world.random, proposal, session, cards, world.now)


def _dewars_of_all(world: World, purposes: Iterable[Purpose]) -> Iterator[Row]:
    for row, (_, session) in zip(world.shippings, purposes, strict=True):
        line = world.line_of(session) if session else None
        yield from _dewars(world.random, row, session, line, world.now)


def _containers_of_all(world: World) -> Iterator[Row]:
    shipments = {row["shippingId"]: row for row in world.shippings}
    proposals = {row["proposalId"]: row for row in world.proposals}
    sessions = {row["sessionId"]: row for row in world.sessions}
    places: defaultdict[str, Iterator[int]] = defaultdict(lambda: count(1))
    for dewar in world.dewars:
        proposal = proposals[shipments[dewar["shippingId"]]["proposalId"]]
        session = sessions.get(dewar["firstExperimentId"])
        line = world.line_of(session) if session else None
        technique = line.technique if line else technique_of(proposal)
        free = places[line.name if line else ""]
        yield from _containers(world.random, dewar, line, technique, proposal["personId"], free)


def _status(session: Row | None, now: datetime) -> Status:
    """How far the shipment for a session is."""
    if session is None or session["startDate"] > now + timedelta(days=14):
        return OPENED
    if session["startDate"] > now:
        return SENT
    return PROCESSING if session["endDate"] >= now else RETURNED


def _lab_contacts(rng: Random, proposal: Row, persons: Sequence[Row]) -> Iterator[Row]:
    """Rows of `LabContact`: an address card of the proposal for each of these persons."""
    name = proposal["proposalCode"] + proposal["proposalNumber"]
    for number, person in enumerate(persons, 1):
        yield {
            "proposalId": proposal["proposalId"],
            "personId": person["personId"],
            "cardName": f"{person['familyName']}-{name}-{number}",
            "defaultCourrierCompany": rng.choice(COURIERS),
            "courierAccount": str(rng.randrange(100_000_000, 999_999_999)),
            "billingReference": f"PO-{rng.randrange(1000, 9999)}",
            "dewarAvgCustomsValue": 50 * rng.randint(1, 10),
            "dewarAvgTransportValue": 100 * rng.randint(5, 20),
            "recordTimeStamp": proposal["bltimeStamp"] + timedelta(days=3),
        }


def _shipping(rng: Random, proposal: Row, session: Row | None, contacts: Sequence[Row], now: datetime) -> Row:
    """A row of `Shipping`: for a session, or in preparation."""
    sent = (session["startDate"] if session else now + timedelta(days=60)) - timedelta(days=7)
    created = min(sent - timedelta(days=5), now - timedelta(days=1))
    on_the_way = sent < now
    back = session["endDate"] + timedelta(days=5) if session and session["endDate"] < now else None
    name = proposal["proposalCode"] + proposal["proposalNumber"]
    visit = session["visit_number"] if session else None
    return {
        "proposalId": proposal["proposalId"],
        "shippingName": f"{name}-{visit}" if visit else f"{name}_{created:%Y%m%d}",
        "shippingType": "DewarTracking",
        "shippingStatus": _status(session, now).shipping,
        "creationDate": created,
        "bltimeStamp": created,
        "comments": rng.choice((None, "Fragile", "Refill on arrival", "Keep upright")),
        "sendingLabContactId": contacts[0]["labContactId"],
        "returnLabContactId": contacts[-1]["labContactId"],
        "returnCourier": rng.choice(COURIERS),
        "safetyLevel": rng.choice(("GREEN", "GREEN", "GREEN", "YELLOW", "RED")),
        "isStorageShipping": 0,
        "deliveryAgent_agentName": rng.choice(COURIERS) if on_the_way else None,
        "deliveryAgent_agentCode": contacts[0]["courierAccount"] if on_the_way else None,
        "deliveryAgent_shippingDate": sent.date() if on_the_way else None,
        "deliveryAgent_deliveryDate": (sent + timedelta(days=2)).date() if on_the_way else None,
        "deliveryAgent_flightCode": f"{rng.randrange(10**9, 10**10)}" if on_the_way else None,
        "dateOfShippingToUser": back,
    }


def _dewars(
    rng: Random, shipping: Row, session: Row | None, beamline: BeamLine | None, now: datetime
) -> Iterator[Row]:
    """Rows of `Dewar`: one or two of a shipment."""
    state = _status(session, now)
    for number in range(1, rng.choice((2, 2, 2, 3))):
        here = state in (PROCESSING, RETURNED)
        yield {
            "shippingId": shipping["shippingId"],
            "code": f"SB-{shipping['shippingId']:04d}-{number}",
            "barCode": f"SB{shipping['shippingId']:06d}{number}",
            "comments": rng.choice((None, None, "Dented, but cold")),
            "dewarStatus": state.dewar,
            "storageLocation": _storage(rng, state, beamline),
            "bltimeStamp": shipping["creationDate"],
            "isStorageDewar": 0,
            "firstExperimentId": session["sessionId"] if session else None,
            "customsValue": 50 * rng.randint(1, 10),
            "transportValue": 100 * rng.randint(5, 20),
            "trackingNumberToSynchrotron": shipping["deliveryAgent_flightCode"],
            "trackingNumberFromSynchrotron": f"{rng.randrange(10**9, 10**10)}" if state is RETURNED else None,
            "facilityCode": f"FC-{shipping['shippingId']:05d}" if here else None,
            "type": "Dewar",
            "weight": round(rng.uniform(6, 14), 1),
            "isReimbursed": int(rng.random() < 0.2),
        }


def _containers(
    rng: Random,
    dewar: Row,
    beamline: BeamLine | None,
    technique: Technique,
    owner: int,
    places: Iterator[int],
) -> Iterator[Row]:
    """Rows of `Container`: one to three of a dewar; in the next of `places` on the sample changer while it
    is processed."""
    mounted = dewar["dewarStatus"] == PROCESSING.dewar and beamline is not None and beamline.sample_changer
    states = {state.dewar: state.container for state in (OPENED, SENT, PROCESSING, RETURNED)}
    for number in range(1, rng.randint(2, 4)):
        kind, capacity = rng.choice(CONTAINERS[technique])
        place = next(places, None) if mounted else None
        yield {
            "dewarId": dewar["dewarId"],
            "code": f"{kind[:2].upper()}-{dewar['dewarId']:04d}-{number}",
            "barcode": f"CB{dewar['dewarId']:06d}{number}",
            "containerType": kind,
            "capacity": capacity,
            "containerStatus": states[dewar["dewarStatus"]],
            "beamlineLocation": beamline.name if mounted and beamline else None,
            "sampleChangerLocation": str(place) if place else None,
            "bltimeStamp": dewar["bltimeStamp"],
            "sessionId": dewar["firstExperimentId"],
            "ownerId": owner,
            "comments": rng.choice((None, None, None, "Refrozen")),
            "experimentType": rng.choice(("robot", "manual")) if technique == "mx" else None,
            "storageTemperature": None if technique == "spectroscopy" else -196.0,
        }


def _storage(rng: Random, state: Status, beamline: BeamLine | None) -> str | None:
    if state is PROCESSING and beamline:
        return beamline.name
    return f"RACK-{rng.randint(1, 12)}" if state is RETURNED else None
