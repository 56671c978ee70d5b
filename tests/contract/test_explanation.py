"""Why somebody sees something, or does not: as the operations answer, with the rules one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from starbeam.explanation import Line
from starbeam.refusals import Missing
from support.pages import Visitor, text_of
from support.world import CALLERS

if TYPE_CHECKING:
    from contract.conftest import Whole

pytestmark = pytest.mark.anyio

THINGS = ("/sessions", "/samples", "/proteins", "/dewars", "/shippings", "/labcontacts", "/datacollections")
MEMBER = "the person takes part in this session"
OF_PROPOSAL = "the person is a member of its proposal"
BEAMLINE = "the person has the permission of a group with its beamline"


async def test_an_explanation_is_what_is_answered(whole: Whole) -> None:
    """Somebody sees a thing exactly where one of the reasons holds."""
    for caller in CALLERS:
        for path in (f"{start}/{key}" for start in THINGS for key in (1, 2, 3)):
            _, why = await whole.app.starbeam.explain(caller, path)
            told = await whole.call("GET ", path, caller)
            assert why.sees == (told.status_code == 200), (caller, path)
            reasons = [one.holds for one in why.lines if one.says.startswith(("the person", "has the"))]
            assert any(reasons) == why.sees, (caller, path)


@pytest.mark.four_databases
async def test_the_rules_of_a_session(whole: Whole) -> None:
    async def holding(login: str, path: str) -> set[str]:
        _, why = await whole.app.starbeam.explain(login, path)
        return {one.says for one in why.lines if one.holds}

    assert await holding("session_member", "/sessions/1") == {MEMBER}
    assert await holding("proposal_member", "/sessions/1") == {OF_PROPOSAL}
    assert await holding("staff", "/sessions/mx23-2") == {BEAMLINE}
    assert await holding("stranger", "/sessions/1") == set()
    assert "has the permission all_proposals" in await holding(
        "administrator", f"{whole.root}/sessions/1?x=1"
    )
    login, why = await whole.app.starbeam.explain("Stranger", "/samples/1")
    assert (login, why.sees, why.about) == ("stranger", False, "BLSample 1")
    assert [(one.about, one.says) for one in why.lines if one.holds] == [
        ("BLSample 1", "hangs on Container 1"),
        ("Container 1", "hangs on Dewar 1"),
        ("Dewar 1", "hangs on Shipping 1"),
        ("Shipping 1", "hangs on Proposal 1"),
    ]
    for path in ("/sessions/99", "/sessions/none-1", "/proposals/none1"):
        _, nothing = await whole.app.starbeam.explain("administrator", path)
        assert nothing.lines == [Line(nothing.about, "exists", False)]
    for login, path in (
        ("nobody", "/sessions/1"),
        ("stranger", "/sessions"),
        ("stranger", ""),
        ("stranger", "/x/1"),
    ):
        with pytest.raises(Missing):
            await whole.app.starbeam.explain(login, path)


async def test_the_page(whole: Whole) -> None:
    visitor = Visitor(whole.app)
    await visitor.log_in("administrator")
    said = text_of((await visitor.open("/admin/explain?login=stranger&path=/sessions/mx23-1")).text)
    assert "stranger does not see BLSession 1" in said
    assert f"{MEMBER} BLSession 1 no" in said
    said = text_of((await visitor.open("/admin/explain?login=none&path=/sessions/1")).text)
    assert "Nobody has the login none" in said
