"""What administrators read in a browser."""

from __future__ import annotations

from datetime import datetime
from importlib.metadata import version

import pytest

from starbeam.db.models import (
    AdminVar,
    Permission,
    Person,
    UserGroup,
    UserGroup_has_Permission,
    UserGroup_has_Person,
)
from starbeam_admin.models import AdminActivity
from starbeam_testing.app import TestApp
from starbeam_testing.fixtures import MakeApp
from support.pages import OPEN, Visitor, text_of

pytestmark = pytest.mark.anyio

ALL = ("manage_options", "view_activity", "manage_groups", "manage_perms")
PAGES = {
    "/admin": set(ALL),
    "/admin/options": {"manage_options"},
    "/admin/groups": {"manage_groups"},
    "/admin/groups/90": {"manage_groups"},
    "/admin/permissions": {"manage_perms", "manage_groups"},
    "/admin/permissions/90": {"manage_perms", "manage_groups"},
    "/admin/options/edit": {"manage_options"},
    "/admin/groups/new": {"manage_groups"},
    "/admin/groups/90/edit": {"manage_groups"},
    "/admin/groups/90/people/90/remove": {"manage_groups"},
    "/admin/groups/90/permissions/90/remove": {"manage_groups"},
    "/admin/permissions/new": {"manage_perms"},
    "/admin/permissions/90/edit": {"manage_perms"},
    "/admin/people": {"manage_groups"},
    "/admin/people/90": {"manage_groups"},
    "/admin/activity": {"view_activity"},
}
"""By page: the permissions of which one opens it."""


@pytest.fixture
async def app(make_app: MakeApp) -> TestApp:
    """Group 90, `night shift`, gives permission 90, `mx_admin`, to person 90, `ada`."""
    app = await make_app("admin", "auth_dummy", "ispyb", "web", **OPEN)
    db = app.database
    await db.add(Person, personId=90, login="ada", givenName="Ada", familyName="Lovelace")
    await db.add(Person, personId=91, familyName="Without login")
    await db.add(UserGroup, userGroupId=90, name="night shift")
    await db.add(Permission, permissionId=90, type="mx_admin", description="everything on MX")
    await db.add(UserGroup_has_Permission, userGroupId=90, permissionId=90)
    for person in (90, 91):
        await db.add(UserGroup_has_Person, userGroupId=90, personId=person)
    for name in ALL:
        await db.person(name, name)
    await db.person("nobody")
    await db.person("boss", *ALL)
    await app.refresh()
    return app


async def opened(app: TestApp, login: str) -> Visitor:
    visitor = Visitor(app)
    await visitor.log_in(login)
    return visitor


@pytest.mark.parametrize("login", ["nobody", *ALL])
async def test_a_page_is_there_for_who_holds_the_permission_of_the_api(app: TestApp, login: str) -> None:
    visitor = await opened(app, login)
    for page, needed in PAGES.items():
        shown = await visitor.open(page)
        assert shown.status_code == (200 if login in needed else 404), page
    start = (await visitor.open("/")).text
    assert ('href="/admin"' in start) == (login != "nobody")


async def test_tabs_are_those_that_open(app: TestApp) -> None:
    page = (await (await opened(app, "manage_perms")).open("/admin/permissions")).text
    tabs = page.split('aria-label="Administration"')[1].split("</nav>")[0]
    assert text_of(f"<nav {tabs}").split() == ["Health", "Permissions"]
    assert 'href="/admin/permissions/90"' in page
    shown = text_of((await (await opened(app, "manage_perms")).open("/admin/permissions/90")).text)
    assert "mx_admin everything on MX" in shown
    assert "night shift" not in shown


async def test_who_has_a_permission_and_from_where(app: TestApp) -> None:
    visitor = await opened(app, "boss")
    permission = (await visitor.open("/admin/permissions/90")).text
    assert "mx_admin everything on MX" in text_of(permission)
    assert '<a href="/admin/groups/90">night shift</a>' in permission
    assert '<a href="/admin/people/90">ada</a>' in permission
    person = (await visitor.open("/admin/people/90")).text
    assert "ada Ada Lovelace" in text_of(person)
    assert '<a href="/admin/groups/90">night shift</a>' in person
    assert '<a href="/admin/permissions/90">mx_admin</a>' in person
    group = text_of((await visitor.open("/admin/groups/90")).text)
    assert "Permissions 1 Permission What for mx_admin everything on MX Take out" in group
    assert "People 1 Login Name ada Ada Lovelace Take out" in group


