"""Large databases, made inside of MariaDB from its sequence tables: fast, and the same each time."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

MEMBER = 7
"""The person who is a member of about 300 of the sessions."""
STAFF = 8
"""The person who sees everything."""

_EVERYTHING = (
    "INSERT INTO UserGroup (userGroupId, name) VALUES (1, 'everything')",
    "INSERT INTO Permission (permissionId, type) VALUES (1, 'all_proposals')",
    "INSERT INTO UserGroup_has_Permission (userGroupId, permissionId) VALUES (1, 1)",
    f"INSERT INTO UserGroup_has_Person (userGroupId, personId) VALUES (1, {STAFF})",
)
"""Gives `STAFF` the permission to see everything."""

SESSIONS = (
    "SET foreign_key_checks = 0",
    "INSERT INTO Person (personId, login, givenName, familyName)"
    " SELECT seq, CONCAT('u', seq), 'Given', 'Family' FROM seq_1_to_2000",
    "INSERT INTO Proposal (proposalId, personId, proposalCode, proposalNumber, title, state)"
    " SELECT seq, 1, 'mx', seq, CONCAT('Proposal ', seq), 'Open' FROM seq_1_to_20000",
    "INSERT INTO BLSession (sessionId, proposalId, visit_number, startDate, endDate, beamLineName, scheduled)"
    " SELECT seq, 1 + (seq * 7919) % 20000, 1 + FLOOR(seq / 20000), '2015-01-01' + INTERVAL seq HOUR,"
    " '2015-01-01' + INTERVAL seq + 8 HOUR, CONCAT('BL', seq % 8), 1 FROM seq_1_to_100000",
    "INSERT IGNORE INTO Session_has_Person (sessionId, personId, role)"
    " SELECT seq, 10 + (seq * 31) % 1990, 'Staff' FROM seq_1_to_100000",
    f"INSERT IGNORE INTO Session_has_Person (sessionId, personId, role)"
    f" SELECT 1 + (seq * 337) % 100000, {MEMBER}, 'Team Leader' FROM seq_1_to_300",
    "INSERT INTO ProposalHasPerson (proposalId, personId)"
    " SELECT seq, 10 + (seq * 17) % 1990 FROM seq_1_to_20000",
    *_EVERYTHING,
    "ANALYZE TABLE Person, Proposal, BLSession, Session_has_Person, ProposalHasPerson",
)
"""2,000 persons, 20,000 proposals and 100,000 sessions on 8 beamlines."""


def events(times: int = 1) -> tuple[str, ...]:
    """200,000 data collections in 100,000 groups of 1,000 sessions, 50,000 robot actions, 5,000 energy scans
    and as many spectra, or so many times of each: a longer history, as dense. One collection in twenty
    failed, one in ten was processed, one in a thousand with an error. `MEMBER` is a member of 300 sessions.
    """
    sessions, groups, scans = 1_000 * times, 100_000 * times, 5_000 * times
    start = "'2015-01-01' + INTERVAL"
    session, sample = "1 + (seq - 1) DIV 100", f"1 + seq % {10_000 * times}"
    scanned = f"1 + (seq - 1) DIV 5, {sample}, {start} seq * 60 MINUTE, {start} seq * 60 + 2 MINUTE"
    return (
        "SET foreign_key_checks = 0",
        "INSERT INTO Person (personId, login, familyName)"
        f" VALUES ({MEMBER}, 'u{MEMBER}', 'Family'), ({STAFF}, 'u{STAFF}', 'Family')",
        *_EVERYTHING,
        "INSERT INTO Proposal (proposalId, personId, proposalCode, proposalNumber, title, state)"
        f" SELECT seq, 1, 'mx', seq, CONCAT('Proposal ', seq), 'Open' FROM seq_1_to_{sessions // 5}",
        "INSERT INTO BLSession (sessionId, proposalId, visit_number, startDate, endDate, beamLineName)"
        f" SELECT seq, 1 + seq % {sessions // 5}, 1 + seq DIV {sessions // 5}, {start} seq * 300 MINUTE,"
        f" {start} seq * 300 + 300 MINUTE, CONCAT('BL', seq % 8) FROM seq_1_to_{sessions}",
        "INSERT IGNORE INTO Session_has_Person (sessionId, personId)"
        f" SELECT 1 + (seq * 337) % {sessions}, {MEMBER} FROM seq_1_to_300",
        "INSERT INTO Protein (proteinId, proposalId, acronym)"
        f" SELECT seq, seq, 'P' FROM seq_1_to_{sessions // 5}",
        f"INSERT INTO Crystal (crystalId, proteinId) SELECT seq, seq FROM seq_1_to_{sessions // 5}",
        f"INSERT INTO BLSample (blSampleId, crystalId, name) SELECT seq, 1 + seq % {sessions // 5},"
        f" CONCAT('sample', seq) FROM seq_1_to_{10_000 * times}",
        "INSERT INTO DataCollectionGroup"
        " (dataCollectionGroupId, sessionId, blSampleId, experimentType, startTime, endTime)"
        f" SELECT seq, {session}, {sample}, ELT(1 + seq % 3, 'OSC', 'Mesh', 'SAD'), {start} seq * 180 SECOND,"
        f" {start} seq * 180 + 150 SECOND FROM seq_1_to_{groups}",
        "INSERT INTO DataCollection (dataCollectionId, dataCollectionGroupId, startTime, endTime, runStatus,"
        " numberOfImages, fileTemplate, imageDirectory, wavelength, resolution, transmission, omegaStart)"
        f" SELECT seq, 1 + (seq - 1) DIV 2, {start} seq * 90 SECOND, {start} seq * 90 + 60 SECOND,"
        " IF(seq % 20, 'DataCollection Successful', 'DataCollection Failed'), 3600, 'x_master.h5', '/data/x',"
        f" 0.97, 1.5, 100, 0 FROM seq_1_to_{2 * groups}",
        "INSERT INTO DataCollectionFileAttachment (dataCollectionId, fileFullPath)"
        f" SELECT seq * 4, '/data/x.log' FROM seq_1_to_{groups // 2}",
        "INSERT INTO RobotAction"
        " (blsessionId, blsampleId, actionType, startTimestamp, endTimestamp, status)"
        f" SELECT 1 + (seq - 1) DIV 50, {sample}, 'LOAD', {start} seq * 360 + 30 SECOND,"
        f" {start} seq * 360 + 90 SECOND, IF(seq % 20, 'SUCCESS', 'ERROR') FROM seq_1_to_{groups // 2}",
        "INSERT INTO EnergyScan (sessionId, blSampleId, startTime, endTime)"
        f" SELECT {scanned} FROM seq_1_to_{scans}",
        "INSERT INTO XFEFluorescenceSpectrum (sessionId, blSampleId, startTime, endTime)"
        f" SELECT {scanned} FROM seq_1_to_{scans}",
        "INSERT INTO AutoProcProgram (autoProcProgramId, processingStatus)"
        f" SELECT seq, 1 FROM seq_1_to_{groups // 5}",
        "INSERT INTO AutoProcIntegration (dataCollectionId, autoProcProgramId)"
        f" SELECT seq * 10, seq FROM seq_1_to_{groups // 5}",
        "INSERT INTO AutoProcProgramMessage (autoProcProgramId, severity, message)"
        f" SELECT seq * 100, 'ERROR', 'Ice' FROM seq_1_to_{groups // 500}",
        "ANALYZE TABLE Proposal, BLSession, Session_has_Person, DataCollectionGroup, DataCollection,"
        " RobotAction, EnergyScan, XFEFluorescenceSpectrum, AutoProcProgram, AutoProcIntegration,"
        " AutoProcProgramMessage, BLSample, Crystal, DataCollectionFileAttachment",
    )


async def fill(url: str, statements: tuple[str, ...]) -> None:
    """Run the statements on one connection."""
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        for statement in statements:
            await connection.execute(text(statement.replace(":", "\\:")))
    await engine.dispose()
