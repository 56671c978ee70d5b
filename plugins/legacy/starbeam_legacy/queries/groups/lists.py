"""What hangs on data collection groups, as lists in a text and as numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Select, func, select

from starbeam.api.database import Scope, statement
from starbeam_ispyb.models import (
    AutoProcIntegration,
    AutoProcScaling_has_Int,
    DataCollection,
    DataCollectionGroup,
    Image,
    WorkflowStep,
)
from starbeam_legacy.models import PhasingStep, SpaceGroup
from starbeam_legacy.queries.groups.columns import (
    PROCESSING_KEYS,
    SCREENING_KEYS,
    SESSION_KEY,
    last_collections,
)
from starbeam_legacy.queries.rows import Row, listed

Rows = Sequence[Row]

_PROCESSING_LISTS = {
    "processingPrograms": "AutoProcProgram_processingPrograms",
    "processingStatus": "AutoProcProgram_processingStatus",
    "autoProcIntegrationId": "AutoProcIntegration_autoProcIntegrationId",
    "Autoprocessing_cell_a": "cell_a",
    "Autoprocessing_cell_b": "cell_b",
    "Autoprocessing_cell_c": "cell_c",
    "Autoprocessing_cell_alpha": "cell_alpha",
    "Autoprocessing_cell_beta": "cell_beta",
    "Autoprocessing_cell_gamma": "cell_gamma",
    "Autoprocessing_anomalous": "anomalous",
    "autoProcIds": "autoProcId",
    "AutoProc_spaceGroups": "AutoProc_spaceGroup",
    "scalingStatisticsTypes": "scalingStatisticsType",
    "resolutionsLimitHigh": "resolutionLimitHigh",
    "resolutionsLimitLow": "resolutionLimitLow",
    "rMerges": "rMerge",
    "completenessList": "completeness",
}
"""Lists over all joined rows of automatic processing, and what they list."""


def of_processing(rows: Rows) -> Row:
    """The first result of automatic processing, and lists over all."""
    first = rows[0] if rows else dict.fromkeys(PROCESSING_KEYS)
    lists = {key: listed((row[name] for row in rows), ", ") for key, name in _PROCESSING_LISTS.items()}
    return first | lists


def of_screenings(rows: Rows) -> Row:
    """The first screening with its first strategy."""
    return rows[0] if rows else dict.fromkeys(SCREENING_KEYS)


@statement
def collections(
    scope: Scope,
) -> Select[int, int, str | None, datetime | None, float | None, float | None, int | None]:
    """All data collections of the session's groups."""
    one = DataCollection
    return (
        select(
            one.dataCollectionGroupId,
            one.dataCollectionId,
            one.imageDirectory,
            one.startTime,
            one.magnification,
            one.voltage,
            one.numberOfImages,
        )
        .join(DataCollectionGroup, DataCollectionGroup.dataCollectionGroupId == one.dataCollectionGroupId)
        .where(DataCollectionGroup.sessionId == SESSION_KEY, scope.permitted().sees(one))
        .order_by(one.dataCollectionId)
    )


def of_collections(rows: Rows) -> Row:
    """Lists and totals over a group's data collections."""
    images = [row["numberOfImages"] for row in rows if row["numberOfImages"] is not None]
    return {
        "totalNumberOfImages": sum(images) if images else None,
        "totalNumberOfDataCollections": len(rows),
        "numberOfGridSquares": len(rows),
        "dataCollectionIdList": _listed(rows, "dataCollectionId"),
        "imageDirectoryList": _listed(rows, "imageDirectory"),
        "startTimeList": _listed(rows, "startTime"),
        "magnificationList": _listed(rows, "magnification"),
        "voltageList": _listed(rows, "voltage"),
        "imagesCount": _listed(rows, "numberOfImages"),
    }