async def test_people_are_those_who_can_log_in(app: TestApp) -> None:
    visitor = await opened(app, "boss")
    found = (await visitor.open("/admin/people?search=lovel")).text
    assert '<h1>People</h1><span class="soft">1</span>' in found
    assert '<a href="/admin/groups/90">night shift</a>' in found
    assert "Without login" not in (await visitor.open("/admin/people?limit=100")).text
    assert (await visitor.open("/admin/people/91")).status_code == 404
    sheet = await visitor.open("/admin/people?search=lovel&format=csv")
    assert sheet.text.splitlines()[1].startswith("90,ada,Ada,Lovelace")


async def test_the_newest_activity_first(app: TestApp) -> None:
    for number, (who, action) in enumerate([("ada", "db_groups"), ("boss", "db_options")]):
        await app.database.add(
            AdminActivity,
            username=who,
            action=action,
            comments=f"change {number}",
            dateTime=datetime(2026, 3, 1 + number, 9),
        )
    visitor = await opened(app, "boss")
    shown = text_of((await visitor.open("/admin/activity")).text)
    assert shown.index("boss options change 1") < shown.index("ada groups change 0")
    filtered = text_of((await visitor.open("/admin/activity?action_type=db_groups")).text)
    assert "change 0" in filtered
    assert "change 1" not in filtered
    none = text_of((await visitor.open("/admin/activity?action_type=online")).text)
    assert "Nothing of this kind was changed." in none


async def test_options_are_those_that_are_stored(app: TestApp) -> None:
    groups = (
        '[{"groupName":"BL","uiGroup":"mx","permission":"mx_admin","beamLines":[{"beamLineName":"MX3"}]}]'
    )
    await app.database.add(AdminVar, name="motd", value="Maintenance on Monday")
    await app.database.add(AdminVar, name="beamLineGroups", value=groups)
    shown = text_of((await (await opened(app, "boss")).open("/admin/options")).text)
    assert "Maintenance on Monday" in shown
    assert "BL MX3 who holds mx_admin mx" in shown


async def test_how_the_server_does(make_app: MakeApp, tmp_path: object) -> None:
    roots = {"files.roots": [str(tmp_path), "/nowhere/at/all"]}
    app = await make_app("admin", "auth_dummy", "ispyb", "web", **OPEN, **roots)
    await app.database.person("boss", *ALL)
    await app.refresh()
    shown = text_of((await (await opened(app, "boss")).open("/admin")).text)
    function = "sqlite_version()" if "SQLite" in shown else "VERSION()"
    ((of_database,),) = await app.database.sql(f"SELECT {function}")
    assert str(of_database).split("-")[0] in shown
    assert "database works" in shown
    assert f"{tmp_path} can be read" in shown
    assert "/nowhere/at/all is not there" in shown
    assert "a test system: anybody can log in" in shown
    assert f"Groups, permissions and runtime options starbeam-admin {version('starbeam-admin')}" in shown
    assert "server.metrics_from names nobody" in shown


async def test_figures_are_told(make_app: MakeApp) -> None:
    kept = {"server.metrics_from": ["10.0.0.1"]}
    app = await make_app("admin", "auth_dummy", "data", "events", "ispyb", "web", **OPEN, **kept)
    await app.database.person("boss", *ALL)
    await app.refresh()
    shown = text_of((await (await opened(app, "boss")).open("/admin")).text)
    assert "Requests being answered 1 " in shown
    assert "Readers of files at work 0 Listeners of the event stream 0 Memory of the workers " in shown


def lacking(page: str) -> str:
    """What the page says that the database lacks."""
    return text_of(page.split("What the database lacks")[1].split("</section>")[0])


async def test_what_the_database_lacks_is_told(app: TestApp) -> None:
    visitor = await opened(app, "boss")
    own = "Groups, permissions and runtime options"
    assert own not in lacking((await visitor.open("/admin")).text)
    await app.database.sql("ALTER TABLE AdminActivity DROP COLUMN comments")
    await app.starbeam.database.look_again()
    lacks = lacking((await visitor.open("/admin")).text)
    assert f"{own} 1 column AdminActivity.comments" in lacks
    await app.database.sql("DROP TABLE AdminActivity")
    await app.starbeam.database.look_again()
    shown = (await visitor.open("/admin")).text
    assert f"{own} table AdminActivity" in lacking(shown)
    assert f"starbeam-admin {version('starbeam-admin')} lacks 1" in text_of(shown)
