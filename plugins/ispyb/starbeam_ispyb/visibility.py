"""Who sees which rows of ISPyB.

The session rule: a row that hangs on a session is visible to members of the session, to members of its
proposal, and to whoever holds the permission of a beamline group that has the session's beamline. The
proposal rule: a row that hangs on a proposal and on no session is visible to members of the proposal, and to
whoever sees one of its sessions as a member or by its beamline. `all_proposals` sees everything. A token that
is limited to some proposals sees these and what hangs on them, of what its holder sees.

What a person is a member of is one derived table of keys, which the database reads by its indexes and drives
the query with: a page costs what the person may see, not what the table holds.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, or_, select, true, union
from sqlalchemy.orm import aliased
from sqlalchemy.sql.elements import True_

from starbeam.api.database import (
    BEHALF_BEAMLINES,
    BEHALF_ID,
    CALLER_BEAMLINES,
    CALLER_ID,
    CALLER_PROPOSALS,
    EARLIEST,
    LATEST,
    Allow,
    Condition,
    Named,
    Narrow,
    Reason,
    Rule,
    Scope,
    through,
)
from starbeam_ispyb import models as m
from starbeam_ispyb.names import is_proposal, is_session, proposal_name, proposal_value, session_value


def _sessions(scope: Scope, session: Any) -> ColumnElement[bool]:
    """The session rule, on a session."""
    if scope.kind.allows_everything:
        return true()
    own: ColumnElement[bool] = session.sessionId.in_(_own_sessions())
    return or_(own, session.beamLineName.in_(CALLER_BEAMLINES)) if scope.kind.has_beamlines else own


def _proposals(scope: Scope, proposal: Any) -> ColumnElement[bool]:
    """The proposal rule, on a proposal."""
    if scope.kind.allows_everything:
        return true()
    own: ColumnElement[bool] = proposal.proposalId.in_(_own_proposals())
    if not scope.kind.has_beamlines:
        return own
    return or_(own, proposal.proposalId.in_(_proposals_on_beamlines()))


def _own_sessions(person: Any = CALLER_ID) -> Select[tuple[int]]:
    """Keys of the sessions that the caller is a member of, or of whose proposals."""
    own = union(_member_of_sessions(person), _in_order(_sessions_of_proposals(person)))
    return select(own.subquery("own_sessions").c.id)


def _member_of_sessions(person: Any = CALLER_ID) -> Select[int]:
    member = aliased(m.Session_has_Person)
    return select(member.sessionId.label("id")).where(member.personId == person)


def _sessions_of_proposals(person: Any = CALLER_ID) -> Select[int]:
    member, session = aliased(m.ProposalHasPerson), aliased(m.BLSession)
    mine = select(session.sessionId.label("id")).select_from(member)
    return mine.join(session, session.proposalId == member.proposalId).where(member.personId == person)


def _in_order(mine: Select[int]) -> Select[int]:
    """From the person on: without statistics MariaDB may begin with all sessions."""
    return mine.prefix_with("STRAIGHT_JOIN", dialect="mysql")


def _own_proposals(person: Any = CALLER_ID) -> Select[tuple[int]]:
    """Keys of the proposals that the caller is a member of, or of whose sessions."""
    own = union(_member_of_proposals(person), _in_order(_proposals_of_sessions(person)))
    return select(own.subquery("own_proposals").c.id)


def _member_of_proposals(person: Any = CALLER_ID) -> Select[int]:
    member = aliased(m.ProposalHasPerson)
    return select(member.proposalId.label("id")).where(member.personId == person)


def _proposals_of_sessions(person: Any = CALLER_ID) -> Select[int]:
    member, session = aliased(m.Session_has_Person), aliased(m.BLSession)
    mine = select(session.proposalId.label("id")).select_from(member)
    return mine.join(session, session.sessionId == member.sessionId).where(member.personId == person)


def _proposals_on_beamlines(lines: Any = CALLER_BEAMLINES) -> Select[int]:
    session = aliased(m.BLSession)
    return select(session.proposalId).where(session.beamLineName.in_(lines))


def _on_beamline(scope: Scope, session: Any) -> ColumnElement[bool]:
    found: ColumnElement[bool] = session.beamLineName.in_(CALLER_BEAMLINES)
    return found if scope.kind.has_beamlines else false()


def _has_session_on_beamline(scope: Scope, proposal: Any) -> ColumnElement[bool]:
    found: ColumnElement[bool] = proposal.proposalId.in_(_proposals_on_beamlines())
    return found if scope.kind.has_beamlines else false()


REASONS: list[Rule] = [
    Reason(
        m.BLSession,
        "the person takes part in this session",
        lambda scope, session: session.sessionId.in_(_member_of_sessions()),
    ),
    Reason(
        m.BLSession,
        "the person is a member of its proposal",
        lambda scope, session: session.sessionId.in_(_sessions_of_proposals()),
    ),
    Reason(m.BLSession, "the person has the permission of a group with its beamline", _on_beamline),
    Reason(
        m.Proposal,
        "the person is a member of this proposal",
        lambda scope, proposal: proposal.proposalId.in_(_member_of_proposals()),
    ),
    Reason(
        m.Proposal,
        "the person takes part in one of its sessions",
        lambda scope, proposal: proposal.proposalId.in_(_proposals_of_sessions()),
    ),
    Reason(
        m.Proposal,
        "the person has the permission of a group with the beamline of one of its sessions",
        _has_session_on_beamline,
    ),
    Named(
        m.Proposal,
        lambda name: (select(m.Proposal.proposalId).where(is_proposal()), proposal_value(name)),
    ),
    Named(
        m.BLSession,
        lambda name: (
            select(m.BLSession.sessionId)
            .join(m.Proposal, m.Proposal.proposalId == m.BLSession.proposalId)
            .where(is_session()),
            session_value(name),
        ),
    ),
]
"""The rules of sessions and proposals one by one, for who asks why."""


def _subsamples(scope: Scope, subsample: Any) -> ColumnElement[bool]:
    """The proposal rule for a sub sample: by the protein that its sample is made of."""
    sample, crystal = aliased(m.BLSample), aliased(m.Crystal)
    seen = scope.sees(crystal)
    if isinstance(seen, True_):
        return seen
    visible = select(sample.blSampleId).join(crystal, crystal.crystalId == sample.crystalId).where(seen)
    found: ColumnElement[bool] = subsample.blSampleId.in_(visible)
    return found


def _screenings(scope: Scope, screening: Any) -> ColumnElement[bool]:
    """The session rule for a screening: by its data collection, or by its group."""
    by_collection, by_group = aliased(m.Screening), aliased(m.Screening)
    seen = through(m.DataCollection, "dataCollectionId")(scope, by_collection)
    seen_by_group = through(m.DataCollectionGroup, "dataCollectionGroupId")(scope, by_group)
    if isinstance(seen, True_) or isinstance(seen_by_group, True_):
        return true()
    # Without `IS NOT NULL` MariaDB reckons that a look-up finds all rows where nearly all have NULL.
    return _among(
        screening.screeningId,
        select(by_collection.screeningId.label("id")).where(
            by_collection.dataCollectionId.is_not(None), seen
        ),
        select(by_group.screeningId).where(by_group.dataCollectionGroupId.is_not(None), seen_by_group),
    )


def _programs(scope: Scope, row: Any) -> ColumnElement[bool]:
    """The session rule for a program and what names it: by what the program integrated, or by the job that
    asked for it."""
    integration, job, asked = (
        aliased(m.AutoProcIntegration),
        aliased(m.ProcessingJob),
        aliased(m.AutoProcProgram),
    )
    seen = scope.sees(integration)
    if isinstance(seen, True_):
        return seen
    keys = [select(integration.autoProcProgramId.label("id")).where(seen)]
    if scope.has(m.ProcessingJob):
        jobs = select(job.processingJobId).where(scope.sees(job))
        keys.append(select(asked.autoProcProgramId).where(asked.processingJobId.in_(jobs)))
    return _among(row.autoProcProgramId, *keys)


def _among(key: Any, *keys: Select[Any]) -> ColumnElement[bool]:
    """The key is one of these: a derived table of all, where `OR` would make the database read every row."""
    own = union(*keys).subquery()
    found: ColumnElement[bool] = key.in_(select(own.c.id))
    return found


def _allow(entity: type[Any], *conditions: Condition) -> list[Rule]:
    return [Allow(entity, condition) for condition in conditions]


def _named(scope: Scope, proposal: Any) -> ColumnElement[bool]:
    """A proposal that the caller's token is limited to."""
    return proposal_name(proposal).regexp_match(CALLER_PROPOSALS)


