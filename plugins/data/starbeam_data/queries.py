"""Which files hold what the database names."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Integer, Select, String, bindparam, column, func, select

from starbeam.api.database import Reader, Scope, statement
from starbeam_ispyb.models import (
    AutoProcProgramAttachment,
    BLSample,
    BLSession,
    DataCollection,
    DataCollectionGroup,
    Proposal,
    RobotAction,
)
from starbeam_ispyb.names import proposal_name, session_name

KEY = bindparam("key", type_=Integer())


@dataclass(frozen=True)
class Images:
    """Where the images of a data collection are, and which there are."""

    folder: str
    template: str
    count: int | None
    first: int
    """The number of the first, as the beamline counts."""

    def holds(self, number: int) -> bool:
        """Whether there may be an image of this number. Clients that count from 1 find what they always
        did."""
        return any(
            number >= first and (self.count is None or number < first + self.count)
            for first in (self.first, 1)
        )


async def images(reader: Reader, data_collection_id: int | None) -> Images | None:
    """Where a data collection's images are; None where it does not exist for the caller, or names no file."""
    if data_collection_id is None:
        return None
    rows = await reader.rows(_data_collection(), key=data_collection_id)
    return _images(*rows[0]) if rows else None


async def images_of(reader: Reader, ids: Sequence[int]) -> Mapping[int, Images]:
    """The same of those of these data collections that name files. 1 statement."""
    rows = await reader.rows(_data_collections(), keys=list(ids))
    found = {key: _images(*row) for key, *row in rows}
    return {key: one for key, one in found.items() if one is not None}


def _images(folder: str | None, template: str | None, count: int | None, first: int | None) -> Images | None:
    if not folder or not template:
        return None
    return Images(folder, template, count, 1 if first is None else first)


class Collected(msgspec.Struct):
    """What pages say of a data collection beside its images; lengths in Å, seconds and mm, angles in
    degrees."""

    proposal: str | None
    session_id: int | None
    session: str | None
    sample: str | None
    prefix: str | None
    count: int | None
    first: int | None
    start: float | None
    range: float | None
    axis: str | None
    exposure: float | None
    wavelength: float | None
    distance: float | None
    x: float | None
    """The centre of the beam, in pixels."""
    y: float | None
    two_theta: float | None
    """How far the detector is swung out."""
    file: str | None


async def collected(reader: Reader, key: int) -> Collected | None:
    """What there is to say of a data collection; None where it does not exist for the caller."""
    rows = await reader.rows(_collected(), key=key)
    return Collected(*rows[0]) if rows else None


async def hdf5_file(
    reader: Reader,
    data_collection_id: int | None,
    attachment_id: int | None,
    robot_action_id: int | None,
) -> str | None:
    """The path of the HDF5 file of the first of these that is given, or None."""
    if data_collection_id is not None:
        found = await images(reader, data_collection_id)
        return posixpath.join(found.folder, found.template) if found else None
    if attachment_id is not None:
        return _result(await reader.rows(_attachment(), key=attachment_id))
    query = reader.scope.build(_robot_action())
    if robot_action_id is None or query is None:
        return None
    path: str | None = await reader.scalar(query, key=robot_action_id)
    return path


def _result(rows: Any) -> str | None:
    """The path of a processing program's HDF5 result."""
    if not rows:
        return None
    kind: str | None
    folder: str | None
    name: str | None
    kind, folder, name = rows[0]
    if kind != "Result" or not folder or not name or not name.lower().endswith(("h5", "hdf5")):
        return None
    return posixpath.join(folder, name)


@statement
def _data_collection(scope: Scope) -> Select[*tuple[Any, ...]]:
    rows = select(*_named(scope)).where(DataCollection.dataCollectionId == KEY)
    return rows.where(scope.sees(DataCollection))


@statement
def _data_collections(scope: Scope) -> Select[*tuple[Any, ...]]:
    key = DataCollection.dataCollectionId
    rows = select(key, *_named(scope)).where(key.in_(bindparam("keys", expanding=True)))
    return rows.where(scope.sees(DataCollection))


def _named(scope: Scope) -> list[ColumnElement[Any]]:
    """What names the files of images."""
    one = DataCollection
    columns = one.imageDirectory, one.fileTemplate, one.numberOfImages, one.startImageNumber
    return [scope.column(of) for of in columns]


@statement
def _collected(scope: Scope) -> Select[*tuple[Any, ...]]:
    one = DataCollection
    named = proposal_name(), BLSession.sessionId, session_name(), BLSample.name
    columns = (
        *(one.imagePrefix, one.numberOfImages, one.startImageNumber, one.axisStart, one.axisRange),
        *(one.rotationAxis, one.exposureTime, one.wavelength, one.detectorDistance),
        *(one.xBeamPix, one.yBeamPix, one.detector2Theta, one.fileTemplate),
    )
    return (
        select(*named, *(scope.column(of) for of in columns))
        .select_from(one)
        .join(DataCollectionGroup, DataCollectionGroup.dataCollectionGroupId == one.dataCollectionGroupId)
        .join(BLSession, BLSession.sessionId == DataCollectionGroup.sessionId)
        .join(Proposal, Proposal.proposalId == BLSession.proposalId)
        .outerjoin(BLSample, BLSample.blSampleId == DataCollectionGroup.blSampleId)
        .where(one.dataCollectionId == KEY, scope.sees(one))
    )


@statement
def _attachment(scope: Scope) -> Select[*tuple[Any, ...]]:
    entity = AutoProcProgramAttachment
    kept = func.coalesce(scope.column(entity.deleted), 0) == 0
    return select(entity.fileType, entity.filePath, entity.fileName).where(
        entity.autoProcProgramAttachmentId == KEY, kept, scope.sees(entity)
    )


@statement
def _robot_action(scope: Scope) -> Select[str] | None:
    """None where the database has no `resultFilePath`, which is in neither flavour of the schema."""
    if "resultfilepath" not in scope.schema.tables.get("robotaction", ()):
        return None
    found = select(column("resultFilePath", String())).select_from(RobotAction)
    return found.where(RobotAction.robotActionId == KEY, scope.sees(RobotAction))
