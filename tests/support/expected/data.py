"""Detector images and HDF5 files."""

from __future__ import annotations

from support.expected import Route, found_by

NEAR = ("session_member", "proposal_member", "administrator")
"""Those who see session 1."""


def _grove(operation: str, **query: str) -> Route:
    return Route(
        found_by(*NEAR),
        f"/data/h5grove/{operation}/?dataCollectionId=1&path=/entry/data/data_000001",
        also=(f"/data/h5grove/{operation}/?autoProcProgramAttachmentId=51&path=/entry/data/data_000001",),
    )


def _plane(what: str) -> Route:
    path = "path=/entry/data/data_000001&selection=0"
    return Route(
        found_by(*NEAR),
        f"/data/h5grove/{what}?dataCollectionId=1&{path}",
        also=(f"/data/h5grove/{what}?autoProcProgramAttachmentId=51&{path}",),
    )


def _frame(what: str) -> Route:
    return Route(found_by(*NEAR), f"/data/frames/1/1/{what}")


FRAME = "GET /data/frames/{dataCollectionId}/{imageNumber}"
ROUTES = {
    f"{FRAME}/picture": _frame("picture"),
    f"{FRAME}/thumbnail": _frame("thumbnail"),
    f"{FRAME}/tiles/{{level}}/{{column}}/{{row}}": _frame("tiles/0/0/0"),
    f"{FRAME}/values": _frame("values?x=1&y=1"),
    "GET /data/images": Route(found_by(*NEAR), "/data/images?dataCollectionId=1&imageNumber=1"),
    "GET /data/images/header": Route(found_by(*NEAR), "/data/images/header?dataCollectionId=1&imageNumber=1"),
    "GET /data/images/histogram": Route(
        found_by(*NEAR), "/data/images/histogram?dataCollectionId=1&imageNumber=1"
    ),
    **{f"GET /data/h5grove/{name}": _grove(name) for name in ("attr", "data", "meta", "stats")},
    **{f"GET /data/h5grove/{name}": _plane(name) for name in ("picture", "histogram")},
    "GET /data/h5grove/paths": Route(found_by(*NEAR), "/data/h5grove/paths/?dataCollectionId=1&path=/entry"),
}
