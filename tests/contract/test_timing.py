"""How long a refusal takes tells nothing: what somebody else has is looked for as what nobody has."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import pytest

from contract.test_matrix import keyed
from starbeam_testing.app import Statements
from support.expected import routes

if TYPE_CHECKING:
    from contract.conftest import Whole

pytestmark = [pytest.mark.anyio, pytest.mark.long]

FOREIGN, MISSING = 3, 99_999
"""A key that rows of session 3 have, and one that no row has."""
NAMES = {FOREIGN: "bl7", MISSING: "zz9"}
"""The same of proposals."""
CALLER = "session_member"
TRIES, MOST = 15, 3.0
"""Of so many tries the quickest counts; one may take so many times as long as the other."""
PATHS = sorted(
    path
    for path in (name.removeprefix("GET ") for name in routes() if name.startswith("GET "))
    if "{" in path.replace("{token}", "")
)


def address(path: str, key: int) -> str:
    """A path with this key, and the first of whatever hangs on it."""
    path = path.replace("{proposal}", NAMES[key])
    return keyed(re.sub(r"{(?!token)[^}]*}", str(key), path, count=1), 1)


async def refused(whole: Whole, path: str) -> bool:
    """Whether there is neither, for the caller."""
    answers = [await whole.call("GET ", address(path, key), CALLER) for key in (FOREIGN, MISSING)]
    return all(answer.status_code == 404 for answer in answers)


async def asked(whole: Whole, path: str, key: int) -> tuple[list[str], float]:
    """The statements that an answer takes, and its seconds."""
    with Statements(whole.app) as statements:
        began = time.perf_counter()
        await whole.call("GET ", address(path, key), CALLER)
        return statements.texts, time.perf_counter() - began


async def test_the_same_statements_look_for_both(whole: Whole) -> None:
    paths = [path for path in PATHS if await refused(whole, path)]
    assert len(paths) > 15
    found = {path: [(await asked(whole, path, key))[0] for key in (FOREIGN, MISSING)] for path in paths}
    assert {path: both for path, both in found.items() if both[0] != both[1]} == {}


async def test_both_take_about_as_long(whole: Whole) -> None:
    times: dict[tuple[str, int], list[float]] = {}
    paths = [path for path in PATHS if await refused(whole, path)]
    for _ in range(TRIES):
        for path in paths:
            for key in (FOREIGN, MISSING):
                times.setdefault((path, key), []).append((await asked(whole, path, key))[1])
    ratios = {path: min(times[path, FOREIGN]) / min(times[path, MISSING]) for path in paths}
    assert {path: one for path, one in ratios.items() if not 1 / MOST < one < MOST} == {}
