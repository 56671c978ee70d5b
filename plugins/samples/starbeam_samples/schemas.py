"""What the operations take and answer. A field of an answer that may have no value is null then, and always
present. In what is sent, a field that is not in the JSON leaves its column as it is; null empties it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from starbeam.api.database import OPTIONAL, REQUIRED
from starbeam.api.lists import LARGEST


class ProteinOrder(StrEnum):
    """What proteins are sorted by."""

    PROTEIN_ID = "proteinId"
    ACRONYM = "acronym"
    NAME = "name"


class SampleOrder(StrEnum):
    """What samples are sorted by."""

    SAMPLE_ID = "blSampleId"
    NAME = "name"
    LOCATION = "location"
    DATA_COLLECTIONS = "datacollections"


class SubSampleOrder(StrEnum):
    """What sub samples are sorted by; `type` where the database has it."""

    SUB_SAMPLE_ID = "blSubSampleId"
    DATA_COLLECTIONS = "datacollections"
    TYPE = "type"


class SampleStatus(StrEnum):
    """What has happened to a sample; `Processed` where the database has processing jobs."""

    SAMPLE_ACTION = "Sample Action"
    DATA_COLLECTED = "Data Collected"
    STRATEGY = "Strategy"
    AUTO_INTEGRATED = "Auto Integrated"
    PROCESSED = "Processed"


Key = Annotated[int, Meta(ge=-LARGEST - 1, le=LARGEST)]
"""Of another row; one that no row has is not an error of the form."""
SafetyLevel = Literal["GREEN", "YELLOW", "RED"]
NAME = Meta(description="Letters, digits, - and _", extra_json_schema={"pattern": "^[A-Za-z0-9_-]+$"})
"""What becomes part of files' names."""
Length = Annotated[float, Meta(gt=0, extra_json_schema={"unit": "Å"})]
Angle = Annotated[float, Meta(gt=0, lt=180, extra_json_schema={"unit": "°"})]
Amount = Annotated[float, Meta(ge=0)]


class ComponentType(msgspec.Struct):
    """A kind of component."""

    componentTypeId: Annotated[int, Meta(title="Component Type Id")]
    name: Annotated[str, Meta(title="Name")]


class ProteinMetaData(msgspec.Struct):
    """Counters of a protein: of what the caller may see."""

    pdbs: Annotated[int | None, Meta(title="PDBs", description="Number of structure files")]
    crystals: Annotated[int | None, Meta(title="Crystals", description="Number of crystals")]
    samples: Annotated[int | None, Meta(title="Samples", description="Number of samples of these")]
    datacollections: Annotated[
        int | None, Meta(title="Data Collections", description="Number of data collections on these")
    ]


class Protein(msgspec.Struct):
    """A protein or other component."""

    name: Annotated[str | None, Meta(title="Name"), REQUIRED]
    acronym: Annotated[str | None, Meta(title="Acronym"), REQUIRED]
    proposalId: Annotated[int, Meta(title="Proposal Id")]
    sequence: Annotated[str | None, Meta(title="Sequence", description="A sequence, SMILES or formula")]
    density: Annotated[float | None, Meta(title="Density", extra_json_schema={"unit": "g/L"})]
    molecularMass: Annotated[float | None, Meta(title="Mass", extra_json_schema={"unit": "kDa"})]
    containmentLevel: Annotated[str | None, Meta(title="Containment Level")]
    hazardGroup: Annotated[str | None, Meta(title="Hazard Group")]
    safetyLevel: Annotated[str | None, Meta(title="Safety Level")]
    ComponentType: Annotated[ComponentType | None, Meta(title="Component Type")]
    proteinId: Annotated[int, Meta(title="Protein Id")]
    metadata: Annotated[ProteinMetaData, OPTIONAL] = msgspec.field(name="_metadata")


class ProteinCreate(msgspec.Struct, frozen=True, kw_only=True):
    """A protein to add."""

    proposalId: Annotated[Key, Meta(title="Proposal Id")]
    name: Annotated[str, Meta(title="Name", min_length=1)]
    acronym: Annotated[str, Meta(title="Acronym"), NAME]
    sequence: Annotated[
        str | UnsetType | None, Meta(title="Sequence", description="A sequence, SMILES or formula")
    ] = UNSET
    density: Annotated[
        Amount | UnsetType | None, Meta(title="Density", extra_json_schema={"unit": "g/L"})
    ] = UNSET
    molecularMass: Annotated[
        Amount | UnsetType | None, Meta(title="Mass", extra_json_schema={"unit": "kDa"})
    ] = UNSET
    safetyLevel: Annotated[SafetyLevel | UnsetType | None, Meta(title="Safety Level")] = UNSET


