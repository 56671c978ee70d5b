"""The contract that plugins subclass finds what it is there to find."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from starbeam_testing import PluginContract
from starbeam_testing.app import TestDatabase
from starbeam_testing.fixtures import MakeApp

PLUGIN = '''
from typing import Annotated
from litestar import get
from starbeam.refusals import Missing
from msgspec import Meta, Struct
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from starbeam.api import Plugin, authenticated, hookimpl, public
from starbeam.db.models import IspybTable
from starbeam.permissions import Permission
from starbeam.settings import Section

class Good(Section, frozen=True):
    """Settings."""
    answer: Annotated[int, Meta(description="The answer.")] = 42

class Base(IspybTable, DeclarativeBase): ...
class SloppyTable(Base):
    sloppyTableId: Mapped[int] = mapped_column(primary_key=True)

@get("/sloppy", access=authenticated, tags=["Sloppy"], errors={404: "Nothing there"})
async def get_sloppy() -> int:
    """Get nothing"""
    raise Missing("Nothing")

class P(Plugin):
    name = "sloppy"
    title = "A sloppy plugin"
    Settings = Good
    @hookimpl
    def register_routes(self, ctx):
        return [get_sloppy]
    @hookimpl
    def register_models(self):
        return [SloppyTable]
    @hookimpl
    def register_permissions(self):
        return [Permission("be_sloppy", "whatever")]
'''
TESTS = sorted(name for name in dir(PluginContract) if name.startswith("test_"))
OPERATIONS = "test_its_operations_are_documented"
SETTINGS = "test_its_settings_are_strict_and_documented"

Made = Callable[..., PluginContract]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    """The contract of a plugin in which a text stands for another."""
    monkeypatch.setattr(sys, "path", [*sys.path])

    def made(old: str = "", new: str = "") -> PluginContract:
        assert old in PLUGIN
        monkeypatch.delitem(sys.modules, "sloppy_plugin", raising=False)
        (tmp_path / "sloppy_plugin.py").write_text(PLUGIN.replace(old, new, 1) if old else PLUGIN)
        manifest = tmp_path / "local.toml"
        manifest.write_text('[plugins]\nsloppy = "sloppy_plugin:P"\n')
        contract = type("TestSloppy", (PluginContract,), {"plugin": "sloppy"})()
        contract.settings = {"plugins.files": [str(manifest)]}
        return contract

    return made


@pytest.fixture(autouse=True)
async def _its_table(db: TestDatabase) -> None:
    await db.sql("CREATE TABLE SloppyTable (sloppyTableId INTEGER PRIMARY KEY)")


async def run(contract: PluginContract, test: str, make_app: MakeApp) -> None:
    found: Any = getattr(contract, test)
    if inspect.iscoroutinefunction(found):
        await found(make_app)
    else:
        found()


@pytest.mark.anyio
@pytest.mark.parametrize("test", TESTS)
async def test_a_good_plugin_passes(make: Made, make_app: MakeApp, test: str) -> None:
    await run(make(), test, make_app)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("test", "old", "new", "said"),
    [
        (SETTINGS, "(Section, frozen=True)", "(Struct, forbid_unknown_fields=True)", "Good is not frozen"),
        (SETTINGS, "(Section, frozen=True)", "(Struct, frozen=True)", "does not forbid unknown fields"),
        (SETTINGS, 'Annotated[int, Meta(description="The answer.")]', "int", "Good.answer has no Meta"),
        ("test_it_has_a_title", '"A sloppy plugin"', '" "', "title"),
        (OPERATIONS, ', tags=["Sloppy"]', "", "get_sloppy: has no tags"),
        (OPERATIONS, '"""Get nothing"""', "pass", "get_sloppy: has no docstring"),
        (OPERATIONS, "get_sloppy()", "GetSloppy()", "operation id 'GetSloppy'"),
        (OPERATIONS, ', errors={404: "Nothing there"}', "", "raises 404"),
        (OPERATIONS, '"Nothing there"', '""', "does not say what its error 404 means"),
        ("test_its_permissions_are_declared_with_what_they_give", "whatever", "", "be_sloppy"),
        ("test_its_permissions_are_declared_with_what_they_give", "be_sloppy", "be_very_sloppy_x", "15"),
        ("test_it_owns_the_tables_that_it_maps", "return [SloppyTable]", "return []", "SloppyTable"),
        ("test_its_public_operations_are_named", "access=authenticated", "access=public", "get_sloppy"),
        ("test_it_shows_strangers_nothing", 'raise Missing("Nothing")', "return 1", "get_sloppy: 1"),
        ("test_its_reads_answer_at_once", 'raise Missing("Nothing")', "raise ValueError", "get_sloppy fails"),
        (
            "test_its_reads_answer_at_once",
            'raise Missing("Nothing")',
            "__import__('time').sleep(2); return 1",
            "get_sloppy blocks the loop",
        ),
        (
            "test_it_imports_no_plugin_that_it_does_not_require",
            "class Good",
            "import starbeam_ispyb.models\nclass Good",
            "starbeam_ispyb",
        ),
    ],
)
async def test_what_is_wrong_is_said(
    make: Made, make_app: MakeApp, test: str, old: str, new: str, said: str
) -> None:
    contract = make(old, new)
    if new == "GetSloppy()":
        source = Path(contract.settings["plugins.files"][0]).with_name("sloppy_plugin.py")
        source.write_text(source.read_text().replace("return [get_sloppy]", "return [GetSloppy]"))
    with pytest.raises(AssertionError) as raised:
        await run(contract, test, make_app)
    assert said in str(raised.value)


@pytest.mark.anyio
async def test_an_operation_without_a_guard_is_found(
    make: Made, make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(self: Any, connection: Any, handler: Any) -> None: ...

    monkeypatch.setattr("starbeam.http.guard.Guard.check", nothing)
    contract = make('raise Missing("Nothing")', "return 1")
    with pytest.raises(AssertionError, match="answered without a token"):
        await run(contract, "test_it_refuses_who_has_no_token", make_app)


@pytest.mark.anyio
async def test_a_plugin_that_stays_when_it_is_disabled_is_found(
    make: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    contract = make()
    build = contract._build

    def always(enabled: list[str], **settings: Any) -> Any:
        return build([*enabled, *(["sloppy"] if "sloppy" not in enabled else [])], **settings)

    monkeypatch.setattr(contract, "_build", always)
    with pytest.raises(AssertionError, match="it was imported"):
        contract.test_nothing_of_it_is_left_when_it_is_disabled()
