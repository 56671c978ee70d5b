"""Adding and changing samples and proteins, one by one and a whole container at once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from plugins.shipping.conftest import Caller
from starbeam_ispyb import models as m

if TYPE_CHECKING:
    from starbeam_testing.app import TestApp
    from starbeam_testing.fixtures import MakeApp
    from support.schemas import Kind

pytestmark = pytest.mark.anyio

MINE, OTHERS = 1, 2
"""Proposals; what hangs on one has the same key."""
CELL: dict[str, Any] = dict.fromkeys(("cell_a", "cell_b", "cell_c", "cell_alpha", "cell_beta", "cell_gamma"))
SAMPLE: dict[str, Any] = {
    "proposalId": MINE,
    "containerId": MINE,
    "location": 3,
    "name": "lys-3",
    "Crystal": {"proteinId": MINE},
}
PROTEIN: dict[str, Any] = {"proposalId": MINE, "name": "Insulin", "acronym": "INS"}


@pytest.fixture
async def app(make_app: MakeApp) -> TestApp:
    """Two proposals, each with a puck with a sample at position 1; sample 3 shares the form of sample 1."""
    app = await make_app("ispyb", "samples")
    db = app.database
    proposer = await db.person("proposer")
    for key in (MINE, OTHERS):
        of = {"proposalCode": "mx", "proposalNumber": f"{key}", "personId": proposer}
        await db.add(m.Proposal, proposalId=key, **of)
        await db.add(m.Shipping, shippingId=key, proposalId=key, shippingName=f"S{key}")
        await db.add(m.Dewar, dewarId=key, shippingId=key, code=f"D{key}")
        await db.add(m.Container, containerId=key, dewarId=key, code=f"C{key}", containerType="Unipuck")
        await db.add(m.Protein, proteinId=key, proposalId=key, name=f"P{key}", acronym="LYS")
        await db.add(m.Crystal, crystalId=key, proteinId=key, cell_a=78.5, spaceGroup="P4")
        place = {"crystalId": key, "containerId": key, "location": "1"}
        await db.add(m.BLSample, blSampleId=key, name="lys-1", **place)
    await db.add(m.BLSample, blSampleId=3, name="lys-2", crystalId=1, containerId=1, location="2")
    return app


@pytest.fixture
async def member(app: TestApp) -> Caller:
    """A member of one of the two proposals."""
    headers = await app.as_user("ada")
    await app.database.add(m.ProposalHasPerson, proposalId=MINE, personId=await app.database.person("ada"))
    return Caller(app, headers)


@pytest.fixture
async def root(app: TestApp) -> Caller:
    """Somebody who sees both proposals."""
    return Caller(app, await app.as_user("root", "all_proposals"))


async def rows(app: TestApp, table: str) -> list[tuple[Any, ...]]:
    """All that a table holds."""
    return [tuple(row) for row in await app.database.sql(f"SELECT * FROM {table} ORDER BY 1")]


@pytest.mark.four_databases
async def test_a_protein_is_added_and_changed(app: TestApp, member: Caller, kind: Kind) -> None:
    added = await member.post("/proteins", {**PROTEIN, "molecularMass": 5.8, "safetyLevel": "GREEN"})
    wanted = {**PROTEIN, "proteinId": 3, "molecularMass": 5.8, "safetyLevel": "GREEN", "sequence": None}
    assert wanted.items() <= added.items()
    assert added["_metadata"] == {"pdbs": 0, "crystals": 0, "samples": 0, "datacollections": 0}
    sent = {"acronym": "INS_2", "density": 1.25, "sequence": "MALW", "safetyLevel": None, "proteinId": 2}
    changed = await member.patch("/proteins/3", sent)
    density = None if kind.flavour == "community" else 1.25
    assert changed == {**added, **sent, "density": density, "proteinId": 3}
    assert changed == await member.get("/proteins/3")
    assert await member.patch("/proteins/3", changed) == changed


async def test_a_protein_that_cannot_be(app: TestApp, member: Caller, root: Caller) -> None:
    before = await rows(app, "Protein")
    missing = {"detail": "Proposal not found"}
    assert await member.post("/proteins", {**PROTEIN, "proposalId": OTHERS}, 404) == missing
    assert await member.patch("/proteins/2", {"name": "x"}, 404) == {"detail": "Protein not found"}
    wrong: list[tuple[str, Any]] = [
        ("acronym", "lys"),  # another one's, as the database compares
        ("acronym", "LYS 2"),
        ("acronym", "../x"),
        ("acronym", ""),
        ("acronym", None),
        ("acronym", "x" * 46),
        ("name", ""),
        ("density", -1),
        ("molecularMass", "heavy"),
        ("safetyLevel", "PURPLE"),
        ("sequence", "x" * 65536),
    ]
    for name, value in wrong:
        assert await member.refused("POST", "/proteins", {**PROTEIN, name: value}) == [["body", name]]
    assert await rows(app, "Protein") == before
    assert (await root.post("/proteins", {**PROTEIN, "proposalId": OTHERS}))["proposalId"] == OTHERS
    assert (await member.post("/proteins", PROTEIN))["proteinId"] == 4
    assert await member.refused("PATCH", "/proteins/4", {"acronym": "LYS"}) == [["body", "acronym"]]
    assert (await member.patch("/proteins/4", {"acronym": "ins"}))["acronym"] == "ins"


@pytest.mark.four_databases
async def test_a_sample_is_added_and_changed(member: Caller) -> None:
    crystal = {"proteinId": MINE, "cell_b": 37.2}
    added = await member.post("/samples", {**SAMPLE, "comments": "Clear", "Crystal": crystal})
    assert (added["blSampleId"], added["name"], added["location"]) == (4, "lys-3", 3)
    assert (added["comments"], added["containerId"]) == ("Clear", 1)
    form = {**CELL, **crystal, "crystalId": 3}
    assert {name: added["Crystal"][name] for name in form} == form
    sent = {"name": "lys-9", "location": 9, "comments": None, "blSampleId": 2}
    changed = await member.patch("/samples/4", sent)
    assert changed == {**added, **sent, "blSampleId": 4}
    moved = await member.patch("/samples/4", {"Crystal": {"cell_b": None, "cell_alpha": 90}})
    assert moved["Crystal"] == {**added["Crystal"], "cell_b": None, "cell_alpha": 90.0}
    assert await member.patch("/samples/4", moved) == moved == await member.get("/samples/4")


@pytest.mark.four_databases
async def test_what_changes_for_one_sample_changes_for_no_other(app: TestApp, member: Caller) -> None:
    """Two samples share a crystal form."""
    other = await member.get("/samples/3")
    assert other["Crystal"]["crystalId"] == 1
    changed = await member.patch("/samples/1", {"Crystal": {"cell_a": 80}})
    assert (changed["Crystal"]["crystalId"], changed["Crystal"]["cell_a"]) == (3, 80.0)
    assert await member.get("/samples/3") == other
    (copied,) = await app.database.sql("SELECT spaceGroup, proteinId FROM Crystal WHERE crystalId = 3")
    assert tuple(copied) == ("P4", 1)
    again = await member.patch("/samples/1", {"Crystal": {"cell_a": 81}})
    assert (again["Crystal"]["crystalId"], again["Crystal"]["cell_a"]) == (3, 81.0)
    joined = await member.patch("/samples/1", {"Crystal": {"crystalId": 1}})
    assert joined["Crystal"] == other["Crystal"]


async def test_a_sample_that_cannot_be(app: TestApp, member: Caller, root: Caller) -> None:
    await app.database.add(m.Protein, proteinId=5, proposalId=MINE, name="P5", acronym="INS")
    before = await rows(app, "BLSample"), await rows(app, "Crystal")
    foreign: list[tuple[dict[str, Any], str]] = [
        ({"proposalId": OTHERS}, "Proposal not found"),
        ({"containerId": OTHERS}, "Container not found"),
        ({"Crystal": {"proteinId": OTHERS}}, "Protein not found"),
        ({"Crystal": {"proteinId": MINE, "crystalId": OTHERS}}, "Crystal not found"),
    ]
    for sent, sentence in foreign:
        assert await member.post("/samples", {**SAMPLE, **sent}, 404) == {"detail": sentence}
        if "proposalId" not in sent:
            assert await root.post("/samples", {**SAMPLE, **sent}, 404) == {"detail": sentence}
            assert await root.patch("/samples/1", sent, 404) == {"detail": sentence}
    assert await member.patch("/samples/2", {"name": "x"}, 404) == {"detail": "Sample not found"}
    wrong: list[tuple[dict[str, Any], list[Any]]] = [
        ({"name": "LYS-1"}, ["name"]),
        ({"name": "lys 1"}, ["name"]),
        ({"name": "x" * 101}, ["name"]),
        ({"location": 1}, ["location"]),
        ({"location": 0}, ["location"]),
        ({"location": 17}, ["location"]),
        ({"location": "A1"}, ["location"]),
        ({"comments": "x" * 1025}, ["comments"]),
        ({"Crystal": {"proteinId": MINE, "cell_a": 0}}, ["Crystal", "cell_a"]),
        ({"Crystal": {"proteinId": MINE, "cell_beta": 180}}, ["Crystal", "cell_beta"]),
    ]
    for sent, place in wrong:
        assert await member.refused("POST", "/samples", {**SAMPLE, **sent}) == [["body", *place]]
        if sent.get("name") != "LYS-1" and sent.get("location") != 1:
            assert await member.refused("PATCH", "/samples/1", sent) == [["body", *place]]
    assert await member.refused("PATCH", "/samples/1", {"name": "lys-2"}) == [["body", "name"]]
    both = await member.refused("PATCH", "/samples/1", {"name": "lys-2", "location": 2})
    assert both == [["body", "name"], ["body", "location"]]
    assert (await rows(app, "BLSample"), await rows(app, "Crystal")) == before
    await member.post("/samples", {**SAMPLE, "name": "lys-1", "Crystal": {"proteinId": 5}})
    renamed = await member.refused("PATCH", "/samples/4", {"Crystal": {"proteinId": MINE}})
    assert renamed == [["body", "name"]]  # it would be the second of its name


async def test_two_who_want_one_name(app: TestApp, member: Caller) -> None:
    """Whoever comes second is told."""
    both = [
        app.client.post("/samples", json={**SAMPLE, "location": place}, headers=member._headers)
        for place in (4, 5)
    ]
    answers = await asyncio.gather(*both)
    assert sorted(one.status_code for one in answers) == [201, 422]
    found = await app.database.sql("SELECT COUNT(*) FROM BLSample WHERE name = 'lys-3'")
    assert found[0][0] == 1


PUCK = [{"location": place, "name": f"kin-{place}", "acronym": "LYS"} for place in range(3, 17)]
FILL = "/containers/1/samples"


@pytest.mark.four_databases
async def test_a_whole_container(app: TestApp, member: Caller) -> None:
    first: list[Any] = [
        {"location": 1, "name": "lys-1", "comments": "Best", "cell_a": 79},
        {"location": 2, "name": "lys-2"},
    ]
    before = await rows(app, "BLSample")
    wanted = {"added": [*range(3, 17)], "changed": [1], "unchanged": [2]}
    assert await member.post(f"{FILL}?dryRun=true", [*first, *PUCK], 200) == wanted
    assert await rows(app, "BLSample") == before
    assert await member.post(FILL, [*first, *PUCK], 200) == wanted
    page = await member.get("/samples?containerId=1&order_by=location&order=asc&limit=20")
    names = ["lys-1", "lys-2", *(f"kin-{place}" for place in range(3, 17))]
    assert [one["name"] for one in page["results"]] == names
    assert [one["location"] for one in page["results"]] == [*range(1, 17)]
    assert [one["Crystal"]["cell_a"] for one in page["results"][:3]] == [79.0, 78.5, None]
    again = {"added": [], "changed": [], "unchanged": [*range(1, 17)]}
    assert await member.post(FILL, [*first, *PUCK], 200) == again
    swapped = [{"location": 1, "name": "lys-2"}, {"location": 2, "name": "lys-1"}]
    assert (await member.post(FILL, swapped, 200))["changed"] == [1, 2]


async def test_every_fault_of_a_container_is_told_by_its_cell(app: TestApp, member: Caller) -> None:
    before = await rows(app, "BLSample"), await rows(app, "Crystal")
    sent: list[Any] = [
        {"location": 3, "name": "good", "acronym": "lys"},
        {"location": 4, "name": "lys-2", "acronym": "LYS"},  # another one's
        {"location": "four", "name": "no/slash", "acronym": "LYS"},
        {"location": 3, "name": "GOOD", "acronym": "LYS"},  # the first row's
        {"location": 17, "name": "far", "acronym": "LYS"},
        {"location": 6, "name": "whose"},
        {"location": 7, "name": "theirs", "proteinId": OTHERS},
        {"location": 8, "name": "unknown", "acronym": "XYZ"},
        {"name": "nowhere", "acronym": "LYS", "cell_a": -1},
        {"location": 9, "name": "no/slash", "acronym": "XYZ", "comments": "x" * 1025},
        "row",
    ]
    answer = await member.call("POST", FILL, sent, 422)
    found = [tuple(one["loc"][1:]) for one in answer["detail"]]
    assert found == [
        (1, "name"),
        (2, "location"),
        (3, "location"),
        (3, "name"),
        (4, "location"),
        (5, "acronym"),
        (6, "proteinId"),
        (7, "acronym"),
        (8, "location"),
        (8, "cell_a"),
        (9, "name"),
        (9, "comments"),
        (9, "acronym"),
        (10,),
    ]
    assert (await rows(app, "BLSample"), await rows(app, "Crystal")) == before
    assert await member.refused("POST", FILL, {"location": 1}) == [["body"]]
    assert await member.refused("POST", FILL, [{}] * 1001) == [["body"]]
    missing = {"detail": "Container not found"}
    assert await member.post("/containers/2/samples", PUCK, 404) == missing
    assert await member.post("/containers/9/samples", PUCK, 404) == missing


async def test_a_position_that_is_held_twice_is_for_one_by_one(app: TestApp, member: Caller) -> None:
    await app.database.sql("UPDATE BLSample SET location = '1' WHERE blSampleId = 3")
    sent = [{"location": 1, "name": "lys-4"}]
    assert await member.refused("POST", FILL, sent) == [["body", 0, "location"]]


CSV = """Position;Name;Protein;Comments;Cell A;
3;kin-3;LYS;Größe;78,5;
4;kin-4;XYZ;;;
;;;;;
x;kin 5;LYS;;;
"""


@pytest.mark.four_databases
async def test_a_container_as_csv(app: TestApp, member: Caller) -> None:
    """Rows are numbered as spreadsheets do; in their language as well."""

    async def send(text: str, encoding: str = "utf-8-sig") -> tuple[int, Any]:
        headers = {**member._headers, "Content-Type": "text/csv"}
        answer = await app.client.post(FILL, content=text.encode(encoding), headers=headers)
        return answer.status_code, answer.json()

    status, said = await send(CSV)
    assert status == 422
    found = [tuple(one["loc"][1:]) for one in said["detail"]]
    assert found == [(2, "cell_a"), (3, "acronym"), (5, "location")]
    status, said = await send(CSV.replace("78,5", "78.5").replace("XYZ", "lys").replace("x;kin 5", "5;kin-5"))
    assert (status, said) == (200, {"added": [3, 4, 5], "changed": [], "unchanged": []})
    sample = (await member.get("/samples?search=kin-3"))["results"][0]
    assert (sample["comments"], sample["Crystal"]["cell_a"]) == ("Größe", 78.5)
    status, said = await send("name,location,comments\nlys-1,1,Öl\n", "cp1252")
    assert (status, said["changed"]) == (200, [1])
    assert (await member.get("/samples/1"))["comments"] == "Öl"
    for text in ("3,kin-3,LYS\n", "\n", ";;\n3;kin-3;LYS\n"):
        status, said = await send(text)
        assert (status, said["detail"][0]["loc"]) == (422, ["body", 1])
