"""What the operations take and answer.

In what is sent, a field that is not in the JSON is `UNSET` and leaves its column as it is; null empties it.
Texts are as long as their columns.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, get_args

import msgspec
from msgspec import UNSET, Meta, UnsetType

from starbeam.api.database import OPTIONAL, REQUIRED
from starbeam.api.lists import LARGEST
from starbeam_ispyb.schemas import LaboratoryCreate

SafetyLevel = Literal["GREEN", "YELLOW", "RED"]
_LEVELS = [*get_args(SafetyLevel)]
DewarType = Literal["Dewar", "Toolbox"]

Key = Annotated[int, Meta(ge=-LARGEST - 1, le=LARGEST)]
"""Of another row; one that no row has is not an error of the form."""
Euros = Annotated[int, Meta(ge=0, le=2**32 - 1)]


def _euros(title: str) -> Meta:
    return Meta(title=title, extra_json_schema={"unit": "Eur"})


class Laboratory(msgspec.Struct):
    """The laboratory of a contact."""

    laboratoryId: Annotated[int, Meta(title="Laboratory Id")]
    name: Annotated[str | None, Meta(title="Laboratory Name")]
    address: Annotated[str | None, Meta(title="Address")]
    city: Annotated[str | None, Meta(title="City")]
    country: Annotated[str | None, Meta(title="Country")]
    url: Annotated[str | None, Meta(title="URL")]
    recordTimeStamp: Annotated[datetime | None, Meta(title="Last Changed")]
    laboratoryExtPk: Annotated[
        int | None, Meta(title="Laboratory Ext Pk", description="The user portal's own key")
    ]


class ContactPerson(msgspec.Struct):
    """The person of a contact."""

    givenName: Annotated[str | None, Meta(title="First Name"), REQUIRED]
    familyName: Annotated[str | None, Meta(title="Surname"), REQUIRED]
    emailAddress: Annotated[str | None, Meta(title="Email Address")]
    phoneNumber: Annotated[str | None, Meta(title="Phone Number")]
    Laboratory: Annotated[Laboratory | None, Meta(title="Laboratory")]


class LabContact(msgspec.Struct):
    """An address card of a proposal, to ship from and to."""

    proposalId: Annotated[int, Meta(title="Proposal Id")]
    cardName: Annotated[str, Meta(title="Card Name", description="The name of this lab contact")]
    defaultCourrierCompany: Annotated[str | None, Meta(title="Courier Company")]
    courierAccount: Annotated[str | None, Meta(title="Account No.")]
    billingReference: Annotated[str | None, Meta(title="Billing Reference")]
    dewarAvgCustomsValue: Annotated[int, _euros("Avg Customs Value"), OPTIONAL]
    dewarAvgTransportValue: Annotated[int, _euros("Avg Transport Value"), OPTIONAL]
    Person: Annotated[ContactPerson, Meta(title="Person")]
    labContactId: Annotated[int, Meta(title="Lab Contact Id")]
    personId: Annotated[int, Meta(title="Person Id")]
    recordTimeStamp: Annotated[datetime | None, Meta(title="Last Changed"), REQUIRED]


class PersonCreate(msgspec.Struct, frozen=True):
    """A person to add, without a login."""

    givenName: Annotated[str, Meta(title="First Name")]
    familyName: Annotated[str, Meta(title="Surname")]
    emailAddress: Annotated[str | None, Meta(title="Email Address")] = None
    phoneNumber: Annotated[str | None, Meta(title="Phone Number")] = None
    Laboratory: Annotated[LaboratoryCreate | None, Meta(title="Laboratory")] = None


class LabContactCreate(msgspec.Struct, frozen=True, kw_only=True):
    """A lab contact to add: always a new person, and a new laboratory."""

    proposalId: Annotated[Key, Meta(title="Proposal Id")]
    cardName: Annotated[str, Meta(title="Card Name", description="The name of this lab contact")]
    defaultCourrierCompany: Annotated[str | None, Meta(title="Courier Company")] = None
    courierAccount: Annotated[str | None, Meta(title="Account No.")] = None
    billingReference: Annotated[str | None, Meta(title="Billing Reference")] = None
    dewarAvgCustomsValue: Annotated[Euros | None, _euros("Avg Customs Value")] = 0
    dewarAvgTransportValue: Annotated[Euros | None, _euros("Avg Transport Value")] = 0
    Person: Annotated[PersonCreate, Meta(title="Person")]


class LaboratoryCreateOptional(msgspec.Struct, frozen=True):
    """What to change of a laboratory."""

    name: Annotated[str | UnsetType, Meta(title="Laboratory Name")] = UNSET
    address: Annotated[str | UnsetType, Meta(title="Address")] = UNSET
    city: Annotated[str | UnsetType, Meta(title="City")] = UNSET
    country: Annotated[str | UnsetType, Meta(title="Country")] = UNSET
    url: Annotated[str | UnsetType | None, Meta(title="URL")] = UNSET


class PersonCreateOptional(msgspec.Struct, frozen=True):
    """What to change of a person; a laboratory of null takes it from the person."""

    familyName: Annotated[str | UnsetType, Meta(title="Surname")] = UNSET
    emailAddress: Annotated[str | UnsetType | None, Meta(title="Email Address")] = UNSET
    phoneNumber: Annotated[str | UnsetType | None, Meta(title="Phone Number")] = UNSET
    Laboratory: Annotated[LaboratoryCreateOptional | UnsetType | None, Meta(title="Laboratory")] = UNSET


class LabContactCreateOptional(msgspec.Struct, frozen=True):
    """What to change of a lab contact."""

    cardName: Annotated[str | UnsetType, Meta(title="Card Name")] = UNSET
    defaultCourrierCompany: Annotated[str | UnsetType | None, Meta(title="Courier Company")] = UNSET
    courierAccount: Annotated[str | UnsetType | None, Meta(title="Account No.")] = UNSET
    billingReference: Annotated[str | UnsetType | None, Meta(title="Billing Reference")] = UNSET
    dewarAvgCustomsValue: Annotated[Euros | UnsetType, _euros("Avg Customs Value")] = UNSET
    dewarAvgTransportValue: Annotated[Euros | UnsetType, _euros("Avg Transport Value")] = UNSET
    Person: Annotated[PersonCreateOptional | UnsetType, Meta(title="Person")] = UNSET


class ShippingLabContactPerson(msgspec.Struct):
    """Whom a shipment is sent by or to."""

    givenName: Annotated[str | None, Meta(title="First Name"), REQUIRED]
    familyName: Annotated[str | None, Meta(title="Surname"), REQUIRED]


class ShippingLabContact(msgspec.Struct):
    """The lab contact of a shipment."""

    cardName: Annotated[str, Meta(title="Card Name")]
    Person: Annotated[ShippingLabContactPerson, Meta(title="Person")]


class ShippingMetaData(msgspec.Struct):
    """Counters of a shipment."""

    dewars: Annotated[int, Meta(title="Dewars", description="Number of dewars in this shipment")]


class Shipping(msgspec.Struct):
    """A shipment."""

    proposalId: Annotated[int, Meta(title="Proposal Id")]
    shippingName: Annotated[str | None, Meta(title="Name"), REQUIRED]
    sendingLabContactId: Annotated[int | None, Meta(title="Sending Lab Contact")]
    returnLabContactId: Annotated[int | None, Meta(title="Return Lab Contact")]
    safetyLevel: Annotated[  # forms offer these; another word that is stored is shown as it is
        str | None, Meta(title="Safety Level", extra_json_schema={"allOf": [{"enum": _LEVELS}]})
    ]
    comments: Annotated[str | None, Meta(title="Comments")]
    shippingId: Annotated[int, Meta(title="Shipping Id")]
    bltimeStamp: Annotated[datetime | None, Meta(title="Created")]
    metadata: Annotated[ShippingMetaData, OPTIONAL] = msgspec.field(name="_metadata")
    LabContact: Annotated[
        ShippingLabContact | None, Meta(title="Return Lab Contact", description="Whom it is returned to")
    ]
    LabContact1: Annotated[
        ShippingLabContact | None, Meta(title="Sending Lab Contact", description="Who sends it")
    ]


class ShippingCreate(msgspec.Struct, frozen=True):
    """A shipment to add."""

    proposalId: Annotated[Key, Meta(title="Proposal Id")]
    shippingName: Annotated[str, Meta(title="Name")]
    sendingLabContactId: Annotated[Key, Meta(title="Sending Lab Contact")]
    returnLabContactId: Annotated[Key, Meta(title="Return Lab Contact")]
    safetyLevel: Annotated[
        SafetyLevel | None, Meta(title="Safety Level", extra_json_schema={"enum": _LEVELS})
    ] = "GREEN"
    comments: Annotated[str | None, Meta(title="Comments")] = None


class ShippingCreateOptional(msgspec.Struct, frozen=True):
    """What to change of a shipment."""

    proposalId: Annotated[Key | UnsetType, Meta(title="Proposal Id")] = UNSET
    shippingName: Annotated[str | UnsetType, Meta(title="Name")] = UNSET
    sendingLabContactId: Annotated[Key | UnsetType, Meta(title="Sending Lab Contact")] = UNSET
    returnLabContactId: Annotated[Key | UnsetType, Meta(title="Return Lab Contact")] = UNSET
    safetyLevel: Annotated[
        SafetyLevel | UnsetType | None, Meta(title="Safety Level", extra_json_schema={"enum": _LEVELS})
    ] = UNSET
    comments: Annotated[str | UnsetType | None, Meta(title="Comments")] = UNSET


BAR_CODE = Meta(title="Bar Code", description="Of no other dewar; labels print it")
TO_FACILITY = Meta(title="Tracking Number to the Facility")
FROM_FACILITY = Meta(title="Tracking Number from the Facility")


class DewarShipping(msgspec.Struct):
    """The shipment of a dewar."""

    proposalId: Annotated[int, Meta(title="Proposal Id")]
    shippingName: Annotated[str | None, Meta(title="Name"), REQUIRED]


class Dewar(msgspec.Struct):
    """A dewar or toolbox."""

    shippingId: Annotated[int, Meta(title="Shipping Id")]
    code: Annotated[str | None, Meta(title="Name"), REQUIRED]
    dewarType: Annotated[str | None, Meta(title="Type")]
    barCode: Annotated[str | None, Meta(title="Bar Code")]
    comments: Annotated[str | None, Meta(title="Comments")]
    trackingNumberToSynchrotron: Annotated[str | None, Meta(title="Tracking Number to the Facility")]
    trackingNumberFromSynchrotron: Annotated[str | None, Meta(title="Tracking Number from the Facility")]
    dewarId: Annotated[int, Meta(title="Dewar Id")]
    Shipping: Annotated[DewarShipping, Meta(title="Shipping")]


class DewarCreate(msgspec.Struct, frozen=True):
    """A dewar to add."""

    shippingId: Annotated[Key, Meta(title="Shipping Id")]
    code: Annotated[str, Meta(title="Name")]
    dewarType: Annotated[DewarType | None, Meta(title="Type")] = None
    barCode: Annotated[str | UnsetType | None, BAR_CODE] = UNSET
    comments: Annotated[str | UnsetType | None, Meta(title="Comments")] = UNSET
    trackingNumberToSynchrotron: Annotated[str | UnsetType | None, TO_FACILITY] = UNSET
    trackingNumberFromSynchrotron: Annotated[str | UnsetType | None, FROM_FACILITY] = UNSET


class DewarCreateOptional(msgspec.Struct, frozen=True):
    """What to change of a dewar."""

    code: Annotated[str | UnsetType, Meta(title="Name")] = UNSET
    dewarType: Annotated[DewarType | UnsetType, Meta(title="Type")] = UNSET
    barCode: Annotated[str | UnsetType | None, BAR_CODE] = UNSET
    comments: Annotated[str | UnsetType | None, Meta(title="Comments")] = UNSET
    trackingNumberToSynchrotron: Annotated[str | UnsetType | None, TO_FACILITY] = UNSET
    trackingNumberFromSynchrotron: Annotated[str | UnsetType | None, FROM_FACILITY] = UNSET


Capacity = Annotated[int, Meta(ge=1)]
CAPACITY = Meta(title="Capacity", description="Number of its positions")


class ContainerDewar(msgspec.Struct):
    """The dewar of a container."""

    code: Annotated[str | None, Meta(title="Name"), REQUIRED]
    Shipping: Annotated[DewarShipping, Meta(title="Shipping")]


class Container(msgspec.Struct):
    """A container of samples, in a dewar."""

    code: Annotated[str | None, Meta(title="Name"), REQUIRED]
    dewarId: Annotated[int, Meta(title="Dewar Id")]
    containerType: Annotated[str | None, Meta(title="Type"), REQUIRED]
    sampleChangerLocation: Annotated[str | None, Meta(title="Position in the Sample Changer")]
    beamlineLocation: Annotated[str | None, Meta(title="Beamline")]
    capacity: Annotated[int | None, Meta(title="Capacity")]
    comments: Annotated[str | None, Meta(title="Comments")]
    containerId: Annotated[int, Meta(title="Container Id")]
    Dewar: Annotated[ContainerDewar, Meta(title="Dewar")]


class ContainerCreate(msgspec.Struct, frozen=True):
    """A container to add."""

    code: Annotated[str, Meta(title="Name")]
    dewarId: Annotated[Key, Meta(title="Dewar Id")]
    containerType: Annotated[str, Meta(title="Type")]
    sampleChangerLocation: Annotated[str | None, Meta(title="Position in the Sample Changer")] = None
    beamlineLocation: Annotated[str | None, Meta(title="Beamline")] = None
    capacity: Annotated[Capacity | UnsetType | None, CAPACITY] = UNSET
    comments: Annotated[str | UnsetType | None, Meta(title="Comments")] = UNSET


class ContainerCreateOptional(msgspec.Struct, frozen=True):
    """What to change of a container."""

    code: Annotated[str | UnsetType, Meta(title="Name")] = UNSET
    dewarId: Annotated[Key | UnsetType, Meta(title="Dewar Id")] = UNSET
    containerType: Annotated[str | UnsetType, Meta(title="Type")] = UNSET
    sampleChangerLocation: Annotated[str | UnsetType | None, Meta(title="Position in the Sample Changer")] = (
        UNSET
    )
    beamlineLocation: Annotated[str | UnsetType | None, Meta(title="Beamline")] = UNSET
    capacity: Annotated[Capacity | UnsetType | None, CAPACITY] = UNSET
    comments: Annotated[str | UnsetType | None, Meta(title="Comments")] = UNSET
