"""What the table asks of each operation: the address that the tests try it at, and what clients send."""

from __future__ import annotations

from typing import Any, NamedTuple

from benchmarks.everything.crowd import FIRST
from support.expected import routes

_IDS = "%5B" + "%2C".join(str(FIRST + 10 * n) for n in range(25)) + "%5D"
_RUN = "beamLineName=id01&runId=1"
SESSION, PROPOSAL = f"sessionId={FIRST}", "proposal=mx9001"
ONE_PAGE = "limit=25"
"""A page of a list of which programs get up to 1,000 rows where they ask for none (plugin `mxcube`)."""

CLIENTS: dict[str, tuple[str, ...]] = {
    "/events": (
        "",
        f"?{SESSION}",
        "?session=mx9001-1",
        f"?{PROPOSAL}",
        f"?blSampleId={FIRST}",
        f"?proteinId={FIRST + 1}",
        f"?dataCollectionGroupId={FIRST + 7}",
        "?status=success",
        "?status=failed",
        "?status=processed",
        "?status=processerror",
        "?eventType=robot",
        "?beamLineName=id01",
        "?skip=10000",
    ),
    "/events/types": ("", f"?{SESSION}", f"?blSampleId={FIRST}"),
    "/proposals": (f"?{ONE_PAGE}", f"?{ONE_PAGE}&search=mx9"),
    "/sessions": (
        f"?{ONE_PAGE}",
        "?limit=205",
        f"?{ONE_PAGE}&{PROPOSAL}",
        f"?{ONE_PAGE}&beamLineName=id01",
        f"?{ONE_PAGE}&upcoming=true",
        f"?{ONE_PAGE}&month=1&year=2024",
    ),
    "/sessions/group": ("?beamLineGroup=wide&upcoming=true",),
    "/persons": (f"?{SESSION}", f"?{PROPOSAL}", "?login=contact1"),
    "/proteins": ("", f"?{PROPOSAL}", "?search=protein1"),
    "/samples": (
        f"?{ONE_PAGE}",
        f"?{ONE_PAGE}&{PROPOSAL}",
        f"?{ONE_PAGE}&proteinId={FIRST}",
        f"?{ONE_PAGE}&containerId={FIRST}",
        f"?{ONE_PAGE}&search=sample1",
        f"?{PROPOSAL}",
    ),
    "/samples/sub": (f"?{PROPOSAL}",),
    "/samples/images": (f"?blSampleId={FIRST}",),
    "/labcontacts": (f"?{PROPOSAL}",),
    "/shippings": (f"?{PROPOSAL}",),
    "/dewars": (f"?shippingId={FIRST}", f"?{PROPOSAL}"),
    "/containers": (f"?dewarId={FIRST}", f"?{PROPOSAL}"),
    "/datacollections/attachments": (f"?dataCollectionId={FIRST}",),
    "/datacollections/quality": (f"?dataCollectionId={FIRST}&limit=1000",),
    "/datacollections/workflows/steps": (f"?workflowId={FIRST}",),
    "/processings": (f"?dataCollectionId={FIRST}",),
    "/processings/auto-integrations": (f"?dataCollectionId={FIRST}",),
    "/processings/results": (f"?{SESSION}", f"?{PROPOSAL}", f"?{PROPOSAL}&of=sample&order_by=ccHalfOuter"),
    "/processings/screenings": (f"?dataCollectionId={FIRST}",),
    "/processings/messages": (f"?dataCollectionId={FIRST}",),
    "/processings/attachments": (f"?dataCollectionId={FIRST}",),
    "/processings/status": (f"?dataCollectionIds={_IDS}",),
    "/processings/messages/status": (f"?dataCollectionIds={_IDS}",),
    "/mapping": (f"?dataCollectionId={FIRST}",),
    "/mapping/rois": (f"?blSampleId={FIRST}",),
    "/stats/times": (f"?{SESSION}", f"?{PROPOSAL}"),
    "/stats/hourlies": (f"?{SESSION}", f"?{PROPOSAL}"),
    "/stats/errors": (f"?{SESSION}", f"?{_RUN}"),
    "/stats/breakdown": (f"?{SESSION}",),
    "/stats/parameters/histogram": (f"?{SESSION}", f"?{_RUN}"),
    "/admin/groups": ("?limit=100",),
    "/admin/activity": ("?limit=100",),
    "/legacy/sessions/proposal/{proposal_id}": ("=/legacy/sessions/proposal/mx9001",),
    "/legacy/data_collections/groups/session/{session_id}": (
        f"=/legacy/data_collections/groups/session/{FIRST}",
    ),
    "/legacy/em/proposal/{proposal_id}/data_collections/{data_collections_ids}/stats": (
        f"=/legacy/em/proposal/mx9001/data_collections/{FIRST},{FIRST + 1}/stats",
    ),
    "/legacy/em/proposal/{proposal_id}/datacollection/{datacollection_id}/movies": (
        f"=/legacy/em/proposal/mx9001/datacollection/{FIRST}/movies",
    ),
}
"""By path of a GET operation, what clients send beside the address of the tests: a query, or, after `=`, an
address."""


class Asked(NamedTuple):
    """One row of the table."""

    operation: str
    """Method and path, as the API has it."""
    address: str
    """Below the API root. `{token}` stands for the caller's."""

    @property
    def body(self) -> Any:
        """What is sent."""
        return routes()[self.operation].body


ENDLESS = {"GET /events/stream"}
"""What goes on and on."""


def of(operation: str) -> list[Asked]:
    """What is asked of an operation, nothing of one without an end. Raises KeyError for one that nobody has
    said anything about."""
    if operation in ENDLESS:
        return []
    route = routes()[operation]
    method, path = operation.split(" ")
    found = [Asked(operation, address or path) for address in (route.path, *route.also)]
    for said in CLIENTS.get(path, ()) if method == "GET" else ():
        found.append(Asked(operation, said[1:] if said[:1] == "=" else path + said))
    return list({one.address: one for one in found}.values())
