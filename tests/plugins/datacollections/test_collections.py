"""`/datacollections`: files, lists, and who gets them."""

from __future__ import annotations

import asyncio
import gzip
import tracemalloc
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from starbeam_datacollections.models import ImageQualityIndicators
from starbeam_ispyb import models as m
from starbeam_testing.app import TestApp
from starbeam_testing.fixtures import MakeApp
from support.answers import refused, said

if TYPE_CHECKING:
    from support.schemas import Kind

pytestmark = pytest.mark.anyio

NO_IMAGE = refused(404, "Image not found")
HERE, ELSEWHERE = 1, 2
"""Sessions; the member belongs to the first."""
MEGABYTE = 1_000_000


class Beamline:
    """Two sessions with files, somebody who sees everything and a member of the first session."""

    def __init__(self, app: TestApp, folder: Path) -> None:
        self.app, self.db, self.folder = app, app.database, folder
        self.root: dict[str, str] = {}
        self.member: dict[str, str] = {}

    def file(self, name: str, content: bytes = b"") -> str:
        """Write a file; its path as the database has it."""
        file = self.folder / "data" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content or name.encode())
        return f"/data/{name}"

    async def get(self, path: str, headers: dict[str, str] | None = None, **extra: str) -> Any:
        """The answer, to whoever sees everything by default."""
        return await self.app.client.get(path, headers={**(headers or self.root), **extra})

    async def page(self, path: str, headers: dict[str, str] | None = None) -> Any:
        """A page."""
        answer = await self.get(path, headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def collection(self, key: int, session: int = HERE, **columns: Any) -> None:
        """A data collection in a group of the same key."""
        group = {"dataCollectionGroupId": key, "sessionId": session}
        await self.db.add(m.DataCollectionGroup, **group)
        await self.db.add(m.DataCollection, dataCollectionId=key, dataCollectionGroupId=key, **columns)


@pytest.fixture
async def beamline(make_app: MakeApp, tmp_path: Path) -> Beamline:
    """The two sessions, of two proposals; files are found below a mapped folder."""
    folder = tmp_path / "mapped"
    (folder / "data").mkdir(parents=True)
    where = {"files.roots": [str(folder / "data")], "files.path_map": str(folder)}
    app = await make_app("ispyb", "datacollections", **where)
    made = Beamline(app, folder)
    made.root = await app.as_user("root", "all_proposals")
    made.member = await app.as_user("member")
    person = await app.database.person("member")
    for n in (HERE, ELSEWHERE):
        await app.database.add(m.Proposal, proposalId=n, personId=1, proposalCode="mx", proposalNumber=str(n))
        await app.database.add(m.BLSession, sessionId=n, proposalId=n, visit_number=1)
    await app.database.add(m.Session_has_Person, sessionId=HERE, personId=person)
    return made


async def test_a_part_of_a_snapshot_is_cut_out(beamline: Beamline) -> None:
    drawn = Image.new("RGB", (4, 2), (255, 0, 0))
    drawn.paste((0, 0, 255), (2, 0, 4, 2))
    content = BytesIO()
    drawn.save(content, "PNG")
    beamline.file("1t.png", b"the thumbnail")
    await beamline.collection(1, xtalSnapshotFullPath1=beamline.file("1.png", content.getvalue()))
    await beamline.collection(2, ELSEWHERE, xtalSnapshotFullPath1="/data/1.png")
    red, blue, black = (255, 0, 0), (0, 0, 255), (0, 0, 0)
    for crop, size, pixels in (
        ("1,0,2,1", (2, 1), [red, blue]),
        ("-1,1,2,1", (2, 1), [black, red]),
        ("3,1,1,2", (1, 2), [blue, black]),
        ("9,9,1,1&snapshot=true", (1, 1), [black]),
    ):
        answer = await beamline.get(f"/datacollections/images/1?crop={crop}", beamline.member)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
        part = Image.open(BytesIO(answer.content))
        places = [(x, y) for y in range(size[1]) for x in range(size[0])]
        assert (part.size, [part.getpixel(place) for place in places]) == (size, pixels), crop
    for wrong in (
        "",
        "1",
        "1,2,3",
        "1,2,3,4,5",
        "1,2,3,x",
        "0,0,0,1",
        "0,0,5,-1",
        "0,0,-2,-3",
        "0,0,9000,9000",
        "1e9,0,1,1",
    ):
        answer = await beamline.get(f"/datacollections/images/1?crop={wrong}")
        assert answer.status_code == 422, wrong
        assert answer.json()["detail"][0]["loc"] == ["query", "crop"]
    assert (await beamline.get("/datacollections/images/2?crop=0,0,1,1", beamline.member)).status_code == 404
    beamline.file("1.png", b"no picture")
    assert (await beamline.get("/datacollections/images/1?crop=0,0,1,1")).content == b"no picture"


async def test_snapshots_and_their_thumbnails(beamline: Beamline) -> None:
    snapshots = {f"xtalSnapshotFullPath{n}": beamline.file(f"s.png/{n}.a.png") for n in (1, 2, 3, 4)}
    beamline.file("s.png/2.at.png")
    await beamline.collection(1, **snapshots)
    for number in (1, 2, 3, 4):
        answer = await beamline.get(f"/datacollections/images/1?imageId={number}")
        assert (answer.text, answer.headers["content-type"]) == (f"s.png/{number}.a.png", "image/png")
        assert "content-disposition" not in answer.headers
    assert (await beamline.get("/datacollections/images/1")).text == "s.png/1.a.png"
    assert (await beamline.get("/datacollections/images/1?imageId=1&snapshot=true")).text == "s.png/1.a.png"
    for number in (0, 5):
        assert (await beamline.get(f"/datacollections/images/1?imageId={number}")).status_code == 422


@pytest.mark.fix(117)
async def test_a_thumbnail_is_beside_its_snapshot_whatever_the_folder_is_called(beamline: Beamline) -> None:
    snapshots = {f"xtalSnapshotFullPath{n}": beamline.file(f"s.png/{n}.png") for n in (1, 2)}
    await beamline.collection(1, **snapshots, xtalSnapshotFullPath3=beamline.file("no_ending"))
    beamline.file("s.png/2t.png")
    beamline.file("no_endingt")
    for number, name in ((1, "s.png/1.png"), (2, "s.png/2t.png"), (3, "no_endingt")):
        answer = await beamline.get(f"/datacollections/images/1?imageId={number}&snapshot=true")
        assert answer.text == name


async def test_diffraction_images(beamline: Beamline) -> None:
    await beamline.collection(1)
    await beamline.collection(2)
    big, small = beamline.file("i1.jpeg"), beamline.file("i1.thumb.jpeg")
    images = {"jpegFileFullPath": big, "jpegThumbnailFileFullPath": small}
    other = {"jpegFileFullPath": beamline.file("i2.jpeg")}
    await beamline.db.add(m.Image, {"imageId": 1, "dataCollectionId": 1, "imageNumber": 2, **other})
    await beamline.db.add(m.Image, {"imageId": 2, "dataCollectionId": 1, "imageNumber": 1, **images})
    await beamline.db.add(m.Image, {"imageId": 3, "dataCollectionId": 2, "imageNumber": 1, **other})
    path = "/datacollections/images/diffraction"
    answer = await beamline.get(f"{path}/1")
    assert (answer.text, answer.headers["content-type"]) == ("i1.jpeg", "image/jpeg")
    assert (await beamline.get(f"{path}/1?snapshot=true")).text == "i1.thumb.jpeg"
    assert said(await beamline.get(f"{path}/2?snapshot=true")) == NO_IMAGE


@pytest.mark.four_databases
async def test_the_plot_of_quality_is_known_to_the_community_schema(beamline: Beamline, kind: Kind) -> None:
    await beamline.collection(1, imageQualityIndicatorsPlotPath=beamline.file("plot.png"))
    answer = await beamline.get("/datacollections/images/quality/1")
    assert said(answer) == NO_IMAGE if kind.flavour == "diamond" else answer.text == "plot.png"


@pytest.mark.fix(29)
@pytest.mark.fix(5)
async def test_what_is_not_there_is_not_found(beamline: Beamline) -> None:
    await beamline.collection(1, xtalSnapshotFullPath1="", xtalSnapshotFullPath2="/data/gone.png")
    await beamline.db.add(m.Image, imageId=1, dataCollectionId=1, imageNumber=1)
    await beamline.db.add(
        m.DataCollectionFileAttachment,
        dataCollectionFileAttachmentId=1,
        dataCollectionId=1,
        fileFullPath="",
        fileType="log",
    )
    for below in ("1", "1?imageId=2", "1?imageId=3", "0", "7", "diffraction/1", "diffraction/0", "quality/0"):
        assert said(await beamline.get(f"/datacollections/images/{below}")) == NO_IMAGE
    missing = refused(404, "Data collection attachment not found")
    for key in (0, 1, 7):
        assert said(await beamline.get(f"/datacollections/attachments/{key}")) == missing
    assert (await beamline.get("/datacollections/images/one")).status_code == 422


@pytest.mark.fix(30)
async def test_files_outside_of_the_folders_are_not_served(beamline: Beamline) -> None:
    (beamline.folder / "secret.png").write_bytes(b"secret")
    (beamline.folder / "data" / "link.png").symlink_to(beamline.folder / "secret.png")
    paths = {"xtalSnapshotFullPath1": "/data/link.png", "xtalSnapshotFullPath2": "/data/../secret.png"}
    await beamline.collection(1, **paths)
    for number in (1, 2):
        assert said(await beamline.get(f"/datacollections/images/1?imageId={number}")) == NO_IMAGE


async def attach(beamline: Beamline, key: int, collection: int, path: str) -> None:
    """An attachment of a data collection."""
    await beamline.db.add(
        m.DataCollectionFileAttachment,
        dataCollectionFileAttachmentId=key,
        dataCollectionId=collection,
        fileFullPath=path,
        fileType="log",
    )


async def test_a_list_of_attachments(beamline: Beamline) -> None:
    for n, session in ((1, HERE), (2, HERE), (3, ELSEWHERE)):
        await beamline.collection(n, session)
        await attach(beamline, n, n, f"/data/deep/{n}.log")
    await attach(beamline, 9, 1, "/data/deep/9.log")
    path = "/datacollections/attachments"
    first = await beamline.page(f"{path}?skip=1&limit=1")
    assert first == {
        "total": 4,
        "skip": 1,
        "limit": 1,
        "results": [
            {
                "dataCollectionFileAttachmentId": 2,
                "dataCollectionId": 2,
                "fileType": "log",
                "_metadata": {"url": f"/ispyb/api/v1{path}/2", "fileName": "2.log"},
            }
        ],
    }
    found = {
        query: [
            row["dataCollectionFileAttachmentId"] for row in (await beamline.page(path + query))["results"]
        ]
        for query in ("", "?dataCollectionId=1", "?dataCollectionGroupId=2", "?dataCollectionId=0")
    }
    assert list(found.values()) == [[1, 2, 3, 9], [1, 9], [2], []]
    mine = await beamline.page(path, beamline.member)
    assert (mine["total"], [row["dataCollectionId"] for row in mine["results"]]) == (3, [1, 2, 1])
    assert (await beamline.page(f"{path}?dataCollectionId=3", beamline.member))["total"] == 0


@pytest.mark.fix(28)
async def test_an_attachment_is_a_download_with_parts_and_conditions(beamline: Beamline) -> None:
    await beamline.collection(1)
    await attach(beamline, 1, 1, beamline.file("deep/spot.log", b"0123456789"))
    packed = gzip.compress(b"text" * 50)
    await attach(beamline, 2, 1, beamline.file("deep/long.log.gz", packed))
    path = "/datacollections/attachments/1"
    whole = await beamline.get(path)
    assert (whole.content, whole.headers["content-type"]) == (b"0123456789", "text/plain; charset=utf-8")
    assert whole.headers["content-disposition"] == 'attachment; filename="spot.log"'
    part = await beamline.get(path, Range="bytes=2-4")
    assert (part.status_code, part.content) == (206, b"234")
    again = await beamline.get(path, **{"If-None-Match": whole.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    as_stored = await beamline.get("/datacollections/attachments/2", **{"Accept-Encoding": "gzip"})
    assert (as_stored.content, as_stored.headers["content-type"]) == (packed, "application/gzip")


async def test_a_browser_gets_a_file_with_a_token_for_once(beamline: Beamline) -> None:
    await beamline.collection(1, xtalSnapshotFullPath1=beamline.file("s.png"))
    validity = {"validity": f"{beamline.app.client.base_url}datacollections/images/1"}
    signed = await beamline.app.client.post("/user/sign", json=validity, headers=beamline.member)
    path = f"/datacollections/images/1?onetime={signed.json()['token']}"
    assert (await beamline.app.client.get(path)).text == "s.png"
    assert (await beamline.app.client.get(path)).status_code == 401


async def test_a_large_file_takes_constant_memory(beamline: Beamline) -> None:
    await beamline.collection(1)
    await attach(beamline, 1, 1, beamline.file("large.h5", b"0"))
    with (beamline.folder / "data" / "large.h5").open("r+b") as file:
        file.truncate(64 * MEGABYTE)
    complete, sent, largest = asyncio.Event(), 0, 0

    async def receive() -> Any:  # the client stays until it has everything
        await complete.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        nonlocal sent, largest
        sent += len(message.get("body", b""))
        largest = max(largest, len(message.get("body", b"")))
        if message["type"] == "http.response.body" and not message.get("more_body"):
            complete.set()

    path = "/ispyb/api/v1/datacollections/attachments/1"
    headers = [(key.lower().encode(), value.encode()) for key, value in beamline.root.items()]
    scope: Any = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode()}
    scope |= {"query_string": b"", "headers": headers, "root_path": "", "http_version": "1.1"}
    scope |= {
        "scheme": "http",
        "client": ("127.0.0.1", 1),
        "server": ("test", 80),
        "asgi": {"version": "3.0"},
    }
    tracemalloc.start()
    try:
        await beamline.app.starbeam.asgi(scope, receive, send)  # type: ignore[arg-type]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert sent == 64 * MEGABYTE
    assert largest <= MEGABYTE
    assert peak < 8 * MEGABYTE


@pytest.mark.fix(118)
@pytest.mark.fix(4)
@pytest.mark.four_databases
async def test_quality_of_images(beamline: Beamline) -> None:
    for n, session in ((1, HERE), (2, ELSEWHERE)):
        await beamline.collection(n, session)
    await beamline.db.add(m.AutoProcProgram, autoProcProgramId=1)
    rows = ((1, 3, 30.5, 3, None), (1, 1, None, 1, 1.25), (1, 2, 20.5, None, 2.25), (2, 1, 40.5, 4, 4.25))
    for key, (collection, image, signal, spots, resolution) in enumerate(rows, 1):
        await beamline.db.add(
            ImageQualityIndicators,
            imageQualityIndicatorsId=key,
            autoProcProgramId=1,
            dataCollectionId=collection,
            imageNumber=image,
            totalIntegratedSignal=signal,
            goodBraggCandidates=spots,
            method2Res=resolution,
        )
    path = "/datacollections/quality"
    assert await beamline.page(f"{path}?dataCollectionId=1&limit=2") == {
        "total": 3,
        "skip": 0,
        "limit": 2,
        "results": [
            {
                "dataCollectionId": 1,
                "imageNumber": [1, 2],
                "totalIntegratedSignal": [None, 20.5],
                "goodBraggCandidates": [1, None],
                "method2Res": [1.25, 2.25],
            }
        ],
    }
    everything = await beamline.page(path)
    assert (everything["total"], everything["results"][0]["imageNumber"]) == (4, [1, 2, 3, 1])
    assert (await beamline.page(f"{path}?dataCollectionGroupId=2"))["results"][0]["method2Res"] == [4.25]
    assert (await beamline.page(path, beamline.member))["total"] == 3
    hidden = await beamline.page(f"{path}?dataCollectionId=2", beamline.member)
    lists = ("imageNumber", "totalIntegratedSignal", "goodBraggCandidates", "method2Res")
    assert hidden["total"] == 0
    assert hidden["results"] == [{"dataCollectionId": 2, **dict.fromkeys(lists)}]


@pytest.mark.fix(31)
@pytest.mark.four_databases
async def test_steps_of_workflows(beamline: Beamline, kind: Kind) -> None:
    files = {"imageResultFilePath": beamline.file("m.png"), "htmlResultFilePath": "/data/gone.html"}
    for n in (1, 2):
        await beamline.db.add(m.Workflow, workflowId=n)
    for key, workflow in ((1, 1), (2, 1), (3, 2)):
        step = {"workflowStepType": "mesh", "status": "Success", "comments": "Best spot"}
        await beamline.db.add(m.WorkflowStep, workflowStepId=key, workflowId=workflow, **step, **files)
    for group, (session, workflow) in enumerate(((HERE, 1), (HERE, 1), (ELSEWHERE, 2)), 1):
        row = {"dataCollectionGroupId": group, "sessionId": session, "workflowId": workflow}
        await beamline.db.add(m.DataCollectionGroup, **row)
    path = "/datacollections/workflows/steps"
    one, picture = f"{path}?workflowStepId=1", f"{path}/1?attachmentType=imageResultFilePath"
    if kind.flavour == "diamond":
        absent = refused(501, "This database has no workflows: its schema lacks the table WorkflowStep.")
        assert [said(await beamline.get(where)) for where in (one, picture)] == [absent, absent]
        return
    assert (await beamline.page(one))["results"] == [
        {
            "workflowStepId": 1,
            "workflowId": 1,
            "workflowStepType": "mesh",
            "status": "Success",
            "comments": "Best spot",
            "_metadata": {
                "attachments": {
                    "imageResultFilePath": True,
                    "resultFilePath": False,
                    "htmlResultFilePath": False,
                }
            },
        }
    ]
    assert (await beamline.page(f"{path}?limit=1"))["total"] == 3
    assert (await beamline.page(path, beamline.member))["total"] == 2
    assert (await beamline.page(f"{path}?workflowId=2", beamline.member))["total"] == 0
    answer = await beamline.get(picture)
    assert answer.headers["content-disposition"] == 'attachment; filename="m.png"'
    assert answer.text == "m.png"
    missing = refused(404, "Workflow step attachment not found")
    for where in ("1?attachmentType=resultFilePath", "9?attachmentType=imageResultFilePath"):
        assert said(await beamline.get(f"{path}/{where}")) == missing
    hidden = f"{path}/3?attachmentType=imageResultFilePath"
    assert said(await beamline.get(hidden, beamline.member)) == missing
    for kind_of_file in ("", "?attachmentType=htmlResultFilePath"):
        assert (await beamline.get(f"{path}/1{kind_of_file}")).status_code == 422
