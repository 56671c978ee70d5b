"""What the operations under `/admin` take and answer."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from starbeam.api.database import REQUIRED

GroupName = Annotated[str, Meta(title="Name")]
PermissionType = Annotated[
    str,
    Meta(
        title="Type",
        description="What handlers and beamline groups ask for",
        extra_json_schema={"maxLength": 15},
    ),
]
"""The document tells the usual length; the database at hand decides."""
Description = Annotated[str, Meta(title="Description", extra_json_schema={"maxLength": 100})] | None


class ActionType(StrEnum):
    """What was changed here, or `online`: something that other software did."""

    DB_OPTIONS = "db_options"
    DB_GROUPS = "db_groups"
    DB_PERMISSIONS = "db_permissions"
    ONLINE = "online"


class AdminActivity(msgspec.Struct):
    """Something that somebody did."""

    username: Annotated[str | None, Meta(title="Login"), REQUIRED]
    action: Annotated[str | None, Meta(title="Action"), REQUIRED]
    comments: Annotated[str | None, Meta(title="Comments"), REQUIRED]
    dateTime: Annotated[datetime | None, Meta(title="Time"), REQUIRED]


class UserGroupMetaData(msgspec.Struct):
    """What a group holds."""

    permissions: Annotated[int, Meta(title="Permissions", description="Number of permissions")]
    people: Annotated[int, Meta(title="People", description="Number of people")]


class UserGroup(msgspec.Struct):
    """A group of people that permissions are given to."""

    name: Annotated[str, Meta(title="Name")]
    userGroupId: Annotated[int, Meta(title="User Group Id")]
    metadata: UserGroupMetaData = msgspec.field(name="_metadata")


class NewUserGroup(msgspec.Struct, frozen=True):
    """A group to add."""

    name: GroupName


class NewUserGroupOptional(msgspec.Struct, frozen=True):
    """What to change of a group."""

    name: GroupName | UnsetType = UNSET


class NewUserGroupPermission(msgspec.Struct, frozen=True):
    """A permission to give to a group."""

    permissionId: Annotated[int, Meta(title="Permission Id")]


class NewUserGroupPerson(msgspec.Struct, frozen=True):
    """A person to put into a group."""

    personId: Annotated[int, Meta(title="Person Id")]


class Permission(msgspec.Struct):
    """A permission."""

    type: PermissionType
    description: Description
    permissionId: Annotated[int, Meta(title="Permission Id")]


class NewPermission(msgspec.Struct, frozen=True):
    """A permission to add."""

    type: PermissionType
    description: Description = None


class NewPermissionOptional(msgspec.Struct, frozen=True):
    """What to change of a permission."""

    type: PermissionType | UnsetType = UNSET
    description: Description | UnsetType = UNSET
