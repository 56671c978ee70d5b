"""`/processings/results` and its pages: the best result of each data collection, sample or protein."""

from __future__ import annotations

import csv
import re
from datetime import datetime
from io import StringIO
from typing import Any

import pytest

from starbeam_ispyb import models as m
from starbeam_processing.ranked import ResultOrder
from starbeam_testing.app import Statements, TestApp
from starbeam_testing.fixtures import MakeApp
from support.pages import OPEN, Visitor, text_of

pytestmark = pytest.mark.anyio

ANGLES = {"refinedCell_alpha": 90, "refinedCell_beta": 90, "refinedCell_gamma": 90}


class Facility:
    """Proposal mx1 with session 1, which its member sees: data collections 1 to 4 of the samples X (1 and 3),
    Y (2) and none (4), both samples of the protein P. Proposal mx2 with session 2: data collection 5."""

    percent = 1
    """What fractions are stored multiplied by."""

    def __init__(self, app: TestApp, headers: dict[str, dict[str, str]]) -> None:
        self.app, self.db, self.headers = app, app.database, headers

    async def result(
        self,
        key: int,
        collection: int,
        program: str,
        high: float,
        complete: float | None,
        cc: float | None,
        group: str,
    ) -> None:
        """What a program made of a data collection."""
        await self.db.add(
            m.AutoProcProgram, autoProcProgramId=key, processingStatus="1", processingPrograms=program
        )
        of = {"autoProcIntegrationId": key, "autoProcProgramId": key}
        await self.db.add(m.AutoProcIntegration, dataCollectionId=collection, **of)
        cell = {"refinedCell_a": 60 + key, "refinedCell_b": 72.8, "refinedCell_c": 108.0, **ANGLES}
        await self.db.add(m.AutoProc, autoProcId=key, spaceGroup=group, **cell)
        await self.db.add(m.AutoProcScaling, autoProcScalingId=key, autoProcId=key)
        await self.db.add(m.AutoProcScaling_has_Int, autoProcScalingId=key, autoProcIntegrationId=key)
        inner = {"rMeasAllIPlusIMinus": 0.04 * self.percent, "ccHalf": 0.999 * self.percent}
        outer: dict[str, Any] = {"rMeasAllIPlusIMinus": 0.5 * self.percent, "meanIOverSigI": 1.5}
        outer["ccHalf"] = None if cc is None else cc * self.percent
        overall = {"resolutionLimitHigh": high, "completeness": complete, "anomalousCompleteness": 98.5}
        for type, values in (("overall", overall), ("innerShell", inner), ("outerShell", outer)):
            row = {"autoProcScalingId": key, "scalingStatisticsType": type, **values}
            await self.db.add(m.AutoProcScalingStatistics, row)

    async def get(self, query: str, who: str = "root") -> Any:
        """The answer of the operation."""
        answer = await self.app.client.get(f"/processings/results?{query}", headers=self.headers[who])
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def found(self, query: str, who: str = "root") -> list[tuple[int, str]]:
        """Data collections with the programs that are shown of them, in order."""
        page = await self.get(query, who)
        assert page["total"] == len(page["results"])
        return [(row["dataCollectionId"], row["processingPrograms"]) for row in page["results"]]


@pytest.fixture
async def facility(make_app: MakeApp) -> Facility:
    plugins = ("auth_dummy", "ispyb", "proposals", "samples", "events", "processing", "web")
    app = await make_app(*plugins, **OPEN)
    db = app.database
    headers = {"root": await app.as_user("root", "all_proposals"), "member": await app.as_user("member")}
    for n in (1, 2):
        await db.add(m.Proposal, proposalId=n, personId=1, proposalCode="mx", proposalNumber=str(n))
        await db.add(m.BLSession, sessionId=n, proposalId=n, visit_number=1)
    await db.add(m.Session_has_Person, sessionId=1, personId=await db.person("member"))
    await db.add(m.Protein, proteinId=1, proposalId=1, acronym="P", name="Protein")
    await db.add(m.Crystal, crystalId=1, proteinId=1)
    await db.add(m.Shipping, shippingId=1, proposalId=1, shippingName="s")
    await db.add(m.Dewar, dewarId=1, shippingId=1)
    await db.add(m.Container, containerId=1, dewarId=1)
    for n, name in ((1, "X"), (2, "Y")):
        await db.add(m.BLSample, blSampleId=n, crystalId=1, containerId=1, name=name)
    for n, session, sample in ((1, 1, 1), (2, 1, 2), (3, 1, 1), (4, 1, None), (5, 2, None)):
        await db.add(m.DataCollectionGroup, dataCollectionGroupId=n, sessionId=session, blSampleId=sample)
        start = datetime(2026, 11, 28, 10 + n)
        row = {
            "dataCollectionId": n,
            "dataCollectionGroupId": n,
            "fileTemplate": f"f{n}.h5",
            "startTime": start,
        }
        await db.add(m.DataCollection, row)
    return Facility(app, headers)