class ProteinCreateOptional(msgspec.Struct, frozen=True):
    """What to change of a protein."""

    name: Annotated[Annotated[str, Meta(min_length=1)] | UnsetType, Meta(title="Name")] = UNSET
    acronym: Annotated[str | UnsetType, Meta(title="Acronym"), NAME] = UNSET
    sequence: Annotated[str | UnsetType | None, Meta(title="Sequence")] = UNSET
    density: Annotated[
        Amount | UnsetType | None, Meta(title="Density", extra_json_schema={"unit": "g/L"})
    ] = UNSET
    molecularMass: Annotated[
        Amount | UnsetType | None, Meta(title="Mass", extra_json_schema={"unit": "kDa"})
    ] = UNSET
    safetyLevel: Annotated[SafetyLevel | UnsetType | None, Meta(title="Safety Level")] = UNSET


CellA = Annotated[Length | UnsetType | None, Meta(title="Cell A")]
CellB = Annotated[Length | UnsetType | None, Meta(title="Cell B")]
CellC = Annotated[Length | UnsetType | None, Meta(title="Cell C")]
CellAlpha = Annotated[Angle | UnsetType | None, Meta(title="Cell Alpha")]
CellBeta = Annotated[Angle | UnsetType | None, Meta(title="Cell Beta")]
CellGamma = Annotated[Angle | UnsetType | None, Meta(title="Cell Gamma")]


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """The unit cell that is expected."""

    cell_a: CellA = UNSET
    cell_b: CellB = UNSET
    cell_c: CellC = UNSET
    cell_alpha: CellAlpha = UNSET
    cell_beta: CellBeta = UNSET
    cell_gamma: CellGamma = UNSET


class SampleCrystalCreate(Cell, frozen=True, kw_only=True):
    """The crystal form of a sample to add: a new one, or with `crystalId` one that there is."""

    crystalId: Annotated[Key | UnsetType | None, Meta(title="Crystal Id")] = UNSET
    proteinId: Annotated[Key, Meta(title="Protein")]


class SampleCreate(msgspec.Struct, frozen=True, kw_only=True):
    """A sample to add to a container."""

    proposalId: Annotated[Key, Meta(title="Proposal Id")]
    containerId: Annotated[Key, Meta(title="Container Id")]
    location: Annotated[int, Meta(title="Location", description="Its place in the container", ge=1)]
    name: Annotated[str, Meta(title="Name"), NAME]
    comments: Annotated[str | UnsetType | None, Meta(title="Comments")] = UNSET
    Crystal: Annotated[SampleCrystalCreate, Meta(title="Crystal")]


class SampleCrystalCreateOptional(Cell, frozen=True, kw_only=True):
    """What to change of the crystal form of a sample, or which other one it is of."""

    crystalId: Annotated[Key | UnsetType, Meta(title="Crystal Id")] = UNSET
    proteinId: Annotated[Key | UnsetType, Meta(title="Protein")] = UNSET


class SampleCreateOptional(msgspec.Struct, frozen=True):
    """What to change of a sample."""

    containerId: Annotated[Key | UnsetType, Meta(title="Container Id")] = UNSET
    location: Annotated[Annotated[int, Meta(ge=1)] | UnsetType, Meta(title="Location")] = UNSET
    name: Annotated[str | UnsetType, Meta(title="Name"), NAME] = UNSET
    comments: Annotated[str | UnsetType | None, Meta(title="Comments")] = UNSET
    Crystal: Annotated[SampleCrystalCreateOptional | UnsetType, Meta(title="Crystal")] = UNSET


class ContainerSample(msgspec.Struct, frozen=True, kw_only=True):
    """A sample of a container as it shall be: that of its position, or a new one."""

    location: Annotated[int, Meta(title="Position", ge=1)]
    name: Annotated[str, Meta(title="Name"), NAME]
    acronym: Annotated[str | UnsetType, Meta(title="Protein", description="The protein's acronym")] = UNSET
    proteinId: Annotated[
        Key | UnsetType, Meta(title="Protein Id", description="The protein, where its acronym does not tell")
    ] = UNSET
    comments: Annotated[str | UnsetType | None, Meta(title="Comments")] = UNSET
    cell_a: CellA = UNSET
    cell_b: CellB = UNSET
    cell_c: CellC = UNSET
    cell_alpha: CellAlpha = UNSET
    cell_beta: CellBeta = UNSET
    cell_gamma: CellGamma = UNSET


class ContainerFilled(msgspec.Struct, frozen=True):
    """What became of the samples of a container, by their positions; of a trial what would."""

    added: Annotated[list[int], Meta(title="Added")]
    changed: Annotated[list[int], Meta(title="Changed")]
    unchanged: Annotated[list[int], Meta(title="Unchanged")]


class SampleProtein(msgspec.Struct):
    """The protein of a sample."""

    proposalId: Annotated[str, Meta(title="Proposal Id")]
    name: Annotated[str | None, Meta(title="Name"), REQUIRED]
    acronym: Annotated[str | None, Meta(title="Acronym"), REQUIRED]


