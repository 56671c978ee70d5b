"""What this plugin does, on a database of its own; the fixtures come from starbeam-core."""

import pytest

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend():
    return "asyncio"


async def test_everybody_sees_their_own_notes(make_app, as_user):
    app = await make_app("skeleton")
    mine, theirs = await as_user(app, "abcd"), await as_user(app, "efgh")
    added = await app.client.post("/skeleton", headers=mine, json={"text": "mount the spare goniometer"})
    assert added.status_code == 201, added.text
    note = added.json()
    assert note["text"] == "mount the spare goniometer"
    listed = await app.client.get("/skeleton", headers=mine)
    assert listed.json() == {"total": 1, "results": [note], "skip": 0, "limit": 25}
    assert (await app.client.get("/skeleton", headers=theirs)).json()["total"] == 0


async def test_a_note_has_a_longest_length(make_app, as_user):
    app = await make_app("skeleton", **{"plugin.skeleton.longest": 5})
    headers = await as_user(app, "abcd")
    for text, status in (("hello", 201), ("hello!", 422), ("", 422)):
        answer = await app.client.post("/skeleton", headers=headers, json={"text": text})
        assert answer.status_code == status, answer.text
