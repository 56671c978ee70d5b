"""Persons, laboratories, and who belongs to a proposal or session."""

from __future__ import annotations

import pytest

from starbeam.db.models import Laboratory, Person
from starbeam_ispyb.models import Proposal, ProposalHasPerson
from support.portal import Portal, external, laboratory, person, protein
from support.schemas import Kind

pytestmark = pytest.mark.anyio

DETAILS = {"givenName": "Ada", "familyName": "Lovelace", "emailAddress": "a@x.org", "phoneNumber": "1"}
REST = {"title": "Dr", "faxNumber": "2", "siteId": 3, "personUUID": "uuid", "cache": "{}"}
NAMES = ("login", "externalId", "givenName", "familyName", "emailAddress", "phoneNumber")


@pytest.mark.four_databases
async def test_a_new_person_has_all_that_is_given(portal: Portal) -> None:
    await portal.sync(persons=[person("ada", 2**127, **DETAILS, **REST)])
    columns = (*NAMES, *REST)
    assert await portal.rows("Person", *columns) == [
        ("ada", external(2**127), *DETAILS.values(), *REST.values())
    ]


@pytest.mark.four_databases
@pytest.mark.fix(146)
async def test_of_a_person_that_exists_names_mail_and_telephone_are_written_where_given(
    portal: Portal,
) -> None:
    await portal.sync(persons=[person("ada", 1, **DETAILS, **REST)])
    counts = await portal.sync(persons=[person("ada", 1, givenName="Augusta", phoneNumber=None, title="Sir")])
    assert await portal.rows("Person", *NAMES, *REST) == [
        ("ada", external(1), "Augusta", "Lovelace", "a@x.org", None, *REST.values())
    ]
    assert counts["updated"] == {"Person": 1}


@pytest.mark.four_databases
@pytest.mark.fix(148)
async def test_a_person_is_found_by_external_id_before_login(portal: Portal) -> None:
    await portal.app.database.add(Person, login="ada", externalId=external(1))
    await portal.app.database.add(Person, login="eve", externalId=external(2))
    await portal.sync(persons=[person("ada", 2, givenName="by id")])
    await portal.sync(persons=[person("ADA ", 3, givenName="by login")])
    assert await portal.rows("Person", "login", "externalId", "givenName") == [
        ("ada", external(1), "by login"),
        ("eve", external(2), "by id"),
    ]


ONE_OR_TWO = [("Goran", "Göran", 2), ("Asa", "Åsa", 2), ("Küng", "Kyng", 1), ("Élan", "ELAN  ", 1)]
"""Texts, and how many they are to latin1_swedish_ci: å, ä and ö are letters of their own, ü is y."""


@pytest.mark.on("mariadb-diamond")
@pytest.mark.parametrize(("first", "second", "count"), ONE_OR_TWO)
async def test_which_texts_are_one_is_the_columns_business(
    portal: Portal, first: str, second: str, count: int
) -> None:
    persons = [person(name, familyName=name, laboratory=laboratory(name)) for name in (first, second)]
    await portal.sync(persons=persons)
    for name in (first, second):
        cards = [{"cardName": name, "person": person(f"of {name}")}]
        made = protein(name, person=person(first))
        await portal.sync(persons=[person(first)], labcontacts=cards, proteins=[made])
    people = [login for (login,) in await portal.rows("Person", "login")]
    assert sum(not login.startswith("of ") for login in people) == count
    for table in ("Laboratory", "LabContact", "Protein"):
        assert len(await portal.rows(table)) == count, table


@pytest.mark.on("mariadb-diamond")
@pytest.mark.parametrize("login", ["göran", "müller", "rené", "åsa"])
async def test_who_is_there_is_found_whatever_the_letters(portal: Portal, login: str) -> None:
    await portal.app.database.add(Person, login=login)
    await portal.sync(persons=[person(login.upper(), familyName="B")])
    assert await portal.rows("Person", "login", "familyName") == [(login, "B")]


@pytest.mark.four_databases
async def test_a_login_is_compared_as_the_database_does(portal: Portal) -> None:
    await portal.sync(persons=[person("adá")])
    counts = await portal.sync(persons=[person("ADA")])
    assert "Person" not in counts["created"]
    assert await portal.rows("Person", "login") == [("adá",)]


@pytest.mark.four_databases
@pytest.mark.fix(147)
async def test_persons_without_a_login_are_told_apart(portal: Portal) -> None:
    await portal.sync(persons=[person(None, 1, givenName="one"), person(None, 2, givenName="two")])
    assert await portal.rows("Person", "externalId", "givenName") == [
        (external(1), "one"),
        (external(2), "two"),
    ]
    assert len(await portal.rows("ProposalHasPerson")) == 2


