"""Large databases, made inside of MariaDB from its sequence tables: fast, and the same each time."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

MEMBER = 7
"""The person who is a member of about 300 of the sessions."""
STAFF = 8
"""The person who sees everything."""

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
    "INSERT INTO UserGroup (userGroupId, name) VALUES (1, 'everything')",
    "INSERT INTO Permission (permissionId, type) VALUES (1, 'all_proposals')",
    "INSERT INTO UserGroup_has_Permission (userGroupId, permissionId) VALUES (1, 1)",
    f"INSERT INTO UserGroup_has_Person (userGroupId, personId) VALUES (1, {STAFF})",
    "ANALYZE TABLE Person, Proposal, BLSession, Session_has_Person, ProposalHasPerson",
)
"""2,000 persons, 20,000 proposals and 100,000 sessions on 8 beamlines."""


async def fill(url: str, statements: tuple[str, ...]) -> None:
    """Run the statements on one connection."""
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        for statement in statements:
            await connection.execute(text(statement.replace(":", "\\:")))
    await engine.dispose()
