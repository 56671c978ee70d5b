"""Who and what is in a group: the pages that show it, and the forms that change it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from starbeam.api import Invalid, Refusal
from starbeam.api.database import Reader
from starbeam.api.http import status_of
from starbeam.api.lists import Page, number_of
from starbeam.api.web import Show, comes_back, stored, tidy
from starbeam_admin.changes import contents
from starbeam_admin.queries import people
from starbeam_admin.queries.groups import GROUPS, PERMISSION, PERSON, Content
from starbeam_admin.queries.people import ACCOUNTS, AccountFilters
from starbeam_admin.queries.permissions import PERMISSIONS, PermissionFilters
from starbeam_admin.record import Changes
from starbeam_admin.routes import MANAGE_GROUPS

Asker = Request[Any, Any, Any]
WHOLE = Page(limit=500)
FIRST = Page(limit=25)


@get("/admin/groups/{key:int}", access=MANAGE_GROUPS)
async def show_group(
    reader: NamedDependency[Reader],
    page: NamedDependency[Page],
    show: NamedDependency[Show],
    key: FromPath[int],
) -> Response[Any]:
    """What a group gives, and to whom."""
    return show("admin/group.html", **await _group(reader, key, page))


async def _group(reader: Reader, key: int, page: Page) -> dict[str, Any]:
    group = await reader.get(GROUPS, key)
    held = await reader.page(PERMISSIONS, WHOLE, PermissionFilters(userGroupId=key))
    names = {one.permissionId for one in held.results}
    every = await reader.page(PERMISSIONS, WHOLE)
    return {
        "group": group,
        "permissions": held.results,
        "others": [one for one in every.results if one.permissionId not in names],
        "page": await reader.page(ACCOUNTS, page, AccountFilters(userGroupId=key)),
        "typed": {},
        "faults": {},
    }


@get("/admin/people/{key:int}", access=MANAGE_GROUPS)
async def show_person(
    reader: NamedDependency[Reader], show: NamedDependency[Show], key: FromPath[int]
) -> Response[Any]:
    """What a person may do, and from where."""
    return show("admin/person.html", **await _person(reader, key))


async def _person(reader: Reader, key: int) -> dict[str, Any]:
    person = await reader.get(ACCOUNTS, key)
    given = await people.given_to(reader, key)
    ids = {one.id for one in given}
    every = (await reader.page(GROUPS, WHOLE)).results
    others = [one for one in every if one.userGroupId not in ids]
    return {"person": person, "groups": given, "others": others, "chosen": None, "faults": {}}


@post("/admin/people/{key:int}/groups", access=MANAGE_GROUPS)
async def join_group(
    request: Asker,
    reader: NamedDependency[Reader],
    show: NamedDependency[Show],
    change: NamedDependency[Changes],
    key: FromPath[int],
) -> Response[Any]:
    """Put a person into a group."""
    shown = await _person(reader, key)
    shown["chosen"] = number_of(f"{(await request.form()).get('group', '')}")

    async def join() -> None:
        if (group := shown["chosen"]) is None:
            raise Invalid("Please choose a group", ["body", "group"])
        await change(contents.put_in, PERSON, group, key)

    return await _taken(request, show, "admin/person.html", shown, "group", join, "/groups")


async def _taken(
    request: Asker,
    show: Show,
    template: str,
    shown: dict[str, Any],
    field: str,
    work: Callable[[], Awaitable[None]],
    below: str,
) -> Response[Any]:
    """What a form is answered: its page anew where it comes back, or with what is wrong at this field; else
    the page that it stands `below`."""
    if await comes_back(request):
        return show(template, **shown)
    try:
        await work()
    except Refusal as refused:
        shown["faults"] = {field: f"{refused.sentence}."}
        return show(template, status_code=status_of(type(refused)), **shown)
    return stored(request, request.url.path.removesuffix(below))


def _handlers(content: Content, part: str) -> list[Any]:
    """What puts one kind of rows into a group and takes it out."""

    @post(f"/admin/groups/{{key:int}}/{part}", access=MANAGE_GROUPS)
    async def put_in(
        request: Asker,
        reader: NamedDependency[Reader],
        show: NamedDependency[Show],
        change: NamedDependency[Changes],
        key: FromPath[int],
    ) -> Response[Any]:
        shown = await _group(reader, key, FIRST)
        name = tidy(f"{(await request.form()).get('name', '')}")
        shown["typed"] = {part: name}
        work = partial(change, contents.put_in_by_name, content, key, name)
        return await _taken(request, show, "admin/group.html", shown, part, work, f"/{part}")

    address = f"/admin/groups/{{key:int}}/{part}/{{row:int}}/remove"

    @get(address, access=MANAGE_GROUPS)
    async def show_removal(
        reader: NamedDependency[Reader], show: NamedDependency[Show], key: FromPath[int], row: FromPath[int]
    ) -> Response[Any]:
        """What goes out of a group, and what is lost with it."""
        return show("admin/removal.html", **await _removal(reader, content, key, row))

    @post(address, access=MANAGE_GROUPS)
    async def take_out(
        request: Asker,
        reader: NamedDependency[Reader],
        show: NamedDependency[Show],
        change: NamedDependency[Changes],
        key: FromPath[int],
        row: FromPath[int],
    ) -> Response[Any]:
        shown = await _removal(reader, content, key, row)
        work = partial(change, contents.take_out, content, key, row)
        below = f"/{part}/{row}/remove"
        return await _taken(request, show, "admin/removal.html", shown, "row", work, below)

    return [put_in, show_removal, take_out]


async def _removal(reader: Reader, content: Content, key: int, row: int) -> dict[str, Any]:
    """What goes out of which group, and what is lost with it."""
    group = await reader.get(GROUPS, key)
    if content is PERSON:
        name = (await reader.get(ACCOUNTS, row)).login
        held = await reader.page(PERMISSIONS, WHOLE, PermissionFilters(userGroupId=key))
        lost = [one.type for one in held.results]
    else:
        name = (await reader.get(PERMISSIONS, row)).type
        members = await reader.page(ACCOUNTS, WHOLE, AccountFilters(userGroupId=key))
        lost = [one.login for one in members.results]
    return {"group": group, "name": name, "lost": lost, "is_person": content is PERSON, "faults": {}}


changes = [join_group, *_handlers(PERSON, "people"), *_handlers(PERMISSION, "permissions")]
"""What asks for a `change`."""
pages = [show_group, show_person]
