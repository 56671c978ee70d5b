"""The tables that several plugins read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from starbeam.db.models import Laboratory, Person
from starbeam_ispyb import models as m
from starbeam_testing.app import TestDatabase
from support.world import FIRST, NOW, PEOPLE, REGULARS

PROPOSALS = (1, 2, 3)
SESSIONS = (1, 2, 3)
CONTACTS = 10
"""The person of lab contact n is n more than this."""
MANY_TWINS = 1_000_000
"""The program of job n, of those for `many`, has a key that is this much more."""
TWINS = 10
"""Rows that hang on session n by another column have a key that is this much more."""

Row = dict[str, Any]


async def fill(db: TestDatabase) -> None:
    """Everything of every proposal and session."""
    await _proposals(db)
    await _shipped(db)
    await _collected(db)
    await _screened(db)
    await _processed(db)


async def many(db: TestDatabase, keys: range) -> None:
    """Proposals with one member, one lab contact and one session."""
    await db.add(m.Proposal, *({"proposalId": n, **_proposal(f"ZZ{n}", "1")} for n in keys))
    await db.add(Person, *({"personId": n, "login": f"person{n}", "familyName": "Zed"} for n in keys))
    await db.add(m.ProposalHasPerson, *({"proposalId": n, "personId": n} for n in keys))
    await db.add(m.LabContact, *({"labContactId": n, **_contact(n, person=n)} for n in keys))
    await db.add(
        m.BLSession,
        *(
            {
                "sessionId": n,
                "proposalId": n,
                "visit_number": 1,
                "beamLineName": f"w{n % 20}",
                "startDate": NOW + timedelta(hours=n),
                "endDate": NOW + timedelta(hours=n + 8),
            }
            for n in keys
        ),
    )
    regular = (n for n in keys if n < FIRST + REGULARS)
    members = ({"sessionId": n, "personId": PEOPLE["regular"]} for n in regular)
    await db.add(m.Session_has_Person, *members)
    await _shipped_often(db, keys)
    await _collected_often(db, keys)
    await _processed_often(db, keys)


async def _shipped_often(db: TestDatabase, keys: range) -> None:
    """A protein with a sample and its sub sample, in the shipment of each proposal."""
    await db.add(m.Protein, *({"proteinId": n, "proposalId": n, "name": f"P{n}"} for n in keys))
    await db.add(m.Crystal, *({"crystalId": n, "proteinId": n} for n in keys))
    await db.add(m.Shipping, *({"shippingId": n, "proposalId": n, "shippingName": f"S{n}"} for n in keys))
    await db.add(m.Dewar, *({"dewarId": n, "shippingId": n, "code": f"D{n}"} for n in keys))
    await db.add(m.Container, *({"containerId": n, "dewarId": n, "code": f"C{n}"} for n in keys))
    samples = ({"blSampleId": n, "crystalId": n, "containerId": n, "name": f"s{n}"} for n in keys)
    await db.add(m.BLSample, *({**sample, "location": "1"} for sample in samples))
    await db.add(m.BLSubSample, *({"blSubSampleId": n, "blSampleId": n} for n in keys))


async def _collected_often(db: TestDatabase, keys: range) -> None:
    """A data collection of each session, of the sample, with a file, a workflow and a screening."""
    await db.add(m.Workflow, *({"workflowId": n, "workflowType": "MXPressA"} for n in keys))
    await db.add(m.WorkflowStep, *({"workflowStepId": n, "workflowId": n} for n in keys))
    groups = ({"dataCollectionGroupId": n, "sessionId": n, "workflowId": n, "blSampleId": n} for n in keys)
    await db.add(m.DataCollectionGroup, *groups)
    collections = ({"dataCollectionId": n, "dataCollectionGroupId": n, "blSubSampleId": n} for n in keys)
    await db.add(m.DataCollection, *collections)
    file = {"fileType": "log", "fileFullPath": "/data/1.log"}
    await db.add(m.DataCollectionFileAttachment, *({"dataCollectionId": n, **file} for n in keys))
    await db.add(m.Screening, *({"screeningId": n, "dataCollectionId": n} for n in keys))
    await _strategies(db, keys)


async def _processed_often(db: TestDatabase, keys: range) -> None:
    """For each data collection a program that integrated it and one that a job asked for."""
    await db.add(m.ProcessingJob, *({"processingJobId": n, "dataCollectionId": n} for n in keys))
    for twin in (0, MANY_TWINS):
        programs = ({"autoProcProgramId": n + twin, "processingJobId": n} for n in keys)
        await db.add(m.AutoProcProgram, *programs)
    integrations = ({"autoProcIntegrationId": n, "dataCollectionId": n, "autoProcProgramId": n} for n in keys)
    await db.add(m.AutoProcIntegration, *integrations)
    await _scalings(db, keys)
    file = {"fileType": "Log", "fileName": "1.log", "filePath": "/data"}
    await db.add(m.AutoProcProgramAttachment, *({"autoProcProgramId": n, **file} for n in keys))
    said = {"severity": "INFO", "message": "Done"}
    await db.add(m.AutoProcProgramMessage, *({"autoProcProgramId": n, **said} for n in keys))


def _proposal(code: str, number: str) -> Row:
    return {
        "personId": PEOPLE["stranger"],
        "proposalCode": code,
        "proposalNumber": number,
        "title": f"Title of {code}",
        "state": "Open",
        "externalId": b"\x01\x02",
        "proposalType": "MX",
    }


def _contact(proposal: int, person: int) -> Row:
    return {
        "proposalId": proposal,
        "personId": person,
        "cardName": f"card {proposal}",
        "defaultCourrierCompany": "Courier",
        "courierAccount": "C1",
        "billingReference": "B1",
        "dewarAvgCustomsValue": 10,
        "dewarAvgTransportValue": 20,
    }


def _laboratory(proposal: int) -> Row:
    return {
        "name": "Laboratory",
        "address": f"{proposal} Ring Road",
        "city": "Grenoble",
        "country": "France",
        "url": "https://example.org",
        "laboratoryExtPk": 90 + proposal,
    }


async def _proposals(db: TestDatabase) -> None:
    """Proposals, their sessions, and who is a member of what."""
    names = {1: ("mx", "23"), 2: ("bl", "7"), 3: ("sa", "1")}
    await db.add(m.Proposal, *({"proposalId": n, **_proposal(*names[n])} for n in PROPOSALS))
    member = {"personId": PEOPLE["proposal_member"]}
    await db.add(m.ProposalHasPerson, {"proposalId": 1, **member}, {"proposalId": 3, **member})
    for n in PROPOSALS:
        person = CONTACTS + n
        await db.add(Laboratory, laboratoryId=n, **_laboratory(n))
        named = {"login": f"contact{n}", "familyName": "Contact", "givenName": "Carl", "laboratoryId": n}
        reached = {"emailAddress": "carl@example.org", "phoneNumber": "0123"}
        await db.add(Person, personId=person, **named, **reached)
        await db.add(m.LabContact, labContactId=n, **_contact(n, person))
    await db.add(m.BeamLineSetup, *({"beamLineSetupId": key, **_setup()} for key in (1, 2)))
    await db.add(m.BLSession, _session(1, 1, 1, "id01", datetime(2026, 3, 10, 9)))
    await db.add(m.BLSession, _session(2, 1, 2, "id02", datetime(2026, 3, 11, 9)))
    await db.add(m.BLSession, _session(3, 2, 1, "id03", datetime(2025, 5, 1, 9)))
    part = {"role": "Principal Investigator", "remote": 1}
    await db.add(m.Session_has_Person, sessionId=1, personId=PEOPLE["session_member"], **part)
    await db.add(m.Session_has_Person, sessionId=1, personId=PEOPLE["administrator"], **part)
    await db.add(m.Session_has_Person, sessionId=3, personId=PEOPLE["administrator"], **part)


def _session(key: int, proposal: int, visit: int, beamline: str, start: datetime) -> Row:
    """A session of eight hours."""
    return {
        "sessionId": key,
        "proposalId": proposal,
        "visit_number": visit,
        "beamLineName": beamline,
        "beamLineSetupId": 1,
        "startDate": start,
        "endDate": start + timedelta(hours=8),
        "scheduled": 1,
        "nbShifts": 3,
        "comments": "Calm",
        "beamLineOperator": "Olga",
        "nbReimbDewars": 2,
        "usedFlag": 1,
        "expSessionPk": 70 + key,
        "externalId": b"\x03\x04",
    }


def _setup() -> Row:
    return {
        "synchrotronName": "Ring",
        "synchrotronMode": "7/8+1",
        "undulatorType1": "U21",
        "undulatorType2": "U22",
        "undulatorType3": "U23",
        "focalSpotSizeAtSample": 0.5,
        "focusingOptic": "Kirkpatrick-Baez",
        "beamDivergenceHorizontal": 0.25,
        "beamDivergenceVertical": 0.125,
        "polarisation": 0.75,
        "monochromatorType": "Si111",
        "setupDate": datetime(2026, 1, 2, 3, 4, 5),
        "maxExpTimePerDataCollection": 100.0,
        "minExposureTimePerImage": 0.0625,
        "goniostatMaxOscillationSpeed": 90.0,
        "goniostatMinOscillationWidth": 0.375,
        "minTransmission": 1.5,
        "CS": 2.5,
    }


async def _shipped(db: TestDatabase) -> None:
    """What hangs on proposals: from shipments to samples."""
    for n in PROPOSALS:
        await db.add(
            m.Shipping,
            shippingId=n,
            proposalId=n,
            shippingName=f"S{n}",
            sendingLabContactId=n,
            returnLabContactId=n,
            safetyLevel="YELLOW",
            comments="Fragile",
            bltimeStamp=NOW,
        )
        await db.add(m.Dewar, dewarId=n, shippingId=n, code=f"D{n}", type="Dewar", **_tracked(n))
        mounted = {"beamlineLocation": "id02", "sampleChangerLocation": "3"}
        puck = {"code": f"C{n}", "containerType": "Puck", "capacity": 16, "comments": "Blue"}
        await db.add(m.Container, containerId=n, dewarId=n, **puck, **mounted)
        await db.add(m.Protein, proteinId=n, proposalId=n, **_protein())
        await db.add(m.Crystal, crystalId=n, proteinId=n, **_cell())
        held = {"location": "1", "comments": "Clear", "containerId": n}
        await db.add(m.BLSample, blSampleId=n, crystalId=n, name=f"sample{n}", **held)
        await db.add(m.Position, positionId=n, posX=1.5, posY=2.5, posZ=3.5)
        await db.add(m.Position, positionId=TWINS + n, posX=4.5, posY=5.5, posZ=6.5)
        corners = {"positionId": n, "position2Id": TWINS + n}
        await db.add(m.BLSubSample, blSubSampleId=n, blSampleId=n, type="roi", comments="Edge", **corners)


def _tracked(n: int) -> Row:
    numbers = {"trackingNumberToSynchrotron": f"T{n}", "trackingNumberFromSynchrotron": f"R{n}"}
    return {"barCode": f"B{n}", "comments": "Upright", **numbers}


def _protein() -> Row:
    return {
        "name": "Lysozyme",
        "acronym": "LYS",
        "sequence": "KVFGRC",
        "density": 1.25,
        "molecularMass": 14.5,
        "safetyLevel": "GREEN",
    }


def _cell() -> Row:
    lengths = {"cell_a": 78.5, "cell_b": 79.5, "cell_c": 37.5}
    return {**lengths, "cell_alpha": 90.0, "cell_beta": 91.0, "cell_gamma": 92.0}


async def _collected(db: TestDatabase) -> None:
    """What is measured in each session."""
    for n in SESSIONS:
        start, end = NOW - timedelta(hours=2), NOW - timedelta(hours=1)
        await db.add(
            m.Workflow,
            workflowId=n,
            workflowTitle="Mesh",
            workflowType="MXPressA",
            status="Success",
            comments="Done",
        )
        await db.add(
            m.WorkflowStep,
            workflowStepId=n,
            workflowId=n,
            workflowStepType="mesh",
            status="Success",
            comments="Best spot found",
            imageResultFilePath=f"/data/{n}.png",
            resultFilePath=f"/data/{n}.json",
            htmlResultFilePath=f"/data/{n}.html",
        )
        await db.add(
            m.DataCollectionGroup,
            dataCollectionGroupId=n,
            sessionId=n,
            blSampleId=n,
            workflowId=n,
            experimentType="OSC",
            startTime=start,
            endTime=end,
        )
        await db.add(
            m.DataCollection,
            dataCollectionId=n,
            dataCollectionGroupId=n,
            blSampleId=n,
            blSubSampleId=n,
            startTime=start,
            endTime=end,
            runStatus=("DataCollection Successful", "Failed", "Aborted")[n - 1],
            numberOfImages=100,
            imageQualityIndicatorsPlotPath=f"/data/{n}.png",
            xtalSnapshotFullPath1=f"/data/{n}.png",
            **_exposure(n),
        )
        await db.add(
            m.DataCollectionFileAttachment,
            dataCollectionFileAttachmentId=n,
            dataCollectionId=n,
            fileFullPath=f"/data/{n}.err",
            fileType="log",
        )
        image = {"jpegFileFullPath": f"/data/{n}.png", "jpegThumbnailFileFullPath": f"/data/{n}.png"}
        await db.add(m.Image, imageId=n, dataCollectionId=n, imageNumber=1, **image)
        await db.add(m.GridInfo, gridInfoId=n, dataCollectionGroupId=n, steps_x=3, steps_y=2, **GRID)
        await db.add(m.GridInfo, gridInfoId=TWINS + n, dataCollectionId=n, steps_x=3, steps_y=2, snaked=1)
        mounted = start - timedelta(minutes=5)
        times = {"startTimestamp": mounted - timedelta(minutes=1), "endTimestamp": mounted}
        action = {"actionType": "LOAD", "status": "WARNING", "message": "Slow cool-down"}
        await db.add(m.RobotAction, robotActionId=n, blsessionId=n, blsampleId=n, **action, **times)
        scanned = {"sessionId": n, "blSampleId": n, "startTime": start, "endTime": end}
        await db.add(m.EnergyScan, energyScanId=n, element="Se", **scanned)
        await db.add(m.XFEFluorescenceSpectrum, xfeFluorescenceSpectrumId=n, **scanned)


def _exposure(n: int) -> Row:
    """With what a data collection was taken, and a picture of its crystal."""
    return {
        "imageDirectory": f"/data/{n}",
        "fileTemplate": "a_####.h5",
        "imageContainerSubPath": "1.1/measurement",
        "numberOfPasses": 1,
        "wavelength": 0.976,
        "exposureTime": 0.25,
        "flux": 1e12,
        "xBeam": 1030.5,
        "yBeam": 1100.5,
        "xBeamPix": 1030.5,
        "yBeamPix": 1100.5,
        "beamSizeAtSampleX": 0.05,
        "beamSizeAtSampleY": 0.02,
        "transmission": 50.5,
        "axisStart": 10.5,
        "axisEnd": 370.5,
        "axisRange": 0.5,
        "rotationAxis": "Omega",
        "overlap": 0.25,
        "chiStart": 30.5,
        "kappaStart": 20.5,
        "omegaStart": 40.5,
        "phiStart": 10.5,
        "detectorDistance": 250.5,
        "resolution": 1.75,
        "magnification": 105000,
        "binning": 2,
        "particleDiameter": 150.5,
        "amountAstigmatism": 0.75,
        "defocusStepSize": 1.25,
        "objAperture": 100.5,
        "voltage": 300,
    }


GRID: Row = {
    "dx_mm": 0.25,
    "dy_mm": 0.5,
    "xOffset": 1.5,
    "yOffset": 2.5,
    "meshAngle": 0.75,
    "orientation": "horizontal",
    "snaked": 1,
    "snapshot_offsetXPixel": 12.5,
    "snapshot_offsetYPixel": 13.5,
    "micronsPerPixelX": 2.25,
    "micronsPerPixelY": 3.25,
    "pixelspermicronX": 2.25,
    "pixelspermicronY": 3.25,
}
"""How a grid lies on its sample."""


async def _screened(db: TestDatabase) -> None:
    """Screenings by data collection, with what they propose, and others by group."""
    screening = {"shortComments": "EDNA", "bltimeStamp": NOW - timedelta(minutes=54)}
    about = {"programVersion": "EDNA 1.2", "comments": "Mosaic"}
    for n in SESSIONS:
        await db.add(m.Screening, screeningId=n, dataCollectionId=n, **screening, **about)
        await db.add(m.Screening, screeningId=TWINS + n, dataCollectionGroupId=n, **screening)
    await _strategies(db, SESSIONS)


def _run() -> Row:
    """How a program ran."""
    return {
        "processingCommandLine": "xia2 pipeline=dials",
        "processingMessage": "processing successful",
        "processingEnvironment": "cluster",
        "processingStartTime": NOW - timedelta(hours=1),
        "processingEndTime": NOW,
        "recordTimeStamp": NOW,
    }


async def _strategies(db: TestDatabase, keys: Sequence[int]) -> None:
    """An output with a lattice, a strategy and a wedge for each of these screenings."""
    cell = {"unitCell_a": 78.5, "unitCell_b": 78.5, "unitCell_c": 37.25}
    angles = {"unitCell_alpha": 90.0, "unitCell_beta": 90.0, "unitCell_gamma": 120.0}
    lattice = {"spaceGroup": "P43212", "pointGroup": "422", **cell, **angles}
    success = {"indexingSuccess": 1, "strategySuccess": 1}
    both = {"completeness": 99.5, "multiplicity": 4.5, "doseTotal": 1.25, "numberOfImages": 90}
    place = {"wedgeNumber": 1, "phi": 10.0, "kappa": 20.0, "chi": 30.0, "wavelength": 0.9795}
    wedge = {**place, **both, "resolution": 1.5, "comments": "Short"}
    axis = {"subWedgeNumber": 1, "rotationAxis": "Omega", "axisStart": 5.0, "axisEnd": 95.0}
    exposure = {"exposureTime": 0.5, "transmission": 25.0, "oscillationRange": 1.0, "RESOLUTION": 1.5}
    part = {**axis, **exposure, **both, "comments": "Low dose"}
    output = ({"screeningOutputId": n, "screeningId": n, **success} for n in keys)
    await db.add(m.ScreeningOutput, *output)
    found = ({"screeningOutputLatticeId": n, "screeningOutputId": n, **lattice} for n in keys)
    await db.add(m.ScreeningOutputLattice, *found)
    ranked = {"rankingResolution": 1.625, "anomalous": 0}
    strategy = ({"screeningStrategyId": n, "screeningOutputId": n, **ranked} for n in keys)
    await db.add(m.ScreeningStrategy, *strategy)
    wedges = ({"screeningStrategyWedgeId": n, "screeningStrategyId": n, **wedge} for n in keys)
    await db.add(m.ScreeningStrategyWedge, *wedges)
    parts = ({"screeningStrategySubWedgeId": n, "screeningStrategyWedgeId": n, **part} for n in keys)
    await db.add(m.ScreeningStrategySubWedge, *parts)


async def _scalings(db: TestDatabase, keys: Sequence[int]) -> None:
    """A scaling with cell and statistics for each of these integrations."""
    cell = {"refinedCell_a": 78.5, "refinedCell_b": 78.5, "refinedCell_c": 37.25}
    angles = {"refinedCell_alpha": 90.0, "refinedCell_beta": 90.0, "refinedCell_gamma": 120.0}
    found = {"spaceGroup": "P 43 21 2", **cell, **angles}
    await db.add(m.AutoProc, *({"autoProcId": n, **found} for n in keys))
    await db.add(m.AutoProcScaling, *({"autoProcScalingId": n, "autoProcId": n} for n in keys))
    links = ({"autoProcIntegrationId": n, "autoProcScalingId": n} for n in keys)
    await db.add(m.AutoProcScaling_has_Int, *links)
    shell = {"scalingStatisticsType": "overall", "comments": "Good", "anomalous": 1, **_STATISTICS}
    statistics = ({"autoProcScalingStatisticsId": n, "autoProcScalingId": n, **shell} for n in keys)
    await db.add(m.AutoProcScalingStatistics, *statistics)


_STATISTICS = {
    "resolutionLimitLow": 45.5,
    "resolutionLimitHigh": 1.25,
    "rMerge": 5.5,
    "rMeasAllIPlusIMinus": 6.5,
    "rPimAllIPlusIMinus": 2.25,
    "fractionalPartialBias": 0.25,
    "nTotalObservations": 300000,
    "nTotalUniqueObservations": 30000,
    "meanIOverSigI": 15.5,
    "completeness": 99.5,
    "multiplicity": 10.0,
    "anomalousCompleteness": 98.5,
    "anomalousMultiplicity": 5.25,
    "ccHalf": 0.999,
    "ccAnomalous": 0.25,
    "ccAno": 0.25,
    "resIOverSigI2": 1.375,
}


async def _processed(db: TestDatabase) -> None:
    """Programs that integrated a data collection, others that a job asked for, and movies."""
    for n in SESSIONS:
        about = {"comments": "As usual", "recipe": "autoprocessing", "recordTimestamp": NOW}
        job = {"processingJobId": n, "dataCollectionId": n, "displayName": "Job", "automatic": 1}
        await db.add(m.ProcessingJob, **job, **about)
        program = {"processingPrograms": "xia2", "processingStatus": "1", **_run()}
        await db.add(m.AutoProcProgram, autoProcProgramId=n, processingJobId=n, **program)
        await db.add(m.AutoProcProgram, autoProcProgramId=TWINS + n, processingJobId=n, **program)
        beam = {"refinedXBeam": 120.75, "refinedYBeam": 130.5}
        integration = {"autoProcIntegrationId": n, "dataCollectionId": n, "autoProcProgramId": n}
        await db.add(m.AutoProcIntegration, **integration, **beam)
        file = {"fileType": "Log", "fileName": f"{n}.log", "filePath": "/data", "importanceRank": 1}
        await db.add(m.AutoProcProgramAttachment, autoProcProgramAttachmentId=n, autoProcProgramId=n, **file)
        await db.add(
            m.AutoProcProgramMessage,
            autoProcProgramMessageId=n,
            autoProcProgramId=n,
            severity=("WARNING", "ERROR", "INFO")[n - 1],
            message="Ice",
            description="Ice rings at 3.9 Å",
            recordTimeStamp=NOW,
        )
        await db.add(m.Movie, movieId=n, dataCollectionId=n, movieNumber=1)
        await db.add(m.MotionCorrection, motionCorrectionId=n, movieId=n)
        await db.add(m.CTF, ctfId=n, motionCorrectionId=n)
    await _scalings(db, SESSIONS)
