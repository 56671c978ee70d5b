"""What the server's account may do on a MariaDB server, and what it should."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

_GRANT = re.compile(
    r"GRANT (?P<verbs>.+?) ON (?P<database>`(?:[^`]|``)*`|\*)\.(?P<table>`(?:[^`]|``)*`|\*) TO "
)
_ALTERING = ("CREATE", "ALTER", "DROP")
WRITES = ("INSERT", "UPDATE", "DELETE")
DATA = ("SELECT", *WRITES)

CORE: Mapping[str, frozenset[str]] = {
    "Person": frozenset({"INSERT"}),
    "SW_onceToken": frozenset({"INSERT", "DELETE"}),
    "UserGroup": frozenset({"INSERT"}),
    "Permission": frozenset({"INSERT"}),
    "UserGroup_has_Person": frozenset({"INSERT"}),
    "UserGroup_has_Permission": frozenset({"INSERT"}),
}
"""What core writes: a person who logs in for the first time, one-time tokens, and `starbeam admin grant`."""


@dataclass
class Held:
    """The privileges of an account, as SHOW GRANTS tells them."""

    database: str
    verbs: dict[str, set[str]] = field(default_factory=dict)
    """By table in small letters; `*` for the whole database."""

    def read(self, lines: Iterable[str]) -> None:
        """Take in lines of SHOW GRANTS."""
        for line in lines:
            if found := _GRANT.match(line):
                if not _means(found["database"], self.database):
                    continue
                table = found["table"].strip("`").lower()
                verbs = {verb.strip().upper() for verb in found["verbs"].split(",")}
                if "ALL PRIVILEGES" in verbs or "ALL" in verbs:
                    verbs |= {*DATA, *_ALTERING}
                self.verbs.setdefault(table, set()).update(verbs)

    def has(self, verb: str, table: str) -> bool:
        """Whether the account may do this to a table."""
        return verb in self.verbs.get("*", ()) or verb in self.verbs.get(table.lower(), ())

    @property
    def altering(self) -> list[str]:
        """What it may do to tables themselves, which the server never does."""
        return [verb for verb in _ALTERING if any(verb in verbs for verbs in self.verbs.values())]


def _means(pattern: str, database: str) -> bool:
    """Whether the database part of a grant, a pattern as of LIKE, means this database."""
    text = pattern.strip("`").replace("``", "`")
    if text == "*":
        return True
    parts = re.findall(r"\\.|%|_|[^\\%_]+", text)
    written = "".join(
        ".*" if part == "%" else "." if part == "_" else re.escape(part.removeprefix("\\")) for part in parts
    )
    return re.fullmatch(written, database, re.IGNORECASE) is not None


def statements(account: str, database: str, writes: Mapping[str, Iterable[str]]) -> list[str]:
    """The grants that the server needs: to read everything, and to write these tables. `account` as
    CURRENT_USER() gives it."""
    user, _, host = account.rpartition("@")
    to = f"'{user}'@'{host}'"
    name = f"`{database}`"
    found = [f"GRANT SELECT ON {name}.* TO {to};"]
    for table in sorted(writes):
        verbs = [verb for verb in DATA if verb in set(writes[table])]
        found.append(f"GRANT {', '.join(verbs)} ON {name}.`{table}` TO {to};")
    return found


def lacking(held: Held, tables: Iterable[str], writes: Mapping[str, Iterable[str]]) -> list[str]:
    """What the account may not do but should: `SELECT on Table` …."""
    reads = [f"SELECT on {table}" for table in tables if not held.has("SELECT", table)]
    return reads + [
        f"{verb} on {table}"
        for table in sorted(writes)
        for verb in DATA
        if verb in set(writes[table]) and not held.has(verb, table)
    ]
