"""The database says which names are equal, whatever collation their columns have."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from support.columns import definition

if TYPE_CHECKING:
    from plugins.proposals.conftest import Facility

pytestmark = [pytest.mark.anyio, pytest.mark.on("mariadb-community", "mariadb-diamond")]


NORDIC = {
    "groupName": "Nordic",
    "uiGroup": "north",
    "permission": "north_staff",
    "beamLines": [{"beamLineName": name} for name in ("Kyng", "ÅSE", "Ase ", "kÜng")],
}


async def test_the_database_says_which_names_are_of_one_beamline(facility: Facility) -> None:
    """By latin1_swedish_ci ü is y, and å a letter of its own."""
    root = await facility.caller("root", "all_proposals")
    await facility.proposal(1, "mx", "23")
    await facility.db.sql("UPDATE AdminVar SET value = '" + json.dumps([NORDIC], ensure_ascii=False) + "'")
    await facility.app.refresh()
    await facility.proposal(2, "mx", "24")
    for key, name in ((1, "ase"), (2, "Kung"), (3, "KÜNG"), (4, "åse ")):
        await facility.session(key, proposal=2 if name == "Kung" else 1, beamLineName=name)
    assert await root.ids("/sessions", "sessionId", beamLineGroup="Nordic") == [4, 3, 1]
    group = await root.get("/sessions/group", beamLineGroup="Nordic")
    assert [session["sessionId"] for session in group["results"]] == [3, 4, 1]
    found = (await root.get("/sessions"))["results"]
    shown = {session["sessionId"]: session["_metadata"]["uiGroups"] for session in found}
    assert shown == {1: ["north"], 2: [], 3: ["north"], 4: ["north"]}
    proposals = (await root.get("/proposals"))["results"]
    assert [proposal["_metadata"]["uiGroups"] for proposal in proposals] == [[], ["north"]]


async def test_the_parts_of_a_name_may_have_a_collation_each(facility: Facility) -> None:
    db = facility.db
    parts = {"proposalCode": "utf8mb4_general_ci", "proposalNumber": "utf8mb4_unicode_ci"}
    before = {column: await definition(db, "Proposal", column) for column in parts}
    root = await facility.caller("root", "all_proposals")
    await facility.proposal(1, "x", "23")
    try:
        for column, collation in parts.items():
            await db.sql(f"ALTER TABLE Proposal MODIFY {column} VARCHAR(45) COLLATE {collation}")
        await facility.app.starbeam.database.look_again()
        await db.sql("UPDATE Proposal SET proposalCode = 'Ωx'")
        await facility.session(1)
        assert await root.ids("/proposals", "proposal") == ["Ωx23"]
        assert await root.ids("/sessions", "session", proposal="ωX23") == ["Ωx23-1"]
        assert await root.ids("/proposals", "proposal", search="x2") == ["Ωx23"]
    finally:
        await db.sql("DELETE FROM Proposal")
        for column, kind in before.items():
            await db.sql(f"ALTER TABLE Proposal MODIFY {column} {kind}")
