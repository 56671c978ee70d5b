"""Robot actions, fluorescence spectra and energy scans."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_

from starbeam.api.database import Shape, containing, contains
from starbeam_events import full, schemas
from starbeam_events.sources.table import TableSource
from starbeam_ispyb.models import EnergyScan, RobotAction, XFEFluorescenceSpectrum

SUCCESS = containing("success")


def succeeded(column: Any, status: str) -> ColumnElement[bool]:
    """The condition for `status` to be `success`, or `failed`: neither holds without a value."""
    success = contains(column, SUCCESS)
    return success if status == "success" else and_(column.is_not(None), ~success)


class _RobotActions(TableSource):
    def with_status(self, status: str) -> ColumnElement[bool] | None:
        """Actions succeed or fail; none is processed."""
        return succeeded(RobotAction.status, status) if status in ("success", "failed") else None


ROBOT_ACTIONS = _RobotActions(
    "robot",
    "Sample Actions",
    RobotAction,
    Shape(schemas.RobotAction, RobotAction),
    start=RobotAction.startTimestamp,
    end=RobotAction.endTimestamp,
    session=RobotAction.blsessionId,
    sample=RobotAction.blsampleId,
    full=Shape(full.RobotAction, RobotAction),
)
SPECTRA = TableSource(
    "xrf",
    "XRF Spectrum",
    XFEFluorescenceSpectrum,
    Shape(schemas.XFEFluorescenceSpectrum, XFEFluorescenceSpectrum),
    start=XFEFluorescenceSpectrum.startTime,
    end=XFEFluorescenceSpectrum.endTime,
    session=XFEFluorescenceSpectrum.sessionId,
    sample=XFEFluorescenceSpectrum.blSampleId,
    full=Shape(full.XFEFluorescenceSpectrum, XFEFluorescenceSpectrum),
)
ENERGY_SCANS = TableSource(
    "es",
    "Energy Scan",
    EnergyScan,
    Shape(schemas.EnergyScan, EnergyScan),
    start=EnergyScan.startTime,
    end=EnergyScan.endTime,
    session=EnergyScan.sessionId,
    sample=EnergyScan.blSampleId,
    full=Shape(full.EnergyScan, EnergyScan),
)
