"""Lists of the older Java service's sessions, with the counts over each."""

from __future__ import annotations

from benchmarks.databases import MEMBER, STAFF
from benchmarks.suite import Case, Suite

MEASURED = (
    "SET foreign_key_checks = 0",
    "INSERT INTO Person (personId, login, givenName, familyName)"
    " SELECT seq, CONCAT('u', seq), 'Given', 'Family' FROM seq_1_to_100",
    "INSERT INTO Proposal (proposalId, personId, proposalCode, proposalNumber, title)"
    " SELECT seq, 1, 'mx', seq, CONCAT('Proposal ', seq) FROM seq_1_to_200",
    "INSERT INTO BLSession (sessionId, proposalId, visit_number, startDate, endDate, beamLineName)"
    " SELECT seq, 1 + seq % 200, 1 + seq DIV 200, '2015-01-01' + INTERVAL seq HOUR,"
    " '2015-01-01' + INTERVAL seq + 8 HOUR, CONCAT('BL', seq % 8) FROM seq_1_to_1000",
    f"INSERT INTO Session_has_Person (sessionId, personId) SELECT seq * 100, {MEMBER} FROM seq_1_to_10",
    "INSERT INTO DataCollectionGroup (dataCollectionGroupId, sessionId, experimentType, endTime)"
    " SELECT seq, 1 + seq % 1000, 'OSC', '2015-01-01' + INTERVAL seq MINUTE FROM seq_1_to_100000",
    "INSERT INTO DataCollection (dataCollectionId, dataCollectionGroupId, numberOfImages)"
    " SELECT seq, 1 + seq % 100000, seq % 3600 FROM seq_1_to_200000",
    "INSERT INTO EnergyScan (sessionId) SELECT 1 + seq % 1000 FROM seq_1_to_10000",
    "INSERT INTO UserGroup (userGroupId, name) VALUES (1, 'everything'), (2, 'own')",
    "INSERT INTO Permission (permissionId, type) VALUES (1, 'all_sessions'), (2, 'own_sessions')",
    "INSERT INTO UserGroup_has_Permission (userGroupId, permissionId) VALUES (1, 1), (2, 2)",
    f"INSERT INTO UserGroup_has_Person (userGroupId, personId) VALUES (1, {STAFF}), (2, {MEMBER})",
    "ANALYZE TABLE Person, Proposal, BLSession, Session_has_Person, DataCollectionGroup, DataCollection",
)
"""1,000 sessions of 200 proposals, with 100,000 groups and 200,000 data collections."""

CASES = (
    Case("all 1,000 sessions", "/legacy/sessions", STAFF),
    Case("own 10 sessions", "/legacy/sessions", MEMBER),
    Case("5 sessions of one proposal", "/legacy/sessions/proposal/mx77", STAFF),
)


def _suite(title: str, age: int) -> Suite:
    settings = (("plugin.legacy.summary_age", age),)
    return Suite(title, plugins=("ispyb", "legacy"), fill=MEASURED, cases=CASES, settings=settings)


SUITES = (
    _suite("Legacy sessions over 100,000 groups, cold: counted at each request", 0),
    _suite("Legacy sessions over 100,000 groups, warm: counts kept", 3600),
)
