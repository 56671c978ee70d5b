"""`/options` and `/admin`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from litestar import Request, Router, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Struct

from starbeam.api import authenticated, needs
from starbeam.api.database import Patch, Reader
from starbeam.api.http import always, asked
from starbeam.api.lists import Page, Paged, path_id
from starbeam.api.settings import Option
from starbeam_admin.changes import groups, permissions
from starbeam_admin.options import Forms, change_options, filled, sent_values
from starbeam_admin.queries import options
from starbeam_admin.queries.activity import ACTIVITY, ActivityFilters
from starbeam_admin.queries.groups import GROUPS, PERMISSION, PERSON, GroupFilters
from starbeam_admin.queries.permissions import PERMISSIONS, PermissionFilters
from starbeam_admin.record import Changes, Recorded, changing
from starbeam_admin.schemas import (
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
SEE_PERMISSIONS = needs("manage_perms", groups.MANAGE_GROUPS)
"""Who gives permissions to groups must see them."""

GroupId = Annotated[int, path_id()]
REFUSED = "The change cannot be made; the sentence says why"


@get("/options/ui", tags=["Options"], access=authenticated)
async def get_ui_options(reader: NamedDependency[Reader], forms: NamedDependency[Forms]) -> UIOptions:
    """The runtime options that a user interface needs"""
    return filled(forms.ui, await options.values(reader, forms.declared))


@get("/options", tags=["Options"], access=MANAGE_OPTIONS)
async def get_options(reader: NamedDependency[Reader], forms: NamedDependency[Forms]) -> Options:
    """All runtime options"""
    return filled(forms.all, await options.values(reader, forms.declared))


@patch("/options", tags=["Options"], access=MANAGE_OPTIONS)
async def update_options(
    data: JSONBody[Options],
    request: Request[Any, Any, Any],
    change: NamedDependency[Changes],
    forms: NamedDependency[Forms],
) -> Options:
    """Change runtime options

    Those that are not sent keep their values.
    """
    sent = sent_values(forms.declared, await request.json())
    return filled(forms.all, await change(change_options, forms.declared, sent))


@get("/admin/activity", tags=["Admin"], access=VIEW_ACTIVITY, dependencies=asked(ActivityFilters))
async def get_activity(
    reader: NamedDependency[Reader], page: NamedDependency[Page], filters: NamedDependency[ActivityFilters]
) -> Paged[AdminActivity]:
    """Who changed what, the newest first"""
    return await reader.page(ACTIVITY, page, filters)


@get("/admin/groups", tags=["Admin"], access=MANAGE_GROUPS, dependencies=asked(GroupFilters))
async def get_groups(
    reader: NamedDependency[Reader], page: NamedDependency[Page], filters: NamedDependency[GroupFilters]
) -> Paged[UserGroup]:
    """Get a list of groups"""
    return await reader.page(GROUPS, page, filters)


@post("/admin/groups", tags=["Admin"], access=MANAGE_GROUPS, status_code=200, errors={400: REFUSED})
async def add_group(data: JSONBody[NewUserGroup], change: NamedDependency[Changes]) -> UserGroup:
    """Add a group"""
    return await change(groups.add, data)


@patch(
    "/admin/groups/{userGroupId:str}",
    tags=["Admin"],
    access=MANAGE_GROUPS,
    errors={400: REFUSED, 404: "No such group"},
)
async def update_group(
    data: JSONBody[Patch[NewUserGroupOptional]], change: NamedDependency[Changes], userGroupId: GroupId
) -> UserGroup:
    """Rename a group"""
    return await change(groups.rename, userGroupId, data)


@post(
    "/admin/groups/{userGroupId:str}/permission",
    tags=["Admin"],
    access=MANAGE_GROUPS,
    status_code=204,
    errors={400: REFUSED},
)
async def add_permission_to_group(
    data: JSONBody[NewUserGroupPermission], change: NamedDependency[Changes], userGroupId: GroupId
) -> None:
    """Give a permission to a group"""
    await change(groups.put_in, PERMISSION, userGroupId, data.permissionId)


@delete(
    "/admin/groups/{userGroupId:str}/permission/{permissionId:str}",
    tags=["Admin"],
    access=MANAGE_GROUPS,
    errors={400: REFUSED},
)
async def remove_permission_from_group(
    change: NamedDependency[Changes], userGroupId: GroupId, permissionId: Annotated[int, path_id()]
) -> None:
    """Take a permission from a group"""
    await change(groups.take_out, PERMISSION, userGroupId, permissionId)


@post(
    "/admin/groups/{userGroupId:str}/person",
    tags=["Admin"],
    access=MANAGE_GROUPS,
    status_code=204,
    errors={400: REFUSED},
)
async def add_person_to_group(
    data: JSONBody[NewUserGroupPerson], change: NamedDependency[Changes], userGroupId: GroupId
) -> None:
    """Put a person into a group"""
    await change(groups.put_in, PERSON, userGroupId, data.personId)


@delete(
    "/admin/groups/{userGroupId:str}/person/{personId:str}",
    tags=["Admin"],
    access=MANAGE_GROUPS,
    errors={400: REFUSED},
)
async def remove_person_from_group(
    change: NamedDependency[Changes], userGroupId: GroupId, personId: Annotated[int, path_id()]
) -> None:
    """Take a person out of a group"""
    await change(groups.take_out, PERSON, userGroupId, personId)


@get("/admin/permissions", tags=["Admin"], access=SEE_PERMISSIONS, dependencies=asked(PermissionFilters))
async def get_permissions(
    reader: NamedDependency[Reader], page: NamedDependency[Page], filters: NamedDependency[PermissionFilters]
) -> Paged[Permission]:
    """Get a list of permissions"""
    return await reader.page(PERMISSIONS, page, filters)


@post("/admin/permissions", tags=["Admin"], access=MANAGE_PERMISSIONS, status_code=200, errors={400: REFUSED})
async def add_permission(data: JSONBody[NewPermission], change: NamedDependency[Changes]) -> Permission:
    """Add a permission"""
    return await change(permissions.add, data)


@patch(
    "/admin/permissions/{permissionId:str}",
    tags=["Admin"],
    access=MANAGE_PERMISSIONS,
    errors={400: REFUSED, 404: "No such permission"},
)
async def update_permission(
    data: JSONBody[Patch[NewPermissionOptional]],
    change: NamedDependency[Changes],
    permissionId: Annotated[int, path_id()],
) -> Permission:
    """Change a permission"""
    return await change(permissions.update, permissionId, data)


handlers = [
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


def router(declared: Mapping[str, Option], recorded: Recorded) -> Router:
    """The operations, with forms for these options."""
    forms = Forms(declared)
    return Router(
        "/",
        route_handlers=handlers,
        dependencies={**changing(recorded), **always(forms=forms)},
        signature_namespace={"Options": forms.all, "UIOptions": forms.ui},
    )
