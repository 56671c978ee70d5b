"""`/proteins` and `/samples`: who sees what, what is counted, filters, orders and pictures."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from starbeam_ispyb import models as m
from support.counting import ONE_CONNECTION, rows_read

if TYPE_CHECKING:
    from pathlib import Path

    from plugins.samples.conftest import People
    from starbeam_testing.fixtures import MakeApp
    from support.schemas import Kind

pytestmark = pytest.mark.anyio


def counted(collections: int, types: list[str] | None, strategies: int, resolution: float) -> dict[str, Any]:
    """Metadata of sample 1, by what of it the caller sees."""
    return {
        "subsamples": 2,
        "datacollections": collections,
        "types": types,
        "strategies": strategies,
        "autoIntegrations": collections,
        "integratedResolution": resolution,
        "proposal": "mx1",
    }


@pytest.mark.four_databases
@pytest.mark.fix(22)
@pytest.mark.fix(54)
@pytest.mark.fix(55)
@pytest.mark.fix(56)
@pytest.mark.fix(100)
async def test_counters_are_of_what_the_caller_sees(people: People, kind: Kind) -> None:
    queued = {"queued": kind.flavour != "community"}
    everything = counted(6, ["Mesh", "OSC"], 6, 1.25)
    wanted = {
        "session_member": counted(4, ["OSC"], 4, 1.5),
        "staff": counted(2, ["Mesh"], 2, 1.25),
        "proposal_member": everything,
        "root": everything,
    }
    for who, metadata in wanted.items():
        one = await people.get(who, "/samples/1")
        assert one["_metadata"] == {**metadata, **queued}
        assert (await people.get(who, "/samples"))["results"][2] == one
        protein = await people.get(who, "/proteins/1")
        collections = metadata["datacollections"]
        counters = {"pdbs": 2, "crystals": 1, "samples": 3, "datacollections": collections}
        assert protein["_metadata"] == counters
        part = await people.get(who, "/samples/sub/1")
        types = {"datacollections": collections, "types": metadata["types"]}
        assert part["_metadata"] == types
    bare = (await people.get("root", "/samples/3"))["_metadata"]
    none = counted(0, None, 0, 0) | {"subsamples": 0, "integratedResolution": None, "queued": False}
    assert bare == none


@pytest.mark.fix(53)
async def test_a_sample_with_all_it_has(people: People) -> None:
    found = await people.get("proposal_member", "/samples/1")
    protein = {"proposalId": "1", "name": "Lysozyme 50%", "acronym": "LYS"}
    cell = dict.fromkeys(("cell_b", "cell_c", "cell_alpha", "cell_beta", "cell_gamma"))
    assert found["Crystal"] == {"crystalId": 1, "proteinId": 1, "cell_a": 78.5, **cell, "Protein": protein}
    assert found["Container"] == {"code": "C1", "beamlineLocation": "id02", "sampleChangerLocation": "3"}
    assert (found["location"], found["name"], found["comments"]) == (10, "lys_1", None)
    assert (await people.get("root", "/samples/3"))["location"] is None
    part = await people.get("root", "/samples/sub/1")
    assert (part["Position1"], part["Position2"]) == ({"posX": 1, "posY": -2}, None)
    assert (part["BLSample"], part["type"]) == ({"name": "lys_1"}, "b")
    assert (await people.get("root", "/samples/sub/2"))["_metadata"] == {"datacollections": 0, "types": []}


@pytest.mark.fix(23)
async def test_strangers_see_nothing(people: People) -> None:
    for path in ("/proteins", "/samples", "/samples/sub", "/samples/images"):
        assert await people.ids("stranger", path) == []
        assert await people.ids("staff", path) == sorted(
            await people.ids("root", path), reverse=path == "/samples"
        )
    sentences = {
        "/proteins/1": "Protein not found",
        "/samples/1": "Sample not found",
        "/samples/sub/1": "Sub sample not found",
        "/samples/images/1": "Sample image not found",
    }
    for path, sentence in sentences.items():
        assert await people.get("stranger", path, 404) == {"detail": sentence}


@pytest.mark.four_databases
@pytest.mark.fix(5)
@pytest.mark.fix(7)
@pytest.mark.fix(52)
async def test_samples_are_filtered_and_sorted(people: People, kind: Kind) -> None:
    wanted = {
        "": [3, 2, 1],
        "?search=YS_2": [2],
        "?search=%25": [],
        "?search=y_": [],
        "?proteinId=1": [3, 2, 1],
        "?proteinId=0": [],
        "?proposal=mx1": [3, 2, 1],
        "?proposal=mx2": [],
        "?containerId=1": [3, 2, 1],
        "?beamLineName=ID02": [3, 2, 1],
        "?beamLineName=id01": [],
        "?status=Sample Action": [2],
        "?status=Data Collected": [1],
        "?status=Strategy": [1],
        "?status=Auto Integrated": [1],
        "?status=Processed": [] if kind.flavour == "community" else [1],
        "?order=asc": [1, 2, 3],
        "?order_by=name": [3, 2, 1],
        "?order_by=location&order=asc": [3, 2, 1],
        "?order_by=location": [1, 2, 3],
        "?order_by=datacollections": [1, 3, 2],
    }
    found = {query: await people.ids("proposal_member", f"/samples{query}") for query in wanted}
    assert found == wanted
    assert await people.ids("staff", "/samples?status=Sample Action") == []


@pytest.mark.four_databases
@pytest.mark.fix(8)
async def test_proteins_and_sub_samples_are_filtered_and_sorted(people: People, kind: Kind) -> None:
    by_type = [1, 2] if kind.flavour == "community" else [2, 1]
    wanted = {
        "/proteins": [1, 2],
        "/proteins?order=desc": [2, 1],
        "/proteins?order_by=name": [2, 1],
        "/proteins?order_by=acronym&order=desc": [1, 2],
        "/proteins?search=50%25": [1],
        "/proteins?search=A_b": [2],
        "/proteins?search=y_": [],
        "/proteins?proteinId=2&proposal=mx1": [2],
        "/proteins?proteinId=2&proposalId=1": [2],
        "/proteins?proposalId=0": [],
        "/samples/sub": [1, 2],
        "/samples/sub?order=desc": [2, 1],
        "/samples/sub?order_by=datacollections": [2, 1],
        "/samples/sub?order_by=type": by_type,
        "/samples/sub?blSampleId=1&proteinId=1&containerId=1&proposal=mx1": [1, 2],
        "/samples/sub?blSampleId=2": [],
        "/samples/sub?proposal=mx2": [],
        "/samples/images?blSampleId=2": [],
    }
    assert {path: await people.ids("session_member", path) for path in wanted} == wanted


@pytest.mark.four_databases
@pytest.mark.fix(51)
async def test_pictures_are_sent_from_the_folders(people: People, tmp_path: Path) -> None:
    Image.new("RGB", (2, 2)).save(tmp_path / "files" / "1.png")
    first = (await people.get("staff", "/samples/images"))["results"][0]
    root = people.app.starbeam.settings.server.api_root
    assert (first["offsetX"], first["offsetY"], first["micronsPerPixelX"]) == (0, 0, None)
    assert first["_metadata"] == {"url": f"{root}/samples/images/1"}
    picture = await people.response("staff", "/samples/images/1")
    assert picture.content == (tmp_path / "files" / "1.png").read_bytes()
    assert picture.headers["content-type"] == "image/png"
    again = await people.response("staff", "/samples/images/1", **{"If-None-Match": picture.headers["etag"]})
    part = await people.response("staff", "/samples/images/1", Range="bytes=1-3")
    assert (again.status_code, part.status_code, part.content) == (304, 206, b"PNG")
    for image in (2, 3, 4, 9):
        missing = await people.get("root", f"/samples/images/{image}", 404)
        assert missing == {"detail": "Sample image not found"}


async def test_pictures_are_made_smaller_where_asked(people: People, tmp_path: Path) -> None:
    file = tmp_path / "files" / "1.png"
    drawn = Image.new("RGB", (8, 4), (255, 0, 0))
    drawn.paste((0, 0, 255), (4, 0, 8, 4))
    drawn.save(file)
    small = await people.response("staff", "/samples/images/1?maxSize=2")
    assert (small.status_code, small.headers["content-type"]) == (200, "image/png")
    picture = Image.open(BytesIO(small.content))
    assert picture.size == (2, 1)
    left, right = picture.getpixel((0, 0)), picture.getpixel((1, 0))
    assert isinstance(left, tuple)
    assert isinstance(right, tuple)
    assert left[0] > 200 > 55 > left[2]
    assert right[2] > 200 > 55 > right[0]
    known = {"If-None-Match": small.headers["etag"]}
    assert (await people.response("staff", "/samples/images/1?maxSize=2", **known)).status_code == 304
    for as_it_is in ("8", "4000000"):
        whole = await people.response("staff", f"/samples/images/1?maxSize={as_it_is}")
        assert whole.content == file.read_bytes()
    for wrong in ("0", "-1", "two"):
        assert (await people.response("staff", f"/samples/images/1?maxSize={wrong}")).status_code == 422
    file.write_bytes(file.read_bytes()[:45])  # cut short
    assert (await people.response("staff", "/samples/images/1?maxSize=2")).content == file.read_bytes()
    assert (await people.response("root", "/samples/images/9?maxSize=2")).status_code == 404


async def test_photographs_are_turned_as_browsers_turn_them(people: People, tmp_path: Path) -> None:
    turned = Image.Exif()
    turned[0x0112] = 6  # to be turned by a quarter
    Image.new("L", (400, 200)).save(tmp_path / "files" / "1.png", "JPEG", exif=turned)
    small = await people.response("staff", "/samples/images/1?maxSize=100")
    assert small.headers["content-type"] == "image/jpeg"
    assert Image.open(BytesIO(small.content)).size == (50, 100)


@pytest.mark.on("mariadb-union")
async def test_a_sample_with_many_groups_costs_what_hangs_on_it(make_app: MakeApp) -> None:
    app = await make_app("ispyb", "samples", **ONE_CONNECTION)
    db = app.database
    headers = await app.as_user("root", "all_proposals")
    await db.add(m.Proposal, proposalId=1, proposalCode="mx", proposalNumber="1", personId=1)
    await db.add(m.BLSession, sessionId=1, proposalId=1)
    await db.add(m.Shipping, shippingId=1, proposalId=1)
    await db.add(m.Dewar, dewarId=1, shippingId=1)
    await db.add(m.Container, containerId=1, dewarId=1)
    await db.add(m.Protein, proteinId=1, proposalId=1)
    await db.add(m.Crystal, crystalId=1, proteinId=1)
    for sample in (1, 2):
        await db.add(m.BLSample, blSampleId=sample, crystalId=1, containerId=1, location=f"{sample}")
    for sample, groups in ((1, 5000), (2, 15000)):
        await db.sql(
            "INSERT INTO DataCollectionGroup (dataCollectionGroupId, sessionId, blSampleId, experimentType)"
            f" SELECT {100_000 * sample} + seq, 1, {sample}, 'OSC' FROM seq_1_to_{groups}"
        )
    await db.sql(
        "INSERT INTO DataCollection (dataCollectionId, dataCollectionGroupId)"
        " SELECT dataCollectionGroupId, dataCollectionGroupId FROM DataCollectionGroup"
    )
    await db.sql(
        "INSERT INTO AutoProcIntegration (dataCollectionId) SELECT dataCollectionId FROM DataCollection"
    )
    for table in ("DataCollectionGroup", "DataCollection", "AutoProcIntegration"):
        await db.sql(f"ANALYZE TABLE {table}")
    costs = []
    assert (await app.client.get("/samples/3", headers=headers)).status_code == 404  # statements are built
    for sample, groups in ((1, 5000), (2, 15000)):
        one = f"/samples/{sample}"
        costs.append(await rows_read(app, lambda one=one: app.client.get(one, headers=headers)))
        found = (await app.client.get(one, headers=headers)).json()["_metadata"]
        assert (found["datacollections"], found["autoIntegrations"]) == (groups, groups)
    assert costs[0] < 25 * 5000
    assert costs[1] < 25 * 15000
    assert costs[1] < 3.2 * costs[0]
    for path in ("/samples", "/samples?proteinId=1", "/proteins", "/proteins?proposal=mx1"):
        await app.client.get(path, headers=headers)  # large numbers are kept
        assert await rows_read(app, lambda path=path: app.client.get(path, headers=headers)) < 100, path
