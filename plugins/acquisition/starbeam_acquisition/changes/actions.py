"""What else happens in a session: actions of the sample changer, energy scans and fluorescence spectra."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starbeam.api import Invalid, Missing
from starbeam_acquisition import queries
from starbeam_acquisition.models import BLSample_has_EnergyScan
from starbeam_acquisition.record import Place, Record, Saved
from starbeam_acquisition.values import key as key_of
from starbeam_ispyb.models import EnergyScan, RobotAction, XFEFluorescenceSpectrum

NO_SAMPLE = "Sample not found"


async def save_robot_action(record: Record, session_id: int, given: Mapping[str, Any]) -> Saved:
    """Add an action; change the one that began at the same time. Raises `Missing`, `Forbidden`, and `Invalid`
    for an action that there is not."""
    place = await record.session(session_id)
    words = "actionType", "status"
    upper = {name: str(given.get(name) or "").strip().upper() or None for name in words}
    not_given = dict.fromkeys(("robotActionId", "blsessionId", "blsampleId"))
    values = record.fit(RobotAction, {**given, **upper, **not_given}, place)
    values = {name: value for name, value in values.items() if value != ""}
    if "actionType" not in values:
        raise Invalid("There is no such action", ["body", "actionType"])
    sample = await record.sample(place, key_of(given.get("blsampleId", given.get("blSampleId"))))
    values["blsampleId"] = sample
    writer, start = record.writer, values.get("startTimestamp")
    if start is not None:
        same = {name: values.get(name) for name in ("actionType", "startTimestamp", "blsampleId")}
        if key := await writer.scalar(queries.actions_like(), key=session_id, **same):
            # With its start, which MariaDB sets to now whenever it is left out.
            await writer.change(RobotAction, values, RobotAction.robotActionId == key)
            return Saved(key, created=False)
    start = start or record.now
    row = {"endTimestamp": start, **values, "startTimestamp": start, "blsessionId": session_id}
    return Saved((await writer.create(RobotAction, row)).robotActionId, created=True)


async def save_energy_scan(record: Record, session_id: int, given: Mapping[str, Any]) -> Saved:
    """Add an energy scan; change the one that began at the same time with the same file. Raises `Missing` and
    `Forbidden`."""
    return await _save_scan(record, EnergyScan, session_id, given)


async def save_spectrum(record: Record, session_id: int, given: Mapping[str, Any]) -> Saved:
    """The same of a fluorescence spectrum."""
    return await _save_scan(record, XFEFluorescenceSpectrum, session_id, given)


async def _save_scan(record: Record, model: Any, session_id: int, given: Mapping[str, Any]) -> Saved:
    place = await record.session(session_id)
    values = await _scan_values(record, model, place, given)
    key = await _scan_again(record, model, session_id, values)
    if key is not None:
        await record.writer.update(model, key, values)
        return Saved(key, created=False)
    row = {"endTime": record.now, **values, "sessionId": session_id}
    made = await record.writer.create(model, row)
    return Saved(int(getattr(made, model.__mapper__.primary_key[0].key)), created=True)


async def _scan_values(record: Record, model: Any, place: Place, given: Mapping[str, Any]) -> dict[str, Any]:
    not_given = dict.fromkeys(
        (model.__mapper__.primary_key[0].key, "sessionId", "blSampleId", "blSubSampleId")
    )
    values = record.fit(model, {**given, **not_given}, place)
    sample = await record.sample(place, key_of(given.get("blSampleId")))
    return values if sample is None else {**values, "blSampleId": sample}


async def _scan_again(record: Record, model: Any, session_id: int, values: Mapping[str, Any]) -> int | None:
    """The scan that began at the same time; one without any file cannot be told from others."""
    files = {name: values.get(name) for name in ("scanFileFullPath", "filename")}
    if values.get("startTime") is None or not any(files.values()):
        return None
    same = {**files, "startTime": values["startTime"]}
    found = await record.writer.rows(queries.scans_like(model), key=session_id, **same)
    return int(found[0][0]) if found else None


async def associate(record: Record, scan_id: int, sample_id: int) -> Saved:
    """Say of which sample an energy scan was made. Raises `Missing` and `Forbidden`."""
    place = await record.of_scan(scan_id)
    writer = record.writer
    if not await writer.rows(queries.sample(), key=sample_id, proposal_id=place.proposal_id):
        raise Missing(NO_SAMPLE)
    if await writer.scalar(queries.sample_of_scan(), key=scan_id) != sample_id:
        await writer.update(EnergyScan, scan_id, {"blSampleId": sample_id})
    if key := await writer.scalar(queries.samples_of_scan(), key=scan_id, sample_id=sample_id):
        return Saved(key, created=False)
    row = {"energyScanId": scan_id, "blSampleId": sample_id}
    made = await writer.create(BLSample_has_EnergyScan, row)
    return Saved(made.blSampleHasEnergyScanId, created=True)
