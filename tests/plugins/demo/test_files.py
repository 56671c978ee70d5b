"""The demo with every bundled plugin: each read route answers, with real files, field by field."""

from __future__ import annotations

import asyncio
import io
import sqlite3
import struct
import tomllib
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import gemmi
import httpx
import pytest
from PIL import Image

from plugins.demo.opening import open_by_ending
from starbeam.app import Starbeam
from starbeam.db.sqlite import Connection
from starbeam.http import openapi
from starbeam.settings import load
from starbeam_demo.making import Place, make
from starbeam_testing.fixtures import SECRET
from support.walk import answer_schema, fields, filled
from support.workspace import ROOT

PLUGINS = [
    name
    for name in tomllib.loads((ROOT / "config" / "demo.toml").read_text(encoding="utf-8"))["plugins"][
        "enabled"
    ]
    if name not in ("auth_ldap", "auth_keycloak")  # which ask a server of their own
]
MOST_BYTES = 60_000_000
IDS = {
    "session": "SELECT sessionId FROM BLSession WHERE proposalId = 1 AND visit_number = 1",
    "em_session": "SELECT sessionId FROM BLSession WHERE beamLineName LIKE 'CM%' AND sessionId IN"
    " (SELECT sessionId FROM DataCollectionGroup WHERE blSampleId)"
    " ORDER BY startDate DESC, sessionId LIMIT 1",
    "em_proposal": "SELECT proposalId FROM BLSession WHERE sessionId = {em_session}",
    "em_group": "SELECT dataCollectionGroupId FROM DataCollectionGroup WHERE sessionId = {em_session}",
    "em_collection": "SELECT dataCollectionId FROM DataCollection WHERE dataCollectionGroupId = {em_group}",
    "movie": "SELECT movieId FROM Movie WHERE dataCollectionId = {em_collection}",
    "collection": "SELECT c.dataCollectionId FROM DataCollection c JOIN DataCollectionGroup g ON"
    " g.dataCollectionGroupId = c.dataCollectionGroupId JOIN AutoProcIntegration i ON"
    " i.dataCollectionId = c.dataCollectionId WHERE g.sessionId = {session} LIMIT 1",
    "commented": "SELECT dataCollectionId FROM DataCollection WHERE comments IS NOT NULL",
    "group": "SELECT dataCollectionGroupId FROM DataCollection WHERE dataCollectionId = {collection}",
    "screened": "SELECT dataCollectionId FROM Screening ORDER BY screeningId LIMIT 1",
    "attachment": "SELECT dataCollectionFileAttachmentId FROM DataCollectionFileAttachment"
    " WHERE dataCollectionId = {collection}",
    "result": "SELECT a.autoProcProgramAttachmentId FROM AutoProcProgramAttachment a"
    " JOIN AutoProcIntegration i ON i.autoProcProgramId = a.autoProcProgramId"
    " WHERE i.dataCollectionId = {collection}",
    "step": "SELECT s.workflowStepId FROM WorkflowStep s JOIN DataCollectionGroup g ON"
    " g.workflowId = s.workflowId JOIN BLSession b ON b.sessionId = g.sessionId WHERE b.proposalId = 1",
    "map": "SELECT xrfFluorescenceMappingId FROM XRFFluorescenceMapping",
    "picture": "SELECT blSampleImageId FROM BLSampleImage",
    "subsample": "SELECT blSubSampleId FROM BLSubSample WHERE position2Id IS NOT NULL",
    "assessed": "SELECT dataCollectionId FROM ImageQualityIndicators",
    "day": "SELECT sessionId FROM BLSession WHERE comments LIKE 'A day whose statistics%'",
    "run": "SELECT runId FROM v_run ORDER BY startDate DESC LIMIT 1 OFFSET 1",
    "measured": "SELECT blSampleId FROM DataCollectionGroup WHERE sessionId = {session}",
}
"""What the addresses below name, and how to find it."""
LEGACY = "/legacy/{token}/proposal"
RUN = "beamLineName=ID14-1&runId={run}"
EM_IMAGES = LEGACY + "/{em_proposal}/em/datacollection/{em_collection}/movie/{movie}"
ADDRESSES: dict[str, tuple[str, ...]] = {
    "/containers/{containerId}": ("/containers/1",),
    "/data/frames/{dataCollectionId}/{imageNumber}/picture": (
        "/data/frames/{collection}/2/picture?width=200",
    ),
    "/data/frames/{dataCollectionId}/{imageNumber}/thumbnail": ("/data/frames/{collection}/2/thumbnail",),
    "/data/frames/{dataCollectionId}/{imageNumber}/tiles/{level}/{column}/{row}": (
        "/data/frames/{collection}/2/tiles/0/1/1",
    ),
    "/data/frames/{dataCollectionId}/{imageNumber}/values": (
        "/data/frames/{collection}/2/values?x=3&y=5&w=4",
    ),
    "/data/h5grove/attr/": ("/data/h5grove/attr/?dataCollectionId={collection}&path=/entry/data",),
    "/data/h5grove/data/": (
        "/data/h5grove/data/?dataCollectionId={collection}&path=/entry/data/data_000001&selection=0&format=bin",
        "/data/h5grove/data/?dataCollectionId={collection}&path=/1.1/measurement/photodiode",
    ),
    "/data/h5grove/histogram": (
        "/data/h5grove/histogram?dataCollectionId={collection}&path=/entry/data/data_000001&selection=0",
    ),
    "/data/h5grove/meta/": (
        "/data/h5grove/meta/?dataCollectionId={collection}&path=/entry/data/data_000001",
    ),
    "/data/h5grove/paths/": ("/data/h5grove/paths/?dataCollectionId={collection}",),
    "/data/h5grove/picture": (
        "/data/h5grove/picture?dataCollectionId={collection}&path=/entry/data/data_000001&selection=0",
    ),
    "/data/h5grove/stats/": (
        "/data/h5grove/stats/?dataCollectionId={collection}&path=/entry/data/data_000001&selection=0",
    ),
    "/data/images": ("/data/images?dataCollectionId={collection}&imageNumber=4",),
    "/data/images/header": ("/data/images/header?dataCollectionId={collection}&imageNumber=1",),
    "/data/images/histogram": ("/data/images/histogram?dataCollectionId={collection}&imageNumber=1",),
    "/datacollections/attachments/{dataCollectionFileAttachmentId}": (
        "/datacollections/attachments/{attachment}",
    ),
    "/datacollections/{dataCollectionId}": ("/datacollections/{commented}",),
    "/datacollections/groups/{dataCollectionGroupId}": ("/datacollections/groups/{group}",),
    "/datacollections/images/diffraction/{dataCollectionId}": (
        "/datacollections/images/diffraction/{collection}",
        "/datacollections/images/diffraction/{collection}?snapshot=true",
    ),
    "/datacollections/images/quality/{dataCollectionId}": ("/datacollections/images/quality/{collection}",),
    "/datacollections/images/{dataCollectionId}": (
        *(f"/datacollections/images/{{collection}}?imageId={number}" for number in range(1, 5)),
        "/datacollections/images/{collection}?snapshot=true",
        "/datacollections/images/{em_collection}",
    ),
    "/datacollections/quality": ("/datacollections/quality?dataCollectionId={assessed}",),
    "/datacollections/workflows/steps/{workflowStepId}": (
        "/datacollections/workflows/steps/{step}?attachmentType=imageResultFilePath",
        "/datacollections/workflows/steps/{step}?attachmentType=resultFilePath",
    ),
    "/dewars/{dewarId}": ("/dewars/1",),
    "/events": ("/events?limit=200", "/events?session=mx1001-1&limit=200", "/events?sessionId={em_session}"),
    "/events/types": ("/events/types?session=mx1001-1",),
    "/labcontacts/{labContactId}": ("/labcontacts/1",),
    "/legacy/data_collections/groups/session/{session_id}": (
        "/legacy/data_collections/groups/session/{session}",
    ),
    "/legacy/em/proposal/{proposal_id}/data_collections/{data_collections_ids}/stats": (
        "/legacy/em/proposal/{em_proposal}/data_collections/{em_collection}/stats",
    ),
    "/legacy/em/proposal/{proposal_id}/data_collections_group/{data_collections_group_id}/stats": (
        "/legacy/em/proposal/{em_proposal}/data_collections_group/{em_group}/stats",
    ),
    "/legacy/em/proposal/{proposal_id}/datacollection/{datacollection_id}/movies": (
        "/legacy/em/proposal/{em_proposal}/datacollection/{em_collection}/movies",
    ),
    "/legacy/em/proposal/{proposal_id}/movie/{movie_id}/plot/motioncorrectiondrift": (
        "/legacy/em/proposal/{em_proposal}/movie/{movie}/plot/motioncorrectiondrift",
    ),
    "/legacy/em/proposal/{proposal_id}/movie/{movie_id}/thumbnail": (
        "/legacy/em/proposal/{em_proposal}/movie/{movie}/thumbnail",
    ),
    "/legacy/em/proposal/{proposal_id}/movie/{movie_id}/thumbnail/ctf": (
        "/legacy/em/proposal/{em_proposal}/movie/{movie}/thumbnail/ctf",
    ),
    "/legacy/em/proposal/{proposal_id}/movie/{movie_id}/thumbnail/motioncorrection": (
        "/legacy/em/proposal/{em_proposal}/movie/{movie}/thumbnail/motioncorrection",
    ),
    "/legacy/em/proposal/{proposal_id}/session/{session_id}/data_collections/groups": (
        "/legacy/em/proposal/{em_proposal}/session/{em_session}/data_collections/groups",
    ),
    "/legacy/em/session/{session_id}/classification": ("/legacy/em/session/{em_session}/classification",),
    "/legacy/em/session/{session_id}/stats": ("/legacy/em/session/{em_session}/stats",),
    "/legacy/proposal/{proposal_id}/data_collections/{data_collections_ids}/stats": (
        "/legacy/proposal/{em_proposal}/data_collections/{em_collection}/stats?token={token}",
    ),
    "/legacy/proposal/{proposal_id}/data_collections_group/{data_collections_group_id}/stats": (
        "/legacy/proposal/{em_proposal}/data_collections_group/{em_group}/stats?token={token}",
    ),
    "/legacy/proposals/{proposal_id}": ("/legacy/proposals/mx1001",),
    "/legacy/sessions/date/{start_date}/{end_date}": ("/legacy/sessions/date/20200101/20300101",),
    "/legacy/sessions/proposal/{proposal_id}": ("/legacy/sessions/proposal/mx1001",),
    "/legacy/{token}/proposal/list": (LEGACY + "/list",),
    "/legacy/{token}/proposal/session/date/{start_date}/{end_date}/list": (
        LEGACY + "/session/date/20200101/20300101/list",
    ),
    "/legacy/{token}/proposal/session/{session_id}/list": (LEGACY + "/session/{session}/list",),
    "/legacy/{token}/proposal/{proposal_id}/em/datacollection/session/{session_id}/list": (
        LEGACY + "/{em_proposal}/em/datacollection/session/{em_session}/list",
    ),
    "/legacy/{token}/proposal/{proposal_id}/em/datacollection/{datacollection_id}/movie/all": (
        LEGACY + "/{em_proposal}/em/datacollection/{em_collection}/movie/all",
    ),
    **{
        "/legacy/{token}/proposal/{proposal_id}/em/datacollection/{datacollection_id}/movie/{movie_id}"
        + end: (EM_IMAGES + end,)
        for end in ("/ctf/thumbnail", "/motioncorrection/drift", "/motioncorrection/thumbnail", "/thumbnail")
    },
    "/legacy/{token}/proposal/{proposal_id}/em/session/{session_id}/classification": (
        LEGACY + "/{em_proposal}/em/session/{em_session}/classification",
    ),
    "/legacy/{token}/proposal/{proposal_id}/info/get": (LEGACY + "/mx1001/info/get",),
    "/legacy/{token}/proposal/{proposal_id}/session/list": (LEGACY + "/mx1001/session/list",),
    "/legacy/{token}/proposal/{proposal}/em/session/{session_id}/stats": (
        LEGACY + "/{em_proposal}/em/session/{em_session}/stats",
    ),
    "/legacy/{token}/session/list": ("/legacy/{token}/session/list",),
    "/mapping/histogram/{xrfFluorescenceMappingId}": ("/mapping/histogram/{map}",),
    "/mapping/pixel/{xrfFluorescenceMappingId}": ("/mapping/pixel/{map}?x=7&y=5",),
    "/mapping/{xrfFluorescenceMappingId}": ("/mapping/{map}",),
    "/persons": ("/persons?showAll=true", "/persons?sessionId={session}"),
    "/processings/attachments/{autoProcProgramAttachmentId}": ("/processings/attachments/{result}",),
    "/processings/messages/status": ("/processings/messages/status?dataCollectionIds={all}",),
    "/processings/results": ("/processings/results?proposal=mx1001",),
    "/processings/status": ("/processings/status?dataCollectionIds={all}",),
    "/proposals/{proposal}": ("/proposals/mx1001",),
    "/proteins/{proteinId}": ("/proteins/1",),
    "/samples": ("/samples?limit=500", "/samples?proposal=mx1001&limit=500"),
    "/samples/images/{blSampleImageId}": ("/samples/images/{picture}",),
    "/samples/sub/{blSubSampleId}": ("/samples/sub/{subsample}",),
    "/samples/{blSampleId}": ("/samples/{measured}",),
    "/sessions": ("/sessions?limit=500",),
    "/sessions/{sessionId}": ("/sessions/{session}",),
    "/shippings": ("/shippings?limit=500",),
    "/shippings/{shippingId}": ("/shippings/1",),
    "/stats/breakdown": ("/stats/breakdown?sessionId={day}", f"/stats/breakdown?{RUN}"),
    "/stats/errors": ("/stats/errors?session=mx1001-1", f"/stats/errors?{RUN}"),
    "/stats/hourlies": ("/stats/hourlies?session=mx1001-1",),
    "/stats/parameters/histogram": ("/stats/parameters/histogram?session=mx1001-1&parameter=energy",),
    "/stats/times": ("/stats/times?sessionId={day}", "/stats/times?proposal=mx1001", f"/stats/times?{RUN}"),
    "/user/current": ("/user/current", "mxstaff:/user/current"),
}
"""Where each read route is asked, other than at its own path; as the administrator, or as `login:`."""
EMPTY = {
    "no administrator has done anything yet": (
        *("AdminActivity.action", "AdminActivity.comments", "AdminActivity.dateTime"),
        *("AdminActivity.username", "Paginated_AdminActivity_.results", "Paginated_AdminActivity_.total"),
    ),
    "an option that is off, or a backend without settings": (
        *("Options.create_person_on_missing", "Options.query_debug", "PluginConfig.config"),
    ),
    "nobody wrote a comment": (
        *("AutoProcScalingStatistics.comments", "Screening.comments", "ScreeningStrategyWedge.comments"),
        *("ScreeningStrategySubWedge.comments", "Workflow.comments", "WorkflowStep.comments"),
    ),
    "angles, gaps and overlaps that are 0": (
        *("DataCollection.chiStart", "DataCollection.overlap", "DataCollection.phiStart"),
        *("ScreeningStrategyWedge.chi", "ScreeningStrategyWedge.kappa", "ScreeningStrategyWedge.phi"),
    ),
    "not recorded on this facility's beamlines": (
        *("DataCollection.amountAstigmatism", "DataCollection.defocusStepSize", "DataCollection.objAperture"),
        *("DataCollection.xBeamPix", "DataCollection.yBeamPix", "ScreeningStrategyWedge.wavelength"),
        *("AutoProcScalingStatistics.fractionalPartialBias", "MapROI.scalar"),
    ),
    "logs of errors are not kept apart": (
        *("ExperimentTypeGroup.messages", "ExperimentTypeMessages.count", "ExperimentTypeMessages.message"),
    ),
    "integrations start by themselves": (
        *("AutoProcProgramIntegration.ProcessingJob", "AutoProcProgramMetadata.imageSweepCount"),
    ),
    "a number without a unit": ("BreakdownPlottable.unit",),
    "crystals are not searched by diffraction": ("ProcessingStatuses.xrc", "ProcessingStatus.status"),
}
"""Fields without a value in the demo, by the reason."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The demo's database and files."""
    made = Place(tmp_path_factory.mktemp("demo") / "demo.db")
    asyncio.run(make(Starbeam(load(None, {}, settings(made))), made))
    return made


