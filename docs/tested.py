"""Writes `docs/reference/generated/tested.md`: what is tested and how, with its figures, from the tests.

`make docs` runs it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT)]

from generate import code, table  # noqa: E402

from contract.test_matrix import IDS, PEOPLE_TRIED  # noqa: E402
from support.expected import Answer, Total, routes  # noqa: E402
from support.world import CALLERS  # noqa: E402

PAGE = """# What is tested and how

Made by `make docs` from the tests themselves; the suite fails where an operation has no line here.

| what | how | where |
|---|---|---|
| who may call what | {operations} operations × {callers} callers, {cells} answers, and nobody gets any that is not public | `contract/test_access.py`, the table below |
| who sees what | the small world, and the same without every row that a caller may not see, as SQL of the tests' own finds them: all answers, writes and pages must be the same. {people} callers × keys {keys}; three planted leaks must be found | `contract/test_matrix.py` |
| the document | schemathesis: no 5xx, no undocumented status, right schemas; a quarter of the operations every day on SQLite and both flavours on MariaDB, all of them and at random with `make fuzz`; where checks do not hold is listed with the reason | `contract/fuzzing.toml`, `test_fuzzing.py`, `test_robustness.py` |
| half-written changes | each of {writes} writes with each of its statements failing in turn, and with a dead-lock at each: 503 with `Retry-After`, one line, and no row is another | `contract/test_half_written.py` |
| faults of the database during each write | MariaDB killed, restarted, paused, without a connection left, read-only, locked, and cut off at each statement; SQLite read-only, full, gone, locked: in time only 503 with `Retry-After` and a sentence, nothing half-written, taken again within 5 seconds | `contract/test_faults_mariadb.py`, `test_faults_sqlite.py` |
| faults of the database otherwise | away at the start, under load, cut off, slow; accounts that are refused; whatever number it refuses a write with | `integration/`, `contract/test_refusals.py` |
| faults of files | gone, empty, a folder, a pipe, a link in a circle or to a device, a file system that hangs: at every address that reads | `contract/test_faults_files.py`, `plugins/data/test_safety.py` |
| faults of directories and identity providers | away, slow, and saying anything at all | `plugins/auth_ldap/test_servers.py`, `test_lies.py`, `plugins/auth_keycloak/test_login.py`, `test_lies.py` |
| processes that end under load | a worker and the readers killed, SIGTERM while many ask | `integration/test_healing.py`, `plugins/data/test_killed.py` |
| parsers | selections, cursors, lists of ids, times, sheets, bodies, tokens, configurations, ranges: round trips, and what is right worked out otherwise; else a refusal. {made} made-up examples in {properties} tests every day, at random and fifty times as many with `make explore` | `contract/test_parsers.py`, `core/test_files.py` |
| hostile input | damaged files, names and links that lead elsewhere, raw requests, hosts, names of people, requests in pieces: made up, and counted with the parsers; slow clients | `plugins/data/test_hostile.py`, `core/test_hostile.py`, `core/test_connections.py` |
| load | 64 clients that poll: no error, and neither memory nor descriptors grow; ten minutes with `make load`: [figures](../load.md) | `integration/test_load.py` |
| what time tells | somebody else's row is looked for with the statements, and in about the time, of one that does not exist | `contract/test_timing.py` |
| missing tables and columns | each version of the schema, and each table and column away | `contract/test_schemas.py` |
| the whole suite | {functions} test functions in {files} files, {late} of them or their cases with `make check-long` | `tests/` |

## Who may call what

A number alone is a status; *n rows* is a list that counts so many in the small world (`tests/support/world`): three proposals, the first with two sessions, the second with one. A `404` is something of the first proposal that does not exist for the caller.

{matrix}
"""  # noqa: E501


def shown(answer: Answer) -> str:
    """An answer in a cell."""
    return f"{answer.rows} rows" if isinstance(answer, Total) else str(answer)


def matrix() -> str:
    """What each caller gets from each operation."""
    lines = (
        [code(name), *(shown(route.answers[caller]) for caller in CALLERS)]
        for name, route in sorted(routes().items(), key=lambda one: one[0].split(" ")[::-1])
    )
    return table(["operation", *CALLERS], lines)


def counted(words: str, files: Iterable[Path]) -> int:
    """How often a pattern begins a line of files, at any depth."""
    return sum(len(re.findall(rf"(?m)^\s*{words}", file.read_text(encoding="utf-8"))) for file in files)


def examples(files: Iterable[Path]) -> list[int]:
    """How many examples each test makes up every day."""
    found = (re.findall(r"(?m)^@tried\((\d+)\)", file.read_text(encoding="utf-8")) for file in files)
    return [int(number) for numbers in found for number in numbers]


def page() -> str:
    """The page."""
    files = sorted((ROOT / "tests").rglob("test_*.py"))
    found = routes()
    return PAGE.format(
        operations=len(found),
        callers=len(CALLERS),
        cells=len(found) * len(CALLERS),
        people=len(PEOPLE_TRIED),
        keys=", ".join(map(str, IDS)),
        writes=sum(not name.startswith("GET ") for name in found),
        functions=counted(r"(async )?def test_", files),
        files=len(files),
        late=counted(r".*mark\.long", files),
        made=sum(examples(files)),
        properties=len(examples(files)),
        matrix=matrix(),
    )


if __name__ == "__main__":
    folder = ROOT / "docs" / "reference" / "generated"
    folder.mkdir(exist_ok=True)
    (folder / "tested.md").write_text(page(), encoding="utf-8")
