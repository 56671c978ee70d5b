"""Why a line of the table of costs is under the aim, as its figures tell; the page explains these words."""

from __future__ import annotations

from collections.abc import Mapping

AIM = 0.8
"""Of the floor."""
SHARE = 0.12
"""Pages of `/events?sessionId=` that a request takes at most by itself, and each of its statements: up to
twice what is usual, since lines are measured on busy machines too."""
MANY = 100
"""Rows read, from which an answer's rows may be what costs."""

_FILES = (
    "/data/",
    "/datacollections/images/",
    "/datacollections/attachments/",
    "/datacollections/workflows/steps/",
    "/processings/attachments/",
    "/samples/images/",
)
_WORK = (
    ("/stats/", "sums"),
    ("/events", "events"),
    ("/processings/", "joined"),
    ("/legacy/data_collections/groups/", "joined"),
    ("/legacy/em/", "joined"),
    ("/legacy/{token}/proposal/{proposal_id}/", "joined"),
)
"""By how a path begins: what is done beside the statements."""


def why(line: Mapping[str, str]) -> str:
    """One word; nothing where the line keeps the aim, or is of something that changes rows; `?` where its
    figures do not tell."""
    if not line["operation"].startswith("GET ") or not line["of the floor"]:
        return ""
    if (share := float(line["of the floor"])) >= AIM:
        return ""
    path = line["operation"].removeprefix("GET ")
    statements, rows = (int(line[name] or 0) for name in ("statements", "rows read"))
    beside = float(line["pages"]) * (1 - share)
    if not statements:
        return "none"
    if any(path.startswith(start) and path != start for start in _FILES):
        return "file"
    if beside <= SHARE * (1 + statements):
        return "request"
    return next((word for start, word in _WORK if path.startswith(start)), "rows" if rows >= MANY else "?")
