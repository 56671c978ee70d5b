"""Proposals, lab contacts, sessions and their persons, proteins: rows before and after."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from starbeam.db.models import Person
from starbeam_ispyb.models import BLSession, LabContact, Proposal, Protein, Session_has_Person
from support.portal import Portal, external, laboratory, person, protein
from support.schemas import Kind

pytestmark = pytest.mark.anyio

WITH_PORTAL_COLUMNS = ("sqlite-union", "mariadb-union", "mariadb-community")
"""Databases that have the columns of the community schema."""


async def add_proposal(portal: Portal, **columns: Any) -> int:
    """Proposal 9, mx1, of person 50, ada."""
    db = portal.app.database
    await db.add(Person, personId=50, login="ada")
    row = {"proposalId": 9, "personId": 50, "proposalCode": "mx", "proposalNumber": "1"}
    await db.add(Proposal, **{**row, **columns})
    return 9


@pytest.mark.four_databases
async def test_a_new_proposal_has_all_that_is_given(portal: Portal) -> None:
    answer = await portal.sync(title="Title", proposalType="MX", state="closed", externalId=2**128 - 1)
    columns = ("proposalCode", "proposalNumber", "title", "proposalType", "state", "externalId")
    assert await portal.rows("Proposal", *columns) == [
        ("mx", "1", "Title", "MX", "Closed", external(2**128 - 1))
    ]
    assert answer["created"] == {"Person": 1, "Proposal": 1, "ProposalHasPerson": 1}
    assert (answer["updated"], answer["untouched"]) == ({}, {})


@pytest.mark.four_databases
async def test_what_is_not_given_is_left_to_the_database(portal: Portal) -> None:
    await portal.sync(proteins=[protein()], labcontacts=[{"cardName": "card", "person": person()}])
    assert await portal.rows("Proposal", "title", "state") == [(None, "Open")]
    assert await portal.rows("Protein", "isCreatedBySampleSheet", "name") == [(0, None)]
    assert await portal.rows("LabContact", "dewarAvgCustomsValue", "dewarAvgTransportValue") == [(0, 0)]


@pytest.mark.fix(146)
@pytest.mark.four_databases
async def test_of_a_proposal_that_exists_only_the_title_is_written_where_given(portal: Portal) -> None:
    await add_proposal(portal, title="old", proposalType="MX", state="Open")
    await portal.sync(state="Closed", proposalType="XX", externalId=5)
    columns = ("title", "proposalType", "state", "externalId")
    assert await portal.rows("Proposal", *columns) == [("old", "MX", "Open", None)]
    await portal.sync(title="new")
    assert await portal.rows("Proposal", *columns) == [("new", "MX", "Open", None)]
    await portal.sync(title=None)
    assert await portal.rows("Proposal", *columns) == [(None, "MX", "Open", None)]


@pytest.mark.four_databases
async def test_a_proposal_is_found_by_external_id_else_by_code_and_number(portal: Portal) -> None:
    await add_proposal(portal)
    await portal.app.database.add(
        Proposal, proposalId=10, personId=50, proposalCode="bl", proposalNumber="2", externalId=external(7)
    )
    await portal.sync(externalId=7, title="by id")
    await portal.sync(externalId=8, title="by name")
    await portal.sync(proposalCode="MX", title="by name again")
    assert await portal.rows("Proposal", "proposalCode", "proposalNumber", "title") == [
        ("mx", "1", "by name again"),
        ("bl", "2", "by id"),
    ]


CARD = {
    "cardName": "home",
    "defaultCourrierCompany": "DHL",
    "courierAccount": "1",
    "billingReference": "2",
    "dewarAvgCustomsValue": 3,
    "dewarAvgTransportValue": 4,
}


@pytest.mark.four_databases
async def test_a_new_lab_contact_with_its_person_and_laboratory(portal: Portal) -> None:
    who = person("eve", givenName="Eve", laboratory=laboratory())
    await portal.sync(labcontacts=[{**CARD, "person": who}])
    assert await portal.rows("LabContact", *CARD) == [tuple(CARD.values())]
    found = await portal.app.database.sql(
        "SELECT login, givenName, name, proposalCode FROM LabContact"
        " JOIN Person ON Person.personId = LabContact.personId"
        " JOIN Laboratory ON Laboratory.laboratoryId = Person.laboratoryId"
        " JOIN Proposal ON Proposal.proposalId = LabContact.proposalId"
    )
    assert [tuple(row) for row in found] == [("eve", "Eve", "ESRF", "mx")]
    assert len(await portal.rows("ProposalHasPerson")) == 1


@pytest.mark.four_databases
async def test_a_lab_contact_that_exists_and_its_person_are_left_alone(portal: Portal) -> None:
    await add_proposal(portal)
    db = portal.app.database
    await db.add(Person, personId=51, login="eve", givenName="Eve")
    await db.add(LabContact, personId=51, proposalId=9, cardName="Home", courierAccount="old")
    who = person("eve", givenName="changed", laboratory=laboratory())
    answer = await portal.sync(labcontacts=[{**CARD, "person": who}])
    assert await portal.rows("LabContact", "cardName", "personId", "courierAccount") == [("Home", 51, "old")]
    assert await portal.rows("Person", "login", "givenName") == [("ada", None), ("eve", "Eve")]
    assert answer["untouched"] == {"Person": 1, "Proposal": 1, "LabContact": 1}


@pytest.mark.fix(145)
@pytest.mark.four_databases
async def test_a_second_card_for_a_person_is_refused(portal: Portal) -> None:
    two = [{"cardName": "one", "person": person("eve")}, {"cardName": "two", "person": person("eve")}]
    sentence = "Lab contact two: its person has the card one in this proposal already"
    assert await portal.refused(labcontacts=two) == sentence
    await portal.sync(labcontacts=two[:1])
    assert await portal.refused(labcontacts=two[1:]) == sentence


SESSION = {
    "externalId": 12,
    "beamLineName": "ID01",
    "beamLineOperator": "Joe",
    "startDate": "2026-03-01T09:00:00",
    "endDate": "2026-03-02T09:00:00",
    "lastUpdate": "2026-02-01T09:00:00",
    "visit_number": 3,
    "scheduled": 1,
    "nbShifts": 6,
    "usedFlag": 1,
}
PORTAL_COLUMNS = {
    "expSessionPk": 77,
    "projectCode": "p",
    "sessionTitle": "t",
    "structureDeterminations": 1.1,
    "dewarTransport": 2.0,
    "databackupFrance": 3.25,
    "databackupEurope": 123456.75,
    "operatorSiteNumber": "4",
    "protectedData": "OK",
    "nbReimbDewars": 5,
}
TIMES = ("startDate", "endDate", "lastUpdate")


async def sessions(portal: Portal, *columns: str) -> list[tuple[Any, ...]]:
    """Sessions, with times as texts."""
    rows = await portal.rows("BLSession", *columns)
    return [tuple(str(one)[:19] if isinstance(one, datetime) else one for one in row) for row in rows]


@pytest.mark.four_databases
async def test_a_new_session_has_all_that_is_given_and_the_schema_holds(portal: Portal, kind: Kind) -> None:
    await portal.sync(sessions=[{**SESSION, **PORTAL_COLUMNS, "comments": "not the portal's"}])
    here = SESSION if kind.flavour == "diamond" else {**SESSION, **PORTAL_COLUMNS}
    (row,) = await sessions(portal, *here, "comments")
    found = dict(zip([*here, "comments"], row, strict=True))
    wanted = {
        **here,
        **{name: str(here[name]).replace("T", " ") for name in TIMES},
        "externalId": external(12),
        "comments": None,
        "databackupEurope": pytest.approx(123456.75, rel=1e-5),
    }
    assert found == {name: wanted[name] for name in found}


@pytest.mark.four_databases
async def test_a_new_session_was_last_updated_now(portal: Portal) -> None:
    await portal.sync(sessions=[{"externalId": 1, "lastUpdate": None}])
    assert await sessions(portal, "lastUpdate") == [("2026-03-10 12:00:00",)]
    again = await portal.sync(sessions=[{"externalId": 1}])
    assert again["untouched"]["BLSession"] == 1


@pytest.mark.fix(146)
@pytest.mark.four_databases
async def test_of_a_session_that_exists_all_that_is_given_is_written(portal: Portal) -> None:
    await portal.sync(sessions=[SESSION])
    await portal.app.database.sql("UPDATE BLSession SET comments = 'kept'")
    await portal.sync(sessions=[{"externalId": 12, "nbShifts": 7, "beamLineOperator": None}])
    columns = ("beamLineName", "visit_number", "nbShifts", "beamLineOperator", "comments", "lastUpdate")
    assert await sessions(portal, *columns) == [("ID01", 3, 7, None, "kept", "2026-02-01 09:00:00")]


@pytest.mark.on(*WITH_PORTAL_COLUMNS)
async def test_a_session_is_found_by_external_id_if_given_else_by_its_older_key(portal: Portal) -> None:
    await add_proposal(portal)
    common = {"proposalId": 9, "lastUpdate": datetime(2026, 1, 1)}
    add = portal.app.database.add
    await add(BLSession, sessionId=1, expSessionPk=5, visit_number=1, **common)
    await add(BLSession, sessionId=2, expSessionPk=5, visit_number=2, externalId=external(6), **common)
    await add(BLSession, sessionId=3, expSessionPk=7, visit_number=3, externalId=external(6), **common)
    await portal.sync(sessions=[{"expSessionPk": 5, "beamLineName": "first of two"}])
    await portal.sync(sessions=[{"externalId": 6, "expSessionPk": 7, "beamLineName": "by id"}])
    answer = await portal.sync(sessions=[{"externalId": 8, "expSessionPk": 5, "visit_number": 4}])
    assert answer["created"] == {"BLSession": 1}
    assert await portal.rows("BLSession", "expSessionPk", "externalId", "beamLineName") == [
        (5, None, "first of two"),
        (7, external(6), "by id"),
        (7, external(6), None),
        (5, external(8), None),
    ]


@pytest.mark.on("mariadb-diamond")
async def test_without_an_external_id_a_session_is_refused_where_there_is_no_older_key(
    portal: Portal,
) -> None:
    assert await portal.refused(sessions=[{"expSessionPk": 5}]) == (
        "Session 5: an externalId is required, since this database has no expSessionPk"
    )


@pytest.mark.four_databases
async def test_a_session_of_another_proposal_is_another_session(portal: Portal) -> None:
    await portal.sync(sessions=[SESSION])
    await portal.sync(proposalNumber="2", sessions=[{**SESSION, "beamLineName": "ID02"}])
    assert await portal.rows("BLSession", "beamLineName") == [("ID01",), ("ID02",)]


@pytest.mark.fix(144)
@pytest.mark.four_databases
async def test_dates_with_an_offset_become_local(portal: Portal) -> None:
    dates = {
        "startDate": "2026-07-01T08:00:00Z",
        "endDate": "2026-01-02T08:00:00.75+05:30",
        "lastUpdate": "2026-01-01T01:02:03",
    }
    await portal.sync(sessions=[{"externalId": 1, **dates}])
    assert await sessions(portal, *TIMES) == [
        ("2026-07-01 10:00:00", "2026-01-02 03:30:00", "2026-01-01 01:02:03")
    ]


async def links(portal: Portal) -> list[tuple[Any, ...]]:
    """Persons of sessions: external id of the session, login, role and remote."""
    rows = await portal.app.database.sql(
        "SELECT visit_number, login, role, remote FROM Session_has_Person"
        " JOIN Person ON Person.personId = Session_has_Person.personId"
        " JOIN BLSession ON BLSession.sessionId = Session_has_Person.sessionId"
        " ORDER BY visit_number, login"
    )
    return [tuple(row) for row in rows]


def session(number: int, *persons: Any) -> dict[str, Any]:
    return {"externalId": number, "visit_number": number, "persons": list(persons)}


@pytest.mark.four_databases
async def test_persons_of_a_session_with_role_and_remote_or_none(portal: Portal) -> None:
    staff = {"role": "Staff", "remote": 1}
    await portal.sync(sessions=[session(1, person("ada", session_options=staff), person("eve"))])
    assert await links(portal) == [(1, "ada", "Staff", 1), (1, "eve", None, 0)]
    leader = {"role": "Team Leader"}
    await portal.sync(sessions=[session(1, person("ada"), person("eve", session_options=leader))])
    assert await links(portal) == [(1, "ada", None, 0), (1, "eve", "Team Leader", 0)]
    await portal.sync(sessions=[session(1)])
    assert await links(portal) == [(1, "ada", None, 0), (1, "eve", "Team Leader", 0)]


@pytest.mark.fix(153)
@pytest.mark.four_databases
async def test_options_belong_to_the_person_of_their_entry(portal: Portal) -> None:
    people = [
        person("ada", session_options={"role": "Staff"}),
        person("eve", session_options={"role": "Team Leader", "remote": 1}),
        person("joe"),
    ]
    await portal.sync(sessions=[session(1, *people), session(2, *reversed(people[:2]))])
    assert await links(portal) == [
        (1, "ada", "Staff", 0),
        (1, "eve", "Team Leader", 1),
        (1, "joe", None, 0),
        (2, "ada", "Staff", 0),
        (2, "eve", "Team Leader", 1),
    ]


@pytest.mark.fix(152)
@pytest.mark.four_databases
async def test_a_session_needs_no_persons(portal: Portal) -> None:
    await portal.sync(sessions=[{"externalId": 1, "visit_number": 1}])
    await portal.sync(sessions=[{"externalId": 2, "visit_number": 2, "persons": None}])
    assert len(await portal.rows("BLSession")) == 2
    assert await portal.rows("Session_has_Person") == []


@pytest.mark.four_databases
async def test_persons_of_a_session_that_are_no_longer_sent_stay(portal: Portal) -> None:
    await add_proposal(portal)
    add = portal.app.database.add
    await add(BLSession, sessionId=1, proposalId=9, externalId=external(1), lastUpdate=datetime(2026, 1, 1))
    await add(Session_has_Person, sessionId=1, personId=50, role="Staff", remote=1)
    answer = await portal.sync(sessions=[session(1, person("eve", givenName="Eve"))])
    assert answer["created"] == {"Person": 1, "ProposalHasPerson": 1, "Session_has_Person": 1}
    assert await links(portal) == [(1, "ada", "Staff", 1), (1, "eve", None, 0)]


PROTEIN = {
    "acronym": "LYS",
    "hazardGroup": 2,
    "containmentLevel": 3,
    "name": "Lysozyme",
    "description": "d",
    "safetyLevel": "GREEN",
    "molecularMass": 14.3000001,
    "proteinType": "x",
    "sequence": "MKAL",
    "isCreatedBySampleSheet": 1,
}


@pytest.mark.four_databases
async def test_a_new_protein_has_all_that_is_given(portal: Portal, kind: Kind) -> None:
    await portal.sync(proteins=[protein(**PROTEIN, externalId=9, modId="m")])
    assert await portal.rows("Protein", *PROTEIN, "externalId") == [(*PROTEIN.values(), external(9))]
    assert await portal.rows("Protein", "personId") == await portal.rows("Person", "personId")
    if kind.flavour != "diamond":
        assert await portal.rows("Protein", "modId") == [("m",)]


@pytest.mark.fix(146)
@pytest.mark.four_databases
async def test_of_a_protein_that_exists_all_that_is_given_is_written_but_not_the_person(
    portal: Portal,
) -> None:
    await portal.sync(proteins=[protein(**PROTEIN, externalId=9)])
    owner = await portal.rows("Protein", "personId")
    await portal.sync(proteins=[protein("lys", name=None, person=person("eve"))])
    columns = ("acronym", "externalId", "hazardGroup", "name", "sequence")
    assert await portal.rows("Protein", *columns) == [("lys", external(9), 1, None, "MKAL")]
    assert await portal.rows("Protein", "personId") == owner
    await portal.sync(proteins=[protein("renamed", externalId=9)])
    assert await portal.rows("Protein", "acronym") == [("renamed",)]


@pytest.mark.four_databases
async def test_a_protein_is_found_by_external_id_else_by_acronym(portal: Portal) -> None:
    await add_proposal(portal)
    add = portal.app.database.add
    for number, external_id in ((1, None), (2, None), (3, external(3))):
        await add(Protein, proteinId=number, proposalId=9, acronym="LYS", externalId=external_id)
    await portal.sync(proteins=[protein("LYS", externalId=3, name="by id")])
    await portal.sync(proteins=[protein("LYS", externalId=4, name="by acronym")])
    assert await portal.rows("Protein", "externalId", "name") == [
        (external(4), "by acronym"),
        (None, None),
        (external(3), "by id"),
    ]


@pytest.mark.fix(154)
@pytest.mark.four_databases
async def test_an_unknown_person_of_a_protein_is_created_and_a_known_one_left_alone(portal: Portal) -> None:
    owner = person("eve", 4, givenName="Eve", laboratory=laboratory())
    await portal.sync(proteins=[protein(person=owner)])
    await portal.sync(proteins=[protein("B", person={**owner, "givenName": "changed"})])
    assert await portal.rows("Person", "login", "externalId", "givenName") == [
        ("ada", None, None),
        ("eve", external(4), "Eve"),
    ]
    assert len(set(await portal.rows("Protein", "personId"))) == 1
    assert len(await portal.rows("Laboratory")) == 1
    assert len(await portal.rows("ProposalHasPerson")) == 1
