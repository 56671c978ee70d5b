"""Groups of data collections."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from starbeam.api import Invalid
from starbeam_acquisition import queries
from starbeam_acquisition.models import ExperimentType
from starbeam_acquisition.record import Place, Record, Saved
from starbeam_acquisition.values import key as key_of
from starbeam_ispyb.models import DataCollectionGroup, Workflow

AGAIN = timedelta(seconds=30)
"""How long after a group was made one like it, and without data collections, is the same sent again."""
OTHER_SESSION = "It belongs to another session"


async def save(
    record: Record, given: Mapping[str, Any], *, group_id: int | None, session_id: int | None
) -> Saved:
    """Change the group of this key; without a key add one to a session. Raises `Missing`, `Forbidden`, and
    `Invalid` for a group of another session than the one that is named."""
    if group_id is not None:
        place = await record.of_group(group_id)
        check_session(place, session_id)
        await change(record, place, group_id, given)
        return Saved(group_id, created=False)
    if session_id is None:
        raise Invalid("Field required", ["body", "sessionId"], "missing")
    return await add(record, await record.session(session_id), given)


def check_session(place: Place, session_id: int | None) -> None:
    """Raises `Invalid` where another session is named than that of a row: rows never move."""
    if session_id not in (None, place.session_id):
        raise Invalid(OTHER_SESSION, ["body", "sessionId"])


async def add(record: Record, place: Place, given: Mapping[str, Any]) -> Saved:
    """Add a group to a session that nobody else writes to; the one that was added just now, where it is like
    it and has no data collection."""
    values = await _values(record, place, given)
    start = values.get("startTime")
    names = ("experimentType", "actualSampleSlotInContainer", "actualContainerSlotInSC", "blSampleId")
    found = await record.writer.rows(
        queries.groups_like(),
        key=place.session_id,
        earliest=start or record.now - AGAIN,
        latest=start or record.now,
        **{name: values.get(name) for name in names},
    )
    if found:
        return Saved(found[0][0], created=False)
    row = {"startTime": record.now, **values, "sessionId": place.session_id}
    made = await record.writer.create(DataCollectionGroup, row)
    return Saved(made.dataCollectionGroupId, created=True)


async def change(record: Record, place: Place, key: int, given: Mapping[str, Any]) -> None:
    """Change what was sent of a group that nobody else writes to; it ends now."""
    values = {**await _values(record, place, given), "endTime": record.now}
    present = await record.writer.first(queries.group(), "", key=key)
    if present.startTime is not None:
        values.pop("startTime", None)
    await record.writer.update(DataCollectionGroup, key, values)


async def _values(record: Record, place: Place, given: Mapping[str, Any]) -> dict[str, Any]:
    values = record.fit(DataCollectionGroup, {**given, **_not_given()}, place)
    values["blSampleId"] = await record.sample(place, key_of(given.get("blSampleId")))
    if record.writer.scope.has(Workflow, DataCollectionGroup.workflowId):
        workflow = key_of(given.get("workflowId"))
        values["workflowId"] = await record.mine(place, "workflowId", workflow, queries.workflow())
    values["experimentTypeId"] = await _type_id(record, given.get("experimentType"))
    return {name: value for name, value in values.items() if value is not None}


async def _type_id(record: Record, name: Any) -> int | None:
    """The key of a type of experiments, in a database that has a table of them."""
    if not isinstance(name, str) or not record.writer.scope.has(ExperimentType):
        return None
    found: int | None = await record.writer.scalar(queries.experiment_type(), name=name)
    return found


def _not_given() -> dict[str, None]:
    """Keys, which are looked at one by one, and what no beamline says."""
    names = ("dataCollectionGroupId", "sessionId", "blSampleId", "workflowId", "experimentTypeId", "endTime")
    return dict.fromkeys(names)
