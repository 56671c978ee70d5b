"""A plugin that hides beamlines, and every operation that reads, asked by everybody."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import ColumnElement, false, true

from contract.conftest import PLUGINS
from starbeam.db.scope import Scope
from starbeam.visibility import Restrict
from starbeam_ispyb.models import BLSession, DataCollection
from support.expected import routes
from support.probe import FILES, embargo
from support.probe.embargo import CLOSED

if TYPE_CHECKING:
    from contract.conftest import MakeWhole, Whole

pytestmark = pytest.mark.anyio

WITHOUT_SESSIONS = {
    *("/options", "/options/ui", "/auth/config", "/openapi.json", "/user/current", "/stats/runs"),
    *("/tokens", "/tokens/own", "/tokens/current", "/tokens/{tokenId}", "/tokens/refresh"),
    *("/tokens/own/refresh", "/detectors"),
    *("/admin/audit", "/admin/activity", "/admin/groups", "/admin/permissions", "/persons"),
    *("/legacy/proposals", "/legacy/{token}/proposal/list"),
    *("/legacy/proposals/{proposal_id}", "/legacy/{token}/proposal/{proposal_id}/info/get"),
    *("/labcontacts", "/labcontacts/{labContactId}", "/shippings", "/shippings/{shippingId}"),
    *("/dewars", "/dewars/{dewarId}", "/containers", "/containers/{containerId}"),
    *("/samples/images", "/samples/images/{blSampleImageId}", "/mapping/rois"),
}
"""What tells nothing of sessions: the answer is the same."""
COUNTING = {
    *("/proposals", "/proposals/{proposal}", "/proteins", "/proteins/{proteinId}"),
    *("/samples", "/samples/{blSampleId}", "/samples/sub", "/samples/sub/{blSubSampleId}"),
}
"""What counts sessions and data collections of a row that hangs on none: the counts are 0."""
WITH_EMBARGO: dict[str, Any] = {"plugins.enabled": [*PLUGINS, "embargo"], "plugins.files": FILES}
ASKING = ("administrator", "session_member", "proposal_member")
COUNTS = ("sessions", "datacollections", "integrated", "types", "beamLines", "uiGroups")

Answer = tuple[int, str]


async def answers(whole: Whole) -> dict[tuple[str, str, str], Answer]:
    """What each caller gets from each route that reads, by its path, its address and the caller."""
    found = {}
    for name, route in routes().items():
        method, path = name.split(" ")
        addresses = (route.path or path, *route.also) if method == "GET" else ()
        for address in addresses:
            for caller in ASKING:
                answer = await whole.call(name, address, caller)
                found[path, address, caller] = answer.status_code, answer.text
    return found


async def picture_movies(whole: Whole) -> None:
    """Let the images of movies be a file that there is."""
    for table, columns in {
        "Movie": ("micrographSnapshotFullPath",),
        "MotionCorrection": ("micrographSnapshotFullPath", "driftPlotFullPath"),
        "CTF": ("spectraImageThumbnailFullPath",),
    }.items():
        values = ", ".join(f"{column} = '/data/1.png'" for column in columns)
        await whole.app.database.sql(f"UPDATE {table} SET {values}")


def tells_nothing(path: str, status: int, text: str) -> bool:
    """Whether an answer holds no row that hangs on a session."""
    if status in (403, 404):
        return True
    if path == "/events/stream":
        return "id: 0\n" in text  # it sums up what the caller sees of the last day
    try:
        body = json.loads(text)
    except ValueError:  # a picture
        return False
    if path in COUNTING:
        rows = body.get("results", [body])
        return not any(row["_metadata"].get(name) for row in rows for name in COUNTS)
    return body in ([], {"statuses": {}}) or (isinstance(body, dict) and body.get("total") == 0)


async def test_what_a_plugin_hides_is_hidden_everywhere(make_whole: MakeWhole) -> None:
    """Every session is put on the beamline that the plugin hides: no answer tells of any."""
    whole = await make_whole(**WITH_EMBARGO)
    await picture_movies(whole)
    before = await answers(whole)
    await whole.app.database.sql("UPDATE BLSession SET beamLineName = :closed", closed=CLOSED)
    after = await answers(whole)
    changed = {path for path, *_ in before if path not in WITHOUT_SESSIONS}
    told = {key for key, (status, body) in before.items() if not tells_nothing(key[0], status, body)}
    assert changed - COUNTING - {path for path, *_ in told} == set(), "nothing to hide"
    hidden = {key: after[key] for key in after if key[0] in changed}
    leaks = {key: said for key, said in hidden.items() if not tells_nothing(key[0], *said)}
    assert leaks == {}
    assert [key for key, (_, text) in hidden.items() if "mx23-1" in text] == []
    same = {key: said for key, said in before.items() if key[0] in WITHOUT_SESSIONS - {"/persons"}}
    assert {key: after[key] for key in same} == same


async def test_legacy_routes_ask_rules_for_who_calls(
    make_whole: MakeWhole, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rule that spares who holds `all_proposals` spares nobody else, whatever else lets them list."""

    def spared(scope: Scope, session: Any) -> ColumnElement[bool]:
        return true() if scope.kind.sees_everything else session.sessionId != 1

    monkeypatch.setattr(embargo, "RULES", [Restrict(BLSession, spared)])
    whole = await make_whole(**WITH_EMBARGO)
    path = "/legacy/sessions"
    for caller, wanted in {"administrator": [1, 2, 3], "session_member": []}.items():
        listed = (await whole.call(f"GET {path}", path, caller)).json()
        assert [row["sessionId"] for row in listed] == wanted
    one = "/legacy/em/session/1/stats"
    assert (await whole.call(f"GET {one}", one, "session_member")).status_code == 403


async def test_legacy_counts_leave_out_what_is_restricted(
    make_whole: MakeWhole, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a session that is seen with none of its data collections, by one of two who see it."""

    def by_administrators(scope: Scope, collection: Any) -> ColumnElement[bool]:
        return true() if "manage_groups" in scope.kind.permissions else false()

    monkeypatch.setattr(embargo, "RULES", [Restrict(DataCollection, by_administrators)])
    whole = await make_whole(**WITH_EMBARGO)
    await whole.app.database.sql("UPDATE DataCollection SET numberOfImages = 7")
    sessions, groups = "/legacy/sessions", "/legacy/data_collections/groups/session/1"
    images, last = {}, {}
    for caller in ("administrator", "session_member"):
        (first, *_) = (await whole.call(f"GET {sessions}", sessions, caller)).json()
        (group, *_) = (await whole.call(f"GET {groups}", groups, caller)).json()
        images[caller] = first["imagesCount"]
        last[caller] = group["DataCollection_dataCollectionId"], group["totalNumberOfDataCollections"]
    assert images == {"administrator": 7, "session_member": None}
    assert last == {"administrator": (1, 1), "session_member": (None, 0)}
