"""The generators put together: each step adds rows to the world and leaves them for the next."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import chain, count
from pathlib import Path
from typing import TypeAlias

from starbeam.db.models import (
    AdminVar,
    Laboratory,
    Permission,
    Person,
    UserGroup,
    UserGroup_has_Permission,
    UserGroup_has_Person,
)
from starbeam.demo import DemoWorld, Row
from starbeam_ispyb import models as m
from starbeam_ispyb.demo import accounts, people, showcase
from starbeam_ispyb.demo import collections as measuring
from starbeam_ispyb.demo import facility as sites
from starbeam_ispyb.demo import proposals as granting
from starbeam_ispyb.demo import samples as studying
from starbeam_ispyb.demo import shipments as shipping
from starbeam_ispyb.demo.facility import BeamLine

STAFF = 18
"""How many people work at the facility, besides those with an account."""
USERS = 130
CONTACTS = 12
"""People without a login: their address is known, and no more."""
SHIPPED = 0.8
"""To how many of the sessions samples are sent; to the others they are carried, and nobody registers them."""
FREQUENT = 0.15
"""In how many of the MX beamlines' sessions the much travelled investigator takes part."""
SCANNED = 0.4
"""How many of the groups that need an edge have an energy scan."""

Purpose: TypeAlias = tuple[Row, Row | None]
"""A proposal, and the session that something is sent for."""


async def facility(world: DemoWorld) -> None:
    """Beamlines, laboratories, people and what they may do."""
    rng, now, made = world.random, world.now, world.made
    made["beamlines"] = {beamline.name: beamline for beamline in sites.BEAMLINES}
    made["accounts"] = [[one.login, one.description] for one in accounts.ACCOUNTS if one.shown]
    await world.add(AdminVar, sites.options(sites.BEAMLINES))
    since = now - granting.HISTORY - sites.HALF_YEAR
    setups = chain.from_iterable(sites.setups(rng, line, since, now) for line in sites.BEAMLINES)
    made["setups"] = await world.add(m.BeamLineSetup, setups)
    made["laboratories"] = await world.add(Laboratory, people.laboratories(rng, now))
    made["persons"] = await world.add(Person, _people(world))
    await _permissions(world)


def _people(world: DemoWorld) -> Iterator[Row]:
    """Those with an account first, then staff, then users, then contacts without a login."""
    rng, now = world.random, world.now
    own, *others = world.made["laboratories"]
    for one in accounts.ACCOUNTS:
        home = own if one in accounts.EMPLOYED else others[0]
        yield people.person(rng, one.given_name, one.family_name, home, now, one.login)
    taken = {one.login for one in accounts.ACCOUNTS}
    for number, laboratories in ((STAFF, [own]), (USERS, others)):
        for row in people.people(rng, number, laboratories, now, taken):
            taken.add(row["login"])
            yield row
    yield from (row | {"login": None} for row in people.people(rng, CONTACTS, others, now))


async def _permissions(world: DemoWorld) -> None:
    logins = defaultdict(list)
    for one in accounts.ACCOUNTS:
        for group in one.groups:
            logins[group].append(one.login)
    permissions = await world.add(Permission, people.permissions())
    groups = await world.add(UserGroup, people.groups())
    await world.add(UserGroup_has_Permission, people.grants(groups, permissions))
    await world.add(UserGroup_has_Person, people.members(groups, logins, world.made["persons"]))


async def proposals(world: DemoWorld) -> None:
    """Proposals and sessions, and who belongs to them."""
    rng, now, made = world.random, world.now, world.made
    known = {row["login"]: row for row in made["persons"] if row["login"]}
    users = _users(world)
    rows = [showcase.proposal(rng, known, now)]
    for code, number in granting.COUNTS.items():
        rows += granting.proposals(rng, code, number, users, now)
    special, *others = made["proposals"] = await world.add(m.Proposal, rows)
    teams = chain.from_iterable(granting.team(rng, row, users) for row in others)
    made["team"] = await world.add(m.ProposalHasPerson, chain(showcase.team(special, known), teams))
    made["sessions"] = await world.add(m.BLSession, _sessions(world, special, others, known))
    made["participants"] = await world.add(m.Session_has_Person, _participants(world, known))


