"""Who may synchronise, what is not a document, and what the database cannot take."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from starbeam.db.models import AdminVar
from starbeam_testing.fixtures import AsUser
from support.portal import PATH, Portal, document, laboratory, person, protein

pytestmark = pytest.mark.anyio

EITHER_PERSON = "either login or externalId is required for a Person entity"
EITHER_SESSION = "either expSessionPk or externalId is required for a Session entity"
CARD = {"cardName": "c", "person": person()}


async def test_the_answer_says_what_was_synchronized_and_how_long_it_took(portal: Portal) -> None:
    answer = await portal.sync()
    pattern = r"The proposal mx-1 has been synchronized in \d+\.\d{1,3}"
    assert re.fullmatch(pattern, answer["message"])


async def test_who_lacks_the_permission_may_not(portal: Portal, as_user: AsUser) -> None:
    client = portal.app.client
    assert (await client.post(PATH, json=document())).status_code == 401
    headers = await as_user(portal.app, "somebody", "all_proposals")
    response = await client.post(PATH, json=document(), headers=headers)
    assert (response.status_code, response.json()) == (403, {"detail": "Not Authorized"})


@pytest.mark.fix(36)
async def test_the_option_switches_the_operation_and_its_documentation(portal: Portal) -> None:
    async def documented() -> bool:
        return PATH in (await portal.app.client.get("/openapi.json")).text

    assert await documented()
    await portal.app.database.add(AdminVar, name="enable_webservice_routes", value="false")
    await portal.app.refresh()
    assert not await documented()
    response = await portal.send(document())
    assert (response.status_code, response.json()) == (404, {"detail": "Not Found"})
    await portal.app.database.sql("UPDATE AdminVar SET value = 'true'")
    await portal.app.refresh()
    assert await documented()
    await portal.sync()


async def test_numbers_and_booleans_as_a_portal_may_write_them(portal: Portal) -> None:
    """Numbers for texts, texts for numbers, true and false for 1 and 0, behind a byte order mark."""
    sent = document(
        proposalNumber=77,
        persons=[{"login": 1234, "phoneNumber": 33476882}],
        sessions=[
            {
                "externalId": " 9 ",
                "scheduled": True,
                "visit_number": 3.0,
                "beamLineName": 29,
                "dewarTransport": "1e2",
                "startDate": "2026-11-28 15:25",
            }
        ],
    )
    headers = {**portal.headers, "Content-Type": "application/json"}
    body = b"\xef\xbb\xbf" + json.dumps(sent).encode()
    response = await portal.app.client.post(PATH, content=body, headers=headers)
    assert response.status_code == 200, response.text
    assert await portal.rows("Proposal", "proposalNumber") == [("77",)]
    assert await portal.rows("Person", "login", "phoneNumber") == [("1234", "33476882")]
    session = ("visit_number", "scheduled", "beamLineName", "dewarTransport")
    assert await portal.rows("BLSession", *session) == [(3, 1, "29", 100)]
    [(start,)] = await portal.rows("BLSession", "startDate")
    assert str(start).startswith("2026-11-28 15:25:00")


def without(entry: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name not in names}


@pytest.mark.parametrize(
    ("sent", "place"),
    [
        ({}, ["proposal"]),
        ({"proposal": without(document()["proposal"], "proposalCode")}, ["proposal", "proposalCode"]),
        ({"proposal": without(document()["proposal"], "proposalNumber")}, ["proposal", "proposalNumber"]),
        ({"proposal": without(document()["proposal"], "persons")}, ["proposal", "persons"]),
        (document(persons=[]), ["proposal", "persons"]),
        (document(persons=[person(), {"givenName": "A"}]), ["proposal", "persons", 1]),
        (document(persons=[person(None, 2), person(" ")]), ["proposal", "persons", 1]),
        (document(persons=[person("a", -1)]), ["proposal", "persons", 0, "externalId"]),
        (document(persons=[person("a", 2**128)]), ["proposal", "persons", 0, "externalId"]),
        (document(externalId=-1), ["proposal", "externalId"]),
        (document(title=[5]), ["proposal", "title"]),
        (document(labcontacts=[without(CARD, "cardName")]), ["proposal", "labcontacts", 0, "cardName"]),
        (document(labcontacts=[CARD, without(CARD, "person")]), ["proposal", "labcontacts", 1, "person"]),
        (document(labcontacts=[{**CARD, "person": {}}]), ["proposal", "labcontacts", 0, "person"]),
        (document(sessions=[{"externalId": 1}, {"expSessionPk": None}]), ["sessions", 1]),
        (document(sessions=[{"externalId": 2**200}]), ["sessions", 0, "externalId"]),
        (document(sessions=[{"externalId": 1, "startDate": "soon"}]), ["sessions", 0, "startDate"]),
        (document(sessions=[{"externalId": 1, "visit_number": "1e3"}]), ["sessions", 0, "visit_number"]),
        (document(proteins=[protein(molecularMass="nan")]), ["proteins", 0, "molecularMass"]),
        (document(sessions=[{"externalId": 1, "persons": [{}]}]), ["sessions", 0, "persons", 0]),
        (
            document(
                sessions=[
                    {"externalId": 1, "persons": [person(session_options={"role": "Boss"})]},
                ]
            ),
            ["sessions", 0, "persons", 0, "session_options", "role"],
        ),
        (document(proteins=[without(protein(), "acronym")]), ["proteins", 0, "acronym"]),
        (document(proteins=[without(protein(), "hazardGroup")]), ["proteins", 0, "hazardGroup"]),
        (document(proteins=[without(protein(), "containmentLevel")]), ["proteins", 0, "containmentLevel"]),
        (document(proteins=[protein(), without(protein(), "person")]), ["proteins", 1, "person"]),
        (document(persons=[person(laboratory={"name": "x"})]), ["proposal", "persons", 0, "laboratory"]),
    ],
)
async def test_what_is_no_document_is_told_with_its_place(
    portal: Portal, sent: dict[str, Any], place: list[str | int]
) -> None:
    response = await portal.send(sent)
    assert response.status_code == 422
    (problem,) = response.json()["detail"]
    assert problem["loc"][: len(place) + 1] == ["body", *place]
    assert problem["msg"]
    assert await portal.rows("Proposal") == []


async def test_what_a_person_and_a_session_must_have_is_said(portal: Portal) -> None:
    for sent, sentence in (
        (document(persons=[{}]), EITHER_PERSON),
        (document(sessions=[{}]), EITHER_SESSION),
    ):
        assert (await portal.send(sent)).json()["detail"][0]["msg"] == sentence


async def test_unknown_fields_and_lists_of_nothing_are_ignored(portal: Portal) -> None:
    await portal.sync(
        proposalId=99, persons=[person(personId=99)], labcontacts=None, sessions=None, proteins=None
    )
    assert await portal.rows("Proposal", "proposalCode", "title") == [("mx", None)]
    assert 99 not in {number for (number,) in await portal.rows("Person", "personId")}


LATE = {"externalId": 1, "lastUpdate": "2050-01-01T00:00:00"}


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"title": "x" * 201}, "Proposal mx1: title must not be longer than 200 characters"),
    ({"state": "Lost"}, "Proposal mx1: state must be one of Open, Closed, Cancelled"),
    ({"persons": [person("x" * 46)]}, f"Person {'x' * 46}: login must not be longer than 45 characters"),
    (
        {"labcontacts": [{**CARD, "dewarAvgCustomsValue": -1}]},
        "Lab contact c: dewarAvgCustomsValue must be between 0 and 4294967295",
    ),
    (
        {"sessions": [{"externalId": 1, "nbShifts": 10**30}]},
        "Session 1: nbShifts must be between 0 and 4294967295",
    ),
    ({"sessions": [LATE]}, "Session 1: lastUpdate must be later than 1970 and earlier than 2038"),
    (
        {"sessions": [{"externalId": 1, "startDate": "0001-01-01T00:00:00+10:00"}]},
        "Session 1: startDate is too far away in time",
    ),
    (
        {"proteins": [protein("A"), protein("B", hazardGroup=256)]},
        "Protein B: hazardGroup must be between 0 and 255",
    ),
    (
        {"sessions": [{"externalId": 1, "beamLineSetupId": 4}]},
        "A session cannot be saved: there is no such beamLineSetupId",
    ),
    (
        {"proteins": [protein("A", componentTypeId=4)]},
        "A protein cannot be saved: there is no such componentTypeId or concentrationTypeId",
    ),
]


@pytest.mark.fix(145)
@pytest.mark.four_databases
async def test_what_the_database_cannot_take_is_refused_by_name(portal: Portal) -> None:
    assert [await portal.refused(**sent) for sent, _ in REFUSED] == [sentence for _, sentence in REFUSED]


async def test_a_laboratory_that_does_not_fit_is_refused_by_its_name(portal: Portal) -> None:
    assert await portal.refused(persons=[person(laboratory=laboratory("x", city="y" * 46))]) == (
        "Laboratory x: city must not be longer than 45 characters"
    )


@pytest.mark.fix(145)
@pytest.mark.on("sqlite-union", "mariadb-diamond")
async def test_two_visits_of_one_number_are_refused_where_they_must_differ(portal: Portal) -> None:
    assert await portal.refused(sessions=[{"externalId": 1}, {"externalId": 2}]) == (
        "A session cannot be saved: two sessions of one proposal cannot have one visit_number, which is 0"
        " where none is given"
    )
