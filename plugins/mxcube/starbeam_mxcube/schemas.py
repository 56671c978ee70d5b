"""What MXCuBE sends and is answered. Of what it sends any member may be missing, null or of another type;
what is not known is ignored, and what cannot be stored is named in `warnings`."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from starbeam_datacollections.schemas import DataCollectionSummary
from starbeam_proposals.schemas import Proposal, Session
from starbeam_samples.schemas import Sample, SampleCrystal

Number = float | str | UnsetType | None
Whole = int | str | UnsetType | None
Text = str | UnsetType | None
AT = "2026-03-10 14:01:02"
LOCAL = "Local time; a `Z` behind it means nothing"
Time = Annotated[str | UnsetType | None, Meta(description=LOCAL, examples=[AT])]
Key = Annotated[int | str | UnsetType | None, Meta(description="Of the row to change", examples=[None])]


class Warned(msgspec.Struct, frozen=True):
    """What was sent and is not stored as it came."""

    field: Annotated[str, Meta(title="Field")]
    problem: Annotated[str, Meta(title="Problem")]


class MxcubeProposal(Proposal):
    """A proposal. `title` and `state` are never null."""


class MxcubeSession(Session):
    """A session, with what its proposal is about."""

    title: Annotated[str, Meta(title="Title")]
    nbShifts: Annotated[int | None, Meta(title="Shifts")]


class MxcubeCrystal(SampleCrystal):
    """The crystal form of a sample, with its space group."""

    space_group: Annotated[str | None, Meta(title="Space Group")]


class MxcubePlan(msgspec.Struct):
    """How a sample is to be measured."""

    diffractionPlanId: Annotated[int | None, Meta(title="Diffraction Plan Id")]


class MxcubeSample(Sample):
    """A sample, with its bar code."""

    code: Annotated[str | None, Meta(title="Bar Code")]
    DiffractionPlan: Annotated[MxcubePlan, Meta(title="Diffraction Plan")]
    Crystal: Annotated[MxcubeCrystal, Meta(title="Crystal")]


class NewSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session that shall be there."""

    proposalId: Annotated[int | str, Meta(title="Proposal Id")]
    startDate: Annotated[str, Meta(title="Start", description=LOCAL, examples=["2026-03-10T00:00:00Z"])]
    endDate: Annotated[str, Meta(title="End", description=LOCAL, examples=["2026-03-12T07:59:59Z"])]
    beamLineName: Annotated[str, Meta(title="Beamline", min_length=1, max_length=45)]
    comments: Annotated[str | None, Meta(title="Comments")] = None
    scheduled: Annotated[bool | None, Meta(title="Scheduled")] = None


class SetupOfSession(msgspec.Struct, frozen=True):
    """Which set-up a session has."""

    sessionId: Annotated[int, Meta(title="Session Id")]
    beamLineSetupId: Annotated[int, Meta(title="Beamline Setup Id")]


class SentSetup(msgspec.Struct, frozen=True, kw_only=True):
    """How a beamline is set up: MXCuBE's configuration of it."""

    sessionId: Whole = UNSET
    synchrotron_name: Text = UNSET
    synchrotronMode: Text = UNSET
    undulators: list[dict[str, Any]] | UnsetType | None = UNSET
    monochromator_type: Text = UNSET
    focusing_optic: Text = UNSET
    beam_divergence_vertical: Number = UNSET
    beam_divergence_horizontal: Number = UNSET
    polarisation: Number = UNSET
    minimum_exposure_time: Number = UNSET
    maximum_phi_speed: Number = UNSET
    minimum_phi_oscillation: Number = UNSET
    detector_manufacturer: Text = UNSET
    detector_model: Text = UNSET
    detector_type: Text = UNSET
    detector_binning_mode: Text = UNSET


class FileInfo(msgspec.Struct, frozen=True, kw_only=True):
    """The files of a data collection."""

    directory: Text = UNSET
    prefix: Text = UNSET
    suffix: Text = UNSET
    template: Text = UNSET
    run_number: Whole = UNSET


class Oscillation(msgspec.Struct, frozen=True, kw_only=True):
    """How the crystal turns."""

    start: Number = UNSET
    range: Number = UNSET
    offset: Number = UNSET
    number_of_images: Whole = UNSET
    start_image_number: Whole = UNSET
    number_of_passes: Whole = UNSET
    exposure_time: Number = UNSET
    kappaStart: Number = UNSET
    phiStart: Number = UNSET


