"""Who may see what, reckoned from the tables alone: no rule, statement or list of the server is used.

`without` takes from a database all that a caller may not see. To that caller it must be the same database.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatch

from starbeam_testing.app import TestDatabase


@dataclass(frozen=True)
class Sight:
    """What decides which rows a caller sees."""

    person: int = 0
    permissions: tuple[str, ...] = ()
    beamlines: tuple[str, ...] = ()
    """Of a machine; `*` is every one."""
    proposals: tuple[str, ...] = ("*",)
    """Names of proposals, with `*` for any letters, that a token is limited to."""


OWNED = {
    "BLSession": "sessionId IN ({sessions})",
    **dict.fromkeys(
        [
            "Session_has_Person",
            "SessionType",
            "BF_fault",
            "EnergyScan",
            "XFEFluorescenceSpectrum",
            "Experiment",
            "DataCollectionGroup",
        ],
        "sessionId IN (SELECT sessionId FROM BLSession)",
    ),
    "RobotAction": "blsessionId IN (SELECT sessionId FROM BLSession)",
    "DataCollection": "dataCollectionGroupId IN (SELECT dataCollectionGroupId FROM DataCollectionGroup)",
    "XrayCentring": "dataCollectionGroupId IN (SELECT dataCollectionGroupId FROM DataCollectionGroup)",
    "XrayCentringResult": "xrayCentringId IN (SELECT xrayCentringId FROM XrayCentring)",
    "Workflow": "workflowId IN (SELECT workflowId FROM DataCollectionGroup)",
    "WorkflowStep": "workflowId IN (SELECT workflowId FROM Workflow)",
    **dict.fromkeys(
        ("GridInfo", "Screening"),
        "dataCollectionId IN (SELECT dataCollectionId FROM DataCollection) OR dataCollectionId IS NULL AND"
        " dataCollectionGroupId IN (SELECT dataCollectionGroupId FROM DataCollectionGroup)",
    ),
    **dict.fromkeys(
        [
            "Image",
            "ImageQualityIndicators",
            "DataCollectionFileAttachment",
            "Movie",
            "ProcessingJob",
            "AutoProcIntegration",
        ],
        "dataCollectionId IN (SELECT dataCollectionId FROM DataCollection)",
    ),
    "MotionCorrection": "movieId IN (SELECT movieId FROM Movie)",
    "CTF": "motionCorrectionId IN (SELECT motionCorrectionId FROM MotionCorrection)",
    "XRFFluorescenceMapping": "gridInfoId IN (SELECT gridInfoId FROM GridInfo)",
    "ParticlePicker": "firstMotionCorrectionId IN (SELECT motionCorrectionId FROM MotionCorrection)",
    "ParticleClassificationGroup": "particlePickerId IN (SELECT particlePickerId FROM ParticlePicker)",
    "ParticleClassification": "particleClassificationGroupId IN"
    " (SELECT particleClassificationGroupId FROM ParticleClassificationGroup)",
    "ScreeningOutput": "screeningId IN (SELECT screeningId FROM Screening)",
    "ScreeningOutputLattice": "screeningOutputId IN (SELECT screeningOutputId FROM ScreeningOutput)",
    "ScreeningStrategy": "screeningOutputId IN (SELECT screeningOutputId FROM ScreeningOutput)",
    "ScreeningStrategyWedge": "screeningStrategyId IN (SELECT screeningStrategyId FROM ScreeningStrategy)",
    "ScreeningStrategySubWedge": "screeningStrategyWedgeId IN"
    " (SELECT screeningStrategyWedgeId FROM ScreeningStrategyWedge)",
    "ProcessingJobParameter": "processingJobId IN (SELECT processingJobId FROM ProcessingJob)",
    "ProcessingJobImageSweep": "processingJobId IN (SELECT processingJobId FROM ProcessingJob)",
    "AutoProcProgram": "processingJobId IN (SELECT processingJobId FROM ProcessingJob) OR"
    " autoProcProgramId IN (SELECT autoProcProgramId FROM AutoProcIntegration"
    " UNION SELECT autoProcProgramId FROM MotionCorrection"
    " UNION SELECT autoProcProgramId FROM CTF"
    " UNION SELECT autoProcProgramId FROM XRFFluorescenceMapping)",
    "AutoProcProgramAttachment": "autoProcProgramId IN (SELECT autoProcProgramId FROM AutoProcProgram)",
    "AutoProcProgramMessage": "autoProcProgramId IN (SELECT autoProcProgramId FROM AutoProcProgram)",
    "AutoProcScaling_has_Int": "autoProcIntegrationId IN"
    " (SELECT autoProcIntegrationId FROM AutoProcIntegration)",
    "AutoProcScaling": "autoProcScalingId IN (SELECT autoProcScalingId FROM AutoProcScaling_has_Int)",
    "AutoProcScalingStatistics": "autoProcScalingId IN (SELECT autoProcScalingId FROM AutoProcScaling)",
    "PhasingStep": "autoProcScalingId IN (SELECT autoProcScalingId FROM AutoProcScaling)",
    "AutoProc": "autoProcId IN (SELECT autoProcId FROM AutoProcScaling)",
    "Proposal": "proposalId IN ({proposals})",
    **dict.fromkeys(
        ("ProposalHasPerson", "LabContact", "Shipping"),
        "proposalId IN (SELECT proposalId FROM Proposal)",
    ),
    "Dewar": "shippingId IN (SELECT shippingId FROM Shipping)",
    "Container": "dewarId IN (SELECT dewarId FROM Dewar)",
    "BLSample": "containerId IN (SELECT containerId FROM Container) OR blSampleId IN"
    " (SELECT blSampleId FROM DataCollectionGroup UNION SELECT blsampleId FROM RobotAction"
    " UNION SELECT blSampleId FROM EnergyScan UNION SELECT blSampleId FROM XFEFluorescenceSpectrum)",
    "XRFFluorescenceMappingROI": "blSampleId IN (SELECT blSampleId FROM BLSample) OR"
    " xrfFluorescenceMappingROIId IN (SELECT xrfFluorescenceMappingROIId FROM XRFFluorescenceMapping)",
    **dict.fromkeys(
        ("BLSubSample", "BLSampleImage", "ContainerQueueSample"),
        "blSampleId IN (SELECT blSampleId FROM BLSample)",
    ),
    "Crystal": "crystalId IN (SELECT crystalId FROM BLSample) OR proteinId IN"
    " (SELECT proteinId FROM Protein WHERE proposalId IN (SELECT proposalId FROM Proposal))",
    "Protein": "proposalId IN (SELECT proposalId FROM Proposal) OR proteinId IN"
    " (SELECT proteinId FROM Crystal)",
    "Protein_has_PDB": "proteinid IN (SELECT proteinId FROM Protein)",
}
"""Which rows of each table hang on what a caller sees: those of a table above it, from the top down. What is
seen may name the sample that it was taken of, and its protein, whoever's these are."""
OF_NOBODY = {
    *("Person", "Laboratory", "Permission", "UserGroup", "UserGroup_has_Permission", "UserGroup_has_Person"),
    *("AdminVar", "AdminActivity", "SW_onceToken", "SpaceGroup", "Detector", "ComponentType", "v_run"),
    *("BeamLineSetup", "Position", "DiffractionPlan", "StarbeamAudit", "StarbeamToken", "StarbeamTokenUse"),
    *("StarbeamRefresh", "StarbeamIdempotency", "starbeam_audit_version", "starbeam_tokens_version"),
}
"""Tables that hang on no session and no proposal, or are only shown with rows that do."""


