"""Who sees which rows of the tables that several plugins read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect, select

from starbeam.db.connection import ReadConnection
from starbeam.db.reader import Reader
from starbeam_ispyb import models as m
from starbeam_ispyb.visibility import RULES
from starbeam_testing.app import TestApp
from starbeam_testing.fixtures import MakeApp
from support import world
from support.schemas import Kind
from support.world.ispyb import TWINS

pytestmark = pytest.mark.anyio

Seen = dict[str, set[int]]

BY_PROPOSAL: Seen = {
    "stranger": set(),
    "session_member": {1},
    "proposal_member": {1, 3},
    "staff": {1},
    "administrator": {1, 2, 3},
    "manager": set(),
}
"""The proposal rule: keys of proposals, or of the one row that hangs on each."""
BY_SESSION: Seen = {
    "stranger": set(),
    "session_member": {1},
    "proposal_member": {1, 2},
    "staff": {2},
    "administrator": {1, 2, 3},
    "manager": set(),
}
"""The session rule: keys of sessions, or of the one row that hangs on each."""
UNLINKED: Seen = {caller: {1, 2, 3} if caller == "administrator" else set() for caller in BY_SESSION}
"""Rows that hang on nothing in this flavour."""


def both(seen: Seen, twins: Seen) -> Seen:
    """Rows that hang on a session in one of two ways."""
    return {caller: seen[caller] | {TWINS + key for key in twins[caller]} for caller in seen}


def expected(community: bool) -> dict[type[Any], Seen]:
    """Who sees which rows of each table."""
    proposal_rule: list[type[Any]] = [
        m.Proposal,
        m.LabContact,
        m.Shipping,
        m.Dewar,
        m.Container,
        m.Protein,
        m.Crystal,
        m.BLSample,
        m.BLSubSample,
    ]
    session_rule: list[type[Any]] = [
        m.BLSession,
        m.DataCollectionGroup,
        m.DataCollection,
        m.DataCollectionFileAttachment,
        m.Image,
        m.Workflow,
        m.WorkflowStep,
        m.RobotAction,
        m.EnergyScan,
        m.XFEFluorescenceSpectrum,
        m.AutoProcIntegration,
        m.ProcessingJob,
        m.AutoProcProgramAttachment,
        m.AutoProcProgramMessage,
        m.Movie,
        m.MotionCorrection,
        m.CTF,
    ]
    absent_link = UNLINKED if community else BY_SESSION
    return {
        **dict.fromkeys(proposal_rule, BY_PROPOSAL),
        **dict.fromkeys(session_rule, BY_SESSION),
        m.GridInfo: both(BY_SESSION, absent_link),
        m.Screening: both(BY_SESSION, BY_SESSION),
        m.AutoProcProgram: both(BY_SESSION, absent_link),
    }


def test_every_table_with_a_rule_is_looked_at() -> None:
    assert set(expected(community=True)) == {rule.entity for rule in RULES}


async def seen_by(app: TestApp, login: str, entity: type[Any]) -> set[int]:
    """Keys of the rows that a person sees."""
    starbeam = app.starbeam
    who = starbeam.snapshot.people.principal(world.PEOPLE[login], login)
    scope = await starbeam.scopes.of(who)
    connection = ReadConnection(starbeam.database)
    try:
        reader = Reader(connection, scope, who, world.NOW, starbeam.options.values)
        key = inspect(entity).primary_key[0]
        return {row[0] for row in await reader.rows(select(key).where(scope.sees(entity)))}
    finally:
        await connection.close()


async def test_whoever_sees_everything_costs_no_condition(make_app: MakeApp) -> None:
    app = await make_app("ispyb")
    who = app.starbeam.snapshot.people.principal(1, "root", {"all_proposals"})
    scope = await app.starbeam.scopes.of(who)
    assert {str(scope.sees(rule.entity)) for rule in RULES} == {"true"}


@pytest.mark.four_databases
async def test_everybody_sees_what_the_rules_say(make_app: MakeApp, kind: Kind, tmp_path: Path) -> None:
    app = await make_app("ispyb")
    await world.build(app.database, tmp_path, "ispyb")
    await world.enter(app)
    schema = await app.database.schema()
    wanted = {
        entity: seen for entity, seen in expected(kind.flavour == "community").items() if schema.has(entity)
    }
    found = {
        entity: {login: await seen_by(app, login, entity) for login in world.CALLERS} for entity in wanted
    }
    assert found == wanted
