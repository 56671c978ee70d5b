"""Data collections and groups of them: SQL."""

from __future__ import annotations

from starbeam.api.database import Shape
from starbeam.api.lists import List
from starbeam_datacollections import schemas
from starbeam_ispyb import models as m

GROUPS = List(
    Shape(schemas.DataCollectionGroupSummary, m.DataCollectionGroup),
    m.DataCollectionGroup,
    missing="Data collection group not found",
)
COLLECTIONS = List(
    Shape(schemas.DataCollectionSummary, m.DataCollection),
    m.DataCollection,
    missing="Data collection not found",
)