@statement
def images(
    scope: Scope,
) -> Select[int, int, int, str]:
    """The images of the groups' last data collections, in one row for each."""
    last = last_collections(scope)
    return (
        select(
            Image.dataCollectionId,
            func.min(Image.imageId).label("firstImageId"),
            func.max(Image.imageId).label("lastImageId"),
            func.aggregate_strings(Image.synchrotronCurrent, ",").label("synchrotronCurrent"),
        )
        .join(last, last.c.id == Image.dataCollectionId)
        .where(scope.permitted().sees(Image))
        .group_by(Image.dataCollectionId)
    )


def of_images(rows: Rows) -> Row:
    """The first and last image, and the currents of all."""
    found = dict(rows[0]) if rows else {}
    return {key: found.get(key) for key in ("firstImageId", "lastImageId", "synchrotronCurrent")}


def has_steps(scope: Scope) -> bool:
    """Whether the database knows of workflows."""
    return scope.has(WorkflowStep, DataCollectionGroup.workflowId)


@statement
def steps(
    scope: Scope,
) -> Select[int, int, str | None, str | None, bool | None]:
    """The steps of the groups' workflows."""
    of_groups = select(DataCollectionGroup.workflowId).where(DataCollectionGroup.sessionId == SESSION_KEY)
    one = WorkflowStep
    characterises = (one.workflowStepType == "Characterisation").label("characterises")
    columns = one.workflowId, one.workflowStepId, one.workflowStepType, one.status, characterises
    seen = scope.permitted().sees(one)
    return select(*columns).where(one.workflowId.in_(of_groups), seen).order_by(one.workflowStepId)


def of_steps(rows: Rows) -> Row:
    """Lists over the steps of a workflow."""
    characterisations = [row for row in rows if row["characterises"]]
    return {
        "WorkflowStep_workflowStepId": _listed(rows, "workflowStepId"),
        "WorkflowStep_workflowStepType": _listed(rows, "workflowStepType"),
        "WorkflowStep_status": _listed(rows, "status"),
        "characterisationWorkflowStepIds": _listed(characterisations, "workflowStepId"),
    }


@statement
def phasing(
    scope: Scope,
) -> Select[int, int, str | None, bool | None, bool | None, bool | None, bool | None]:
    """The phasing steps of scalings of integrations of the groups' data collections."""
    step, link, group = PhasingStep, AutoProcScaling_has_Int, DataCollectionGroup
    integration, collection = AutoProcIntegration, DataCollection
    return (
        select(
            group.dataCollectionGroupId,
            step.phasingStepId,
            SpaceGroup.spaceGroupShortName,
            (step.method == "SAD").label("phases"),
            (step.method == "MR").label("replaces"),
            (step.phasingStepType == "MODELBUILDING").label("builds"),
            (step.phasingStepType == "REFINEMENT").label("refines"),
        )
        .select_from(group)
        .join(collection, collection.dataCollectionGroupId == group.dataCollectionGroupId)
        .join(integration, integration.dataCollectionId == collection.dataCollectionId)
        .join(link, link.autoProcIntegrationId == integration.autoProcIntegrationId)
        .join(step, step.autoProcScalingId == link.autoProcScalingId)
        .outerjoin(SpaceGroup, SpaceGroup.spaceGroupId == step.spaceGroupId)
        .where(group.sessionId == SESSION_KEY, scope.permitted().sees(integration))
        .distinct()
        .order_by(step.phasingStepId)
    )


def of_phasing(rows: Rows) -> Row:
    """How many steps there are, and the space groups that they ended in."""
    return {
        "hasPhasing": sum(bool(row["phases"]) for row in rows),
        "hasMR": sum(bool(row["replaces"]) for row in rows),
        "SpaceGroupModelResolvedByPhasing": _space_groups(rows, "builds"),
        "SpaceGroupModelResolvedByMr": _space_groups(rows, "refines"),
    }


def _space_groups(rows: Rows, does: str) -> str | None:
    """The different space groups of steps that do this."""
    return listed(dict.fromkeys(row["spaceGroupShortName"] for row in rows if row[does]), ",")


def _listed(rows: Iterable[Row], name: str) -> str | None:
    return listed((row[name] for row in rows), ",")