async def visible(db: TestDatabase, sight: Sight) -> tuple[set[int], set[int]]:
    """The sessions and the proposals that somebody sees."""
    found = await db.sql("SELECT value FROM AdminVar WHERE name = 'beamLineGroups'")
    of_staff = {
        beamline["beamLineName"].lower()
        for group in json.loads(found[0][0])
        if group["permission"] in sight.permissions
        for beamline in group["beamLines"]
    } | {name.lower() for name in sight.beamlines}
    named = {
        number: f"{code}{name}".lower()
        for number, code, name in await db.sql(
            "SELECT proposalId, proposalCode, proposalNumber FROM Proposal"
        )
    }
    allowed = {
        number for number, name in named.items() if any(fnmatch(name, one.lower()) for one in sight.proposals)
    }
    member = await _numbers(db, "sessionId FROM Session_has_Person", sight.person)
    theirs = await _numbers(db, "proposalId FROM ProposalHasPerson", sight.person)
    everything = "all_proposals" in sight.permissions or "*" in of_staff
    rows = await db.sql("SELECT sessionId, proposalId, beamLineName FROM BLSession")
    direct = {
        (session, proposal)
        for session, proposal, beamline in rows
        if everything or session in member or str(beamline).lower() in of_staff
    }
    proposals = theirs | {proposal for _, proposal in direct}
    if "all_proposals" in sight.permissions:
        proposals = {*named}
    sessions = {session for session, _ in direct} | {one for one, proposal, _ in rows if proposal in theirs}
    hidden = {session for session, proposal, _ in rows if proposal not in allowed}
    return sessions - hidden, proposals & allowed


async def _numbers(db: TestDatabase, what: str, person: int) -> set[int]:
    return {number for (number,) in await db.sql(f"SELECT {what} WHERE personId = {person}")}


async def without(db: TestDatabase, sight: Sight) -> None:
    """Delete every row that somebody may not see. Fails for a table of which this file says nothing."""
    sessions, proposals = await visible(db, sight)
    tables = [name for (name,) in await db.sql("SELECT name FROM sqlite_master WHERE type = 'table'")]
    unknown = {
        name
        for name in {*tables} - {*OWNED} - OF_NOBODY
        if not name.startswith("sqlite_") and await db.sql(f"SELECT 1 FROM `{name}` LIMIT 1")
    }
    assert unknown == set(), "whose rows are these? say it in support/oracle.py"
    async with db.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
        for name, stays in OWNED.items():
            said = stays.format(sessions=_listed(sessions), proposals=_listed(proposals))
            await connection.exec_driver_sql(f"DELETE FROM `{name}` WHERE NOT COALESCE(({said}), 0)")


def _listed(numbers: Iterable[int]) -> str:
    return ", ".join(map(str, sorted(numbers))) or "NULL"
