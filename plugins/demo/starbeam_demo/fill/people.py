"""Beamlines, people, proposals and sessions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import chain

from starbeam.db.models import (
    AdminVar,
    Laboratory,
    Permission,
    Person,
    UserGroup,
    UserGroup_has_Permission,
    UserGroup_has_Person,
)
from starbeam.demo import Row
from starbeam_demo import accounts, people, showcase
from starbeam_demo import facility as sites
from starbeam_demo import proposals as granting
from starbeam_demo.world import World, grouped
from starbeam_ispyb import models as m
from starbeam_proposals.models import SessionType

STAFF = 18
"""How many people work at the facility, besides those with an account."""
USERS = 130
CONTACTS = 12
"""People without a login: their address is known, and no more."""
TYPES = ("remote", "mail-in", "in-person", "training")
"""Of sessions, by how they come about."""
FREQUENT = 0.15
"""In how many of the MX beamlines' sessions the much travelled investigator takes part."""


async def facility(world: World) -> None:
    """Beamlines, laboratories, people and what they may do."""
    rng, now = world.random, world.now
    world.beamlines = {beamline.name: beamline for beamline in sites.BEAMLINES}
    await world.add(AdminVar, sites.options(sites.BEAMLINES))
    since = now - granting.HISTORY - sites.HALF_YEAR
    setups = chain.from_iterable(sites.setups(rng, line, since, now) for line in sites.BEAMLINES)
    world.setups = await world.add(m.BeamLineSetup, setups)
    world.laboratories = await world.add(Laboratory, people.laboratories(rng, now))
    world.persons = await world.add(Person, _people(world))
    await _permissions(world)


def _people(world: World) -> Iterator[Row]:
    """Those with an account first, then staff, then users, then contacts without a login."""
    rng, now = world.random, world.now
    own, *others = world.laboratories
    for one in accounts.ACCOUNTS:
        home = own if one in accounts.EMPLOYED else others[0]
        yield people.person(rng, one.given_name, one.family_name, home, now, one.login)
    taken = {one.login for one in accounts.ACCOUNTS}
    for number, laboratories in ((STAFF, [own]), (USERS, others)):
        for row in people.people(rng, number, laboratories, now, taken):
            taken.add(row["login"])
            yield row
    yield from (row | {"login": None} for row in people.people(rng, CONTACTS, others, now))


async def _permissions(world: World) -> None:
    logins = defaultdict(list)
    for one in accounts.ACCOUNTS:
        for group in one.groups:
            logins[group].append(one.login)
    permissions = await world.add(Permission, people.permissions())
    groups = await world.add(UserGroup, people.groups())
    await world.add(UserGroup_has_Permission, people.grants(groups, permissions))
    await world.add(UserGroup_has_Person, people.members(groups, logins, world.persons))


async def proposals(world: World) -> None:
    """Proposals and sessions, and who belongs to them."""
    rng, now = world.random, world.now
    known = {row["login"]: row for row in world.persons if row["login"]}
    users = _users(world)
    rows = [showcase.proposal(rng, known, now)]
    for code, number in granting.COUNTS.items():
        rows += granting.proposals(rng, code, number, users, now)
    special, *others = world.proposals = await world.add(m.Proposal, rows)
    teams = chain.from_iterable(granting.team(rng, row, users) for row in others)
    world.team = await world.add(m.ProposalHasPerson, chain(showcase.team(special, known), teams))
    world.sessions = await world.add(m.BLSession, _sessions(world, special, others, known))
    await world.add(m.Session_has_Person, _participants(world, known))
    await world.add(SessionType, _types(world))


def _users(world: World) -> list[Row]:
    """Those who write proposals."""
    first = len(accounts.ACCOUNTS) + STAFF
    users: list[Row] = world.persons[first : first + USERS]
    return users


def _staff(world: World) -> dict[sites.Technique, list[Row]]:
    """The local contacts of each technique: the one with an account, and a part of the others."""
    persons = world.persons
    known = {row["login"]: row for row in persons[: len(accounts.ACCOUNTS)]}
    others = persons[len(accounts.ACCOUNTS) :][:STAFF]
    return {
        technique: [known[account.login], *others[number :: len(accounts.BEAMLINE_STAFF)]]
        for number, (technique, account) in enumerate(accounts.BEAMLINE_STAFF.items())
    }


def _sessions(world: World, special: Row, others: list[Row], known: dict[str, Row]) -> Iterator[Row]:
    rng, now, setups = world.random, world.now, world.setups
    staff = _staff(world)
    first = list(showcase.sessions(rng, special, setups, known, now))
    rows = list(first)
    for line in sites.BEAMLINES:
        taken = [row for row in first if row["beamLineName"] == line.name]
        rows += granting.sessions(rng, line, others, setups, staff[line.technique], now, taken)
    return granting.number_visits(rng, rows)


def _participants(world: World, known: dict[str, Row]) -> Iterator[Row]:
    rng, staff = world.random, _staff(world)
    teams = grouped(world.team, "proposalId")
    traveller = known[accounts.INVESTIGATOR.login]["personId"]
    for session in world.sessions:
        if world.is_showcase(session):
            yield from showcase.participants(session, known)
            continue
        team = [row["personId"] for row in teams[session["proposalId"]]]
        technique = world.beamline_of(session).technique
        yield from granting.participants(rng, session, team, staff[technique])
        if technique == "mx" and rng.random() < FREQUENT:
            yield granting.participant(session, traveller, "Co-Investigator")


def _types(world: World) -> Iterator[Row]:
    """One or none of a session."""
    codes = {row["proposalId"]: row["proposalCode"] for row in world.proposals}
    for session in world.sessions:
        commissions = codes[session["proposalId"]] == "cm"
        if commissions or world.random.random() < 0.7:
            name = "commissioning" if commissions else world.random.choice(TYPES)
            yield {"sessionId": session["sessionId"], "typeName": name}