@pytest.mark.four_databases
@pytest.mark.fix(147)
async def test_entries_of_one_person_count_once_and_the_last_one_wins(portal: Portal) -> None:
    first = person("ada", familyName="Byron", givenName="A")
    await portal.sync(persons=[first, person("eve"), person("ADA", 7, givenName="Ada"), person(None, 7)])
    assert await portal.rows("Person", "login", "externalId", "familyName", "givenName") == [
        (None, external(7), None, None),
        ("eve", None, None, None),
    ]


@pytest.mark.four_databases
@pytest.mark.fix(149)
async def test_the_first_person_is_the_proposer(portal: Portal) -> None:
    await portal.app.database.add(Person, familyName="without a login")
    await portal.sync(persons=[person(None, 5), person("ada")])
    ((proposer,),) = await portal.rows("Proposal", "personId")
    assert await portal.app.database.sql(
        "SELECT externalId FROM Person WHERE personId = :id", id=proposer
    ) == [(external(5),)]


@pytest.mark.four_databases
async def test_an_existing_proposal_keeps_its_proposer(portal: Portal) -> None:
    await portal.sync(persons=[person("ada")])
    before = await portal.rows("Proposal")
    await portal.sync(persons=[person("eve")])
    assert await portal.rows("Proposal") == before
    assert len(await portal.rows("ProposalHasPerson")) == 2


@pytest.mark.four_databases
async def test_members_that_are_no_longer_sent_stay(portal: Portal, kind: Kind) -> None:
    db = portal.app.database
    await db.add(Person, personId=50, login="ada")
    await db.add(Person, personId=51, login="old")
    await db.add(Proposal, proposalId=9, personId=51, proposalCode="mx", proposalNumber="1")
    await db.add(ProposalHasPerson, proposalId=9, personId=51)
    counts = await portal.sync(persons=[person("ada"), person("old")])
    assert counts["created"] == {"ProposalHasPerson": 1}
    assert await portal.rows("ProposalHasPerson", "proposalId", "personId") == [(9, 51), (9, 50)]
    if kind.flavour != "community":
        assert await portal.rows("ProposalHasPerson", "role") == [(None,), (None,)]


PLACE = ("name", "address", "city", "country")


async def places(portal: Portal) -> list[tuple[str, str]]:
    """Laboratories by login, as name and address."""
    rows = await portal.app.database.sql(
        "SELECT login, name, address FROM Person LEFT JOIN Laboratory"
        " ON Laboratory.laboratoryId = Person.laboratoryId WHERE login <> 'portal' ORDER BY login"
    )
    return [tuple(row) for row in rows]


@pytest.mark.four_databases
async def test_a_new_person_brings_a_new_laboratory(portal: Portal) -> None:
    await portal.sync(persons=[person(laboratory=laboratory(url="http://x"))])
    assert await portal.rows("Laboratory", *PLACE, "url") == [
        ("ESRF", "Avenue 1", "Grenoble", "France", "http://x")
    ]
    assert await places(portal) == [("ada", "ESRF", "Avenue 1")]


@pytest.mark.four_databases
async def test_a_new_person_of_a_laboratory_known_by_name_city_and_country(portal: Portal) -> None:
    elsewhere = {"name": "ESRF", "address": "old", "city": "Paris", "country": "France"}
    await portal.app.database.add(Laboratory, **elsewhere)
    await portal.app.database.add(Laboratory, **{**elsewhere, "city": "grenoble", "url": "kept"})
    await portal.sync(persons=[person(laboratory=laboratory(url="not written"))])
    assert await portal.rows("Laboratory", *PLACE, "url") == [
        ("ESRF", "old", "Paris", "France", None),
        ("ESRF", "Avenue 1", "Grenoble", "France", "kept"),
    ]


@pytest.mark.on("sqlite-union", "mariadb-union", "mariadb-community")
async def test_a_new_person_of_a_laboratory_known_by_its_key(portal: Portal) -> None:
    await portal.app.database.add(Laboratory, name="old", laboratoryExtPk=5)
    await portal.app.database.add(Laboratory, name="ESRF", city="Grenoble", country="France")
    await portal.sync(persons=[person(laboratory=laboratory("ESRF", 5))])
    await portal.sync(persons=[person("eve", laboratory=laboratory("ESRF", 6))])
    assert await portal.rows("Laboratory", *PLACE, "laboratoryExtPk") == [
        ("ESRF", "Avenue 1", "Grenoble", "France", 5),
        ("ESRF", None, "Grenoble", "France", None),
        ("ESRF", "Avenue 1", "Grenoble", "France", 6),
    ]


