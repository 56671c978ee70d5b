"""Proposals and sessions, and who belongs to them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import product
from random import Random

from starbeam.demo import Row
from starbeam_demo.facility import BeamLine, Technique
from starbeam_demo.words import WORDS

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

HISTORY = timedelta(days=900)
"""How far back sessions reach."""
HORIZON = timedelta(days=90)
"""How far ahead sessions are planned."""
PERIOD = timedelta(days=730)
"""How long a proposal gets beam time."""
MORNING = timedelta(hours=9, minutes=30)
HANDOVER = timedelta(hours=22, minutes=30)
"""From a morning's start to the end of the last shift, at 8 on the next day."""
RUNNING = timedelta(hours=14)
"""How long the sessions that run now have been running."""


def proposals(rng: Random, code: str, count: int, persons: Sequence[Row], now: datetime) -> Iterator[Row]:
    """Rows of `Proposal` of one code, the oldest first: closed after two years, some cancelled."""
    halves = WORDS.titles[code]
    titles = [" ".join(parts) for parts in product(halves.beginnings, halves.ends)]
    ages = sorted((rng.randrange(10, 1400) for _ in range(count)), reverse=True)
    first = NUMBERS.get(code, 101)
    for number, title, age in zip(range(first, first + count), rng.sample(titles, count), ages, strict=True):
        began = midnight(now) - timedelta(days=age)
        state = "Closed" if began + PERIOD < now else "Cancelled" if rng.random() < 0.1 else "Open"
        yield proposal(rng, code, number, title, rng.choice(persons), began, state)


def proposal(
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


def team(rng: Random, proposal: Row, persons: Sequence[Row]) -> Iterator[Row]:
    """Rows of `ProposalHasPerson`: the proposer and a few more."""
    others = [row["personId"] for row in rng.sample(persons, rng.randint(3, 7))]
    for person_id in dict.fromkeys([proposal["personId"], *others]):
        leads = person_id == proposal["personId"]
        yield {
            "proposalId": proposal["proposalId"],
            "personId": person_id,
            "role": "Principal Investigator" if leads else "Co-Investigator",
        }


def sessions(
    rng: Random,
    beamline: BeamLine,
    proposals: Sequence[Row],
    setups: Sequence[Row],
    staff: Sequence[Row],
    now: datetime,
    taken: Iterable[Row] = (),
) -> Iterator[Row]:
    """Rows of `BLSession`: a beamline's calendar, without the stretches that are `taken`; most beamlines run
    now. Visit numbers are given by `number_visits`."""
    busy = [(row["startDate"], row["endDate"]) for row in taken]
    for start, end in _calendar(rng, beamline, now):
        if all(end <= since or start >= until for since, until in busy):
            granted = [row for row in proposals if _granted(row, start)]
            known = {row["proposalCode"] for row in granted}
            if codes := [code for code in CODES[beamline.technique] if code in known]:
                code = rng.choice(codes)
                chosen = rng.choice([row for row in granted if row["proposalCode"] == code])
                yield session(rng, chosen, beamline, start, end, setups, rng.choice(staff), now)


def session(
    rng: Random,
    proposal: Row,
    beamline: BeamLine,
    start: datetime,
    end: datetime,
    setups: Sequence[Row],
    operator: Row,
    now: datetime,
) -> Row:
    """A row of `BLSession`, without a visit number."""
    setup = [row for row in setups if row["beamlineName"] == beamline.name and row["setupDate"] <= start][-1]
    past = end < now
    return {
        "proposalId": proposal["proposalId"],
        "beamLineSetupId": setup["beamLineSetupId"],
        "startDate": start,
        "endDate": end,
        "beamLineName": beamline.name,
        "scheduled": int(rng.random() < 0.85),
        "nbShifts": 3 * ((end - start).days + 1),
        "comments": rng.choice(WORDS.comments) if past and rng.random() < 0.4 else None,
        "beamLineOperator": full_name(operator),
        "bltimeStamp": start - timedelta(days=40),
        "lastUpdate": min(end, now),
        "visit_number": None,
        "usedFlag": int(start < now),
        "externalId": rng.randbytes(16),
        "archived": int(now - end > timedelta(days=365)),
        "riskRating": rng.choice(("Low", "Low", "Medium")),
        "nbReimbDewars": rng.randrange(4),
        "projectCode": None,
        "sessionTitle": proposal["title"],
    }


def number_visits(rng: Random, sessions: Iterable[Row]) -> Iterator[Row]:
    """The sessions by time, with visit numbers that count within the proposal; a few stay without."""
    visits: Counter[int] = Counter()
    for row in sorted(sessions, key=lambda row: (row["startDate"], row["beamLineName"])):
        if row["visit_number"] is None and rng.random() > 0.02:
            visits[row["proposalId"]] += 1
            row = row | {"visit_number": visits[row["proposalId"]]}
        yield row


def participants(rng: Random, session: Row, team: Sequence[int], staff: Iterable[Row]) -> Iterator[Row]:
    """Rows of `Session_has_Person`: the local contact and some of the proposal's team, given by keys."""
    contact = next(row for row in staff if full_name(row) == session["beamLineOperator"])
    yield participant(session, contact["personId"], "Local Contact")
    present = rng.sample(team, rng.randint(min(2, len(team)), min(5, len(team))))
    for number, person_id in enumerate(row for row in present if row != contact["personId"]):
        role = "Team Leader" if number == 0 else rng.choice(("Co-Investigator", "Alternate Contact", None))
        yield participant(session, person_id, role, remote=rng.random() < 0.3)


def participant(session: Row, person_id: int, role: str | None, *, remote: bool = False) -> Row:
    """A row of `Session_has_Person`."""
    return {
        "sessionId": session["sessionId"],
        "personId": person_id,
        "role": role,
        "remote": int(remote),
    }


def technique_of(proposal: Row) -> Technique:
    """The technique that a proposal of this code asks for first."""
    return next(technique for technique, codes in CODES.items() if proposal["proposalCode"] in codes)


def full_name(person: Row) -> str:
    """Given and family name, as `beamLineOperator` holds them."""
    return f"{person['givenName']} {person['familyName']}"


def midnight(time: datetime) -> datetime:
    """The start of the day."""
    return time.replace(hour=0, minute=0, second=0, microsecond=0)


def _granted(proposal: Row, start: datetime) -> bool:
    cancelled: bool = proposal["state"] == "Cancelled"
    return not cancelled and proposal["startDate"] <= start < proposal["endDate"]


def _calendar(rng: Random, beamline: BeamLine, now: datetime) -> Iterator[tuple[datetime, datetime]]:
    """When sessions start and end: one to three days each, some free days between them; one runs now, except
    on a beamline that is archived, where the last ended a year ago."""
    day = midnight(now) - HISTORY
    last = now - timedelta(days=365) if beamline.archived else now - 2 * RUNNING
    running = beamline.archived
    while day < now + HORIZON:
        end = day + timedelta(days=rng.randrange(3)) + MORNING + HANDOVER
        if end <= last:
            yield day + MORNING, end
        elif beamline.archived:
            return
        elif not running:
            running = True
            yield now - RUNNING, now + timedelta(hours=10)
            day = midnight(now) + timedelta(days=1)
            end = day + timedelta(days=rng.randint(1, 4))
        else:
            yield day + MORNING, end
        day = midnight(end) + timedelta(days=rng.randint(6, 26))
