"""`starbeam db upgrade` and `db indexes`, and what revisions must not do."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import make_url, text

from starbeam.db.indexes import Index
from starbeam.db.migrations import Migrations, NotItsTable
from starbeam.db.schema import reflect
from starbeam.db.sqlite import Connection
from starbeam_ddl.indexes import lacking
from starbeam_testing.app import TestDatabase
from support.commands import Site
from support.schemas import Kind

HEAD = """
from pathlib import Path
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from starbeam.db.indexes import Index
from starbeam.db.models import IspybTable
class Base(IspybTable, DeclarativeBase): ...
class SiteNote(Base):
    siteNoteId: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str | None]
"""
PLUGIN = """
@hookimpl
def register_models(self):
    return [SiteNote]
@hookimpl
def register_migrations(self):
    return [Path(__file__).parent / "revisions"]
@hookimpl
def register_indexes(self):
    return [
        Index("SiteNote", ("text",), "searching notes"),
        Index("BLSession", ("comments",), "searching sessions"),
        Index("BLSession", ("comments", "beamLineName"), "the same on a beamline"),
        Index("Proposal", ("proposalId",), "what every database has"),
        Index("Nowhere", ("a",), "a table of another flavour"),
    ]
"""
FIRST = (
    '"""the notes"""\nfrom alembic import op\nimport sqlalchemy as sa\nrevision = "1"\ndown_revision = None\n'
)
SECOND = (
    '"""their text"""\nfrom alembic import op\nimport sqlalchemy as sa\nrevision = "2"\ndown_revision = "1"\n'
)
CREATE = 'op.create_table("SiteNote", sa.Column("siteNoteId", sa.Integer, primary_key=True))'
ADD = 'op.add_column("SiteNote", sa.Column("text", sa.String(20)))'


def write(folder: Path, *revisions: tuple[str, str]) -> Path:
    folder.mkdir(exist_ok=True)
    for number, (head, line) in enumerate(revisions, 1):
        (folder / f"{number}.py").write_text(f"{head}\ndef upgrade():\n    {line}\n")
    return folder


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    site = Site(tmp_path, plugins=["auth_dummy", "ispyb"])
    site.add_plugin("notes", PLUGIN, HEAD)
    site.make_database()
    return site


def succeeded(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture
def tables(site: Site) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(site.folder / "union.db", factory=Connection)
    yield connection
    connection.close()


def names(connection: sqlite3.Connection) -> set[str]:
    return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def test_upgrade_applies_what_is_lacking_once(site: Site, tables: sqlite3.Connection) -> None:
    before = names(tables)
    write(site.folder / "revisions", (FIRST, CREATE))
    refused = site.invoke("db", "check")
    assert (refused.exit_code, "SiteNote" in refused.stdout) == (1, True)
    assert succeeded(site.invoke("db", "upgrade")) == "notes 1: the notes\napplied 1\n"
    assert names(tables) - before == {"SiteNote", "starbeam_notes_version"}
    write(site.folder / "revisions", (FIRST, CREATE), (SECOND, ADD))
    found = json.loads(site.invoke("doctor", "--db", "--json").stdout)
    assert [one["says"] for one in found if one["about"] == "revisions"] == [
        "notes has 1 that were not applied"
    ]
    assert succeeded(site.invoke("db", "upgrade")) == "notes 2: their text\napplied 1\n"
    tables.execute("SELECT text FROM SiteNote")
    assert succeeded(site.invoke("db", "upgrade")).startswith("nothing to do")
    assert succeeded(site.invoke("db", "check")).startswith("ok")


def test_an_older_version_leaves_newer_tables_as_they_are(site: Site, tables: sqlite3.Connection) -> None:
    write(site.folder / "revisions", (FIRST, CREATE), (SECOND, ADD))
    succeeded(site.invoke("db", "upgrade"))
    (site.folder / "revisions" / "2.py").unlink()
    refused = site.invoke("db", "upgrade")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr.startswith("starbeam: notes: its tables are of a newer version, 2\n")
    found = json.loads(site.invoke("doctor", "--db", "--json").stdout)
    assert [(one["level"], one["says"]) for one in found if one["about"] == "revisions"] == [
        ("warning", "notes: its tables are of a newer version, 2")
    ]
    assert succeeded(site.invoke("db", "check")).startswith("ok")


@pytest.mark.anyio
@pytest.mark.on("mariadb-diamond")
async def test_tables_of_plugins_hold_every_text(db: TestDatabase, tmp_path: Path) -> None:
    """Whatever the database's own default is, for columns that come later too."""
    name = make_url(db.url).database
    ((letters,),) = await db.sql("SELECT @@character_set_database")
    migrations = Migrations("notes", [write(tmp_path / "revisions", (FIRST, CREATE), (SECOND, ADD))])
    try:
        await db.sql(f"ALTER DATABASE `{name}` CHARACTER SET latin1")
        async with db.engine.begin() as connection:
            await connection.run_sync(migrations.upgrade)
        await db.sql("INSERT INTO SiteNote (siteNoteId, text) VALUES (1, :text)", text="\u03b1-helix 😀")
        assert await db.sql("SELECT text FROM SiteNote") == [("\u03b1-helix 😀",)]
    finally:
        await db.sql(f"ALTER DATABASE `{name}` CHARACTER SET {letters}")
        await db.sql("DROP TABLE IF EXISTS SiteNote, starbeam_notes_version")


