"""What `starbeam doctor` believes that operations read and write, beside what reaches the driver."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import pytest

from starbeam.auth.snapshot import Snapshot
from starbeam.db.essential import ISPYB, is_essential
from starbeam.http.guard import Guard
from starbeam_doctor.usage import uses_of
from support.expected import routes

if TYPE_CHECKING:
    from contract.conftest import Whole

pytestmark = pytest.mark.anyio

BOTH = {"INSERT", "UPDATE"}
WRITES = {
    "AdminActivity": BOTH,
    "AdminVar": BOTH,
    "BLSample_has_EnergyScan": {"INSERT"},
    "BLSession": BOTH,
    "BeamLineSetup": {"INSERT"},
    "BLSample": BOTH,
    "Container": BOTH,
    "Crystal": BOTH,
    "DataCollection": BOTH,
    "DataCollectionGroup": BOTH,
    "Dewar": BOTH,
    "EnergyScan": BOTH,
    "Image": BOTH,
    "LabContact": BOTH,
    "Laboratory": BOTH,
    "Permission": BOTH,
    "Person": BOTH,
    "Proposal": BOTH,
    "ProposalHasPerson": {"INSERT"},
    "Protein": BOTH,
    "RobotAction": BOTH,
    "Session_has_Person": BOTH,
    "Shipping": BOTH,
    "StarbeamAudit": {"INSERT"},
    "StarbeamRefresh": {"UPDATE"},
    "StarbeamToken": {"UPDATE"},
    "UserGroup": BOTH,
    "UserGroup_has_Permission": {"INSERT", "DELETE"},
    "UserGroup_has_Person": {"INSERT", "DELETE"},
    "XFEFluorescenceSpectrum": BOTH,
}
"""All that an operation of a bundled plugin was found to write, with values that are made up."""
operation: ContextVar[str] = ContextVar("operation", default="")


class Reached:
    """What SQL names: tables, columns, and verbs by table. Of rows that are read whole, since they were
    written or will be, only the table counts: no answer shows the columns."""

    def __init__(self, models: dict[str, Any]) -> None:
        tables = [model.__table__ for model in models.values()]
        self._tables = {table.name.lower(): table for table in tables}
        self._columns = {f"{table.name}.{one.name}".lower(): one for table in tables for one in table.columns}
        self.names: dict[str, set[str]] = defaultdict(set)
        """By operation: `Table`, `Table.column`, and `INSERT Table` …."""

    def note(self, sql: str, values: Any) -> None:
        """A statement that is about to run."""
        plain = re.sub(r"(\w+)\.(\w+) AS \1_\2", "", re.sub(r"[`\"]", "", sql))
        whole = re.match(r"SELECT (\w+)\.\w+(?:, \1\.\w+)* \nFROM \1 \nWHERE \1\.\w+ = \S+$", plain)
        if whole and 3 * plain.count(",") > len(self._tables[whole[1].lower()].columns):
            plain = f"SELECT 1 FROM {whole[1]}"
        self.names[operation.get()] |= set(self._names(plain))
        verb, *rest = plain.split()
        if verb in ("INSERT", "UPDATE", "DELETE"):
            table = next(self._tables[word.lower()].name for word in rest if word.lower() in self._tables)
            self.names[operation.get()].add(f"{verb} {table}")

    def _names(self, sql: str) -> Iterator[str]:
        of = {name: name for name in self._tables}
        for source in re.finditer(r"\b(?:FROM|JOIN|INTO|UPDATE|,)\s+\(*(\w+)(?: AS (\w+))?", sql):
            table = self._tables.get(source[1].lower())
            if table is not None:
                of[(source[2] or source[1]).lower()] = table.name.lower()
                yield table.name
        for place, name in re.findall(r"\b(\w+)\.(\w+)\b", sql):
            column = self._columns.get(f"{of.get(place.lower())}.{name.lower()}")
            if column is not None:
                yield f"{column.table.name}.{column.name}"


@pytest.fixture(autouse=True)
def named_operations(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever runs after the guard is of the operation."""
    check = Guard.check

    async def noting(self: Guard, connection: Any, handler: Any) -> None:
        operation.set("")
        await check(self, connection, handler)
        operation.set(handler.handler_name)

    monkeypatch.setattr(Guard, "check", noting)
    refresh = Snapshot.refresh

    async def of_core(self: Snapshot) -> None:
        operation.set("")  # what the server itself reads again after a change
        await refresh(self)

    monkeypatch.setattr(Snapshot, "refresh", of_core)


@pytest.fixture
def reached(whole: Whole) -> Reached:
    """What the operations of the whole system send."""
    found = Reached(whole.app.starbeam.registry.models)
    whole.app.starbeam.database.watchers.append(found.note)
    return found


def asked_for_anyway(name: str) -> bool:
    """Whether it is in a plugin's own table, where the doctor asks for everything, or something to read that
    no server starts without."""
    verb, _, read = name.rpartition(" ")
    table, *column = read.split(".")
    return table not in ISPYB or (not verb and is_essential(table, *column))


@pytest.mark.on("sqlite-union", late=["mariadb-community", "mariadb-diamond"])
async def test_all_that_reaches_the_driver_is_known(whole: Whole, reached: Reached) -> None:
    known = {
        one: use.names
        for one, (_, use) in (await uses_of(whole.app.starbeam, whole.app.starbeam.database.schema)).items()
    }
    assert len(known) > 100
    for name, route in sorted(routes().items()):
        path = route.path or name.split(" ")[1]
        asked = [(path, caller) for caller in ("session_member", "administrator")]
        asked += [(one, "administrator") for one in route.also]
        for address, caller in asked:
            await whole.call(name, address, caller, route.body)
    assert len(reached.names.keys() & known.keys()) > 90
    missed = {
        one: {name for name in found - known[one] if not asked_for_anyway(name)}
        for one, found in reached.names.items()
        if one in known
    }
    missed.pop("get_event_stream", None)  # read beside the request, of tables that other operations read
    assert {one: names for one, names in missed.items() if names} == {}


async def test_no_grant_is_asked_for_that_nothing_needs(whole: Whole) -> None:
    written: dict[str, set[str]] = {}
    for _, use in (await uses_of(whole.app.starbeam, whole.app.starbeam.database.schema)).values():
        for table, verbs in use.writes.items():
            written.setdefault(table, set()).update(verbs)
    assert written == WRITES