def settings(place: Place) -> dict[str, Any]:
    return {
        "database.url": f"sqlite+aiosqlite:///{place.database}",
        "auth.secret_key": SECRET,
        "auth.backends.dummy.use": "auth_dummy",
        "auth.backends.dummy.test_system": True,
        "plugins.enabled": PLUGINS,
        "files.roots": [str(place.files.resolve())],
    }


@dataclass
class Demo:
    """A server of the demo."""

    starbeam: Starbeam
    client: httpx.AsyncClient
    ids: Mapping[str, Any]

    async def get(self, address: str, login: str = "admin") -> httpx.Response:
        """Ask for an address, with what it names filled in."""
        token = await self.token(login)
        path = address.format(**{**self.ids, "token": token})
        return await self.client.get(path, headers={"Authorization": f"Bearer {token}"})

    async def token(self, login: str) -> str:
        """A token of one of the demo's people."""
        (rows,) = [await self.rows(f"SELECT personId, login FROM Person WHERE login = '{login}'")]
        return self.starbeam.tokens.make(login, rows[0][0], [])

    async def rows(self, sql: str) -> list[Any]:
        """Rows of a query."""
        async with self.starbeam.database.read() as connection:
            return list(await connection.exec_driver_sql(sql))


@pytest.fixture
async def demo(place: Place) -> Any:
    """The server, running."""
    starbeam = Starbeam(load(None, {}, settings(place)))
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(starbeam.asgi.lifespan())
        await starbeam.snapshot.reload()
        transport = httpx.ASGITransport(cast(Any, starbeam.asgi), raise_app_exceptions=False)
        root = "http://testserver.local" + starbeam.settings.server.api_root
        client = await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url=root))
        running = Demo(starbeam, client, {})
        ids: dict[str, Any] = {}
        for name, sql in IDS.items():
            rows = await running.rows(sql.format(**ids))
            assert rows, f"nothing in the demo is a {name}"
            ids[name] = rows[0][0]
        collections = await running.rows("SELECT dataCollectionId FROM DataCollection LIMIT 400")
        ids["all"] = str([row[0] for row in collections] + [ids["em_collection"]])
        running.ids = ids
        yield running


