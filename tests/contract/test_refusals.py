"""Whatever number a server refuses a write with: 503, 403 for a privilege, 400 for a value; never 500, and
never somebody else's fault."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from support.expected import routes

if TYPE_CHECKING:
    from contract.conftest import Whole
    from starbeam_testing.app import TestDatabase

pytestmark = pytest.mark.anyio

LATER = {
    1021: "HY000",  # the disk is full
    1030: "HY000",  # what the storage engine says
    1114: "HY000",  # the table is full
    1205: "HY000",  # a lock did not come in time, three times
    1213: "40001",  # a dead-lock, three times
    1226: "42000",  # the account has used up its hour
    1290: "HY000",  # the server runs with --read-only
    1317: "70100",  # somebody killed the query
    1364: "HY000",  # a column of the facility's own, which needs a value
    1644: "45000",  # a trigger of the facility's own
    1665: "HY000",  # the binary log
    1689: "HY000",  # statements wait for a lock of the whole server
    1792: "25006",  # the transaction may only read
    1836: "HY000",  # the server may only read
    1927: "70100",  # somebody killed the connection
    1969: "70100",  # the statement took too long
    3024: "HY000",
    9999: "HY000",  # a number of tomorrow
}
OF_PRIVILEGES = {1142: "42000", 1143: "42000", 1227: "42000", 1370: "42000"}
OF_VALUES = {1048: "23000", 1062: "23000", 1264: "22003", 1366: "22007", 1406: "22001", 1452: "23000"} | {
    1586: "23000",
    1690: "22003",
    1906: "22018",
    4025: "23000",
}
NUMBERS = {
    **{number: (503, state) for number, state in LATER.items()},
    **{number: (403, state) for number, state in OF_PRIVILEGES.items()},
    **{number: (400, state) for number, state in OF_VALUES.items()},
}
WRITTEN = (
    "AdminActivity AdminVar BLSample BLSession Container Crystal DataCollection DataCollectionGroup Dewar"
    " LabContact Laboratory Permission Person Proposal Protein Shipping SW_onceToken UserGroup"
    " UserGroup_has_Permission UserGroup_has_Person"
)
CHANGES = sorted(name for name in routes() if not name.startswith("GET "))
FEW = [
    "POST /admin/groups",
    "POST /dewars",
    "POST /user/sign",
    "POST /webservices/userportalsync/sync_proposal",
]
GONE = 1452, "POST /user/sign"
"""Who signs is no person any more."""


async def refuse(db: TestDatabase) -> None:
    """Refuse every write with the number that the table `Refused` has, if it has one."""
    await db.sql("CREATE TABLE Refused (number INT)")
    cases = " ".join(
        f"WHEN {number} THEN SIGNAL SQLSTATE '{state}' SET MYSQL_ERRNO = {number}, MESSAGE_TEXT = 'said so';"
        for number, (_, state) in NUMBERS.items()
    )
    body = f"BEGIN CASE (SELECT MAX(number) FROM Refused) {cases} ELSE BEGIN END; END CASE; END"
    for table in WRITTEN.split():
        for when in ("INSERT", "UPDATE", "DELETE"):
            await db.sql(f"CREATE TRIGGER refuse_{table}_{when} BEFORE {when} ON {table} FOR EACH ROW {body}")


@pytest.mark.on("mariadb-community")
@pytest.mark.parametrize("changes", [FEW, pytest.param(CHANGES, marks=pytest.mark.long)], ids=["few", "all"])
async def test_refusals_by_number(whole: Whole, changes: list[str]) -> None:
    db = whole.app.database
    await refuse(db)
    found = {}
    try:
        for number in NUMBERS:
            await db.sql(f"INSERT INTO Refused VALUES ({number})")
            with capture_logs() as logs:
                found[number] = {name: await status(whole, name) for name in changes}
            assert [line for line in logs if "exc_info" in line] == [], number
            await db.sql("DELETE FROM Refused")
        usual = {name: await status(whole, name) for name in changes}
    finally:
        for (trigger,) in await db.sql(
            "SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = DATABASE()"
        ):
            await db.sql(f"DROP TRIGGER {trigger}")
        await db.sql("DROP TABLE Refused")
    for number, (refused, _) in NUMBERS.items():
        wanted = {name: 401 if (number, name) == GONE else refused for name in changes}
        others = {name: was for name, was in found[number].items() if was not in (wanted[name], usual[name])}
        assert others == {}, number
        assert list(found[number].values()).count(refused) >= len(changes) - 2, number


async def status(whole: Whole, name: str) -> int:
    """What the administrator is answered."""
    route = routes()[name]
    answer = await whole.call(name, route.path or name.split(" ")[1], "administrator", route.body)
    return answer.status_code
