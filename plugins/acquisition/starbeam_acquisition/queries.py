"""What is written to, and what was written before: SQL.

What is locked is read as it is now. So it is the first that a transaction asks for, and all that it reads
then is as whoever had the lock left it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, false, func, inspect, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from starbeam.api.database import CALLER_ID, NOW, Scope, statement
from starbeam_acquisition.models import BLSample_has_EnergyScan, ExperimentType
from starbeam_ispyb.models import (
    BeamLineSetup,
    BLSample,
    BLSession,
    Container,
    Crystal,
    DataCollection,
    DataCollectionGroup,
    Detector,
    Dewar,
    EnergyScan,
    Image,
    Proposal,
    ProposalHasPerson,
    Protein,
    RobotAction,
    Screening,
    ScreeningOutput,
    ScreeningStrategy,
    ScreeningStrategySubWedge,
    ScreeningStrategyWedge,
    Session_has_Person,
    Shipping,
    Workflow,
    XFEFluorescenceSpectrum,
)
from starbeam_ispyb.names import proposal_name

KEY: Any = bindparam("key")
OBSTACLE = {"obstacle": True}
"""Marks a statement that looks for what stands in the way of a new row, so that `starbeam doctor` tries what
happens where nothing does."""
NEWEST_SETUPS = 50
"""Among how many set-ups one that is sent again is looked for."""


class Held(NamedTuple):
    """What an attribute of a model is held in."""

    table: str
    column: str
    kind: type[Any]
    """Of its values."""


def held(model: type[Any]) -> dict[str, Held]:
    """By attribute of a model: its column."""
    columns = ((name, one.columns[0]) for name, one in inspect(model).column_attrs.items())
    return {name: Held(one.table.name, one.name, one.type.python_type) for name, one in columns}


@statement
def lock(scope: Scope, column: InstrumentedAttribute[int]) -> Select[int]:
    """Nobody else writes the row of this `key`, or adds to it, until this transaction ends."""
    return select(column).where(column == KEY).with_for_update()


def _is_member() -> ColumnElement[bool]:
    """The caller takes part in the session, or in its proposal."""
    return or_(
        exists().where(
            Session_has_Person.sessionId == BLSession.sessionId, Session_has_Person.personId == CALLER_ID
        ),
        _is_member_of_proposal(BLSession.proposalId),
    )


def _is_member_of_proposal(proposal: Any) -> ColumnElement[bool]:
    return exists().where(ProposalHasPerson.proposalId == proposal, ProposalHasPerson.personId == CALLER_ID)


def _places() -> Select[Any]:
    """Sessions, with what decides who records there."""
    session = (getattr(BLSession, name) for name in ("sessionId", "proposalId", "beamLineName"))
    found = select(*session, BLSession.startDate, BLSession.endDate, BLSession.visit_number)
    found = found.add_columns(
        Proposal.proposalNumber, proposal_name().label("proposal"), _is_member().label("member")
    )
    return found.join(Proposal, Proposal.proposalId == BLSession.proposalId)


@statement
def session(scope: Scope) -> Select[Any]:
    """The session `key`, if the caller sees it."""
    return _places().where(BLSession.sessionId == KEY, scope.sees(BLSession))


@statement
def open_session(scope: Scope) -> Select[int]:
    """A session that the caller takes part in, not over before `earliest`, and begun before `latest`."""
    begun, over = BLSession.startDate <= bindparam("latest"), BLSession.endDate >= bindparam("earliest")
    return select(BLSession.sessionId).where(_is_member(), begun, over).limit(1)


@statement
def of_group(scope: Scope) -> Select[Any]:
    """The session of the group `key`, if the caller sees that."""
    group = DataCollectionGroup
    found = _places().join(group, group.sessionId == BLSession.sessionId)
    return found.where(group.dataCollectionGroupId == KEY, scope.sees(group))


@statement
def of_collection(scope: Scope) -> Select[Any]:
    """The session of the data collection `key`, if the caller sees that."""
    group, collection = DataCollectionGroup, DataCollection
    found = _places().join(group, group.sessionId == BLSession.sessionId)
    found = found.join(collection, collection.dataCollectionGroupId == group.dataCollectionGroupId)
    return found.where(collection.dataCollectionId == KEY, scope.sees(collection))


@statement
def of_scan(scope: Scope) -> Select[Any]:
    """The session of the energy scan `key`, if the caller sees that."""
    found = _places().join(EnergyScan, EnergyScan.sessionId == BLSession.sessionId)
    return found.where(EnergyScan.energyScanId == KEY, scope.sees(EnergyScan))


@statement
def proposal(scope: Scope) -> Select[int, bool, bool]:
    """The proposal `key`, if the caller sees it: whether the caller is a member of it, or of one of its
    sessions."""
    member, taking = _is_member_of_proposal(Proposal.proposalId), Session_has_Person
    part = select(BLSession.proposalId).join(taking, taking.sessionId == BLSession.sessionId)
    takes_part = Proposal.proposalId.in_(part.where(taking.personId == CALLER_ID))
    found = select(Proposal.proposalId, member.label("member"), takes_part.label("takes_part"))
    return found.where(Proposal.proposalId == KEY, scope.sees(Proposal))


@statement
def membership(scope: Scope) -> Select[int]:
    """That the caller is a member of the proposal `proposal_id`."""
    mine = ProposalHasPerson.proposalId == bindparam("proposal_id"), ProposalHasPerson.personId == CALLER_ID
    return select(ProposalHasPerson.proposalHasPersonId).where(*mine).execution_options(**OBSTACLE)


@statement
def sessions_like(scope: Scope) -> Select[int]:
    """Sessions of a proposal on a beamline that run now, or that began on the same day and overlap."""
    start, end = BLSession.startDate, BLSession.endDate
    first: Any = bindparam("day_first")
    last: Any = bindparam("day_last")
    overlaps = and_(start.between(first, last), start < bindparam("end"), end > bindparam("start"))
    return (
        select(BLSession.sessionId)
        .where(
            BLSession.proposalId == bindparam("proposal_id"),
            BLSession.beamLineName == bindparam("beamline"),
            or_(and_(start <= NOW, end >= NOW), overlaps),
        )
        .order_by(start.desc(), BLSession.sessionId.desc())
        .execution_options(**OBSTACLE)
    )


@statement
def last_visit(scope: Scope) -> Select[int | None]:
    """The highest visit number of a proposal."""
    return select(func.max(BLSession.visit_number)).where(BLSession.proposalId == bindparam("proposal_id"))


@statement
def sample(scope: Scope) -> Select[int]:
    """The sample `key`, if it is of the proposal `proposal_id`: by its container, or by its protein."""
    mine: Any = bindparam("proposal_id")
    sent = select(Container.containerId).join(Dewar, Dewar.dewarId == Container.dewarId)
    sent = sent.join(Shipping, Shipping.shippingId == Dewar.shippingId).where(Shipping.proposalId == mine)
    made = select(Crystal.crystalId).join(Protein, Protein.proteinId == Crystal.proteinId)
    made = made.where(Protein.proposalId == mine)
    of_proposal = or_(BLSample.containerId.in_(sent), BLSample.crystalId.in_(made))
    return select(BLSample.blSampleId).where(BLSample.blSampleId == KEY, of_proposal)


@statement
def workflow(scope: Scope) -> Select[int]:
    """The workflow `key`, unless a group of another proposal is of it."""
    group = DataCollectionGroup
    elsewhere = exists().where(
        group.workflowId == Workflow.workflowId,
        group.sessionId == BLSession.sessionId,
        BLSession.proposalId != bindparam("proposal_id"),
    )
    return select(Workflow.workflowId).where(Workflow.workflowId == KEY, ~elsewhere)


@statement
def subwedge(scope: Scope) -> Select[int]:
    """The part of a strategy `key`, if it was proposed for data of the proposal `proposal_id`."""
    part, wedge, strategy = ScreeningStrategySubWedge, ScreeningStrategyWedge, ScreeningStrategy
    group, collection = DataCollectionGroup, DataCollection
    groups = select(group.dataCollectionGroupId).join(BLSession, BLSession.sessionId == group.sessionId)
    groups = groups.where(BLSession.proposalId == bindparam("proposal_id"))
    collections = select(collection.dataCollectionId).where(collection.dataCollectionGroupId.in_(groups))
    mine = or_(Screening.dataCollectionGroupId.in_(groups), Screening.dataCollectionId.in_(collections))
    return (
        select(part.screeningStrategySubWedgeId)
        .join(wedge, wedge.screeningStrategyWedgeId == part.screeningStrategyWedgeId)
        .join(strategy, strategy.screeningStrategyId == wedge.screeningStrategyId)
        .join(ScreeningOutput, ScreeningOutput.screeningOutputId == strategy.screeningOutputId)
        .join(Screening, Screening.screeningId == ScreeningOutput.screeningId)
        .where(part.screeningStrategySubWedgeId == KEY, mine)
    )


@statement
def detector(scope: Scope) -> Select[int]:
    """The detector `key`."""
    return select(Detector.detectorId).where(Detector.detectorId == KEY)


@statement
def groups_like(scope: Scope) -> Select[int]:
    """Groups of a session that were made just now with the same values, and have no data collection yet."""
    group, collection = DataCollectionGroup, DataCollection
    same = (
        getattr(group, name).is_not_distinct_from(bindparam(name))
        for name in ("experimentType", "actualSampleSlotInContainer", "actualContainerSlotInSC", "blSampleId")
    )
    used = exists().where(collection.dataCollectionGroupId == group.dataCollectionGroupId)
    since = group.startTime.between(bindparam("earliest"), bindparam("latest"))
    found = select(group.dataCollectionGroupId).where(group.sessionId == KEY, *same, since, ~used)
    return found.order_by(group.dataCollectionGroupId.desc()).execution_options(**OBSTACLE)


@statement
def group(scope: Scope) -> Select[Any]:
    """What the group `key` holds."""
    group = DataCollectionGroup
    columns: list[Any] = [group.sessionId, group.blSampleId, group.experimentType, group.startTime]
    found = select(*columns, scope.column(group.workflowId).label("workflowId"))
    return found.where(group.dataCollectionGroupId == KEY)


@statement
def experiment_type(scope: Scope) -> Select[int]:
    """The type of experiments of this `name`."""
    column = ExperimentType.experimentTypeId
    return select(column).where(ExperimentType.name == bindparam("name")).order_by(column)


@statement
def group_of(scope: Scope) -> Select[int]:
    """The group of the data collection `key`."""
    return select(DataCollection.dataCollectionGroupId).where(DataCollection.dataCollectionId == KEY)


@statement
def collection(scope: Scope) -> Select[Any]:
    """What the data collection `key` holds, which nobody else writes until this transaction ends."""
    columns = [scope.column(getattr(DataCollection, name)).label(name) for name in held(DataCollection)]
    return select(*columns).where(DataCollection.dataCollectionId == KEY).with_for_update()


@statement
def collections_like(scope: Scope, *, in_group: bool) -> Select[int, int]:
    """Data collections of a session (`key`), or of its group `group_id`, that were begun at the same time
    with the same files; and their groups."""
    group, collection = DataCollectionGroup, DataCollection
    same = [
        getattr(collection, name) == bindparam(name)
        for name in ("imagePrefix", "dataCollectionNumber", "startTime")
    ]
    same.append(collection.imageDirectory.is_not_distinct_from(bindparam("imageDirectory")))
    if in_group:
        same.append(group.dataCollectionGroupId == bindparam("group_id"))
    found = select(collection.dataCollectionId, collection.dataCollectionGroupId)
    found = found.join(group, group.dataCollectionGroupId == collection.dataCollectionGroupId)
    found = found.where(group.sessionId == KEY, collection.startTime >= bindparam("since"), *same)
    return found.order_by(collection.dataCollectionId).execution_options(**OBSTACLE)


@statement
def images_like(scope: Scope) -> Select[int]:
    """The images of a data collection with this number and name."""
    name = Image.fileName.is_not_distinct_from(bindparam("fileName"))
    same = Image.imageNumber.is_not_distinct_from(bindparam("imageNumber")), name
    found = select(Image.imageId).where(Image.dataCollectionId == KEY, *same)
    return found.order_by(Image.imageId).execution_options(**OBSTACLE)


@statement
def image(scope: Scope) -> Select[int]:
    """The image `image_id` of a data collection."""
    mine = Image.dataCollectionId == KEY, Image.imageId == bindparam("image_id")
    return select(Image.imageId).where(*mine)


@statement
def actions_like(scope: Scope) -> Select[int]:
    """The same action of the sample changer, begun at the same time."""
    action = RobotAction
    same = (
        action.blsessionId == KEY,
        action.actionType == bindparam("actionType"),
        action.startTimestamp == bindparam("startTimestamp"),
        action.blsampleId.is_not_distinct_from(bindparam("blsampleId")),
    )
    found = select(action.robotActionId).where(*same)
    return found.order_by(action.robotActionId).execution_options(**OBSTACLE)


@statement
def scans_like(scope: Scope, model: type[EnergyScan | XFEFluorescenceSpectrum]) -> Select[int]:
    """The same scan of a session, begun at the same time with the same file."""
    key = {EnergyScan: "energyScanId", XFEFluorescenceSpectrum: "xfeFluorescenceSpectrumId"}[model]
    same = (
        model.sessionId == KEY,
        model.startTime == bindparam("startTime"),
        model.scanFileFullPath.is_not_distinct_from(bindparam("scanFileFullPath")),
        model.filename.is_not_distinct_from(bindparam("filename")),
    )
    column = getattr(model, key)
    return select(column).where(*same).order_by(column).execution_options(**OBSTACLE)


@statement
def sample_of_scan(scope: Scope) -> Select[int | None]:
    """The sample of the energy scan `key`, as far as it is known."""
    return select(EnergyScan.blSampleId).where(EnergyScan.energyScanId == KEY)


@statement
def samples_of_scan(scope: Scope) -> Select[int]:
    """That the energy scan `key` was made of the sample `sample_id`."""
    link = BLSample_has_EnergyScan
    same = link.energyScanId == KEY, link.blSampleId == bindparam("sample_id")
    found = select(link.blSampleHasEnergyScanId).where(*same)
    return found.order_by(link.blSampleHasEnergyScanId).execution_options(**OBSTACLE)


SETUP = (
    *("synchrotronName", "synchrotronMode", "undulatorType1", "undulatorType2", "undulatorType3"),
    *("focusingOptic", "monochromatorType", "beamDivergenceHorizontal", "beamDivergenceVertical"),
    *("polarisation", "minExposureTimePerImage", "goniostatMaxOscillationSpeed"),
    *("goniostatMinOscillationWidth", "detectorId", "beamlineName"),
)
"""What two set-ups are told apart by."""


@statement
def newest_setups(scope: Scope) -> Select[Any]:
    """The newest set-ups of a synchrotron: their keys, and `SETUP`."""
    columns = [scope.column(getattr(BeamLineSetup, name)).label(name) for name in SETUP]
    name = BeamLineSetup.synchrotronName.is_not_distinct_from(bindparam("synchrotronName"))
    found = select(BeamLineSetup.beamLineSetupId, *columns).where(name)
    found = found.order_by(BeamLineSetup.beamLineSetupId.desc()).limit(NEWEST_SETUPS)
    return found.execution_options(**OBSTACLE)


@statement
def setup(scope: Scope) -> Select[int]:
    """The set-up `key`."""
    return select(BeamLineSetup.beamLineSetupId).where(BeamLineSetup.beamLineSetupId == KEY)


@statement
def detectors(scope: Scope, names: frozenset[str]) -> Select[int]:
    """Detectors with these values, in any case."""
    wanted = [getattr(Detector, name) == bindparam(name) for name in sorted(names)] or [false()]
    return select(Detector.detectorId).where(*wanted).order_by(Detector.detectorId)