class SampleReference(msgspec.Struct, frozen=True, kw_only=True):
    """The sample that is measured."""

    blSampleId: Whole = UNSET


class SentGroup(msgspec.Struct, frozen=True, kw_only=True):
    """A group of data collections, or a data collection whose group it is. Columns by their names, too."""

    sessionId: Whole = UNSET
    group_id: Key = UNSET
    collection_id: Key = UNSET
    blSampleId: Whole = UNSET
    sample_reference: SampleReference | UnsetType | None = UNSET
    experiment_type: Text = UNSET
    workflow_id: Whole = UNSET
    collection_start_time: Time = UNSET
    comments: Text = UNSET
    actualSampleBarcode: Text = UNSET
    actualContainerBarcode: Text = UNSET
    actualSampleSlotInContainer: Whole = UNSET
    actualContainerSlotInSC: Whole = UNSET


class SentCollection(SentGroup, frozen=True, kw_only=True):
    """A data collection. Columns by their own names, too."""

    status: Text = UNSET
    fileinfo: FileInfo | UnsetType | None = UNSET
    oscillation_sequence: list[Oscillation] | UnsetType | None = UNSET
    detectorId: Whole = UNSET
    resolution: Number = UNSET
    resolutionAtCorner: Number = UNSET
    wavelength: Annotated[Number, Meta(extra_json_schema={"unit": "Å"})] = UNSET
    energy: Annotated[Number, Meta(extra_json_schema={"unit": "keV"})] = UNSET
    transmission: Annotated[Number, Meta(extra_json_schema={"unit": "%"})] = UNSET
    detectorDistance: Annotated[Number, Meta(extra_json_schema={"unit": "mm"})] = UNSET
    xBeam: Number = UNSET
    yBeam: Number = UNSET
    flux: Number = UNSET
    flux_end: Number = UNSET
    totalAbsorbedDose: Number = UNSET
    beamSizeAtSampleX: Number = UNSET
    beamSizeAtSampleY: Number = UNSET
    beamShape: Text = UNSET
    slitGapHorizontal: Number = UNSET
    slitGapVertical: Number = UNSET
    undulatorGap1: Number = UNSET
    undulatorGap2: Number = UNSET
    undulatorGap3: Number = UNSET
    synchrotronMode: Text = UNSET
    centringMethod: Text = UNSET
    actualCentringPosition: Text = UNSET
    xtalSnapshotFullPath1: Text = UNSET
    xtalSnapshotFullPath2: Text = UNSET
    xtalSnapshotFullPath3: Text = UNSET
    xtalSnapshotFullPath4: Text = UNSET
    screening_sub_wedge_id: Whole = UNSET


class StoredGroup(msgspec.Struct, frozen=True):
    """A group of data collections."""

    dataCollectionGroupId: Annotated[int, Meta(title="Data Collection Group Id")]
    experimentType: Annotated[str | None, Meta(title="Experiment Type")]
    blSampleId: Annotated[int | None, Meta(title="Sample Id")]
    sessionId: Annotated[int, Meta(title="Session Id")]
    workflowId: Annotated[int | None, Meta(title="Workflow Id")]
    warnings: Annotated[list[Warned], Meta(title="Warnings")]


class StoredCollection(msgspec.Struct, frozen=True):
    """A data collection that was stored."""

    dataCollectionId: Annotated[int, Meta(title="Data Collection Id")]
    dataCollectionGroupId: Annotated[int, Meta(title="Data Collection Group Id")]
    warnings: Annotated[list[Warned], Meta(title="Warnings")]


class SentImage(msgspec.Struct, frozen=True, kw_only=True):
    """An image of a data collection."""

    dataCollectionId: Whole = UNSET
    imageId: Key = UNSET
    imageNumber: Whole = UNSET
    fileName: Text = UNSET
    fileLocation: Text = UNSET
    jpegFileFullPath: Text = UNSET
    jpegThumbnailFileFullPath: Text = UNSET
    measuredIntensity: Number = UNSET
    cumulativeIntensity: Number = UNSET
    synchrotronCurrent: Number = UNSET
    temperature: Number = UNSET
    machineMessage: Text = UNSET
    comments: Text = UNSET


