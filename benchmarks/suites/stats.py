"""Statistics of a session with 1,000 data collections, a proposal with 100,000, and a run."""

from __future__ import annotations

from benchmarks.databases import SESSIONS, STAFF
from benchmarks.suite import Case, Suite

PROPOSAL = "mx2"
BUSY = (
    # sessions 100001 to 100100 of proposal 2, mx2-101 to mx2-200, two days each
    "INSERT INTO BLSession (sessionId, proposalId, visit_number, startDate, endDate, beamLineName, scheduled)"
    " SELECT 100000 + seq, 2, 100 + seq, '2026-01-01' + INTERVAL 2 * seq DAY,"
    " '2026-01-03' + INTERVAL 2 * seq DAY, 'BL1', 1 FROM seq_1_to_100",
    "INSERT INTO DataCollectionGroup (dataCollectionGroupId, sessionId, experimentType)"
    " SELECT seq, 100001 + (seq - 1) DIV 1000, ELT(1 + seq % 3, 'OSC', 'Mesh', 'SAD') FROM seq_1_to_100000",
    "INSERT INTO DataCollection (dataCollectionId, dataCollectionGroupId, startTime, endTime, runStatus,"
    " wavelength) SELECT seq, seq, t, t + INTERVAL 90 SECOND,"
    " IF(seq % 20, 'Data collection successful', 'failed'), 0.9 + (seq % 100) / 500 FROM"
    " (SELECT seq, '2026-01-03' + INTERVAL 2 * ((seq - 1) DIV 1000) DAY"
    " + INTERVAL ((seq - 1) % 1000) * 150 SECOND AS t FROM seq_1_to_100000) AS times",
    "INSERT INTO RobotAction (blsessionId, actionType, startTimestamp, endTimestamp, status)"
    " SELECT 100001 + (seq - 1) DIV 500, 'LOAD', t, t + INTERVAL 30 SECOND, 'SUCCESS' FROM"
    " (SELECT seq, '2026-01-03' + INTERVAL 2 * ((seq - 1) DIV 500) DAY"
    " + INTERVAL ((seq - 1) % 500) * 300 SECOND AS t FROM seq_1_to_50000) AS times",
    "INSERT INTO v_run (runId, run, startDate, endDate) VALUES (1, '2026-1', '2026-01-01', '2026-07-31')",
    "ANALYZE TABLE BLSession, DataCollectionGroup, DataCollection, RobotAction",
)
"""100 sessions with 1,000 data collections and 500 robot actions each."""
RUN = "beamLineName=BL1&runId=1"
OPERATIONS = ("breakdown", "times", "errors", "hourlies", "parameters/histogram")

SUITES = (
    Suite(
        "statistics",
        plugins=("ispyb", "stats"),
        fill=(*SESSIONS, *BUSY),
        cases=(
            *(
                Case(f"{name}, session of 1,000", f"/stats/{name}?sessionId=100001", STAFF)
                for name in OPERATIONS
            ),
            *(
                Case(
                    f"{name}, proposal of 100,000",
                    f"/stats/{name}?proposal={PROPOSAL}",
                    STAFF,
                    clients=1,
                    seconds=15,
                )
                for name in ("times", "hourlies")
            ),
            *(
                Case(f"{name}, run of 100,000", f"/stats/{name}?{RUN}", STAFF, 1, 15)
                for name in ("errors", "parameters/histogram")
            ),
            Case("runs", "/stats/runs", STAFF),
        ),
    ),
)