def _of_named(scope: Scope, session: Any) -> ColumnElement[bool]:
    """A session of one."""
    proposal = aliased(m.Proposal)
    found: ColumnElement[bool] = session.proposalId.in_(
        select(proposal.proposalId).where(_named(scope, proposal))
    )
    return found


def _session_of_person(scope: Scope, session: Any) -> ColumnElement[bool]:
    """The session rule, for the person for whom a machine works."""
    own, staffed = _own_sessions(BEHALF_ID), session.beamLineName.in_(BEHALF_BEAMLINES)
    return or_(session.sessionId.in_(own), staffed)


def _proposal_of_person(scope: Scope, proposal: Any) -> ColumnElement[bool]:
    """The proposal rule, for the same."""
    own, staffed = _own_proposals(BEHALF_ID), _proposals_on_beamlines(BEHALF_BEAMLINES)
    return or_(proposal.proposalId.in_(own), proposal.proposalId.in_(staffed))


def _in_time(scope: Scope, session: Any) -> ColumnElement[bool]:
    """A session that runs, more or less; any one of a beamline where the person for whom a machine works is
    of the staff."""
    begun = or_(session.startDate.is_(None), session.startDate <= LATEST)
    lasts = or_(session.endDate.is_(None), session.endDate >= EARLIEST)
    if "person" not in scope.kind.narrowed:
        return and_(begun, lasts)
    return or_(and_(begun, lasts), session.beamLineName.in_(BEHALF_BEAMLINES))


