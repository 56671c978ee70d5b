"""What a database may lack: of ISPyB's tables all but a few, of those that plugins bring themselves none."""

from __future__ import annotations

_ISPYB = """
AdminActivity AdminVar AutoProc AutoProcIntegration AutoProcProgram AutoProcProgramAttachment
AutoProcProgramMessage AutoProcScaling AutoProcScalingStatistics AutoProcScaling_has_Int BF_fault BLSample
BLSampleImage BLSample_has_EnergyScan BLSession BLSubSample BeamLineSetup CTF ComponentType Container
ContainerHistory ContainerQueueSample Crystal DataCollection DataCollectionFileAttachment DataCollectionGroup
Detector Dewar DiffractionPlan EnergyScan Experiment ExperimentType GridInfo Image ImageQualityIndicators
LabContact Laboratory MotionCorrection Movie ParticleClassification ParticleClassificationGroup ParticlePicker
Permission Person PhasingStep Position ProcessingJob ProcessingJobImageSweep ProcessingJobParameter Proposal
ProposalHasPerson Protein Protein_has_PDB RobotAction SW_onceToken Screening ScreeningOutput
ScreeningOutputLattice ScreeningStrategy ScreeningStrategySubWedge ScreeningStrategyWedge SessionType
Session_has_Person Shipping SpaceGroup UserGroup UserGroup_has_Permission UserGroup_has_Person Workflow
WorkflowStep XFEFluorescenceSpectrum XRFFluorescenceMapping XRFFluorescenceMappingROI XrayCentring
XrayCentringResult v_run
"""
ISPYB = frozenset(_ISPYB.split())
"""The tables of ISPyB that core and the bundled plugins know; every other table is its plugin's own."""

_OF_ONE_FLAVOUR = """
AutoProcProgramMessage Experiment ExperimentType ProcessingJob ProcessingJobImageSweep ProcessingJobParameter
Workflow WorkflowStep XrayCentring XrayCentringResult v_run
"""
OF_ONE_FLAVOUR = frozenset(_OF_ONE_FLAVOUR.split())
"""Those of them that only the community's schema has, or only Diamond's."""

OF_ONE = "of one flavour"
"""What marks a column of a model (`info`) that only one of them has in a table of both."""
SECRET = "secret"
"""What marks one that nobody is told of who asks what was written."""

ESSENTIAL: dict[str, set[str]] = {
    "Person": {"personId", "login"},
    "UserGroup": {"userGroupId", "name"},
    "Permission": {"permissionId", "type"},
    "UserGroup_has_Person": {"userGroupId", "personId"},
    "UserGroup_has_Permission": {"userGroupId", "permissionId"},
    "AdminVar": {"varId", "name", "value"},
    "Proposal": {"proposalId", "proposalCode", "proposalNumber"},
    "ProposalHasPerson": {"proposalId", "personId"},
    "BLSession": {"sessionId", "proposalId", "beamLineName", "visit_number"},
    "Session_has_Person": {"sessionId", "personId"},
}
"""What log-in and the rules of visibility cannot do without."""


def is_essential(table: str, column: str | None = None) -> bool:
    """Whether no server starts without the table (or its column). So it is with a table that a plugin brings
    of its own, too: the plugin's migrations make it."""
    if table not in ISPYB:
        return True
    return table in ESSENTIAL and (column is None or column in ESSENTIAL[table])
