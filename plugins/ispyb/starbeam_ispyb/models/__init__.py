"""The tables that two domains or more read, one module per domain."""

from starbeam_ispyb.models.base import Base
from starbeam_ispyb.models.beamline import (
    Detector,
    EnergyScan,
    RobotAction,
    Workflow,
    WorkflowStep,
    XFEFluorescenceSpectrum,
)
from starbeam_ispyb.models.collections import (
    DataCollection,
    DataCollectionFileAttachment,
    DataCollectionGroup,
    GridInfo,
    Image,
)
from starbeam_ispyb.models.em import CTF, MotionCorrection, Movie
from starbeam_ispyb.models.processing import (
    AutoProc,
    AutoProcIntegration,
    AutoProcProgram,
    AutoProcProgramAttachment,
    AutoProcProgramMessage,
    AutoProcScaling,
    AutoProcScaling_has_Int,
    AutoProcScalingStatistics,
    ProcessingJob,
)
from starbeam_ispyb.models.proposals import (
    BeamLineSetup,
    BLSession,
    LabContact,
    Proposal,
    ProposalHasPerson,
    Session_has_Person,
)
from starbeam_ispyb.models.samples import BLSample, BLSubSample, Crystal, Position, Protein
from starbeam_ispyb.models.screening import (
    Screening,
    ScreeningOutput,
    ScreeningOutputLattice,
    ScreeningStrategy,
    ScreeningStrategySubWedge,
    ScreeningStrategyWedge,
)
from starbeam_ispyb.models.shipping import Container, Dewar, Shipping

__all__ = [
    "CTF",
    "AutoProc",
    "AutoProcIntegration",
    "AutoProcProgram",
    "AutoProcProgramAttachment",
    "AutoProcProgramMessage",
    "AutoProcScaling",
    "AutoProcScalingStatistics",
    "AutoProcScaling_has_Int",
    "BLSample",
    "BLSession",
    "BLSubSample",
    "Base",
    "BeamLineSetup",
    "Container",
    "Crystal",
    "DataCollection",
    "DataCollectionFileAttachment",
    "DataCollectionGroup",
    "Detector",
    "Dewar",
    "EnergyScan",
    "GridInfo",
    "Image",
    "LabContact",
    "MotionCorrection",
    "Movie",
    "Position",
    "ProcessingJob",
    "Proposal",
    "ProposalHasPerson",
    "Protein",
    "RobotAction",
    "Screening",
    "ScreeningOutput",
    "ScreeningOutputLattice",
    "ScreeningStrategy",
    "ScreeningStrategySubWedge",
    "ScreeningStrategyWedge",
    "Session_has_Person",
    "Shipping",
    "Workflow",
    "WorkflowStep",
    "XFEFluorescenceSpectrum",
]
