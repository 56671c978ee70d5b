"""Indexes that would help, and that the schemas in the field lack. None is needed for right answers."""

from __future__ import annotations

from starbeam.api import Index

INDEXES = (
    Index("RobotAction", ("blsessionId", "startTimestamp"), "pages of /events for members of many sessions"),
    Index("EnergyScan", ("sessionId", "startTime"), "pages of /events for members of many sessions"),
    Index(
        "XFEFluorescenceSpectrum",
        ("sessionId", "startTime"),
        "pages of /events for members of many sessions",
    ),
    Index(
        "DataCollection",
        ("dataCollectionGroupId", "startTime"),
        "when a group of data collections began, without reading its rows: every page of /events",
    ),
    Index("ImageQualityIndicators", ("dataCollectionId",), "quality of the images of a data collection"),
    Index("Screening", ("dataCollectionId",), "screenings of a data collection"),
)
"""What to add where it is missing."""
