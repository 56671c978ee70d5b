"""Data collections, and their images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from starbeam.api import Invalid
from starbeam_acquisition import queries
from starbeam_acquisition.changes import groups
from starbeam_acquisition.record import NO_COLLECTION, NO_GROUP, Place, Record, Saved
from starbeam_acquisition.values import key as key_of
from starbeam_ispyb.models import DataCollection, DataCollectionGroup, Image, Workflow
from starbeam_ispyb.running import RUNNING

AGAIN = timedelta(days=1)
"""How long ago a data collection may have been begun that is sent again."""
_KEYS = (
    *("dataCollectionId", "dataCollectionGroupId", "sessionId", "blSampleId", "blSubSampleId", "detectorId"),
    *("strategySubWedgeOrigId", "screeningOrigId", "startPositionId", "endPositionId", "positionId"),
    *("apertureId", "dataCollectionPlanId", "endTime"),
)
"""Keys, which are looked at one by one, and what no beamline says."""


@dataclass(frozen=True)
class SavedCollection(Saved):
    """A data collection that was stored."""

    group_id: int


async def save(
    record: Record,
    given: Mapping[str, Any],
    *,
    collection_id: int | None,
    group_id: int | None,
    session_id: int | None,
) -> SavedCollection:
    """Change the data collection of this key; without a key add one to a group, which is made of the same
    values where none is named. Raises `Missing`, `Forbidden`, and `Invalid` for one of another session."""
    if collection_id is not None:
        place = await record.of_collection(collection_id)
        groups.check_session(place, session_id)
        await _change(record, place, collection_id, given, group_id)
        return SavedCollection(collection_id, False, await _group_of(record, collection_id))
    return await _add(record, given, group_id, session_id)


async def _add(
    record: Record, given: Mapping[str, Any], group_id: int | None, session_id: int | None
) -> SavedCollection:
    if group_id is not None:
        place = await record.of_group(group_id)
        groups.check_session(place, session_id)
    elif session_id is None:
        raise Invalid("Field required", ["body", "sessionId"], "missing")
    else:
        place = await record.session(session_id)
    values = await _values(record, place, given)
    if found := await _again(record, place, group_id, values):
        key, group_id = found
        await _complete(record, key, values)
        return SavedCollection(key, False, group_id)
    if group_id is None:
        group_id = (await groups.add(record, place, given)).key
    keys = {"dataCollectionGroupId": group_id, "sessionId": place.session_id}
    row = {"detector2Theta": 0, **values, **keys}
    made = await record.writer.create(DataCollection, row)
    await _fill_group(record, group_id, values)
    return SavedCollection(made.dataCollectionId, True, group_id)


async def _complete(record: Record, key: int, values: Mapping[str, Any]) -> None:
    """Store what is not known yet of a data collection that is sent again. It may have gone on since: the
    first request may be the last to be served."""
    present = await record.writer.first(queries.collection(), NO_COLLECTION, key=key)
    new = {name: value for name, value in values.items() if getattr(present, name) is None}
    if new:
        await record.writer.update(DataCollection, key, new)


async def _again(
    record: Record, place: Place, group_id: int | None, values: Mapping[str, Any]
) -> tuple[int, int] | None:
    """The data collection, and its group, that was begun at the same time with the same files."""
    names = ("imagePrefix", "dataCollectionNumber", "startTime")
    if any(values.get(name) is None for name in names):
        return None
    same = {name: values[name] for name in names} | {"imageDirectory": values.get("imageDirectory")}
    same |= {} if group_id is None else {"group_id": group_id}
    query = queries.collections_like(in_group=group_id is not None)
    found = await record.writer.rows(query, key=place.session_id, since=record.now - AGAIN, **same)
    return (found[0][0], found[0][1]) if found else None


async def _change(
    record: Record, place: Place, key: int, given: Mapping[str, Any], group_id: int | None
) -> None:
    values = await _values(record, place, given)
    present = await record.writer.first(queries.collection(), NO_COLLECTION, key=key)
    if str(given.get("runStatus") or RUNNING).casefold() != RUNNING:
        values["endTime"] = record.now
    elif present.endTime is not None and values.pop("runStatus", None):
        record.fitting.say("runStatus", "it has ended")
    if group_id is not None:
        other = await record.writer.first(queries.group(), NO_GROUP, key=group_id)
        if other.sessionId != place.session_id:
            raise Invalid(groups.OTHER_SESSION, ["body", "group_id"])
        values["dataCollectionGroupId"] = group_id
    if values:
        await record.writer.update(DataCollection, key, values)
    await _fill_group(record, group_id or present.dataCollectionGroupId, values)


async def _group_of(record: Record, key: int) -> int:
    return int(await record.writer.scalar(queries.group_of(), key=key))


async def _fill_group(record: Record, group_id: int, values: Mapping[str, Any]) -> None:
    """What a group does not know yet, its data collection says."""
    present = await record.writer.first(queries.group(), "", key=group_id)
    names = ("blSampleId", "startTime")
    new = {name: values[name] for name in names if getattr(present, name) is None and values.get(name)}
    if new:
        await record.writer.update(DataCollectionGroup, group_id, new)


async def _values(record: Record, place: Place, given: Mapping[str, Any]) -> dict[str, Any]:
    values = record.fit(DataCollection, {**given, **_folder(record, given), **dict.fromkeys(_KEYS)}, place)
    wanted = {
        "blSampleId": queries.sample(),
        "detectorId": queries.detector(),
        "strategySubWedgeOrigId": queries.subwedge(),
    }
    for name, query in wanted.items():
        values[name] = await record.mine(place, name, key_of(given.get(name)), query)
    return {name: value for name, value in values.items() if value is not None}


def _folder(record: Record, given: Mapping[str, Any]) -> dict[str, str]:
    """The folder with a slash at its end on Diamond's schema, which alone has no workflows: programs that
    read it put the names of files right behind it."""
    folder = given.get("imageDirectory")
    if not isinstance(folder, str) or folder.endswith("/") or record.writer.scope.has(Workflow):
        return {}
    return {"imageDirectory": f"{folder}/"} if folder else {}


async def save_image(record: Record, collection_id: int, given: Mapping[str, Any]) -> Saved:
    """Add an image to a data collection; change the one that has its number and name, or its key. Raises
    `Missing` and `Forbidden`."""
    place = await record.of_collection(collection_id)
    not_given = dict.fromkeys(("imageId", "dataCollectionId", "motorPositionId", "BLTIMESTAMP"))
    values = record.fit(Image, {**given, **not_given}, place)
    writer, image_id = record.writer, key_of(given.get("imageId"))
    if image_id is not None:
        await writer.first(queries.image(), "Image not found", key=collection_id, image_id=image_id)
    else:
        same = {name: values.get(name) for name in ("imageNumber", "fileName")}
        image_id = await writer.scalar(queries.images_like(), key=collection_id, **same)
    if image_id is not None:
        await writer.update(Image, image_id, values)
        return Saved(image_id, created=False)
    row = {"recordTimeStamp": record.now, **values, "dataCollectionId": collection_id}
    return Saved((await writer.create(Image, row)).imageId, created=True)
