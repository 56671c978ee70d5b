"""What `starbeam doctor` believes that operations read and write."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from starbeam_doctor.usage import uses_of

if TYPE_CHECKING:
    from contract.conftest import Whole

pytestmark = pytest.mark.anyio

BOTH = {"INSERT", "UPDATE"}
WRITES = {
    "AdminActivity": BOTH,
    "AdminVar": BOTH,
    "BLSession": BOTH,
    "Container": BOTH,
    "Dewar": BOTH,
    "LabContact": BOTH,
    "Laboratory": BOTH,
    "Permission": BOTH,
    "Person": BOTH,
    "Proposal": BOTH,
    "ProposalHasPerson": {"INSERT"},
    "Protein": BOTH,
    "Session_has_Person": BOTH,
    "Shipping": BOTH,
    "UserGroup": BOTH,
    "UserGroup_has_Permission": {"INSERT", "DELETE"},
    "UserGroup_has_Person": {"INSERT", "DELETE"},
}
"""All that an operation of a bundled plugin ever writes."""


async def test_no_grant_is_asked_for_that_nothing_needs(whole: Whole) -> None:
    written: dict[str, set[str]] = {}
    for _, use in (await uses_of(whole.app.starbeam)).values():
        for table, verbs in use.writes.items():
            written.setdefault(table, set()).update(verbs)
    assert written == WRITES
