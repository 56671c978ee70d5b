"""What shows that a data collection goes on."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import aliased

from starbeam.api.database import Scope
from starbeam_datacollections.models import ImageQualityIndicators
from starbeam_ispyb.queries import goes_on


def looked_at(scope: Scope, one: Any) -> ColumnElement[Any] | None:
    """How many images of a data collection were looked at while it ran and shortly after; None where only a
    pass over all images would tell."""
    if not scope.has(ImageQualityIndicators) or not scope.schema.is_keyed(
        ImageQualityIndicators.dataCollectionId
    ):
        return None
    image = aliased(ImageQualityIndicators)
    number = select(func.count()).where(image.dataCollectionId == one.dataCollectionId).scalar_subquery()
    return case((goes_on(one), number))
