"""What `/processings/results` answers, and what it can be asked for."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from starbeam_processing.schemas import AutoProc, AutoProcScalingStatistics


class ResultOf(StrEnum):
    """What there is one result of."""

    COLLECTION = "collection"
    SAMPLE = "sample"
    PROTEIN = "protein"


class ResultOrder(StrEnum):
    """What results are sorted by. Values that are not known come last in both directions."""

    SAMPLE = "blSample"
    PROTEIN = "protein"
    FILE = "fileTemplate"
    START = "startTime"
    PROGRAM = "processingPrograms"
    SPACE_GROUP = "spaceGroup"
    CELL = "refinedCell_a"
    RESOLUTION = "resolution"
    R_MEAS_INNER = "rMeasInner"
    R_MEAS_OUTER = "rMeasOuter"
    SIGNAL_OUTER = "meanIOverSigIOuter"
    CC_HALF_OUTER = "ccHalfOuter"
    COMPLETENESS = "completeness"
    ANOMALOUS_COMPLETENESS = "anomalousCompleteness"
    CC_ANOMALOUS = "ccAnomalous"


class CollectionResult(msgspec.Struct):
    """The best result of a data collection, a sample or a protein. R values and correlations are fractions,
    however the site stores them."""

    dataCollectionId: int
    dataCollectionGroupId: int
    sessionId: int
    session: str | None
    proposal: str
    startTime: datetime | None
    fileTemplate: str | None
    blSampleId: int | None
    blSample: str | None
    proteinId: int | None
    protein: Annotated[str | None, Meta(description="Its acronym")]
    autoProcProgramId: int
    processingPrograms: str | None
    autoProcScalingId: int
    goodEnough: Annotated[
        bool,
        Meta(description="Whether completeness and outer CC½ are what the site's settings ask of a best one"),
    ]
    AutoProc: AutoProc | None
    overall: AutoProcScalingStatistics | None = None
    innerShell: AutoProcScalingStatistics | None = None
    outerShell: AutoProcScalingStatistics | None = None
