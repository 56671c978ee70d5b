"""What a user portal sends, and what it is told.

A field that is not in the JSON is `UNSET` and leaves its column as it is; null empties the column.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from starbeam_ispyb.schemas import LaboratoryCreate

OptionalText = str | UnsetType | None
OptionalInteger = int | UnsetType | None
OptionalNumber = float | UnsetType | None
OptionalTime = datetime | UnsetType | None

EXTERNAL_ID_BYTES = 16
"""The length of the columns `externalId`."""
Role = Literal[
    "Local Contact",
    "Local Contact 2",
    "Staff",
    "Team Leader",
    "Co-Investigator",
    "Principal Investigator",
    "Alternate Contact",
]

ExternalId = Annotated[
    OptionalInteger,
    Meta(title="External Id", description="The portal's own key: from 0 to 16 bytes long"),
]


class PersonProposalLaboratory(msgspec.Struct, frozen=True, kw_only=True):
    """A person with a laboratory; `externalId` or `login` says who it is."""

    externalId: ExternalId = UNSET
    login: Annotated[OptionalText, Meta(title="Login")] = UNSET
    givenName: Annotated[OptionalText, Meta(title="Given Name")] = UNSET
    familyName: Annotated[OptionalText, Meta(title="Family Name")] = UNSET
    title: Annotated[OptionalText, Meta(title="Title")] = UNSET
    emailAddress: Annotated[OptionalText, Meta(title="Email")] = UNSET
    phoneNumber: Annotated[OptionalText, Meta(title="Phone")] = UNSET
    faxNumber: Annotated[OptionalText, Meta(title="Fax")] = UNSET
    siteId: Annotated[OptionalInteger, Meta(title="Site Id")] = UNSET
    personUUID: Annotated[OptionalText, Meta(title="UUID")] = UNSET
    cache: Annotated[OptionalText, Meta(title="Cache")] = UNSET
    passwd: Annotated[OptionalText, Meta(title="Password", description="Accepted and never stored")] = UNSET
    laboratory: LaboratoryCreate | UnsetType | None = UNSET


class PersonSessionOptions(msgspec.Struct, frozen=True):
    """A person's part in a session."""

    role: Annotated[Role | UnsetType | None, Meta(title="Role")] = UNSET
    remote: Annotated[OptionalInteger, Meta(title="Remote", description="1 for who takes part remotely")] = (
        UNSET
    )


class PersonSessionLaboratory(PersonProposalLaboratory, frozen=True, kw_only=True):
    """A person of a session."""

    session_options: PersonSessionOptions | UnsetType | None = UNSET


class UPLabContact(msgspec.Struct, frozen=True, kw_only=True):
    """An address card, to ship from and to."""

    cardName: Annotated[str, Meta(title="Card Name")]
    person: PersonProposalLaboratory
    defaultCourrierCompany: Annotated[OptionalText, Meta(title="Courier Company")] = UNSET
    courierAccount: Annotated[OptionalText, Meta(title="Courier Account")] = UNSET
    billingReference: Annotated[OptionalText, Meta(title="Billing Reference")] = UNSET
    dewarAvgCustomsValue: Annotated[OptionalInteger, Meta(title="Average Customs Value of a Dewar")] = UNSET
    dewarAvgTransportValue: Annotated[OptionalInteger, Meta(title="Average Transport Value of a Dewar")] = (
        UNSET
    )


class UPProposal(msgspec.Struct, frozen=True, kw_only=True):
    """A proposal; the first of its persons is the proposer."""

    proposalCode: Annotated[str, Meta(title="Proposal Code")]
    proposalNumber: Annotated[str, Meta(title="Proposal Number")]
    persons: Annotated[list[PersonProposalLaboratory], Meta(title="Persons", min_length=1)]
    externalId: ExternalId = UNSET
    title: Annotated[OptionalText, Meta(title="Title")] = UNSET
    proposalType: Annotated[OptionalText, Meta(title="Proposal Type")] = UNSET
    state: Annotated[OptionalText, Meta(title="State")] = UNSET
    labcontacts: Annotated[list[UPLabContact] | None, Meta(title="Lab Contacts")] = None


class UPSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session; `externalId` or `expSessionPk` says which it is."""

    externalId: ExternalId = UNSET
    expSessionPk: Annotated[
        OptionalInteger, Meta(title="Exp Session Pk", description="The portal's older key of the session")
    ] = UNSET
    beamLineSetupId: Annotated[OptionalInteger, Meta(title="Beamline Setup Id")] = UNSET
    beamLineName: Annotated[OptionalText, Meta(title="Beamline")] = UNSET
    beamLineOperator: Annotated[OptionalText, Meta(title="Local Contact")] = UNSET
    startDate: Annotated[OptionalTime, Meta(title="Start Time")] = UNSET
    endDate: Annotated[OptionalTime, Meta(title="End Time")] = UNSET
    lastUpdate: Annotated[OptionalTime, Meta(title="Last Update")] = UNSET
    visit_number: Annotated[OptionalInteger, Meta(title="Visit")] = UNSET
    scheduled: Annotated[OptionalInteger, Meta(title="Scheduled")] = UNSET
    nbShifts: Annotated[OptionalInteger, Meta(title="Number of Shifts")] = UNSET
    usedFlag: Annotated[OptionalInteger, Meta(title="Used Flag")] = UNSET
    projectCode: Annotated[OptionalText, Meta(title="Project Code")] = UNSET
    sessionTitle: Annotated[OptionalText, Meta(title="Session Title")] = UNSET
    structureDeterminations: Annotated[OptionalNumber, Meta(title="Structure Determinations")] = UNSET
    dewarTransport: Annotated[OptionalNumber, Meta(title="Dewar Transport")] = UNSET
    databackupFrance: Annotated[OptionalNumber, Meta(title="Data Backup, France")] = UNSET
    databackupEurope: Annotated[OptionalNumber, Meta(title="Data Backup, Europe")] = UNSET
    operatorSiteNumber: Annotated[OptionalText, Meta(title="Operator Site Number")] = UNSET
    protectedData: Annotated[OptionalText, Meta(title="Protected Data")] = UNSET
    nbReimbDewars: Annotated[OptionalInteger, Meta(title="Reimbursed Dewars")] = UNSET
    persons: Annotated[list[PersonSessionLaboratory] | None, Meta(title="Persons")] = None


class UPProtein(msgspec.Struct, frozen=True, kw_only=True):
    """A protein; `externalId` or `acronym` says which it is."""

    acronym: Annotated[str, Meta(title="Acronym")]
    hazardGroup: Annotated[int, Meta(title="Hazard Group")]
    containmentLevel: Annotated[int, Meta(title="Containment Level")]
    person: PersonProposalLaboratory
    externalId: ExternalId = UNSET
    name: Annotated[OptionalText, Meta(title="Name")] = UNSET
    description: Annotated[OptionalText, Meta(title="Description")] = UNSET
    safetyLevel: Annotated[OptionalText, Meta(title="Safety Level")] = UNSET
    molecularMass: Annotated[
        OptionalNumber, Meta(title="Molecular Mass", extra_json_schema={"unit": "Da"})
    ] = UNSET
    proteinType: Annotated[OptionalText, Meta(title="Protein Type")] = UNSET
    sequence: Annotated[OptionalText, Meta(title="Sequence or SMILES")] = UNSET
    modId: Annotated[OptionalText, Meta(title="Modification Id")] = UNSET
    isCreatedBySampleSheet: Annotated[OptionalInteger, Meta(title="Created by Sample Sheet")] = UNSET
    componentTypeId: Annotated[OptionalInteger, Meta(title="Component Type Id")] = UNSET
    concentrationTypeId: Annotated[OptionalInteger, Meta(title="Concentration Type Id")] = UNSET


class UserPortalProposalSync(msgspec.Struct, frozen=True):
    """One proposal with everything that the portal knows of it."""

    proposal: UPProposal
    sessions: Annotated[list[UPSession] | None, Meta(title="Sessions")] = None
    proteins: Annotated[list[UPProtein] | None, Meta(title="Proteins")] = None


class Message(msgspec.Struct, frozen=True):
    """What a synchronisation did; the counts are rows by table."""

    message: Annotated[str, Meta(title="Message", description="What was synchronized, in how many seconds")]
    created: Annotated[dict[str, int], Meta(title="Created", description="Rows that are new")]
    updated: Annotated[dict[str, int], Meta(title="Updated", description="Rows that were changed")]
    untouched: Annotated[dict[str, int], Meta(title="Untouched", description="Rows that were right already")]


Place = tuple[str | int, ...]


def complaints(value: Any, place: Place = ()) -> Iterator[tuple[Place, str]]:
    """What is wrong with a document beyond the types of its fields, and where."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from complaints(item, (*place, index))
    elif isinstance(value, msgspec.Struct):
        yield from _own_complaints(value, place)
        for name in value.__struct_fields__:
            yield from complaints(getattr(value, name), (*place, name))


def _own_complaints(entry: msgspec.Struct, place: Place) -> Iterator[tuple[Place, str]]:
    external = getattr(entry, "externalId", None)
    if isinstance(external, int) and not 0 <= external < 1 << 8 * EXTERNAL_ID_BYTES:
        yield (*place, "externalId"), f"externalId must be 0 or more and fit into {EXTERNAL_ID_BYTES} bytes"
    if isinstance(entry, PersonProposalLaboratory) and not (known(external) or known(entry.login)):
        yield place, "either login or externalId is required for a Person entity"
    if isinstance(entry, UPSession) and not (known(external) or known(entry.expSessionPk)):
        yield place, "either expSessionPk or externalId is required for a Session entity"


def known(value: Any) -> bool:
    """Whether a key was given, and is not null or blank."""
    return value is not None and value is not UNSET and str(value).strip() != ""
