"""`/legacy/data_collections/groups`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from starbeam_ispyb import models as m
from starbeam_legacy import models as own
from starbeam_testing.app import Statements, TestApp, TestDatabase
from support.legacy import Values, caller, shown

pytestmark = pytest.mark.anyio

PATHS = ("/data_collections/groups/session/1", "/{token}/proposal/session/1/list")
PREFIXED: dict[type[Any], str] = {
    m.DataCollectionGroup: """dataCollectionGroupId blSampleId sessionId workflowId experimentType startTime
        endTime comments actualSampleBarcode xtalSnapshotFullPath crystalClass""",
    m.BLSample: "blSampleId crystalId name code location blSampleStatus comments",
    m.Container: "containerId containerType code capacity beamlineLocation sampleChangerLocation",
    m.BLSession: "sessionId proposalId protectedData",
    m.Dewar: "dewarId code storageLocation",
    m.Protein: "proteinId name acronym",
    m.DataCollection: """dataCollectionId dataCollectionGroupId startTime endTime runStatus numberOfImages
        startImageNumber numberOfPasses exposureTime imageDirectory wavelength resolution detectorDistance
        xBeam yBeam imagePrefix comments xtalSnapshotFullPath1 xtalSnapshotFullPath2 xtalSnapshotFullPath3
        xtalSnapshotFullPath4 phiStart kappaStart omegaStart flux flux_end resolutionAtCorner
        bestWilsonPlotPath dataCollectionNumber axisRange axisStart axisEnd rotationAxis undulatorGap1
        undulatorGap2 undulatorGap3 slitGapVertical slitGapHorizontal beamShape voltage xBeamPix""",
    m.Workflow: "workflowTitle workflowType status workflowId",
    m.Shipping: "shippingId shippingName shippingStatus",
    m.Detector: """detectorType detectorManufacturer detectorModel detectorPixelSizeHorizontal
        detectorPixelSizeVertical detectorSerialNumber detectorDistanceMin detectorDistanceMax
        trustedPixelValueRangeLower trustedPixelValueRangeUpper sensorThickness overload XGeoCorr YGeoCorr
        detectorMode""",
    m.BeamLineSetup: """undulatorType1 undulatorType2 undulatorType3 synchrotronName synchrotronMode
        polarisation focusingOptic beamDivergenceHorizontal beamDivergenceVertical monochromatorType""",
    m.Screening: "screeningId dataCollectionId dataCollectionGroupId",
    m.ScreeningOutput: """strategySuccess indexingSuccess rankingResolution mosaicity totalExposureTime
        totalRotationRange totalNumberOfImages""",
    m.ScreeningOutputLattice: """spaceGroup unitCell_a unitCell_b unitCell_c unitCell_alpha unitCell_beta
        unitCell_gamma""",
    m.ScreeningStrategySubWedge: """exposureTime transmission oscillationRange numberOfImages multiplicity
        completeness axisStart""",
}
"""Columns that are shown as `<Table>_<column>`."""
PLAIN: dict[type[Any], str] = {
    m.DataCollection: "transmission beamSizeAtSampleX beamSizeAtSampleY",
    own.DiffractionPlan: """diffractionPlanId experimentKind observedResolution minimalResolution exposureTime
        oscillationRange maximalResolution screeningResolution radiationSensitivity anomalousScatterer
        preferredBeamSizeX preferredBeamSizeY preferredBeamDiameter aimedCompleteness
        aimedIOverSigmaAtHighestRes aimedMultiplicity aimedResolution anomalousData complexity
        estimateRadiationDamage forcedSpaceGroup requiredCompleteness requiredMultiplicity
        requiredResolution strategyOption kappaStrategyOption numberOfPositions minDimAccrossSpindleAxis
        maxDimAccrossSpindleAxis radiationSensitivityBeta radiationSensitivityGamma minOscWidth""",
}
"""Columns that are shown under their own names."""
KEYS: dict[type[Any], dict[str, Any]] = {
    m.Shipping: {"shippingId": 8, "proposalId": 1},
    m.Dewar: {"dewarId": 7, "shippingId": 8},
    m.Container: {"containerId": 6, "dewarId": 7},
    m.Protein: {"proteinId": 9, "proposalId": 1},
    m.Crystal: {"crystalId": 4, "proteinId": 9},
    own.DiffractionPlan: {
        "diffractionPlanId": 5,
        "experimentKind": "OSC",
        "anomalousData": 1,
        "estimateRadiationDamage": 1,
        "comments": "A plan",
    },
    m.BLSample: {"blSampleId": 2, "crystalId": 4, "diffractionPlanId": 5, "containerId": 6},
    m.Workflow: {"workflowId": 3, "workflowType": "MXPressA"},
    m.Detector: {"detectorId": 10},
    m.BeamLineSetup: {"beamLineSetupId": 11},
    m.DataCollectionGroup: {
        "dataCollectionGroupId": 1,
        "blSampleId": 2,
        "sessionId": 1,
        "workflowId": 3,
        "experimentType": "OSC",
    },
    m.DataCollection: {
        "dataCollectionId": 12,
        "dataCollectionGroupId": 1,
        "detectorId": 10,
        "startTime": datetime(2026, 3, 10, 12),
        "numberOfImages": 100,
        "imageDirectory": "/data/b",
        "voltage": 300.0,
        "magnification": 105000,
        "rotationAxis": "Omega",
    },
    m.Screening: {"screeningId": 20, "dataCollectionGroupId": 1, "dataCollectionId": 12},
    m.ScreeningOutput: {
        "screeningOutputId": 21,
        "screeningId": 20,
        "strategySuccess": 1,
        "indexingSuccess": 1,
    },
    m.ScreeningOutputLattice: {"screeningOutputLatticeId": 22, "screeningOutputId": 21},
    m.ScreeningStrategy: {"screeningStrategyId": 23, "screeningOutputId": 21},
    m.ScreeningStrategyWedge: {"screeningStrategyWedgeId": 24, "screeningStrategyId": 23},
    m.ScreeningStrategySubWedge: {"screeningStrategySubWedgeId": 25, "screeningStrategyWedgeId": 24},
}
"""What ties the rows together, and values that columns ask for."""
PROCESSED = {
    "AutoProcIntegration_dataCollectionId": 12,
    "AutoProcIntegration_autoProcIntegrationId": 31,
    "cell_a": 78.5,
    "cell_b": 79.5,
    "cell_c": 37.25,
    "cell_alpha": 90.0,
    "cell_beta": 91.5,
    "cell_gamma": 120.0,
    "anomalous": 1,
    "autoProcScalingId": 41,
    "scalingStatisticsType": "overall",
    "resolutionLimitHigh": 1.5,
    "resolutionLimitLow": 50.0,
    "completeness": 99.5,
    "rMerge": 0.125,
    "AutoProc_spaceGroup": "P21",
    "autoProcId": 51,
    "AutoProcProgram_processingPrograms": "xia2",
    "AutoProcProgram_autoProcProgramId": 61,
}
"""The first result of automatic processing."""
LISTS = {
    "processingPrograms": "xia2, xia2, autoPROC",
    "processingStatus": "1, 1",
    "autoProcIntegrationId": "31, 31, 32",
    "Autoprocessing_cell_a": "78.5, 78.5, 77",
    "Autoprocessing_cell_b": "79.5, 79.5",
    "Autoprocessing_cell_c": "37.25, 37.25",
    "Autoprocessing_cell_alpha": "90, 90",
    "Autoprocessing_cell_beta": "91.5, 91.5",
    "Autoprocessing_cell_gamma": "120, 120",
    "Autoprocessing_anomalous": "1, 1, 0",  # the column has a default
    "autoProcIds": "51, 51",
    "AutoProc_spaceGroups": "P21, P21",
    "scalingStatisticsTypes": "overall, innerShell",
    "resolutionsLimitHigh": "1.5, 3.5",
    "resolutionsLimitLow": "50, 20",
    "rMerges": "0.125, 0.25",
    "completenessList": "99.5",
}
COLLECTED = {
    "totalNumberOfImages": 104,
    "totalNumberOfDataCollections": 2,
    "numberOfGridSquares": 2,
    "firstImageId": 5,
    "lastImageId": 7,
    "synchrotronCurrent": "150.5,151.5",
    "dataCollectionIdList": "11,12",
    "imageDirectoryList": "/data/a,/data/b",
    "startTimeList": "2026-03-10 11:00:00,2026-03-10 12:00:00",
    "magnificationList": "105000",
    "voltageList": "200.5,300",
    "imagesCount": "4,100",
}
PHASED = {
    "hasPhasing": 2,
    "hasMR": 1,
    "SpaceGroupModelResolvedByPhasing": "P21,C2",
    "SpaceGroupModelResolvedByMr": "P1",
}
STEPS = {
    "WorkflowStep_workflowStepId": "1,2,3",
    "WorkflowStep_workflowStepType": "Mesh,Characterisation,Characterisation",
    "WorkflowStep_status": "Success,Failure",
    "characterisationWorkflowStepIds": "2,3",
}


async def fill(db: TestDatabase) -> dict[type[Any], dict[str, Any]]:
    """Group 1 with everything that its row shows; the rows, by model."""
    values, rows = Values(), {}
    for model, keys in KEYS.items():
        names = f"{PREFIXED.get(model, '')} {PLAIN.get(model, '')}"
        names = " ".join(name for name in names.split() if name not in keys)
        rows[model] = values.row(model, names, **keys)
        await db.add(model, rows[model])
    await db.sql("UPDATE BLSession SET beamLineSetupId = 11 WHERE sessionId = 1")
    if (await db.schema()).has(m.BLSession.protectedData):
        await db.sql("UPDATE BLSession SET protectedData = 'OK' WHERE sessionId = 1")
    rows[m.BLSession] = {"sessionId": 1, "proposalId": 1, "protectedData": "OK"}
    await hang(db)
    return rows


async def hang(db: TestDatabase) -> None:
    """What its lists are made of."""
    await db.add(
        m.DataCollection,
        dataCollectionId=11,
        dataCollectionGroupId=1,
        startTime=datetime(2026, 3, 10, 11),
        numberOfImages=4,
        imageDirectory="/data/a",
        voltage=200.5,
    )
    for key, current in ((5, 150.5), (6, None), (7, 151.5)):
        await db.add(m.Image, imageId=key, dataCollectionId=12, synchrotronCurrent=current)
    await db.add(m.Image, imageId=1, dataCollectionId=11, synchrotronCurrent=99.5)
    for key, kind, status in (
        (1, "Mesh", "Success"),
        (2, "Characterisation", None),
        (3, "Characterisation", "Failure"),
    ):
        await db.add(m.WorkflowStep, workflowStepId=key, workflowId=3, workflowStepType=kind, status=status)
    await db.add(m.Screening, screeningId=29, dataCollectionGroupId=1)  # the lowest counts
    await process(db)
    await phase(db)


async def process(db: TestDatabase) -> None:
    """Two results of the last data collection, and one of the other."""
    await db.add(m.AutoProcProgram, autoProcProgramId=61, processingPrograms="xia2", processingStatus="1")
    await db.add(m.AutoProcProgram, autoProcProgramId=62, processingPrograms="autoPROC")
    await db.add(
        m.AutoProcIntegration,
        autoProcIntegrationId=31,
        dataCollectionId=12,
        autoProcProgramId=61,
        **{name: PROCESSED[name] for name in PROCESSED if name.startswith("cell_")},
        anomalous=1,
    )
    await db.add(
        m.AutoProcIntegration,
        autoProcIntegrationId=32,
        dataCollectionId=12,
        autoProcProgramId=62,
        cell_a=77.0,
    )
    await db.add(m.AutoProcIntegration, autoProcIntegrationId=33, dataCollectionId=11)
    await db.add(m.AutoProc, autoProcId=51, spaceGroup="P21")
    for key, auto_proc in ((41, 51), (43, None)):
        await db.add(m.AutoProcScaling, autoProcScalingId=key, autoProcId=auto_proc)
    await db.add(m.AutoProcScaling_has_Int, autoProcScalingId=41, autoProcIntegrationId=31)
    await db.add(m.AutoProcScaling_has_Int, autoProcScalingId=43, autoProcIntegrationId=33)
    for kind, high, low, merge, complete in (
        ("overall", 1.5, 50.0, 0.125, 99.5),
        ("innerShell", 3.5, 20.0, 0.25, None),
    ):
        await db.add(
            m.AutoProcScalingStatistics,
            autoProcScalingId=41,
            scalingStatisticsType=kind,
            resolutionLimitHigh=high,
            resolutionLimitLow=low,
            rMerge=merge,
            completeness=complete,
        )


async def phase(db: TestDatabase) -> None:
    """Phasing steps of both data collections' scalings."""
    for key, name in ((1, "P21"), (2, "C2"), (3, "P1")):
        await db.add(own.SpaceGroup, spaceGroupId=key, spaceGroupShortName=name)
    for scaling, method, kind, group in (
        (41, "SAD", "MODELBUILDING", 1),
        (43, "sàd ", "MODELBUILDING", 2),  # the same to every collation of the field
        (41, "OTHER", "MODELBUILDING", 2),
        (41, "MR", "PHASING", 3),
        (41, None, "REFINEMENT", 3),
    ):
        step = {"autoProcScalingId": scaling, "method": method, "spaceGroupId": group}
        known = kind != "REFINEMENT" or await has_refinement(db)
        await db.add(own.PhasingStep, **step, phasingStepType=kind if known else None)


