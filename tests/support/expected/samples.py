"""Proteins, samples, sub samples and sample images."""

from __future__ import annotations

from support.expected import Cost, Route, found_by, totals

NEAR = ("session_member", "proposal_member", "staff", "administrator")
"""Those who see proposal 1."""
SEEN = totals(session_member=1, proposal_member=2, staff=1, administrator=3)
FOUND = found_by(*NEAR)

ROUTES = {
    "GET /proteins": Route(SEEN, cost=Cost(statements=3, reads=60)),
    "GET /proteins/{proteinId}": Route(FOUND, "/proteins/1"),
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
