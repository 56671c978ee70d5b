"""What the operations answer. A field that may have no value is null then, and always present."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from starbeam.api.database import REQUIRED

Status = Literal[0, 1, 2] | None
"""Failed, succeeded, did not run; null while it runs."""
Severity = Literal["ERROR", "WARNING", "INFO"]
Shell = Literal["overall", "innerShell", "outerShell"]
"""The resolution shell of statistics."""


class ProcessingStatus(msgspec.Struct):
    """What came of one search for the crystal."""

    status: Status


class ProcessingProcessingStatus(msgspec.Struct):
    """What came of one run of a program."""

    autoProcProgramId: int
    status: Status


class ScreeningProcesingStatus(msgspec.Struct):
    """What came of one screening."""

    indexingSuccess: Annotated[Status, REQUIRED]
    status: Status


class EMProcessingStatus(msgspec.Struct):
    """How far the movies of a data collection are processed."""

    ctf: int
    motionCorrection: int
    movie: int


class ProcessingStatuses(msgspec.Struct):
    """What came of the processing of one data collection; null where there was none of a kind."""

    autoIntegration: dict[str, list[ProcessingProcessingStatus]] | None
    em: EMProcessingStatus | None
    processing: dict[str, list[ProcessingProcessingStatus]] | None
    screening: dict[str, list[ScreeningProcesingStatus]] | None
    xrc: dict[str, list[ProcessingStatus]] | None


class ProcessingStatusesList(msgspec.Struct):
    """What came of the processing of data collections."""

    statuses: Annotated[dict[str, ProcessingStatuses], Meta(description="By data collection id")]


class ScreeningOutputLattice(msgspec.Struct):
    """The lattice that a screening found."""

    pointGroup: str | None
    spaceGroup: str | None
    unitCell_a: Annotated[float, Meta(extra_json_schema={"unit": "Å"})]
    unitCell_alpha: Annotated[float, Meta(extra_json_schema={"unit": "°"})]
    unitCell_b: Annotated[float, Meta(extra_json_schema={"unit": "Å"})]
    unitCell_beta: Annotated[float, Meta(extra_json_schema={"unit": "°"})]
    unitCell_c: Annotated[float, Meta(extra_json_schema={"unit": "Å"})]
    unitCell_gamma: Annotated[float, Meta(extra_json_schema={"unit": "°"})]


class ScreeningStrategySubWedge(msgspec.Struct):
    """A part of a wedge, collected with one set of parameters."""

    screeningStrategySubWedgeId: int
    RESOLUTION: Annotated[float | None, Meta(extra_json_schema={"unit": "Å"})]
    axisEnd: Annotated[float | None, Meta(extra_json_schema={"unit": "°"})]
    axisStart: Annotated[float | None, Meta(extra_json_schema={"unit": "°"})]
    comments: str | None
    completeness: Annotated[float | None, Meta(extra_json_schema={"unit": "%"})]
    doseTotal: float | None
    exposureTime: Annotated[float | None, Meta(extra_json_schema={"unit": "s"})]
    multiplicity: float | None
    numberOfImages: int | None
    oscillationRange: Annotated[float | None, Meta(extra_json_schema={"unit": "°"})]
    rotationAxis: str | None
    subWedgeNumber: int | None
    transmission: Annotated[float | None, Meta(extra_json_schema={"unit": "%"})]


class ScreeningStrategyWedge(msgspec.Struct):
    """A wedge of a strategy."""

    screeningStrategyWedgeId: int
    chi: Annotated[float | None, Meta(extra_json_schema={"unit": "°"})]
    comments: str | None
    completeness: Annotated[float | None, Meta(extra_json_schema={"unit": "%"})]
    doseTotal: float | None
    kappa: Annotated[float | None, Meta(extra_json_schema={"unit": "°"})]
    multiplicity: float | None
    numberOfImages: int | None
    phi: Annotated[float | None, Meta(extra_json_schema={"unit": "°"})]
    resolution: Annotated[float | None, Meta(extra_json_schema={"unit": "Å"})]
    wavelength: Annotated[float | None, Meta(extra_json_schema={"unit": "Å"})]
    wedgeNumber: int | None
    ScreeningStrategySubWedge: list[ScreeningStrategySubWedge] | None


class ScreeningStrategy(msgspec.Struct):
    """A strategy that a screening proposes."""

    screeningStrategyId: int
    rankingResolution: Annotated[float | None, Meta(extra_json_schema={"unit": "Å"})]
    ScreeningStrategyWedge: list[ScreeningStrategyWedge] | None


class ScreeningOutput(msgspec.Struct):
    """What a screening found."""

    screeningOutputId: int
    indexingSuccess: int
    strategySuccess: int
    ScreeningOutputLattice: list[ScreeningOutputLattice] | None
    ScreeningStrategy: list[ScreeningStrategy] | None


class Screening(msgspec.Struct):
    """A characterisation of a sample."""

    screeningId: int
    comments: str | None
    programVersion: str
    shortComments: str | None
    ScreeningOutput: list[ScreeningOutput] | None


class AutoProcProgramMessage(msgspec.Struct):
    """A message of a processing program."""

    autoProcProgramMessageId: int
    autoProcProgramId: int
    description: str
    message: str
    recordTimeStamp: datetime
    severity: Severity


class AutoProcProgramMetadata(msgspec.Struct):
    """What hangs on a run of a program."""

    attachments: int | None
    imageSweepCount: int | None
    autoProcProgramMessages: list[AutoProcProgramMessage] | None


class ProcessingJobParameter(msgspec.Struct):
    """A parameter of a request."""

    parameterKey: str | None
    parameterValue: str | None


class ProcessingJob(msgspec.Struct):
    """A request to process a data collection."""

    processingJobId: int
    automatic: bool
    comments: str | None
    displayName: str | None
    recipe: str | None
    recordTimestamp: datetime
    ProcessingJobParameters: list[ProcessingJobParameter] | None


class AutoProcProgram(msgspec.Struct):
    """A run of a processing program."""

    autoProcProgramId: int
    processingCommandLine: str | None
    processingEndTime: datetime | None
    processingEnvironment: str | None
    processingMessage: str | None
    processingPrograms: str | None
    processingStartTime: datetime | None
    processingStatus: Status
    recordTimeStamp: datetime
    ProcessingJob: ProcessingJob | None
    metadata: AutoProcProgramMetadata = msgspec.field(name="_metadata")


class AutoProcIntegrationDataCollection(msgspec.Struct):
    """Where the beam was said to be."""

    xBeam: float | None
    yBeam: float | None


class AutoProc(msgspec.Struct):
    """The space group and the refined cell."""

    refinedCell_a: Annotated[float, Meta(extra_json_schema={"unit": "Å"})]
    refinedCell_alpha: Annotated[float, Meta(extra_json_schema={"unit": "°"})]
    refinedCell_b: Annotated[float, Meta(extra_json_schema={"unit": "Å"})]
    refinedCell_beta: Annotated[float, Meta(extra_json_schema={"unit": "°"})]
    refinedCell_c: Annotated[float, Meta(extra_json_schema={"unit": "Å"})]
    refinedCell_gamma: Annotated[float, Meta(extra_json_schema={"unit": "°"})]
    spaceGroup: str


class AutoProcScalingStatistics(msgspec.Struct):
    """Statistics of a scaling in one resolution shell."""

    anomalous: bool | None
    anomalousCompleteness: Annotated[float | None, Meta(extra_json_schema={"unit": "%"})]
    anomalousMultiplicity: float | None
    ccAnomalous: float | None
    ccHalf: float | None
    comments: str | None
    completeness: Annotated[float | None, Meta(extra_json_schema={"unit": "%"})]
    fractionalPartialBias: float | None
    meanIOverSigI: float | None
    multiplicity: float | None
    nTotalObservations: int | None
    nTotalUniqueObservations: int | None
    rMeasAllIPlusIMinus: float | None
    rMerge: float | None
    rPimAllIPlusIMinus: float | None
    resIOverSigI2: Annotated[float | None, Meta(extra_json_schema={"unit": "Å"})]
    resolutionLimitHigh: Annotated[float | None, Meta(extra_json_schema={"unit": "Å"})]
    resolutionLimitLow: Annotated[float | None, Meta(extra_json_schema={"unit": "Å"})]
    scalingStatisticsType: Shell | None


class AutoProcScaling(msgspec.Struct):
    """A scaling of integrated data."""

    AutoProc: AutoProc | None
    AutoProcScalingStatistics: list[AutoProcScalingStatistics] | None


class AutoProcScalingHasInt(msgspec.Struct):
    """A scaling that the integration went into."""

    AutoProcScaling: AutoProcScaling | None


class AutoProcIntegration(msgspec.Struct):
    """The integration of one data collection."""

    refinedXBeam: float | None
    refinedYBeam: float | None
    AutoProcScalingHasInt: list[AutoProcScalingHasInt] | None
    DataCollection: AutoProcIntegrationDataCollection | None


class AutoProcProgramIntegration(AutoProcProgram):
    """A run of a program that integrated data collections."""

    AutoProcIntegration: list[AutoProcIntegration] | None


class AutoProcProgramMessageStatus(msgspec.Struct):
    """How many messages there are of one data collection."""

    errors: int
    info: int
    warnings: int


class AutoProcProgramMessageStatuses(msgspec.Struct):
    """How many messages there are of data collections."""

    statuses: Annotated[dict[str, AutoProcProgramMessageStatus], Meta(description="By data collection id")]


class AutoProcProgramAttachmentMetaData(msgspec.Struct):
    """Where the file is."""

    url: Annotated[str, Meta(title="URL", description="The file, below this server")]


class AutoProcProgramAttachment(msgspec.Struct):
    """A file that a processing program wrote."""

    autoProcProgramAttachmentId: int
    autoProcProgramId: int
    fileName: str
    fileType: str
    importanceRank: int | None
    metadata: AutoProcProgramAttachmentMetaData = msgspec.field(name="_metadata")
