"""Proteins, samples, sub samples and sample images."""

from __future__ import annotations

from typing import Any

from support.expected import Answer, Cost, Route, found_by, totals
from support.world import CALLERS

NEAR = ("session_member", "proposal_member", "staff", "administrator")
"""Those who see proposal 1."""
SEEN = totals(session_member=1, proposal_member=2, staff=1, administrator=3)
FOUND = found_by(*NEAR)
CREATED: dict[str, Answer] = {caller: 201 if caller in NEAR else 404 for caller in CALLERS}

_PROTEIN = {"proposalId": 1, "name": "Insulin", "acronym": "INS"}
_SAMPLE: dict[str, Any] = {"proposalId": 1, "containerId": 1, "location": 2, "name": "new"}
_ROWS = [{"location": 1, "name": "renamed"}, {"location": 3, "name": "another", "proteinId": 1}]

ROUTES = {
    "GET /proteins": Route(SEEN, cost=Cost(statements=3, reads=60)),
    "GET /proteins/{proteinId}": Route(FOUND, "/proteins/1"),
    "POST /proteins": Route(
        {**CREATED, **dict.fromkeys(NEAR[1:], 422)},  # the first of them has taken the acronym
        body=_PROTEIN,
    ),
    "PATCH /proteins/{proteinId}": Route(FOUND, "/proteins/1", body={"sequence": "MALW"}),
    "POST /samples": Route(
        {**CREATED, **dict.fromkeys(NEAR[1:], 422)},  # the same of the position
        body={**_SAMPLE, "Crystal": {"proteinId": 1}},
    ),
    "PATCH /samples/{blSampleId}": Route(FOUND, "/samples/1", body={"comments": "Cold"}),
    "POST /containers/{containerId}/samples": Route(FOUND, "/containers/1/samples", body=_ROWS),
    "GET /samples": Route(SEEN, cost=Cost(statements=4, reads=100)),
    "GET /samples/{blSampleId}": Route(FOUND, "/samples/1"),
    "GET /samples/sub": Route(SEEN, cost=Cost(statements=2, reads=100)),
    "GET /samples/sub/{blSubSampleId}": Route(FOUND, "/samples/sub/1"),
    "GET /samples/images": Route(SEEN, cost=Cost(statements=2, reads=90)),
    "GET /samples/images/{blSampleImageId}": Route(FOUND, "/samples/images/1"),
}
EMPTY = {
    "community": {
        *("Protein.density", "SubSample.type"),
        *("SampleImage.offsetX", "SampleImage.offsetY"),  # 0
        "SampleMetaData.queued",  # false
    }
}