class SampleCrystal(msgspec.Struct):
    """The crystal form of a sample."""

    crystalId: Annotated[int, Meta(title="Crystal Id")]
    proteinId: Annotated[int, Meta(title="Protein Id")]
    cell_a: Annotated[float | None, Meta(title="Cell A")]
    cell_b: Annotated[float | None, Meta(title="Cell B")]
    cell_c: Annotated[float | None, Meta(title="Cell C")]
    cell_alpha: Annotated[float | None, Meta(title="Cell Alpha")]
    cell_beta: Annotated[float | None, Meta(title="Cell Beta")]
    cell_gamma: Annotated[float | None, Meta(title="Cell Gamma")]
    Protein: Annotated[SampleProtein, Meta(title="Protein")]


class SampleContainer(msgspec.Struct):
    """The container of a sample."""

    code: Annotated[str | None, Meta(title="Container"), REQUIRED]
    sampleChangerLocation: Annotated[str | None, Meta(title="Position in the Sample Changer")]
    beamlineLocation: Annotated[str | None, Meta(title="Beamline")]


class SampleMetaData(msgspec.Struct):
    """Counters of a sample: of what the caller may see."""

    subsamples: Annotated[int, Meta(title="Sub Samples", description="Number of sub samples")]
    datacollections: Annotated[int, Meta(title="Data Collections", description="Number of data collections")]
    types: Annotated[list[str] | None, Meta(title="Types", description="Types of data collections")]
    strategies: Annotated[int | None, Meta(title="Strategies", description="Number of successful strategies")]
    autoIntegrations: Annotated[
        int | None, Meta(title="Auto Integrations", description="Number of automatic integrations")
    ]
    integratedResolution: Annotated[
        float | None, Meta(title="Resolution", description="Highest resolution of these, in Å")
    ]
    proposal: Annotated[str | None, Meta(title="Proposal", description="Name of the shipment's proposal")]
    queued: Annotated[bool | None, Meta(title="Queued", description="Waits for data collection")]


class Sample(msgspec.Struct):
    """A sample."""

    name: Annotated[str | None, Meta(title="Name"), REQUIRED]
    comments: Annotated[str | None, Meta(title="Comments")]
    location: Annotated[int | None, Meta(title="Location", description="Its place in the container")]
    containerId: Annotated[int | None, Meta(title="Container Id")]
    Crystal: Annotated[SampleCrystal, Meta(title="Crystal")]
    blSampleId: Annotated[int, Meta(title="Sample Id")]
    Container: Annotated[SampleContainer | None, Meta(title="Container")]
    metadata: Annotated[SampleMetaData, OPTIONAL] = msgspec.field(name="_metadata")


class SubSampleSample(msgspec.Struct):
    """The sample of a sub sample."""

    name: Annotated[str | None, Meta(title="Name"), REQUIRED]


class Position(msgspec.Struct):
    """A position in the image of a sample."""

    posX: Annotated[int | None, Meta(title="X"), REQUIRED]
    posY: Annotated[int | None, Meta(title="Y"), REQUIRED]


class SubSampleMetaData(msgspec.Struct):
    """Counters of a sub sample: of what the caller may see."""

    datacollections: Annotated[int, Meta(title="Data Collections", description="Number of data collections")]
    types: Annotated[list[str] | None, Meta(title="Types", description="Types of data collections")]


class SubSample(msgspec.Struct):
    """A point, line or area of interest on a sample."""

    type: Annotated[str | None, Meta(title="Type")]
    comments: Annotated[str | None, Meta(title="Comments")]
    blSampleId: Annotated[int, Meta(title="Sample Id")]
    metadata: SubSampleMetaData = msgspec.field(name="_metadata")
    blSubSampleId: Annotated[int, Meta(title="Sub Sample Id")]
    BLSample: Annotated[SubSampleSample, Meta(title="Sample")]
    Position1: Annotated[Position | None, Meta(title="Position 1")]
    Position2: Annotated[Position | None, Meta(title="Position 2")]


class SampleImageMetaData(msgspec.Struct):
    """Where the picture is."""

    url: Annotated[str, Meta(title="URL", description="Address of the picture")]


class SampleImage(msgspec.Struct):
    """A picture of a sample."""

    blSampleImageId: Annotated[int, Meta(title="Sample Image Id")]
    blSampleId: Annotated[int, Meta(title="Sample Id")]
    micronsPerPixelX: Annotated[float | None, Meta(title="Microns per Pixel, X"), REQUIRED]
    micronsPerPixelY: Annotated[float | None, Meta(title="Microns per Pixel, Y"), REQUIRED]
    offsetX: Annotated[int, Meta(title="Offset X")]
    offsetY: Annotated[int, Meta(title="Offset Y")]
    metadata: SampleImageMetaData = msgspec.field(name="_metadata")