async def processed(facility: Facility) -> None:
    """1: the best is `ok`, since `far` does not correlate and `holes` is not complete. 2: none is good
    enough. 3: without a correlation. 4: as 1, without a sample."""
    await facility.result(1, 1, "ok", 1.58, 99.6, 0.52, "P 21 21 21")
    await facility.result(2, 1, "far", 1.2, 99.6, 0.1, "P 21 21 21")
    await facility.result(3, 1, "holes", 1.1, 60.0, 0.5, "P212121")
    await facility.result(4, 2, "holes", 1.9, 70.0, 0.9, "C 2")
    await facility.result(5, 2, "unknown", 1.7, None, 0.9, "C 2")
    await facility.result(6, 3, "ok", 2.5, 95.0, None, "P1")
    await facility.result(7, 4, "ok", 1.8, 90.0, 0.3, "P1")
    await facility.result(8, 5, "ok", 1.0, 99.0, 0.9, "P1")


@pytest.mark.four_databases
@pytest.mark.parametrize("percent", [1, 100])
async def test_one_row_for_each_with_its_best(facility: Facility, percent: int) -> None:
    facility.percent = percent
    await processed(facility)
    assert await facility.found("sessionId=1") == [(1, "ok"), (4, "ok"), (3, "ok"), (2, "unknown")]
    assert await facility.found("proposal=mx1") == await facility.found("sessionId=1")
    assert await facility.found("sessionId=1&of=sample") == [(1, "ok"), (4, "ok"), (2, "unknown")]
    assert await facility.found("sessionId=1&of=protein") == [(1, "ok"), (4, "ok")]
    assert await facility.found("blSampleId=1") == [(1, "ok"), (3, "ok")]
    assert await facility.found("proteinId=1") == [(1, "ok"), (3, "ok"), (2, "unknown")]
    assert await facility.found("sessionId=1&ccHalf=0.5") == [(1, "ok"), (2, "unknown")]
    first, *_, last = (await facility.get("sessionId=1"))["results"]
    assert (first["goodEnough"], last["goodEnough"]) == (True, False)
    assert first["overall"]["resolutionLimitHigh"] == 1.58
    assert first["innerShell"]["rMeasAllIPlusIMinus"] == pytest.approx(0.04)
    assert first["outerShell"]["ccHalf"] == pytest.approx(0.52)
    assert first["AutoProc"]["refinedCell_a"] == 61
    names = ("session", "proposal", "blSample", "protein", "fileTemplate", "startTime", "autoProcScalingId")
    assert [first[name] for name in names] == ["mx1-1", "mx1", "X", "P", "f1.h5", "2026-11-28T11:00:00", 1]
    assert (last["blSampleId"], last["proteinId"], last["dataCollectionGroupId"]) == (2, 1, 2)


@pytest.mark.four_databases
async def test_filters(facility: Facility) -> None:
    await processed(facility)
    assert await facility.found("sessionId=1&program=far") == [(1, "far")]
    assert await facility.found("sessionId=1&program=holes") == [(1, "holes"), (2, "holes")]
    assert await facility.found("sessionId=1&spaceGroup=P212121") == [(1, "ok")]
    assert await facility.found("sessionId=1&spaceGroup=C%202") == [(2, "unknown")]
    assert await facility.found("sessionId=1&resolution=1.8") == [(1, "ok"), (4, "ok"), (2, "unknown")]
    assert await facility.found("sessionId=1&completeness=95") == [(1, "ok"), (3, "ok")]


@pytest.mark.four_databases
async def test_every_order_has_what_is_not_known_last(facility: Facility) -> None:
    await processed(facility)

    async def by(order: str) -> list[int]:
        return [key for key, _ in await facility.found(f"sessionId=1&order_by={order}")]

    assert await by("resolution") == [1, 2, 4, 3]
    assert await by("resolution&order=desc") == [3, 4, 2, 1]
    assert await by("ccHalfOuter") == [4, 1, 2, 3]
    assert await by("ccHalfOuter&order=desc") == [2, 1, 4, 3]
    assert await by("completeness&order=desc") == [1, 3, 4, 2]
    assert await by("blSample&order=desc") == [2, 3, 1, 4]
    assert await by("startTime") == [1, 2, 3, 4]
    assert await by("refinedCell_a&order=desc") == [4, 3, 2, 1]
    for order in ResultOrder:
        assert sorted(await by(order.value)) == [1, 2, 3, 4], order