def _users(world: DemoWorld) -> list[Row]:
    """Those who write proposals."""
    first = len(accounts.ACCOUNTS) + STAFF
    users: list[Row] = world.made["persons"][first : first + USERS]
    return users


def _staff(world: DemoWorld) -> dict[sites.Technique, list[Row]]:
    """The local contacts of each technique: the one with an account, and a part of the others."""
    persons = world.made["persons"]
    known = {row["login"]: row for row in persons[: len(accounts.ACCOUNTS)]}
    others = persons[len(accounts.ACCOUNTS) :][:STAFF]
    return {
        technique: [known[account.login], *others[number :: len(accounts.BEAMLINE_STAFF)]]
        for number, (technique, account) in enumerate(accounts.BEAMLINE_STAFF.items())
    }


def _sessions(world: DemoWorld, special: Row, others: list[Row], known: dict[str, Row]) -> Iterator[Row]:
    rng, now, setups = world.random, world.now, world.made["setups"]
    staff = _staff(world)
    first = list(showcase.sessions(rng, special, setups, known, now))
    rows = list(first)
    for line in sites.BEAMLINES:
        taken = [row for row in first if row["beamLineName"] == line.name]
        rows += granting.sessions(rng, line, others, setups, staff[line.technique], now, taken)
    return granting.number_visits(rng, rows)


def _participants(world: DemoWorld, known: dict[str, Row]) -> Iterator[Row]:
    rng, staff = world.random, _staff(world)
    teams = _grouped(world.made["team"], "proposalId")
    traveller = known[accounts.INVESTIGATOR.login]["personId"]
    for session in world.made["sessions"]:
        if _is_showcase(world, session):
            yield from showcase.participants(session, known)
            continue
        team = [row["personId"] for row in teams[session["proposalId"]]]
        technique = _beamline(world, session).technique
        yield from granting.participants(rng, session, team, staff[technique])
        if technique == "mx" and rng.random() < FREQUENT:
            yield granting.participant(session, traveller, "Co-Investigator")


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
    sessions = _grouped(world.made["sessions"], "proposalId")
    for proposal in world.made["proposals"]:
        used = [_beamline(world, row).technique for row in sessions[proposal["proposalId"]]]
        technique = used[-1] if used else granting.technique_of(proposal)
        yield from studying.proteins(world.random, proposal, technique)


def _purposes(world: DemoWorld) -> Iterator[Purpose]:
    """What shipments are for: sessions of each proposal; without any, one that is not planned yet."""
    sessions = _grouped(world.made["sessions"], "proposalId")
    for proposal in world.made["proposals"]:
        planned = sessions[proposal["proposalId"]]
        if not planned:
            yield proposal, None
        for session in planned:
            if _is_showcase(world, session) or world.random.random() < SHIPPED:
                yield proposal, session


def _shippings(world: DemoWorld, purposes: Iterable[Purpose]) -> Iterator[Row]:
    contacts = _grouped(world.made["labcontacts"], "proposalId")
    for proposal, session in purposes:
        cards = contacts[proposal["proposalId"]]
        yield shipping.shipping(world.random, proposal, session, cards, world.now)


def _dewars(world: DemoWorld, purposes: Iterable[Purpose]) -> Iterator[Row]:
    for row, (_, session) in zip(world.made["shippings"], purposes, strict=True):
        line = _beamline(world, session) if session else None
        yield from shipping.dewars(world.random, row, session, line, world.now)


def _containers(world: DemoWorld) -> Iterator[Row]:
    shipments = {row["shippingId"]: row for row in world.made["shippings"]}
    proposals = {row["proposalId"]: row for row in world.made["proposals"]}
    sessions = {row["sessionId"]: row for row in world.made["sessions"]}
    places: defaultdict[str, Iterator[int]] = defaultdict(lambda: count(1))
    for dewar in world.made["dewars"]:
        proposal = proposals[shipments[dewar["shippingId"]]["proposalId"]]
        session = sessions.get(dewar["firstExperimentId"])
        line = _beamline(world, session) if session else None
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