@pytest.mark.anyio
async def test_every_read_route_answers_field_by_field(demo: Demo) -> None:
    document = openapi.document(demo.starbeam.asgi)
    root = demo.starbeam.settings.server.api_root
    operations = {
        path.removeprefix(root): operations["get"]
        for path, operations in document["paths"].items()
        if path.startswith(root) and "get" in operations
    }
    del operations["/events/stream"]  # it has no end
    assert set(ADDRESSES) <= set(operations)
    known, found, wrong = set[str](), set[str](), list[str]()
    for path, operation in operations.items():
        schema = answer_schema(operation)
        known |= fields(document, schema) if schema else set()
        for address in ADDRESSES.get(path, (path,)):
            login, _, path_and_query = address.rpartition(":")
            response = await demo.get(path_and_query, login or "admin")
            if not response.is_success or response.content in (b"", b"[]", b"{}"):
                wrong.append(f"{address}: {response.status_code} {response.text[:80]}")
            elif schema:
                found |= filled(document, schema, response.json())
    assert wrong == []
    assert known - found <= {name for names in EMPTY.values() for name in names}


PICTURES = {
    "emarin": (
        "/datacollections/images/{collection}",
        "/datacollections/images/{collection}?snapshot=true",
        "/datacollections/images/diffraction/{collection}",
        "/datacollections/images/quality/{collection}",
    ),
    "emstaff": ("/datacollections/images/{em_collection}",),
    "spstaff": ("/mapping/{map}",),
}


