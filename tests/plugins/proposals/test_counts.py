"""What counting data collections costs the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from starbeam_ispyb import models as m
from support.counting import ONE_CONNECTION, rows_read

if TYPE_CHECKING:
    import httpx

    from starbeam_testing.fixtures import MakeApp

pytestmark = pytest.mark.anyio


@pytest.mark.on("mariadb-union")
async def test_data_collections_of_large_sessions_are_not_counted_each_time(make_app: MakeApp) -> None:
    app = await make_app("ispyb", "proposals", **ONE_CONNECTION)
    headers = await app.as_user("root", "all_proposals")
    await app.database.add(m.Proposal, proposalId=1, proposalCode="mx", proposalNumber="1", personId=1)
    for statement in (
        "SET foreign_key_checks = 0",
        "INSERT INTO BLSession (sessionId, proposalId, visit_number) SELECT seq, 1, seq FROM seq_1_to_100",
        "INSERT INTO DataCollectionGroup (dataCollectionGroupId, sessionId)"
        " SELECT seq, 1 + seq % 100 FROM seq_1_to_20000",
        "INSERT INTO DataCollection (dataCollectionId, dataCollectionGroupId)"
        " SELECT seq, seq FROM seq_1_to_20000",
        "ANALYZE TABLE BLSession, DataCollectionGroup, DataCollection",
    ):
        await app.database.sql(statement)

    async def ask() -> httpx.Response:
        return await app.client.get("/sessions?limit=100", headers=headers)

    first = (await ask()).json()["results"]
    assert {session["_metadata"]["datacollections"] for session in first} == {200}
    assert await rows_read(app, ask) < 10 * 100