@pytest.mark.four_databases
@pytest.mark.fix(151)
async def test_a_person_without_a_laboratory_gets_one(portal: Portal) -> None:
    await portal.sync(persons=[person("ada"), person("eve", laboratory=laboratory())])
    await portal.sync(persons=[person("ada", laboratory=laboratory())])
    assert await places(portal) == [("ada", "ESRF", "Avenue 1"), ("eve", "ESRF", "Avenue 1")]
    assert len(await portal.rows("Laboratory")) == 1


@pytest.mark.four_databases
async def test_without_a_laboratory_the_link_stays(portal: Portal) -> None:
    await portal.sync(persons=[person(laboratory=laboratory())])
    await portal.sync(persons=[person()])
    await portal.sync(persons=[person(laboratory=None)])
    assert await places(portal) == [("ada", "ESRF", "Avenue 1")]


@pytest.mark.on("sqlite-union", "mariadb-union", "mariadb-community")
@pytest.mark.parametrize("key", [None, 5])
async def test_a_laboratory_of_the_same_key_is_updated_in_place_for_all_who_share_it(
    portal: Portal, key: int | None
) -> None:
    shared = laboratory("old", key)
    await portal.sync(persons=[person("ada", laboratory=shared), person("eve", laboratory=shared)])
    await portal.sync(persons=[person("ada", laboratory=laboratory("new", key, address="there"))])
    assert await places(portal) == [("ada", "new", "there"), ("eve", "new", "there")]


@pytest.mark.on("sqlite-union", "mariadb-union", "mariadb-community")
async def test_another_key_links_another_laboratory(portal: Portal) -> None:
    await portal.sync(persons=[person("ada", laboratory=laboratory("A", 5))])
    await portal.sync(persons=[person("eve", laboratory=laboratory("B", 6))])
    await portal.sync(persons=[person("ada", laboratory=laboratory("B", 6))])
    assert await places(portal) == [("ada", "B", "Avenue 1"), ("eve", "B", "Avenue 1")]
    await portal.sync(persons=[person("eve", laboratory=laboratory("C", 7))])
    assert await places(portal) == [("ada", "B", "Avenue 1"), ("eve", "C", "Avenue 1")]
    assert await portal.rows("Laboratory", "name", "laboratoryExtPk") == [("A", 5), ("B", 6), ("C", 7)]


@pytest.mark.fix(150)
@pytest.mark.on("sqlite-union", "mariadb-union", "mariadb-community")
async def test_a_laboratory_without_a_key_is_looked_for_by_place(portal: Portal) -> None:
    await portal.app.database.add(Laboratory, name="any other without a key")
    await portal.sync(persons=[person("ada", laboratory=laboratory("A", 5))])
    await portal.sync(persons=[person("eve", laboratory=laboratory("B"))])
    await portal.sync(persons=[person("ada", laboratory=laboratory("B"))])
    assert await places(portal) == [("ada", "B", "Avenue 1"), ("eve", "B", "Avenue 1")]
    await portal.sync(persons=[person("joe", laboratory=laboratory("A", 5))])
    await portal.sync(persons=[person("joe", laboratory=laboratory("C"))])
    assert (await places(portal))[-1] == ("joe", "C", "Avenue 1")
    assert [name for (name,) in await portal.rows("Laboratory", "name")] == [
        "any other without a key",
        "A",
        "B",
        "C",
    ]


@pytest.mark.on("mariadb-diamond")
async def test_without_keys_in_the_schema_laboratories_are_always_found_by_place(portal: Portal) -> None:
    await portal.sync(persons=[person("ada", laboratory=laboratory("A", 5))])
    await portal.sync(persons=[person("ada", laboratory=laboratory("B", 5))])
    await portal.sync(persons=[person("ada", laboratory=laboratory("b", 6, address="there"))])
    assert await portal.rows("Laboratory", "name", "address") == [("A", "Avenue 1"), ("b", "there")]
    assert await places(portal) == [("ada", "b", "there")]


@pytest.mark.four_databases
@pytest.mark.fix(143)
async def test_a_password_is_never_stored(portal: Portal, kind: Kind) -> None:
    await portal.sync(persons=[person(passwd="secret")])
    await portal.sync(persons=[person(passwd="secret")])
    assert "secret" not in str(await portal.everything())
    if kind.flavour != "diamond":
        assert await portal.rows("Person", "passwd") == [(None,)]
