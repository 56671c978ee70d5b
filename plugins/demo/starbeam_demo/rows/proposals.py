"""Proposals, and who belongs to them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import chain, product
from random import Random

from starbeam.api.demo import Row
from starbeam_demo import accounts, showcase
from starbeam_demo.facility import Technique
from starbeam_demo.rows.people import STAFF, USERS
from starbeam_demo.words import WORDS
from starbeam_demo.world import World
from starbeam_ispyb import models as m

COUNTS = {"mx": 26, "bi": 8, "em": 12, "ev": 7, "hg": 6, "in": 6, "cm": 8}
"""How many proposals of each code there are."""
CODES: dict[Technique, tuple[str, ...]] = {
    "mx": ("mx", "mx", "mx", "bi", "in", "cm"),
    "spectroscopy": ("ev", "hg", "ev", "hg", "in", "cm"),
    "em": ("em", "em", "em", "bi", "in", "cm"),
}
"""The codes of the proposals that a technique's beamlines serve, the more frequent more often."""
NUMBERS = {"mx": 1002, "em": 301, "in": 77, "cm": 21}
"""The number of the first proposal of a code; 101 where it says none."""
PERIOD = timedelta(days=730)
"""How long a proposal gets beam time."""


async def fill(world: World) -> None:
    """mx1001 with its members, and the others with theirs."""
    rng, now = world.random, world.now
    first = len(accounts.ACCOUNTS) + STAFF
    users = world.persons[first : first + USERS]
    members = [row for row in world.persons if row["login"] in showcase.MEMBERS]
    began = midnight(now) - timedelta(days=100)
    rows = [_proposal(rng, showcase.CODE, showcase.NUMBER, showcase.TITLE, members[0], began, "Open")]
    for code, number in COUNTS.items():
        rows += _proposals(rng, code, number, users, now)
    special, *others = world.proposals = await world.add(m.Proposal, rows)
    teams = chain.from_iterable(_team(rng, row, users) for row in others)
    own = (_member(special, row["personId"]) for row in members)
    world.team = await world.add(m.ProposalHasPerson, chain(own, teams))


def _proposals(rng: Random, code: str, count: int, persons: Sequence[Row], now: datetime) -> Iterator[Row]:
    """Rows of `Proposal` of one code, the oldest first: closed after two years, some cancelled."""
    halves = WORDS.titles[code]
    titles = [" ".join(parts) for parts in product(halves.beginnings, halves.ends)]
    ages = sorted((rng.randrange(10, 1400) for _ in range(count)), reverse=True)
    first = NUMBERS.get(code, 101)
    for number, title, age in zip(range(first, first + count), rng.sample(titles, count), ages, strict=True):
        began = midnight(now) - timedelta(days=age)
        state = "Closed" if began + PERIOD < now else "Cancelled" if rng.random() < 0.1 else "Open"
        yield _proposal(rng, code, number, title, rng.choice(persons), began, state)


def _proposal(
    rng: Random, code: str, number: int, title: str, proposer: Row, began: datetime, state: str
) -> Row:
    """A row of `Proposal`."""
    return {
        "personId": proposer["personId"],
        "title": title,
        "proposalCode": code,
        "proposalNumber": str(number),
        "proposalType": code.upper(),
        "bltimeStamp": began,
        "externalId": rng.randbytes(16),
        "state": state,
        "startDate": began,
        "endDate": began + PERIOD,
    }


def _team(rng: Random, proposal: Row, persons: Sequence[Row]) -> Iterator[Row]:
    """Rows of `ProposalHasPerson`: the proposer and a few more."""
    others = [row["personId"] for row in rng.sample(persons, rng.randint(3, 7))]
    for person_id in dict.fromkeys([proposal["personId"], *others]):
        yield _member(proposal, person_id)


def _member(proposal: Row, person_id: int) -> Row:
    """A row of `ProposalHasPerson`."""
    leads = person_id == proposal["personId"]
    return {
        "proposalId": proposal["proposalId"],
        "personId": person_id,
        "role": "Principal Investigator" if leads else "Co-Investigator",
    }


def technique_of(proposal: Row) -> Technique:
    """The technique that a proposal of this code asks for first."""
    return next(technique for technique, codes in CODES.items() if proposal["proposalCode"] in codes)


def midnight(time: datetime) -> datetime:
    """The start of the day."""
    return time.replace(hour=0, minute=0, second=0, microsecond=0)
