"""Proposals, sessions, who belongs to them, and the beamline they run on."""

from __future__ import annotations

import datetime

from sqlalchemy.orm import Mapped, mapped_column

from starbeam.api.models import filled_by_database, optional_column
from starbeam_ispyb.models.base import Base


class Proposal(Base):
    """A proposal: the unit in which beam time is granted."""

    proposalId: Mapped[int] = mapped_column(primary_key=True)
    personId: Mapped[int] = filled_by_database()
    title: Mapped[str | None]
    proposalCode: Mapped[str | None]
    proposalNumber: Mapped[str | None]
    bltimeStamp: Mapped[datetime.datetime] = filled_by_database()
    proposalType: Mapped[str | None]
    externalId: Mapped[bytes | None]
    state: Mapped[str | None]
    startDate: Mapped[datetime.datetime | None] = optional_column()
    endDate: Mapped[datetime.datetime | None] = optional_column()


class ProposalHasPerson(Base):
    """A member of a proposal."""

    proposalHasPersonId: Mapped[int] = mapped_column(primary_key=True)
    proposalId: Mapped[int]
    personId: Mapped[int]
    role: Mapped[str | None] = optional_column()


class BLSession(Base):
    """A session (visit): a stretch of beam time of one proposal on one beamline."""

    sessionId: Mapped[int] = mapped_column(primary_key=True)
    beamLineSetupId: Mapped[int | None]
    proposalId: Mapped[int] = filled_by_database()
    beamCalendarId: Mapped[int | None] = optional_column()
    startDate: Mapped[datetime.datetime | None]
    endDate: Mapped[datetime.datetime | None]
    beamLineName: Mapped[str | None]
    scheduled: Mapped[int | None]
    nbShifts: Mapped[int | None]
    comments: Mapped[str | None]
    beamLineOperator: Mapped[str | None]
    bltimeStamp: Mapped[datetime.datetime] = filled_by_database()
    visit_number: Mapped[int | None]
    usedFlag: Mapped[int | None]
    lastUpdate: Mapped[datetime.datetime] = filled_by_database()
    externalId: Mapped[bytes | None]
    archived: Mapped[int | None] = optional_column()
    riskRating: Mapped[str | None] = optional_column()
    purgedProcessedData: Mapped[int | None] = optional_column()
    icatId: Mapped[int | None] = optional_column()
    expSessionPk: Mapped[int | None] = optional_column()
    projectCode: Mapped[str | None] = optional_column()
    sessionTitle: Mapped[str | None] = optional_column()
    structureDeterminations: Mapped[float | None] = optional_column()
    dewarTransport: Mapped[float | None] = optional_column()
    databackupFrance: Mapped[float | None] = optional_column()
    databackupEurope: Mapped[float | None] = optional_column()
    operatorSiteNumber: Mapped[str | None] = optional_column()
    protectedData: Mapped[str | None] = optional_column()
    nbReimbDewars: Mapped[int | None] = optional_column()


class Session_has_Person(Base):
    """A member of a session, with the role there."""

    sessionId: Mapped[int] = mapped_column(primary_key=True)
    personId: Mapped[int] = mapped_column(primary_key=True)
    role: Mapped[str | None]
    remote: Mapped[int | None]


class BeamLineSetup(Base):
    """How a beamline was set up."""

    beamLineSetupId: Mapped[int] = mapped_column(primary_key=True)
    detectorId: Mapped[int | None] = optional_column()
    synchrotronMode: Mapped[str | None]
    undulatorType1: Mapped[str | None]
    undulatorType2: Mapped[str | None]
    undulatorType3: Mapped[str | None]
    focalSpotSizeAtSample: Mapped[float | None]
    focusingOptic: Mapped[str | None]
    beamDivergenceHorizontal: Mapped[float | None]
    beamDivergenceVertical: Mapped[float | None]
    polarisation: Mapped[float | None]
    monochromatorType: Mapped[str | None]
    setupDate: Mapped[datetime.datetime | None]
    synchrotronName: Mapped[str | None]
    maxExpTimePerDataCollection: Mapped[float | None]
    maxExposureTimePerImage: Mapped[float | None] = optional_column()
    minExposureTimePerImage: Mapped[float | None]
    goniostatMaxOscillationSpeed: Mapped[float | None]
    goniostatMaxOscillationWidth: Mapped[float | None] = optional_column()
    goniostatMinOscillationWidth: Mapped[float | None]
    maxTransmission: Mapped[float | None] = optional_column()
    minTransmission: Mapped[float | None]
    recordTimeStamp: Mapped[datetime.datetime] = filled_by_database()
    CS: Mapped[float | None]
    beamlineName: Mapped[str | None] = optional_column()
    beamSizeXMin: Mapped[float | None] = optional_column()
    beamSizeXMax: Mapped[float | None] = optional_column()
    beamSizeYMin: Mapped[float | None] = optional_column()
    beamSizeYMax: Mapped[float | None] = optional_column()
    energyMin: Mapped[float | None] = optional_column()
    energyMax: Mapped[float | None] = optional_column()
    omegaMin: Mapped[float | None] = optional_column()
    omegaMax: Mapped[float | None] = optional_column()
    kappaMin: Mapped[float | None] = optional_column()
    kappaMax: Mapped[float | None] = optional_column()
    phiMin: Mapped[float | None] = optional_column()
    phiMax: Mapped[float | None] = optional_column()
    active: Mapped[int | None] = optional_column()
    numberOfImagesMax: Mapped[int | None] = optional_column()
    numberOfImagesMin: Mapped[int | None] = optional_column()
    boxSizeXMin: Mapped[float | None] = optional_column()
    boxSizeXMax: Mapped[float | None] = optional_column()
    boxSizeYMin: Mapped[float | None] = optional_column()
    boxSizeYMax: Mapped[float | None] = optional_column()
    monoBandwidthMin: Mapped[float | None] = optional_column()
    monoBandwidthMax: Mapped[float | None] = optional_column()
    preferredDataCentre: Mapped[str | None] = optional_column()
    amplitudeContrast: Mapped[float | None] = optional_column()


class LabContact(Base):
    """An address card of a proposal, to ship from and to."""

    labContactId: Mapped[int] = mapped_column(primary_key=True)
    personId: Mapped[int]
    cardName: Mapped[str]
    proposalId: Mapped[int]
    defaultCourrierCompany: Mapped[str | None]
    courierAccount: Mapped[str | None]
    billingReference: Mapped[str | None]
    dewarAvgCustomsValue: Mapped[int] = filled_by_database()
    dewarAvgTransportValue: Mapped[int] = filled_by_database()
    recordTimeStamp: Mapped[datetime.datetime] = filled_by_database()
