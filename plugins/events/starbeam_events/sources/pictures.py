"""Pictures that robot actions, energy scans and fluorescence spectra name."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, bindparam, select

from starbeam.api.database import Reader, Scope, statement
from starbeam_ispyb.models import EnergyScan, RobotAction, XFEFluorescenceSpectrum

PICTURES: dict[str, tuple[type[Any], dict[str, str]]] = {
    "robot": (RobotAction, {"before": "xtalSnapshotBefore", "after": "xtalSnapshotAfter"}),
    "energy-scans": (EnergyScan, {"chooch": "jpegChoochFileFullPath"}),
    "spectra": (XFEFluorescenceSpectrum, {"spectrum": "jpegScanFileFullPath"}),
}
"""By the first word of their addresses: the table, and the columns that name pictures, by their names."""


@statement
def _path(scope: Scope, folder: str, name: str) -> Select[Any]:
    entity, columns = PICTURES[folder]
    (key,) = entity.__table__.primary_key
    path = select(scope.column(getattr(entity, columns[name])))
    return path.where(key == bindparam("key"), scope.sees(entity))


async def picture(reader: Reader, folder: str, name: str, key: int) -> str | None:
    """The path of a picture of a row that the caller sees. 1 statement."""
    found: str | None = await reader.scalar(_path(folder, name), key=key)
    return found