def test_a_server_does_not_start_without_a_plugins_table(site: Site) -> None:
    write(site.folder / "revisions", (FIRST, CREATE))
    ended = site.run("serve", "--config", str(site.config), "--port", "1")
    assert ended.returncode == 2
    assert "SiteNote" in ended.stderr
    assert "starbeam db upgrade" in ended.stderr


@pytest.mark.parametrize(
    "line",
    [
        'op.add_column("BLSession", sa.Column("mine", sa.Integer))',
        'op.drop_table("Proposal")',
        'op.create_index("mine", "DataCollection", ["comments"])',
        'op.execute("UPDATE `Person` SET login = NULL")',
        'op.execute("DELETE FROM proposal")',
    ],
)
def test_revisions_touch_no_table_of_ispyb(site: Site, tables: sqlite3.Connection, line: str) -> None:
    write(site.folder / "revisions", (FIRST, line))
    before = tables.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()
    result = site.invoke("db", "upgrade")
    assert result.exit_code == 1
    assert "the revisions of notes would touch the table" in result.stderr
    after = tables.execute(
        "SELECT name, sql FROM sqlite_master WHERE name <> 'starbeam_notes_version' ORDER BY name"
    )
    assert [row for row in after.fetchall() if "starbeam_notes" not in row[0]] == before


def test_what_the_database_refuses_is_one_line(site: Site) -> None:
    write(site.folder / "revisions", (FIRST, 'op.execute("CREATE TABLE SiteNote (broken")'))
    result = site.invoke("db", "upgrade")
    assert result.exit_code == 1
    assert result.stderr.startswith("starbeam: the database refuses: OperationalError: ")
    assert "CREATE and ALTER" in result.stderr


@pytest.mark.anyio
@pytest.mark.on("mariadb-diamond")
async def test_revisions_on_mariadb(db: TestDatabase, tmp_path: Path) -> None:
    good = Migrations("notes", [write(tmp_path / "good", (FIRST, CREATE), (SECOND, ADD))])
    bad = Migrations("worse", [write(tmp_path / "bad", (FIRST, 'op.drop_table("Person")'))])
    others = Migrations("other", [write(tmp_path / "others", (FIRST, CREATE))], frozenset({"siteNote"}))
    try:
        async with db.engine.begin() as connection:
            assert await connection.run_sync(good.pending) == ["1: the notes", "2: their text"]
            assert await connection.run_sync(good.upgrade) == ["1: the notes", "2: their text"]
            assert await connection.run_sync(good.pending) == []
            await connection.execute(text("SELECT siteNoteId, text FROM SiteNote"))
            for one in (bad, others):
                with pytest.raises(NotItsTable):
                    await connection.run_sync(one.upgrade)
            await connection.execute(text("SELECT personId FROM Person"))
    finally:
        for name in (
            "SiteNote",
            "starbeam_notes_version",
            "starbeam_worse_version",
            "starbeam_other_version",
        ):
            await db.sql(f"DROP TABLE IF EXISTS {name}")


# Indexes


def test_indexes_are_printed_and_not_made(site: Site, tables: sqlite3.Connection) -> None:
    write(site.folder / "revisions", (FIRST, CREATE), (SECOND, ADD))
    succeeded(site.invoke("db", "upgrade"))
    before = tables.execute("SELECT name FROM sqlite_master").fetchall()
    printed = succeeded(site.invoke("db", "indexes"))
    assert printed == (
        "-- notes: searching notes\n"
        'CREATE INDEX "SiteNote_text_starbeam" ON "SiteNote" (text);\n\n'
        "-- notes: the same on a beamline\n"
        'CREATE INDEX "BLSession_comments_beamLineName_starbeam" ON "BLSession" '
        '(comments, "beamLineName");\n\n'
    )
    assert tables.execute("SELECT name FROM sqlite_master").fetchall() == before
    found = json.loads(succeeded(site.invoke("db", "indexes", "--json")))
    assert [one["table"] for one in found] == ["SiteNote", "BLSession"]
    tables.executescript(printed)  # what is printed is what can be run
    assert (
        succeeded(site.invoke("db", "indexes"))
        == "-- the database has every index that the enabled plugins want\n"
    )


@pytest.mark.anyio
@pytest.mark.four_databases
async def test_what_is_printed_is_what_each_database_lacks(db: TestDatabase, kind: Kind) -> None:
    wanted = [
        ("a", Index("Screening", ("dataCollectionId",), "one")),
        ("b", Index("Screening", ("dataCollectionId",), "two")),
        ("c", Index("BLSession", ("comments",), "three")),
    ]
    async with db.engine.connect() as connection:
        schema = await reflect(connection)
        found = await connection.run_sync(lacking, wanted, schema)
    by_table = {one.table: one for one in found}
    assert ("Screening" in by_table) == (kind.flavour == "community")
    if kind.flavour == "community":
        assert by_table["Screening"].reasons == (("a", "one"), ("b", "two"))
    statement = by_table["BLSession"].sql
    assert statement.endswith("ALGORITHM=INPLACE LOCK=NONE") == (kind.server == "mariadb")
    await db.sql(statement)
    try:
        async with db.engine.connect() as connection:
            again = await connection.run_sync(lacking, wanted, schema)
        assert "BLSession" not in {one.table for one in again}
    finally:
        on = " ON `BLSession`" if kind.server == "mariadb" else ""
        await db.sql(f"DROP INDEX `BLSession_comments_starbeam`{on}")
