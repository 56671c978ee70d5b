"""Lists that clients ask again and again are sent only when they are other ones."""

from __future__ import annotations

import pytest

from plugins.events.conftest import Beamline

pytestmark = pytest.mark.anyio


async def test_who_has_the_list_is_not_sent_it_again(beamline: Beamline) -> None:
    await beamline.group(1)
    await beamline.collection(1, 1, 0, 1, runStatus="Successful")
    root = await beamline.app.as_user("root", "all_proposals")
    client = beamline.app.client
    first = await client.get("/events", headers=root)
    tag = first.headers["etag"]
    assert (first.status_code, first.json()["total"]) == (200, 1)
    again = await client.get("/events", headers=root | {"If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert "content-length" not in again.headers
    await beamline.db.sql("UPDATE DataCollection SET runStatus = 'Failed'")
    changed = await client.get("/events", headers=root | {"If-None-Match": tag})
    assert (changed.status_code, changed.json()["total"]) == (200, 1)
    assert changed.headers["etag"] != tag
    nobody = await beamline.app.as_user("nobody")
    assert (await client.get("/events", headers=nobody | {"If-None-Match": tag})).json()["total"] == 0
    table = await client.get("/events", headers=root | {"Accept": "text/csv", "If-None-Match": tag})
    assert (table.status_code, "etag" in table.headers) == (200, False)
    refused = await client.get("/events?limit=x", headers=root)
    assert (refused.status_code, "etag" in refused.headers) == (422, False)
