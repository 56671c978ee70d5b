"""Events."""

from __future__ import annotations

from support.expected import Cost, Route, everybody, totals
from support.world import FIRST

ROUTES = {
    "GET /events": Route(
        totals(session_member=4, proposal_member=8, staff=4, administrator=13),
        cost=Cost(statements=4, reads=120),
    ),
    "GET /events/stream": Route(everybody(), open=True),  # who sees nothing is told nothing
    "GET /events/types": Route(
        totals(session_member=4, proposal_member=4, staff=4, administrator=5),
        cost=Cost(
            statements=1,
            reads=30,
            one=f"sessionId={FIRST + 1}",
            hundred=f"sessionId={FIRST}",
            rows=3,
        ),
    ),
}
EMPTY = {
    "community": {"GridInfo.snaked"},
    "diamond": {
        "DataCollection.xBeamPix",
        "DataCollection.yBeamPix",
        "DataCollectionGroup.Workflow",
        "Workflow.comments",
        "Workflow.status",
        "Workflow.workflowId",
        "Workflow.workflowTitle",
        "Workflow.workflowType",
    },
}
