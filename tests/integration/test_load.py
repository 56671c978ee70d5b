"""Many clients at once: nobody meets an error, and what the server holds does not grow."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from support.polling import CLIENTS, POLLED, held, poll, site_of
from support.schemas import SQLITE, fresh_database

pytestmark = pytest.mark.anyio

TURNS = 2
"""How often each client asks, in each of two rounds."""
MOST_MB, MOST_DESCRIPTORS = 40, 8
"""By how much the second round may leave more than the first: caches, a reader, a connection in the pool."""


async def test_many_clients_meet_no_error_and_leave_nothing(tmp_path: Path) -> None:
    site = await site_of(tmp_path, await fresh_database(SQLITE, tmp_path), rows=1)
    with site.serving("serve", "--config", str(site.config)) as running:
        rounds = []
        for _ in range(2):
            found = await poll(running, time.monotonic() + 600, TURNS)
            assert found.faults == []
            assert len(found.times) == CLIENTS * TURNS
            rounds.append(held(running.process.pid))
        assert rounds[1].memory - rounds[0].memory < MOST_MB
        assert rounds[1].descriptors - rounds[0].descriptors <= MOST_DESCRIPTORS
        assert len(POLLED) > TURNS  # all of it is asked: each client begins elsewhere
        assert running.end() == 0
        assert [line for line in running.events() if line["level"] == "error"] == []
