"""What is in an HDF5 file as pages, and planes of data sets as pictures."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import h5py
import hdf5plugin
import numpy as np
import pytest
from PIL import Image

from starbeam_ispyb import models as m
from starbeam_testing.fixtures import MakeApp
from support.pages import OPEN, Visitor, text_of

pytestmark = pytest.mark.anyio

PICTURE = "/data/h5grove/picture"
HISTOGRAM = "/data/h5grove/histogram"
PALE = (226, 226, 206)
STACK = np.arange(2 * 3 * 4 * 5).reshape(2, 3, 4, 5)


def _write(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.attrs["creator"] = "a <b>program</b>"
        file.create_dataset("stack", data=STACK.astype("<i2"), chunks=(1, 1, 4, 5), **hdf5plugin.LZ4())
        file["stack"].attrs["sizes"] = [1.5, 2.5]
        file["counts"] = np.array([[0, 100], [253, 65535]], "<u2")
        file["reals"] = np.array([[0.25, 0.5], [np.nan, 0.75]])
        file["line"] = np.array([0, 5, np.nan, 10])
        file["long"] = np.arange(2500)
        file["energy"] = 12.66
        file["title"] = "Lysozyme, 20 mg"
        file["texts"] = ["a", "b"]
        file["rows"] = np.array([(1, 2.5)], [("a", "<i4"), ("b", "<f8")])
        file["nothing"] = h5py.Empty("f4")
        file.create_group("empty")
        file["to line"] = h5py.SoftLink("/line")
        file["lost"] = h5py.SoftLink("/gone")
        file["outside"] = h5py.ExternalLink("gone.h5", "/data")
        many = file.create_group("many")
        for number in range(10_000):
            many[f"m{number:05d}"] = h5py.SoftLink("/energy")


@pytest.fixture
async def visitor(make_app: MakeApp, tmp_path: Path) -> Visitor:
    """Somebody who sees a data collection whose file has one of everything."""
    return await opened(make_app, tmp_path)


async def opened(make_app: MakeApp, tmp_path: Path, **more: str) -> Visitor:
    """That, with more settings."""
    settings = {**OPEN, "files.roots": [str(tmp_path)], **more}
    app = await make_app("auth_dummy", "web", "ispyb", "data", **settings)
    _write(tmp_path / "all.h5")
    db = app.database
    person = await db.person("proposer")
    await db.add(m.Proposal, proposalId=1, personId=person, proposalCode="mx", proposalNumber="1")
    await db.add(m.BLSession, sessionId=1, proposalId=1, visit_number=1)
    await db.add(m.DataCollectionGroup, dataCollectionGroupId=1, sessionId=1)
    for key, name in enumerate(("all.h5", "gone.h5"), 1):
        row = {"imageDirectory": str(tmp_path), "fileTemplate": name, "imagePrefix": "xtal"}
        await db.add(m.DataCollection, dataCollectionId=key, dataCollectionGroupId=1, **row)
    found = Visitor(app)
    await app.as_user("boss", "all_proposals")
    assert (await found.log_in("boss")).status_code == 303
    return found


async def page(visitor: Visitor, path: str, more: str = "", key: int = 1) -> str:
    """What the page of a node says."""
    answer = await visitor.open(f"/collections/{key}/file?path={path}{more}")
    assert answer.status_code == 200
    return answer.text


async def test_files_are_opened_in_h5web_where_there_is_one(make_app: MakeApp, tmp_path: Path) -> None:
    h5web = "https://h5web.example.org/?dataCollectionId={dataCollectionId}"
    visitor = await opened(make_app, tmp_path, **{"plugin.data.h5web": h5web})
    link = '<a class="btn" href="https://h5web.example.org/?dataCollectionId=2">Open in h5web</a>'
    assert link in await page(visitor, "/", key=2)


@pytest.mark.parametrize("wrong", ["javascript:x({dataCollectionId})", "https://h5web.example.org/"])
async def test_an_address_of_h5web_has_the_number_in_it(make_app: MakeApp, wrong: str) -> None:
    with pytest.raises(Exception, match="h5web"):
        await make_app("ispyb", "data", **{"plugin.data.h5web": wrong})


async def test_a_tree_says_what_is_in_a_file(visitor: Visitor) -> None:
    whole = await page(visitor, "/")
    assert "h5web" not in whole
    said = text_of(whole)
    assert "Members 15" in said
    for words in (
        "stack 2 × 3 × 4 × 5 <i2",
        "line 4 <f8",
        "energy scalar <f8",
        "many/",
        "to line 4 <f8 → /line",
        "lost → /gone leads nowhere",
        "outside → gone.h5:/data leads nowhere",
        "creator a <b>program</b> text",
        "title scalar text",
    ):
        assert words in said, words
    assert "a <b>program" not in whole  # as text
    assert '<a href="/collections/1/file?path=%2Fmany">' in whole
    assert '<a href="/collections/1/file?path=%2Flost">' not in whole
    stack = text_of(await page(visitor, "/stack"))
    assert "Shape 2 × 3 × 4 × 5 Type <i2 Chunks 1 × 1 × 4 × 5 Filters" in stack
    assert "sizes 1.5, 2.5 <f8 2" in stack
    assert "Value 12.66" in text_of(await page(visitor, "/energy"))
    assert "Value Lysozyme, 20 mg" in text_of(await page(visitor, "/title"))
    assert "Nothing is in this group." in text_of(await page(visitor, "/empty"))
    assert "This link leads nowhere: → /gone" in text_of(await page(visitor, "/lost"))
    assert "/nowhere is not a valid path in the file" in text_of(await page(visitor, "/nowhere"))
    assert "The file is not there, or not yet." in text_of(await page(visitor, "/", key=2))
    for name in ("/nothing", "/rows", "/texts"):
        assert (await visitor.open(f"/collections/1/file?path={name}")).status_code == 200
    assert (await visitor.open("/collections/9/file")).status_code == 404


async def test_one_goes_on_to_what_is_beside_a_node(visitor: Visitor) -> None:
    """In the order of names: … empty, energy, line, long, lost, many, nothing, …: 3 to 6 of 15."""
    line = await page(visitor, "/line")
    assert '<b aria-current="page">line</b>' in line
    assert '<a href="/collections/1/file?path=%2Fenergy">energy</a>' in line
    assert re.findall(r'rel="(prev|next)" href="([^"]*)" title="([^"]*)"', line) == [
        ("prev", "/collections/1/file?path=%2Fenergy", "energy"),
        ("next", "/collections/1/file?path=%2Flong", "long"),
    ]
    assert "4 of 15" in text_of(line)
    many = await page(visitor, "/many")  # a group shows what is in it, and has neighbours too
    assert re.findall(r'rel="prev" [^>]*title="([^"]*)"', many)[0] == "lost"
    assert "/line" not in many
    deep = await page(visitor, "/many/m09999")
    assert "10,000 of 10,000 Previous" in text_of(deep)
    assert (deep.count(">m099"), "m09900" in deep, "m09899" in deep) == (101, True, False)
    assert 'rel="prev"' not in await page(visitor, "/counts")
    assert " of 15" not in text_of(await page(visitor, "/"))
    assert "6 of 15 Previous" in text_of(await page(visitor, "/lost"))


async def test_lists_are_plots_and_tables(visitor: Visitor) -> None:
    line = await page(visitor, "/line")
    # of 0, 5, nothing, 10: at the bottom, half-way, a gap, at the top
    assert 'class="l1" d="M0 100L33.33 50M100 0"' in line
    assert "Index Value 0 0.0 1 5.0 2 3 10.0 CSV" in text_of(line)
    assert 'href="/ispyb/api/v1/data/h5grove/data?dataCollectionId=1&amp;path=%2Fline&amp;format=csv"' in line
    first, last = text_of(await page(visitor, "/long")), text_of(await page(visitor, "/long", "&skip=2000"))
    assert "1 to 1,000 of 2,500" in first
    assert "2,001 to 2,500 of 2,500" in last
    assert "2499 2499" in last
    assert "0 a 1 b CSV" in text_of(await page(visitor, "/texts"))
    assert "(1, 2.5)" in text_of(await page(visitor, "/rows"))


async def test_a_group_of_10_000_members_is_paged(visitor: Visitor) -> None:
    first, last = await page(visitor, "/many"), await page(visitor, "/many", "&skip=9000")
    assert "1 to 1,000 of 10,000 Next" in text_of(first)
    assert "9,001 to 10,000 of 10,000 Previous" in text_of(last)
    assert first.count("<li>") < 1010
    assert "m09999" in last
    assert "m08999" not in last


async def test_planes_are_pictures(visitor: Visitor) -> None:
    stack = await page(visitor, "/stack", "&index=1&index=2")
    assert "selection=1%2C2%2C%3A%2C%3A" in stack
    assert "Axis 1: 1 of 0 to 1" in text_of(stack)
    assert "Axis 2: 2 of 0 to 2" in text_of(stack)
    beyond = text_of(await page(visitor, "/stack", "&index=9&index=-1"))
    assert "Axis 1: 1 of 0 to 1 Axis 2: 0 of 0 to 2" in beyond
    headers = await visitor.app.as_user("chief", "all_proposals")

    async def picture(**query: Any) -> Any:
        asked = {"dataCollectionId": 1, "lo": 0, "hi": 253, "scale": "linear", "map": "grey", **query}
        return await visitor.app.client.get(PICTURE, params=asked, headers=headers)

    answer = await picture(path="/stack", selection="1,2")
    with Image.open(io.BytesIO(answer.content)) as image:
        found = np.asarray(image.convert("RGB"))[:, :, 0]
    assert found.tolist() == [[round(value * 255 / 253) for value in row] for row in STACK[1, 2].tolist()]
    size = [answer.headers[f"frame-{name}"] for name in ("width", "height", "step")]
    assert size == ["5", "4", "1"]
    answer = await picture(path="/counts")
    with Image.open(io.BytesIO(answer.content)) as image:
        colours = np.asarray(image.convert("RGB")).reshape(-1, 3).tolist()
    assert [tuple(one) for one in colours] == [(0, 0, 0), (101, 101, 101), (255, 255, 255), PALE]
    for path, selection in (("/stack", None), ("/line", None), ("/texts", None), ("/rows", None)):
        assert (await picture(path=path, selection=selection)).status_code == 422
    assert (await picture(path="/stack", selection="1,9")).status_code == 422
    assert (await picture(path="/empty")).status_code == 422
    assert (await picture(path="/gone")).status_code == 404


async def test_planes_have_histograms(visitor: Visitor) -> None:
    headers = await visitor.app.as_user("chief", "all_proposals")

    async def histogram(path: str, selection: str | None = None) -> Any:
        asked = {"dataCollectionId": 1, "path": path} | ({"selection": selection} if selection else {})
        return await visitor.app.client.get(HISTOGRAM, params=asked, headers=headers)

    stack = (await histogram("/stack", "1,2")).json()
    assert stack == {"values": [1] * 20, "bins": list(range(100, 121)), "shape": [20], "max": 1}
    counts = (await histogram("/counts")).json()
    assert counts["bins"] == list(range(255))
    assert {place: count for place, count in enumerate(counts["values"]) if count} == {0: 1, 100: 1, 253: 1}
    reals = (await histogram("/reals")).json()
    assert (reals["shape"], sum(reals["values"]), reals["max"]) == ([300], 3, 1)
    assert [reals["values"][place] for place in (0, 150, 299)] == [1, 1, 1]
    assert (reals["bins"][0], reals["bins"][-1]) == (0.25, 0.75)
    assert [(await histogram(path)).status_code for path in ("/stack", "/texts", "/empty", "/gone")] == [
        *(422, 422, 422),
        404,
    ]
