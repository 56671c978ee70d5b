"""What clients send back as they were shown it is no change, whether or not it would be taken today."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from starbeam.db.models import AdminVar

if TYPE_CHECKING:
    from contract.conftest import MakeWhole, Whole
    from support.schemas import Kind

pytestmark = pytest.mark.anyio

OF_OLD = (
    "UPDATE Dewar SET code = NULL, type = '{type}' WHERE dewarId = 1",
    "UPDATE Dewar SET code = '', type = 'Toolbox' WHERE dewarId = 2",
    "UPDATE Container SET code = NULL, containerType = NULL, sampleChangerLocation = NULL"
    " WHERE containerId = 1",
    "UPDATE Shipping SET shippingName = NULL, safetyLevel = 'PURPLE', sendingLabContactId = 3,"
    " returnLabContactId = NULL WHERE shippingId = 1",
    "UPDATE Shipping SET safetyLevel = '', comments = NULL, sendingLabContactId = NULL WHERE shippingId = 2",
    "UPDATE BLSample SET name = 'no/file', location = 'A1' WHERE blSampleId = 1",
    "UPDATE BLSample SET name = NULL, location = NULL WHERE blSampleId = 2",
    "UPDATE Crystal SET cell_a = 0, cell_alpha = -1 WHERE crystalId = 1",
    "UPDATE Protein SET name = '', acronym = 'HEWL lyso', molecularMass = -1 WHERE proteinId = 1",
    "UPDATE Protein SET name = NULL, acronym = 'HEWL lyso', safetyLevel = NULL WHERE proteinId = 2",
    "UPDATE Person SET familyName = NULL, emailAddress = 'nobody' WHERE personId = 11",
    "UPDATE Person SET laboratoryId = NULL WHERE personId = 12",
    "UPDATE Laboratory SET name = NULL, city = NULL WHERE laboratoryId = 1",
    "UPDATE Permission SET description = NULL WHERE permissionId = 1",
    "UPDATE Permission SET type = 'ID02_Staff' WHERE type = 'id02_staff'",
)
"""Rows as they stand in real databases, and as no operation would write them."""
TABLES = (
    "Dewar Container Shipping LabContact Person Laboratory BLSession BLSample Crystal Protein DataCollection"
    " DataCollectionGroup UserGroup Permission AdminVar AdminActivity"
)
TIES = {
    "PATCH /events/energyscan/associate-bl-sample",
    "PATCH /sessions/{sessionId}/associate-beamline-setup",
}
"""What says that rows belong together, and is not shown as such."""
LISTED = {"/admin/groups/{userGroupId}", "/admin/permissions/{permissionId}"}
"""Rows that are shown in lists only."""
NOT_LISTED = {"/datacollections/{dataCollectionId}", "/datacollections/groups/{dataCollectionGroupId}"}
"""Rows that no list shows by themselves: their keys are 1 to 3."""


async def rows(whole: Whole) -> dict[str, list[Any]]:
    """All that the database holds of what is changed."""
    sql = whole.app.database.sql
    return {table: list(await sql(f"SELECT * FROM {table}")) for table in TABLES.split()}


async def shown(whole: Whole, path: str) -> list[tuple[str, Any]]:
    """The addresses below a path, and what clients are shown of each."""
    parent, _, name = path.rpartition("/")
    if not name.startswith("{"):
        return [(path, (await whole.call(f"GET {path}", path, "administrator")).json())]
    keys = [1, 2, 3]
    if path not in NOT_LISTED:
        page = (await whole.call(f"GET {parent}", parent, "administrator")).json()
        keys = [row[name.strip("{}")] for row in page["results"]]
    assert len(keys) >= 3
    if path in LISTED:
        return [(f"{parent}/{key}", row) for key, row in zip(keys, page["results"], strict=True)]
    one = [await whole.call(f"GET {path}", f"{parent}/{key}", "administrator") for key in keys]
    return [(f"{parent}/{key}", answer.json()) for key, answer in zip(keys, one, strict=True)]


@pytest.mark.on("sqlite-union", "mariadb-diamond", late=["mariadb-community"])
async def test_what_was_shown_is_no_change(make_whole: MakeWhole, kind: Kind) -> None:
    whole = await make_whole()
    for statement in OF_OLD:
        kept = "Dewar" if kind.flavour == "community" else "Parcel"
        await whole.app.database.sql(statement.format(type=kept))
    lasting = {"groupName": "old", "uiGroup": "mx", "permission": "p"}
    await whole.app.database.sql("UPDATE AdminVar SET value = :value", value=json.dumps([lasting] * 12))
    await whole.app.database.add(AdminVar, name="motd", value="no JSON")
    await whole.app.database.add(AdminVar, name="query_debug", value='"perhaps"')
    await whole.app.refresh()
    before = await rows(whole)
    changing = sorted(name for name in {*whole.handlers} - TIES if name.split(" ")[0] in ("PATCH", "PUT"))
    assert len(changing) >= 7
    for name in changing:
        for address, answer in await shown(whole, name.split(" ")[1].replace(":str", "")):
            bodies = [answer, {}, *({field: value} for field, value in answer.items())]
            found = [await whole.call(name, address, "administrator", body) for body in bodies]
            pairs = zip(bodies, found, strict=True)
            wrong = {str(body): said.text for body, said in pairs if said.json() != answer}
            assert ({said.status_code for said in found}, wrong) == ({200}, {}), (name, address)
    assert await rows(whole) == before


@pytest.mark.four_databases
async def test_a_change_is_looked_at(make_whole: MakeWhole) -> None:
    """What differs is taken or refused as ever, beside what does not."""
    whole = await make_whole()
    await whole.app.database.sql("UPDATE Dewar SET code = NULL WHERE dewarId = 1")

    async def change(body: Any) -> tuple[int, Any]:
        answer = await whole.call("PATCH /dewars/{dewarId}", "/dewars/1", "administrator", body)
        return answer.status_code, answer.json()

    status, dewar = await change({"code": None, "dewarType": "Toolbox", "dewarId": 7, "Shipping": 5})
    assert (status, dewar["code"], dewar["dewarType"], dewar["dewarId"]) == (200, None, "Toolbox", 1)
    _, dewar = await change({**dewar, "code": "D9"})
    assert dewar["code"] == "D9"
    status, said = await change({**dewar, "code": None})
    assert (status, said["detail"][0]["loc"]) == (422, ["body", "code"])
    status, said = await change({**dewar, "dewarType": "Box"})
    assert (status, said["detail"][0]["loc"]) == (422, ["body", "dewarType"])
    for body in ([], None, "D9", 5, [dewar]):
        status, said = await change(body)
        assert (status, said["detail"][0]["loc"]) == (422, ["body"])
    contact = {"Person": {"Laboratory": {"city": None}}}
    answer = await whole.call("PATCH /labcontacts/{labContactId}", "/labcontacts/1", "administrator", contact)
    assert answer.json()["detail"][0]["loc"] == ["body", "Person", "Laboratory", "city"]
