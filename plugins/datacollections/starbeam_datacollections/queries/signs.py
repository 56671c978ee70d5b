"""What shows that a data collection goes on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, func, or_, select
from sqlalchemy.orm import aliased

from starbeam.api.database import NOW, Scope, seconds_between
from starbeam_datacollections.models import ImageQualityIndicators

AFTER = timedelta(minutes=10)
"""How long after the end of a data collection its images are still looked at, as a rule."""


def looked_at(scope: Scope, one: Any) -> ColumnElement[Any] | None:
    """How many images of a data collection were looked at while it ran and shortly after; None where only a
    pass over all images would tell."""
    if not scope.has(ImageQualityIndicators) or not scope.schema.is_keyed(
        ImageQualityIndicators.dataCollectionId
    ):
        return None
    image = aliased(ImageQualityIndicators)
    number = select(func.count()).where(image.dataCollectionId == one.dataCollectionId).scalar_subquery()
    goes_on = or_(one.endTime.is_(None), seconds_between(one.endTime, NOW) <= AFTER.total_seconds())
    return case((goes_on, number))
