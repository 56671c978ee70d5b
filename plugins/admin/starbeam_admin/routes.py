"""`/options` and `/admin`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from litestar import Request, Router, delete, get, patch, post
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody, QueryParameter
from msgspec import Struct

from starbeam.access import authenticated, needs
from starbeam.db.reader import Reader
from starbeam.options import OPTION_ROWS, Option, read_values
from starbeam.paging import Page, Paged
from starbeam.params import Search, path_id, query_id
from starbeam_admin import groups, permissions
from starbeam_admin.changes import Change, Changes
from starbeam_admin.options import Forms, change_options, filled, sent_values
from starbeam_admin.queries import activity
from starbeam_admin.queries import groups as group_queries
from starbeam_admin.queries import permissions as permission_queries
from starbeam_admin.queries.groups import PERMISSION, PERSON
from starbeam_admin.schemas import (
    ActionType,
    AdminActivity,
    NewPermission,
    NewPermissionOptional,
    NewUserGroup,
    NewUserGroupOptional,
    NewUserGroupPermission,
    NewUserGroupPerson,
    Permission,
    UserGroup,
)

if TYPE_CHECKING:  # made for each app, of the options that its plugins declare
    Options: TypeAlias = Struct
    UIOptions: TypeAlias = Struct

MANAGE_OPTIONS = needs("manage_options")
VIEW_ACTIVITY = needs("view_activity")
MANAGE_GROUPS = needs(groups.MANAGE_GROUPS)
MANAGE_PERMISSIONS = needs("manage_perms")

GroupId = Annotated[int, path_id()]
REFUSED = "The change cannot be made; the sentence says why"


@get("/options/ui", tags=["Options"], access=authenticated)
async def get_ui_options(reader: NamedDependency[Reader], forms: NamedDependency[Forms]) -> UIOptions:
    """The runtime options that a user interface needs"""
    return filled(forms.ui, read_values(forms.declared, await reader.rows(OPTION_ROWS)))


@get("/options", tags=["Options"], access=MANAGE_OPTIONS)
async def get_options(reader: NamedDependency[Reader], forms: NamedDependency[Forms]) -> Options:
    """All runtime options"""
    return filled(forms.all, read_values(forms.declared, await reader.rows(OPTION_ROWS)))


@patch("/options", tags=["Options"], access=MANAGE_OPTIONS)
async def update_options(
    data: JSONBody[Options],
    request: Request[Any, Any, Any],
    change: NamedDependency[Change],
    forms: NamedDependency[Forms],
) -> Options:
    """Change runtime options

    Those that are not sent keep their values.
    """
    sent = sent_values(forms.declared, await request.json())
    return filled(forms.all, await change_options(change, forms.declared, sent))


@get("/admin/activity", tags=["Admin"], access=VIEW_ACTIVITY)
async def get_activity(
    reader: NamedDependency[Reader],
    page: NamedDependency[Page],
    action_type: Annotated[ActionType | None, QueryParameter(description="Action to filter by")] = None,
) -> Paged[AdminActivity]:
    """Who changed what, the newest first"""
    return await activity.page(reader, page, action_type)


@get("/admin/groups", tags=["Admin"], access=MANAGE_GROUPS)
async def get_groups(
    reader: NamedDependency[Reader],
    page: NamedDependency[Page],
    userGroupId: Annotated[int | None, query_id("User group id to filter by")] = None,
) -> Paged[UserGroup]:
    """Get a list of groups"""
    return await group_queries.page(reader, page, userGroupId)


@post("/admin/groups", tags=["Admin"], access=MANAGE_GROUPS, status_code=200, errors={400: REFUSED})
async def add_group(data: JSONBody[NewUserGroup], change: NamedDependency[Change]) -> UserGroup:
    """Add a group"""
    return await groups.add(change, data)


@patch(
    "/admin/groups/{userGroupId:str}",
    tags=["Admin"],
    access=MANAGE_GROUPS,
    errors={400: REFUSED, 404: "No such group"},
)
async def update_group(
    data: JSONBody[NewUserGroupOptional], change: NamedDependency[Change], userGroupId: GroupId
) -> UserGroup:
    """Rename a group"""
    return await groups.rename(change, userGroupId, data)


@post(
    "/admin/groups/{userGroupId:str}/permission",
    tags=["Admin"],
    access=MANAGE_GROUPS,
    status_code=204,
    errors={400: REFUSED},
)
async def add_permission_to_group(
    data: JSONBody[NewUserGroupPermission], change: NamedDependency[Change], userGroupId: GroupId
) -> None:
    """Give a permission to a group"""
    await groups.put_in(change, PERMISSION, userGroupId, data.permissionId)


@delete(
    "/admin/groups/{userGroupId:str}/permission/{permissionId:str}",
    tags=["Admin"],
    access=MANAGE_GROUPS,
    errors={400: REFUSED},
)
async def remove_permission_from_group(
    change: NamedDependency[Change], userGroupId: GroupId, permissionId: Annotated[int, path_id()]
) -> None:
    """Take a permission from a group"""
    await groups.take_out(change, PERMISSION, userGroupId, permissionId)


@post(
    "/admin/groups/{userGroupId:str}/person",
    tags=["Admin"],
    access=MANAGE_GROUPS,
    status_code=204,
    errors={400: REFUSED},
)
async def add_person_to_group(
    data: JSONBody[NewUserGroupPerson], change: NamedDependency[Change], userGroupId: GroupId
) -> None:
    """Put a person into a group"""
    await groups.put_in(change, PERSON, userGroupId, data.personId)


@delete(
    "/admin/groups/{userGroupId:str}/person/{personId:str}",
    tags=["Admin"],
    access=MANAGE_GROUPS,
    errors={400: REFUSED},
)
async def remove_person_from_group(
    change: NamedDependency[Change], userGroupId: GroupId, personId: Annotated[int, path_id()]
) -> None:
    """Take a person out of a group"""
    await groups.take_out(change, PERSON, userGroupId, personId)


@get("/admin/permissions", tags=["Admin"], access=MANAGE_PERMISSIONS)
async def get_permissions(
    reader: NamedDependency[Reader],
    page: NamedDependency[Page],
    permissionId: Annotated[int | None, query_id("Permission id to filter by")] = None,
    userGroupId: Annotated[int | None, query_id("User group id to filter by")] = None,
    search: Search = None,
) -> Paged[Permission]:
    """Get a list of permissions"""
    return await permission_queries.page(reader, page, permissionId, userGroupId, search)


@post("/admin/permissions", tags=["Admin"], access=MANAGE_PERMISSIONS, status_code=200, errors={400: REFUSED})
async def add_permission(data: JSONBody[NewPermission], change: NamedDependency[Change]) -> Permission:
    """Add a permission"""
    return await permissions.add(change, data)


@patch(
    "/admin/permissions/{permissionId:str}",
    tags=["Admin"],
    access=MANAGE_PERMISSIONS,
    errors={400: REFUSED, 404: "No such permission"},
)
async def update_permission(
    data: JSONBody[NewPermissionOptional],
    change: NamedDependency[Change],
    permissionId: Annotated[int, path_id()],
) -> Permission:
    """Change a permission"""
    return await permissions.update(change, permissionId, data)


_HANDLERS = [
    get_ui_options,
    get_options,
    update_options,
    get_activity,
    get_groups,
    add_group,
    update_group,
    add_permission_to_group,
    remove_permission_from_group,
    add_person_to_group,
    remove_person_from_group,
    get_permissions,
    add_permission,
    update_permission,
]


def router(declared: Mapping[str, Option]) -> Router:
    """The operations, with forms for these options."""
    forms = Forms(declared)
    return Router(
        "/",
        route_handlers=_HANDLERS,
        dependencies={
            "change": Provide(Changes().begin),
            "forms": Provide(lambda: forms, sync_to_thread=False),
        },
        signature_namespace={"Options": forms.all, "UIOptions": forms.ui},
    )
