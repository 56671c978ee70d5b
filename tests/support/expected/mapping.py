"""X-ray fluorescence maps."""

from __future__ import annotations

from support.expected import Cost, Route, found_by, totals

NEAR = ("session_member", "proposal_member", "administrator")
"""Those who see session 1."""
ROUTES = {
    "GET /mapping/rois": Route(
        totals(session_member=1, proposal_member=2, staff=1, administrator=3),
        cost=Cost(statements=2, reads=60),
    ),
    "GET /mapping": Route(
        totals(session_member=1, proposal_member=2, staff=1, administrator=3),
        cost=Cost(statements=2, reads=75),
    ),
    "GET /mapping/histogram/{xrfFluorescenceMappingId}": Route(found_by(*NEAR), "/mapping/histogram/1"),
    "GET /mapping/pixel/{xrfFluorescenceMappingId}": Route(found_by(*NEAR), "/mapping/pixel/1?x=1&y=1"),
    "GET /mapping/{xrfFluorescenceMappingId}": Route(found_by(*NEAR), "/mapping/1"),
}
_FIELDS = {
    "Paginated_MapROI_": "total results limit",
    "Paginated_Map_": "total results limit",
    "MapROI": "xrfFluorescenceMappingROIId element edge scalar startEnergy endEnergy",
    "Map": "xrfFluorescenceMappingId dataFormat points opacity colourMap GridInfo XRFFluorescenceMappingROI"
    " _metadata",
    "MapGridInfo": "gridInfoId steps_x steps_y snaked orientation",
    "MapMetaData": "url blSampleId blSubSampleId dataCollectionId",
    "MapHistogram": "xrfFluorescenceMappingId hist bins width",
    "MapPixelValue": "xrfFluorescenceMappingId x y value",
}
EMPTY = {  # every operation answers 501 there
    "community": {f"{component}.{name}" for component, names in _FIELDS.items() for name in names.split()}
}
