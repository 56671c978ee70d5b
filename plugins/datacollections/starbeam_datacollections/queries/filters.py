"""Which data collections a list is of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, bindparam, select

from starbeam_ispyb.models import DataCollection


class Filters(msgspec.Struct, frozen=True):
    """A data collection, a group of them, both or neither."""

    dataCollectionId: int | None = None
    dataCollectionGroupId: int | None = None

    @property
    def values(self) -> dict[str, int]:
        """What to bind, by name."""
        return {name: value for name, value in msgspec.structs.asdict(self).items() if value is not None}

    @property
    def given(self) -> frozenset[str]:
        """Names of the filters that are given."""
        return frozenset(self.values)


def of_collections(column: Any, given: frozenset[str]) -> Iterator[ColumnElement[bool]]:
    """The conditions on a `dataCollectionId` for the filters given."""
    if "dataCollectionId" in given:
        yield column == bindparam("dataCollectionId")
    if "dataCollectionGroupId" in given:
        wanted: Any = bindparam("dataCollectionGroupId")
        of_group = DataCollection.dataCollectionGroupId == wanted
        yield column.in_(select(DataCollection.dataCollectionId).where(of_group))
