"""What became of samples: actions of the sample changer and data collections that failed. SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, or_, select

from starbeam.api.database import Rows, Scope, containing, contains, found_for_row, statement
from starbeam_ispyb.models import BLSample, RobotAction
from starbeam_samples.queries.common import Collected

_SAMPLES: Any = bindparam("samples", expanding=True)


@dataclass(frozen=True)
class Outcome:
    """What the caller sees of a sample's fate."""

    handled: bool = False
    """The sample changer has done something with it."""
    failed: bool = False
    """All its data collections failed, or, where there are none, all that the sample changer did."""


@statement
def _attempts(scope: Scope) -> Select[Any]:
    """Sample; whether the sample changer did something, and with success; the same of data collections."""
    collected = Collected(scope)
    actions = select(RobotAction.robotActionId).where(
        RobotAction.blsampleId == BLSample.blSampleId, scope.sees(RobotAction)
    )
    collections = collected.select(
        collected.collection.dataCollectionId, collected.group.blSampleId == BLSample.blSampleId
    )
    # the first that is found says it: a sample can have thousands
    found: list[Any] = [
        found_for_row(one.correlate(BLSample).limit(1))
        for one in (
            *(actions, actions.where(_succeeded(RobotAction.status))),
            *(collections, collections.where(_succeeded(collected.collection.runStatus))),
        )
    ]
    return select(BLSample.blSampleId, *found).where(BLSample.blSampleId.in_(_SAMPLES))


def _succeeded(status: Any) -> ColumnElement[bool]:
    """One without a status has not failed."""
    return or_(status.is_(None), contains(status, containing("success")))


async def outcomes_of(reader: Rows, samples: Sequence[int]) -> Mapping[int, Outcome]:
    """What became of these samples. 1 statement, none for no samples."""
    if not samples:
        return {}
    rows = await reader.rows(_attempts(), samples=samples)
    return {key: _outcome(*map(bool, found)) for key, *found in rows}


def _outcome(handled: bool, handled_well: bool, collected: bool, collected_well: bool) -> Outcome:
    tried, well = (collected, collected_well) if collected else (handled, handled_well)
    return Outcome(handled=handled, failed=tried and not well)
