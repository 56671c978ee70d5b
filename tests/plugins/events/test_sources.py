"""Sources of other plugins. How one works is shown by examples/starbeam-logbook."""

from __future__ import annotations

from pathlib import Path

import pytest

from starbeam.faults import StartupError
from starbeam_testing.fixtures import MakeApp

pytestmark = pytest.mark.anyio

PLUGIN = '''
from starbeam.api import Plugin, hookimpl
from starbeam_events.sources import ROBOT_ACTIONS

class Twice(Plugin):
    name = "{name}"
    title = "A source that is there already"
    after = ("events",)

    @hookimpl(optionalhook=True)
    def register_event_sources(self, ctx):
        """What events brings itself."""
        return [ROBOT_ACTIONS]
'''


@pytest.fixture
def manifest(tmp_path: Path) -> str:
    """A manifest of a plugin outside of any package."""
    (tmp_path / "robots_twice.py").write_text(PLUGIN.format(name="robots_twice"))
    manifest = tmp_path / "plugins.toml"
    manifest.write_text('[plugins]\nrobots_twice = "robots_twice:Twice"\n')
    return str(manifest)


async def test_two_sources_of_one_type_stop_the_start(make_app: MakeApp, manifest: str) -> None:
    with pytest.raises(StartupError) as stopped:
        await make_app("ispyb", "events", "robots_twice", **{"plugins.files": [manifest]})
    (fault,) = stopped.value.faults
    assert (fault.plugin, fault.stage) == ("events", "hooks")
    assert "events and robots_twice both bring events of the type robot" in fault.cause


async def test_a_source_is_no_mistake_where_events_is_not_enabled(make_app: MakeApp, manifest: str) -> None:
    app = await make_app("ispyb", "robots_twice", **{"plugins.files": [manifest]})
    assert (await app.client.get("/events")).status_code == 404
