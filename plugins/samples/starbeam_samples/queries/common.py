"""What the lists share: parameters, samples that were sent here, data collections on something."""

from __future__ import annotations

from typing import Annotated, Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import aliased

from starbeam.api.database import Scope, found_for_row
from starbeam.api.lists import query_id
from starbeam_ispyb.models import Container, DataCollection, DataCollectionGroup, Dewar, Shipping

ProteinId = Annotated[int | None, query_id("Protein id to filter by")]
ContainerId = Annotated[int | None, query_id("Container id to filter by")]
SampleId = Annotated[int | None, query_id("Sample id to filter by")]


def shipped() -> Select[Any]:
    """Keys of containers that are in a dewar, in a shipment."""
    dewars = select(Container.containerId).join(Dewar, Dewar.dewarId == Container.dewarId)
    return dewars.join(Shipping, Shipping.shippingId == Dewar.shippingId)


def is_shipped(sample: Any) -> ColumnElement[bool]:
    """The container of a sample is in a dewar, in a shipment."""
    return found_for_row(shipped().where(Container.containerId == sample.containerId).correlate(sample))


class Collected:
    """Data collections that the caller sees, for subqueries of one outer row."""

    def __init__(self, scope: Scope) -> None:
        self.group = aliased(DataCollectionGroup)
        self.collection = aliased(DataCollection)
        self.of_group = self.collection.dataCollectionGroupId == self.group.dataCollectionGroupId
        self.visible = scope.sees(self.group), scope.below(DataCollectionGroup).sees(self.collection)

    def select(self, what: Any, *conditions: Any) -> Select[Any]:
        """Something of the data collections, and of their groups, for which these conditions hold."""
        joined = select(what).select_from(self.group).join(self.collection, self.of_group)
        return joined.where(*conditions, *self.visible)

    def among(self, what: Any, *conditions: Any) -> Select[Any]:
        """The same, where these conditions find few data collections: from these on, and not from all that
        the caller sees, whatever MariaDB believes of how much that is."""
        joined = select(what).select_from(self.collection).join(self.group, self.of_group)
        return joined.where(*conditions, *self.visible).prefix_with("STRAIGHT_JOIN", dialect="mysql")

    def count(self, *conditions: Any) -> ColumnElement[int]:
        """How many there are."""
        return self.select(func.count(), *conditions).scalar_subquery()
