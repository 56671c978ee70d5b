"""Images, attachments, quality indicators and workflow steps of data collections."""

from __future__ import annotations

from support.expected import Cost, Route, found_by, totals

MINE = found_by("session_member", "proposal_member", "administrator")
"""Something of session 1."""
EACH = totals(session_member=1, proposal_member=2, staff=1, administrator=3)
"""A list with one row for each session."""

ROUTES = {
    "GET /datacollections/images/diffraction/{dataCollectionId}": Route(
        MINE, "/datacollections/images/diffraction/1"
    ),
    "GET /datacollections/images/quality/{dataCollectionId}": Route(
        MINE, "/datacollections/images/quality/1"
    ),
    "GET /datacollections/images/{dataCollectionId}": Route(MINE, "/datacollections/images/1"),
    "GET /datacollections/attachments": Route(EACH, cost=Cost(statements=2, reads=50)),
    "GET /datacollections/attachments/{dataCollectionFileAttachmentId}": Route(
        found_by("proposal_member", "staff", "administrator"), "/datacollections/attachments/2"
    ),
    "GET /datacollections/quality": Route(
        EACH, also=("/datacollections/quality?dataCollectionId=1",), cost=Cost(statements=2, reads=50, rows=1)
    ),
    "GET /datacollections/workflows/steps": Route(EACH, cost=Cost(statements=3, reads=50)),
    "GET /datacollections/workflows/steps/{workflowStepId}": Route(
        MINE, "/datacollections/workflows/steps/1?attachmentType=resultFilePath"
    ),
    "GET /datacollections/groups/{dataCollectionGroupId}": Route(MINE, "/datacollections/groups/1"),
    "PATCH /datacollections/groups/{dataCollectionGroupId}": Route(
        MINE, "/datacollections/groups/1", body={"comments": "Fast"}
    ),
    "GET /datacollections/{dataCollectionId}": Route(MINE, "/datacollections/1"),
    "PATCH /datacollections/{dataCollectionId}": Route(MINE, "/datacollections/1", body={"comments": "Fast"}),
}
EMPTY = {
    "diamond": {
        *(f"Paginated_WorkflowStep_.{name}" for name in ("total", "results", "limit")),
        *(f"WorkflowStep.{name}" for name in ("workflowStepId", "workflowId", "workflowStepType")),
        *(f"WorkflowStep.{name}" for name in ("status", "comments", "_metadata")),
        "WorkflowStepMetaData.attachments",
    },
}