class StoredImage(msgspec.Struct, frozen=True):
    """An image that was stored."""

    imageId: Annotated[int, Meta(title="Image Id")]
    dataCollectionId: Annotated[int, Meta(title="Data Collection Id")]
    imageNumber: Annotated[int | None, Meta(title="Number")]
    warnings: Annotated[list[Warned], Meta(title="Warnings")]


class SentRobotAction(msgspec.Struct, frozen=True, kw_only=True):
    """An action of the sample changer."""

    sessionId: Whole = UNSET
    blSampleId: Whole = UNSET
    actionType: Annotated[
        Text, Meta(description="LOAD, UNLOAD, DISPOSE, STORE, WASH or ANNEAL", examples=["LOAD"])
    ] = UNSET
    status: Text = UNSET
    message: Text = UNSET
    containerLocation: Whole = UNSET
    dewarLocation: Whole = UNSET
    sampleBarcode: Text = UNSET
    startTimestamp: Time = UNSET
    endTimestamp: Time = UNSET
    xtalSnapshotBefore: Text = UNSET
    xtalSnapshotAfter: Text = UNSET


class _Scan(msgspec.Struct, frozen=True, kw_only=True):
    sessionId: Whole = UNSET
    blSampleId: Whole = UNSET
    startTime: Time = UNSET
    endTime: Time = UNSET
    scanFileFullPath: Text = UNSET
    filename: Text = UNSET
    workingDirectory: Text = UNSET
    exposureTime: Number = UNSET
    axisPosition: Number = UNSET
    beamSizeHorizontal: Number = UNSET
    beamSizeVertical: Number = UNSET
    flux: Number = UNSET
    flux_end: Number = UNSET
    crystalClass: Text = UNSET
    comments: Text = UNSET


class SentEnergyScan(_Scan, frozen=True, kw_only=True):
    """An energy scan."""

    element: Text = UNSET
    edgeEnergy: Text = UNSET
    startEnergy: Number = UNSET
    endEnergy: Number = UNSET
    transmissionFactor: Number = UNSET
    synchrotronCurrent: Number = UNSET
    temperature: Number = UNSET
    xrayDose: Number = UNSET
    fluorescenceDetector: Text = UNSET
    choochFileFullPath: Text = UNSET
    jpegChoochFileFullPath: Text = UNSET
    peakEnergy: Number = UNSET
    peakFPrime: Number = UNSET
    peakFDoublePrime: Number = UNSET
    inflectionEnergy: Number = UNSET
    inflectionFPrime: Number = UNSET
    inflectionFDoublePrime: Number = UNSET
    remoteEnergy: Number = UNSET
    remoteFPrime: Number = UNSET
    remoteFDoublePrime: Number = UNSET


class SentSpectrum(_Scan, frozen=True, kw_only=True):
    """A fluorescence spectrum."""

    energy: Number = UNSET
    beamTransmission: Number = UNSET
    jpegScanFileFullPath: Text = UNSET
    annotatedPymcaXfeSpectrum: Text = UNSET
    fittedDataFileFullPath: Text = UNSET


class SentSampleOfScan(msgspec.Struct, frozen=True, kw_only=True):
    """Of which sample an energy scan was made."""

    energyScanId: Whole = UNSET
    blSampleId: Whole = UNSET


class SampleOfScan(msgspec.Struct, frozen=True):
    """Of which sample an energy scan was made."""

    blSampleHasEnergyScanId: Annotated[int, Meta(title="Key")]
    energyScanId: Annotated[int, Meta(title="Energy Scan Id")]
    blSampleId: Annotated[int, Meta(title="Sample Id")]


class Detector(msgspec.Struct, frozen=True):
    """A detector."""

    detectorId: Annotated[int, Meta(title="Detector Id")]
    detectorType: Annotated[str | None, Meta(title="Type")]
    detectorManufacturer: Annotated[str | None, Meta(title="Manufacturer")]
    detectorModel: Annotated[str | None, Meta(title="Model")]
    detectorMode: Annotated[str | None, Meta(title="Mode")]
    detectorPixelSizeHorizontal: Annotated[float | None, Meta(title="Pixel Size, Horizontal")]
    detectorPixelSizeVertical: Annotated[float | None, Meta(title="Pixel Size, Vertical")]
    detectorSerialNumber: Annotated[str | None, Meta(title="Serial Number")]
    localName: Annotated[str | None, Meta(title="Local Name")]


