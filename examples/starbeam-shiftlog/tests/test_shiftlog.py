"""Who reads and writes which log."""

from __future__ import annotations

from datetime import datetime
from random import Random

import pytest
from click.testing import CliRunner
from starbeam_shiftlog.demo import DATA

from starbeam.api.commands import cli
from starbeam.api.demo import DemoWorld
from starbeam_ispyb.models import BLSession, Proposal, Session_has_Person

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 3, 1, 14, 30, 12, 345)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def app(make_app, as_user):
    """Two sessions of one proposal; abcd is in the first."""
    app = await make_app("ispyb", "shiftlog")
    member = await app.database.person("abcd")
    await app.database.add(Proposal, proposalId=1, personId=member, proposalCode="mx", proposalNumber="1")
    for key in (1, 2):
        await app.database.add(BLSession, sessionId=key, proposalId=1, visit_number=key, beamLineName="b1")
    await app.database.add(Session_has_Person, sessionId=1, personId=member)
    app.set_time(NOW)
    return app


async def test_members_of_a_session_keep_its_log(app, as_user) -> None:
    headers = await as_user(app, "abcd")
    for new in ({"text": "Beam is back"}, {"text": "Ice on the loop", "category": "sample"}):
        added = await app.client.post("/sessions/1/shiftlog", headers=headers, json=new)
        assert added.status_code == 201, added.text
    listed = await app.client.get("/sessions/1/shiftlog", headers=headers)
    assert listed.json() == {
        "total": 2,
        "results": [
            {
                "shiftlogEntryId": 2,
                "sessionId": 1,
                "author": "abcd",
                "text": "Ice on the loop",
                "category": "sample",
                "created": "2026-03-01T14:30:12",
            },
            {
                "shiftlogEntryId": 1,
                "sessionId": 1,
                "author": "abcd",
                "text": "Beam is back",
                "category": "note",
                "created": "2026-03-01T14:30:12",
            },
        ],
        "skip": 0,
        "limit": 25,
    }
    assert added.json() == listed.json()["results"][0]


async def test_others_see_no_log(app, as_user) -> None:
    stranger = await as_user(app, "efgh")
    for session in (1, 2, 99):
        answer = await app.client.get(f"/sessions/{session}/shiftlog", headers=stranger)
        assert (answer.status_code, answer.json()) == (404, {"detail": "Session not found"})
        answer = await app.client.post(
            f"/sessions/{session}/shiftlog", headers=stranger, json={"text": "Hello"}
        )
        assert (answer.status_code, answer.json()) == (404, {"detail": "Session not found"})
    member = await as_user(app, "abcd")
    assert (await app.client.get("/sessions/2/shiftlog", headers=member)).status_code == 404
    everything = await as_user(app, "boss", "all_proposals")
    assert (await app.client.get("/sessions/2/shiftlog", headers=everything)).status_code == 200


async def test_bad_entries_are_refused(app, as_user) -> None:
    headers = await as_user(app, "abcd")
    for new in ({}, {"text": ""}, {"text": "x" * 2001}, {"text": "x", "category": "gossip"}):
        answer = await app.client.post("/sessions/1/shiftlog", headers=headers, json=new)
        assert answer.status_code == 422, answer.text


async def test_administrators_close_the_logs(app, as_user) -> None:
    await app.database.sql("INSERT INTO AdminVar (name, value) VALUES ('shiftlog_closed', 'true')")
    headers = await as_user(app, "abcd")
    answer = await app.client.post("/sessions/1/shiftlog", headers=headers, json={"text": "Hello"})
    assert (answer.status_code, answer.json()) == (403, {"detail": "The logs are closed"})


async def test_entries_are_removed_with_the_permission_by_who_sees_them(app, as_user) -> None:
    member = await as_user(app, "abcd")
    await app.client.post("/sessions/1/shiftlog", headers=member, json={"text": "Hello"})
    assert (await app.client.delete("/shiftlog/1", headers=member)).status_code == 403
    blind = await as_user(app, "efgh", "edit_shiftlog")
    assert (await app.client.delete("/shiftlog/1", headers=blind)).status_code == 404
    editor = await as_user(app, "abcd", "edit_shiftlog")
    assert (await app.client.delete("/shiftlog/1", headers=editor)).status_code == 204
    assert (await app.client.get("/sessions/1/shiftlog", headers=member)).json()["total"] == 0


async def test_the_demo_has_a_log_for_each_session_that_has_begun(app, tmp_path) -> None:
    await app.database.add(BLSession, sessionId=3, proposalId=1, startDate=NOW.replace(microsecond=0))
    async with app.starbeam.database.transaction() as session:
        await DATA.fill(DemoWorld(session, Random(1), NOW, tmp_path))
    found = await app.database.sql("SELECT sessionId, personId, text, category FROM ShiftlogEntry")
    assert [tuple(row) for row in found] == [(3, 1, "Beam is back.", "note")]


def test_commands_make_the_table_and_print_a_log(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "site.toml").write_text('[plugins]\nenabled = ["ispyb", "shiftlog"]\n')

    def run(*words: str) -> str:
        result = CliRunner().invoke(cli, [*words, "--config", "site.toml"])
        assert result.exit_code == 0, result.output
        return result.stdout

    run("db", "create")
    assert run("db", "upgrade").splitlines() == [
        "shiftlog 0001: the table of entries",
        "shiftlog 0002: a category for each entry",
        "applied 2",
    ]
    assert run("db", "upgrade") == "nothing to do: every table of a plugin is there\n"
    assert "every index" in run("db", "indexes")
    assert run("shiftlog", "1") == ""
