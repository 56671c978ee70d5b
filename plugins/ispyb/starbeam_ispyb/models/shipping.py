"""What is sent to the facility: shipments, dewars, containers."""

from __future__ import annotations

import datetime

from sqlalchemy.orm import Mapped, mapped_column

from starbeam.api.models import always_named, filled_by_database, optional_column
from starbeam_ispyb.models.base import Base


class Shipping(Base):
    """A shipment of dewars of one proposal."""

    shippingId: Mapped[int] = mapped_column(primary_key=True)
    proposalId: Mapped[int] = filled_by_database()
    shippingName: Mapped[str | None]
    deliveryAgent_agentName: Mapped[str | None]
    deliveryAgent_shippingDate: Mapped[datetime.date | None]
    deliveryAgent_deliveryDate: Mapped[datetime.date | None]
    deliveryAgent_agentCode: Mapped[str | None]
    deliveryAgent_flightCode: Mapped[str | None]
    shippingStatus: Mapped[str | None]
    bltimeStamp: Mapped[datetime.datetime | None]
    laboratoryId: Mapped[int | None]
    isStorageShipping: Mapped[int | None]
    creationDate: Mapped[datetime.datetime | None]
    comments: Mapped[str | None]
    sendingLabContactId: Mapped[int | None]
    returnLabContactId: Mapped[int | None]
    returnCourier: Mapped[str | None]
    dateOfShippingToUser: Mapped[datetime.datetime | None]
    shippingType: Mapped[str | None]
    safetyLevel: Mapped[str | None] = mapped_column("SAFETYLEVEL")
    deliveryAgent_flightCodeTimestamp: Mapped[datetime.datetime | None] = optional_column()
    deliveryAgent_label: Mapped[str | None] = optional_column()
    readyByTime: Mapped[datetime.time | None] = optional_column()
    closeTime: Mapped[datetime.time | None] = optional_column()
    physicalLocation: Mapped[str | None] = optional_column()
    deliveryAgent_pickupConfirmationTimestamp: Mapped[datetime.datetime | None] = optional_column()
    deliveryAgent_pickupConfirmation: Mapped[str | None] = optional_column()
    deliveryAgent_readyByTime: Mapped[datetime.time | None] = optional_column()
    deliveryAgent_callinTime: Mapped[datetime.time | None] = optional_column()
    deliveryAgent_productcode: Mapped[str | None] = optional_column()
    deliveryAgent_flightCodePersonId: Mapped[int | None] = optional_column()
    extra: Mapped[str | None] = optional_column()
    source: Mapped[str | None] = optional_column()
    externalShippingIdToSynchrotron: Mapped[int | None] = optional_column()


class Dewar(Base):
    """A dewar (or toolbox, or parcel) of a shipment."""

    dewarId: Mapped[int] = mapped_column(primary_key=True)
    shippingId: Mapped[int | None] = always_named()
    code: Mapped[str | None]
    comments: Mapped[str | None]
    storageLocation: Mapped[str | None]
    dewarStatus: Mapped[str | None]
    bltimeStamp: Mapped[datetime.datetime | None]
    isStorageDewar: Mapped[int | None]
    barCode: Mapped[str | None]
    firstExperimentId: Mapped[int | None]
    customsValue: Mapped[int | None]
    transportValue: Mapped[int | None]
    trackingNumberToSynchrotron: Mapped[str | None]
    trackingNumberFromSynchrotron: Mapped[str | None]
    type: Mapped[str] = filled_by_database()
    facilityCode: Mapped[str | None]
    weight: Mapped[float | None] = optional_column()
    deliveryAgent_barcode: Mapped[str | None] = optional_column()
    extra: Mapped[str | None] = optional_column()
    source: Mapped[str | None] = optional_column()
    externalShippingIdFromSynchrotron: Mapped[int | None] = optional_column()
    dewarRegistryId: Mapped[int | None] = optional_column()
    isReimbursed: Mapped[int | None] = optional_column()


class Container(Base):
    """A container of samples (puck, plate, cassette) in a dewar."""

    containerId: Mapped[int] = mapped_column(primary_key=True)
    dewarId: Mapped[int | None]
    code: Mapped[str | None]
    containerType: Mapped[str | None]
    capacity: Mapped[int | None]
    sampleChangerLocation: Mapped[str | None]
    containerStatus: Mapped[str | None]
    bltimeStamp: Mapped[datetime.datetime | None]
    beamlineLocation: Mapped[str | None]
    screenId: Mapped[int | None]
    scheduleId: Mapped[int | None]
    barcode: Mapped[str | None]
    imagerId: Mapped[int | None]
    sessionId: Mapped[int | None]
    ownerId: Mapped[int | None]
    requestedImagerId: Mapped[int | None]
    requestedReturn: Mapped[int | None]
    comments: Mapped[str | None]
    experimentType: Mapped[str | None]
    storageTemperature: Mapped[float | None]
    containerRegistryId: Mapped[int | None] = optional_column()
    scLocationUpdated: Mapped[datetime.datetime | None]
    priorityPipelineId: Mapped[int | None] = optional_column()
    experimentTypeId: Mapped[int | None] = optional_column()
    containerTypeId: Mapped[int | None] = optional_column()
    currentDewarId: Mapped[int | None] = optional_column()
    parentContainerId: Mapped[int | None] = optional_column()
    source: Mapped[str | None] = optional_column()
    parentContainerLocation: Mapped[int | None] = optional_column()