async def has_refinement(db: TestDatabase) -> bool:
    """Whether phasing steps may be refinements, which one flavour does not know."""
    if db.url.startswith("sqlite"):
        return True
    (column,) = await db.sql("SHOW COLUMNS FROM PhasingStep LIKE 'phasingStepType'")
    return "REFINEMENT" in column[1]


@pytest.mark.four_databases
@pytest.mark.fix(128)
async def test_a_group_with_all_it_has(app: TestApp) -> None:
    db = app.database
    rows = await fill(db)
    wanted: dict[str, Any] = {"DiffractipnPlan_comments": "A plan"}
    for model, names in PREFIXED.items():
        wanted |= await shown(db, model, rows[model], names, f"{model.__name__}_")
    for model, names in PLAIN.items():
        wanted |= await shown(db, model, rows[model], names)
    wanted |= PROCESSED | LISTS | COLLECTED | PHASED
    if not await has_refinement(db):
        wanted["SpaceGroupModelResolvedByMr"] = None
    wanted |= STEPS if (await db.schema()).has(m.WorkflowStep) else dict.fromkeys(STEPS)
    (found,) = await (await caller(app, "boss", "all_sessions")).get(*PATHS)
    assert str(found.pop("AutoProcProgram_processingStatus")) == "1"  # a number or a text, by flavour
    assert found == wanted


