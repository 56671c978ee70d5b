"""A data collection group with what it is joined with, as the old view named it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import FromClause, Select, Subquery, and_, bindparam, func, join, select

from starbeam.api.database import Scope, statement
from starbeam_ispyb.models import (
    AutoProc,
    AutoProcIntegration,
    AutoProcProgram,
    AutoProcScaling,
    AutoProcScaling_has_Int,
    AutoProcScalingStatistics,
    BeamLineSetup,
    BLSample,
    BLSession,
    Container,
    Crystal,
    DataCollection,
    DataCollectionGroup,
    Detector,
    Dewar,
    Protein,
    Screening,
    ScreeningOutput,
    ScreeningOutputLattice,
    ScreeningStrategy,
    ScreeningStrategySubWedge,
    ScreeningStrategyWedge,
    Shipping,
    Workflow,
)
from starbeam_legacy.models import DiffractionPlan
from starbeam_legacy.queries.rows import labelled, of

SESSION_KEY: Any = bindparam("session_key")

_GROUP = (
    "dataCollectionGroupId blSampleId sessionId workflowId experimentType startTime endTime comments"
    " actualSampleBarcode xtalSnapshotFullPath crystalClass"
)
_COLLECTION = (
    "dataCollectionId dataCollectionGroupId startTime endTime runStatus numberOfImages startImageNumber"
    " numberOfPasses exposureTime imageDirectory wavelength resolution detectorDistance xBeam yBeam"
    " imagePrefix comments xtalSnapshotFullPath1 xtalSnapshotFullPath2 xtalSnapshotFullPath3"
    " xtalSnapshotFullPath4 phiStart kappaStart omegaStart flux flux_end resolutionAtCorner"
    " bestWilsonPlotPath dataCollectionNumber axisRange axisStart axisEnd rotationAxis undulatorGap1"
    " undulatorGap2 undulatorGap3 slitGapVertical slitGapHorizontal beamShape voltage xBeamPix"
)
_DETECTOR = (
    "detectorType detectorManufacturer detectorModel detectorPixelSizeHorizontal detectorPixelSizeVertical"
    " detectorSerialNumber detectorDistanceMin detectorDistanceMax trustedPixelValueRangeLower"
    " trustedPixelValueRangeUpper sensorThickness overload XGeoCorr YGeoCorr detectorMode"
)
_SETUP = (
    "undulatorType1 undulatorType2 undulatorType3 synchrotronName synchrotronMode polarisation"
    " focusingOptic beamDivergenceHorizontal beamDivergenceVertical monochromatorType"
)
_PLAN = (
    "diffractionPlanId experimentKind observedResolution minimalResolution exposureTime oscillationRange"
    " maximalResolution screeningResolution radiationSensitivity anomalousScatterer preferredBeamSizeX"
    " preferredBeamSizeY preferredBeamDiameter aimedCompleteness aimedIOverSigmaAtHighestRes"
    " aimedMultiplicity aimedResolution anomalousData complexity estimateRadiationDamage forcedSpaceGroup"
    " requiredCompleteness requiredMultiplicity requiredResolution strategyOption kappaStrategyOption"
    " numberOfPositions minDimAccrossSpindleAxis maxDimAccrossSpindleAxis radiationSensitivityBeta"
    " radiationSensitivityGamma minOscWidth"
)
_COLUMNS = {
    **of(DataCollectionGroup, _GROUP, "DataCollectionGroup_"),
    **of(BLSample, "blSampleId crystalId name code location blSampleStatus comments", "BLSample_"),
    **of(
        Container,
        "containerId containerType code capacity beamlineLocation sampleChangerLocation",
        "Container_",
    ),
    **of(BLSession, "sessionId proposalId protectedData", "BLSession_"),
    **of(Dewar, "dewarId code storageLocation", "Dewar_"),
    **of(Protein, "proteinId name acronym", "Protein_"),
    **of(DataCollection, _COLLECTION, "DataCollection_"),
    **of(Shipping, "shippingId shippingName shippingStatus", "Shipping_"),
    **of(Detector, _DETECTOR, "Detector_"),
    **of(BeamLineSetup, _SETUP, "BeamLineSetup_"),
    **of(DataCollection, "transmission beamSizeAtSampleX beamSizeAtSampleY"),
    **of(DiffractionPlan, _PLAN),
    "DiffractipnPlan_comments": DiffractionPlan.comments,
    **of(Workflow, "workflowTitle workflowType status workflowId", "Workflow_"),
}
_PROCESSING = {
    "AutoProcIntegration_dataCollectionId": AutoProcIntegration.dataCollectionId,
    "AutoProcIntegration_autoProcIntegrationId": AutoProcIntegration.autoProcIntegrationId,
    **of(AutoProcIntegration, "cell_a cell_b cell_c cell_alpha cell_beta cell_gamma anomalous"),
    "autoProcScalingId": AutoProcScaling.autoProcScalingId,
    **of(
        AutoProcScalingStatistics,
        "scalingStatisticsType resolutionLimitHigh resolutionLimitLow completeness rMerge",
    ),
    "AutoProc_spaceGroup": AutoProc.spaceGroup,
    "autoProcId": AutoProc.autoProcId,
    **of(AutoProcProgram, "processingPrograms processingStatus autoProcProgramId", "AutoProcProgram_"),
}
PROCESSING_KEYS = tuple(_PROCESSING)
_SCREENING = {
    **of(Screening, "screeningId dataCollectionId dataCollectionGroupId", "Screening_"),
    **of(
        ScreeningOutput,
        "strategySuccess indexingSuccess rankingResolution mosaicity totalExposureTime totalRotationRange"
        " totalNumberOfImages",
        "ScreeningOutput_",
    ),
    **of(
        ScreeningOutputLattice,
        "spaceGroup unitCell_a unitCell_b unitCell_c unitCell_alpha unitCell_beta unitCell_gamma",
        "ScreeningOutputLattice_",
    ),
    **of(
        ScreeningStrategySubWedge,
        "exposureTime transmission oscillationRange numberOfImages multiplicity completeness axisStart",
        "ScreeningStrategySubWedge_",
    ),
}
SCREENING_KEYS = tuple(_SCREENING)


def last_collections(scope: Scope) -> Subquery:
    """The last data collection (`id`) of each group (`group_id`) of the session."""
    of_group = DataCollection.dataCollectionGroupId
    seen = scope.permitted().sees
    return (
        select(func.max(DataCollection.dataCollectionId).label("id"), of_group.label("group_id"))
        .join(DataCollectionGroup, DataCollectionGroup.dataCollectionGroupId == of_group)
        .where(DataCollectionGroup.sessionId == SESSION_KEY, seen(DataCollectionGroup), seen(DataCollection))
        .group_by(of_group)
        .subquery("last")
    )


def _source(scope: Scope) -> FromClause:
    group, collection, sample = DataCollectionGroup, DataCollection, BLSample

    def on(entity: Any, condition: Any) -> Any:
        return and_(condition, scope.permitted().sees(entity))

    last = last_collections(scope)
    joins: FromClause = (
        join(group, BLSession, BLSession.sessionId == group.sessionId)
        .outerjoin(last, last.c.group_id == group.dataCollectionGroupId)
        .outerjoin(collection, collection.dataCollectionId == last.c.id)
        .outerjoin(BeamLineSetup, BeamLineSetup.beamLineSetupId == BLSession.beamLineSetupId)
        .outerjoin(Detector, Detector.detectorId == collection.detectorId)
        .outerjoin(sample, on(sample, sample.blSampleId == group.blSampleId))
        .outerjoin(DiffractionPlan, DiffractionPlan.diffractionPlanId == sample.diffractionPlanId)
        .outerjoin(Container, on(Container, Container.containerId == sample.containerId))
        .outerjoin(Dewar, on(Dewar, Dewar.dewarId == Container.dewarId))
        .outerjoin(Shipping, on(Shipping, Shipping.shippingId == Dewar.shippingId))
        .outerjoin(Crystal, on(Crystal, Crystal.crystalId == sample.crystalId))
        .outerjoin(Protein, on(Protein, Protein.proteinId == Crystal.proteinId))
    )
    if scope.has(Workflow, group.workflowId):
        joins = joins.outerjoin(Workflow, on(Workflow, Workflow.workflowId == group.workflowId))
    return joins


@statement
def groups_of_session(scope: Scope) -> Select[Any]:
    """The groups, the one whose last data collection began latest first."""
    return (
        select(*labelled(scope, _COLUMNS))
        .select_from(_source(scope))
        .where(DataCollectionGroup.sessionId == SESSION_KEY, scope.permitted().sees(DataCollectionGroup))
        .order_by(DataCollection.startTime.desc(), DataCollectionGroup.dataCollectionGroupId.desc())
    )


@statement
def processing(scope: Scope) -> Select[Any]:
    """Every result of automatic processing of the groups' last data collections, the lowest keys first."""
    integration, link, scaling = AutoProcIntegration, AutoProcScaling_has_Int, AutoProcScaling
    statistics, last = AutoProcScalingStatistics, last_collections(scope)
    program, seen = AutoProcProgram, scope.permitted().sees
    source = (
        join(integration, last, and_(last.c.id == integration.dataCollectionId, seen(integration)))
        .outerjoin(program, and_(program.autoProcProgramId == integration.autoProcProgramId, seen(program)))
        .outerjoin(link, link.autoProcIntegrationId == integration.autoProcIntegrationId)
        .outerjoin(scaling, scaling.autoProcScalingId == link.autoProcScalingId)
        .outerjoin(AutoProc, AutoProc.autoProcId == scaling.autoProcId)
        .outerjoin(statistics, statistics.autoProcScalingId == scaling.autoProcScalingId)
    )
    order = (
        integration.autoProcIntegrationId,
        scaling.autoProcScalingId,
        statistics.autoProcScalingStatisticsId,
    )
    return select(*labelled(scope, _PROCESSING)).select_from(source).order_by(*order)


