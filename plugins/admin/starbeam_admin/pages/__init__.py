"""The pages of administrators."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from litestar import Request, Response, Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from starbeam.api import Context, Missing, Principal, needs
from starbeam.api.database import Reader
from starbeam.api.files import Files
from starbeam.api.http import always, asked
from starbeam.api.lists import Page
from starbeam.api.settings import Option
from starbeam.api.web import Health, Pages, Place, Show, form_pages
from starbeam_admin import folders
from starbeam_admin.forms import forms
from starbeam_admin.pages import contents
from starbeam_admin.pages import options as options_form
from starbeam_admin.queries import health as database
from starbeam_admin.queries import options, people
from starbeam_admin.queries.activity import ACTIVITY, ActivityFilters
from starbeam_admin.queries.groups import GROUPS, GroupFilters
from starbeam_admin.queries.people import ACCOUNTS, AccountFilters
from starbeam_admin.queries.permissions import PERMISSIONS, PermissionFilters
from starbeam_admin.record import Recorded, changing
from starbeam_admin.routes import MANAGE_GROUPS, MANAGE_OPTIONS, SEE_PERMISSIONS, VIEW_ACTIVITY
from starbeam_admin.schemas import ActionType

ANY = {
    permission
    for access in (MANAGE_OPTIONS, MANAGE_GROUPS, SEE_PERMISSIONS, VIEW_ACTIVITY)
    for permission in access.permissions
}
"""Who holds any of these administrates something, and may see how the server does."""
Explain = Callable[[str, str], Awaitable[Any]]


async def show_health(
    reader: NamedDependency[Reader],
    show: NamedDependency[Show],
    health: NamedDependency[Health],
    files: NamedDependency[Files],
    roots: NamedDependency[Sequence[str]],
) -> Response[Any]:
    """How the server does: figures, database, plugins, what is missing and its price, folders of files."""
    return show(
        "admin/health.html",
        ready=await health.ask(),
        figures=await health.figures(),
        database=await database.version(reader),
        plugins=health.plugins(reader.scope.schema),
        folders=await folders.look(files, roots),
    )


async def show_options(
    reader: NamedDependency[Reader],
    show: NamedDependency[Show],
    declared: NamedDependency[Mapping[str, Option]],
) -> Response[Any]:
    """The runtime options, as they are stored."""
    values = await options.values(reader, declared)
    return show("admin/options.html", options=declared.values(), values=values)


@get("/admin/groups", access=MANAGE_GROUPS, dependencies=asked(GroupFilters))
async def list_groups(
    reader: NamedDependency[Reader],
    page: NamedDependency[Page],
    filters: NamedDependency[GroupFilters],
    show: NamedDependency[Show],
) -> Response[Any]:
    """All groups."""
    return show("admin/groups.html", page=await reader.page(GROUPS, page, filters))


@get("/admin/permissions", access=SEE_PERMISSIONS, dependencies=asked(PermissionFilters))
async def list_permissions(
    reader: NamedDependency[Reader],
    page: NamedDependency[Page],
    filters: NamedDependency[PermissionFilters],
    show: NamedDependency[Show],
) -> Response[Any]:
    """All permissions."""
    return show("admin/permissions.html", page=await reader.page(PERMISSIONS, page, filters))


@get("/admin/permissions/{key:int}", access=SEE_PERMISSIONS)
async def show_permission(
    reader: NamedDependency[Reader],
    show: NamedDependency[Show],
    who: NamedDependency[Principal],
    key: FromPath[int],
) -> Response[Any]:
    """A permission; who gives some to groups sees who has it, and from where."""
    permission = await reader.get(PERMISSIONS, key)
    groups = await people.holders_of(reader, key) if _gives(who) else None
    return show("admin/permission.html", permission=permission, groups=groups)


def _gives(who: Principal) -> bool:
    return not who.permissions.isdisjoint(MANAGE_GROUPS.permissions)


@get("/admin/people", access=MANAGE_GROUPS, dependencies=asked(AccountFilters))
async def list_people(
    reader: NamedDependency[Reader],
    page: NamedDependency[Page],
    filters: NamedDependency[AccountFilters],
    show: NamedDependency[Show],
) -> Response[Any]:
    """Who may log in, and the groups that they are in."""
    found = await reader.page(ACCOUNTS, page, filters)
    groups = await people.groups_of(reader, [one.personId for one in found.results])
    return show("admin/people.html", page=found, groups=groups)


async def show_explanation(
    request: Request[Any, Any, Any],
    show: NamedDependency[Show],
    explain: NamedDependency[Explain],
) -> Response[Any]:
    """Why a person sees something, or does not: rule by rule."""
    asked = {name: request.query_params.get(name, "").strip() for name in ("login", "path")}
    found, said = None, ""
    if all(asked.values()):
        try:
            found = await explain(asked["login"], asked["path"])
        except Missing as error:
            said = error.sentence
    return show("admin/explain.html", asked=asked, found=found, said=said)


@get("/admin/activity", access=VIEW_ACTIVITY, dependencies=asked(ActivityFilters))
async def list_activity(
    reader: NamedDependency[Reader],
    page: NamedDependency[Page],
    filters: NamedDependency[ActivityFilters],
    show: NamedDependency[Show],
) -> Response[Any]:
    """Who changed what, the newest first."""
    found = await reader.page(ACTIVITY, page, filters)
    return show("admin/activity.html", page=found, kinds=[*ActionType])


def pages(ctx: Context, recorded: Recorded) -> Pages:
    """The pages, and their entry in the bar."""
    roots, declared = always(roots=ctx.settings.files.roots), always(declared=ctx.options.declared)
    explain = always(explain=ctx.explain)
    changes = [options_form.show_form, options_form.send_form, *contents.changes]
    return Pages(
        [
            get("/admin/explain", access=MANAGE_GROUPS, dependencies=explain)(show_explanation),
            get("/admin", access=needs(*sorted(ANY)), dependencies=roots)(show_health),
            get("/admin/options", access=MANAGE_OPTIONS, dependencies=declared)(show_options),
            list_groups,
            list_permissions,
            show_permission,
            list_people,
            list_activity,
            *contents.pages,
            *(handler for form in forms(recorded) for handler in form_pages(form)),
            Router("/", route_handlers=changes, dependencies={**changing(recorded), **declared}),
        ],
        Path(__file__).parent.with_name("templates"),
        places=[Place("Administration", "/admin", 900, needs=frozenset(ANY))],
    )
