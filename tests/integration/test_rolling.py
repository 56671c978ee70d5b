"""Two servers behind a proxy are restarted in turn under 64 clients: nobody gets but what was asked for."""

from __future__ import annotations

import pytest

from support import proxied

pytestmark = [pytest.mark.anyio, pytest.mark.long]


@pytest.mark.parametrize("name", ["nginx", "haproxy"])
async def test_restarts_in_turn_lose_nothing(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Lists, log-ins, writes, each of which is there once, and streams, which end in order."""
    lost = await proxied.main([name])
    said = capsys.readouterr().out
    assert lost == 0, said
    for kind in ("lists", "log-ins", "writes", "streams that ended"):
        assert f" 0 {kind}" not in said
        assert kind in said