class MxcubeCollection(DataCollectionSummary):
    """A data collection, with how it was taken. `startTime` and `endTime` are never null."""

    sessionId: Annotated[int, Meta(title="Session Id")]
    blSampleId: Annotated[int | None, Meta(title="Sample Id")]
    blSubSampleId: Annotated[int | None, Meta(title="Sub Sample Id")]
    detectorId: Annotated[int | None, Meta(title="Detector Id")]
    strategySubWedgeOrigId: Annotated[int | None, Meta(title="Strategy Sub Wedge Id")]
    startPositionId: Annotated[int | None, Meta(title="Start Position Id")]
    endPositionId: Annotated[int | None, Meta(title="End Position Id")]
    experimentType: Annotated[str | None, Meta(title="Experiment Type")]
    dataCollectionNumber: Annotated[int | None, Meta(title="Number")]
    imageDirectory: Annotated[str | None, Meta(title="Folder")]
    imagePrefix: Annotated[str | None, Meta(title="Prefix")]
    imageSuffix: Annotated[str | None, Meta(title="Suffix")]
    fileTemplate: Annotated[str | None, Meta(title="File Template")]
    axisStart: Annotated[float | None, Meta(title="Axis Start")]
    axisEnd: Annotated[float | None, Meta(title="Axis End")]
    axisRange: Annotated[float | None, Meta(title="Axis Range")]
    overlap: Annotated[float | None, Meta(title="Overlap")]
    rotationAxis: Annotated[str | None, Meta(title="Rotation Axis")]
    omegaStart: Annotated[float | None, Meta(title="Omega Start")]
    kappaStart: Annotated[float | None, Meta(title="Kappa Start")]
    phiStart: Annotated[float | None, Meta(title="Phi Start")]
    numberOfImages: Annotated[int | None, Meta(title="Images")]
    startImageNumber: Annotated[int | None, Meta(title="First Image")]
    numberOfPasses: Annotated[int | None, Meta(title="Passes")]
    exposureTime: Annotated[float | None, Meta(title="Exposure Time")]
    wavelength: Annotated[float | None, Meta(title="Wavelength")]
    resolution: Annotated[float | None, Meta(title="Resolution")]
    resolutionAtCorner: Annotated[float | None, Meta(title="Resolution at Corner")]
    detectorDistance: Annotated[float | None, Meta(title="Detector Distance")]
    xBeam: Annotated[float | None, Meta(title="Beam X")]
    yBeam: Annotated[float | None, Meta(title="Beam Y")]
    transmission: Annotated[float | None, Meta(title="Transmission")]
    flux: Annotated[float | None, Meta(title="Flux")]
    flux_end: Annotated[float | None, Meta(title="Flux at End")]
    totalAbsorbedDose: Annotated[float | None, Meta(title="Absorbed Dose")]
    beamSizeAtSampleX: Annotated[float | None, Meta(title="Beam Size X")]
    beamSizeAtSampleY: Annotated[float | None, Meta(title="Beam Size Y")]
    beamShape: Annotated[str | None, Meta(title="Beam Shape")]
    slitGapHorizontal: Annotated[float | None, Meta(title="Slit Gap, Horizontal")]
    slitGapVertical: Annotated[float | None, Meta(title="Slit Gap, Vertical")]
    undulatorGap1: Annotated[float | None, Meta(title="Undulator Gap 1")]
    undulatorGap2: Annotated[float | None, Meta(title="Undulator Gap 2")]
    undulatorGap3: Annotated[float | None, Meta(title="Undulator Gap 3")]
    synchrotronMode: Annotated[str | None, Meta(title="Fill Mode")]
    detector2Theta: Annotated[float | None, Meta(title="2 Theta")]
    centeringMethod: Annotated[str | None, Meta(title="Centring Method")]
    actualCenteringPosition: Annotated[str | None, Meta(title="Centring Position")]
    xtalSnapshotFullPath1: Annotated[str | None, Meta(title="Snapshot 1")]
    xtalSnapshotFullPath2: Annotated[str | None, Meta(title="Snapshot 2")]
    xtalSnapshotFullPath3: Annotated[str | None, Meta(title="Snapshot 3")]
    xtalSnapshotFullPath4: Annotated[str | None, Meta(title="Snapshot 4")]
