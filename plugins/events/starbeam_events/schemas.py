"""What the operations answer. A field that may have no value is null then, and always present."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

EventStatus = Literal["success", "failed", "processed", "processerror"]


class Workflow(msgspec.Struct):
    """The beamline workflow that a group was collected by."""

    workflowId: Annotated[int, Meta(title="Workflow Id")]
    comments: Annotated[str | None, Meta(title="Comments")]
    status: Annotated[str | None, Meta(title="Status")]
    workflowTitle: Annotated[str | None, Meta(title="Title")]
    workflowType: Annotated[str | None, Meta(title="Type")]


class DataCollectionGroup(msgspec.Struct):
    """The group of a data collection."""

    dataCollectionGroupId: Annotated[int, Meta(title="Data Collection Group Id")]
    experimentType: Annotated[str | None, Meta(title="Experiment Type")]
    Workflow: Workflow | None


class GridInfo(msgspec.Struct):
    """The grid of a mesh scan. `pixelsPerMicron…` may hold microns per pixel, as the database does."""

    gridInfoId: Annotated[int, Meta(title="Grid Info Id")]
    dx_mm: Annotated[float | None, Meta(title="Step in x, mm")]
    dy_mm: Annotated[float | None, Meta(title="Step in y, mm")]
    steps_x: Annotated[float | None, Meta(title="Steps in x")]
    steps_y: Annotated[float | None, Meta(title="Steps in y")]
    xOffset: Annotated[float | None, Meta(title="Offset in x")]
    yOffset: Annotated[float | None, Meta(title="Offset in y")]
    meshAngle: Annotated[float | None, Meta(title="Mesh Angle")]
    orientation: Annotated[str | None, Meta(title="Orientation")]
    snaked: Annotated[bool | None, Meta(title="Snaked")]
    pixelsPerMicronX: Annotated[float | None, Meta(title="Pixels per Micron in x")]
    pixelsPerMicronY: Annotated[float | None, Meta(title="Pixels per Micron in y")]
    snapshot_offsetXPixel: Annotated[float | None, Meta(title="Offset of the Snapshot in x, pixels")]
    snapshot_offsetYPixel: Annotated[float | None, Meta(title="Offset of the Snapshot in y, pixels")]


class DataCollectionMetaData(msgspec.Struct):
    """Which files of a data collection are there."""

    snapshots: Annotated[
        dict[str, bool],
        Meta(title="Snapshots", description="`1` to `4`: pictures of the crystal; `analysis`: a plot"),
    ]


class DataCollection(msgspec.Struct):
    """A data collection."""

    dataCollectionId: Annotated[int, Meta(title="Data Collection Id")]
    DataCollectionGroup: DataCollectionGroup
    GridInfo: list[GridInfo] | None
    metadata: DataCollectionMetaData = msgspec.field(name="_metadata")
    runStatus: Annotated[str | None, Meta(title="Status")]
    imageDirectory: Annotated[str | None, Meta(title="Directory")]
    fileTemplate: Annotated[str | None, Meta(title="File Template")]
    imageContainerSubPath: Annotated[str | None, Meta(title="Image Sub Path")]
    numberOfImages: Annotated[int | None, Meta(title="Number of Images")]
    numberOfPasses: Annotated[int | None, Meta(title="Number of Passes")]
    wavelength: Annotated[float | None, Meta(title="Wavelength", extra_json_schema={"unit": "Å"})]
    exposureTime: Annotated[float | None, Meta(title="Exposure Time", extra_json_schema={"unit": "s"})]
    flux: Annotated[float | None, Meta(title="Flux", extra_json_schema={"unit": "ph/s"})]
    xBeam: Annotated[float | None, Meta(title="Beam Position X", extra_json_schema={"unit": "pixels"})]
    yBeam: Annotated[float | None, Meta(title="Beam Position Y", extra_json_schema={"unit": "pixels"})]
    xBeamPix: Annotated[float | None, Meta(title="Beam Position X", extra_json_schema={"unit": "pixels"})]
    yBeamPix: Annotated[float | None, Meta(title="Beam Position Y", extra_json_schema={"unit": "pixels"})]
    beamSizeAtSampleX: Annotated[float | None, Meta(title="Beam Size X", extra_json_schema={"unit": "mm"})]
    beamSizeAtSampleY: Annotated[float | None, Meta(title="Beam Size Y", extra_json_schema={"unit": "mm"})]
    transmission: Annotated[float | None, Meta(title="Transmission", extra_json_schema={"unit": "%"})]
    axisStart: Annotated[float | None, Meta(title="Axis Start", extra_json_schema={"unit": "°"})]
    axisEnd: Annotated[float | None, Meta(title="Axis End", extra_json_schema={"unit": "°"})]
    axisRange: Annotated[float | None, Meta(title="Axis Oscillation", extra_json_schema={"unit": "°"})]
    rotationAxis: Annotated[str | None, Meta(title="Rotation Axis")]
    overlap: Annotated[float | None, Meta(title="Overlap", extra_json_schema={"unit": "°"})]
    chiStart: Annotated[float | None, Meta(title="Chi Start", extra_json_schema={"unit": "°"})]
    kappaStart: Annotated[float | None, Meta(title="Kappa Start", extra_json_schema={"unit": "°"})]
    omegaStart: Annotated[float | None, Meta(title="Omega Start", extra_json_schema={"unit": "°"})]
    phiStart: Annotated[float | None, Meta(title="Phi Start", extra_json_schema={"unit": "°"})]
    detectorDistance: Annotated[
        float | None, Meta(title="Detector Distance", extra_json_schema={"unit": "mm"})
    ]
    resolution: Annotated[float | None, Meta(title="Resolution", extra_json_schema={"unit": "Å"})]
    magnification: Annotated[
        int | None, Meta(title="Magnification", description="Cut", extra_json_schema={"unit": "x"})
    ]
    binning: Annotated[int | None, Meta(title="Binning")]
    particleDiameter: Annotated[
        float | None, Meta(title="Particle Diameter", extra_json_schema={"unit": "nm"})
    ]
    amountAstigmatism: Annotated[
        float | None, Meta(title="Amount of Astigmatism", extra_json_schema={"unit": "A"})
    ]
    defocusStepSize: Annotated[float | None, Meta(title="Defocus Step Size", extra_json_schema={"unit": "A"})]
    objAperture: Annotated[float | None, Meta(title="Objective Aperture", extra_json_schema={"unit": "um"})]
    voltage: Annotated[float | None, Meta(title="Voltage", extra_json_schema={"unit": "kV"})]


class RobotAction(msgspec.Struct):
    """An action of the sample changer."""

    actionType: Annotated[str, Meta(title="Action Type")]
    status: Annotated[str | None, Meta(title="Status")]
    message: Annotated[str | None, Meta(title="Message")]


class XFEFluorescenceSpectrum(msgspec.Struct):
    """An X-ray fluorescence spectrum."""

    xfeFluorescenceSpectrumId: Annotated[int, Meta(title="XFE Fluorescence Spectrum Id")]


class EnergyScan(msgspec.Struct):
    """An energy scan."""

    energyScanId: Annotated[int, Meta(title="Energy Scan Id")]


class Event(msgspec.Struct):
    """Something that happened in a session."""

    id: Annotated[int, Meta(title="Id", description="The key in the table of its type")]
    type: Annotated[str, Meta(title="Type")]
    startTime: Annotated[datetime | None, Meta(title="Start Time")]
    endTime: Annotated[datetime | None, Meta(title="End Time")]
    duration: Annotated[float | None, Meta(title="Duration", extra_json_schema={"unit": "min"})]
    count: Annotated[int, Meta(title="Count", description="How many data collections it stands for")]
    attachments: Annotated[int | None, Meta(title="Attachments")]
    sessionId: Annotated[int, Meta(title="Session Id")]
    session: Annotated[str | None, Meta(title="Session")]
    proposal: Annotated[str, Meta(title="Proposal")]
    blSampleId: Annotated[int | None, Meta(title="Sample Id")]
    blSample: Annotated[str | None, Meta(title="Sample")]
    Item: Annotated[Any, Meta(title="Item", description="The row itself, by type")]


class EventType(msgspec.Struct):
    """A kind of event, as `eventType` of `/events` takes it."""

    eventType: Annotated[str, Meta(title="Event Type")]
    eventTypeName: Annotated[str, Meta(title="Event Type Name")]


class Change(msgspec.Struct, frozen=True):
    """An event that is new or has changed."""

    key: Annotated[
        str, Meta(title="Key", description="`g-` and the id of a group of data collections; type and id")
    ]
    type: Annotated[str, Meta(title="Type")]
    id: Annotated[int, Meta(title="Id", description="The group's of data collections, else the event's")]
    startTime: Annotated[datetime, Meta(title="Start Time")]
    sessionId: Annotated[int, Meta(title="Session Id")]
    session: Annotated[str | None, Meta(title="Session")]
    proposal: Annotated[str, Meta(title="Proposal")]
    beamLineName: Annotated[str | None, Meta(title="Beamline Name")]
