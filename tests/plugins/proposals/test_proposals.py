"""`/proposals`: who sees which, their counters, and the search."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from plugins.proposals.conftest import Facility

pytestmark = [pytest.mark.anyio, pytest.mark.four_databases]


def page(*results: object, total: int | None = None, skip: int = 0, limit: int = 25) -> dict[str, object]:
    """A page of a list."""
    return {
        "total": len(results) if total is None else total,
        "results": list(results),
        "skip": skip,
        "limit": limit,
    }


async def test_a_proposal_with_all_it_has(facility: Facility) -> None:
    await facility.proposal(1, "mx", "23", title="Membranes", state="Closed")
    await facility.session(1, beamLineName="id30")
    await facility.session(2, beamLineName="id30")
    await facility.session(3, beamLineName="bm29")
    await facility.session(4)
    ada = await facility.caller("ada")
    await ada.joins(proposal=1)
    await (await facility.caller("bob")).joins(proposal=1)
    wanted = {
        "proposalId": 1,
        "proposal": "mx23",
        "proposalCode": "mx",
        "proposalNumber": "23",
        "title": "Membranes",
        "state": "Closed",
        "_metadata": {
            "persons": 2,
            "sessions": 4,
            "beamLines": ["bm29", "id30"],
            "uiGroups": ["mx", "saxs"],
        },
    }
    assert await ada.get("/proposals") == page(wanted)
    assert await ada.get("/proposals/mx23") == wanted


@pytest.mark.fix(1)
async def test_a_proposal_without_what_it_can_lack(facility: Facility) -> None:
    await facility.proposal(1, "mx", None, title=None)
    wanted = {
        "proposalId": 1,
        "proposal": None,
        "proposalCode": "mx",
        "proposalNumber": None,
        "title": None,
        "state": "Open",
        "_metadata": {"persons": 0, "sessions": 0, "beamLines": [], "uiGroups": []},
    }
    root = await facility.caller("root", "all_proposals")
    assert await root.get("/proposals") == page(wanted)


async def test_the_newest_come_first_page_by_page(facility: Facility) -> None:
    for key in range(1, 6):
        await facility.proposal(key, "mx", str(key))
    root = await facility.caller("root", "all_proposals")
    assert await root.ids("/proposals", "proposalId") == [5, 4, 3, 2, 1]
    second = await root.get("/proposals", skip=2, limit=2)
    assert [row["proposalId"] for row in second["results"]] == [3, 2]
    assert (second["total"], second["skip"], second["limit"]) == (5, 2, 2)
    assert await root.get("/proposals", skip=9) == page(total=5, skip=9)


@pytest.mark.fix(22)
@pytest.mark.fix(23)
async def test_counters_count_what_the_caller_may_see(facility: Facility) -> None:
    await facility.proposal(1, "mx", "23")
    for key, beamline in enumerate(["id30", "id30", "bm29"], 1):
        await facility.session(key, beamLineName=beamline)
    ada, staff = await facility.caller("ada"), await facility.caller("staff", "saxs_staff")
    await ada.joins(session=1)
    await ada.joins(session=2)
    root = await facility.caller("root", "all_proposals")
    found = {}
    for name, caller in {"ada": ada, "staff": staff, "root": root}.items():
        answer = await caller.get("/proposals")
        assert answer["total"] == len(answer["results"]) == 1
        found[name] = answer["results"][0]["_metadata"]
    assert found == {
        "ada": {"persons": 0, "sessions": 2, "beamLines": ["id30"], "uiGroups": ["mx"]},
        "staff": {"persons": 0, "sessions": 1, "beamLines": ["bm29"], "uiGroups": ["saxs"]},
        "root": {"persons": 0, "sessions": 3, "beamLines": ["bm29", "id30"], "uiGroups": ["mx", "saxs"]},
    }


async def test_somebody_twice_on_a_proposal_is_one_person(facility: Facility) -> None:
    await facility.proposal(1, "mx", "23")
    ada = await facility.caller("ada")
    await ada.joins(proposal=1)
    await ada.joins(proposal=1)
    assert (await ada.get("/proposals"))["results"][0]["_metadata"]["persons"] == 1


async def test_search_looks_in_title_name_and_beamlines(facility: Facility) -> None:
    await facility.proposal(1, "mx", "23", title="Membranes")
    await facility.proposal(2, "bl", "7", title="About MX of id30")
    await facility.proposal(3, "sa", "1", title=None)
    await facility.session(1, 3, beamLineName="id30")
    root = await facility.caller("root", "all_proposals")
    searches = {
        "membr": [1],
        "MX": [2, 1],
        "x2": [1],
        "mx23": [1],
        "ID30": [3, 2],
        "id30 ": [3],
        "id3": [2],
        "nothing": [],
        "": [3, 2, 1],
    }
    found = {text: await root.ids("/proposals", "proposalId", search=text) for text in searches}
    assert found == searches
    keys = {2: [2], 0: [], 99: []}
    assert {key: await root.ids("/proposals", "proposalId", proposalId=key) for key in keys} == keys


async def test_only_those_that_the_caller_takes_part_in(facility: Facility) -> None:
    for key in (1, 2, 3):
        await facility.proposal(key, "mx", str(key))
    await facility.session(5, 2)
    root = await facility.caller("root", "all_proposals")
    await root.joins(proposal=1)
    await root.joins(session=5)
    answers = {
        text: await root.ids("/proposals", "proposalId", proposalFilter=text)
        for text in ("All", "Current User")
    }
    assert answers == {"All": [3, 2, 1], "Current User": [2, 1]}


@pytest.mark.fix(7)
async def test_wildcards_in_a_search_are_letters(facility: Facility) -> None:
    titles = ["100% pure", "100 pure", "a_b", "axb", "a\\b", "a!b", "it's"]
    for key, title in enumerate(titles, 1):
        await facility.proposal(key, "mx", str(key), title=title)
    root = await facility.caller("root", "all_proposals")
    searches = {"%": [1], "0%": [1], "_": [3], "a_b": [3], "\\": [5], "\\b": [5], "!": [6], "'": [7], '"': []}
    found = {text: await root.ids("/proposals", "proposalId", search=text) for text in searches}
    assert found == searches


@pytest.mark.fix(123)
async def test_a_search_does_not_narrow_the_counters(facility: Facility) -> None:
    await facility.proposal(1, "mx", "23")
    await facility.session(1, beamLineName="id30")
    await facility.session(2, beamLineName="bm29")
    root = await facility.caller("root", "all_proposals")
    answer = await root.get("/proposals", search="bm29")
    metadata = answer["results"][0]["_metadata"]
    assert (metadata["sessions"], metadata["beamLines"]) == (2, ["bm29", "id30"])


async def test_a_search_finds_beamlines_of_visible_sessions_only(facility: Facility) -> None:
    await facility.proposal(1, "mx", "23")
    await facility.session(1, beamLineName="id30")
    await facility.session(2, beamLineName="bm29")
    ada = await facility.caller("ada")
    await ada.joins(session=1)
    assert await ada.ids("/proposals", "proposalId", search="id30") == [1]
    assert await ada.ids("/proposals", "proposalId", search="bm29") == []


async def test_a_search_finds_no_proposal_of_others(facility: Facility) -> None:
    await facility.proposal(1, "mx", "23", title="Secret")
    ada = await facility.caller("ada")
    assert await ada.get("/proposals", search="Secret") == page()


async def test_a_name_is_found_in_any_case(facility: Facility) -> None:
    await facility.proposal(7, "mx", "23")
    root = await facility.caller("root", "all_proposals")
    for name in ("mx23", "MX23", "mX23", "mx23 "):
        assert (await root.get(f"/proposals/{name}"))["proposalId"] == 7


async def test_a_name_has_any_letters_of_the_column(facility: Facility) -> None:
    """`Ã©` are the bytes of `é` in UTF-8, as latin1 shows them."""
    await facility.proposal(1, "éx", "23")
    await facility.proposal(2, "Ã©x", "7")
    root = await facility.caller("root", "all_proposals")
    for name, key in {"éx23": 1, "ÉX23": 1, "ex23": 1, "Ã©x7": 2}.items():
        assert (await root.get(f"/proposals/{name}"))["proposalId"] == key, name
    for other in ("éx7", "Ã©x23", "éy23", "😀x23"):
        await root.get(f"/proposals/{other}", 404)


async def test_a_name_that_two_proposals_have_is_the_lower_ones(facility: Facility) -> None:
    await facility.proposal(4, "bl1", "23")
    await facility.proposal(5, "bl12", "3")
    await facility.proposal(6, "BL", "123")
    root = await facility.caller("root", "all_proposals")
    assert (await root.get("/proposals/bl123"))["proposalId"] == 4
    ada = await facility.caller("ada")
    await ada.joins(proposal=5)
    assert (await ada.get("/proposals/bl123"))["proposalId"] == 5


async def test_what_names_no_proposal_is_not_found(facility: Facility) -> None:
    await facility.proposal(1, "mx", "23")
    root = await facility.caller("root", "all_proposals")
    texts = [
        "mx24",
        "mx2",
        "x23",
        "23",
        "mx",
        "mx-23",
        "mx%2523",
        "%25",
        "m_23",
        "two words",
        "mx23-1",
        "%00",
    ]
    for name in [*texts, "é" * 300, "😀1"]:
        assert await root.get(f"/proposals/{name}", 404) == {"detail": "Proposal not found"}


async def test_a_proposal_of_others_is_not_found(facility: Facility) -> None:
    await facility.proposal(1, "mx", "23")
    await facility.session(1, beamLineName="id30")
    for caller in (
        await facility.caller("proposer"),
        await facility.caller("olga", "saxs_staff"),
        await facility.caller("old", "all_sessions", "own_proposals"),
        await facility.caller("boss", "manage_persons"),
    ):
        assert await caller.get("/proposals/mx23", 404) == {"detail": "Proposal not found"}
        assert await caller.get("/proposals") == page()


async def test_a_page_must_make_sense(facility: Facility) -> None:
    root = await facility.caller("root", "all_proposals")
    for name, values in {"limit": (0, -1, "", "x", 2**64), "skip": (-1, "x", 2**64)}.items():
        for value in values:
            answer = await root.get("/proposals", 422, **{name: value})
            assert [error["loc"] for error in answer["detail"]] == [["query", name]]