@pytest.mark.anyio
async def test_the_accounts_of_the_demo_see_pictures_and_frames(demo: Demo) -> None:
    for login, addresses in PICTURES.items():
        for address in addresses:
            response = await demo.get(address, login)
            assert response.status_code == 200, address
            with Image.open(io.BytesIO(response.content)) as image:
                assert min(image.size) >= 20
            assert (await demo.get(address, "newcomer")).status_code == 404
    await check_a_frame(demo)


async def check_a_frame(demo: Demo) -> None:
    """It is what its header and its row say."""
    which = "dataCollectionId={collection}&imageNumber=1"
    header = (await demo.get(f"/data/images/header?{which}", "jweiss")).json()["braggy_hdr"]
    shape = header["img_width"], header["img_height"]
    frame = await demo.get(f"/data/images?{which}", "jweiss")
    assert len(frame.content) == 4 * shape[0] * shape[1]
    assert max(struct.unpack(f"<{shape[0] * shape[1]}f", frame.content)) == 65535
    (row,) = await demo.rows(
        "SELECT imageSizeX, imageSizeY, wavelength FROM DataCollection"
        f" WHERE dataCollectionId = {demo.ids['collection']}"
    )
    assert tuple(row) == (*shape, pytest.approx(header["wavelength"], rel=1e-4))


