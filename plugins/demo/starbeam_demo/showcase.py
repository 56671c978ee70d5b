"""The proposal mx1001, whose every number is known: what it is, is said in `starbeam_demo`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from starbeam.demo import Row
from starbeam_demo import accounts, proposals
from starbeam_demo.facility import BEAMLINES

CODE, NUMBER = "mx", 1001
TITLE = "Substrate recognition by bacterial ABC transporters"
MEMBERS = (accounts.INVESTIGATOR.login, accounts.MEMBER.login)


@dataclass(frozen=True)
class Visit:
    """A session of the proposal."""

    number: int
    beamline: str
    days: int | None
    """How many days from today it starts; None: it runs now."""
    participants: tuple[tuple[str, str, bool], ...]
    """Login, role and whether remote, besides the local contact."""
    groups: int
    twice: int
    """How many of the groups have two data collections instead of one."""


_LEADER = (accounts.INVESTIGATOR.login, "Team Leader", False)
VISITS = (
    Visit(1, "ID14-1", -45, (_LEADER, (accounts.REMOTE.login, "Co-Investigator", True)), 12, 3),
    Visit(2, "ID27-1", None, (_LEADER,), 6, 2),
    Visit(3, "ID14-1", 12, (_LEADER,), 0, 0),
)


def proposal(rng: Random, people: Mapping[str, Row], now: datetime) -> Row:
    """The row of `Proposal`."""
    began = proposals.midnight(now) - timedelta(days=100)
    proposer = people[accounts.INVESTIGATOR.login]
    return proposals.proposal(rng, CODE, NUMBER, TITLE, proposer, began, "Open")


def team(proposal: Row, people: Mapping[str, Row]) -> Iterator[Row]:
    """The rows of `ProposalHasPerson`."""
    for login, role in zip(MEMBERS, ("Principal Investigator", "Co-Investigator"), strict=True):
        yield {
            "proposalId": proposal["proposalId"],
            "personId": people[login]["personId"],
            "role": role,
        }


def sessions(
    rng: Random, proposal: Row, setups: Sequence[Row], people: Mapping[str, Row], now: datetime
) -> Iterator[Row]:
    """The rows of `BLSession`, with their visit numbers."""
    for visit in VISITS:
        start = now - proposals.RUNNING
        end = now + timedelta(hours=10)
        if visit.days is not None:
            start = proposals.midnight(now) + timedelta(days=visit.days) + proposals.MORNING
            end = start + timedelta(days=1) + proposals.HANDOVER
        beamline = next(line for line in BEAMLINES if line.name == visit.beamline)
        operator = people[accounts.MX_STAFF.login]
        row = proposals.session(rng, proposal, beamline, start, end, setups, operator, now)
        yield row | {"visit_number": visit.number, "scheduled": 1, "nbReimbDewars": 2}


def participants(session: Row, people: Mapping[str, Row]) -> Iterator[Row]:
    """The rows of `Session_has_Person` of one of its sessions."""
    contact = people[accounts.MX_STAFF.login]
    yield proposals.participant(session, contact["personId"], "Local Contact")
    for login, role, remote in visit(session).participants:
        yield proposals.participant(session, people[login]["personId"], role, remote=remote)


def visit(session: Row) -> Visit:
    """What is known of one of its sessions."""
    return VISITS[session["visit_number"] - 1]