async def test_nobody_sees_results_of_others(facility: Facility) -> None:
    await processed(facility)
    assert len(await facility.found("sessionId=1", "member")) == 4
    assert await facility.found("sessionId=2", "member") == []
    assert await facility.found("proposal=mx2", "member") == []
    assert await facility.found("sessionId=2") == [(5, "ok")]


async def test_whose_results_must_be_said(facility: Facility) -> None:
    answer = await facility.app.client.get("/processings/results", headers=facility.headers["root"])
    assert answer.status_code == 422
    assert "Please provide `sessionId`" in answer.text


def rows(html: str) -> list[str]:
    """What the rows of the table say."""
    return [text_of(row) for row in re.findall(r"(?s)<tr[ >].*?</tr>", html.partition("<tbody>")[2])]


async def visitor_of(facility: Facility) -> Visitor:
    visitor = Visitor(facility.app)
    await visitor.log_in("member")
    return visitor


async def test_the_page_says_what_the_operation_says(facility: Facility) -> None:
    await processed(facility)
    visitor = await visitor_of(facility)
    html = (await visitor.open("/sessions/1/results?program=&resolution=&ccHalf=")).text
    first = "X P f1.h5 11:00:00 ok P 2₁ 2₁ 2₁ 61 72.8 108 90 90 90 1.58 0.040 0.500 1.5 0.520 99.6 98.5"
    last = "Y P f2.h5 12:00:00 unknown C 2 65 72.8 108 90 90 90 1.70 0.040 0.500 1.5 0.900 98.5"
    assert [rows(html)[0], rows(html)[-1]] == [first, last]
    assert "highest resolution with outer CC½ ≥ 0.3 and completeness ≥ 90 %" in text_of(html)
    for order in ("resolution", "ccHalfOuter&order=desc", "blSample"):
        shown = rows((await visitor.open(f"/proposals/mx1/results?order_by={order}")).text)
        wanted = [
            str(row["fileTemplate"])
            for row in (await facility.get(f"proposal=mx1&order_by={order}"))["results"]
        ]
        assert [re.findall(r"f\d\.h5", row)[-1] for row in shown] == wanted, order
    assert "Nothing matches." in (await visitor.open("/sessions/1/results?resolution=0.5")).text


async def test_all_shells_are_in_the_file(facility: Facility) -> None:
    await processed(facility)
    visitor = await visitor_of(facility)
    answer = await visitor.open("/sessions/1/results?format=csv&resolution=1.8")
    lines = list(csv.DictReader(StringIO(answer.text)))
    assert [line["dataCollectionId"] for line in lines] == ["1", "4", "2"]
    shells = ("overall.resolutionLimitHigh", "overall.completeness", "outerShell.meanIOverSigI")
    assert [lines[0][name] for name in shells] == ["1.58", "99.6", "1.5"]
    assert float(lines[0]["innerShell.ccHalf"]) == pytest.approx(0.999)


async def test_what_is_not_processed_yet(facility: Facility) -> None:
    await facility.db.add(m.AutoProcProgram, autoProcProgramId=1, processingStatus=None)
    await facility.db.add(m.AutoProcIntegration, autoProcProgramId=1, dataCollectionId=1)
    html = (await (await visitor_of(facility)).open("/sessions/1/results")).text
    assert "Nothing processed yet. 4 collections, 1 program running." in text_of(html)


async def test_a_page_takes_four_statements_beside_its_head(facility: Facility) -> None:
    await processed(facility)
    visitor = await visitor_of(facility)
    await visitor.open("/sessions/1/results")
    with Statements(facility.app) as statements:
        await visitor.open("/sessions/1/results?limit=2")
    assert len([text for text in statements.texts if "AutoProc" in text]) == 4


async def test_a_site_has_a_rule_of_its_own(make_app: MakeApp) -> None:
    plugins = ("ispyb", "processing")
    rule = {"plugin.processing.best_cc_half": 0.6, "plugin.processing.best_completeness": 50}
    app = await make_app(*plugins, **rule)
    db = app.database
    root = {"root": await app.as_user("root", "all_proposals")}
    await db.add(m.Proposal, proposalId=1, personId=1, proposalCode="mx", proposalNumber="1")
    await db.add(m.BLSession, sessionId=1, proposalId=1)
    await db.add(m.DataCollectionGroup, dataCollectionGroupId=1, sessionId=1)
    await db.add(m.DataCollection, dataCollectionId=1, dataCollectionGroupId=1)
    site = Facility(app, root)
    await site.result(1, 1, "correlates", 1.9, 60.0, 0.7, "P1")
    await site.result(2, 1, "does not", 1.5, 99.0, 0.5, "P1")
    assert await site.found("sessionId=1") == [(1, "correlates")]
