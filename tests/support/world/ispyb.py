"""The tables that several plugins read."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from starbeam.db.models import Laboratory, Person
from starbeam.testing.app import TestDatabase
from starbeam_ispyb import models as m
from support.world import NOW, PEOPLE, REGULARS

PROPOSALS = (1, 2, 3)
SESSIONS = (1, 2, 3)
CONTACTS = 10
"""The person of lab contact n is n more than this."""
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
    members = [{"sessionId": n, "personId": PEOPLE["regular"]} for n in keys[:REGULARS]]
    await db.add(m.Session_has_Person, *members)


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
    await db.add(m.BeamLineSetup, beamLineSetupId=1, **_setup())
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
        await db.add(m.Dewar, dewarId=n, shippingId=n, code=f"D{n}", type="Dewar")
        mounted = {"beamlineLocation": "id02", "sampleChangerLocation": "3"}
        puck = {"code": f"C{n}", "containerType": "Puck", "capacity": 16}
        await db.add(m.Container, containerId=n, dewarId=n, **puck, **mounted)
        await db.add(m.Protein, proteinId=n, proposalId=n, **_protein())
        await db.add(m.Crystal, crystalId=n, proteinId=n, **_cell())
        held = {"location": "1", "comments": "Clear", "containerId": n}
        await db.add(m.BLSample, blSampleId=n, crystalId=n, name=f"sample{n}", **held)
        await db.add(m.Position, positionId=n, posX=1.5, posY=2.5, posZ=3.5)
        await db.add(m.Position, positionId=TWINS + n, posX=4.5, posY=5.5, posZ=6.5)
        corners = {"positionId": n, "position2Id": TWINS + n}
        await db.add(m.BLSubSample, blSubSampleId=n, blSampleId=n, type="roi", comments="Edge", **corners)


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
            m.Workflow, workflowId=n, workflowTitle="Mesh", workflowType="MXPressA", status="Success"
        )
        await db.add(
            m.WorkflowStep, workflowStepId=n, workflowId=n, workflowStepType="mesh", status="Success"
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
            wavelength=0.976,
            beamSizeAtSampleX=0.05,
            beamSizeAtSampleY=0.02,
            phiStart=10.5,
            kappaStart=20.5,
            chiStart=30.5,
        )
        await db.add(
            m.DataCollectionFileAttachment,
            dataCollectionFileAttachmentId=n,
            dataCollectionId=n,
            fileFullPath=f"/data/{n}.err",
            fileType="log",
        )
        await db.add(m.Image, imageId=n, dataCollectionId=n, imageNumber=1)
        await db.add(m.GridInfo, gridInfoId=n, dataCollectionGroupId=n, steps_x=3, steps_y=2)
        await db.add(m.GridInfo, gridInfoId=TWINS + n, dataCollectionId=n, steps_x=3, steps_y=2)
        mounted = start - timedelta(minutes=5)
        times = {"startTimestamp": mounted - timedelta(minutes=1), "endTimestamp": mounted}
        await db.add(m.RobotAction, robotActionId=n, blsessionId=n, blsampleId=n, actionType="LOAD", **times)
        scanned = {"sessionId": n, "blSampleId": n, "startTime": start, "endTime": end}
        await db.add(m.EnergyScan, energyScanId=n, element="Se", **scanned)
        await db.add(m.XFEFluorescenceSpectrum, xfeFluorescenceSpectrumId=n, **scanned)


async def _screened(db: TestDatabase) -> None:
    """Screenings by data collection, and others by group."""
    screening = {"shortComments": "EDNA", "bltimeStamp": NOW - timedelta(minutes=54)}
    for n in SESSIONS:
        await db.add(m.Screening, screeningId=n, dataCollectionId=n, **screening)
        await db.add(m.Screening, screeningId=TWINS + n, dataCollectionGroupId=n, **screening)
        await db.add(m.ScreeningOutput, screeningOutputId=n, screeningId=n, strategySuccess=1)


async def _processed(db: TestDatabase) -> None:
    """Programs that integrated a data collection, others that a job asked for, and movies."""
    for n in SESSIONS:
        await db.add(m.ProcessingJob, processingJobId=n, dataCollectionId=n, displayName="Job", automatic=1)
        program = {"processingPrograms": "xia2", "processingStatus": "1"}
        await db.add(m.AutoProcProgram, autoProcProgramId=n, **program)
        await db.add(m.AutoProcProgram, autoProcProgramId=TWINS + n, processingJobId=n, **program)
        await db.add(m.AutoProcIntegration, autoProcIntegrationId=n, dataCollectionId=n, autoProcProgramId=n)
        await db.add(m.AutoProcScaling, autoProcScalingId=n)
        link = {"autoProcScalingId": n, "autoProcIntegrationId": n}
        await db.add(m.AutoProcScaling_has_Int, autoProcScaling_has_IntId=n, **link)
        shell = {"scalingStatisticsType": "overall", "resolutionLimitHigh": 1.75}
        await db.add(m.AutoProcScalingStatistics, autoProcScalingStatisticsId=n, autoProcScalingId=n, **shell)
        file = {"fileType": "Log", "fileName": "a.log", "filePath": "/data"}
        await db.add(m.AutoProcProgramAttachment, autoProcProgramAttachmentId=n, autoProcProgramId=n, **file)
        await db.add(
            m.AutoProcProgramMessage,
            autoProcProgramMessageId=n,
            autoProcProgramId=n,
            severity="WARNING",
            message="Ice",
        )
        await db.add(m.Movie, movieId=n, dataCollectionId=n, movieNumber=1)
        await db.add(m.MotionCorrection, motionCorrectionId=n, movieId=n)
        await db.add(m.CTF, ctfId=n, motionCorrectionId=n)
