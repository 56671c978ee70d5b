"""What plugins use of core goes with a warning first, and everybody is told who must act."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import SimpleNamespace

import pluggy
import pytest

import starbeam
from starbeam import api
from starbeam.api import Deprecated
from starbeam.deprecation import moved
from support.commands import Site

OLD = "from starbeam import authenticated as old"
GOES = "starbeam.authenticated is starbeam.api.authenticated now; Starbeam 0.3 no longer finds it here"


@pytest.fixture
def site(tmp_path) -> Iterator[Site]:
    """A facility whose plugin imports a name from where it was."""
    site = Site(tmp_path)
    site.add_plugin("older", "", head=OLD)
    return site


def test_a_name_that_moved_is_found_with_a_warning() -> None:
    with pytest.warns(Deprecated, match=r"starbeam\.hookimpl is starbeam\.api\.hookimpl now"):
        assert starbeam.hookimpl is api.hookimpl


def test_what_never_was_is_not_found() -> None:
    with pytest.raises(AttributeError, match="module 'starbeam' has no attribute 'hookimp'"):
        starbeam.hookimp  # noqa: B018


def test_the_warning_names_the_line_that_must_change() -> None:
    module = SimpleNamespace(find=moved("old.place", {"Path": "pathlib.Path"}, until="9.9"))
    with pytest.warns(Deprecated) as told:
        module.find("Path")
    assert told[0].filename == __file__


def test_a_command_tells_which_file_uses_it(site: Site) -> None:
    done = site.run("plugins", "list", "--config", str(site.config))
    assert done.returncode == 0
    assert f"older_plugin.py:3: Deprecated: {GOES}" in done.stderr


def test_a_server_writes_it_to_its_log(site: Site) -> None:
    site.make_database()
    with site.serving("serve", "--config", str(site.config)) as running:
        assert running.end() == 0
        lines = [json.loads(line) for line in running.err.splitlines() if line.startswith("{")]
    assert [line["logger"] for line in lines if GOES in line["event"]] == ["py.warnings"]


def test_who_implements_a_hook_that_goes_is_told() -> None:
    class Described:
        @api.hookspec(warn_on_impl=Deprecated("register_old goes with Starbeam 9.9: use register_new"))
        def register_old(self) -> None:
            """Do nothing."""

    class Older:
        @api.hookimpl
        def register_old(self) -> None:
            """Do nothing."""

    manager = pluggy.PluginManager("starbeam")
    manager.add_hookspecs(Described)
    with pytest.warns(Deprecated, match="use register_new"):
        manager.register(Older())
