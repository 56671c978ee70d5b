"""What the operations answer. A field that may have no value is null then, and always present."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from starbeam.api.database import OPTIONAL, REQUIRED

ProposalState = Literal["Open", "Closed", "Cancelled"]


class ProposalMetaData(msgspec.Struct):
    """Counters of a proposal: of what the caller may see."""

    persons: Annotated[int, Meta(title="Persons", description="Number of persons on this proposal")]
    sessions: Annotated[int, Meta(title="Sessions", description="Number of sessions on this proposal")]
    beamLines: Annotated[
        list[str] | None, Meta(title="Beamlines", description="Beamlines of these sessions"), REQUIRED
    ]
    uiGroups: Annotated[list[str] | None, Meta(title="UI Groups", description="UI groups of these beamlines")]


class Proposal(msgspec.Struct):
    """A proposal."""

    proposalCode: Annotated[str, Meta(title="Proposal Code")]
    proposalNumber: Annotated[str, Meta(title="Proposal Number")]
    proposal: Annotated[str, Meta(title="Proposal", description="Code and number: its name")]
    title: Annotated[str | None, Meta(title="Title")]
    state: Annotated[ProposalState | None, Meta(title="State")]
    metadata: ProposalMetaData = msgspec.field(name="_metadata")
    proposalId: Annotated[int, Meta(title="Proposal Id")]


class SessionMetaData(msgspec.Struct):
    """Counters and flags of a session."""

    persons: Annotated[int, Meta(title="Persons", description="Number of persons on this session")]
    datacollections: Annotated[
        int | None, Meta(title="Data Collections", description="Number of data collections")
    ]
    active: Annotated[bool, Meta(title="Active", description="The session runs now")]
    active_soon: Annotated[
        bool,
        Meta(
            title="Active Soon",
            description="The session runs, starts within 20 minutes, or ended within 20 minutes",
        ),
    ]
    sessionTypes: Annotated[list[str] | None, Meta(title="Session Types"), REQUIRED]
    uiGroups: Annotated[
        list[str] | None, Meta(title="UI Groups", description="UI groups of the session's beamline")
    ]


class BeamLineSetup(msgspec.Struct):
    """How the beamline was set up for the session."""

    beamLineSetupId: Annotated[int, Meta(title="Beamline Setup Id")]
    synchrotronName: Annotated[str | None, Meta(title="Synchrotron")]
    synchrotronMode: Annotated[str | None, Meta(title="Fill Mode")]
    undulatorType1: Annotated[str | None, Meta(title="Undulator 1")]
    undulatorType2: Annotated[str | None, Meta(title="Undulator 2")]
    undulatorType3: Annotated[str | None, Meta(title="Undulator 3")]
    focalSpotSizeAtSample: Annotated[float | None, Meta(title="Focal Spot Size at Sample")]
    focusingOptic: Annotated[str | None, Meta(title="Focusing Optic")]
    beamDivergenceHorizontal: Annotated[float | None, Meta(title="Beam Divergence, Horizontal")]
    beamDivergenceVertical: Annotated[float | None, Meta(title="Beam Divergence, Vertical")]
    polarisation: Annotated[float | None, Meta(title="Polarisation")]
    monochromatorType: Annotated[str | None, Meta(title="Monochromator")]
    setupDate: Annotated[datetime | None, Meta(title="Setup Date")]
    maxExpTimePerDataCollection: Annotated[
        float | None, Meta(title="Maximum Exposure Time per Data Collection")
    ]
    minExposureTimePerImage: Annotated[float | None, Meta(title="Minimum Exposure Time per Image")]
    goniostatMaxOscillationSpeed: Annotated[float | None, Meta(title="Maximum Oscillation Speed")]
    goniostatMinOscillationWidth: Annotated[float | None, Meta(title="Minimum Oscillation Width")]
    minTransmission: Annotated[float | None, Meta(title="Minimum Transmission")]
    CS: Annotated[float | None, Meta(title="Spherical Aberration")]


class Session(msgspec.Struct):
    """A session."""

    sessionId: Annotated[int, Meta(title="Session Id")]
    proposalId: Annotated[int, Meta(title="Proposal Id")]
    session: Annotated[
        str | None, Meta(title="Session", description="Proposal name and visit number: its name"), REQUIRED
    ]
    proposal: Annotated[str, Meta(title="Proposal", description="The proposal's name")]
    BeamLineSetup: BeamLineSetup | None
    visit_number: Annotated[int | None, Meta(title="Visit")]
    startDate: Annotated[datetime | None, Meta(title="Start Time"), REQUIRED]
    endDate: Annotated[datetime | None, Meta(title="End Time"), REQUIRED]
    beamLineName: Annotated[str | None, Meta(title="Beamline"), REQUIRED]
    beamLineOperator: Annotated[str | None, Meta(title="Local Contact")]
    scheduled: Annotated[bool | None, Meta(title="Scheduled")]
    comments: Annotated[str | None, Meta(title="Comments")]
    nbReimbDewars: Annotated[int | None, Meta(title="Reimbursed Dewars")]
    metadata: SessionMetaData = msgspec.field(name="_metadata")


class SessionChange(msgspec.Struct, frozen=True):
    """What to change of a session. A field that is not sent keeps its value."""

    comments: Annotated[str | UnsetType | None, Meta(title="Comments")] = UNSET


class TitledSession(Session):
    """A session, with what its proposal is about."""

    title: str | None


class PersonMetaData(msgspec.Struct):
    """The person's part in the session asked for; null without one."""

    sessions: Annotated[
        int | None, Meta(title="Sessions", description="Number of the person's earlier sessions")
    ]
    lastSession: Annotated[
        datetime | None, Meta(title="Last Session", description="Start of the last of these")
    ]
    role: Annotated[str | None, Meta(title="Role", description="Role in the session")]
    remote: Annotated[bool | None, Meta(title="Remote", description="Takes part remotely")]


class Person(msgspec.Struct):
    """A person with a login."""

    personId: Annotated[int, Meta(title="Person Id")]
    givenName: Annotated[str | None, Meta(title="Given Name"), REQUIRED]
    familyName: Annotated[str | None, Meta(title="Family Name"), REQUIRED]
    metadata: Annotated[PersonMetaData, OPTIONAL] = msgspec.field(name="_metadata")
