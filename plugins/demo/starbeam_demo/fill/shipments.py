"""What is sent: shipments and samples."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import chain, count
from typing import TypeAlias

from starbeam.demo import Row
from starbeam_demo import proposals as granting
from starbeam_demo import samples as studying
from starbeam_demo import shipments as shipping
from starbeam_demo.world import World, grouped
from starbeam_ispyb import models as m

SHIPPED = 0.8
"""To how many of the sessions samples are sent; to the others they are carried, and nobody registers them."""
Purpose: TypeAlias = tuple[Row, Row | None]
"""A proposal, and the session that something is sent for."""


async def shipments(world: World) -> None:
    """What each proposal sends: contacts, components, shipments, dewars, containers and samples."""
    world.labcontacts = await world.add(m.LabContact, _contacts(world))
    world.proteins = await world.add(m.Protein, _proteins(world))
    crystals = chain.from_iterable(studying.crystals(world.random, row) for row in world.proteins)
    world.crystals = await world.add(m.Crystal, crystals)
    purposes = list(_purposes(world))
    world.shippings = await world.add(m.Shipping, _shippings(world, purposes))
    world.dewars = await world.add(m.Dewar, _dewars(world, purposes))
    world.containers = await world.add(m.Container, _containers(world))
    world.samples = await world.add(m.BLSample, _samples(world))


def _contacts(world: World) -> Iterator[Row]:
    """Two cards of each proposal: its proposer's, and that of somebody without a login."""
    persons = {row["personId"]: row for row in world.persons}
    strangers = [row for row in persons.values() if row["login"] is None]
    for proposal in world.proposals:
        cards = [persons[proposal["personId"]], world.random.choice(strangers)]
        yield from shipping.lab_contacts(world.random, proposal, cards)


def _proteins(world: World) -> Iterator[Row]:
    sessions = grouped(world.sessions, "proposalId")
    for proposal in world.proposals:
        used = [world.beamline_of(row).technique for row in sessions[proposal["proposalId"]]]
        technique = used[-1] if used else granting.technique_of(proposal)
        yield from studying.proteins(world.random, proposal, technique)


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
        yield shipping.shipping(world.random, proposal, session, cards, world.now)


def _dewars(world: World, purposes: Iterable[Purpose]) -> Iterator[Row]:
    for row, (_, session) in zip(world.shippings, purposes, strict=True):
        line = world.beamline_of(session) if session else None
        yield from shipping.dewars(world.random, row, session, line, world.now)


def _containers(world: World) -> Iterator[Row]:
    shipments = {row["shippingId"]: row for row in world.shippings}
    proposals = {row["proposalId"]: row for row in world.proposals}
    sessions = {row["sessionId"]: row for row in world.sessions}
    places: defaultdict[str, Iterator[int]] = defaultdict(lambda: count(1))
    for dewar in world.dewars:
        proposal = proposals[shipments[dewar["shippingId"]]["proposalId"]]
        session = sessions.get(dewar["firstExperimentId"])
        line = world.beamline_of(session) if session else None
        technique = line.technique if line else granting.technique_of(proposal)
        free = places[line.name if line else ""]
        yield from shipping.containers(world.random, dewar, line, technique, proposal["personId"], free)


def _samples(world: World) -> Iterator[Row]:
    acronyms = {row["proteinId"]: row["acronym"] for row in world.proteins}
    proposals = {row["proteinId"]: row["proposalId"] for row in world.proteins}
    crystals = defaultdict(list)
    for row in world.crystals:
        crystals[proposals[row["proteinId"]]].append(row)
    of_container = _proposal_of_container(world)
    for container in world.containers:
        own = crystals[of_container[container["containerId"]]]
        yield from studying.samples(world.random, container, own, acronyms)


def _proposal_of_container(world: World) -> dict[int, int]:
    """The proposal of each container, by keys."""
    shipments = {row["shippingId"]: row["proposalId"] for row in world.shippings}
    dewars = {row["dewarId"]: shipments[row["shippingId"]] for row in world.dewars}
    return {row["containerId"]: dewars[row["dewarId"]] for row in world.containers}
