"""Sessions, and who takes part in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from random import Random

from starbeam.api.demo import Row
from starbeam_demo import accounts, showcase
from starbeam_demo.facility import BEAMLINES, HISTORY, BeamLine, Technique
from starbeam_demo.rows.people import STAFF
from starbeam_demo.rows.proposals import CODES, midnight
from starbeam_demo.words import WORDS
from starbeam_demo.world import World, grouped
from starbeam_ispyb import models as m
from starbeam_proposals.models import SessionType

HORIZON = timedelta(days=90)
"""How far ahead sessions are planned."""
MORNING = timedelta(hours=9, minutes=30)
HANDOVER = timedelta(hours=22, minutes=30)
"""From a morning's start to the end of the last shift, at 8 on the next day."""
RUNNING = timedelta(hours=14)
"""How long the sessions that run now have been running."""
TYPES = ("remote", "mail-in", "in-person", "training")
"""Of sessions, by how they come about."""
FREQUENT = 0.15
"""In how many of the MX beamlines' sessions the much travelled investigator takes part."""


async def fill(world: World) -> None:
    """Sessions of all beamlines, their participants and types."""
    known = {row["login"]: row for row in world.persons[: len(accounts.ACCOUNTS)]}
    staff = _staff(world, known)
    world.sessions = await world.add(m.BLSession, _sessions(world, known, staff))
    await world.add(m.Session_has_Person, _all_participants(world, known, staff))
    await world.add(SessionType, _types(world))


def _staff(world: World, known: Mapping[str, Row]) -> dict[Technique, list[Row]]:
    """The local contacts of each technique: the one with an account, and a part of the others."""
    others = world.persons[len(accounts.ACCOUNTS) :][:STAFF]
    return {
        technique: [known[account.login], *others[number :: len(accounts.BEAMLINE_STAFF)]]
        for number, (technique, account) in enumerate(accounts.BEAMLINE_STAFF.items())
    }


def _sessions(
    world: World, known: Mapping[str, Row], staff: Mapping[Technique, Sequence[Row]]
) -> Iterator[Row]:
    special, *others = world.proposals
    own = [_of_showcase(world, visit, special, known) for visit in showcase.VISITS]
    rows = list(own)
    for line in BEAMLINES:
        taken = [row for row in own if row["beamLineName"] == line.name]
        rows += _of_line(world.random, line, others, world.setups, staff[line.technique], world.now, taken)
    return _number_visits(world.random, rows)


def _of_showcase(world: World, visit: showcase.Visit, proposal: Row, known: Mapping[str, Row]) -> Row:
    """A session of mx1001, with its visit number."""
    now = world.now
    start, end = now - RUNNING, now + timedelta(hours=10)
    if visit.days is not None:
        start = midnight(now) + timedelta(days=visit.days) + MORNING
        end = start + timedelta(days=1) + HANDOVER
    line = next(line for line in BEAMLINES if line.name == visit.beamline)
    operator = known[accounts.MX_STAFF.login]
    row = _session(world.random, proposal, line, start, end, world.setups, operator, now)
    return row | {"visit_number": visit.number, "scheduled": 1, "nbReimbDewars": 2}


def _of_line(
    rng: Random,
    beamline: BeamLine,
    proposals: Sequence[Row],
    setups: Sequence[Row],
    staff: Sequence[Row],
    now: datetime,
    taken: Iterable[Row] = (),
) -> Iterator[Row]:
    """Rows of `BLSession`: a beamline's calendar, without the stretches that are `taken`; most beamlines run
    now. Visit numbers are given by `_number_visits`."""
    busy = [(row["startDate"], row["endDate"]) for row in taken]
    for start, end in _calendar(rng, beamline, now):
        if all(end <= since or start >= until for since, until in busy):
            granted = [row for row in proposals if _granted(row, start)]
            known = {row["proposalCode"] for row in granted}
            if codes := [code for code in CODES[beamline.technique] if code in known]:
                code = rng.choice(codes)
                chosen = rng.choice([row for row in granted if row["proposalCode"] == code])
                yield _session(rng, chosen, beamline, start, end, setups, rng.choice(staff), now)


def _session(
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
        "beamLineOperator": _full_name(operator),
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


def _number_visits(rng: Random, sessions: Iterable[Row]) -> Iterator[Row]:
    """The sessions by time, with visit numbers that count within the proposal; a few stay without."""
    visits: Counter[int] = Counter()
    for row in sorted(sessions, key=lambda row: (row["startDate"], row["beamLineName"])):
        if row["visit_number"] is None and rng.random() > 0.02:
            visits[row["proposalId"]] += 1
            row = row | {"visit_number": visits[row["proposalId"]]}
        yield row


def _all_participants(
    world: World, known: Mapping[str, Row], staff: Mapping[Technique, Sequence[Row]]
) -> Iterator[Row]:
    rng, teams = world.random, grouped(world.team, "proposalId")
    traveller = known[accounts.INVESTIGATOR.login]["personId"]
    for session in world.sessions:
        if world.is_showcase(session):
            contact = known[accounts.MX_STAFF.login]["personId"]
            yield _participant(session, contact, "Local Contact")
            for login, role, remote in showcase.visit(session).participants:
                yield _participant(session, known[login]["personId"], role, remote=remote)
            continue
        team = [row["personId"] for row in teams[session["proposalId"]]]
        technique = world.line_of(session).technique
        yield from _participants(rng, session, team, staff[technique])
        if technique == "mx" and rng.random() < FREQUENT:
            yield _participant(session, traveller, "Co-Investigator")


def _participants(rng: Random, session: Row, team: Sequence[int], staff: Iterable[Row]) -> Iterator[Row]:
    """Rows of `Session_has_Person`: the local contact and some of the proposal's team, given by keys."""
    contact = next(row for row in staff if _full_name(row) == session["beamLineOperator"])
    yield _participant(session, contact["personId"], "Local Contact")
    present = rng.sample(team, rng.randint(min(2, len(team)), min(5, len(team))))
    for number, person_id in enumerate(row for row in present if row != contact["personId"]):
        role = "Team Leader" if number == 0 else rng.choice(("Co-Investigator", "Alternate Contact", None))
        yield _participant(session, person_id, role, remote=rng.random() < 0.3)


def _participant(session: Row, person_id: int, role: str | None, *, remote: bool = False) -> Row:
    """A row of `Session_has_Person`."""
    return {
        "sessionId": session["sessionId"],
        "personId": person_id,
        "role": role,
        "remote": int(remote),
    }


def _full_name(person: Row) -> str:
    """Given and family name, as `beamLineOperator` holds them."""
    return f"{person['givenName']} {person['familyName']}"


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


def _types(world: World) -> Iterator[Row]:
    """One or none of a session."""
    codes = {row["proposalId"]: row["proposalCode"] for row in world.proposals}
    for session in world.sessions:
        commissions = codes[session["proposalId"]] == "cm"
        if commissions or world.random.random() < 0.7:
            name = "commissioning" if commissions else world.random.choice(TYPES)
            yield {"sessionId": session["sessionId"], "typeName": name}