@pytest.mark.on("sqlite-union", "mariadb-diamond")
async def test_groups_with_little_and_their_order(app: TestApp) -> None:
    db = app.database
    for key in (1, 2, 3):
        await db.add(m.DataCollectionGroup, dataCollectionGroupId=key, sessionId=1)
    await db.add(m.DataCollectionGroup, dataCollectionGroupId=9, sessionId=2)
    for key, group, hour in ((1, 1, 15), (2, 1, 10), (3, 2, 12)):
        start = datetime(2026, 3, 10, hour)
        await db.add(m.DataCollection, dataCollectionId=key, dataCollectionGroupId=group, startTime=start)
    boss = await caller(app, "boss", "all_sessions")
    with Statements(app) as statements:
        rows = await boss.get(PATHS[0])
    assert len(statements) <= 7
    # by the start of the last data collection, and without any at the end
    assert [row["DataCollectionGroup_dataCollectionGroupId"] for row in rows] == [2, 1, 3]
    assert [row["DataCollection_dataCollectionId"] for row in rows] == [3, 2, None]
    given = {key: value for key, value in rows[2].items() if value is not None}
    assert given == {
        "DataCollectionGroup_dataCollectionGroupId": 3,
        "DataCollectionGroup_sessionId": 1,
        "BLSession_sessionId": 1,
        "BLSession_proposalId": 1,
        "totalNumberOfDataCollections": 0,
        "numberOfGridSquares": 0,
        "hasPhasing": 0,
        "hasMR": 0,
    }
