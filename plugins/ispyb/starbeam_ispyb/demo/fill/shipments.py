"""What is sent: shipments and samples."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import chain, count
from typing import TypeAlias

from starbeam.demo import DemoWorld, Row
from starbeam_ispyb import models as m
from starbeam_ispyb.demo import proposals as granting
from starbeam_ispyb.demo import samples as studying
from starbeam_ispyb.demo import shipments as shipping
from starbeam_ispyb.demo.fill.made import beamline_of, grouped, is_showcase

SHIPPED = 0.8
"""To how many of the sessions samples are sent; to the others they are carried, and nobody registers them."""
Purpose: TypeAlias = tuple[Row, Row | None]
"""A proposal, and the session that something is sent for."""


async def shipments(world: DemoWorld) -> None:
    """What each proposal sends: contacts, components, shipments, dewars, containers and samples."""
    made = world.made
    made["labcontacts"] = await world.add(m.LabContact, _contacts(world))
    made["proteins"] = await world.add(m.Protein, _proteins(world))
    crystals = chain.from_iterable(studying.crystals(world.random, row) for row in made["proteins"])
    made["crystals"] = await world.add(m.Crystal, crystals)
    purposes = list(_purposes(world))
    made["shippings"] = await world.add(m.Shipping, _shippings(world, purposes))
    made["dewars"] = await world.add(m.Dewar, _dewars(world, purposes))
    made["containers"] = await world.add(m.Container, _containers(world))
    made["samples"] = await world.add(m.BLSample, _samples(world))


def _contacts(world: DemoWorld) -> Iterator[Row]:
    """Two cards of each proposal: its proposer's, and that of somebody without a login."""
    persons = {row["personId"]: row for row in world.made["persons"]}
    strangers = [row for row in persons.values() if row["login"] is None]
    for proposal in world.made["proposals"]:
        cards = [persons[proposal["personId"]], world.random.choice(strangers)]
        yield from shipping.lab_contacts(world.random, proposal, cards)


def _proteins(world: DemoWorld) -> Iterator[Row]:
    sessions = grouped(world.made["sessions"], "proposalId")
    for proposal in world.made["proposals"]:
        used = [beamline_of(world, row).technique for row in sessions[proposal["proposalId"]]]
        technique = used[-1] if used else granting.technique_of(proposal)
        yield from studying.proteins(world.random, proposal, technique)


def _purposes(world: DemoWorld) -> Iterator[Purpose]:
    """What shipments are for: sessions of each proposal; without any, one that is not planned yet."""
    sessions = grouped(world.made["sessions"], "proposalId")
    for proposal in world.made["proposals"]:
        planned = sessions[proposal["proposalId"]]
        if not planned:
            yield proposal, None
        for session in planned:
            if is_showcase(world, session) or world.random.random() < SHIPPED:
                yield proposal, session


def _shippings(world: DemoWorld, purposes: Iterable[Purpose]) -> Iterator[Row]:
    contacts = grouped(world.made["labcontacts"], "proposalId")
    for proposal, session in purposes:
        cards = contacts[proposal["proposalId"]]
        yield shipping.shipping(world.random, proposal, session, cards, world.now)


def _dewars(world: DemoWorld, purposes: Iterable[Purpose]) -> Iterator[Row]:
    for row, (_, session) in zip(world.made["shippings"], purposes, strict=True):
        line = beamline_of(world, session) if session else None
        yield from shipping.dewars(world.random, row, session, line, world.now)


def _containers(world: DemoWorld) -> Iterator[Row]:
    shipments = {row["shippingId"]: row for row in world.made["shippings"]}
    proposals = {row["proposalId"]: row for row in world.made["proposals"]}
    sessions = {row["sessionId"]: row for row in world.made["sessions"]}
    places: defaultdict[str, Iterator[int]] = defaultdict(lambda: count(1))
    for dewar in world.made["dewars"]:
        proposal = proposals[shipments[dewar["shippingId"]]["proposalId"]]
        session = sessions.get(dewar["firstExperimentId"])
        line = beamline_of(world, session) if session else None
        technique = line.technique if line else granting.technique_of(proposal)
        free = places[line.name if line else ""]
        yield from shipping.containers(world.random, dewar, line, technique, proposal["personId"], free)


def _samples(world: DemoWorld) -> Iterator[Row]:
    made = world.made
    acronyms = {row["proteinId"]: row["acronym"] for row in made["proteins"]}
    proposals = {row["proteinId"]: row["proposalId"] for row in made["proteins"]}
    crystals = defaultdict(list)
    for row in made["crystals"]:
        crystals[proposals[row["proteinId"]]].append(row)
    of_container = _proposal_of_container(world)
    for container in made["containers"]:
        own = crystals[of_container[container["containerId"]]]
        yield from studying.samples(world.random, container, own, acronyms)


def _proposal_of_container(world: DemoWorld) -> dict[int, int]:
    """The proposal of each container, by keys."""
    shipments = {row["shippingId"]: row["proposalId"] for row in world.made["shippings"]}
    dewars = {row["dewarId"]: shipments[row["shippingId"]] for row in world.made["dewars"]}
    return {row["containerId"]: dewars[row["dewarId"]] for row in world.made["containers"]}
