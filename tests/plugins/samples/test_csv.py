"""Lists of samples as CSV: of the API, and of pages."""

from __future__ import annotations

import csv
import re
from io import StringIO
from typing import TYPE_CHECKING

import pytest

from starbeam_ispyb import models as m

if TYPE_CHECKING:
    import httpx

    from plugins.samples.conftest import People
    from support.pages import Visitor


pytestmark = pytest.mark.anyio


def rows(answer: httpx.Response) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    return list(csv.DictReader(StringIO(answer.text, newline=""), strict=True))


@pytest.mark.four_databases
async def test_what_is_in_others_stands_in_columns_of_its_own(people: People) -> None:
    await people.app.database.sql("UPDATE BLSample SET name = '=lys' WHERE blSampleId = 2")
    found = rows(await people.response("root", "/samples", Accept="text/csv"))
    assert {row["blSampleId"]: row["name"] for row in found} == {"1": "lys_1", "2": "'=lys", "3": "lys_3"}
    lysozyme = next(row for row in found if row["blSampleId"] == "1")
    assert lysozyme["Crystal.cell_a"] == "78.5"
    assert lysozyme["Crystal.Protein.acronym"] == "LYS"
    assert lysozyme["Container.code"] == "C1"
    assert lysozyme["_metadata.datacollections"] == "6"
    found = rows(await people.response("root", "/samples/sub", Accept="text/csv"))
    places = {row["blSubSampleId"]: (row["Position1.posX"], row["Position1.posY"]) for row in found}
    assert places == {"1": ("1", "-2"), "2": ("", "")}


async def test_everybody_gets_their_rows(people: People) -> None:
    db = people.app.database
    await db.add(m.Proposal, proposalId=2, proposalCode="mx", proposalNumber="2", personId=1)
    await db.add(m.Shipping, shippingId=2, proposalId=2)
    await db.add(m.Dewar, dewarId=2, shippingId=2)
    await db.add(m.Container, containerId=2, dewarId=2)
    await db.add(m.Protein, proteinId=3, proposalId=2)
    await db.add(m.Crystal, crystalId=2, proteinId=3)
    await db.add(m.BLSample, blSampleId=4, crystalId=2, containerId=2, name="secret")
    found = {}
    for who in ("stranger", "session_member", "proposal_member", "root"):
        answer = await people.response(who, "/samples", Accept="text/csv")
        found[who] = sorted(row["blSampleId"] for row in rows(answer))
    mine = ["1", "2", "3"]
    assert found == {
        "stranger": [],
        "session_member": mine,
        "proposal_member": mine,
        "root": [*mine, "4"],
    }


async def test_a_page_leads_to_all_rows_that_it_is_about(visitor: Visitor) -> None:
    html = (await visitor.open("/samples?search=lys&limit=1&skip=1")).text
    link = re.search(r'<a class="btn" href="([^"]+)" download>CSV</a>', html)
    assert link is not None
    assert link[1].replace("&amp;", "&") == "/samples?search=lys&format=csv"
    answer = await visitor.open("/samples?search=lys&format=csv")
    assert [row["name"] for row in rows(answer)] == ["lys_3", "lys_2", "lys_1"]
    assert answer.headers["content-disposition"] == 'attachment; filename="samples.csv"'
    narrow = await visitor.open("/samples?search=lys_2&format=csv")
    assert [row["blSampleId"] for row in rows(narrow)] == ["2"]
    nothing = (await visitor.open("/samples?search=nothing&format=csv")).text
    assert (nothing.split(",")[0], nothing.count("\r\n")) == ("name", 1)  # the columns alone
    assert "CSV" not in (await visitor.open("/samples?search=nothing")).text


@pytest.mark.parametrize("path", ["/proposals/mx1/samples", "/sessions/1/samples", "/proteins/1"])
async def test_lists_of_pages_about_something(visitor: Visitor, path: str) -> None:
    found = rows(await visitor.open(f"{path}?format=csv"))
    expected = {"1"} if path.startswith("/sessions") else {"1", "2", "3"}
    assert {row["blSampleId"] for row in found} == expected


async def test_only_who_has_logged_in_gets_it(visitor: Visitor) -> None:
    visitor.client.cookies.clear()
    answer = await visitor.open("/samples?format=csv")
    assert "text/csv" not in answer.headers.get("content-type", "")
    assert "lys" not in answer.text
