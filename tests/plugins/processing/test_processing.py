"""`/processings`: statuses, results, messages and attachments, and who gets them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from starbeam_ispyb import models as m
from starbeam_processing import models as p
from starbeam_testing.app import TestApp
from starbeam_testing.fixtures import MakeApp
from support.answers import refused, said

if TYPE_CHECKING:
    from support.schemas import Kind

pytestmark = pytest.mark.anyio

HERE, ELSEWHERE = 1, 2
"""Sessions; the member belongs to the first."""


class Facility:
    """Data collections 1 and 2 in group 1 of the first session, 3 in group 3 of the second."""

    def __init__(self, app: TestApp, root: dict[str, str], member: dict[str, str]) -> None:
        self.app, self.db, self.root, self.member = app, app.database, root, member

    async def get(self, path: str, headers: dict[str, str] | None = None) -> Any:
        """The answer, to whoever sees everything by default."""
        answer = await self.app.client.get(path, headers=headers or self.root)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def keys(self, path: str, key: str, headers: dict[str, str] | None = None) -> list[int]:
        """Keys of the rows of a page, which has all of them."""
        page = await self.get(path, headers)
        assert page["total"] == len(page["results"])
        return [row[key] for row in page["results"]]

    async def statuses(self, kind: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
        """What came of one kind of processing, by data collection."""
        found = await self.get("/processings/status?dataCollectionIds=[1,2,3,0,99]", headers)
        return {key: one[kind] for key, one in found["statuses"].items() if one[kind] is not None}

    async def program(self, key: int, status: str | None = "1", job: int | None = None, **more: Any) -> None:
        """A run of a program."""
        row = {"autoProcProgramId": key, "processingStatus": status, "processingJobId": job}
        await self.db.add(m.AutoProcProgram, {"processingPrograms": f"p{key}", **row, **more})

    async def integration(self, key: int, collection: int, program: int) -> None:
        """An integration of a data collection."""
        row = {"autoProcIntegrationId": key, "dataCollectionId": collection}
        await self.db.add(m.AutoProcIntegration, autoProcProgramId=program, **row)

    async def job(self, key: int, collection: int, automatic: int = 1) -> None:
        """A request to process a data collection."""
        row = {"processingJobId": key, "dataCollectionId": collection, "automatic": automatic}
        await self.db.add(m.ProcessingJob, row)

    async def message(self, key: int, program: int, severity: str) -> None:
        """A message of a program."""
        row = {"autoProcProgramMessageId": key, "autoProcProgramId": program, "severity": severity}
        await self.db.add(m.AutoProcProgramMessage, row)


@pytest.fixture
async def facility(make_app: MakeApp, tmp_path: Path) -> Facility:
    """Two proposals with a session each."""
    app = await make_app("ispyb", "processing", **{"files.roots": [str(tmp_path)]})
    root, member = await app.as_user("root", "all_proposals"), await app.as_user("member")
    db, person = app.database, await app.database.person("member")
    for n in (HERE, ELSEWHERE):
        await db.add(m.Proposal, proposalId=n, personId=1, proposalCode="mx", proposalNumber=str(n))
        await db.add(m.BLSession, sessionId=n, proposalId=n, visit_number=1)
    await db.add(m.Session_has_Person, sessionId=HERE, personId=person)
    for group, session in ((1, HERE), (3, ELSEWHERE)):
        await db.add(m.DataCollectionGroup, dataCollectionGroupId=group, sessionId=session)
    for collection, group in ((1, 1), (2, 1), (3, 3)):
        row = {"dataCollectionId": collection, "dataCollectionGroupId": group, "xBeam": 1.5, "yBeam": 2.5}
        await db.add(m.DataCollection, row)
    return Facility(app, root, member)


@pytest.mark.fix(101)
@pytest.mark.four_databases
async def test_the_status_of_a_program_is_a_number(facility: Facility, kind: Kind) -> None:
    wanted: dict[str | None, int | None] = {"1": 1, "0": 0, None: None}
    if kind.flavour == "community":
        wanted |= {"SUCCESS": 1, "FAILED": 0, "RUNNING": None}
    for key, status in enumerate(wanted, 1):
        await facility.program(key, status)
        await facility.integration(key, 1, key)
    found = (await facility.statuses("autoIntegration"))["1"]
    assert {program: one["status"] for program, (one,) in found.items()} == {
        f"p{key}": number for key, number in enumerate(wanted.values(), 1)
    }
    page = await facility.get("/processings/auto-integrations")
    assert [row["processingStatus"] for row in page["results"]] == list(wanted.values())


@pytest.mark.fix(101)
@pytest.mark.fix(2)
@pytest.mark.on("sqlite-union")
async def test_a_status_that_nobody_knows_is_null(facility: Facility) -> None:
    for key, status in ((1, ""), (2, "odd"), (3, "SUCCESS")):
        await facility.program(key, status)
        await facility.integration(key, 1, key)
    page = await facility.get("/processings/auto-integrations")
    assert [row["processingStatus"] for row in page["results"]] == [None, None, 1]


@pytest.mark.fix(102)
@pytest.mark.fix(103)
@pytest.mark.four_databases
async def test_statuses_of_screenings(facility: Facility) -> None:
    links = ({"dataCollectionId": 1}, {"dataCollectionGroupId": 1}, {"dataCollectionId": 3})
    programs = ("EDNA", None, "EDNA")
    for key, (link, program) in enumerate(zip(links, programs, strict=True), 1):
        await facility.db.add(m.Screening, screeningId=key, programVersion=program, **link)
    for key, screening, indexing, strategy in ((1, 1, 1, 1), (2, 1, 1, 0), (3, 2, 0, 0), (4, 3, 1, 1)):
        success = {"indexingSuccess": indexing, "strategySuccess": strategy}
        await facility.db.add(m.ScreeningOutput, screeningOutputId=key, screeningId=screening, **success)
    failed = [{"status": 0, "indexingSuccess": 0}]
    well = {"status": 1, "indexingSuccess": 1}
    wanted = {"1": {"EDNA": [well, {"status": 0, "indexingSuccess": 1}], "": failed}, "2": {"": failed}}
    assert await facility.statuses("screening") == {**wanted, "3": {"EDNA": [well]}}
    assert await facility.statuses("screening", facility.member) == wanted


@pytest.mark.four_databases
async def test_statuses_of_programs(facility: Facility, kind: Kind) -> None:
    for key, (collection, automatic) in enumerate(((1, 1), (1, 0), (3, 1), (1, 1)), 1):
        await facility.job(key, collection, automatic)
    for key, job in ((1, None), (2, 1), (3, 2), (4, 3), (5, 4)):
        await facility.program(key, job=job)
    for key, collection, program in ((1, 1, 1), (2, 1, 1), (3, 2, 1), (4, 2, 5)):
        await facility.integration(key, collection, program)
    first, last = ({"status": 1, "autoProcProgramId": key} for key in (1, 5))
    integrated = {"1": {"p1": [first]}, "2": {"p1": [first], "p5": [last]}}
    assert await facility.statuses("autoIntegration") == integrated
    second, fourth = ({"status": 1, "autoProcProgramId": key} for key in (2, 4))
    jobs = {"1": {"p2": [second]}, "3": {"p4": [fourth]}}
    has_jobs = kind.flavour != "community"
    assert await facility.statuses("processing") == (jobs if has_jobs else {})
    assert "3" not in await facility.statuses("processing", facility.member)


@pytest.mark.fix(104)
@pytest.mark.on("sqlite-union", "mariadb-union", "mariadb-diamond")
async def test_statuses_of_centrings(facility: Facility) -> None:
    await facility.db.add(m.GridInfo, gridInfoId=1, dataCollectionId=1)
    await facility.db.add(m.GridInfo, gridInfoId=2, dataCollectionGroupId=3)
    for key, group, status in ((1, 1, "failed"), (2, 3, "pending")):
        await facility.db.add(p.XrayCentring, xrayCentringId=key, dataCollectionGroupId=group, status=status)
    results = ((1, 1, "success"), (1, None, None), (1, 1, "failure"), (2, 2, None), (2, 2, "success"))
    for key, (centring, grid, status) in enumerate(results, 1):
        row = {"xrayCentringResultId": key, "xrayCentringId": centring, "gridInfoId": grid, "status": status}
        await facility.db.add(p.XrayCentringResult, row)

    def entries(*statuses: int | None) -> dict[str, Any]:
        return {"xrc": [{"status": status} for status in statuses]}

    wanted = {"1": entries(1, 0, 0), "2": entries(0)}
    assert await facility.statuses("xrc") == {**wanted, "3": entries(None, 1)}
    assert await facility.statuses("xrc", facility.member) == wanted


@pytest.mark.fix(105)
@pytest.mark.four_databases
async def test_movies_are_counted_however_far_they_are(facility: Facility) -> None:
    for key, collection in ((1, 1), (2, 1), (3, 1), (4, 3)):
        await facility.db.add(m.Movie, movieId=key, dataCollectionId=collection, movieNumber=key)
    for key, movie in ((1, 1), (2, 2)):
        await facility.db.add(m.MotionCorrection, motionCorrectionId=key, movieId=movie)
    await facility.db.add(m.CTF, ctfId=1, motionCorrectionId=1)
    wanted = {"1": {"movie": 3, "motionCorrection": 2, "ctf": 1}}
    assert await facility.statuses("em", facility.member) == wanted
    other = {"3": {"movie": 1, "motionCorrection": 0, "ctf": 0}}
    assert await facility.statuses("em") == wanted | other


async def test_statuses_are_sent_to_who_has_other_ones(facility: Facility) -> None:
    """What somebody else may see is another answer with another ETag."""
    await facility.program(1, status=None)
    await facility.integration(1, 3, 1)
    client, wanted = facility.app.client, {"dataCollectionIds": "[1,2,3]"}
    for path in ("/processings/status", "/processings/messages/status"):
        tag = (await client.get(path, params=wanted, headers=facility.root)).headers["etag"]
        known = {**facility.root, "If-None-Match": tag}
        again = await client.get(path, params=wanted, headers=known)
        assert (again.status_code, again.content) == (304, b"")
        await facility.db.sql("UPDATE AutoProcProgram SET processingStatus = 1")
        await facility.message(len(path), 1, "ERROR")
        changed = await client.get(path, params=wanted, headers=known)
        assert (changed.status_code, changed.headers["etag"] == tag) == (200, False)
        now = {"If-None-Match": changed.headers["etag"]}
        assert (await client.get(path, params=wanted, headers=facility.member | now)).status_code == 200


async def test_what_is_not_a_list_of_ids(facility: Facility) -> None:
    sentence = refused(422, "Couldn't parse dataCollectionIds")
    for path in ("/processings/status", "/processings/messages/status"):
        for text in ("", "{}", "1", "null", "[1.5]", '["1"]', "[true]", "[[1]]"):
            answer = await facility.app.client.get(
                path, params={"dataCollectionIds": text}, headers=facility.root
            )
            assert said(answer) == sentence
        assert said(await facility.app.client.get(path, headers=facility.root)) == sentence
        answer = await facility.app.client.get(f"{path}?dataCollectionIds=[1", headers=facility.root)
        assert answer.status_code == 422
        assert answer.json()["detail"][0]["loc"] == ["query", "dataCollectionIds"]
        for ids in ("[]", "[0]", "[-5,99999999999999999999]"):
            assert (await facility.get(f"{path}?dataCollectionIds={ids}")) == {"statuses": {}}


async def strategy(facility: Facility, key: int, output: int, resolution: float | None = None) -> None:
    """A strategy; with a resolution, it has a wedge with one part."""
    row = {"screeningStrategyId": key, "screeningOutputId": output, "rankingResolution": 1.5}
    await facility.db.add(m.ScreeningStrategy, anomalous=0, **row)
    if resolution is not None:
        wedge = {"screeningStrategyWedgeId": key, "screeningStrategyId": key, "wedgeNumber": 1}
        await facility.db.add(m.ScreeningStrategyWedge, wedge)
        part = {"screeningStrategySubWedgeId": key, "screeningStrategyWedgeId": key}
        await facility.db.add(m.ScreeningStrategySubWedge, RESOLUTION=resolution, **part)


async def test_screenings_of_a_collection_that_is_not_seen_are_none(facility: Facility) -> None:
    """Screening 1 is of a group that the member sees, and of a collection of another that they do not."""
    await facility.db.add(m.Screening, screeningId=1, dataCollectionGroupId=1, dataCollectionId=3)
    await facility.db.add(m.ScreeningOutput, screeningOutputId=1, screeningId=1)
    await strategy(facility, 1, 1, 1.25)
    path = "/processings/screenings"
    for collection, member, root in ((3, [], [1]), (1, [1], [1]), (2, [1], [1])):
        where = f"{path}?dataCollectionId={collection}"
        assert await facility.keys(where, "screeningId", facility.member) == member
        assert await facility.keys(where, "screeningId") == root


@pytest.mark.fix(4)
@pytest.mark.fix(106)
@pytest.mark.four_databases
async def test_screenings_with_what_they_propose(facility: Facility) -> None:
    links = ({"dataCollectionId": 1}, {"dataCollectionGroupId": 1}, {"dataCollectionId": 3})
    for key, link in enumerate((*links, {"dataCollectionId": 1}), 1):
        await facility.db.add(m.Screening, screeningId=key, programVersion="EDNA", **link)
    for key, screening in ((1, 1), (2, 1), (3, 1), (4, 2), (5, 3), (6, 4)):
        success = {"indexingSuccess": 1, "strategySuccess": 1}
        await facility.db.add(m.ScreeningOutput, screeningOutputId=key, screeningId=screening, **success)
    strategies = ((1, 1, 1.25), (2, 1, 1.75), (3, 1, None), (4, 2, None), (5, 4, 2.5), (6, 5, 3.5))
    for key, output, resolution in strategies:
        await strategy(facility, key, output, resolution)
    await facility.db.add(
        m.ScreeningOutputLattice, screeningOutputLatticeId=1, screeningOutputId=1, spaceGroup="P1"
    )
    path = "/processings/screenings"
    assert await facility.keys(path, "screeningId") == [1, 2, 3]
    assert await facility.keys(path, "screeningId", facility.member) == [1, 2]
    for collection, keys in ((1, [1, 2]), (2, [2]), (3, []), (0, [])):
        where = f"{path}?dataCollectionId={collection}"
        assert await facility.keys(where, "screeningId", facility.member) == keys
    page = await facility.get(f"{path}?skip=0&limit=1")
    assert page["total"] == 3
    (output,) = page["results"][0]["ScreeningOutput"]
    assert output["screeningOutputId"] == 1
    assert [one["spaceGroup"] for one in output["ScreeningOutputLattice"]] == ["P1"]
    parts = [
        part["RESOLUTION"]
        for one in output["ScreeningStrategy"]
        for wedge in one["ScreeningStrategyWedge"]
        for part in wedge["ScreeningStrategySubWedge"]
    ]
    assert parts == [1.25, 1.75]


@pytest.mark.fix(107)
@pytest.mark.fix(108)
@pytest.mark.four_databases
async def test_results_of_jobs(facility: Facility, kind: Kind) -> None:
    for key, collection in ((1, 1), (2, 3), (3, 1)):
        await facility.job(key, collection)
    for key, job in ((1, 1), (2, 2), (3, 3), (4, None), (5, 1)):
        await facility.program(key, job=job)
    await facility.integration(1, 1, 3)
    for key, name in ((1, "d_min"), (2, "space_group")):
        row = {"processingJobId": 1, "parameterKey": name, "parameterValue": str(key)}
        await facility.db.add(p.ProcessingJobParameter, processingJobParameterId=key, **row)
    await facility.message(1, 1, "INFO")
    page = await facility.get("/processings?limit=1")
    if kind.flavour == "community":
        assert page == {"total": 0, "results": [], "skip": 0, "limit": 1}
        return
    assert page["total"] == 3
    job, metadata = page["results"][0]["ProcessingJob"], page["results"][0]["_metadata"]
    assert job["ProcessingJobParameters"] == [
        {"parameterKey": "d_min", "parameterValue": "1"},
        {"parameterKey": "space_group", "parameterValue": "2"},
    ]
    assert (metadata["attachments"], metadata["imageSweepCount"]) == (0, None)
    assert [one["severity"] for one in metadata["autoProcProgramMessages"]] == ["INFO"]
    key = "autoProcProgramId"
    assert await facility.keys("/processings", key, facility.member) == [1, 5]
    assert await facility.keys("/processings?dataCollectionId=3", key) == [2]
    for collection in (0, 2, 3):
        path = f"/processings?dataCollectionId={collection}"
        assert await facility.keys(path, key, facility.member) == []


@pytest.mark.fix(1)
@pytest.mark.fix(109)
@pytest.mark.fix(110)
@pytest.mark.four_databases
async def test_results_of_integrations(facility: Facility, kind: Kind) -> None:
    await facility.job(1, 1)
    for key in (1, 2):
        await facility.program(key, job=1)
    for key, collection, program in ((1, 1, 1), (2, 2, 1), (3, 3, 1), (4, 3, 2)):
        await facility.integration(key, collection, program)
    await facility.db.add(m.AutoProc, autoProcId=1)
    await facility.db.add(m.AutoProcScaling, autoProcScalingId=1, autoProcId=1)
    for key in (1, 2, 3):
        await facility.db.add(m.AutoProcScaling_has_Int, autoProcIntegrationId=key, autoProcScalingId=1)
    for key, shell in enumerate(("overall", "innerShell", "outerShell"), 1):
        row = {"autoProcScalingStatisticsId": key, "autoProcScalingId": 1, "scalingStatisticsType": shell}
        values = {"ccAnomalous": 0.5} if kind.flavour == "diamond" else {"ccAno": 0.5}
        if kind.flavour == "union":
            values["ccAnomalous"] = 0.5
        await facility.db.add(m.AutoProcScalingStatistics, **row, anomalous=1, resIOverSigI2=1.5, **values)
    for key in (1, 2):
        await facility.db.add(p.ProcessingJobImageSweep, processingJobImageSweepId=key, processingJobId=1)
    path, key = "/processings/auto-integrations", "autoProcProgramId"
    assert await facility.keys(path, key) == [1, 2]
    (program,) = (await facility.get(f"{path}?limit=2", facility.member))["results"]
    assert len(program["AutoProcIntegration"]) == 2  # the third is of a session of others
    integration = program["AutoProcIntegration"][0]
    assert integration["DataCollection"] == {"xBeam": 1.5, "yBeam": 2.5}
    (link,) = integration["AutoProcScalingHasInt"]
    cell = link["AutoProcScaling"]["AutoProc"]
    assert cell == dict.fromkeys(cell)
    shells = link["AutoProcScaling"]["AutoProcScalingStatistics"]
    assert [one["scalingStatisticsType"] for one in shells] == ["overall", "innerShell", "outerShell"]
    has_jobs = kind.flavour != "community"
    assert [one["ccAnomalous"] for one in shells] == [0.5] * 3
    assert [one["resIOverSigI2"] for one in shells] == [1.5 if has_jobs else None] * 3
    assert [one["anomalous"] for one in shells] == [True] * 3
    assert program["_metadata"]["imageSweepCount"] == (2 if has_jobs else None)
    assert (program["ProcessingJob"] is not None) == has_jobs
    assert await facility.keys(f"{path}?dataCollectionId=3", key) == [1, 2]
    assert await facility.keys(f"{path}?dataCollectionId=3", key, facility.member) == []
    bare = (await facility.get(f"{path}?skip=1"))["results"][0]
    assert bare["AutoProcIntegration"][0]["AutoProcScalingHasInt"] == []


@pytest.mark.fix(111)
@pytest.mark.four_databases
async def test_messages(facility: Facility, kind: Kind) -> None:
    await facility.job(1, 1)
    await facility.job(2, 3)
    for key, job in ((1, None), (2, 1), (3, 2), (4, None)):
        await facility.program(key, job=job)
    for key, collection, program in ((1, 1, 1), (2, 1, 1), (3, 2, 1)):
        await facility.integration(key, collection, program)
    said_by = ((1, "ERROR"), (1, "WARNING"), (2, "WARNING"), (2, "INFO"), (3, "ERROR"), (4, "INFO"))
    for key, (program, severity) in enumerate(said_by, 1):
        await facility.message(key, program, severity)
    counts = "/processings/messages/status?dataCollectionIds=[1,2,3,99]"
    path, key = "/processings/messages", "autoProcProgramMessageId"
    if kind.flavour == "community":
        assert await facility.get(counts) == {"statuses": {}}
        assert await facility.keys(path, key) == []
        return
    first = {"errors": 1, "warnings": 2, "info": 1}
    wanted = {"1": first, "2": {"errors": 1, "warnings": 1, "info": 0}}
    assert (await facility.get(counts, facility.member))["statuses"] == wanted
    other = {"errors": 1, "warnings": 0, "info": 0}
    assert (await facility.get(counts))["statuses"] == wanted | {"3": other}
    assert await facility.keys(path, key, facility.member) == [1, 2, 3, 4]
    assert await facility.keys(f"{path}?dataCollectionId=1", key, facility.member) == [1, 2, 3, 4]
    assert await facility.keys(f"{path}?dataCollectionId=2", key) == [1, 2]
    assert await facility.keys(f"{path}?dataCollectionId=3", key, facility.member) == []
    assert await facility.keys(f"{path}?{key}=5", key) == [5]
    assert await facility.keys(f"{path}?{key}=5", key, facility.member) == []
    assert (await facility.get(f"{path}?limit=1", facility.member))["total"] == 4


@pytest.mark.fix(112)
@pytest.mark.four_databases
async def test_attachments(facility: Facility, tmp_path: Path, kind: Kind) -> None:
    (tmp_path / "xia2.log").write_text("done")
    for program in (1, 2):
        await facility.program(program)
    for key, collection, program in ((1, 1, 1), (2, 2, 1), (3, 3, 2)):
        await facility.integration(key, collection, program)
    file = {"fileName": "xia2.log", "filePath": str(tmp_path), "fileType": "Log", "importanceRank": 2}
    for key, program, deleted in ((1, 1, 0), (2, 1, 1), (3, 2, 0)):
        row = {"autoProcProgramAttachmentId": key, "autoProcProgramId": program, "deleted": deleted}
        await facility.db.add(m.AutoProcProgramAttachment, **row, **file)
    path, key = "/processings/attachments", "autoProcProgramAttachmentId"
    mine = [1, 2] if kind.flavour == "community" else [1]
    assert await facility.keys(path, key) == [*mine, 3]
    assert await facility.keys(path, key, facility.member) == mine
    assert await facility.keys(f"{path}?autoProcProgramId=1", key) == mine
    assert await facility.keys(f"{path}?autoProcProgramId=2", key, facility.member) == []
    assert (await facility.get(f"{path}?{key}=1"))["results"] == [
        {
            "autoProcProgramAttachmentId": 1,
            "autoProcProgramId": 1,
            "fileName": "xia2.log",
            "fileType": "Log",
            "importanceRank": None if kind.flavour == "community" else 2,
            "_metadata": {"url": "/ispyb/api/v1/processings/attachments/1"},
        }
    ]
    program = (await facility.get("/processings/auto-integrations", facility.member))["results"][0]
    assert program["_metadata"]["attachments"] == len(mine)
    answer = await facility.app.client.get(f"{path}/1", headers=facility.member)
    assert answer.headers["content-disposition"] == 'attachment; filename="xia2.log"'
    assert answer.text == "done"
    missing = refused(404, "Autoproc program attachment not found")
    assert said(await facility.app.client.get(f"{path}/3", headers=facility.member)) == missing
    assert said(await facility.app.client.get(f"{path}/9", headers=facility.root)) == missing