@pytest.mark.anyio
async def test_every_image_that_a_row_claims_is_there(demo: Demo) -> None:
    claimed = await demo.rows(
        "SELECT dataCollectionId, numberOfImages, imageDirectory, fileTemplate FROM DataCollection"
        " WHERE fileTemplate LIKE '%.h5'"
    )
    there = {row[0]: row[1] for row in claimed if (Path(row[2]) / row[3]).is_file()}
    assert len(there) > 40
    of_each_kind = {images: key for key, images in there.items()}
    assert {4, 400, 3600} <= set(of_each_kind) <= {4, 400, 1000, 3600, 20000}
    for images, key in of_each_kind.items():
        for number in (1, images // 2, images):
            for what in ("", "/header", "/histogram"):
                address = f"/data/images{what}?dataCollectionId={key}&imageNumber={number}"
                response = await demo.get(address)
                assert response.status_code == 200, address
        beyond = f"/data/images?dataCollectionId={key}&imageNumber={images + 1}"
        assert (await demo.get(beyond)).status_code == 404
    for key, images in there.items():
        address = f"/data/h5grove/meta/?dataCollectionId={key}&path=/entry/data/data_000001"
        assert (await demo.get(address)).json()["shape"] == [images, 632, 616]


STATISTICS = """
    SELECT f.filePath || '/' || f.fileName, c.wavelength, a.spaceGroup, s.scalingStatisticsType,
        s.resolutionLimitLow, s.resolutionLimitHigh, s.nTotalUniqueObservations, s.completeness,
        s.meanIOverSigI, a.refinedCell_a, a.refinedCell_b, a.refinedCell_c, a.refinedCell_alpha,
        a.refinedCell_beta, a.refinedCell_gamma
    FROM AutoProcProgramAttachment f
    JOIN AutoProc a ON a.autoProcProgramId = f.autoProcProgramId
    JOIN AutoProcScaling g ON g.autoProcId = a.autoProcId
    JOIN AutoProcScalingStatistics s ON s.autoProcScalingId = g.autoProcScalingId
    JOIN AutoProcIntegration i ON i.autoProcProgramId = f.autoProcProgramId
    JOIN DataCollection c ON c.dataCollectionId = i.dataCollectionId
    WHERE f.fileName LIKE '%.mtz'
"""


@pytest.mark.anyio
async def test_reflections_are_those_that_the_statistics_count(demo: Demo, place: Place) -> None:
    written = {str(file) for file in files(place) if file.suffix == ".mtz"}
    rows = [row for row in await demo.rows(STATISTICS) if row[0] in written]
    assert {row[0] for row in rows} == written
    assert len({row[2] for row in rows}) == 3
    for file, wavelength, space_group, kind, low, high, unique, completeness, signal, *cell in rows:
        mtz = gemmi.read_mtz_file(file)
        assert (mtz.spacegroup.hm, list(mtz.cell.parameters)) == (space_group, pytest.approx(cell))
        assert mtz.datasets[-1].wavelength == pytest.approx(wavelength)
        spacing, ratio = mtz.make_d_array(), mtz.array[:, 3] / mtz.array[:, 4]
        inside = (spacing <= low) & (spacing >= high)
        possible = gemmi.count_reflections(mtz.cell, mtz.spacegroup, high, low)
        assert (kind, inside.sum()) == (kind, unique)
        on_an_edge = 100 / possible  # one that rounding puts on either side of a limit
        assert 100 * unique / possible == pytest.approx(completeness, abs=0.06 + on_an_edge)
        assert ratio[inside].mean() == pytest.approx(signal, abs=0.06)
    logs = [(Path(row[0]).parent, str(row[6])) for row in rows]
    assert all(unique in next(folder.glob("*.log")).read_text() for folder, unique in logs)


PATHS = """
    SELECT m.name, c.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c
    WHERE m.type = 'table' AND (c.name LIKE '%path%' OR c.name LIKE '%directory%' OR c.name LIKE '%spectrum%')
"""


def test_every_file_that_a_row_names_is_there(place: Place) -> None:
    """Of the sessions whose folder is there; others have been archived, but for pictures of the latest."""
    root, named, shown = place.files.resolve(), set[Path](), set[Path]()
    with sqlite3.connect(place.database, factory=Connection) as connection:
        for table, column in connection.execute(PATHS).fetchall():
            below = f"SELECT DISTINCT {column} FROM {table} WHERE {column} LIKE '{root}/%'"
            found = {Path(row[0]) for row in connection.execute(below)}
            named |= found
            shown |= found if column.startswith(("xtalSnapshot", "jpegFile", "jpegThumbnail")) else set()
    there = {folder for folder in root.glob("*/*/*") if folder.is_dir()}
    folders = {folder for folder in there if any(folder.rglob("collection.log"))}
    kept = {path for path in named if folders & set(path.parents)}
    assert len(folders) == 5  # two of mx1001, and one of each technique
    assert len({path.suffix for path in kept}) > 10
    assert sorted(path for path in kept if not path.exists()) == []
    pictured = {path for path in shown if (there - folders) & set(path.parents)}
    assert len({path.parent for path in pictured}) > 50
    assert sorted(path for path in pictured if not path.exists()) == []


def test_files_are_small(place: Place) -> None:
    sizes = {file.stat().st_ino: file.stat().st_size for file in files(place)}
    assert sum(sizes.values()) < MOST_BYTES


def test_files_are_what_their_names_say(place: Place) -> None:
    for file in {file.stat().st_ino: file for file in files(place)}.values():
        open_by_ending(file)


def files(place: Place) -> list[Path]:
    return [file for file in place.files.rglob("*") if file.is_file()]
