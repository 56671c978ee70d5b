"""What became of samples: actions of the sample changer and data collections that failed. SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CompoundSelect, Select, bindparam, case, func, literal_column, select, union_all

from starbeam.api.database import Rows, Scope, containing, contains, statement
from starbeam_ispyb.models import RobotAction
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
def _attempts(scope: Scope) -> CompoundSelect[Any]:
    """Sample, whether data collections, how many, how many of them failed."""
    collected = Collected(scope)
    of_group = collected.group.blSampleId
    actions = select(RobotAction.blsampleId, literal_column("0"), *_counts(RobotAction.status))
    actions = actions.where(RobotAction.blsampleId.in_(_SAMPLES), scope.sees(RobotAction))
    collections: Select[Any] = collected.select(of_group, of_group.in_(_SAMPLES)).add_columns(
        literal_column("1"), *_counts(collected.collection.runStatus)
    )
    # in this order: what the caller may see can be far more than what was collected on these samples
    collections = collections.group_by(of_group).prefix_with("STRAIGHT_JOIN", dialect="mysql")
    return union_all(actions.group_by(RobotAction.blsampleId), collections)


def _counts(status: Any) -> tuple[Any, Any]:
    """How many there are, and how many failed: one without a status has not."""
    failed = status.is_not(None) & ~contains(status, containing("success"))
    return func.count(), func.sum(case((failed, 1), else_=0))


async def outcomes_of(reader: Rows, samples: Sequence[int]) -> Mapping[int, Outcome]:
    """What became of these samples. 1 statement, none for no samples."""
    if not samples:
        return {}
    counts: dict[int, dict[int, tuple[int, int]]] = {key: {} for key in samples}
    for key, collections, number, failed in await reader.rows(_attempts(), samples=samples):
        counts[key][int(collections)] = (int(number), int(failed))
    return {key: _outcome(found) for key, found in counts.items()}


def _outcome(found: Mapping[int, tuple[int, int]]) -> Outcome:
    number, failed = found.get(1) or found.get(0) or (0, 0)
    return Outcome(handled=0 in found, failed=0 < number == failed)
