"""Who sees which maps and regions of interest."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, false, select
from sqlalchemy.orm import aliased
from sqlalchemy.sql.elements import True_

from starbeam.api.database import Allow, Rule, Scope
from starbeam_ispyb import models as m
from starbeam_mapping.models import XRFFluorescenceMapping, XRFFluorescenceMappingROI


def _maps(scope: Scope, entity: Any) -> ColumnElement[bool]:
    """The session rule, by the data collection of the map's grid."""
    if not scope.has(XRFFluorescenceMapping.gridInfoId, m.GridInfo.dataCollectionId):
        return false()
    grid, collection = aliased(m.GridInfo), aliased(m.DataCollection)
    seen = scope.sees(collection)
    if isinstance(seen, True_):
        return seen
    visible = (
        select(grid.gridInfoId)
        .join(collection, collection.dataCollectionId == grid.dataCollectionId)
        .where(seen)
    )
    found: ColumnElement[bool] = entity.gridInfoId.in_(visible)
    return found


def _regions(scope: Scope, entity: Any) -> ColumnElement[bool]:
    """The proposal rule, by the protein of the region's sample. Without a sample, nobody sees it."""
    if not scope.has(XRFFluorescenceMappingROI.blSampleId):
        return false()
    sample, crystal, protein = aliased(m.BLSample), aliased(m.Crystal), aliased(m.Protein)
    seen = (
        select(sample.blSampleId)
        .join(crystal, crystal.crystalId == sample.crystalId)
        .join(protein, protein.proteinId == crystal.proteinId)
        .where(scope.sees(protein))
    )
    found: ColumnElement[bool] = entity.blSampleId.in_(seen)
    return found


RULES: list[Rule] = [Allow(XRFFluorescenceMapping, _maps), Allow(XRFFluorescenceMappingROI, _regions)]