@statement
def screenings(scope: Scope) -> Select[Any]:
    """The first screening of each group, with all its strategies, the lowest keys first."""
    output, lattice, strategy = ScreeningOutput, ScreeningOutputLattice, ScreeningStrategy
    wedge, sub_wedge = ScreeningStrategyWedge, ScreeningStrategySubWedge
    first = (
        select(func.min(Screening.screeningId).label("id"))
        .join(
            DataCollectionGroup,
            DataCollectionGroup.dataCollectionGroupId == Screening.dataCollectionGroupId,
        )
        .where(DataCollectionGroup.sessionId == SESSION_KEY, scope.permitted().sees(Screening))
        .group_by(Screening.dataCollectionGroupId)
        .subquery("first")
    )
    source = (
        join(Screening, first, first.c.id == Screening.screeningId)
        .outerjoin(output, output.screeningId == Screening.screeningId)
        .outerjoin(lattice, lattice.screeningOutputId == output.screeningOutputId)
        .outerjoin(strategy, strategy.screeningOutputId == output.screeningOutputId)
        .outerjoin(wedge, wedge.screeningStrategyId == strategy.screeningStrategyId)
        .outerjoin(sub_wedge, sub_wedge.screeningStrategyWedgeId == wedge.screeningStrategyWedgeId)
    )
    order = (
        output.screeningOutputId,
        lattice.screeningOutputLatticeId,
        strategy.screeningStrategyId,
        wedge.screeningStrategyWedgeId,
        sub_wedge.screeningStrategySubWedgeId,
    )
    return select(*labelled(scope, _SCREENING)).select_from(source).order_by(*order)