RULES: list[Rule] = [
    *REASONS,
    Narrow(m.Proposal, _named),
    Narrow(m.BLSession, _of_named),
    Narrow(m.Proposal, _proposal_of_person, "person"),
    Narrow(m.BLSession, _session_of_person, "person"),
    Narrow(m.BLSession, _in_time, "time"),
    *_allow(m.Proposal, _proposals),
    *_allow(m.BLSession, _sessions),
    # the proposal rule
    *_allow(m.LabContact, through(m.Proposal, "proposalId")),
    *_allow(m.Shipping, through(m.Proposal, "proposalId")),
    *_allow(m.Dewar, through(m.Shipping, "shippingId")),
    *_allow(m.Container, through(m.Dewar, "dewarId")),
    *_allow(m.Protein, through(m.Proposal, "proposalId")),
    *_allow(m.Crystal, through(m.Protein, "proteinId")),
    *_allow(m.BLSample, through(m.Container, "containerId")),
    *_allow(m.BLSubSample, _subsamples),
    # the session rule
    *_allow(m.DataCollectionGroup, through(m.BLSession, "sessionId")),
    *_allow(m.DataCollection, through(m.DataCollectionGroup, "dataCollectionGroupId")),
    *_allow(m.DataCollectionFileAttachment, through(m.DataCollection, "dataCollectionId")),
    *_allow(m.Image, through(m.DataCollection, "dataCollectionId")),
    *_allow(
        m.GridInfo,
        through(m.DataCollection, "dataCollectionId"),
        through(m.DataCollectionGroup, "dataCollectionGroupId"),
    ),
    *_allow(m.Workflow, through(m.DataCollectionGroup, "workflowId", "workflowId")),
    *_allow(m.WorkflowStep, through(m.Workflow, "workflowId")),
    *_allow(m.RobotAction, through(m.BLSession, "blsessionId")),
    *_allow(m.EnergyScan, through(m.BLSession, "sessionId")),
    *_allow(m.XFEFluorescenceSpectrum, through(m.BLSession, "sessionId")),
    *_allow(m.Screening, _screenings),
    *_allow(m.AutoProcIntegration, through(m.DataCollection, "dataCollectionId")),
    *_allow(m.ProcessingJob, through(m.DataCollection, "dataCollectionId")),
    *_allow(m.AutoProcProgram, _programs),
    *_allow(m.AutoProcProgramAttachment, through(m.AutoProcProgram, "autoProcProgramId")),
    *_allow(m.AutoProcProgramMessage, through(m.AutoProcProgram, "autoProcProgramId")),
    *_allow(m.Movie, through(m.DataCollection, "dataCollectionId")),
    *_allow(m.MotionCorrection, through(m.Movie, "movieId")),
    *_allow(m.CTF, through(m.MotionCorrection, "motionCorrectionId")),
]
