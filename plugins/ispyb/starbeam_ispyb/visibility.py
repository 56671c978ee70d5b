"""Who sees which rows of ISPyB.

The session rule: a row that hangs on a session is visible to members of the session, to members of its
proposal, and to whoever holds the permission of a beamline group that has the session's beamline. The
proposal rule: a row that hangs on a proposal and on no session is visible to members of the proposal, and to
whoever sees one of its sessions as a member or by its beamline. `all_proposals` sees everything.

What a person is a member of is one derived table of keys, which the database reads by its indexes and drives
the query with: a page costs what the person may see, not what the table holds.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, inspect, or_, select, true, union
from sqlalchemy.orm import aliased
from sqlalchemy.sql.elements import False_, True_

from starbeam.db.reader import CALLER_BEAMLINES, CALLER_ID, Scope
from starbeam.visibility import Allow, Condition, Rule, through
from starbeam_ispyb import models as m


def _sessions(scope: Scope, session: Any) -> ColumnElement[bool]:
    """The session rule, on a session."""
    if scope.kind.sees_everything:
        return true()
    own: ColumnElement[bool] = session.sessionId.in_(_own_sessions())
    return or_(own, session.beamLineName.in_(CALLER_BEAMLINES)) if scope.kind.has_beamlines else own


def _proposals(scope: Scope, proposal: Any) -> ColumnElement[bool]:
    """The proposal rule, on a proposal."""
    if scope.kind.sees_everything:
        return true()
    own: ColumnElement[bool] = proposal.proposalId.in_(_own_proposals())
    if not scope.kind.has_beamlines:
        return own
    session = aliased(m.BLSession)
    on_beamline = select(session.proposalId).where(session.beamLineName.in_(CALLER_BEAMLINES))
    return or_(own, proposal.proposalId.in_(on_beamline))


def _own_sessions() -> Select[tuple[int]]:
    """Keys of the sessions that the caller is a member of, or of whose proposals."""
    member, of_proposal, session = (
        aliased(m.Session_has_Person),
        aliased(m.ProposalHasPerson),
        aliased(m.BLSession),
    )
    own = union(
        select(member.sessionId.label("id")).where(member.personId == CALLER_ID),
        select(session.sessionId)
        .join(of_proposal, of_proposal.proposalId == session.proposalId)
        .where(of_proposal.personId == CALLER_ID),
    ).subquery("own_sessions")
    return select(own.c.id)


def _own_proposals() -> Select[tuple[int]]:
    """Keys of the proposals that the caller is a member of, or of whose sessions."""
    member, of_proposal, session = (
        aliased(m.Session_has_Person),
        aliased(m.ProposalHasPerson),
        aliased(m.BLSession),
    )
    own = union(
        select(of_proposal.proposalId.label("id")).where(of_proposal.personId == CALLER_ID),
        select(session.proposalId)
        .join(member, member.sessionId == session.sessionId)
        .where(member.personId == CALLER_ID),
    ).subquery("own_proposals")
    return select(own.c.id)


def _subsamples(scope: Scope, subsample: Any) -> ColumnElement[bool]:
    """The proposal rule for a sub sample: by the protein that its sample is made of."""
    sample, crystal = aliased(m.BLSample), aliased(m.Crystal)
    seen = scope.sees(crystal)
    if scope.kind.sees_everything:
        return seen
    visible = select(sample.blSampleId).join(crystal, crystal.crystalId == sample.crystalId).where(seen)
    found: ColumnElement[bool] = subsample.blSampleId.in_(visible)
    return found


def _either(*paths: Condition) -> Condition:
    """A rule for rows that hang on others in several ways: one derived table of keys, where `OR` would make
    the database read every row."""

    def condition(scope: Scope, entity: Any) -> ColumnElement[bool]:
        if scope.kind.sees_everything:
            return true()
        mapper = inspect(entity).mapper
        key = mapper.primary_key[0].key
        keys = []
        for path in paths:
            row = aliased(mapper.class_)
            seen = path(scope, row)
            if isinstance(seen, True_):
                return seen
            if not isinstance(seen, False_):
                keys.append(select(getattr(row, key).label("id")).where(seen))
        own = union(*keys).subquery()
        found: ColumnElement[bool] = getattr(entity, key).in_(select(own.c.id))
        return found

    return condition


def _allow(entity: type[Any], *conditions: Condition) -> list[Rule]:
    return [Allow(entity, condition) for condition in conditions]


RULES: list[Rule] = [
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
    *_allow(
        m.Screening,
        _either(
            through(m.DataCollection, "dataCollectionId"),
            through(m.DataCollectionGroup, "dataCollectionGroupId"),
        ),
    ),
    *_allow(m.AutoProcIntegration, through(m.DataCollection, "dataCollectionId")),
    *_allow(m.ProcessingJob, through(m.DataCollection, "dataCollectionId")),
    *_allow(
        m.AutoProcProgram,
        _either(
            through(m.AutoProcIntegration, "autoProcProgramId", "autoProcProgramId"),
            through(m.ProcessingJob, "processingJobId"),
        ),
    ),
    *_allow(m.AutoProcProgramAttachment, through(m.AutoProcProgram, "autoProcProgramId")),
    *_allow(m.AutoProcProgramMessage, through(m.AutoProcProgram, "autoProcProgramId")),
    *_allow(m.Movie, through(m.DataCollection, "dataCollectionId")),
    *_allow(m.MotionCorrection, through(m.Movie, "movieId")),
    *_allow(m.CTF, through(m.MotionCorrection, "motionCorrectionId")),
]