async def collections(world: DemoWorld) -> None:
    """What was measured in the sessions that are past or run now, and what else happened."""
    made = world.made
    made["folders"] = {row["sessionId"]: _folder(world, row) for row in made["sessions"]}
    made["groups"] = await world.add(m.DataCollectionGroup, await _with_workflows(world))
    made["collections"] = await world.add(m.DataCollection, _collections(world))
    await world.add(m.RobotAction, _robot_actions(world))
    await world.add(m.EnergyScan, _energy_scans(world))
    await world.add(m.XFEFluorescenceSpectrum, _spectra(world))


def _folder(world: DemoWorld, session: Row) -> Path:
    """Where the files of a session are: by proposal, beamline and day."""
    proposal = world.made["proposals"][session["proposalId"] - 1]
    name = proposal["proposalCode"] + proposal["proposalNumber"]
    folder: Path = world.files / name / session["beamLineName"] / f"{session['startDate']:%Y%m%d}"
    return folder


def _groups(world: DemoWorld) -> Iterator[Row]:
    sessions = {row["containerId"]: row["sessionId"] for row in world.made["containers"]}
    samples = defaultdict(list)
    for row in world.made["samples"]:
        samples[sessions[row["containerId"]]].append(row)
    for session in world.made["sessions"]:
        if session["startDate"] < world.now:
            known = showcase.visit(session).groups if _is_showcase(world, session) else None
            line, own = _beamline(world, session), samples[session["sessionId"]]
            yield from measuring.groups(world.random, session, line, own, world.now, known)


async def _with_workflows(world: DemoWorld) -> list[Row]:
    """The groups, those that are a mesh with the workflow that measured it."""
    groups, folders = list(_groups(world)), world.made["folders"]
    meshes = [group for group in groups if group["experimentType"] == "Mesh"]
    rows = (measuring.workflow(group, folders[group["sessionId"]]) for group in meshes)
    world.made["workflows"] = await world.add(m.Workflow, rows)
    for group in groups:
        group["workflowId"] = None
    for group, workflow in zip(meshes, world.made["workflows"], strict=True):
        group["workflowId"] = workflow["workflowId"]
    return groups


def _collections(world: DemoWorld) -> Iterator[Row]:
    places: Counter[int] = Counter()
    for group, session in _with_sessions(world):
        places[session["sessionId"]] += 1
        number = world.random.choice((1, 1, 1, 2))
        if _is_showcase(world, session):
            number = 1 + (places[session["sessionId"]] <= showcase.visit(session).twice)
        folder = world.made["folders"][session["sessionId"]]
        yield from measuring.collections(world.random, group, _beamline(world, session), folder, number)


def _robot_actions(world: DemoWorld) -> Iterator[Row]:
    for group, session in _with_sessions(world):
        if _beamline(world, session).sample_changer:
            yield from measuring.robot_actions(world.random, group)


def _energy_scans(world: DemoWorld) -> Iterator[Row]:
    for group, session in _with_sessions(world):
        if group["experimentType"] in ("MAD", "SAD") and world.random.random() < SCANNED:
            folder = world.made["folders"][session["sessionId"]]
            yield measuring.energy_scan(world.random, group, _beamline(world, session), folder)


def _spectra(world: DemoWorld) -> Iterator[Row]:
    often = {"mx": 0.04, "spectroscopy": 0.5, "em": 0.0}
    for group, session in _with_sessions(world):
        line = _beamline(world, session)
        if world.random.random() < often[line.technique]:
            yield measuring.spectrum(world.random, group, line, world.made["folders"][session["sessionId"]])


def _with_sessions(world: DemoWorld) -> Iterator[tuple[Row, Row]]:
    """Each data collection group with its session."""
    sessions = {row["sessionId"]: row for row in world.made["sessions"]}
    for group in world.made["groups"]:
        yield group, sessions[group["sessionId"]]


def _is_showcase(world: DemoWorld, session: Row) -> bool:
    """Whether a session is one of mx1001."""
    first: int = world.made["proposals"][0]["proposalId"]
    return bool(session["proposalId"] == first)


def _beamline(world: DemoWorld, session: Row) -> BeamLine:
    found: BeamLine = world.made["beamlines"][session["beamLineName"]]
    return found


def _grouped(rows: Iterable[Row], name: str) -> dict[int, list[Row]]:
    """The rows by the value of an attribute; none for a value that no row has."""
    grouped = defaultdict(list)
    for row in rows:
        grouped[row[name]].append(row)
    return grouped
